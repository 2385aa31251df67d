//! Scopes: what dies with them, and what others see of it.

use crate::harness::{Desk, Seen, Stack, check, check_alone};
use bytes::Bytes;
use std::cell::{Cell, OnceCell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use world::{Closed, ConnId, DialError, Endpoint, Net, Parcel, Scope, World};

const MOMENT: Duration = Duration::from_millis(50);

#[test]
fn a_kill_resets_the_other_ends() {
    async fn server(world: World, desk: Desk) {
        let scope = world.scope();
        let mut stack = Stack::attach(scope.world());
        let local = stack.net(|net| net.listen(0)).unwrap();
        desk.publish(local);
        let conn = stack.accepted().await;
        stack.send(conn, "alive");
        stack.bytes(conn, 3).await;
        desk.note(format!("{}", scope.world().population().connections));
        drop(scope);
        stack.send(conn, "beyond");
        desk.note(format!("{:?}", stack.net(|net| net.addresses(conn))));
        desk.note(format!("{}", world.population().connections));
        desk.note(format!("can listen: {}", stack.net(|net| net.listen(0)).is_ok()));
        desk.wait(&world, "done").await;
        desk.note(format!("{:?}", stack.now()));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let conn = stack.connect(to).await;
        stack.bytes(conn, 5).await;
        stack.send(conn, "die");
        desk.note(format!("{:?}", stack.rest(conn).await));
        stack.net(|net| net.dial(to));
        let Seen::DialFailed(_, error) = stack.next().await else { panic!("it is there") };
        desk.note(format!("refused: {}", error == DialError::Refused(to)));
        desk.signal("done");
    }
    check(
        server,
        client,
        [&["1", "None", "0", "can listen: false", "None"], &["([], Reset)", "refused: true"]],
    );
}

#[test]
fn a_close_before_the_kill_is_still_a_close() {
    async fn server(world: World, desk: Desk) {
        let scope = world.scope();
        let mut stack = Stack::attach(scope.world());
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        let conn = stack.accepted().await;
        stack.bytes(conn, 5).await;
        stack.send(conn, "last words");
        stack.close(conn);
        drop(scope);
        desk.wait(&world, "done").await;
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let conn = stack.connect(desk.address(&world).await).await;
        stack.send(conn, "hello");
        let (bytes, how) = stack.rest(conn).await;
        desk.note(format!("{} {how:?}", String::from_utf8_lossy(&bytes)));
        desk.signal("done");
    }
    check(server, client, [&[], &["last words ByRemote"]]);
}

#[test]
fn a_port_is_free_once_its_scope_is_dead() {
    async fn server(world: World, desk: Desk) {
        let scope = world.scope();
        let mut stack = Stack::attach(scope.world());
        let first = stack.net(|net| net.listen(0)).unwrap();
        let datagrams = stack.net(|net| net.bind_datagrams(0)).unwrap();
        desk.publish(first);
        let conn = stack.accepted().await;
        stack.bytes(conn, 1).await;
        drop(scope);
        let mut stack = Stack::attach(&world);
        desk.note(format!("{}", stack.net(|net| net.listen(first.port())) == Ok(first)));
        desk.note(format!("{}", stack.net(|net| net.bind_datagrams(datagrams.port())) == Ok(datagrams)));
        let conn = stack.accepted().await;
        desk.note(format!("{:?}", stack.rest(conn).await));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let conn = stack.connect(to).await;
        stack.send(conn, "x");
        desk.note(format!("{:?}", stack.rest(conn).await));
        let conn = stack.connect(to).await;
        stack.send(conn, "y");
        stack.close(conn);
    }
    check(server, client, [&["true", "true", "([121], ByRemote)"], &["([], Reset)"]]);
}

/// Sets a flag when it is dropped.
struct Flag(Rc<Cell<bool>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn tasks_die_with_their_scope() {
    async fn role(world: World, desk: Desk) {
        let scope = world.scope();
        let inner = scope.world().scope();
        let dropped: Vec<Rc<Cell<bool>>> = (0..3).map(|_| Rc::default()).collect();
        let ran_on = Rc::new(Cell::new(false));
        // Asleep, never polled, and within an inner scope.
        for (flag, world) in dropped.iter().zip([scope.world(), scope.world(), inner.world()]) {
            let (flag, sleep, ran_on) = (Flag(Rc::clone(flag)), world.sleep(MOMENT), Rc::clone(&ran_on));
            world.spawn(async move {
                let _flag = flag;
                sleep.await;
                ran_on.set(true);
            });
            if world.population().tasks == 1 {
                world.sleep(Duration::from_millis(1)).await;
            }
        }
        desk.note(format!(
            "{} of which within {}",
            scope.world().population().tasks,
            inner.world().population().tasks
        ));
        let world_of_the_dead = scope.world().clone();
        drop(scope);
        desk.note(format!("{}", world_of_the_dead.population().tasks));
        desk.note(format!("{:?}", dropped.iter().map(|flag| flag.get()).collect::<Vec<_>>()));
        world_of_the_dead.spawn(async { panic!("nothing runs in a dead scope") });
        world.sleep(2 * MOMENT).await;
        desk.note(format!("ran on: {}", ran_on.get()));
    }
    check_alone(role, &["3 of which within 1", "0", "[true, true, true]", "ran on: false"]);
}

#[test]
fn a_task_can_end_its_own_scope() {
    async fn role(world: World, desk: Desk) {
        let scope = world.scope();
        let inner = scope.world().clone();
        let after = Rc::new(Cell::new(0));
        let counted = Rc::clone(&after);
        inner.clone().spawn(async move {
            drop(scope);
            counted.set(1); // up to the next await a task runs on
            inner.sleep(MOMENT / 2).await;
            counted.set(2);
        });
        world.sleep(MOMENT).await;
        desk.note(format!("{} {}", after.get(), world.population().tasks));
    }
    // Its own task is the one left.
    check_alone(role, &["1 1"]);
}

/// Drops its scope at the first parcel and counts what it hears after that.
#[derive(Default)]
struct Mortal {
    scope: RefCell<Option<Scope>>,
    net: OnceCell<Net>,
    parcels: Cell<usize>,
    later: Cell<usize>,
}

impl Mortal {
    fn heard(&self) {
        if self.parcels.get() > 0 {
            self.later.set(self.later.get() + 1);
        }
    }
}

impl Endpoint for Mortal {
    fn on_accepted(&self, _conn: ConnId, _local: SocketAddr, _remote: SocketAddr) {
        self.heard();
    }
    fn on_connected(&self, _conn: ConnId, _local: SocketAddr) {
        self.heard();
    }
    fn on_dial_failed(&self, _conn: ConnId, _error: DialError) {
        self.heard();
    }
    fn on_parcel(&self, conn: ConnId, _parcel: Parcel) {
        self.heard();
        self.parcels.set(self.parcels.get() + 1);
        drop(self.scope.take());
        let net = self.net.get().unwrap();
        net.send(conn, Parcel::plain(Bytes::from_static(b"from beyond")));
        net.set_alarm(Some(Duration::ZERO));
        net.close(conn);
    }
    fn on_closed(&self, _conn: ConnId, _how: Closed) {
        self.heard();
    }
    fn on_alarm(&self) {
        self.heard();
    }
}

#[test]
fn an_endpoint_that_ends_its_own_scope_hears_no_more() {
    async fn server(world: World, desk: Desk) {
        let scope = world.scope();
        let mortal = Rc::new(Mortal::default());
        let net = scope.world().attach(Rc::clone(&mortal) as Rc<dyn Endpoint>);
        desk.publish(net.listen(0).unwrap());
        assert!(mortal.net.set(net).is_ok());
        mortal.scope.replace(Some(scope));
        desk.wait(&world, "done").await;
        world.sleep(MOMENT).await;
        desk.note(format!("{} {}", mortal.parcels.get(), mortal.later.get()));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let (first, second) = (stack.connect(to).await, stack.connect(to).await);
        stack.send(first, "one");
        stack.send(second, "two");
        let mut ends = Vec::new();
        while ends.len() < 2 {
            match stack.next().await {
                Seen::Closed(_, how) => ends.push(how),
                other => panic!("{other:?}"),
            }
        }
        desk.note(format!("{ends:?}"));
        desk.signal("done");
    }
    check(server, client, [&["1 0"], &["[Reset, Reset]"]]);
}

#[test]
fn the_world_counts_what_is_open() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        let conns = [stack.accepted().await, stack.accepted().await];
        desk.note(format!("{}", world.population().connections));
        conns.into_iter().for_each(|conn| stack.close(conn));
        desk.note(format!("{}", world.population().connections));
    }
    async fn client(world: World, desk: Desk) {
        let scope = world.scope();
        let mut stack = Stack::attach(scope.world());
        let to = desk.address(&world).await;
        let conns = [stack.net(|net| net.dial(to)), stack.net(|net| net.dial(to))];
        desk.note(format!("{} {}", world.population().connections, scope.world().population().connections));
        let mut closed = 0;
        while closed < conns.len() {
            match stack.next().await {
                Seen::Connected(..) => {}
                Seen::Closed(_, Closed::ByRemote) => closed += 1,
                other => panic!("{other:?}"),
            }
        }
        desk.note(format!("{}", world.population().connections));
    }
    check(server, client, [&["2", "0"], &["2 2", "0"]]);
}

#[test]
fn a_dead_net_touches_nobody() {
    async fn role(world: World, desk: Desk) {
        let scope = world.scope();
        let mut dead = Stack::attach(scope.world());
        drop(scope);
        let mut living = Stack::attach(&world);
        let at = living.net(|net| net.listen(0)).unwrap();
        dead.net(|net| net.set_alarm(Some(Duration::ZERO)));
        let conn = dead.net(|net| net.dial(at));
        dead.send(conn, "from beyond");
        let datagrams = living.net(|net| net.bind_datagrams(0)).unwrap();
        dead.net(|net| net.send_datagram(datagrams, datagrams, Bytes::from_static(b"from beyond")));
        world.sleep(2 * MOMENT).await;
        desk.note(format!("{:?} {:?}", living.now(), dead.now()));
        desk.note(format!("{} {}", dead.net(|net| net.listen(0)).is_ok(), world.population().connections));
    }
    check_alone(role, &["None None", "false 0"]);
}
