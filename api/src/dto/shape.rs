//! Topologies to build and conditions to wait for, which the original's HTTP API did not have.

use serde::{Deserialize, Serialize};

/// A topology, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a topology object")]
pub struct Topology {
    /// `none`, `chain`, `ring`, `star`, `full`, `random-regular`, `small-world`, `scale-free`, `kademlia` or `file`.
    pub kind: String,
    /// Which node a star has in its middle, counted from 0 among those that are up; the first when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center: Option<usize>,
    /// How many connections a node of a random regular shape has, or of a small world before any is rewired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degree: Option<usize>,
    /// How likely a connection of a small world leads to a random node instead, such as `10%`, which it is when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewire: Option<String>,
    /// How many connections each newcomer of a scale-free shape makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<usize>,
    /// How many nodes of each distance a node of a Kademlia shape knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<usize>,
    /// The text of a file: pairs of names or ids, one a line, or GraphML whose nodes are called as these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A topology that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltTopology {
    /// Its kind.
    pub kind: String,
    /// How many connections it has.
    pub connections: usize,
}

/// A condition: all that is named has to hold at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a condition object")]
pub struct Condition {
    /// So many nodes are up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// So many connections are up at both ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conns: Option<usize>,
    /// Each node that is up has so many peers or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<usize>,
    /// How long that may take in the network's time, such as `30s`, which it is when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}
