//! A server against what is no server: a bare session, and rubbish.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

use devp2p::{Capability, Enode, Fidelity, SecretKey, Timing};
use proto::session::{Local, LocalCap, Outbox, Session, SessionEvent};
use world::{Closed, ConnId, DialError, Endpoint, Entropy, Net, Parcel, World};

use crate::town::{ASK, BOTH, Town, error, key, told};

/// A lone session that lets everyone in and notes how it ended, or what was not RLPx at all.
struct Raw {
    me: Weak<Self>,
    net: RefCell<Option<Net>>,
    world: World,
    entropy: RefCell<Entropy>,
    local: Arc<Local>,
    target: Enode,
    session: RefCell<Option<Session>>,
    rubbish: Cell<bool>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// Dials `target` as the node with that key.
    fn dial(
        world: &World,
        key: SecretKey,
        fidelity: Fidelity,
        target: Enode,
        notes: Arc<Mutex<Vec<String>>>,
    ) -> Rc<Self> {
        let protocols = vec![LocalCap { cap: Capability::new("echo", 1), length: 4 }];
        let (public, client, timing) = (key.public(), "raw".to_owned(), Timing::default());
        let local = Arc::new(Local { key, public, client, protocols, listen_port: 0, fidelity, timing });
        let raw = Rc::new_cyclic(|me| Self {
            me: me.clone(),
            net: RefCell::default(),
            world: world.clone(),
            entropy: RefCell::new(world.entropy("raw")),
            local,
            target,
            session: RefCell::default(),
            rubbish: Cell::new(false),
            notes,
        });
        let net = world.attach(Rc::clone(&raw) as Rc<dyn Endpoint>);
        net.dial(raw.target.socket_addr().unwrap());
        *raw.net.borrow_mut() = Some(net);
        raw
    }

    fn net(&self) -> Net {
        self.net.borrow().clone().expect("attached")
    }

    fn push(&self, conn: ConnId, act: impl FnOnce(&mut Session, &mut Outbox)) {
        let (mut out, mut slot) = (Outbox::default(), self.session.borrow_mut());
        let Some(session) = slot.as_mut() else { return };
        act(session, &mut out);
        for event in std::mem::take(&mut out.events) {
            match event {
                SessionEvent::Authenticated { .. } => session.proceed(self.world.now(), &mut out),
                SessionEvent::Hello { .. } => session.admit(self.world.now(), &mut out),
                SessionEvent::Closed(error) => self.notes.lock().unwrap().push(error.to_string()),
                SessionEvent::Message { code, .. } => {
                    self.notes.lock().unwrap().push(format!("message {code}"))
                }
            }
        }
        self.flush(conn, &mut out);
    }

    fn flush(&self, conn: ConnId, out: &mut Outbox) {
        for sent in out.transmits.drain(..) {
            self.net().send(conn, Parcel { tag: sent.tag, bytes: sent.bytes, wire_len: sent.wire_len });
        }
    }

    /// Parcels that nobody ever meant.
    fn babble(&self, conn: ConnId) {
        let mut entropy = self.entropy.borrow_mut();
        for _ in 0..8 {
            let mut bytes = vec![0; [0, 1, 2, 64, 128, 307, 2_000][entropy.below(7) as usize]];
            entropy.fill(&mut bytes);
            let tag = match entropy.below(4) {
                0 => u64::MAX - entropy.below(2),
                1 => entropy.below(40) | entropy.below(3_000) << 32,
                2 => entropy.below(40),
                _ => entropy.next_u64(),
            };
            self.net().send(conn, Parcel { tag, ..Parcel::plain(bytes.into()) });
        }
    }
}

impl Endpoint for Raw {
    fn on_accepted(&self, _: ConnId, _: SocketAddr, _: SocketAddr) {}

    fn on_connected(&self, conn: ConnId, _: SocketAddr) {
        if self.rubbish.get() {
            return self.babble(conn);
        }
        let mut out = Outbox::default();
        let mut entropy = |out: &mut [u8]| self.entropy.borrow_mut().fill(out);
        let session =
            Session::connect(&self.local, self.target.public_key, self.world.now(), &mut entropy, &mut out);
        *self.session.borrow_mut() = Some(session);
        self.flush(conn, &mut out);
    }

    fn on_dial_failed(&self, _: ConnId, error: DialError) {
        panic!("{error}");
    }

    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        let raw = self.me.upgrade().expect("the world keeps it");
        self.push(conn, |session, out| {
            let mut entropy = |out: &mut [u8]| raw.entropy.borrow_mut().fill(out);
            session.handle_parcel(raw.world.now(), parcel.tag, parcel.bytes, &mut entropy, out);
        });
    }

    fn on_closed(&self, _: ConnId, how: Closed) {
        self.notes.lock().unwrap().push(format!("closed {how:?}"));
    }
}

#[test]
fn a_node_that_has_our_own_key_is_told_that_it_is_ourselves() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        let host = town.add_host();
        let (enode, notes) = (town.enode(0), Arc::<Mutex<Vec<String>>>::default());
        let heard = Arc::clone(&notes);
        town.on(host, move |world| {
            Raw::dial(world, key(0), fidelity, enode, heard);
        });
        town.run(500);
        assert_eq!(notes.lock().unwrap()[0], told("connected to self"));
        assert_eq!(town.seen(0), [""; 0]);
    }
}

#[test]
fn a_bare_session_that_answers_pings_stays_a_peer() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        let host = town.add_host();
        let (enode, notes) = (town.enode(0), Arc::<Mutex<Vec<String>>>::default());
        let heard = Arc::clone(&notes);
        town.on(host, move |world| {
            Raw::dial(world, key(9), fidelity, enode, heard);
        });
        town.run(500);
        town.say(0, |peer, cx| cx.send(peer, ASK, &"hello"));
        town.run(600_000);
        // It answers pings, and whoever answers is alive.
        assert_eq!(*notes.lock().unwrap(), ["message 0"]);
        assert_eq!(town.peers(0), 1);
    }
}

#[test]
fn rubbish_ends_its_own_connection_and_nothing_else() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(1, 0);
        town.run(200);
        let host = town.add_host();
        let notes = Arc::<Mutex<Vec<String>>>::default();
        for n in 0..200 {
            let (enode, heard) = (town.enode(0), Arc::clone(&notes));
            town.on(host, move |world| {
                let life = world.scope();
                // The scope of the host itself: each life draws other rubbish, and none ends before the town.
                let raw = Raw::dial(life.world(), key(9), fidelity, enode, heard);
                raw.rubbish.set(true);
                std::mem::forget(life);
            });
            town.run(n % 7);
        }
        town.run(6_000);
        assert_eq!(notes.lock().unwrap().len(), 200, "all were closed");
        assert_eq!(town.seen(0), ["added 1 inbound"], "the other peer noticed nothing");
        let alone = town.at(0, |home| home.scope.world().population().connections);
        assert_eq!(alone, 1);
        let gone = error("disconnect reason", "disconnect requested", "<nil>", "Server.remove_peer");
        town.at(0, |home| home.server.remove_peer(key(1).id()));
        assert_eq!(town.seen(0)[1], format!("dropped 1 {gone}"));
    }
}
