//! Links, lines, regions, partitions and churn: what makes a network worse, or better again.

use super::words::{Parts, Words, scalar};
use serde::{Deserialize, Deserializer, Serialize};

/// The links that were set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// The link of all pairs that have no other, such as `1ms` or `50ms, loss 1%`.
    pub default: String,
    /// Those of pairs, each in one direction.
    pub pairs: Vec<PairLink>,
    /// Those from region to region.
    pub regions: Vec<RegionLink>,
}

/// The link from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairLink {
    /// The sender's name.
    pub from: String,
    /// The receiver's name.
    pub to: String,
    /// What it is like.
    pub link: String,
}

/// The link from the nodes of one region to those of another, or the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionLink {
    /// From this region.
    pub from: u16,
    /// To that region.
    pub to: u16,
    /// What it is like.
    pub link: String,
}

/// The links between two nodes, as they are now, wherever that comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothWays {
    /// From the one to the other.
    pub there: String,
    /// The other way.
    pub back: String,
}

/// A change of links.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a link object")]
pub struct SetLink {
    /// From these nodes, in words. With neither end it is the link of all pairs that have no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether it is about the way back, too; it is when missing.
    #[serde(default = "yes")]
    pub both: bool,
    /// What of it changes; `null` has it be again what it was before it was set.
    #[serde(deserialize_with = "Option::deserialize")]
    pub link: Option<Parts>,
}

/// How many links were changed, or what the default link is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangedLinks {
    /// So many, a way back counted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<usize>,
    /// The link of all pairs that have no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A node's own line to the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The node's name.
    pub node: String,
    /// What it is like, such as `up 10 Mbit/s, down 50 Mbit/s`.
    pub line: String,
}

/// New lines for some nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a line object")]
pub struct SetLine {
    /// For these.
    pub nodes: Words,
    /// What they are like: `up`, `down` and `queue`, unlimited where nothing is said; `null`: unlimited.
    #[serde(deserialize_with = "Option::deserialize")]
    pub line: Option<Parts>,
}

/// A region and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its number.
    pub region: u16,
    /// The names of its nodes.
    pub nodes: Vec<String>,
}

/// Where some nodes are from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a region object")]
pub struct SetRegion {
    /// These.
    pub nodes: Words,
    /// In this region; `null`: in none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub region: Option<u16>,
}

/// How many nodes something was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedNodes {
    /// So many.
    pub nodes: usize,
}

/// A partition that stands, or something that stands between nodes without cutting them off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its name, never used again in one network.
    pub id: u64,
    /// In short.
    pub text: String,
    /// The names of the nodes on the one side.
    pub a: Vec<String>,
    /// Those on the other; `null`: everybody else.
    pub b: Option<Vec<String>>,
    /// Whether the way back is open.
    pub one_way: bool,
    /// `cut`, or how much worse it makes the links.
    pub effect: String,
}

/// A partition, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a partition object")]
pub struct Cut {
    /// The one side.
    pub a: Words,
    /// The other; everybody else when missing, those created later included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<Words>,
    /// Whether only what the one side sends is concerned.
    #[serde(default)]
    pub one_way: bool,
    /// After how much of the network's time it heals by itself; never when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal: Option<String>,
    /// Rather than cut, makes what passes so much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
    /// Rather than cut, loses so much more of it, such as `5%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<String>,
}

/// Churn, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a churn object")]
pub struct SetChurn {
    /// How often nodes leave: `10%/h` (that share of them), `2/s` (so many of all); a number is so many a second.
    #[serde(deserialize_with = "needed")]
    pub rate: String,
    /// How long each stays down: `30s` (which it is when missing), `30s ± 10s`, `exponential 30s`, `ever`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// Which nodes may leave; any when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Words>,
    /// Whether they crash rather than stop.
    #[serde(default)]
    pub crash: bool,
    /// Who leaves and when follows from it.
    #[serde(default)]
    pub seed: u64,
}

/// The churn that goes on, or went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Churn {
    /// How often nodes leave.
    pub rate: String,
    /// How long each stays down.
    pub down: String,
    /// Which nodes may leave; any when empty.
    pub nodes: Vec<String>,
    /// Whether they crash rather than stop.
    pub crash: bool,
    /// Who leaves and when follows from it.
    pub seed: u64,
    /// How many have left so far.
    pub left: u64,
    /// How many of them are down now.
    pub away: usize,
}

fn yes() -> bool {
    true
}

fn needed<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    scalar(from).map(Option::unwrap_or_default)
}
