//! A town of nodes: node `n` lives on host `n`, has key `n` and listens on port 30303.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use devp2p::{
    Config, Context, DiscReason, Enode, Fidelity, Handler, Message, MessageSeen, NodeId, Observer, PeerError,
    PeerErrorCode, PeerEvent, PeerId, Protocol, SecretKey, Server,
};
use world::sim::{HostId, Link, SimConfig};
use world::{Scope, Simulation, World};

pub(crate) const BOTH: [Fidelity; 2] = [Fidelity::Wire, Fidelity::Message];

/// What the protocol of the town says.
pub(crate) const ASK: u64 = 0;
pub(crate) const ANSWER: u64 = 1;
pub(crate) const FAIL: u64 = 2;
pub(crate) const NUMBER: u64 = 3;

pub(crate) fn key(n: usize) -> SecretKey {
    SecretKey::from_bytes(&[u8::try_from(n + 1).unwrap(); 32]).unwrap()
}

pub(crate) fn name(id: NodeId) -> String {
    static IDS: LazyLock<Vec<NodeId>> = LazyLock::new(|| (0..16).map(|n| key(n).id()).collect());
    IDS.iter().position(|other| *other == id).map_or_else(|| id.short(), |n| n.to_string())
}

pub(crate) fn asked_to_fail() -> PeerError {
    PeerError::new(PeerErrorCode::Test, DiscReason::SubprotocolError, "asked to fail")
}

/// Answers what it is asked, fails when told to, reads a number.
#[derive(Default)]
pub(crate) struct Echo {
    pub(crate) dropped: Vec<PeerId>,
}

impl Handler for Echo {
    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        match message.code {
            ASK => cx.send_payload(from, ANSWER, &message.payload),
            FAIL => return Err(asked_to_fail()),
            NUMBER => cx.observe("number", message.decode::<u32>()?.into()),
            _ => {}
        }
        Ok(())
    }

    fn on_drop(&mut self, peer: PeerId, _error: &PeerError, cx: &mut Context<'_>) {
        cx.send(peer, ASK, &"anyone there?");
        self.dropped.push(peer);
    }

    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {
        cx.observe("timer", timer as f64);
    }

    fn node_info(&self) -> Option<serde_json::Value> {
        Some(self.dropped.len().into())
    }
}

/// Writes down what it sees, and when.
#[derive(Clone)]
pub(crate) struct Notes {
    world: World,
    seen: Rc<RefCell<Vec<(Duration, String)>>>,
    changed: Rc<tokio::sync::Notify>,
}

impl Notes {
    pub(crate) fn new(world: &World) -> Self {
        Self { world: world.clone(), seen: Rc::default(), changed: Rc::default() }
    }

    pub(crate) fn world(&self) -> World {
        self.world.clone()
    }

    pub(crate) fn note(&self, what: String) {
        self.seen.borrow_mut().push((self.world.now(), what));
        self.changed.notify_one();
    }

    /// Something was noted since this was last awaited.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn all(&self) -> Vec<(Duration, String)> {
        self.seen.borrow().clone()
    }
}

impl Observer for Notes {
    fn event(&self, event: &PeerEvent<'_>) {
        let message = |what: &str, seen: &MessageSeen<'_>| {
            format!("{what} {} {} {}", name(seen.peer), seen.code, seen.payload.len())
        };
        self.note(match event {
            PeerEvent::Added { peer } => {
                format!("added {} {}", name(peer.id()), if peer.inbound() { "inbound" } else { "outbound" })
            }
            PeerEvent::Dropped { peer, error, .. } => format!("dropped {} {error}", name(peer.id())),
            PeerEvent::DialFailed { id, error } => format!("failed {} {error}", name(*id)),
            PeerEvent::Sent(seen) => message("sent", seen),
            PeerEvent::Received(seen) => message("received", seen),
            PeerEvent::Arrived { protocol, item, from, hops, .. } => {
                let from = from.map_or_else(|| "nobody".to_owned(), &name);
                format!("{protocol} {item} arrived from {from} after {hops}")
            }
            PeerEvent::Metric { protocol, name, value } => format!("{protocol} {name} {value}"),
        });
    }
}

/// What a host keeps.
pub(crate) struct Home {
    pub(crate) server: Server,
    pub(crate) notes: Notes,
    pub(crate) scope: Scope,
}

pub(crate) struct Town {
    pub(crate) sim: Simulation,
    hosts: Vec<HostId>,
    fidelity: Fidelity,
}

impl Town {
    pub(crate) fn new(fidelity: Fidelity) -> Self {
        Self::with(fidelity, 7, 1)
    }

    /// Latency is 10 ms.
    pub(crate) fn with(fidelity: Fidelity, seed: u64, shards: usize) -> Self {
        let link = Link::latency(Duration::from_millis(10));
        let sim = Simulation::new(SimConfig { seed, shards, link, ..SimConfig::default() });
        Self { sim, hosts: Vec::new(), fidelity }
    }

    /// So many nodes with the town's settings.
    pub(crate) fn of(fidelity: Fidelity, nodes: usize) -> Self {
        let mut town = Self::new(fidelity);
        for _ in 0..nodes {
            town.settle(|_| {});
        }
        town
    }

    pub(crate) fn settle(&mut self, tune: impl FnOnce(&mut Config) + Send + 'static) -> usize {
        self.settle_with(tune, |_| vec![echo()])
    }

    pub(crate) fn settle_with(
        &mut self,
        tune: impl FnOnce(&mut Config) + Send + 'static,
        protocols: impl FnOnce(&Notes) -> Vec<Protocol> + Send + 'static,
    ) -> usize {
        let n = self.add_host();
        self.start(n, tune, protocols);
        n
    }

    /// A host where nobody lives yet.
    pub(crate) fn add_host(&mut self) -> usize {
        self.hosts.push(self.sim.add_host());
        self.hosts.len() - 1
    }

    /// Starts, or starts again, the node of a host.
    pub(crate) fn start(
        &self,
        n: usize,
        tune: impl FnOnce(&mut Config) + Send + 'static,
        protocols: impl FnOnce(&Notes) -> Vec<Protocol> + Send + 'static,
    ) {
        let fidelity = self.fidelity;
        self.sim.with(self.hosts[n], move |cell| {
            let scope = cell.world().scope();
            let notes = Notes::new(scope.world());
            let mut config = Config { fidelity, listen: Some(30303), ..Config::new(key(n)) };
            config.client = format!("node {n}");
            tune(&mut config);
            let observer = Rc::new(notes.clone());
            let server = Server::start(scope.world(), config, protocols(&notes), observer).unwrap();
            *cell.local().borrow_mut() = Some(Box::new(Home { server, notes, scope }));
        });
    }

    /// Ends the node of a host as a crash would.
    pub(crate) fn crash(&self, n: usize) {
        self.sim.with(self.hosts[n], |cell| {
            let home = cell.local().borrow_mut().take();
            drop(home);
        });
    }

    pub(crate) fn at<R: Send + 'static>(&self, n: usize, act: impl FnOnce(&Home) -> R + Send + 'static) -> R {
        self.sim.with(self.hosts[n], move |cell| {
            let local = cell.local().borrow();
            act(local.as_ref().and_then(|any| any.downcast_ref::<Home>()).expect("settled"))
        })
    }

    /// The world of a host where nobody lives.
    pub(crate) fn on<R: Send + 'static>(
        &self,
        n: usize,
        act: impl FnOnce(&World) -> R + Send + 'static,
    ) -> R {
        self.sim.with(self.hosts[n], move |cell| act(&cell.world()))
    }

    pub(crate) fn address(&self, n: usize) -> SocketAddr {
        SocketAddr::new(self.hosts[n].ip(), 30303)
    }

    pub(crate) fn enode(&self, n: usize) -> Enode {
        Enode::new(key(n).public(), self.address(n))
    }

    pub(crate) fn connect(&self, from: usize, to: usize) {
        let enode = self.enode(to);
        self.at(from, move |home| home.server.add_peer(enode).unwrap());
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(&mut self, ms: u64) {
        self.sim.run_until(self.sim.now() + Duration::from_millis(ms)).unwrap();
    }

    pub(crate) fn timed(&self, n: usize) -> Vec<(Duration, String)> {
        self.at(n, |home| home.notes.all())
    }

    pub(crate) fn seen(&self, n: usize) -> Vec<String> {
        self.timed(n).into_iter().map(|(_, what)| what).collect()
    }

    pub(crate) fn peers(&self, n: usize) -> usize {
        self.at(n, |home| home.server.peer_count())
    }

    /// Says something as the town's protocol of a node, to its first peer.
    pub(crate) fn say(&self, n: usize, act: impl FnOnce(PeerId, &mut Context<'_>) + Send + 'static) {
        self.at(n, |home| {
            home.server.enter("echo", |cx| {
                let peer = cx.peers().next().expect("it has a peer");
                act(peer, cx);
            })
        })
        .expect("it speaks the town's protocol");
    }
}

pub(crate) fn echo() -> Protocol {
    Protocol::new("echo", 1, 4, Rc::new(RefCell::new(Echo::default())))
}

/// As a log or a wire shows it.
pub(crate) fn error(code: &str, reason: &str, cause: &str, message: &str) -> String {
    format!("PeerError(code={code}, reason={reason}, err={cause}, message={message})")
}

pub(crate) fn told(reason: &str) -> String {
    error("remote disconnect reason", reason, "<nil>", "Peer.run got a remote DiscReason")
}
