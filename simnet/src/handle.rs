//! The one way into a network: an async handle that can be cloned, sent to other threads and held by as many as want.
//!
//! The network itself lives on a thread of its own (`driver`). Each call here becomes one job there, done between two
//! events of the simulated world and stamped with its time; those that need simulated time to pass say so, and with an
//! unbounded pace time passes only while such a call waits.

use crate::adapter::{Answer, Capabilities, RpcOut, RpcTexts};
use crate::driver::{Driver, Job, Wait};
use crate::error::NetworkError;
use crate::measure::Measurements;
use crate::record::Digest;
use crate::subscribe::Subscription;
use crate::tally::Tally;
use crate::topology::{self, Mismatch, Topology};
use crate::view::{ConnView, EventFilter, NetworkView, NodeQuery, NodeSpec, NodeView, Snapshot};
use devp2p::NodeId;
use node::RpcError;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::oneshot;
use world::Population;

/// How long a call that waits for something to happen waits at most, in simulated time.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A network, from anywhere.
#[derive(Clone, Debug)]
pub struct Handle {
    jobs: Arc<Sender<Job>>,
    /// Its calls wait through a pause.
    patient: bool,
}

/// Wakes a network whose nodes live in real time: its adapter has something new to take in. It does not keep the network
/// alive; of many nudges before the network gets to it, one counts.
#[derive(Clone, Debug)]
pub struct Nudge {
    jobs: Weak<Sender<Job>>,
    waiting: Arc<AtomicBool>,
}

impl Nudge {
    /// Wakes the network, from any thread.
    pub fn nudge(&self) {
        if self.waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(jobs) = self.jobs.upgrade() else { return };
        let waiting = Arc::clone(&self.waiting);
        // A network that has gone needs no nudge. The flag falls before the network takes in what there is.
        let _ = jobs.send(Box::new(move |_| waiting.store(false, Ordering::Release)));
    }
}

/// Whether a call answers when something was asked or when it has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// At once.
    Asked,
    /// When it has happened, or cannot.
    #[default]
    Done,
}

impl Nudge {
    pub(crate) fn new(jobs: &Arc<Sender<Job>>) -> Self {
        Self { jobs: Arc::downgrade(jobs), waiting: Arc::default() }
    }
}

impl Handle {
    pub(crate) fn new(jobs: Arc<Sender<Job>>) -> Self {
        Self { jobs, patient: false }
    }

    /// The same network for a program rather than a person: where its clock is paused, or is being paused, calls that
    /// need time to pass wait until it passes again, rather than answer [`NetworkError::ClockPaused`].
    #[must_use]
    pub fn through_pauses(&self) -> Self {
        Self { patient: true, ..self.clone() }
    }

    /// Does `act` at the network and brings back the answer.
    pub(crate) async fn ask<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Driver) -> R + Send + 'static,
    ) -> Result<R, NetworkError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |driver| {
            // Whoever asked may have gone; what was asked is done all the same.
            let _ = reply.send(act(driver));
        });
        self.jobs.send(job).map_err(|_| NetworkError::Gone)?;
        answer.await.map_err(|_| NetworkError::Gone)
    }

    /// Does `act` at the network, whenever. A network that has gone needs nothing done.
    pub(crate) fn tell(&self, act: impl FnOnce(&mut Driver) + Send + 'static) {
        let _ = self.jobs.send(Box::new(act));
    }

    /// Starts something and waits for its end.
    pub(crate) async fn ask_and_wait<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Driver) -> Result<Wait<R>, NetworkError> + Send + 'static,
    ) -> Result<R, NetworkError> {
        let (reply, answer) = oneshot::channel();
        let patient = self.patient;
        let job: Job = Box::new(move |driver| match act(driver) {
            Ok(wait) => driver.wait(wait.through_pauses_if(patient), reply),
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        });
        self.jobs.send(job).map_err(|_| NetworkError::Gone)?;
        answer.await.map_err(|_| NetworkError::Gone)?
    }

    /// What its nodes can and cannot do.
    pub async fn capabilities(&self) -> Result<Capabilities, NetworkError> {
        self.ask(|driver| driver.capabilities()).await
    }

    /// Whether so many more nodes and connections fit into memory.
    ///
    /// # Errors
    /// What they would need, and what there is.
    pub async fn check_room(&self, nodes: usize, connections: u64) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.network().check_room(nodes, connections)).await?
    }

    /// The whole network, now.
    pub async fn view(&self) -> Result<NetworkView, NetworkError> {
        self.ask_and_wait(Driver::view).await
    }

    /// Every node, now.
    pub async fn nodes(&self) -> Result<Vec<NodeView>, NetworkError> {
        self.ask_and_wait(Driver::nodes).await
    }

    /// The nodes that a query means, now.
    ///
    /// # Errors
    /// A word of it fits no node.
    pub async fn nodes_that(&self, query: NodeQuery) -> Result<Vec<NodeView>, NetworkError> {
        self.ask_and_wait(move |driver| driver.nodes_that(query)).await
    }

    /// One node, by id (64 hex digits, with or without 0x) or by name.
    pub async fn node(&self, node: &str) -> Result<NodeView, NetworkError> {
        let node = node.to_owned();
        self.ask_and_wait(move |driver| driver.node(&node)).await
    }

    /// The connections, now.
    pub async fn conns(&self) -> Result<Vec<ConnView>, NetworkError> {
        self.ask(|driver| driver.network().conns()).await
    }

    /// Creates a node.
    pub async fn create_node(&self, spec: NodeSpec) -> Result<NodeView, NetworkError> {
        self.ask(move |driver| driver.create_node(spec)).await?
    }

    /// Starts a node; its services have started when this answers.
    pub async fn start_node(&self, node: &str) -> Result<NodeView, NetworkError> {
        let node = node.to_owned();
        self.ask_and_wait(move |driver| driver.start_node(&node)).await
    }

    /// Starts these nodes; the first error ends it.
    pub async fn start_nodes(&self, nodes: Vec<NodeId>) -> Result<(), NetworkError> {
        self.ask_and_wait(move |driver| driver.start_nodes(nodes)).await
    }

    /// Stops a node.
    pub async fn stop_node(&self, node: &str) -> Result<NodeView, NetworkError> {
        let node = node.to_owned();
        self.ask_and_wait(move |driver| driver.stop_node(&node)).await
    }

    /// Ends a node where it stands, as a crash would: nothing in it is told, its peers see a reset.
    pub async fn crash_node(&self, node: &str) -> Result<NodeView, NetworkError> {
        let node = node.to_owned();
        self.ask_and_wait(move |driver| driver.crash_node(&node)).await
    }

    /// Stops a node if it is up, and forgets it; its id and name are free again.
    pub async fn remove_node(&self, node: &str) -> Result<(), NetworkError> {
        let node = node.to_owned();
        self.ask_and_wait(move |driver| driver.remove_node(&node)).await
    }

    /// Starts every node that is down, in the order of creation; the first error ends it.
    pub async fn start_all(&self) -> Result<(), NetworkError> {
        self.ask_and_wait(Driver::start_all).await
    }

    /// Stops every node that is up.
    pub async fn stop_all(&self) -> Result<(), NetworkError> {
        self.ask_and_wait(Driver::stop_all).await
    }

    /// Stops and forgets everything; ids and names are free again.
    pub async fn reset(&self) -> Result<(), NetworkError> {
        self.ask_and_wait(Driver::reset).await
    }

    /// Has `one` connect to `other`. With [`Until::Done`] it answers when both ends have the peer, or with the error.
    pub async fn connect(&self, one: &str, other: &str, until: Until) -> Result<NodeView, NetworkError> {
        let (one, other) = (one.to_owned(), other.to_owned());
        self.ask_and_wait(move |driver| driver.connect(&one, &other, until)).await
    }

    /// Connects many pairs at once and waits until all are up at both ends; the first failure is the answer.
    pub async fn connect_all(&self, pairs: Vec<(NodeId, NodeId)>) -> Result<(), NetworkError> {
        self.ask_and_wait(move |driver| driver.connect_all(pairs)).await
    }

    /// Has nodes dial others, as far as that can be: pairs that are connected, or of which one is down, are left alone.
    /// Whether they then connect is for the log to tell.
    pub async fn dial_all(&self, pairs: Vec<(NodeId, NodeId)>) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.dial_all(pairs)).await?
    }

    /// Has the connection between two nodes dropped. With [`Until::Done`] it answers when both ends have lost the peer.
    pub async fn disconnect(&self, one: &str, other: &str, until: Until) -> Result<NodeView, NetworkError> {
        let (one, other) = (one.to_owned(), other.to_owned());
        self.ask_and_wait(move |driver| driver.disconnect(&one, &other, until)).await
    }

    /// Everything needed to set the network up again. Services in `add` and `remove` change what the snapshot says of
    /// nodes that are up; the running network stays as it is.
    pub async fn snapshot(&self, add: Vec<String>, remove: Vec<String>) -> Result<Snapshot, NetworkError> {
        self.ask_and_wait(move |driver| Ok(driver.snapshot(&add, &remove))).await
    }

    /// Sets a snapshot up: creates and starts its nodes, connects them, waits for the connections. It is checked whole
    /// before anything of it is done.
    pub async fn load(&self, snapshot: Snapshot) -> Result<(), NetworkError> {
        self.ask_and_wait(move |driver| driver.load(snapshot)).await
    }

    /// Calls a method of a node's RPC.
    pub async fn call(&self, node: &str, method: &str, params: Vec<Value>) -> Result<Value, CallError> {
        let (node, method) = (node.to_owned(), method.to_owned());
        Ok(self.ask_and_wait(move |driver| driver.call(&node, method, params)).await??)
    }

    /// The same without waiting: the answer comes when it does.
    pub(crate) async fn begin_call(
        &self,
        node: NodeId,
        method: String,
        params: Vec<Value>,
    ) -> Result<Answer, NetworkError> {
        self.ask(move |driver| driver.ask_call(node, method, params)).await?
    }

    /// Opens a JSON-RPC conversation with a node that is up, subscriptions included.
    pub async fn rpc(&self, node: &str) -> Result<RpcLine, NetworkError> {
        let node = node.to_owned();
        let (out, texts) = RpcOut::channel();
        let key = self.ask(move |driver| driver.open_rpc(&node, out)).await??;
        Ok(RpcLine { key, handle: self.clone(), texts })
    }

    /// What happens from now on. With `current`, the nodes and the connections that are up come first, as events.
    pub async fn subscribe(&self, filter: EventFilter, current: bool) -> Result<Subscription, NetworkError> {
        self.ask(move |driver| driver.subscribe(filter, current)).await
    }

    /// The digest of the log so far.
    pub async fn digest(&self) -> Result<Digest, NetworkError> {
        self.ask(|driver| driver.network().digest()).await
    }

    /// The counts so far.
    pub async fn tally(&self) -> Result<Tally, NetworkError> {
        self.ask_and_wait(Driver::tally).await
    }

    /// What was measured so far. Measuring begins with [`NetworkConfig::measure`](crate::NetworkConfig::measure), or with
    /// the first who asks; the log and its digest do not depend on it.
    pub async fn measurements(&self) -> Result<Measurements, NetworkError> {
        self.ask_and_wait(Driver::measurements).await
    }

    /// Tasks and connections that are alive in nodes.
    pub async fn population(&self) -> Result<Population, NetworkError> {
        self.ask(|driver| driver.network().adapter().population()).await
    }

    /// Writes the outcome of an expectation into the log.
    pub async fn expectation(&self, name: String, passed: bool, detail: String) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.expectation(name, passed, detail)).await?
    }

    /// The pairs of a topology over all nodes, in the order of their creation, who dials first. Random shapes draw from
    /// a stream of their own.
    pub async fn edges(&self, topology: Topology) -> Result<Vec<(NodeId, NodeId)>, NetworkError> {
        self.ask(move |driver| driver.edges(topology)).await?
    }

    /// Builds a topology over the nodes that are up, in the order of their creation, and waits until it is there. Pairs
    /// that are connected stay as they are, and other connections too. Random shapes follow from the nodes: the same ones
    /// have the same shape. Answers how many pairs it has.
    pub async fn build(&self, topology: Topology) -> Result<usize, NetworkError> {
        self.ask_and_wait(move |driver| driver.build(topology)).await
    }

    /// The same with pairs that somebody wrote down, by name or id; who comes first dials.
    pub async fn build_pairs(&self, pairs: Vec<(String, String)>) -> Result<usize, NetworkError> {
        self.ask_and_wait(move |driver| driver.build_pairs(pairs)).await
    }

    /// Do all nodes have exactly the connections `pairs` among each other, up at both ends?
    pub async fn verify(&self, pairs: Vec<(NodeId, NodeId)>) -> Result<Result<(), Mismatch>, NetworkError> {
        self.ask(move |driver| topology::verify(driver.network().state(), &pairs)).await
    }

    /// Stops every node, closes the log and ends the network's thread. Answers the digest of the whole log.
    pub async fn shut_down(&self) -> Result<Digest, NetworkError> {
        self.ask(Driver::shut_down).await?
    }
}

/// Why a call to a node's RPC brought no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// It never reached the node.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The node answered with an error.
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

/// A JSON-RPC conversation with one node: texts in, texts out. Dropping it hangs up.
#[derive(Debug)]
pub struct RpcLine {
    key: u64,
    handle: Handle,
    texts: RpcTexts,
}

impl RpcLine {
    /// Says one JSON-RPC message, or a batch of them.
    pub async fn send(&self, text: String) -> Result<(), NetworkError> {
        let key = self.key;
        self.handle.ask(move |driver| driver.rpc_text(key, text)).await?
    }

    /// What the node says next; `None` when it has hung up.
    pub async fn recv(&mut self) -> Option<String> {
        let text = self.texts.recv().await;
        if self.texts.has_room_again() {
            let key = self.key;
            self.handle.tell(move |driver| driver.flush_rpc(key));
        }
        text
    }
}

impl Drop for RpcLine {
    fn drop(&mut self) {
        let key = self.key;
        // If the network has gone, so has the line.
        let _ = self.handle.jobs.send(Box::new(move |driver| driver.close_rpc(key)));
    }
}
