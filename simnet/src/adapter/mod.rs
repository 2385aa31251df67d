//! How nodes are brought to life: the interface every way of doing so has in common.
//!
//! A [`NodeAdapter`] creates, starts and stops nodes, asks them to connect, and carries calls to their RPC. It also owns
//! their time: it is told how far the clock may go, and hands over the records of what happened until then. The
//! [`Network`](crate::network::Network) above it keeps names, state and the log, and never sees a node.
//!
//! A network has one adapter. [`MixedAdapter`] is one that holds others, for nodes of several kinds in one network.
//!
//! Nothing here blocks. An adapter whose nodes take their time answers with a [`Reply`] that comes later, and nudges the
//! network ([`Nudge`](crate::Nudge)) whenever [`run_until`](NodeAdapter::run_until) would find something new.

pub mod base;
mod line;
mod mixed;
mod reply;
mod sim;
mod tap;

pub use line::{RpcOut, RpcTexts};
pub use mixed::MixedAdapter;
pub use reply::Reply;
pub(crate) use sim::NODE_STOPPED;
pub use sim::{SimAdapter, SimSettings};
pub use tap::Tap;

use crate::condition::Condition;
use crate::measure::Traffic;
use crate::record::{Chain, Origin, Record};
use crate::tally::NodeCounts;
use bytes::Bytes;
use devp2p::{Enode, NodeId};
use node::{NodeConfig, NodeInfo, RpcError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use world::sim::{Link, Livelock, Seen};

/// What an adapter can and cannot do. What holds on one holds on all, but for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Time is simulated: it can be paused, paced, and run ahead of the wall's.
    pub virtual_time: bool,
    /// One seed gives one log.
    pub deterministic: bool,
    /// Links between nodes have conditions that can be set.
    pub links: bool,
    /// Every message is seen, whoever listens.
    pub message_tap: bool,
}

/// The kind of network nodes are on. Those on the same one can connect; others cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fabric {
    /// In memory, simulated.
    Simulated,
    /// The kernel's TCP and UDP.
    Kernel,
}

impl fmt::Display for Fabric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simulated => "in memory",
            Self::Kernel => "on the kernel's network",
        })
    }
}

/// A kind of nodes that an adapter makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeKind {
    /// How a node's configuration names it, as in `sim`.
    pub name: &'static str,
    /// What its nodes are on.
    pub fabric: Fabric,
}

/// A node, as its adapter counts: in the order of creation, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeIndex(pub u32);

/// A call's answer, when it comes.
pub type Answer = oneshot::Receiver<Result<Value, RpcError>>;

/// A way of bringing nodes to life.
pub trait NodeAdapter {
    /// Its name, as in `sim-adapter`.
    fn name(&self) -> &'static str;
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// The kinds of nodes it makes, at least one; the first where a configuration names none.
    fn kinds(&self) -> Vec<NodeKind>;
    /// The names of the services its nodes can run.
    fn services(&self) -> Vec<String>;

    /// Prepares a node of one of its kinds; it does not run yet.
    fn create(&mut self, config: &NodeConfig, kind: NodeKind) -> NodeIndex;
    /// Starts a node with its services' saved state. Its record is there when the reply is.
    fn start(&mut self, node: NodeIndex, snapshots: BTreeMap<String, Bytes>) -> Reply<()>;
    /// Starts nodes without saved state, all at once where that can be. Replies in the order given.
    fn start_each(&mut self, nodes: Vec<NodeIndex>) -> Vec<Reply<()>> {
        nodes.into_iter().map(|node| self.start(node, BTreeMap::new())).collect()
    }
    /// Stops a node: its peers are told, its services stop. Its record is there when the reply is.
    fn stop(&mut self, node: NodeIndex) -> Reply<()>;
    /// Stops nodes, all at once where that can be. Replies in the order given.
    fn stop_each(&mut self, nodes: Vec<NodeIndex>) -> Vec<Reply<()>> {
        nodes.into_iter().map(|node| self.stop(node)).collect()
    }
    /// Ends a node where it stands: its services do not stop, its peers see a reset. Its record is there when the reply
    /// is.
    fn crash(&mut self, node: NodeIndex) -> Reply<()>;
    /// Stops a node if it runs, and forgets it. With the reply nothing of it is left.
    fn remove(&mut self, node: NodeIndex) -> Reply<()>;
    /// Stops all nodes and lets go of everything; this alone may block. Their last records can be collected after it.
    fn close(&mut self);
    /// What a node says of itself, as of the last [`refresh`](Self::refresh); of a node that does not run, what is
    /// known.
    fn info(&self, node: NodeIndex) -> NodeInfo;
    /// Brings [`info`](Self::info) and [`counts`](Self::counts) up to date, of one node or of all: they are when all
    /// replies are there. Nodes that do not answer keep what was known of them.
    fn refresh(&mut self, node: Option<NodeIndex>) -> Vec<Reply<()>>;
    /// Where a node can be dialled, by nodes of the same fabric.
    fn enode(&self, node: NodeIndex) -> Enode;
    /// The services' state of a node that runs.
    fn snapshot(&mut self, node: NodeIndex) -> Reply<BTreeMap<String, Bytes>>;

    /// Has a node dial another, and keep the connection. What fails later is a record.
    fn add_peer(&mut self, node: NodeIndex, peer: Enode) -> Result<(), String>;
    /// The same for many, all at once where that can be. Answers in the order given.
    fn add_peers(&mut self, pairs: Vec<(NodeIndex, Enode)>) -> Vec<Result<(), String>> {
        pairs.into_iter().map(|(node, peer)| self.add_peer(node, peer)).collect()
    }
    /// Has a node drop another, and not dial it again.
    fn remove_peer(&mut self, node: NodeIndex, peer: NodeId);
    /// Calls a method of a node's RPC.
    fn call(&mut self, node: NodeIndex, method: String, params: Vec<Value>) -> Answer;
    /// Opens a JSON-RPC conversation; what the node says goes to `out`, which is dropped when the node hangs up.
    fn open_rpc(&mut self, node: NodeIndex, line: u64, out: RpcOut) -> Result<(), String>;
    /// Says something in a conversation. `false` if it has ended.
    fn rpc_text(&mut self, node: NodeIndex, line: u64, text: String) -> bool;
    /// There is room again for what the node says in a conversation; where it waits for that, nothing need be done.
    fn flush_rpc(&mut self, _node: NodeIndex, _line: u64) {}
    /// Ends a conversation.
    fn close_rpc(&mut self, node: NodeIndex, line: u64);

    /// The calendar time of the start.
    fn epoch(&self) -> SystemTime;
    /// Time since the start.
    fn now(&self) -> Duration;
    /// When anything happens next, as far as that is known.
    fn next_event(&self) -> Option<Duration>;
    /// Lets everything happen that happens before `until`; where nodes live in real time, takes in what has happened.
    fn run_until(&mut self, until: Duration) -> Result<(), Livelock>;
    /// The link between nodes that have no other, as it was at the start.
    fn default_link(&self) -> Link;
    /// Sets a condition of links or lines, from now on; only asked where [`Capabilities::links`] says so.
    ///
    /// # Errors
    /// It cannot be had, and why. It does not depend on how many threads there are.
    fn set_condition(&mut self, condition: Condition<NodeIndex>) -> Result<(), String>;

    /// Which messages are to be records. More may be made than that.
    fn want_messages(&mut self, wanted: Tap);
    /// Whether records of what is measured (arrivals, metrics) are wanted. Those may come in any case; all others do.
    fn want_measured(&mut self, _wanted: bool) {}
    /// Keeps what a node sends and receives, from its next start on, until it is taken; only asked where all nodes are
    /// simulated.
    fn wiretap(&mut self, _node: NodeIndex) {}
    /// What tapped nodes sent and received since the last time; of each node in order.
    fn take_tapped(&mut self) -> Vec<(NodeIndex, Seen)> {
        Vec::new()
    }
    /// Whether messages are to be counted by time and by link as well, from now on.
    fn want_traffic(&mut self, _wanted: bool) {}
    /// What was counted so, where messages are seen; and how long packets have waited for lines, where there are any.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
    /// The records since the last time, by (time, origin, sequence).
    fn collect(&mut self, records: &mut Vec<Record>);
    /// The digests of all nodes' records, removed nodes included.
    fn chains(&self) -> Vec<(Origin, Chain)>;
    /// The counts of all nodes that were not removed.
    fn counts(&self) -> Vec<NodeCounts>;
    /// Tasks and connections that are alive in nodes.
    fn population(&self) -> world::Population;
}
