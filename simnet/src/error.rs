//! What can go wrong with a network, classified once.

use crate::adapter::Fabric;
use crate::room::Bytes;
use devp2p::NodeId;
use std::time::Duration;

/// Whose fault it is, which is all that an edge needs to know to answer properly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller named something that is not there.
    NotFound,
    /// The caller asked for something that makes no sense.
    Invalid,
    /// What the caller asked for does not fit the present state.
    Conflict,
    /// A peer refused or failed.
    Peer,
    /// It did not happen in time.
    Time,
    /// The world failed.
    World,
}

/// Why a network did not do what it was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// So far back nothing is kept.
    #[error("nothing is known any more of {at:?}: what happened is kept from {earliest:?} on")]
    Forgotten {
        /// The moment asked for.
        at: std::time::Duration,
        /// The first moment of which anything is known.
        earliest: std::time::Duration,
    },
    /// No node of that id or name.
    #[error("node {0} does not exist")]
    UnknownNode(String),
    /// The id is in use.
    #[error("node with ID \"{0}\" already exists")]
    IdTaken(NodeId),
    /// The name is in use.
    #[error("node with name \"{0}\" already exists")]
    NameTaken(String),
    /// The name would be taken for something else in a path.
    #[error(
        "{0:?} cannot be a node's name: it must be 1 to 64 characters, without '/', '?', '#' or spaces, and not look like a node id"
    )]
    BadName(String),
    /// The id does not belong to the key.
    #[error(
        "id {id} does not belong to the private key, whose id is {of_key}: leave the id out, or give its own key"
    )]
    ForeignId {
        /// The id given.
        id: NodeId,
        /// The id of the key given.
        of_key: NodeId,
    },
    /// An id was given alone.
    #[error("id {0} was given without its private key: give the key, or leave the id out to have both made")]
    KeyMissing(NodeId),
    /// A service nobody registered.
    #[error("unknown node service {name:?}: known are {}", known.join(", "))]
    UnknownService {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// An adapter that the network does not have.
    #[error(
        "unknown node adapter {name:?}: the nodes of this network are of {}{}",
        known.join(", "),
        if known.len() == 1 { "; nodes of several kinds need a network that was started so (`--adapter mixed`)" } else { "" }
    )]
    UnknownAdapter {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A service named twice.
    #[error("duplicate service: {0}")]
    DuplicateService(String),
    /// A node without services, and no default one.
    #[error("node must have at least one service")]
    NoService,
    /// Started twice.
    #[error("node {0} already up")]
    AlreadyUp(NodeId),
    /// Stopped twice.
    #[error("node {0} already down")]
    AlreadyDown(NodeId),
    /// A node does not connect to itself.
    #[error("refusing to connect to self {0}")]
    SelfConnect(NodeId),
    /// They are connected.
    #[error("{0} and {1} already connected")]
    AlreadyConnected(NodeId, NodeId),
    /// They were never connected.
    #[error("connection between {0} and {1} does not exist")]
    NoConnection(NodeId, NodeId),
    /// They were, and are not any more.
    #[error("{0} and {1} already disconnected")]
    AlreadyDisconnected(NodeId, NodeId),
    /// A connection needs two nodes that are up.
    #[error("nodes not up: {role} {id} is not up")]
    NotUp {
        /// `one` or `other`.
        role: &'static str,
        /// The node that is down.
        id: NodeId,
    },
    /// Nothing leads from one to the other.
    #[error(
        "node {} lives {} and node {} {}: nodes in memory connect to nodes in memory, processes to processes",
        one.0, one.1, other.0, other.1
    )]
    OtherFabric {
        /// Who was to dial, and what it is on.
        one: (NodeId, Fabric),
        /// Whom, and what that is on.
        other: (NodeId, Fabric),
    },
    /// Asked again within the network's dial ban.
    #[error("connection between {0} and {1} recently attempted")]
    RecentlyAttempted(NodeId, NodeId),
    /// The connection that was asked for did not come to be.
    #[error("{one} could not connect to {other}: {error}")]
    ConnectFailed {
        /// Who dialled.
        one: NodeId,
        /// Whom.
        other: NodeId,
        /// What the dialler saw, as a `PeerError`'s text.
        error: String,
    },
    /// The adapter could not do it.
    #[error("node {id}: {error}")]
    Node {
        /// Which node.
        id: NodeId,
        /// What its adapter said.
        error: String,
    },
    /// It did not happen in time.
    #[error("{what} did not happen within {after:?} of {} time", if *simulated { "simulated" } else { "wall" })]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
        /// Whose seconds these are.
        simulated: bool,
    },
    /// What was asked takes time, and there is none.
    #[error("clock is paused")]
    ClockPaused,
    /// A step was asked for while another is under way.
    #[error("the clock is being stepped already: wait for that step, or pause the clock to end it")]
    Stepping,
    /// A time to run to that has gone by.
    #[error("it is {now:?} already: time cannot be had to run back to {time:?}")]
    Past {
        /// The time asked for.
        time: Duration,
        /// What time it is.
        now: Duration,
    },
    /// Words that say nothing about nodes, or that no node fits.
    #[error("{words:?} names no node: {why}")]
    NoneChosen {
        /// The words.
        words: String,
        /// Why it does not.
        why: String,
    },
    /// The adapter cannot do this at all.
    #[error("{adapter} cannot {what}")]
    Unsupported {
        /// Its name.
        adapter: &'static str,
        /// What it cannot.
        what: &'static str,
    },
    /// The adapter could not be set up.
    #[error("{adapter}: {error}")]
    Adapter {
        /// Its name.
        adapter: &'static str,
        /// What it said.
        error: String,
    },
    /// A snapshot that makes no sense; nothing of it was loaded.
    #[error("snapshot: {0}")]
    BadSnapshot(String),
    /// A condition of links that makes no sense.
    #[error("{0}")]
    BadCondition(String),
    /// No churn is going on.
    #[error("no churn is going on: `churn start` begins one")]
    NoChurn,
    /// A churn that makes no sense.
    #[error("churn: {0}")]
    BadChurn(String),
    /// No such restraint stands.
    #[error("there is no partition {0}: `partition list` shows those that stand")]
    NoRestraint(crate::condition::RestraintId),
    /// A topology that cannot be built.
    #[error("topology: {0}")]
    BadTopology(String),
    /// It would not fit into the memory there is.
    #[error(
        "{nodes} nodes and {connections} connections would need about {need}; {used} of {limit} are taken: allow more \
         memory, or take fewer of them or message fidelity"
    )]
    TooLarge {
        /// Nodes to come.
        nodes: u64,
        /// Connections to come.
        connections: u64,
        /// What they would take.
        need: Bytes,
        /// What this process takes already.
        used: Bytes,
        /// What it may take.
        limit: Bytes,
    },
    /// It has taken more memory than it may.
    #[error(
        "at {at:?} of simulated time {used} of memory are taken, and {limit} are allowed: the run ends here"
    )]
    OutOfMemory {
        /// When that was.
        at: std::time::Duration,
        /// What this process takes.
        used: Bytes,
        /// What it may take.
        limit: Bytes,
    },
    /// The simulated world does not move any more.
    #[error("{0}")]
    Livelock(#[from] world::sim::Livelock),
    /// The journal or the log could not be written.
    #[error("writing {path}: {error}")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        error: String,
    },
    /// The network has been shut down.
    #[error("the network has been shut down")]
    Gone,
}

impl NetworkError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::UnknownNode(_)
            | Self::NoRestraint(_)
            | Self::NoneChosen { .. }
            | Self::NoChurn
            | Self::Forgotten { .. } => Fault::NotFound,
            Self::BadName(_)
            | Self::ForeignId { .. }
            | Self::KeyMissing(_)
            | Self::UnknownService { .. }
            | Self::UnknownAdapter { .. }
            | Self::DuplicateService(_)
            | Self::NoService
            | Self::SelfConnect(_)
            | Self::BadSnapshot(_)
            | Self::BadTopology(_)
            | Self::TooLarge { .. }
            | Self::BadCondition(_)
            | Self::BadChurn(_)
            | Self::Unsupported { .. } => Fault::Invalid,
            Self::IdTaken(_)
            | Self::NameTaken(_)
            | Self::AlreadyUp(_)
            | Self::AlreadyDown(_)
            | Self::AlreadyConnected(..)
            | Self::NoConnection(..)
            | Self::AlreadyDisconnected(..)
            | Self::NotUp { .. }
            | Self::OtherFabric { .. }
            | Self::RecentlyAttempted(..)
            | Self::ClockPaused
            | Self::Past { .. }
            | Self::Stepping => Fault::Conflict,
            Self::ConnectFailed { .. } => Fault::Peer,
            Self::TimedOut { .. } => Fault::Time,
            Self::Node { .. }
            | Self::Adapter { .. }
            | Self::Livelock(_)
            | Self::OutOfMemory { .. }
            | Self::Write { .. }
            | Self::Gone => Fault::World,
        }
    }
}
