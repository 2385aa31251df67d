//! One node: its server, its services, its RPC, started and stopped together.

mod error;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use devp2p::{NodeId, Observer, Server};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use world::{Entropy, Scope, World};

use crate::config::{NodeConfig, NodeEnv};
use crate::data_dir::DataDir;
use crate::rpc::client::{Client, Directory};
use crate::rpc::error::RpcError;
use crate::rpc::feed::Feed;
use crate::rpc::methods::{Called, Methods};
use crate::rpc::params::Params;
use crate::rpc::serve;
use crate::rpc::session::{Line, Out, Pushed, RpcSession};
use crate::rpc::view::{NodeInfo, PeerInfo, Ports};
use crate::service::{Service, ServiceContext};
use crate::services::Services;

pub use error::NodeError;

/// A running node. Once stopped it is over: the next life is a new one, with new services.
///
/// Everything it opens and spawns belongs to the scope of the world it was started in. Killing that scope is how a
/// node crashes; [`stop`](Self::stop) is how it leaves.
pub struct Node {
    id: NodeId,
    client: String,
    world: World,
    server: Server,
    services: Running,
    methods: Methods,
    feed: Rc<Feed>,
    directory: Directory,
    data_dir: DataDir,
    rpc: Rpc,
}

/// Services by name, in the order of their start.
type Running = Vec<(String, Rc<dyn Service>)>;

/// What is open of a node's RPC.
struct Rpc {
    running: Cell<bool>,
    /// Holds the port and the tasks of the callers.
    scope: RefCell<Option<Scope>>,
    local: Cell<Option<SocketAddr>>,
    sessions: RefCell<Vec<Weak<Line>>>,
    ids: RefCell<Option<Box<Entropy>>>,
}

impl Node {
    /// Makes the services, starts the server with their protocols, serves the RPC, starts the services.
    ///
    /// # Errors
    /// A service is unknown, comes twice or fails; a port is taken. Nothing is left running then.
    pub fn start(
        world: &World,
        config: &NodeConfig,
        services: &Services,
        env: NodeEnv,
    ) -> Result<Rc<Self>, NodeError> {
        let services = make(world, config, services, &env)?;
        let mut methods = Methods::default();
        services.iter().for_each(|(_, service)| service.methods(&mut methods));
        let methods = methods.checked()?;
        let protocols = services.iter().flat_map(|(_, service)| service.protocols()).collect();
        let feed = Rc::new(Feed::new(env.observer, config.enable_msg_events));
        let mut server = devp2p::Config::new(config.key.clone());
        server.client = env.client.clone();
        server.max_peers = env.max_peers;
        server.listen = Some(config.port);
        server.fidelity = env.fidelity;
        server.timing = env.timing;
        let server = Server::start(world, server, protocols, Rc::clone(&feed) as Rc<dyn Observer>)?;
        feed.set_listen(server.enode().socket_addr());
        let node = Rc::new(Self {
            id: config.id,
            client: env.client,
            world: world.clone(),
            server,
            services,
            methods,
            feed,
            directory: env.directory,
            data_dir: env.data_dir,
            rpc: Rpc {
                running: Cell::new(true),
                scope: RefCell::new(Some(world.scope())),
                local: Cell::new(None),
                sessions: RefCell::default(),
                ids: RefCell::default(),
            },
        });
        node.open(env.rpc_port)?;
        Ok(node)
    }

    fn open(self: &Rc<Self>, rpc_port: Option<u16>) -> Result<(), NodeError> {
        if let Some(port) = rpc_port {
            match serve::listen(self, &self.rpc_world(), port) {
                Ok(local) => self.rpc.local.set(Some(local)),
                Err(error) => {
                    self.end(0);
                    return Err(error.into());
                }
            }
        }
        for (started, (name, service)) in self.services.iter().enumerate() {
            if let Err(error) = service.start(self) {
                self.end(started);
                return Err(NodeError::start(name, error));
            }
        }
        tracing::debug!(target: "node", id = %self.id.short(), services = self.services.len(), "Started node");
        Ok(())
    }

    /// Closes the RPC, stops the services in reverse order, then parts from the peers. Stopping twice is stopping once.
    pub fn stop(&self) {
        if self.rpc.running.get() {
            self.end(self.services.len());
            tracing::debug!(target: "node", id = %self.id.short(), "Stopped node");
        }
    }

    /// Stops what runs: the first `started` services.
    fn end(&self, started: usize) {
        self.rpc.running.set(false);
        for session in self.rpc.sessions.take().iter().filter_map(Weak::upgrade) {
            session.close();
        }
        self.feed.close();
        self.rpc.local.set(None);
        drop(self.rpc.scope.take());
        for (_, service) in self.services[..started].iter().rev() {
            service.stop();
        }
        self.server.stop();
    }

    /// Whether it runs: it has not been stopped.
    pub fn is_running(&self) -> bool {
        self.rpc.running.get()
    }

    /// Who it is.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its p2p stack.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The world it runs in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What it says about itself, as `admin_nodeInfo` does.
    pub fn info(&self) -> NodeInfo {
        let enode = self.server.enode();
        let listen = enode.socket_addr();
        NodeInfo {
            id: self.id.to_string(),
            name: self.client.clone(),
            enode: enode.to_string(),
            enr: self.server.record().to_string(),
            ip: enode.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            ports: Ports { discovery: enode.udp, listener: enode.tcp },
            listen_addr: listen.map(|addr| addr.to_string()).unwrap_or_default(),
            protocols: self.server.protocols_info(),
        }
    }

    /// What it says about its peers, by id, as `admin_peers` does.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.server.peers().into_iter().map(PeerInfo::from).collect()
    }

    /// One of its services, by what it is.
    pub fn service<S: Service>(&self) -> Option<Rc<S>> {
        self.services.iter().find_map(|(_, service)| {
            let any: Rc<dyn std::any::Any> = Rc::clone(service) as _;
            any.downcast().ok()
        })
    }

    /// What its services want to find in their next life, by name.
    ///
    /// # Errors
    /// A service failed; there is no snapshot without it.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Bytes>, NodeError> {
        let mut saved = BTreeMap::new();
        for (name, service) in &self.services {
            if let Some(bytes) = service.snapshot().map_err(|error| NodeError::snapshot(name, error))? {
                saved.insert(name.clone(), bytes.into());
            }
        }
        Ok(saved)
    }
}

/// Calling it.
impl Node {
    /// Calls a method of its RPC. Most answers are there at once; none waits for anything but the node itself.
    ///
    /// # Errors
    /// No such method, wrong parameters, the method's own error, or the node has stopped.
    pub fn call(
        self: &Rc<Self>,
        method: &str,
        params: impl Into<Params>,
    ) -> LocalBoxFuture<'static, Result<Value, RpcError>> {
        let called = self.call_json(method, params.into());
        async move {
            let json = called.answer().await?;
            Ok(serde_json::from_str(json.get()).expect("checked JSON"))
        }
        .boxed_local()
    }

    /// Opens a session of JSON-RPC: texts go in through [`RpcSession::handle`] and come out through `out`, which
    /// answers false once the other side is gone. The session's end, whoever asks for it, drops `out`.
    pub fn session(self: &Rc<Self>, mut out: impl FnMut(String) -> bool + 'static) -> RpcSession {
        self.session_bounded(move |text| if out(text) { Pushed::Taken } else { Pushed::Gone })
    }

    /// As [`session`](Self::session), with an `out` that may have no room: what waits then waits in the session, where
    /// a subscription may have so much waiting and no more.
    pub fn session_bounded(self: &Rc<Self>, out: impl FnMut(String) -> Pushed + 'static) -> RpcSession {
        self.open_session(Some(Box::new(out)))
    }

    /// Opens a session of JSON-RPC whose texts are pulled with [`RpcSession::next`].
    pub fn session_pulled(self: &Rc<Self>) -> RpcSession {
        self.open_session(None)
    }

    fn open_session(self: &Rc<Self>, out: Option<Out>) -> RpcSession {
        let session = RpcSession::open(self, self.rpc_world(), out);
        if self.is_running() {
            let mut sessions = self.rpc.sessions.borrow_mut();
            sessions.retain(|known| known.upgrade().is_some_and(|line| line.is_open()));
            sessions.push(Rc::downgrade(session.line()));
        } else {
            session.close();
        }
        session
    }

    /// A typed client of this node, in memory.
    pub fn client(self: &Rc<Self>) -> Client {
        Client::local(self)
    }

    /// A typed client of another node; its calls cross the world, and end when this node stops.
    pub fn client_of(&self, id: NodeId) -> Client {
        self.directory.client(&self.rpc_world(), id)
    }

    /// Where its services keep files, if any does.
    pub fn data_dir(&self) -> Option<&Path> {
        self.data_dir.path()
    }

    /// Where other nodes reach its RPC.
    pub fn rpc_addr(&self) -> Option<SocketAddr> {
        self.rpc.local.get()
    }

    pub(crate) fn call_json(self: &Rc<Self>, method: &str, params: Params) -> Called {
        if self.is_running() {
            self.methods.call(self, method, params)
        } else {
            Called::Now(Err(RpcError::not_running()))
        }
    }

    pub(crate) fn methods(&self) -> &Methods {
        &self.methods
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(crate) fn client_name(&self) -> &str {
        &self.client
    }

    /// An id that no subscription had before: hex without leading zeros, as geth writes numbers.
    pub(crate) fn subscription_id(&self) -> String {
        let mut ids = self.rpc.ids.borrow_mut();
        let ids = ids.get_or_insert_with(|| Box::new(self.world.entropy("rpc subscriptions")));
        format!("{:#x}", u128::from(ids.next_u64()) << 64 | u128::from(ids.next_u64()))
    }

    /// The world as the RPC's own scope has it; once that is closed, the node's.
    fn rpc_world(&self) -> World {
        self.rpc.scope.borrow().as_ref().map_or_else(|| self.world.clone(), |scope| scope.world().clone())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.id)
            .field("running", &self.rpc.running)
            .field("services", &self.services.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Makes the services of a configuration, in its order.
fn make(
    world: &World,
    config: &NodeConfig,
    services: &Services,
    env: &NodeEnv,
) -> Result<Running, NodeError> {
    if config.services.is_empty() {
        return Err(NodeError::NoService);
    }
    let mut names = BTreeSet::new();
    for name in &config.services {
        if !services.contains(name) {
            return Err(NodeError::UnknownService(name.clone()));
        }
        if !names.insert(name) {
            return Err(NodeError::DuplicateService(name.clone()));
        }
    }
    let no_settings = Value::Object(Map::new());
    let make = |name: &String| {
        let context = ServiceContext {
            name,
            config,
            snapshot: env.snapshots.get(name).cloned(),
            world,
            nodes: env.directory.clone(),
            settings: config.settings.get(name).unwrap_or(&no_settings),
            data_dir: &env.data_dir,
        };
        let init = services.init(name).expect("contained");
        let service = init(&context).map_err(|error| NodeError::make(name, error))?;
        Ok((name.clone(), service))
    };
    config.services.iter().map(make).collect()
}
