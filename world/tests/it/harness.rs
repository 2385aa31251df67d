//! Runs a case on every dialect and compares what its two hosts noted.
//!
//! A case is two roles, one per host. A role notes what it saw; the notes are the result. Nothing compares clock times,
//! and the only bound is one that fails the test.

use bytes::Bytes;
use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use world::sim::{Link, SimConfig};
use world::{Closed, ConnId, DialError, Endpoint, Net, Parcel, Simulation, World, real};

/// Longer than any case takes on the slowest machine.
const WALL_LIMIT: Duration = Duration::from_secs(60);
const SIMULATED_LIMIT: Duration = Duration::from_secs(60);

/// Runs a case of two hosts in the simulation, on one shard and on two, and over real sockets.
pub(crate) fn check<A, B>(first: fn(World, Desk) -> A, second: fn(World, Desk) -> B, expected: [&[&str]; 2])
where
    A: Future<Output = ()> + 'static,
    B: Future<Output = ()> + 'static,
{
    for (dialect, notes) in [
        ("simulated", simulated(first, second, 1)),
        ("simulated on two shards", simulated(first, second, 2)),
        ("real", real(first, second)),
    ] {
        assert_eq!(notes, expected.map(|role| role.to_vec()), "{dialect}");
    }
}

/// Runs a case of one host.
pub(crate) fn check_alone<A>(only: fn(World, Desk) -> A, expected: &[&str])
where
    A: Future<Output = ()> + 'static,
{
    check(only, |_, _| async {}, [expected, &[]]);
}

fn simulated<A, B>(
    first: fn(World, Desk) -> A,
    second: fn(World, Desk) -> B,
    shards: usize,
) -> [Vec<String>; 2]
where
    A: Future<Output = ()> + 'static,
    B: Future<Output = ()> + 'static,
{
    let link = Link::latency(Duration::from_millis(10));
    let mut sim = Simulation::new(SimConfig { seed: 1, shards, link, ..SimConfig::default() });
    let board = Board::default();
    let (a, b) = (sim.add_host(), sim.add_host());
    let (desk_a, desk_b) = (board.desk(0), board.desk(1));
    sim.with(a, move |cell| start(&cell.world(), first, desk_a));
    sim.with(b, move |cell| start(&cell.world(), second, desk_b));
    while !board.all_done() {
        assert!(sim.now() < SIMULATED_LIMIT, "stuck after {:?} with {:?}", sim.now(), board.notes());
        sim.run_until(sim.now() + Duration::from_millis(100)).expect("no case loops without delay");
    }
    board.notes()
}

fn real<A, B>(first: fn(World, Desk) -> A, second: fn(World, Desk) -> B) -> [Vec<String>; 2]
where
    A: Future<Output = ()> + 'static,
    B: Future<Output = ()> + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let board = Board::default();
    LocalSet::new().block_on(&runtime, async {
        let (a, b) = (real::Host::default(), real::Host::default());
        start(&a.world(), first, board.desk(0));
        start(&b.world(), second, board.desk(1));
        let limit = tokio::time::timeout(WALL_LIMIT, async {
            while !board.all_done() {
                board.0.changed.notified().await;
            }
        });
        limit.await.unwrap_or_else(|_| panic!("stuck with {:?}", board.notes()));
    });
    board.notes()
}

fn start<F: Future<Output = ()> + 'static>(world: &World, role: fn(World, Desk) -> F, desk: Desk) {
    let leaving = Leaving(desk.clone());
    let role = role(world.clone(), desk);
    world.spawn(async move {
        let _leaving = leaving;
        role.await;
    });
}

/// Marks a role as done, whether it returned or panicked.
struct Leaving(Desk);

impl Drop for Leaving {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.note("panicked");
        }
        let board = &self.0.board.0;
        board.state.lock().unwrap().done[self.0.role] = true;
        board.changed.notify_one();
    }
}

/// What the roles of a case share with the test.
#[derive(Clone, Default)]
struct Board(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: tokio::sync::Notify,
}

#[derive(Default)]
struct State {
    notes: [Vec<String>; 2],
    done: [bool; 2],
    address: Option<SocketAddr>,
    signals: Vec<&'static str>,
}

impl Board {
    fn desk(&self, role: usize) -> Desk {
        Desk { board: self.clone(), role }
    }

    /// All have left, or one in panic.
    fn all_done(&self) -> bool {
        let state = self.0.state.lock().unwrap();
        state.done.iter().all(|done| *done) || state.notes.iter().flatten().any(|note| note == "panicked")
    }

    fn notes(&self) -> [Vec<String>; 2] {
        self.0.state.lock().unwrap().notes.clone()
    }
}

/// One role's access to the board.
#[derive(Clone)]
pub(crate) struct Desk {
    board: Board,
    role: usize,
}

impl Desk {
    pub(crate) fn note(&self, note: impl Into<String>) {
        self.board.0.state.lock().unwrap().notes[self.role].push(note.into());
    }

    /// Tells the other role where to dial.
    pub(crate) fn publish(&self, address: SocketAddr) {
        self.board.0.state.lock().unwrap().address = Some(address);
    }

    /// Where the other role listens.
    pub(crate) async fn address(&self, world: &World) -> SocketAddr {
        self.poll_until(world, |state| state.address).await
    }

    pub(crate) fn signal(&self, name: &'static str) {
        self.board.0.state.lock().unwrap().signals.push(name);
    }

    pub(crate) async fn wait(&self, world: &World, name: &'static str) {
        self.poll_until(world, |state| state.signals.contains(&name).then_some(())).await;
    }

    /// Looks every millisecond: a wake from another thread would be an event from outside the simulation.
    async fn poll_until<T>(&self, world: &World, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let seen = look(&self.board.0.state.lock().unwrap());
            match seen {
                Some(seen) => return seen,
                None => world.sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

/// A call into an endpoint.
#[derive(Debug)]
pub(crate) enum Seen {
    Accepted(ConnId, SocketAddr, SocketAddr),
    Connected(ConnId, SocketAddr),
    DialFailed(ConnId, DialError),
    Parcel(ConnId, Bytes),
    Closed(ConnId, Closed),
    Flow(ConnId, bool),
    Alarm,
    Datagram(SocketAddr, Bytes),
}

struct Recorder {
    seen: UnboundedSender<Seen>,
    inside: Rc<Cell<bool>>,
}

impl Recorder {
    fn record(&self, seen: Seen) {
        assert!(!self.inside.get(), "called from within a call to Net: {seen:?}");
        let _ = self.seen.send(seen);
    }
}

impl Endpoint for Recorder {
    fn on_accepted(&self, conn: ConnId, local: SocketAddr, remote: SocketAddr) {
        self.record(Seen::Accepted(conn, local, remote));
    }
    fn on_connected(&self, conn: ConnId, local: SocketAddr) {
        self.record(Seen::Connected(conn, local));
    }
    fn on_dial_failed(&self, conn: ConnId, error: DialError) {
        self.record(Seen::DialFailed(conn, error));
    }
    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        self.record(Seen::Parcel(conn, parcel.bytes));
    }
    fn on_closed(&self, conn: ConnId, how: Closed) {
        self.record(Seen::Closed(conn, how));
    }
    fn on_flow(&self, conn: ConnId, open: bool) {
        self.record(Seen::Flow(conn, open));
    }
    fn on_alarm(&self) {
        self.record(Seen::Alarm);
    }
    fn on_datagram(&self, _local: SocketAddr, from: SocketAddr, bytes: Bytes) {
        self.record(Seen::Datagram(from, bytes));
    }
}

/// A network stack that can be awaited: what its endpoint is told comes out of [`next`](Self::next).
pub(crate) struct Stack {
    net: Net,
    seen: UnboundedReceiver<Seen>,
    inside: Rc<Cell<bool>>,
}

impl Stack {
    pub(crate) fn attach(world: &World) -> Self {
        let (sender, seen) = unbounded_channel();
        let inside = Rc::<Cell<bool>>::default();
        let net = world.attach(Rc::new(Recorder { seen: sender, inside: Rc::clone(&inside) }));
        Self { net, seen, inside }
    }

    /// Calls the net, during which the endpoint may not be called.
    pub(crate) fn net<R>(&self, call: impl FnOnce(&Net) -> R) -> R {
        self.inside.set(true);
        let result = call(&self.net);
        self.inside.set(false);
        result
    }

    pub(crate) async fn next(&mut self) -> Seen {
        self.seen.recv().await.expect("the world keeps its endpoints while their scope lives")
    }

    /// The next call, if it has already come.
    pub(crate) fn now(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }

    /// Dials and waits for the connection.
    pub(crate) async fn connect(&mut self, to: SocketAddr) -> ConnId {
        let conn = self.net(|net| net.dial(to));
        match self.next().await {
            Seen::Connected(opened, _) if opened == conn => conn,
            other => panic!("instead of a connection: {other:?}"),
        }
    }

    pub(crate) async fn accepted(&mut self) -> ConnId {
        match self.next().await {
            Seen::Accepted(conn, ..) => conn,
            other => panic!("instead of a connection: {other:?}"),
        }
    }

    pub(crate) fn send(&self, conn: ConnId, bytes: impl Into<Bytes>) {
        let parcel = Parcel::plain(bytes.into());
        self.net(|net| net.send(conn, parcel));
    }

    pub(crate) fn close(&self, conn: ConnId) {
        self.net(|net| net.close(conn));
    }

    /// The next `count` bytes of a connection on which nothing else happens.
    pub(crate) async fn bytes(&mut self, conn: ConnId, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.next().await {
                Seen::Parcel(from, bytes) if from == conn => all.extend_from_slice(&bytes),
                other => panic!("after {} of {count} bytes: {other:?}", all.len()),
            }
        }
        assert_eq!(all.len(), count, "more came than was sent");
        all
    }

    /// All that still comes on a connection, and how it ends. Flow may change meanwhile.
    pub(crate) async fn rest(&mut self, conn: ConnId) -> (Vec<u8>, Closed) {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Seen::Parcel(from, bytes) if from == conn => all.extend_from_slice(&bytes),
                Seen::Closed(ended, how) if ended == conn => return (all, how),
                Seen::Flow(..) => {}
                other => panic!("after {} bytes: {other:?}", all.len()),
            }
        }
    }
}

/// Bytes that tell where they stand.
pub(crate) fn pattern(from: usize, count: usize) -> Vec<u8> {
    (from..from + count).map(|i| (i % 251) as u8 ^ (i / 251) as u8).collect()
}
