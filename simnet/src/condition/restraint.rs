//! Restraints: what holds between sets of nodes for a while, until it is lifted.

use devp2p::NodeId;
use std::fmt;
use world::sim::Effect;

/// Names a restraint that was imposed: counted from 1, never used again in one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestraintId(pub u64);

impl fmt::Display for RestraintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What holds between two sets of nodes while it stands, on top of what their links say. What was sent before arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restraint {
    /// The one side: with `both_ways` unset, the senders.
    pub one: Vec<NodeId>,
    /// The other side; everybody else without it, those created later included.
    pub other: Option<Vec<NodeId>>,
    /// Whether it is about the way back as well.
    pub both_ways: bool,
    /// What it does.
    pub effect: Effect,
}

impl Restraint {
    /// Nothing passes between `one` and `other` (everybody else, if there is none), either way.
    pub fn cut(one: Vec<NodeId>, other: Option<Vec<NodeId>>) -> Self {
        Self { one, other, both_ways: true, effect: Effect::Cut }
    }

    /// The same from `one` to `other` only: the way back stays open.
    #[must_use]
    pub fn one_way(self) -> Self {
        Self { both_ways: false, ..self }
    }
}
