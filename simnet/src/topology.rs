//! Shapes of networks: which nodes connect to which, and whether they did.

use crate::state::State;
use devp2p::NodeId;
use std::collections::BTreeSet;
use std::fmt;
use world::Entropy;

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
        }
    }
}

fn chain(nodes: usize) -> Vec<(usize, usize)> {
    (1..nodes).map(|n| (n - 1, n)).collect()
}

/// The pairing model: every node has `degree` ends, the ends are shuffled and paired, and pairs that would be loops or
/// doubles are crossed with random others until none is left (McKay and Wormald's switchings).
fn random_regular(nodes: usize, degree: usize, entropy: &mut Entropy) -> Vec<(usize, usize)> {
    // Nearly full graphs leave the crossings no room: take the complement of a sparse one instead.
    if degree > nodes / 2 {
        let missing: BTreeSet<_> = match nodes - 1 - degree {
            0 => BTreeSet::new(),
            few => random_regular(nodes, few, entropy).into_iter().map(ordered).collect(),
        };
        let all = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
        return all.filter(|edge| !missing.contains(edge)).collect();
    }
    loop {
        let mut ends: Vec<usize> = (0..nodes).flat_map(|n| std::iter::repeat_n(n, degree)).collect();
        entropy.shuffle(&mut ends);
        let mut pairs: Vec<(usize, usize)> = ends.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        if untangle(&mut pairs, entropy) {
            return pairs;
        }
    }
}

/// Crosses bad pairs with random ones; gives up (almost never) after many tries.
fn untangle(pairs: &mut [(usize, usize)], entropy: &mut Entropy) -> bool {
    let mut seen = BTreeSet::new();
    let is_bad =
        |pair: &(usize, usize), seen: &BTreeSet<_>| pair.0 == pair.1 || seen.contains(&ordered(*pair));
    let mut bad = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        if is_bad(pair, &seen) {
            bad.push(i);
        } else {
            seen.insert(ordered(*pair));
        }
    }
    let mut tries = 200 * (bad.len() + 1);
    while let Some(&i) = bad.last() {
        if tries == 0 {
            return false;
        }
        tries -= 1;
        let j = entropy.below(pairs.len() as u64) as usize;
        if bad.contains(&j) {
            continue;
        }
        let ((a, b), (c, d)) = (pairs[i], pairs[j]);
        let crossed = [(a, d), (c, b)];
        if crossed.iter().any(|pair| is_bad(pair, &seen)) || ordered(crossed[0]) == ordered(crossed[1]) {
            continue;
        }
        seen.remove(&ordered((c, d)));
        seen.extend(crossed.map(ordered));
        [pairs[i], pairs[j]] = crossed;
        bad.pop();
    }
    true
}

fn ordered((a, b): (usize, usize)) -> (usize, usize) {
    (a.min(b), a.max(b))
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
                assert!(seen.insert(ordered((a, b))), "{a}-{b} twice");
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
        ] {
            assert!(refuse(topology, nodes).contains(text), "{topology} of {nodes}");
        }
    }
}
