//! Networks of whole network stacks in a simulated world: nodes that speak one protocol and pass messages on.

use crate::chain::{Chain, Seen};
use crate::{Numbers, secret};
use devp2p::{
    Config, Context, Enode, Fidelity, Handler, Message, MessageSeen, NodeId, Observer, PeerError, PeerEvent,
    PeerId, PeerMap, Protocol, SecretKey, Server,
};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use world::sim::{HostId, Link, SimConfig};
use world::{Simulation, World, prefetch_first};

const PORT: u16 = 30303;
const SWEEP: Duration = Duration::from_secs(10);

/// 31 bytes, 32 with the RLP header before them.
type Item = [u8; 31];

/// A service as one would write it: state per peer, a timer, messages decoded and encoded again, each passed on to a
/// peer picked at random.
#[derive(Debug)]
struct Relay {
    peers: PeerMap<Seat>,
    list: Vec<PeerId>,
    numbers: Numbers,
    work: Work,
}

/// What the nodes of a network do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing, and they remember nothing of their peers.
    Nothing,
    /// They say one thing to each peer that they dialled, as soon as it is one.
    Greeting,
    /// They pass on what they get, keep something of each peer, and go through it on a timer.
    Relaying,
}

/// What a relay knows of a peer.
#[derive(Debug, Default)]
struct Seat {
    received: u64,
    last: Duration,
}

impl Relay {
    fn pass(&mut self, item: &Item, cx: &mut Context<'_>) {
        let to = self.list[self.numbers.below(self.list.len())];
        cx.send(to, 0, item);
    }
}

impl Handler for Relay {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        match self.work {
            Work::Nothing => {}
            Work::Greeting if cx.peer(peer).is_some_and(|peer| peer.inbound()) => {}
            Work::Greeting => cx.send(peer, 1, &[7; 31]),
            Work::Relaying => {
                if self.peers.is_empty() {
                    cx.set_timer(SWEEP, 0);
                }
                self.peers.insert(peer, Seat::default());
                self.list.push(peer);
            }
        }
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let item: Item = message.decode()?;
        if let Some(seat) = self.peers.get_mut(from) {
            seat.received += 1;
            seat.last = cx.now();
            self.pass(&item, cx);
        }
        Ok(())
    }

    fn expect(&self, from: PeerId) {
        self.peers.prefetch(from);
        prefetch_first(&self.list[..], 64);
    }

    fn on_timer(&mut self, _timer: u64, cx: &mut Context<'_>) {
        let silent = self.peers.iter().filter(|(_, seat)| seat.last + SWEEP < cx.now()).count();
        cx.observe("silent", silent as f64);
        cx.set_timer(SWEEP, 0);
    }

    fn on_drop(&mut self, peer: PeerId, _error: &PeerError, _cx: &mut Context<'_>) {
        self.peers.remove(peer);
        self.list.retain(|other| *other != peer);
    }
}

/// Keeps the digest that a log would, and counts.
#[derive(Debug)]
struct Witness {
    world: World,
    chain: Cell<Chain>,
    counts: Cell<Counts>,
}

/// What a network has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages received.
    pub received: u64,
    /// Peers gained, each end counted.
    pub added: u64,
    /// Peers lost, and dials that failed.
    pub lost: u64,
}

impl Witness {
    fn note(&self, seen: &MessageSeen<'_>, received: bool) {
        let time = self.world.now().as_nanos() as u64;
        let (peer, payload) = (seen.peer.as_bytes(), &seen.payload.bytes()[..]);
        let mut chain = self.chain.get();
        chain.fold(&Seen { time, peer, received, code: seen.code, payload, wire_len: seen.wire_len });
        self.chain.set(chain);
    }
}

impl Observer for Witness {
    fn event(&self, event: &PeerEvent<'_>) {
        let mut counts = self.counts.get();
        match event {
            PeerEvent::Sent(seen) => self.note(seen, false),
            PeerEvent::Received(seen) => {
                self.note(seen, true);
                counts.received += 1;
            }
            PeerEvent::Added { .. } => counts.added += 1,
            PeerEvent::Dropped { .. } | PeerEvent::DialFailed { .. } => counts.lost += 1,
            PeerEvent::Arrived { .. } | PeerEvent::Metric { .. } => {}
        }
        self.counts.set(counts);
    }
}

/// What lives on a host.
struct Resident {
    server: Server,
    witness: Rc<Witness>,
}

/// How the nodes of a network are.
#[derive(Clone, Copy, Debug)]
pub struct Make {
    /// How many.
    pub nodes: usize,
    /// How much of RLPx is real.
    pub fidelity: Fidelity,
    /// What they do.
    pub work: Work,
}

impl Make {
    /// So many nodes.
    pub fn new(nodes: usize, fidelity: Fidelity, work: Work) -> Self {
        Self { nodes, fidelity, work }
    }
}

/// A network of stacks.
#[derive(Debug)]
pub struct Network {
    sim: Simulation,
    make: Make,
    hosts: Vec<HostId>,
    keys: Vec<SecretKey>,
}

impl Network {
    /// Hosts without anything on them, and the keys of the nodes to come.
    pub fn new(make: Make) -> Self {
        let link = Link::latency(Duration::from_millis(60));
        let mut sim = Simulation::new(SimConfig { link, ..SimConfig::default() });
        let hosts = (0..make.nodes).map(|_| sim.add_host()).collect();
        let keys = (0..make.nodes as u64).map(secret).collect();
        Self { sim, make, hosts, keys }
    }

    /// Starts a stack on each host.
    pub fn start(&mut self) {
        for (place, host) in self.hosts.iter().enumerate() {
            let (make, key) = (self.make, self.keys[place].clone());
            self.sim.with(*host, move |cell| {
                let world = cell.world();
                let relay = Relay {
                    peers: PeerMap::new(),
                    list: Vec::new(),
                    numbers: Numbers(place as u64),
                    work: make.work,
                };
                let witness = Rc::new(Witness {
                    world: world.clone(),
                    chain: Cell::default(),
                    counts: Cell::default(),
                });
                let mut config = Config::new(key);
                (config.fidelity, config.listen, config.max_peers) = (make.fidelity, Some(PORT), 1_000);
                config.max_pending = 1_000;
                let protocol = Protocol::new("relay", 1, 2, Rc::new(RefCell::new(relay)));
                let server = Server::start(&world, config, vec![protocol], witness.clone());
                let server = server.expect("the port is free");
                *cell.local().borrow_mut() = Some(Box::new(Resident { server, witness }));
            });
        }
    }

    /// Has every node connected to `degree` others, half of which it dials: those so many steps ahead for a few
    /// strides that look random.
    pub fn connect(&mut self, degree: usize) {
        for stride in self.strides(degree) {
            self.dial(stride);
        }
    }

    /// Has each node dial the next, the last one the first.
    pub fn ring(&mut self) {
        self.dial(1);
    }

    /// The same with some time after each round of dials.
    pub fn connect_slowly(&mut self, degree: usize, pause: Duration) {
        for stride in self.strides(degree) {
            self.dial(stride);
            self.run(pause);
        }
    }

    /// Gives all that [`connect`](Self::connect) will connect links of their own, of 10 to 110 ms.
    pub fn own_links(&mut self, degree: usize) {
        let mut numbers = Numbers(9);
        for stride in self.strides(degree) {
            for place in 0..self.hosts.len() {
                let ends = (self.hosts[place], self.hosts[(place + stride) % self.hosts.len()]);
                for (from, to) in [ends, (ends.1, ends.0)] {
                    let latency = Duration::from_micros(10_000 + numbers.below(100_000) as u64);
                    self.sim.set_link(from, to, Link::latency(latency)).expect("it has a latency");
                }
            }
        }
    }

    fn strides(&self, degree: usize) -> Vec<usize> {
        assert!(degree < self.make.nodes, "{degree} peers among {} nodes", self.make.nodes);
        let (mut numbers, mut strides) = (Numbers(7), Vec::new());
        while strides.len() < degree / 2 {
            let stride = 1 + numbers.below(self.make.nodes / 2);
            if !strides.contains(&stride) && 2 * stride != self.make.nodes {
                strides.push(stride);
            }
        }
        strides
    }

    fn dial(&mut self, stride: usize) {
        for place in 0..self.hosts.len() {
            let other = (place + stride) % self.hosts.len();
            let enode = Enode::new(self.keys[other].public(), SocketAddr::new(self.hosts[other].ip(), PORT));
            self.at(place, |resident| resident.server.add_peer(enode).expect("it has an address"));
        }
    }

    /// Messages go round: so many in all.
    pub fn inject(&mut self, messages: usize) {
        for message in 0..messages {
            self.at(message % self.hosts.len(), |resident| {
                let peer = resident.server.enter("relay", |cx| {
                    let peer = cx.peers().next().expect("connected");
                    cx.send(peer, 0, &[7; 31]);
                });
                peer.expect("it speaks this");
            });
        }
    }

    fn at<R: Send + 'static>(&self, place: usize, act: impl FnOnce(&Resident) -> R + Send + 'static) -> R {
        self.sim.with(self.hosts[place], |cell| {
            let local = cell.local().borrow();
            act(local.as_ref().and_then(|any| any.downcast_ref::<Resident>()).expect("started"))
        })
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        self.sim.run_until(self.sim.now() + time).expect("time passes");
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        let sum = |all: Counts, one: Counts| Counts {
            received: all.received + one.received,
            added: all.added + one.added,
            lost: all.lost + one.lost,
        };
        (0..self.hosts.len())
            .map(|place| self.at(place, |resident| resident.witness.counts.get()))
            .fold(Counts::default(), sum)
    }

    /// The identity of a node.
    pub fn id(&self, place: usize) -> NodeId {
        self.keys[place].id()
    }

    /// Panics unless so many connections are up and none was ever lost.
    pub fn check(&self, connections: usize) {
        let counts = self.counts();
        assert_eq!((counts.added, counts.lost), (2 * connections as u64, 0), "{counts:?}");
    }
}
