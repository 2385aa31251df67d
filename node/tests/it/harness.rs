//! A handful of nodes in a simulated world, one to a host.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use devp2p::Fidelity;
use futures_util::FutureExt;
use node::services::PingPong;
use node::{
    Directory, Node, NodeConfig, NodeEnv, NodeError, Params, RPC_PORT, RpcError, SecretKey, Services,
};
use serde_json::Value;
use world::sim::{HostId, Link, SimConfig};
use world::{Scope, Simulation, World};

pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// The nodes and their world.
pub(crate) struct Net {
    pub(crate) sim: Simulation,
    hosts: Vec<HostId>,
    services: Services,
}

/// What is kept at each host.
struct Life {
    node: Option<Rc<Node>>,
    scope: Option<Scope>,
    notes: Notes,
}

/// What a test wrote down at a host, with the milliseconds of the world's clock.
#[derive(Clone)]
pub(crate) struct Notes {
    world: World,
    lines: Rc<RefCell<Vec<(u64, String)>>>,
}

impl Notes {
    pub(crate) fn note(&self, what: impl Into<String>) {
        let now = self.world.now().as_millis();
        self.lines.borrow_mut().push((u64::try_from(now).expect("short tests"), what.into()));
    }
}

pub(crate) fn key(host: usize) -> SecretKey {
    SecretKey::from_bytes(&[u8::try_from(host + 1).expect("few hosts"); 32]).expect("a key")
}

pub(crate) fn config(host: usize, services: &[&str]) -> NodeConfig {
    let mut config = NodeConfig::new(key(host));
    config.services = services.iter().map(|name| (*name).to_owned()).collect();
    config
}

/// No cryptography, and a directory of all hosts.
pub(crate) fn env() -> NodeEnv {
    let known: Vec<_> = (0..10)
        .map(|host| (key(host).id(), SocketAddr::new(HostId(u32::try_from(host).unwrap()).ip(), RPC_PORT)))
        .collect();
    let find = move |id| known.iter().find(|(known, _)| *known == id).map(|(_, addr)| *addr);
    NodeEnv { fidelity: Fidelity::Message, directory: Directory::new(find), ..NodeEnv::default() }
}

impl Net {
    /// So many hosts, none with a node.
    pub(crate) fn empty(hosts: usize, shards: usize, services: Services) -> Self {
        let link = Link::latency(LATENCY);
        let mut sim = Simulation::new(SimConfig { seed: 7, shards, link, ..SimConfig::default() });
        let hosts: Vec<_> = (0..hosts).map(|_| sim.add_host()).collect();
        for host in &hosts {
            sim.with(*host, |cell| {
                let notes = Notes { world: cell.world(), lines: Rc::default() };
                *cell.local().borrow_mut() = Some(Box::new(Life { node: None, scope: None, notes }));
            });
        }
        Self { sim, hosts, services }
    }

    /// So many nodes, each running the services named.
    pub(crate) fn new(hosts: usize, services: Services, names: &[&str]) -> Self {
        let mut net = Self::empty(hosts, 1, services);
        for host in 0..hosts {
            net.start(host, config(host, names)).expect("a node");
        }
        net
    }

    /// Starts a node at a host; answers what it says of its failure.
    pub(crate) fn start(&mut self, host: usize, config: NodeConfig) -> Result<(), String> {
        self.start_with(host, config, env)
    }

    pub(crate) fn start_with(
        &mut self,
        host: usize,
        config: NodeConfig,
        env: impl FnOnce() -> NodeEnv + Send + 'static,
    ) -> Result<(), String> {
        self.start_noting(host, config, |_| env())
    }

    /// As [`start_with`](Self::start_with), for surroundings that write notes.
    pub(crate) fn start_noting(
        &mut self,
        host: usize,
        config: NodeConfig,
        env: impl FnOnce(Notes) -> NodeEnv + Send + 'static,
    ) -> Result<(), String> {
        let services = self.services.clone();
        self.life(host, move |life, world| {
            let scope = world.scope();
            let start = Node::start(scope.world(), &config, &services, env(life.notes.clone()));
            let node = start.map_err(|error: NodeError| error.to_string())?;
            life.node = Some(node);
            life.scope = Some(scope);
            Ok(())
        })
    }

    fn life<R: Send + 'static>(
        &self,
        host: usize,
        act: impl FnOnce(&mut Life, World) -> R + Send + 'static,
    ) -> R {
        self.sim.with(self.hosts[host], move |cell| {
            let mut local = cell.local().borrow_mut();
            let life = local.as_mut().and_then(|any| any.downcast_mut::<Life>()).expect("put there above");
            act(life, cell.world())
        })
    }

    /// Does something with a node.
    pub(crate) fn at<R: Send + 'static>(
        &self,
        host: usize,
        act: impl FnOnce(&Rc<Node>, &Notes) -> R + Send + 'static,
    ) -> R {
        self.life(host, |life, _| act(life.node.as_ref().expect("started"), &life.notes))
    }

    /// Lets something go on with a node while time passes.
    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(
        &self,
        host: usize,
        act: impl FnOnce(Rc<Node>, Notes) -> F + Send + 'static,
    ) {
        self.life(host, |life, world| {
            world.spawn(act(Rc::clone(life.node.as_ref().expect("started")), life.notes.clone()));
        });
    }

    /// Stops a node and leaves it there.
    pub(crate) fn stop(&self, host: usize) {
        self.at(host, |node, _| node.stop());
    }

    /// Ends a node without a word.
    pub(crate) fn crash(&self, host: usize) {
        self.life(host, |life, _| drop(life.scope.take()));
    }

    /// Lets go of a node that has ended; answers whether it and its ping-pong are really gone.
    pub(crate) fn bury(&self, host: usize) -> (bool, bool) {
        self.life(host, |life, _| {
            drop(life.scope.take());
            let node = life.node.take().expect("started");
            let game = Rc::downgrade(&node.service::<PingPong>().expect("runs it"));
            let gone = Rc::downgrade(&node);
            drop(node);
            (gone.upgrade().is_none(), game.upgrade().is_none())
        })
    }

    /// Calls a method whose answer is there at once.
    pub(crate) fn call(
        &self,
        host: usize,
        method: &'static str,
        params: impl Into<Params>,
    ) -> Result<Value, RpcError> {
        let params = params.into().values().to_vec();
        self.at(host, move |node, _| node.call(method, params).now_or_never().expect("at once"))
    }

    pub(crate) fn enode(&self, host: usize) -> Value {
        self.call(host, "admin_nodeInfo", ()).expect("running")["enode"].clone()
    }

    /// Connects two nodes and waits until they are.
    pub(crate) fn connect(&mut self, from: usize, to: usize) {
        let enode = self.enode(to);
        assert_eq!(self.call(from, "admin_addPeer", [enode]), Ok(true.into()));
        self.run(1_000);
        assert_ne!(self.call(to, "admin_peers", ()), Ok(serde_json::json!([])));
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(&mut self, ms: u64) {
        self.sim.run_until(self.sim.now() + Duration::from_millis(ms)).expect("time passes");
    }

    /// What was written down at a host since the last look.
    pub(crate) fn notes(&self, host: usize) -> Vec<(u64, String)> {
        self.life(host, |life, _| life.notes.lines.take())
    }

    pub(crate) fn texts(&self, host: usize) -> Vec<String> {
        self.notes(host).into_iter().map(|(_, text)| text).collect()
    }
}
