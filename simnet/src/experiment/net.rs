//! A network that is up, in a test's hands.

use super::bucket::Buckets;
use super::error::{TestError, TestResult};
use super::node::Node;
use super::peer_events::{PeerEventFilter, PeerEvents};
use super::sim::LOOK_EVERY;
use super::span::Span;
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::state::State;
use crate::view::{NodeSpec, Snapshot};
use devp2p::NodeId;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use world::Entropy;

/// A network that is up. Clones are the same network.
///
/// Nodes keep the order of their creation. Time passes only in calls that say so, and in those that wait for something
/// to happen.
#[derive(Clone, Debug)]
pub struct Net(pub(super) Rc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) handle: Handle,
    /// What nodes are made from unless said otherwise.
    spec: NodeSpec,
    pub(super) buckets: Buckets,
    pub(super) entropy: RefCell<Entropy>,
    nodes: RefCell<Vec<(NodeId, Rc<str>)>>,
}

impl Net {
    pub(super) fn new(handle: Handle, spec: NodeSpec, buckets: Buckets, entropy: Entropy) -> Self {
        let (entropy, nodes) = (RefCell::new(entropy), RefCell::default());
        Self(Rc::new(Inner { handle, spec, buckets, entropy, nodes }))
    }

    /// The handle to it: everything that is not offered here.
    pub fn handle(&self) -> &Handle {
        &self.0.handle
    }

    // --- its nodes -----------------------------------------------------------------------------------------------

    /// How many nodes there are, up or down.
    pub fn len(&self) -> usize {
        self.0.nodes.borrow().len()
    }

    /// No nodes at all?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The node at a place in the order of creation, from 0.
    ///
    /// # Panics
    /// There are not so many.
    pub fn node(&self, index: usize) -> Node {
        let nodes = self.0.nodes.borrow();
        let (id, name) =
            nodes.get(index).unwrap_or_else(|| panic!("there is no node {index} of {}", nodes.len()));
        Node::new(self.clone(), *id, Rc::clone(name))
    }

    /// All nodes, up or down.
    pub fn nodes(&self) -> Vec<Node> {
        (0..self.len()).map(|index| self.node(index)).collect()
    }

    /// The first half of the nodes, the smaller one if they are odd.
    pub fn half(&self) -> Vec<Node> {
        (0..self.len() / 2).map(|index| self.node(index)).collect()
    }

    /// All nodes that are not in [`half`](Self::half).
    pub fn other_half(&self) -> Vec<Node> {
        (self.len() / 2..self.len()).map(|index| self.node(index)).collect()
    }

    /// The nodes that are up.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn up_nodes(&self) -> TestResult<Vec<Node>> {
        self.nodes_being(true).await
    }

    /// The nodes that are down.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn down_nodes(&self) -> TestResult<Vec<Node>> {
        self.nodes_being(false).await
    }

    async fn nodes_being(&self, are_up: bool) -> TestResult<Vec<Node>> {
        let which = move |state: &State| -> BTreeSet<NodeId> {
            state.nodes().iter().filter(|node| node.up == are_up).map(|node| node.id).collect()
        };
        let which = self.handle().read(which).await?;
        Ok(self.nodes().into_iter().filter(|node| which.contains(&node.id())).collect())
    }

    /// Creates nodes like those the network began with, and starts them.
    ///
    /// # Errors
    /// The first that could not be created or started.
    pub async fn add(&self, count: usize) -> TestResult<Vec<Node>> {
        self.add_like(count, &self.0.spec.clone()).await
    }

    /// Creates nodes from `spec`, and starts them. Without services they run those of the network.
    ///
    /// # Errors
    /// The first that could not be created or started; a name can be given to one node only.
    pub async fn add_like(&self, count: usize, spec: &NodeSpec) -> TestResult<Vec<Node>> {
        let mut spec = spec.clone();
        if spec.services.is_empty() {
            spec.services = self.0.spec.services.clone();
        }
        let first = self.len();
        for _ in 0..count {
            let config = self.handle().create_node(spec.clone()).await?.config;
            self.handle().start_node(&config.id.to_string()).await?;
            self.0.nodes.borrow_mut().push((config.id, config.name.into()));
        }
        Ok((first..self.len()).map(|index| self.node(index)).collect())
    }

    /// Starts every node that is down.
    ///
    /// # Errors
    /// The first that could not be started.
    pub async fn start_all(&self) -> TestResult {
        Ok(self.handle().start_all().await?)
    }

    /// Stops every node that is up.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn stop_all(&self) -> TestResult {
        Ok(self.handle().stop_all().await?)
    }

    /// Sets a snapshot up beside what is there, and waits until each of its connections is seen by both ends. Its nodes
    /// run the network's own services, whatever they ran then, and show their messages.
    ///
    /// # Errors
    /// It makes no sense, or did not come to be.
    pub async fn load(&self, mut snapshot: Snapshot) -> TestResult<Vec<Node>> {
        for node in &mut snapshot.nodes {
            if !self.0.spec.services.is_empty() {
                node.spec.services = self.0.spec.services.clone();
                node.services.retain(|name, _| self.0.spec.services.contains(name));
            }
            node.spec.enable_msg_events = Some(true);
        }
        let first = self.len();
        self.handle().load(snapshot.clone()).await?;
        let known = |state: &State| -> Vec<_> {
            state.nodes().iter().map(|node| (node.id, node.name.clone())).collect()
        };
        let known = self.handle().read(known).await?;
        let known = known.into_iter().map(|(id, name)| (id, name.into()));
        *self.0.nodes.borrow_mut() = known.collect();
        self.handle().until_restored(&snapshot, crate::PATIENCE).await?;
        Ok((first..self.len()).map(|index| self.node(index)).collect())
    }

    /// What all nodes that have it keep in their buckets under a key.
    pub fn items<T: Any + Send + Sync>(&self, key: &str) -> Vec<(Node, Arc<T>)> {
        items(self.nodes(), key)
    }

    /// The same of those that are up.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn up_items<T: Any + Send + Sync>(&self, key: &str) -> TestResult<Vec<(Node, Arc<T>)>> {
        Ok(items(self.up_nodes().await?, key))
    }

    // --- its time ------------------------------------------------------------------------------------------------

    /// Simulated time since it began.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn now(&self) -> TestResult<Duration> {
        Ok(self.handle().now().await?)
    }

    /// Lets time pass in this network.
    ///
    /// # Errors
    /// A text that is no length of time; the network has gone.
    pub async fn advance(&self, by: impl Span) -> TestResult {
        Ok(self.handle().advance(by.span()?).await?)
    }

    /// How much simulated time something takes, and what comes of it.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn timed<T>(&self, act: impl Future<Output = T>) -> TestResult<(Duration, T)> {
        let began = self.now().await?;
        let outcome = act.await;
        Ok((self.now().await? - began, outcome))
    }

    /// Waits until `holds` is true of every node that is up, of all at one moment. They are asked every 100 ms of
    /// simulated time.
    ///
    /// # Errors
    /// It did not happen in time; the text names the first of those that it is not true of.
    pub async fn eventually(
        &self,
        within: impl Span,
        mut holds: impl AsyncFnMut(&Node) -> bool,
    ) -> TestResult {
        let within = within.span()?;
        let deadline = self.now().await?.saturating_add(within);
        let mut late: Vec<Node> = Vec::new();
        loop {
            // Those that it was not true of last time are asked first; the others only when these say yes.
            if self.falsifier(&mut late, &mut holds).await?.is_none() {
                late = self.up_nodes().await?;
                let of = late.len();
                if self.falsifier(&mut late, &mut holds).await?.is_none() {
                    return Ok(());
                }
                tracing::trace!(target: "simnet", late = late.len(), of, "not all nodes agree");
            }
            let left = deadline.saturating_sub(self.now().await?);
            if left.is_zero() {
                return Err(self.not_all(&late, within).await?.into());
            }
            self.handle().advance(left.min(LOOK_EVERY)).await?;
        }
    }

    /// Drops from `nodes` those that `holds` is true of, and answers one that it is not true of. Nodes that went down
    /// meanwhile do not count.
    async fn falsifier(
        &self,
        nodes: &mut Vec<Node>,
        holds: &mut impl AsyncFnMut(&Node) -> bool,
    ) -> TestResult<Option<NodeId>> {
        let mut against = Vec::new();
        for node in nodes.drain(..) {
            if node.is_up().await? && !holds(&node).await {
                against.push(node);
            }
        }
        *nodes = against;
        Ok(nodes.first().map(Node::id))
    }

    async fn not_all(&self, late: &[Node], after: Duration) -> Result<NetworkError, NetworkError> {
        let names: Vec<String> = late.iter().map(|node| node.name().to_owned()).collect();
        let what = format!(
            "what was expected of every node (it is not true of {} of {}: {})",
            late.len(),
            self.len(),
            crate::wait::some_of(&names)
        );
        Ok(NetworkError::TimedOut { what, after, simulated: self.handle().has_virtual_time().await? })
    }

    /// Waits until the state of the network is such that `holds` says so; looked at whenever anything happened.
    ///
    /// # Errors
    /// `what` did not happen in time.
    pub async fn until(
        &self,
        what: &str,
        within: impl Span,
        holds: impl FnMut(&State) -> bool + Send + 'static,
    ) -> TestResult {
        Ok(self.handle().until(what, within.span()?, holds).await?)
    }

    /// Waits until each node that is up has at least so many peers.
    ///
    /// # Errors
    /// It did not happen in time; the text names the first that have fewer.
    pub async fn until_each_has_peers(&self, peers: usize, within: impl Span) -> TestResult {
        Ok(self.handle().until_each_has_peers(peers, within.span()?).await?)
    }

    /// What happens from now on to the peers of `nodes`, as far as one of `filters` lets it pass; without any, all of
    /// it does. The subscription stands when this answers.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn peer_events(
        &self,
        nodes: &[Node],
        filters: impl IntoIterator<Item = PeerEventFilter>,
    ) -> TestResult<PeerEvents> {
        PeerEvents::open(self, nodes, filters.into_iter().collect()).await
    }

    /// An error that names what was asked of the network.
    pub(super) fn refuse<T>(&self, why: impl std::fmt::Display) -> TestResult<T> {
        Err(TestError::new(why))
    }
}

fn items<T: Any + Send + Sync>(nodes: Vec<Node>, key: &str) -> Vec<(Node, Arc<T>)> {
    let kept = nodes.into_iter().map(|node| (node.bucket().item(key), node));
    kept.filter_map(|(item, node)| Some((node, item?))).collect()
}
