//! Calling a node: one's own in memory, or another one across the world.
//!
//! A call to another node goes to the address its [`Directory`] tells at that moment, over one stream per client that
//! is dialled anew when it has broken. It waits for as long as the link makes it wait: who wants a bound puts the call
//! beside a sleep.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use devp2p::NodeId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::io::split;
use tokio::sync::{Mutex, mpsc, oneshot};
use world::stream::Stream;
use world::{DialError, World};

use super::error::RpcError;
use super::params::Params;
use super::serve::{Lines, write_line};
use super::view::{NodeInfo, PeerInfo};
use crate::node::Node;

/// Where the RPC of other nodes is reached, asked at each call.
#[derive(Clone)]
pub struct Directory(Rc<dyn Fn(NodeId) -> Option<SocketAddr>>);

impl Directory {
    /// A directory that asks `find`; none: there is no such node, or it does not run.
    pub fn new(find: impl Fn(NodeId) -> Option<SocketAddr> + 'static) -> Self {
        Self(Rc::new(find))
    }

    /// Where to reach a node.
    pub fn find(&self, id: NodeId) -> Option<SocketAddr> {
        (self.0)(id)
    }

    /// A client of another node, calling from `world`.
    pub fn client(&self, world: &World, id: NodeId) -> Client {
        let remote =
            Remote { id, directory: self.clone(), world: world.clone(), connection: Mutex::new(None) };
        Client(Way::Remote(Rc::new(remote)))
    }
}

/// A directory of nobody.
impl Default for Directory {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory(..)")
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The node answered with an error.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The directory knows no such node, or it does not run.
    #[error("unknown node: {0}")]
    UnknownNode(NodeId),
    /// The node has stopped and is gone.
    #[error("node not started")]
    NotRunning,
    /// The node could not be reached.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection ended before the answer came.
    #[error("connection to node {id} closed before {method} was answered")]
    Closed {
        /// Who was called.
        id: NodeId,
        /// What was called.
        method: String,
    },
    /// The result is not what was expected.
    #[error("result of {method}: {error}")]
    Result {
        /// What was called.
        method: String,
        /// What does not fit.
        error: String,
    },
}

/// Calls the RPC of one node. Clones share their connection.
#[derive(Clone, Debug)]
pub struct Client(Way);

#[derive(Clone, Debug)]
enum Way {
    Local(Weak<Node>),
    Remote(Rc<Remote>),
}

impl Client {
    pub(crate) fn local(node: &Rc<Node>) -> Self {
        Self(Way::Local(Rc::downgrade(node)))
    }

    /// Calls a method: `client.call::<usize>("gossip_seen", ())`.
    ///
    /// # Errors
    /// The node's own error, or why none came.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Into<Params>,
    ) -> Result<T, ClientError> {
        let json = self.call_json(method, params.into()).await?;
        serde_json::from_str(json.get())
            .map_err(|error| ClientError::Result { method: method.to_owned(), error: error.to_string() })
    }

    async fn call_json(&self, method: &str, params: Params) -> Result<Box<RawValue>, ClientError> {
        match &self.0 {
            Way::Local(node) => {
                let called = node.upgrade().ok_or(ClientError::NotRunning)?.call_json(method, params);
                Ok(called.answer().await?)
            }
            Way::Remote(remote) => remote.call(method, params).await,
        }
    }

    /// Has the node connect to another one, and again whenever they part.
    ///
    /// # Errors
    /// `url` is no address, or one that cannot be dialled; see [`call`](Self::call).
    pub async fn add_peer(&self, url: &str) -> Result<(), ClientError> {
        self.call::<bool>("admin_addPeer", [url.into()]).await.map(|_| ())
    }

    /// Has the node part from another one, and waits until it has.
    ///
    /// # Errors
    /// As [`add_peer`](Self::add_peer).
    pub async fn remove_peer(&self, url: &str) -> Result<(), ClientError> {
        self.call::<bool>("admin_removePeer", [url.into()]).await.map(|_| ())
    }

    /// The peers of the node, by id.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub async fn peers(&self) -> Result<Vec<PeerInfo>, ClientError> {
        self.call("admin_peers", ()).await
    }

    /// What the node says about itself.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub async fn node_info(&self) -> Result<NodeInfo, ClientError> {
        self.call("admin_nodeInfo", ()).await
    }
}

/// Another node.
struct Remote {
    id: NodeId,
    directory: Directory,
    world: World,
    /// Locked while it is dialled, so that calls made meanwhile share it.
    connection: Mutex<Option<Connection>>,
}

impl Remote {
    async fn call(&self, method: &str, params: Params) -> Result<Box<RawValue>, ClientError> {
        let answer = self.ask(method, &params).await?.await;
        match answer {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(ClientError::Closed { id: self.id, method: method.to_owned() }),
        }
    }

    async fn ask(&self, method: &str, params: &Params) -> Result<oneshot::Receiver<Answered>, ClientError> {
        let mut connection = self.connection.lock().await;
        let to = self.directory.find(self.id).ok_or(ClientError::UnknownNode(self.id))?;
        if !connection.as_ref().is_some_and(|known| known.to == to && known.pending.open.get()) {
            *connection = Some(Connection::open(&self.world, to).await?);
        }
        Ok(connection.as_ref().expect("just opened").ask(method, params))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("id", &self.id).finish_non_exhaustive()
    }
}

type Answered = Result<Box<RawValue>, RpcError>;

/// A stream to a node, with calls under way. Dropping it ends the tasks that read and write.
struct Connection {
    to: SocketAddr,
    requests: mpsc::UnboundedSender<String>,
    pending: Rc<Pending>,
    _life: oneshot::Sender<()>,
}

struct Pending {
    open: Cell<bool>,
    next: Cell<u64>,
    calls: RefCell<BTreeMap<u64, oneshot::Sender<Answered>>>,
}

impl Connection {
    async fn open(world: &World, to: SocketAddr) -> Result<Self, DialError> {
        let (read, mut write) = split(Stream::connect(world, to).await?);
        let (requests, mut outgoing) = mpsc::unbounded_channel();
        let (life, mut over) = oneshot::channel::<()>();
        let pending =
            Rc::new(Pending { open: Cell::new(true), next: Cell::new(1), calls: RefCell::default() });
        world.spawn(async move {
            while let Some(text) = outgoing.recv().await {
                if write_line(&mut write, text).await.is_err() {
                    return; // the reader finds out, too
                }
            }
        });
        let answers = Rc::clone(&pending);
        world.spawn(async move {
            let mut lines = Lines::new(read);
            loop {
                let line = tokio::select! {
                    biased;
                    _ = &mut over => None,
                    line = lines.next() => line,
                };
                let Some(line) = line else { break };
                answers.take(&line);
            }
            answers.close();
        });
        Ok(Self { to, requests, pending, _life: life })
    }

    fn ask(&self, method: &str, params: &Params) -> oneshot::Receiver<Answered> {
        let id = self.pending.next.get();
        self.pending.next.set(id + 1);
        let request =
            serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params.values()});
        let (answer, answered) = oneshot::channel();
        if self.requests.send(request.to_string()).is_ok() {
            self.pending.calls.borrow_mut().insert(id, answer);
        }
        answered
    }
}

#[derive(Deserialize)]
struct Reply {
    id: u64,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<RpcError>,
}

impl Pending {
    /// Hands an answer to whoever waits for it; what is none is passed over.
    fn take(&self, line: &str) {
        let Ok(reply) = serde_json::from_str::<Reply>(line) else { return };
        let Some(call) = self.calls.borrow_mut().remove(&reply.id) else { return };
        let answer = match reply.error {
            Some(error) => Err(error),
            // Serde takes a result of null for none.
            None => Ok(reply.result.unwrap_or_else(|| RawValue::NULL.to_owned())),
        };
        // Who has given up waiting needs no answer.
        let _ = call.send(answer);
    }

    fn close(&self) {
        self.open.set(false);
        drop(self.calls.take());
    }
}
