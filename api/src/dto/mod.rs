//! The JSON shapes of go-ethereum's `p2p/simulations`, both ways: one hand-written struct per object, and the
//! translations from and to the network's own types. Names and order of the fields are the contract old clients
//! rely on; what each struct accepts is wider than what it writes (`null`, missing and unknown fields, both
//! generations of names).
//!
//! Nothing here knows HTTP, and nothing decides anything about a network.

mod call;
mod clock;
mod conditions;
mod convert;
mod event;
mod hex_id;
mod network;
mod node;
pub(crate) mod query;
mod run;
mod shape;
#[cfg(test)]
mod tests;
mod words;

pub use call::{Call, CallError, Called};
pub use clock::{Clock, RunUntil, SetClock, Step};
pub use conditions::{
    BothWays, ChangedLinks, ChangedNodes, Churn, Cut, Line, Links, PairLink, Partition, Region, RegionLink,
    SetChurn, SetLine, SetLink, SetRegion,
};
pub(crate) use convert::rfc3339;
pub use event::{Event, Msg};
pub use network::{Conn, Network, NodeSnapshot, Snapshot, SnapshotError};
pub use node::{Node, NodeConfig, NodeInfo, Ports};
pub use query::QueryError;
pub use run::{Checked, KnownScenario, Outcome, Problem, Run};
pub use shape::{BuiltTopology, Condition, Topology};
pub use words::{Parts, Words};

use serde::{Deserialize, Deserializer};

/// `null` is the same as nothing, as Go reads it: whatever the type's empty value is.
fn null_is_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
