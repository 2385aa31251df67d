//! What can be set at run time, and all that has been: a fold of the log.

use super::{Restraint, RestraintId};
use devp2p::NodeId;
use std::collections::BTreeMap;
use std::fmt::Debug;
use world::sim::{HostLink, Link};

/// Something about links and lines that is set from now on. `N` names a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition<N = NodeId> {
    /// The link of all pairs that have none of their own and none of their regions.
    DefaultLink(Link),
    /// The link between two nodes.
    Link {
        /// From this one.
        from: N,
        /// To that one.
        to: N,
        /// Whether the way back has it, too.
        both_ways: bool,
        /// The link; without one, what it was before it had one of its own.
        link: Option<Link>,
    },
    /// A node's own line to the network.
    Line {
        /// Whose.
        node: N,
        /// What it is like.
        line: HostLink,
    },
    /// Where a node is.
    Region {
        /// Which.
        node: N,
        /// In this region, or in none.
        region: Option<u16>,
    },
    /// The link from the nodes of one region to those of another (or the same).
    RegionLink {
        /// From here.
        from: u16,
        /// To there.
        to: u16,
        /// The link; none: there is none any more.
        link: Option<Link>,
    },
    /// A restraint that stands from now on.
    Impose {
        /// Its name.
        id: RestraintId,
        /// The one side.
        one: Vec<N>,
        /// The other side, or everybody else.
        other: Option<Vec<N>>,
        /// Whether it is about the way back as well.
        both_ways: bool,
        /// What it does.
        effect: world::sim::Effect,
    },
    /// The end of a restraint.
    Lift(RestraintId),
}

impl<N: Clone> Condition<N> {
    /// The same of nodes named another way; the first error ends it.
    pub(crate) fn named<M, E>(&self, name: impl Fn(&N) -> Result<M, E>) -> Result<Condition<M>, E> {
        let all = |nodes: &[N]| nodes.iter().map(&name).collect::<Result<Vec<M>, E>>();
        Ok(match self {
            Self::DefaultLink(link) => Condition::DefaultLink(*link),
            Self::Link { from, to, both_ways, link } => {
                let (from, to) = (name(from)?, name(to)?);
                Condition::Link { from, to, both_ways: *both_ways, link: *link }
            }
            Self::Line { node, line } => Condition::Line { node: name(node)?, line: *line },
            Self::Region { node, region } => Condition::Region { node: name(node)?, region: *region },
            Self::RegionLink { from, to, link } => {
                Condition::RegionLink { from: *from, to: *to, link: *link }
            }
            Self::Impose { id, one, other, both_ways, effect } => Condition::Impose {
                id: *id,
                one: all(one)?,
                other: other.as_deref().map(all).transpose()?,
                both_ways: *both_ways,
                effect: *effect,
            },
            Self::Lift(id) => Condition::Lift(*id),
        })
    }
}

impl Condition {
    /// The restraint, imposed under that name.
    pub(crate) fn impose(id: RestraintId, restraint: Restraint) -> Self {
        let Restraint { one, other, both_ways, effect } = restraint;
        Self::Impose { id, one, other, both_ways, effect }
    }
}

/// Everything about links and lines that has been set and stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    default: Option<Link>,
    links: BTreeMap<(NodeId, NodeId), Link>,
    lines: BTreeMap<NodeId, HostLink>,
    regions: BTreeMap<NodeId, u16>,
    region_links: BTreeMap<(u16, u16), Link>,
    restraints: BTreeMap<RestraintId, Restraint>,
    /// How many restraints were ever imposed.
    imposed: u64,
}

impl Conditions {
    /// The link of all pairs that have no other, if it was changed since the network began.
    pub fn default_link(&self) -> Option<Link> {
        self.default
    }

    /// The link from one node to another where one was set: for the pair, or for their regions.
    pub fn link(&self, from: &NodeId, to: &NodeId) -> Option<Link> {
        let own = self.links.get(&(*from, *to)).copied();
        own.or_else(|| {
            let regions = (*self.regions.get(from)?, *self.regions.get(to)?);
            self.region_links.get(&regions).copied()
        })
    }

    /// The links of pairs, from the first to the second.
    pub fn links(&self) -> impl Iterator<Item = ((NodeId, NodeId), Link)> {
        self.links.iter().map(|(pair, link)| (*pair, *link))
    }

    /// The lines of nodes that have one of their own.
    pub fn lines(&self) -> impl Iterator<Item = (NodeId, HostLink)> {
        self.lines.iter().map(|(node, line)| (*node, *line))
    }

    /// A node's own line, if it has one.
    pub fn line(&self, node: &NodeId) -> Option<HostLink> {
        self.lines.get(node).copied()
    }

    /// The region a node is in.
    pub fn region(&self, node: &NodeId) -> Option<u16> {
        self.regions.get(node).copied()
    }

    /// The links between regions, from the first to the second.
    pub fn region_links(&self) -> impl Iterator<Item = ((u16, u16), Link)> {
        self.region_links.iter().map(|(regions, link)| (*regions, *link))
    }

    /// The restraints that stand, in the order in which they were imposed.
    pub fn restraints(&self) -> impl ExactSizeIterator<Item = (RestraintId, &Restraint)> {
        self.restraints.iter().map(|(id, restraint)| (*id, restraint))
    }

    /// Whether a restraint stands.
    pub fn has_restraint(&self, id: RestraintId) -> bool {
        self.restraints.contains_key(&id)
    }

    /// The name of the next restraint.
    pub(crate) fn next_restraint(&self) -> RestraintId {
        RestraintId(self.imposed + 1)
    }

    pub(crate) fn set(&mut self, condition: &Condition) {
        match condition {
            Condition::DefaultLink(link) => self.default = Some(*link),
            Condition::Link { from, to, both_ways, link } => {
                put(&mut self.links, (*from, *to), *link);
                if *both_ways {
                    put(&mut self.links, (*to, *from), *link);
                }
            }
            Condition::Line { node, line } => {
                put(&mut self.lines, *node, (*line != HostLink::UNLIMITED).then_some(*line));
            }
            Condition::Region { node, region } => put(&mut self.regions, *node, *region),
            Condition::RegionLink { from, to, link } => put(&mut self.region_links, (*from, *to), *link),
            Condition::Impose { id, one, other, both_ways, effect } => {
                let (one, other) = (one.clone(), other.clone());
                let restraint = Restraint { one, other, both_ways: *both_ways, effect: *effect };
                self.restraints.insert(*id, restraint);
                self.imposed = id.0;
            }
            Condition::Lift(id) => drop(self.restraints.remove(id)),
        }
    }

    /// Forgets what was set for a node that is gone.
    pub(crate) fn forget(&mut self, node: &NodeId) {
        self.links.retain(|(from, to), _| from != node && to != node);
        self.lines.remove(node);
        self.regions.remove(node);
        for restraint in self.restraints.values_mut() {
            restraint.one.retain(|id| id != node);
            if let Some(other) = &mut restraint.other {
                other.retain(|id| id != node);
            }
        }
    }

    /// Forgets everything, but never uses a name of a restraint again.
    pub(crate) fn reset(&mut self) {
        *self = Self { imposed: self.imposed, ..Self::default() };
    }

    /// What takes back all that stands (or what was set for one node), but for the default link.
    pub(crate) fn undoing(&self, of: Option<&NodeId>) -> Vec<Condition> {
        let wanted = |node: &NodeId| of.is_none_or(|of| of == node);
        let links = self
            .links
            .keys()
            .filter(|(from, to)| wanted(from) || wanted(to))
            .map(|(from, to)| Condition::Link { from: *from, to: *to, both_ways: false, link: None });
        let lines = self.lines.keys().filter(|node| wanted(node));
        let lines = lines.map(|node| Condition::Line { node: *node, line: HostLink::UNLIMITED });
        let regions = self.regions.keys().filter(|node| wanted(node));
        let regions = regions.map(|node| Condition::Region { node: *node, region: None });
        let mut undoing: Vec<_> = links.chain(lines).chain(regions).collect();
        if of.is_none() {
            let between = self.region_links.keys();
            undoing.extend(between.map(|(from, to)| Condition::RegionLink {
                from: *from,
                to: *to,
                link: None,
            }));
            undoing.extend(self.restraints.keys().map(|id| Condition::Lift(*id)));
        }
        undoing
    }
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}
