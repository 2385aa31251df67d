//! Stories about the simulated world, told by what each host saw and when.

use super::*;
use crate::endpoint::{Closed, ConnId, DialError, Endpoint, Parcel};
use crate::handle::{Net, Population, Scope};
use bytes::Bytes;
use std::cell::Cell;
use std::net::SocketAddr;

mod physics;

const MS: u64 = 1_000_000;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn world(shards: usize, latency: Duration) -> Simulation {
    Simulation::new(SimConfig { seed: 7, shards, link: Link::latency(latency), ..SimConfig::default() })
}

/// A stack that writes down what happens to it; it answers each parcel whose tag is above 0 with one less.
struct Witness {
    world: World,
    net: RefCell<Option<Net>>,
    seen: RefCell<Vec<(u64, String)>>,
    conn: Cell<Option<ConnId>>,
}

impl Witness {
    fn note(&self, what: impl Into<String>) {
        self.seen.borrow_mut().push((self.world.now().as_nanos() as u64, what.into()));
    }

    fn net(&self) -> Net {
        self.net.borrow().clone().expect("attached")
    }
}

impl Endpoint for Witness {
    fn on_accepted(&self, conn: ConnId, local: SocketAddr, remote: SocketAddr) {
        self.conn.set(Some(conn));
        self.note(format!("accepted {} from {}", local.port(), remote.ip()));
    }
    fn on_connected(&self, conn: ConnId, _local: SocketAddr) {
        self.conn.set(Some(conn));
        self.note("connected");
    }
    fn on_dial_failed(&self, _conn: ConnId, error: DialError) {
        self.note(error.to_string());
    }
    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        self.note(format!("{} {:?}", parcel.tag, parcel.bytes));
        if parcel.tag > 0 {
            self.net().send(conn, Parcel { tag: parcel.tag - 1, ..parcel });
        }
    }
    fn on_closed(&self, _conn: ConnId, how: Closed) {
        self.note(format!("closed {how:?}"));
    }
    fn on_flow(&self, _conn: ConnId, open: bool) {
        self.note(format!("flow {open}"));
    }
    fn on_alarm(&self) {
        self.note("alarm");
    }
    fn on_datagram(&self, _local: SocketAddr, from: SocketAddr, bytes: Bytes) {
        self.note(format!("datagram {bytes:?} from {}", from.ip()));
    }
}

/// What a host keeps between two looks at it.
struct Life {
    witness: Rc<Witness>,
    _scope: Scope,
}

fn settle(sim: &mut Simulation) -> HostId {
    let host = sim.add_host();
    sim.with(host, |cell| {
        let scope = cell.world().scope();
        let world = scope.world().clone();
        let witness = Rc::new(Witness {
            world: world.clone(),
            net: RefCell::default(),
            seen: RefCell::default(),
            conn: Cell::new(None),
        });
        *witness.net.borrow_mut() = Some(world.attach(witness.clone()));
        *cell.local().borrow_mut() = Some(Box::new(Life { witness, _scope: scope }));
    });
    host
}

fn at<R: Send + 'static>(
    sim: &Simulation,
    host: HostId,
    act: impl FnOnce(&Rc<Witness>) -> R + Send + 'static,
) -> R {
    sim.with(host, |cell| {
        let local = cell.local().borrow();
        let life = local.as_ref().and_then(|any| any.downcast_ref::<Life>()).expect("settled");
        let witness = Rc::clone(&life.witness);
        drop(local);
        act(&witness)
    })
}

fn seen(sim: &Simulation, host: HostId) -> Vec<(u64, String)> {
    at(sim, host, |w| w.seen.borrow().clone())
}

fn parcel(tag: u64, text: &'static str) -> Parcel {
    Parcel { tag, ..Parcel::plain(Bytes::from_static(text.as_bytes())) }
}

fn connected_pair(shards: usize) -> (Simulation, HostId, HostId) {
    let mut sim = world(shards, ms(10));
    let (a, b) = (settle(&mut sim), settle(&mut sim));
    at(&sim, b, |w| w.net().listen(30303).expect("free"));
    at(&sim, a, move |w| w.net().dial(SocketAddr::new(b.ip(), 30303)));
    sim.run_until(ms(31)).unwrap();
    (sim, a, b)
}

#[test]
fn a_stream_opens_in_three_legs() {
    for shards in [1, 2] {
        let (sim, a, b) = connected_pair(shards);
        assert_eq!(sim.shards(), shards);
        assert_eq!(seen(&sim, a), [(20 * MS, "connected".into())]);
        assert_eq!(seen(&sim, b), [(30 * MS, "accepted 30303 from 10.0.0.1".into())]);
    }
}

#[test]
fn what_is_sent_as_soon_as_the_dialler_is_open_arrives_right_after_the_third_leg() {
    let mut sim = world(1, ms(10));
    let (a, b) = (settle(&mut sim), settle(&mut sim));
    at(&sim, b, |w| w.net().listen(1).expect("free"));
    let conn = at(&sim, a, move |w| w.net().dial(SocketAddr::new(b.ip(), 1)));
    sim.run_until(ms(20) + Duration::from_nanos(1)).unwrap();
    at(&sim, a, move |w| w.net().send(conn, parcel(0, "hi")));
    sim.run_until(ms(40)).unwrap();
    let first = (30 * MS, "accepted 1 from 10.0.0.1".to_string());
    assert_eq!(seen(&sim, b), [first, (30 * MS + 1, "0 b\"hi\"".into())]);
}

#[test]
fn a_dial_to_nobody_says_why() {
    let mut sim = world(1, ms(10));
    let (a, b) = (settle(&mut sim), settle(&mut sim));
    at(&sim, a, move |w| {
        w.net().dial(SocketAddr::new(b.ip(), 9));
        w.net().dial("10.9.9.9:9".parse().unwrap());
        w.net().dial("192.168.0.1:9".parse().unwrap());
    });
    sim.run_until(ms(100)).unwrap();
    let told: Vec<_> = seen(&sim, a).into_iter().map(|(_, what)| what).collect();
    let expect = ["no route to 10.9.9.9:9", "no route to 192.168.0.1:9", "connection to 10.0.0.2:9 refused"];
    assert_eq!(told, expect);
}

#[test]
fn a_port_is_had_once_and_zero_takes_the_next() {
    let mut sim = world(1, ms(10));
    let a = settle(&mut sim);
    at(&sim, a, |w| {
        let net = w.net();
        assert_eq!(net.listen(0).unwrap().port(), 30303);
        assert_eq!(net.listen(0).unwrap().port(), 30304);
        assert_eq!(net.listen(30303), Err(crate::ListenError::Taken(30303)));
        assert_eq!(net.bind_datagrams(30303).unwrap().port(), 30303);
    });
}

#[test]
fn parcels_never_overtake_even_when_the_link_gets_faster() {
    let (mut sim, a, b) = connected_pair(1);
    at(&sim, a, |w| w.net().send(w.conn.get().unwrap(), parcel(0, "slow")));
    sim.set_link(a, b, Link::latency(ms(1))).unwrap();
    at(&sim, a, |w| w.net().send(w.conn.get().unwrap(), parcel(0, "fast")));
    sim.run_until(ms(60)).unwrap();
    assert_eq!(seen(&sim, b)[1..], [(41 * MS, "0 b\"slow\"".into()), (41 * MS, "0 b\"fast\"".into())]);
    at(&sim, a, |w| w.net().send(w.conn.get().unwrap(), parcel(0, "later")));
    sim.run_until(ms(70)).unwrap();
    assert_eq!(seen(&sim, b)[3..], [(61 * MS, "0 b\"later\"".into())]);
}

#[test]
fn close_comes_behind_what_was_sent_and_the_id_is_dead_at_once() {
    let (mut sim, a, b) = connected_pair(1);
    at(&sim, a, |w| {
        let (net, conn) = (w.net(), w.conn.get().unwrap());
        net.send(conn, parcel(1, "last"));
        net.close(conn);
        net.send(conn, parcel(0, "too late"));
        assert_eq!(net.addresses(conn), None);
    });
    sim.run_until(ms(80)).unwrap();
    assert_eq!(seen(&sim, b)[1..], [(41 * MS, "1 b\"last\"".into()), (41 * MS, "closed ByRemote".into())]);
    assert_eq!(seen(&sim, a).len(), 1, "the answer to the last parcel found nobody");
}

#[test]
fn a_killed_scope_leaves_nothing_and_resets_the_other_end() {
    for shards in [1, 2] {
        let (mut sim, a, b) = connected_pair(shards);
        sim.with(a, |cell| {
            assert_eq!(cell.world().population(), Population { tasks: 0, connections: 1 });
            *cell.local().borrow_mut() = None;
            assert_eq!(cell.world().population(), Population::default());
        });
        sim.run_until(ms(80)).unwrap();
        assert_eq!(seen(&sim, b)[1..], [(41 * MS, "closed Reset".into())]);
    }
}

#[test]
fn a_dialler_that_dies_before_the_answer_leaves_no_half_open_stream() {
    let mut sim = world(1, ms(10));
    let (a, b) = (settle(&mut sim), settle(&mut sim));
    at(&sim, b, |w| w.net().listen(1).expect("free"));
    at(&sim, a, move |w| w.net().dial(SocketAddr::new(b.ip(), 1)));
    sim.run_until(ms(15)).unwrap();
    sim.with(a, |cell| *cell.local().borrow_mut() = None);
    sim.run_until(ms(50)).unwrap();
    assert_eq!(seen(&sim, b), [], "it never came to be");
    assert_eq!(sim.with(b, |cell| cell.world().population().connections), 0);
}

#[test]
fn a_paused_stream_holds_and_loses_nothing() {
    let (mut sim, a, b) = connected_pair(1);
    at(&sim, b, |w| w.net().pause(w.conn.get().unwrap(), true));
    at(&sim, a, |w| w.net().send(w.conn.get().unwrap(), parcel(0, "1")));
    sim.run_until(ms(50)).unwrap();
    assert_eq!(seen(&sim, a)[1..], [(41 * MS, "flow false".into())]);
    at(&sim, a, |w| {
        w.net().send(w.conn.get().unwrap(), parcel(0, "2"));
        w.net().close(w.conn.get().unwrap());
    });
    assert_eq!(seen(&sim, b).len(), 1);
    at(&sim, b, |w| w.net().pause(w.conn.get().unwrap(), false));
    sim.run_until(ms(90)).unwrap();
    let expect = [(50 * MS, "0 b\"1\""), (70 * MS, "0 b\"2\""), (70 * MS, "closed ByRemote")];
    assert_eq!(seen(&sim, b)[1..], expect.map(|(at, what)| (at, what.to_string())));
}

#[test]
fn alarms_come_once_at_their_time_and_the_last_one_counts() {
    let mut sim = world(1, ms(10));
    let a = settle(&mut sim);
    at(&sim, a, |w| {
        w.net().set_alarm(Some(ms(5)));
        w.net().set_alarm(Some(ms(3)));
        w.net().set_alarm(Some(Duration::from_nanos(7)));
    });
    sim.run_until(ms(4)).unwrap();
    at(&sim, a, |w| {
        w.net().set_alarm(Some(ms(6)));
        w.net().set_alarm(None);
        w.net().set_alarm(Some(ms(1))); // has passed: now
    });
    sim.run_until(ms(10)).unwrap();
    assert_eq!(seen(&sim, a), [(7, "alarm".into()), (4 * MS, "alarm".into())]);
    assert_eq!(sim.pending(), 0);
}

#[test]
fn sleeps_end_in_the_order_of_their_nanoseconds() {
    let mut sim = world(1, ms(10));
    let a = settle(&mut sim);
    at(&sim, a, |w| {
        for nanos in [1_900_000, 1_100_000, 300, 1_100_001] {
            let witness = Rc::clone(w);
            w.world.spawn(async move {
                witness.world.sleep(Duration::from_nanos(nanos)).await;
                witness.note(format!("slept {nanos}"));
            });
        }
    });
    sim.run_until(ms(2)).unwrap();
    let order: Vec<u64> = seen(&sim, a).iter().map(|(at, _)| *at).collect();
    assert_eq!(order, [300, 1_100_000, 1_100_001, 1_900_000]);
}

#[test]
fn the_bound_of_a_run_is_exclusive_and_a_command_enters_before_what_is_due_then() {
    let mut sim = world(1, ms(10));
    let a = settle(&mut sim);
    at(&sim, a, |w| w.net().set_alarm(Some(ms(5))));
    sim.run_until(ms(5)).unwrap();
    at(&sim, a, |w| w.note("command"));
    sim.run_until(ms(6)).unwrap();
    assert_eq!(seen(&sim, a), [(5 * MS, "command".into()), (5 * MS, "alarm".into())]);
}

#[test]
fn a_loop_without_delay_is_named_instead_of_running_for_ever() {
    let mut sim = world(1, ms(10));
    let a = settle(&mut sim);
    at(&sim, a, |w| {
        let world = w.world.clone();
        w.world.spawn(async move {
            loop {
                tokio::task::yield_now().await;
                let _ = world.now();
            }
        });
    });
    let livelock = sim.run_until(ms(1)).unwrap_err();
    assert_eq!(livelock.at, Duration::ZERO);
    assert!(livelock.to_string().contains("time stands still at 0ns"), "{livelock}");
}

#[test]
fn datagrams_arrive_or_do_not() {
    let mut sim = world(2, ms(10));
    let (a, b) = (settle(&mut sim), settle(&mut sim));
    at(&sim, b, |w| w.net().bind_datagrams(30303).expect("free"));
    at(&sim, a, move |w| {
        let from = w.net().bind_datagrams(0).expect("free");
        w.net().send_datagram(from, SocketAddr::new(b.ip(), 30303), Bytes::from_static(b"ping"));
        w.net().send_datagram(from, SocketAddr::new(b.ip(), 30304), Bytes::from_static(b"nobody"));
        w.net().send_datagram("10.0.0.1:77".parse().unwrap(), from, Bytes::from_static(b"not bound"));
    });
    sim.run_until(ms(20)).unwrap();
    assert_eq!(seen(&sim, b), [(10 * MS, "datagram b\"ping\" from 10.0.0.1".into())]);
}

/// Forty hosts that dial at random, bounce parcels, close and die: everything each of them saw.
fn turmoil(seed: u64, shards: usize) -> Vec<Vec<(u64, String)>> {
    turmoil_in(seed, shards, |_, _| {})
}

/// The same in some weather, which may change at each of twenty steps.
fn turmoil_in(
    seed: u64,
    shards: usize,
    mut weather: impl FnMut(&mut Simulation, u64),
) -> Vec<Vec<(u64, String)>> {
    const HOSTS: u32 = 40;
    let config =
        SimConfig { seed, shards, link: Link::latency(Duration::from_micros(700)), ..SimConfig::default() };
    let mut sim = Simulation::new(config);
    let hosts: Vec<HostId> = (0..HOSTS).map(|_| settle(&mut sim)).collect();
    for &host in &hosts {
        sim.set_link(host, HostId((host.0 * 7 + 3) % HOSTS), Link::latency(ms(3))).unwrap();
        at(&sim, host, |w| {
            w.net().listen(30303).expect("free");
            let witness = Rc::clone(w);
            w.world.spawn(async move {
                let mut entropy = witness.world.entropy("turmoil");
                loop {
                    witness.world.sleep(Duration::from_nanos(entropy.below(5 * MS))).await;
                    let net = witness.net();
                    match (entropy.below(4), witness.conn.get()) {
                        (0, Some(conn)) => net.close(conn),
                        (1 | 2, Some(conn)) => net.send(conn, parcel(entropy.below(20), "bounce")),
                        _ => {
                            let to = HostId(entropy.below(u64::from(HOSTS)) as u32);
                            net.dial(SocketAddr::new(to.ip(), 30303));
                        }
                    }
                }
            });
        });
    }
    for step in 1..=20 {
        weather(&mut sim, step);
        sim.run_until(ms(5 * step)).unwrap();
        let victim = hosts[step as usize];
        at(&sim, victim, |w| w.note("a command"));
    }
    sim.with(hosts[30], |cell| {
        let life = cell.local().borrow_mut().take();
        let seen =
            life.as_ref().and_then(|any| any.downcast_ref::<Life>()).map(|life| Rc::clone(&life.witness));
        drop(life);
        let scope = cell.world().scope();
        *cell.local().borrow_mut() = Some(Box::new(Life { witness: seen.expect("settled"), _scope: scope }));
    });
    sim.run_until(ms(150)).unwrap();
    hosts.iter().map(|&host| seen(&sim, host)).collect()
}

#[test]
fn any_number_of_shards_shows_every_host_the_same() {
    let one = turmoil(1, 1);
    assert!(one.iter().map(Vec::len).sum::<usize>() > 5_000, "there is something to compare");
    for shards in [1, 2, 3, 4] {
        assert_eq!(one, turmoil(1, shards), "{shards} shards");
    }
    assert_ne!(one, turmoil(2, 1));
}

#[test]
fn without_latency_one_shard_is_used_and_says_so() {
    let mut sim = world(4, Duration::ZERO);
    assert_eq!(sim.shards(), 1);
    sim.set_default_link(Link::latency(Duration::ZERO)).unwrap();
    let mut sim = world(2, ms(1));
    assert_eq!(sim.set_default_link(Link::latency(Duration::ZERO)), Err(ZeroLookahead { shards: 2 }));
}
