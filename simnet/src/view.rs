//! What a network shows of itself: values, taken at one moment.

use bytes::Bytes;
use devp2p::{NodeId, SecretKey};
use node::{NodeConfig, NodeInfo};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// What is known of a node that is to be created; whatever is left out is made.
#[derive(Clone, Debug, Default)]
pub struct NodeSpec {
    /// Must belong to the key, and is not needed beside it.
    pub id: Option<NodeId>,
    /// Made from the network's seed when missing.
    pub key: Option<SecretKey>,
    /// `nodeNN` when missing or empty.
    pub name: Option<String>,
    /// The network's first adapter when missing.
    pub adapter: Option<String>,
    /// The network's default service when empty.
    pub services: Vec<String>,
    /// Free-form roles to find the node by.
    pub properties: Vec<String>,
    /// Whether the node's messages are shown as events; yes when missing. They are in the log either way.
    pub enable_msg_events: Option<bool>,
    /// TCP port to listen on; 30303 when missing or 0.
    pub port: Option<u16>,
    /// Where a process node logs to.
    pub log_file: String,
    /// How much a process node logs.
    pub log_verbosity: i32,
    /// Settings by service name.
    pub settings: BTreeMap<String, Value>,
}

/// A node, at one moment.
#[derive(Clone, Debug)]
pub struct NodeView {
    /// How it was created.
    pub config: NodeConfig,
    /// The adapter it was created for by name.
    pub adapter: Option<&'static str>,
    /// Whether it runs.
    pub up: bool,
    /// What it says of itself, running or not.
    pub info: NodeInfo,
}

/// Which nodes are meant: those of which all that is said holds. They come in the order of their creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeQuery {
    /// Among these, as [`Handle::select`](crate::Handle::select) chooses them; all when empty.
    pub only: Vec<String>,
    /// Not among these.
    pub except: Vec<String>,
    /// Up, or down.
    pub up: Option<bool>,
    /// Created after this one, by id or name.
    pub after: Option<String>,
    /// So many at most.
    pub limit: Option<usize>,
}

/// A connection, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// The end that was asked to connect, or that dialled.
    pub one: NodeId,
    /// The other end.
    pub other: NodeId,
    /// Whether it is up: from the first report of either end to the first drop.
    pub up: bool,
}

/// A network, at one moment.
#[derive(Clone, Debug)]
pub struct NetworkView {
    /// The name it was given; may be empty.
    pub id: String,
    /// What nodes without services run.
    pub default_service: Option<String>,
    /// In the order of their creation.
    pub nodes: Vec<NodeView>,
    /// In the order of their first mention.
    pub conns: Vec<ConnView>,
    /// Simulated time.
    pub now: Duration,
}

/// A network that can be set up again.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// All nodes, with their keys.
    pub nodes: Vec<NodeSnapshot>,
    /// The connections that were up.
    pub conns: Vec<ConnView>,
}

/// A node of a snapshot.
#[derive(Clone, Debug)]
pub struct NodeSnapshot {
    /// What it is created from.
    pub spec: NodeSpec,
    /// Whether it runs.
    pub up: bool,
    /// What it said of itself; shown, never read.
    pub info: Option<NodeInfo>,
    /// Its services' saved state, by name.
    pub services: BTreeMap<String, Bytes>,
}

/// Something that happened, or was asked for, as geth's clients know it: a view of one record of the log.
#[derive(Clone, Debug)]
pub struct Event {
    /// Simulated time.
    pub time: Duration,
    /// The same as calendar time.
    pub calendar: SystemTime,
    /// Asked (`true`) or happened (`false`).
    pub control: bool,
    /// What.
    pub kind: EventKind,
    /// Anything beside geth's fields: the verb of a control event, the error of a drop, a condition.
    pub data: Option<Value>,
}

/// What an [`Event`] is about.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A node came to be, came up or went down.
    Node(Box<NodeView>),
    /// A connection came up or went down; control events show the state before.
    Conn(ConnView),
    /// A condition of links, lines or partitions was set; what stands in [`Event::data`]. Not one of geth's.
    Condition,
    /// A message was sent or received.
    Msg {
        /// The sender.
        one: NodeId,
        /// The receiver.
        other: NodeId,
        /// Name of the protocol.
        protocol: String,
        /// Code within the protocol.
        code: u64,
        /// Seen at the receiver (`true`) or at the sender.
        received: bool,
        /// Bytes of the payload, uncompressed.
        size: u32,
    },
}

/// Which events a subscriber wants. Node and connection events come always; message events only if named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Protocol name, and the codes of interest (`None`: all of them).
    pub messages: Vec<(String, Option<Vec<u64>>)>,
}

impl EventFilter {
    /// Does a message event of this protocol and code pass?
    pub fn wants(&self, protocol: &str, code: u64) -> bool {
        self.messages
            .iter()
            .any(|(name, codes)| name == protocol && codes.as_ref().is_none_or(|codes| codes.contains(&code)))
    }
}
