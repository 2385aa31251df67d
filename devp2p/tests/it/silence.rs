//! The other side falls silent, at each step of a handshake and after it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use devp2p::{Enode, Fidelity};
use world::sim::{HostId, Link};
use world::{Closed, ConnId, DialError, Endpoint, Net, Parcel, World};

use crate::town::{BOTH, Town, error, key, told};

/// Takes what comes and never says a word. It may dial.
#[derive(Default)]
struct Wall {
    net: RefCell<Option<Net>>,
    heard: RefCell<usize>,
}

impl Wall {
    fn build(world: &World) -> Net {
        let wall = Rc::new(Self::default());
        let net = world.attach(Rc::clone(&wall) as Rc<dyn Endpoint>);
        *wall.net.borrow_mut() = Some(net.clone());
        net
    }
}

impl Endpoint for Wall {
    fn on_accepted(&self, _: ConnId, _: SocketAddr, _: SocketAddr) {}
    fn on_connected(&self, _: ConnId, _: SocketAddr) {}
    fn on_dial_failed(&self, _: ConnId, error: DialError) {
        panic!("{error}");
    }
    fn on_parcel(&self, _: ConnId, _: Parcel) {
        *self.heard.borrow_mut() += 1;
    }
    fn on_closed(&self, _: ConnId, _: Closed) {}
}

#[test]
fn a_listener_that_never_answers_is_given_up_after_five_seconds() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        let wall = town.add_host();
        town.on(wall, |world| Wall::build(world).listen(30303).unwrap());
        let enode = Enode::new(key(1).public(), town.address(wall));
        town.at(0, move |home| home.server.add_peer(enode).unwrap());
        town.run(5_500);
        let why =
            error("handshake timeout", "read timeout", "<nil>", "encryption handshake not done within 5s");
        assert_eq!(town.timed(0), [(Duration::from_millis(5_020), format!("failed 1 {why}"))]);
    }
}

#[test]
fn a_dialler_that_never_speaks_does_not_keep_its_place() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        town.settle(|config| config.max_pending = 1);
        town.settle(|_| {});
        let wall = town.add_host();
        let to = town.address(0);
        town.on(wall, move |world| Wall::build(world).dial(to));
        town.run(100);
        town.connect(1, 0);
        town.run(200);
        assert_eq!(town.peers(0), 0, "the one place is taken");
        town.run(10_000);
        assert_eq!(town.seen(0), ["added 1 inbound"]);
    }
}

/// What a side that falls silent sends from then on is on its way for longer than anyone waits.
fn silence(town: &mut Town, from: u32, to: u32) {
    town.sim.set_link(HostId(from), HostId(to), Link::latency(Duration::from_secs(1_000))).unwrap();
}

#[test]
fn a_listener_that_falls_silent_is_given_up_in_its_turn() {
    // After how many milliseconds nothing more is sent, and what the dialler makes of it when.
    let cases = [
        (25, "failed 1", "encryption handshake not done within 5s", 5_020),
        (100, "dropped 1", "nothing received for 30s", 30_040),
    ];
    for fidelity in BOTH {
        for (silent_after, what, message, at) in cases {
            let mut town = Town::of(fidelity, 2);
            town.connect(0, 1);
            town.run(silent_after);
            silence(&mut town, 1, 0);
            town.run(at + 500 - silent_after);
            let seen = town.timed(0);
            let (when, last) = seen.last().expect("it noticed");
            assert!(
                last.starts_with(what) && last.contains(message),
                "{fidelity:?} {silent_after}: {seen:?}"
            );
            assert_eq!(*when, Duration::from_millis(at), "{seen:?}");
        }
    }
}

#[test]
fn a_dialler_that_does_not_introduce_itself_is_told_that_it_took_too_long() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(1, 0);
        town.run(35); // its auth is in, its Hello is not sent
        silence(&mut town, 1, 0);
        town.run(5_200);
        assert_eq!(town.seen(0), [""; 0], "it never was a peer");
        let (when, what) = town.timed(1)[1].clone();
        assert_eq!(
            (when, what),
            (Duration::from_millis(5_040), format!("dropped 0 {}", told("read timeout")))
        );
    }
}

#[test]
fn a_dial_into_the_void_is_given_up_after_fifteen_seconds() {
    let mut town = Town::of(Fidelity::Message, 2);
    silence(&mut town, 0, 1);
    town.connect(0, 1);
    town.run(15_001);
    let why = error("disconnect reason", "network error", "no answer within 15s", "dial failed");
    assert_eq!(town.timed(0), [(Duration::from_secs(15), format!("failed 1 {why}"))]);
}
