//! What a watcher gets: plain values. How they look on a wire is the business of whoever sends them.

use devp2p::NodeId;
use std::sync::Arc;
use std::time::Duration;
use world::sim::Pace;

/// What changed since a watcher's last frame, or everything.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Everything there is, rather than what changed: what was known before is to be forgotten.
    pub whole: bool,
    /// Records of the log so far, those of messages not counted.
    pub seq: u64,
    /// The network's time.
    pub clock: Clock,
    /// Nodes that changed, each once, as they are now; in the order of creation.
    pub nodes: Vec<NodeRow>,
    /// Of the nodes above, those that this watcher has not seen before; in the same order.
    pub new: Vec<NewNode>,
    /// What the groups of nodes are called, if there are more of them than before.
    pub groups: Option<Vec<Arc<str>>>,
    /// Connections that changed, each once, as they are now.
    pub conns: Vec<ConnRow>,
    /// Messages so far, by protocol and code; now and then.
    pub rates: Option<Rates>,
    /// Counts and warnings, when they may have changed.
    pub stat: Option<Stat>,
    /// Messages by connection since the last frame, the busiest first.
    pub heat: Vec<HeatRow>,
    /// Messages since the last frame.
    pub messages: Option<Sample<MessageRow>>,
    /// Events since the last frame.
    pub events: Option<Sample<EventRow>>,
    /// What was done to the network as a whole since the last frame, and what was expected of it, whatever the filter.
    pub marks: Vec<EventRow>,
    /// Arrivals of the tracked item since the last frame.
    pub arrivals: Vec<ArrivalRow>,
}

impl Frame {
    /// Whether it tells anything but the time.
    pub fn is_empty(&self) -> bool {
        !self.whole
            && self.nodes.is_empty()
            && self.conns.is_empty()
            && self.rates.is_none()
            && self.stat.is_none()
            && self.heat.is_empty()
            && self.messages.is_none()
            && self.events.is_none()
            && self.marks.is_empty()
            && self.arrivals.is_empty()
    }
}

/// The network's time and how it passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Since the start.
    pub now: Duration,
    /// How fast.
    pub pace: Pace,
}

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeStanding {
    /// It does not run.
    Down = 0,
    /// It runs.
    Up = 1,
    /// It was removed; its index is not used again.
    Removed = 2,
}

/// A node, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// How many were created before it.
    pub index: u32,
    /// How it is.
    pub standing: NodeStanding,
    /// The region it is in now.
    pub region: Option<u16>,
    /// Which of the groups it belongs to.
    pub group: u16,
}

/// What is told of a node once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNode {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: Arc<str>,
}

/// A connection, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnRow {
    /// The node that was asked to connect, or dialled.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Whether it is up.
    pub up: bool,
}

/// Messages between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeatRow {
    /// One, the smaller index.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// How many messages were sent, either way.
    pub messages: u32,
    /// Bytes of their frames.
    pub bytes: u64,
}

/// A part of what there was, and how much there was.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<T> {
    /// How many there were.
    pub of: u64,
    /// Some of them, spread evenly, in order.
    pub shown: Vec<T>,
}

/// A message, sent or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Simulated nanoseconds.
    pub time: u64,
    /// Who sent it.
    pub from: u32,
    /// Whom it is for.
    pub to: u32,
    /// `name/version`.
    pub protocol: Arc<str>,
    /// Code within the protocol.
    pub code: u64,
    /// Seen at the receiver, or at the sender.
    pub received: bool,
    /// Bytes of the payload, uncompressed.
    pub size: u32,
}

/// An event: one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The number of its record.
    pub seq: u64,
    /// Simulated nanoseconds.
    pub time: u64,
    /// What sort: `node`, `conn`, `dial`, `asked`, `expectation`.
    pub kind: &'static str,
    /// What.
    pub text: Arc<str>,
    /// The node it is about, if it is about one.
    pub a: Option<u32>,
    /// The other, if it is about two.
    pub b: Option<u32>,
    /// Asked, rather than happened.
    pub control: bool,
}

/// A copy of an item that reached a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrivalRow {
    /// Which item.
    pub item: u64,
    /// Simulated nanoseconds.
    pub time: u64,
    /// Where.
    pub node: u32,
    /// Who sent it; nobody if it was published here.
    pub from: Option<u32>,
    /// How far it had come.
    pub hops: u16,
    /// Whether the node had it already.
    pub duplicate: bool,
}

/// Messages so far: by `name/version` and code, `[sent, received, bytes sent, bytes received]`.
pub type Rates = std::collections::BTreeMap<String, std::collections::BTreeMap<u64, [u64; 4]>>;

/// Counts, and what is out of order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Nodes there are.
    pub nodes: usize,
    /// Nodes that run.
    pub up: usize,
    /// Connections that are up.
    pub conns: usize,
    /// Peers lost so far, seen from either end.
    pub drops: u64,
    /// Connections that were asked for and did not come to be.
    pub failed_dials: u64,
    /// Messages sent and received so far.
    pub messages: u64,
    /// Events that this watcher was never shown and that cannot be shown any more.
    pub missed: u64,
    /// Restraints that are in force.
    pub restraints: usize,
    /// What is out of order.
    pub warnings: Vec<Warning>,
}

/// Something out of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What sort.
    pub kind: WarningKind,
    /// In words.
    pub text: String,
    /// Some of the nodes it is about, the first hundred.
    pub nodes: Vec<u32>,
}

/// What sort of thing is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// Nodes that run and have no peers.
    Isolated,
    /// The nodes that run and have peers fall into parts.
    Partitioned,
    /// Nodes have as many peers as they may.
    Full,
}

impl WarningKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolated => "isolated",
            Self::Partitioned => "partitioned",
            Self::Full => "full",
        }
    }
}
