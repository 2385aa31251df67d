//! Shapes of networks: which nodes connect to which, and whether they did.
//!
//! | module | holds |
//! |---|---|
//! | `random` | the shapes that draw |
//! | [`listed`] | shapes that somebody wrote down: edge lists and GraphML |

pub mod listed;
mod random;

use crate::state::State;
use devp2p::NodeId;
use random::{kademlia, random_regular, scale_free, small_world};
use std::collections::BTreeSet;
use std::fmt;
use world::Entropy;
use world::sim::Chance;

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// No connections.
    None,
    /// Each node to the next.
    Chain,
    /// A chain whose last node connects to its first.
    Ring,
    /// One node to each other.
    Star {
        /// Index of that node.
        center: usize,
    },
    /// Each node to each other.
    Full,
    /// Random, with the same number of connections at each node.
    RandomRegular {
        /// That number.
        degree: usize,
    },
    /// Neighbours in a ring, some of them swapped for strangers (Watts and Strogatz, Nature 393, 1998).
    SmallWorld {
        /// Neighbours of a node before any is swapped, half of them on each side.
        degree: usize,
        /// How likely each connection leads to a random node instead.
        rewire: Chance,
    },
    /// Nodes come one after the other and connect to those that have many connections already (Barabási and Albert,
    /// Science 286, 1999).
    ScaleFree {
        /// How many connections each newcomer makes.
        links: usize,
    },
    /// Each node knows some nodes at each distance (Maymounkov and Mazières, 2002): positions are drawn, their distance is
    /// XOR, and of each half of what is left of the space, every node connects to a few.
    Kademlia {
        /// How many of each half; all if there are no more.
        bucket: usize,
    },
}

/// Why a shape cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The centre is not one of the nodes.
    #[error("the star's center is node {center}, but there are {nodes} nodes (counted from 0)")]
    NoCenter {
        /// The centre asked for.
        center: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// More connections at a node than other nodes.
    #[error("a degree of {degree} needs more than {degree} nodes; there are {nodes}")]
    DegreeTooHigh {
        /// The degree asked for.
        degree: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// The ring under a small world has neighbours in pairs.
    #[error(
        "a small world of degree {degree} cannot be: half of the neighbours are on each side, so it is even"
    )]
    OddDegree {
        /// The degree asked for.
        degree: usize,
    },
    /// An odd number of connection ends cannot be paired.
    #[error(
        "{nodes} nodes of degree {degree} have an odd number of connection ends: make one of the two even"
    )]
    OddEnds {
        /// The degree asked for.
        degree: usize,
        /// How many nodes there are.
        nodes: usize,
    },
}

impl Topology {
    /// Whether it is another one each time it is drawn.
    pub fn is_drawn(&self) -> bool {
        matches!(
            self,
            Self::RandomRegular { .. }
                | Self::SmallWorld { .. }
                | Self::ScaleFree { .. }
                | Self::Kademlia { .. }
        )
    }

    /// How many connections it has over so many nodes, or a few more.
    pub fn most_connections(&self, nodes: usize) -> u64 {
        let nodes = nodes as u64;
        match *self {
            Self::None => 0,
            Self::Chain | Self::Ring | Self::Star { .. } => nodes,
            Self::Full => nodes.saturating_mul(nodes.saturating_sub(1)) / 2,
            Self::RandomRegular { degree } | Self::SmallWorld { degree, .. } => {
                nodes.saturating_mul(degree as u64) / 2
            }
            Self::ScaleFree { links } => nodes.saturating_mul(links as u64),
            // A bucket for each halving of the space.
            Self::Kademlia { bucket } => {
                nodes.saturating_mul(bucket as u64).saturating_mul(nodes.max(1).ilog2().into())
            }
        }
    }

    /// The pairs to connect among `nodes` nodes, who dials first. Each pair comes once. Entropy is drawn for random
    /// shapes only.
    pub fn edges(self, nodes: usize, entropy: &mut Entropy) -> Result<Vec<(usize, usize)>, TopologyError> {
        Ok(match self {
            Self::None => Vec::new(),
            Self::Chain => chain(nodes),
            // Two nodes make a ring of one connection, one node a ring of none.
            Self::Ring if nodes < 3 => chain(nodes),
            Self::Ring => {
                let mut edges = chain(nodes);
                edges.push((nodes - 1, 0));
                edges
            }
            Self::Star { .. } if nodes == 0 => Vec::new(),
            Self::Star { center } if center >= nodes => {
                return Err(TopologyError::NoCenter { center, nodes });
            }
            Self::Star { center } => (0..nodes).filter(|&n| n != center).map(|n| (center, n)).collect(),
            Self::Full => (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).collect(),
            Self::RandomRegular { degree: 0 } => Vec::new(),
            Self::RandomRegular { degree } if degree >= nodes => {
                return Err(TopologyError::DegreeTooHigh { degree, nodes });
            }
            Self::RandomRegular { degree } if degree % 2 == 1 && nodes % 2 == 1 => {
                return Err(TopologyError::OddEnds { degree, nodes });
            }
            Self::RandomRegular { degree } => random_regular(nodes, degree, entropy),
            Self::SmallWorld { degree: 0, .. }
            | Self::ScaleFree { links: 0 }
            | Self::Kademlia { bucket: 0 } => Vec::new(),
            Self::SmallWorld { degree, .. } | Self::ScaleFree { links: degree } if degree >= nodes => {
                return Err(TopologyError::DegreeTooHigh { degree, nodes });
            }
            Self::SmallWorld { degree, .. } if degree % 2 == 1 => {
                return Err(TopologyError::OddDegree { degree });
            }
            Self::SmallWorld { degree, rewire } => small_world(nodes, degree, rewire, entropy),
            Self::ScaleFree { links } => scale_free(nodes, links, entropy),
            Self::Kademlia { bucket } => kademlia(nodes, bucket, entropy),
        })
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Chain => f.write_str("chain"),
            Self::Ring => f.write_str("ring"),
            Self::Star { .. } => f.write_str("star"),
            Self::Full => f.write_str("full"),
            Self::RandomRegular { degree } => write!(f, "random-regular of degree {degree}"),
            Self::SmallWorld { degree, rewire } => {
                write!(f, "small-world of degree {degree}, {:.3} % rewired", 100.0 * rewire.as_f64())
            }
            Self::ScaleFree { links } => write!(f, "scale-free with {links} links by newcomer"),
            Self::Kademlia { bucket } => write!(f, "kademlia with buckets of {bucket}"),
        }
    }
}

fn chain(nodes: usize) -> Vec<(usize, usize)> {
    (1..nodes).map(|n| (n - 1, n)).collect()
}

/// How a network differs from the shape it should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Pairs that should be connected and are not, at both ends.
    pub missing: Vec<(NodeId, NodeId)>,
    /// Pairs that are connected and should not be.
    pub surplus: Vec<(NodeId, NodeId)>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |f: &mut fmt::Formatter<'_>, pairs: &[(NodeId, NodeId)], what: &str| {
            for (a, b) in pairs.iter().take(3) {
                write!(f, "nodes {} and {} are {what}; ", a.short(), b.short())?;
            }
            match pairs.len().saturating_sub(3) {
                0 => Ok(()),
                more => write!(f, "and {more} more; "),
            }
        };
        show(f, &self.missing, "not connected, but they should be")?;
        show(f, &self.surplus, "connected, but they should not be")
    }
}

impl std::error::Error for Mismatch {}

/// Does a network have exactly the connections `pairs`, up at both ends, and no others?
pub fn verify(state: &State, pairs: &[(NodeId, NodeId)]) -> Result<(), Mismatch> {
    let wanted: BTreeSet<(NodeId, NodeId)> = pairs.iter().map(|&(a, b)| order(a, b)).collect();
    let mut mismatch = Mismatch::default();
    let mut found = BTreeSet::new();
    for conn in state.conns() {
        let pair = order(state.nodes()[conn.one].id, state.nodes()[conn.other].id);
        if conn.established() {
            found.insert(pair);
        }
        if conn.up && !wanted.contains(&pair) {
            mismatch.surplus.push(pair);
        }
    }
    mismatch.missing.extend(wanted.difference(&found));
    if mismatch == Mismatch::default() { Ok(()) } else { Err(mismatch) }
}

fn order(a: NodeId, b: NodeId) -> (NodeId, NodeId) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(topology: Topology, nodes: usize) -> Vec<(usize, usize)> {
        topology.edges(nodes, &mut Entropy::derive(1, 0, 0, "topology")).unwrap()
    }

    #[test]
    fn shapes_of_few_nodes() {
        for (topology, nodes, expect) in [
            (Topology::Chain, 0, vec![]),
            (Topology::Chain, 3, vec![(0, 1), (1, 2)]),
            (Topology::Ring, 1, vec![]),
            (Topology::Ring, 2, vec![(0, 1)]),
            (Topology::Ring, 3, vec![(0, 1), (1, 2), (2, 0)]),
            (Topology::Star { center: 1 }, 3, vec![(1, 0), (1, 2)]),
            (Topology::Full, 3, vec![(0, 1), (0, 2), (1, 2)]),
            (Topology::RandomRegular { degree: 0 }, 3, vec![]),
            (Topology::RandomRegular { degree: 3 }, 4, vec![(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]),
            (Topology::None, 3, vec![]),
            (
                Topology::SmallWorld { degree: 2, rewire: Chance::NEVER },
                4,
                vec![(0, 1), (1, 2), (2, 3), (3, 0)],
            ),
            (Topology::ScaleFree { links: 2 }, 3, vec![(1, 0), (2, 0), (2, 1)]),
            (Topology::Kademlia { bucket: 1 }, 1, vec![]),
            (Topology::Kademlia { bucket: 1 }, 2, vec![(0, 1)]),
        ] {
            assert_eq!(edges(topology, nodes), expect, "{topology} of {nodes}");
        }
    }

    #[test]
    fn random_regular_graphs_are_simple_and_regular() {
        for (nodes, degree) in [(10, 3), (10, 8), (50, 7), (1001, 10), (60, 58), (300, 150)] {
            let edges = edges(Topology::RandomRegular { degree }, nodes);
            let mut degrees = vec![0; nodes];
            let mut seen = BTreeSet::new();
            for (a, b) in edges {
                assert_ne!(a, b);
                assert!(seen.insert((a.min(b), a.max(b))), "{a}-{b} twice");
                degrees[a] += 1;
                degrees[b] += 1;
            }
            assert!(degrees.iter().all(|&d| d == degree), "{nodes} nodes of degree {degree}");
        }
    }

    #[test]
    fn one_seed_one_graph() {
        let graph = |seed| {
            Topology::RandomRegular { degree: 4 }
                .edges(100, &mut Entropy::derive(seed, 0, 0, "topology"))
                .unwrap()
        };
        assert_eq!(graph(1), graph(1));
        assert_ne!(graph(1), graph(2));
    }

    #[test]
    fn impossible_shapes_say_why() {
        let refuse = |topology: Topology, nodes| {
            topology.edges(nodes, &mut Entropy::derive(1, 0, 0, "topology")).unwrap_err().to_string()
        };
        for (topology, nodes, text) in [
            (Topology::Star { center: 3 }, 3, "center is node 3, but there are 3 nodes"),
            (Topology::RandomRegular { degree: 3 }, 3, "needs more than 3 nodes; there are 3"),
            (Topology::RandomRegular { degree: 3 }, 5, "odd number of connection ends"),
            (Topology::SmallWorld { degree: 3, rewire: Chance::NEVER }, 9, "so it is even"),
            (
                Topology::SmallWorld { degree: 4, rewire: Chance::NEVER },
                4,
                "needs more than 4 nodes; there are 4",
            ),
            (Topology::ScaleFree { links: 3 }, 3, "needs more than 3 nodes; there are 3"),
        ] {
            assert!(refuse(topology, nodes).contains(text), "{topology} of {nodes}");
        }
    }
}
