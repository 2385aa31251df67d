//! The records of the log, and the one canonical form in which they are digested.
//!
//! Each origin — the experimenter, or a node — numbers its records and folds each into a chain of its own:
//! `chain' = xxh3_128(chain ‖ canonical(record))`. The digest of a log is the same hash over all chains in the order
//! of their origins. So it does not depend on how records of different origins interleave in a file or on how many
//! threads wrote them, and it does on every byte, nanosecond and place of each. It tells difference, not malice.

mod digest;
#[cfg(test)]
mod tests;
mod written;

pub use digest::{Chain, Digest};

use crate::condition::Condition;
use devp2p::{NodeId, PeerError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Who a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(pub u32);

impl Origin {
    /// Whoever drives the network from outside.
    pub const EXPERIMENTER: Self = Self(0);

    /// The `index`-th node created since the network began.
    pub const fn node(index: u32) -> Self {
        Self(index + 1)
    }

    /// Which node, if it is one.
    pub fn index(self) -> Option<usize> {
        self.0.checked_sub(1).map(|index| index as usize)
    }
}

/// One line of the log: something was asked, or happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Simulated time, nanoseconds.
    pub time: u64,
    /// Who says so.
    pub origin: Origin,
    /// The origin's own count.
    pub seq: u64,
    /// What.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The experimenter asked for something (geth's *control*).
    Asked(Asked),
    /// The node came up.
    Up,
    /// The node went down.
    Down,
    /// A peer is there.
    PeerAdded {
        /// Which.
        #[serde(with = "written::id")]
        peer: NodeId,
        /// Whether the peer dialled.
        inbound: bool,
    },
    /// A peer is gone.
    PeerDropped {
        /// Which.
        #[serde(with = "written::id")]
        peer: NodeId,
        /// Why.
        error: ErrorText,
    },
    /// A connection that was asked for did not come to be.
    DialFailed {
        /// To whom.
        #[serde(with = "written::id")]
        peer: NodeId,
        /// Why.
        error: ErrorText,
    },
    /// A message was sent or received.
    #[serde(rename = "msg")]
    Message(Message),
    /// A copy of something that travels from node to node came; the first one at a node is its arrival there.
    Arrival {
        /// By which protocol.
        #[serde(with = "written::protocol")]
        protocol: Arc<ProtocolName>,
        /// What the protocol calls it.
        item: u64,
        /// Who sent this copy; nobody at whoever published it.
        #[serde(with = "written::id_or_null")]
        from: Option<NodeId>,
        /// Links it has crossed.
        hops: u32,
    },
    /// A service measured something.
    Metric {
        /// Of which protocol.
        protocol: String,
        /// What.
        name: String,
        /// How much.
        #[serde(with = "written::number")]
        value: f64,
    },
    /// An expectation was checked.
    Expectation {
        /// Its name.
        name: String,
        /// Whether it holds.
        passed: bool,
        /// What was found.
        detail: String,
    },
}

/// What an experimenter can ask of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Asked {
    /// Create a node.
    Create {
        /// Its id.
        #[serde(with = "written::id")]
        id: NodeId,
        /// Its name.
        name: String,
        /// Its services.
        services: Vec<String>,
    },
    /// Start a node.
    Start {
        /// Which.
        #[serde(with = "written::id")]
        id: NodeId,
    },
    /// Stop a node.
    Stop {
        /// Which.
        #[serde(with = "written::id")]
        id: NodeId,
    },
    /// Crash a node.
    Crash {
        /// Which.
        #[serde(with = "written::id")]
        id: NodeId,
    },
    /// Forget a node, which is down.
    Remove {
        /// Which.
        #[serde(with = "written::id")]
        id: NodeId,
    },
    /// Connect two nodes.
    Connect {
        /// Who dials.
        #[serde(with = "written::id")]
        one: NodeId,
        /// Whom.
        #[serde(with = "written::id")]
        other: NodeId,
    },
    /// Disconnect two nodes.
    Disconnect {
        /// Who drops the other.
        #[serde(with = "written::id")]
        one: NodeId,
        /// Whom.
        #[serde(with = "written::id")]
        other: NodeId,
    },
    /// A JSON-RPC request to a node.
    Rpc {
        /// To which.
        #[serde(with = "written::id")]
        id: NodeId,
        /// The request.
        text: String,
    },
    /// Forget everything.
    Reset,
    /// Set a condition of links or lines.
    Condition(Box<Condition>),
}

/// A `PeerError`, as far as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorText(pub String);

impl From<&PeerError> for ErrorText {
    fn from(error: &PeerError) -> Self {
        Self(error.to_string())
    }
}

/// A protocol, as records name it.
#[derive(PartialEq, Eq)]
pub struct ProtocolName {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    text: String,
    hash: u64,
}

impl ProtocolName {
    /// The name of a protocol.
    pub fn new(name: impl Into<String>, version: u32) -> Self {
        let name = name.into();
        let text = format!("{name}/{version}");
        let hash = xxh3_64(text.as_bytes());
        Self { name, version, text, hash }
    }

    /// Name and version, as in `eth/68`.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ProtocolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for ProtocolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for ProtocolName {
    type Err = String;

    /// A name, a slash, a version.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('/').and_then(|(name, version)| Some((name, version.parse().ok()?)));
        let (name, version) = parts.ok_or_else(|| format!("{text:?} is no protocol, such as eth/68"))?;
        Ok(Self::new(name, version))
    }
}

/// A message, without its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The other end.
    #[serde(with = "written::id")]
    pub peer: NodeId,
    /// Whether the origin received it (or sent it).
    pub received: bool,
    /// Of which protocol.
    #[serde(with = "written::protocol")]
    pub protocol: Arc<ProtocolName>,
    /// Code within the protocol.
    pub code: u64,
    /// Bytes of the payload, uncompressed.
    pub size: u32,
    /// Bytes of its frame on the wire.
    pub wire_len: u32,
    /// XXH3 of the payload.
    pub payload: u64,
}

/// The hash of a payload, as records carry it.
pub(crate) fn payload_hash(payload: &[u8]) -> u64 {
    xxh3_64(payload)
}
