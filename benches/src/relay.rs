//! Hosts that pass on what they get: the fabric of a simulated world with next to nothing on top.

use crate::Numbers;
use crate::chain::{Chain, Seen};
use bytes::Bytes;
use std::cell::{Cell, OnceCell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use world::sim::{HostId, Link, SimConfig};
use world::{Closed, ConnId, DialError, Endpoint, Net, Parcel, Simulation, World};

const PORT: u16 = 30303;
/// Connections that each host dials; it is dialled as often.
const DIALS: usize = 4;

/// Passes each parcel on over a connection picked at random.
struct Relay {
    world: World,
    net: OnceCell<Net>,
    conns: RefCell<Vec<ConnId>>,
    numbers: Cell<Numbers>,
    chain: Cell<Chain>,
}

impl Relay {
    fn pick(&self) -> ConnId {
        let mut numbers = self.numbers.get();
        let conns = self.conns.borrow();
        let conn = conns[numbers.below(conns.len())];
        self.numbers.set(numbers);
        conn
    }

    fn note(&self, received: bool, parcel: &Parcel) {
        let time = self.world.now().as_nanos() as u64;
        let mut chain = self.chain.get();
        let (payload, wire_len) = (&parcel.bytes[..], parcel.wire_len);
        chain.fold(&Seen { time, peer: &[9; 32], received, code: 0, payload, wire_len });
        self.chain.set(chain);
    }

    fn send(&self, parcel: Parcel) {
        self.note(false, &parcel);
        self.net.get().expect("attached").send(self.pick(), parcel);
    }
}

impl Endpoint for Relay {
    fn on_accepted(&self, conn: ConnId, _local: SocketAddr, _remote: SocketAddr) {
        self.conns.borrow_mut().push(conn);
    }
    fn on_connected(&self, conn: ConnId, _local: SocketAddr) {
        self.conns.borrow_mut().push(conn);
    }
    fn on_dial_failed(&self, _conn: ConnId, error: DialError) {
        panic!("{error}");
    }
    fn on_parcel(&self, _conn: ConnId, parcel: Parcel) {
        self.note(true, &parcel);
        self.send(parcel);
    }
    fn on_closed(&self, _conn: ConnId, how: Closed) {
        panic!("a connection ended: {how:?}");
    }
}

/// A world of relays with parcels going round.
#[derive(Debug)]
pub struct Relays {
    sim: Simulation,
    hosts: Vec<HostId>,
}

impl Relays {
    /// So many hosts, connected at random over links of 10 to 110 ms, with so many parcels of 32 bytes under way.
    pub fn new(hosts: usize, parcels: usize) -> Self {
        let mut numbers = Numbers(7);
        let link = Link::latency(Duration::from_millis(60));
        let mut sim = Simulation::new(SimConfig { link, ..SimConfig::default() });
        let hosts: Vec<HostId> = (0..hosts).map(|_| sim.add_host()).collect();
        for host in &hosts {
            let seed = numbers.draw();
            sim.with(*host, move |cell| {
                let world = cell.world();
                let relay = Rc::new(Relay {
                    world: world.clone(),
                    net: OnceCell::new(),
                    conns: RefCell::default(),
                    numbers: Cell::new(Numbers(seed)),
                    chain: Cell::default(),
                });
                let net = world.attach(relay.clone());
                net.listen(PORT).expect("the first to ask");
                relay.net.set(net).expect("attached once");
                *cell.local().borrow_mut() = Some(Box::new(relay));
            });
        }
        let mut relays = Self { sim, hosts };
        relays.connect(&mut numbers);
        for place in 0..parcels {
            let host = relays.hosts[place % relays.hosts.len()];
            relays.at(host, |relay| relay.send(Parcel::plain(Bytes::copy_from_slice(&[7; 32]))));
        }
        relays.run(Duration::from_millis(500));
        relays
    }

    fn connect(&mut self, numbers: &mut Numbers) {
        for place in 0..self.hosts.len() {
            let from = self.hosts[place];
            for _ in 0..DIALS {
                let other = (place + 1 + numbers.below(self.hosts.len() - 1)) % self.hosts.len();
                let to = self.hosts[other];
                for (a, b) in [(from, to), (to, from)] {
                    let latency = Duration::from_micros(10_000 + numbers.below(100_000) as u64);
                    self.sim.set_link(a, b, Link::latency(latency)).expect("it has a latency");
                }
                self.at(from, move |relay| {
                    relay.net.get().expect("attached").dial(SocketAddr::new(to.ip(), PORT));
                });
            }
        }
        self.run(Duration::from_secs(1));
    }

    fn at<R: Send + 'static>(&self, host: HostId, act: impl FnOnce(&Relay) -> R + Send + 'static) -> R {
        self.sim.with(host, |cell| {
            let local = cell.local().borrow();
            act(local.as_ref().and_then(|any| any.downcast_ref::<Rc<Relay>>()).expect("settled"))
        })
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        self.sim.run_until(self.sim.now() + time).expect("time passes");
    }

    /// Parcels delivered so far.
    pub fn delivered(&self) -> u64 {
        let records: u64 =
            self.hosts.iter().map(|host| self.at(*host, |relay| relay.chain.get().records())).sum();
        records / 2
    }
}
