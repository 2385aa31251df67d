//! Links, lines and partitions, set at one moment of the network's time.

use super::Network;
use crate::condition::{Condition, RestraintId};
use crate::error::NetworkError;
use crate::record::Asked;
use devp2p::NodeId;
use world::sim::Link;

impl Network {
    /// Sets a condition, from now on.
    pub(crate) fn set_condition(&mut self, condition: Condition) -> Result<(), NetworkError> {
        self.check()?;
        self.may_set(&condition)?;
        let placed = condition.named(|id| self.position(id).map(|position| self.nodes[position].index))?;
        self.adapter.set_condition(placed).map_err(NetworkError::BadCondition)?;
        self.asked(Asked::Condition(Box::new(condition)))
    }

    fn may_set(&self, condition: &Condition) -> Result<(), NetworkError> {
        if !self.adapter.capabilities().links {
            let adapter = self.adapter.name();
            let what = "set conditions of links: the network between its nodes is the machine's own";
            return Err(NetworkError::Unsupported { adapter, what });
        }
        let fault = match condition {
            Condition::Link { from, to, .. } if from == to => {
                Some(format!("node {from} has no link to itself"))
            }
            Condition::Impose { one, other, .. } => fault(one, other.as_deref()),
            Condition::Lift(id) if !self.state.conditions().has_restraint(*id) => {
                return Err(NetworkError::NoRestraint(*id));
            }
            _ => None,
        };
        fault.map_or(Ok(()), |fault| Err(NetworkError::BadCondition(fault)))
    }

    /// The name of the next restraint.
    pub(crate) fn next_restraint(&self) -> RestraintId {
        self.state.conditions().next_restraint()
    }

    /// The link from one node to another, as it is now.
    pub(crate) fn link(&self, from: &NodeId, to: &NodeId) -> Result<Link, NetworkError> {
        self.position(from)?;
        self.position(to)?;
        Ok(self.state.conditions().link(from, to).unwrap_or_else(|| self.default_link()))
    }

    /// The link of all pairs that have no other, as it is now.
    pub(crate) fn default_link(&self) -> Link {
        self.state.conditions().default_link().unwrap_or_else(|| self.adapter.default_link())
    }

    /// Has the adapter forget what was set, for one node or at all. That it does follows from what is recorded.
    pub(super) fn take_back(&mut self, of: Option<&NodeId>) {
        let conditions = self.state.conditions();
        let mut undoing = conditions.undoing(of);
        if of.is_none() && conditions.default_link().is_some() {
            undoing.push(Condition::DefaultLink(self.adapter.default_link()));
        }
        for condition in undoing {
            let placed = condition.named(|id| self.position(id).map(|position| self.nodes[position].index));
            let placed = placed.expect("what is set for a node goes with the node");
            self.adapter.set_condition(placed).expect("what the network began with can be had again");
        }
    }
}

/// Why a restraint makes no sense, if it does not.
fn fault(one: &[NodeId], other: Option<&[NodeId]>) -> Option<String> {
    if one.is_empty() || other.is_some_and(<[NodeId]>::is_empty) {
        return Some("each side of a partition has at least one node".to_owned());
    }
    let twice = one.iter().find(|id| other.is_some_and(|other| other.contains(id)))?;
    Some(format!("node {twice} is on both sides of the partition"))
}
