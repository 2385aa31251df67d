//! The network's clock, and what may be asked of it.

use super::words::scalar;
use serde::{Deserialize, Serialize};

/// What time it is, and how fast it passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Since the network's start, such as `12.5s`.
    pub time: String,
    /// The same in nanoseconds.
    pub ns: u64,
    /// `max`, `paused`, or how many simulated seconds pass in one.
    pub pace: String,
    /// Whether it is simulated: whether it can be paced, paused and stepped.
    #[serde(rename = "virtual")]
    pub is_virtual: bool,
}

/// A change of pace: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a clock object")]
pub struct SetClock {
    /// `max`, `paused`, or how many simulated seconds pass in one; as a text or a number.
    #[serde(deserialize_with = "scalar", skip_serializing_if = "Option::is_none")]
    pub pace: Option<String>,
    /// Pauses it, or has it go on as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// How far to let time pass, as fast as the machine can, whatever the pace. Without either it is one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a step object")]
pub struct Step {
    /// So much time, such as `500ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Up to so many next instants at which anything happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
}

/// Until when to let time pass, as fast as the machine can: a time, or a condition as `POST /wait` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object that says until when")]
pub struct RunUntil {
    /// Until it is so late, counted from the network's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Until so many nodes are up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// And so many connections are up at both ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conns: Option<usize>,
    /// And each node that is up has so many peers or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<usize>,
    /// How long that may take in the network's time; 30s when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}
