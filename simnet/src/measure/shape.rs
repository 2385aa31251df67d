//! The shape of a network at one moment: degrees, parts, distances.

use super::quantity::{Quantity, Samples};
use crate::state::State;
use std::cmp::Reverse;
use world::Entropy;

/// Nodes from which distances are measured; in a network of no more it is every one.
const SOURCES: usize = 64;

/// The nodes that are up, in parts that do not reach each other, the largest first; a node without peers is one.
pub(crate) fn parts(state: &State) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..state.nodes().len()).collect();
    fn find(leader: &mut [usize], mut place: usize) -> usize {
        while leader[place] != place {
            leader[place] = leader[leader[place]];
            place = leader[place];
        }
        place
    }
    for conn in state.conns().filter(|conn| conn.up) {
        let (one, other) = (find(&mut leader, conn.one), find(&mut leader, conn.other));
        leader[one.max(other)] = one.min(other);
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); leader.len()];
    for (place, _) in state.nodes().iter().enumerate().filter(|(_, node)| node.up) {
        let first = find(&mut leader, place);
        parts[first].push(place);
    }
    parts.retain(|part| !part.is_empty());
    parts.sort_by_key(|part| Reverse(part.len()));
    parts
}

/// Degree, parts and distances, by name. `entropy` picks the nodes from which distances are measured.
pub(super) fn quantities(state: &State, entropy: &mut Entropy) -> [(&'static str, Quantity); 4] {
    let (mut degree, mut size) = (Samples::default(), Samples::default());
    for node in state.nodes().iter().filter(|node| node.up) {
        degree.add(node.peers as f64);
    }
    let parts = parts(state);
    parts.iter().for_each(|part| size.add(part.len() as f64));
    [
        ("degree", degree.finish("peers")),
        ("components", Quantity::single("", parts.len() as f64)),
        ("component-size", size.finish("nodes")),
        ("path-length", path_lengths(state, entropy).finish("links")),
    ]
}

fn path_lengths(state: &State, entropy: &mut Entropy) -> Samples {
    let neighbours = Neighbours::of(state);
    let mut sources: Vec<usize> = (0..state.nodes().len()).filter(|place| state.nodes()[*place].up).collect();
    if sources.len() > SOURCES {
        // The first of a shuffle, without shuffling the rest.
        for place in 0..SOURCES {
            let other = place as u64 + entropy.below((sources.len() - place) as u64);
            sources.swap(place, other as usize);
        }
        sources.truncate(SOURCES);
    }
    let mut lengths = Samples::default();
    let mut counts: Vec<u64> = Vec::new();
    for source in sources {
        neighbours.count_from(source, &mut counts);
    }
    for (length, count) in counts.into_iter().enumerate().skip(1) {
        lengths.add_many(length as f64, count);
    }
    lengths
}

/// Who is connected to whom, all lists in one.
struct Neighbours {
    ends: Vec<usize>,
    all: Vec<u32>,
}

impl Neighbours {
    fn of(state: &State) -> Self {
        let mut ends = vec![0; state.nodes().len() + 1];
        let up = || state.conns().filter(|conn| conn.up);
        for conn in up() {
            ends[conn.one + 1] += 1;
            ends[conn.other + 1] += 1;
        }
        for place in 1..ends.len() {
            ends[place] += ends[place - 1];
        }
        let (mut next, mut all) = (ends.clone(), vec![0; ends[ends.len() - 1]]);
        for conn in up() {
            for (from, to) in [(conn.one, conn.other), (conn.other, conn.one)] {
                all[next[from]] = to as u32;
                next[from] += 1;
            }
        }
        Self { ends, all }
    }

    /// Adds how many nodes are at each distance from `source`.
    fn count_from(&self, source: usize, counts: &mut Vec<u64>) {
        let mut seen = vec![false; self.ends.len() - 1];
        seen[source] = true;
        let (mut ring, mut distance) = (vec![source as u32], 0);
        while !ring.is_empty() {
            if counts.len() <= distance {
                counts.push(0);
            }
            counts[distance] += ring.len() as u64;
            let mut next = Vec::new();
            for node in ring {
                for other in &self.all[self.ends[node as usize]..self.ends[node as usize + 1]] {
                    if !std::mem::replace(&mut seen[*other as usize], true) {
                        next.push(*other);
                    }
                }
            }
            (ring, distance) = (next, distance + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Asked, Kind, Origin, Record};
    use devp2p::NodeId;

    fn id(node: usize) -> NodeId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&node.to_be_bytes());
        NodeId::from_bytes(bytes)
    }

    fn network(nodes: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> State {
        let mut state = State::default();
        let mut fold = |origin, kind| state.fold(&Record { time: 0, origin, seq: 0, kind }, &mut Vec::new());
        for node in 0..nodes {
            let create = Asked::Create { id: id(node), name: format!("n{node}"), services: Vec::new() };
            fold(Origin::EXPERIMENTER, Kind::Asked(create));
            fold(Origin::node(node as u32), Kind::Up);
        }
        for (one, other) in edges {
            fold(Origin::node(one as u32), Kind::PeerAdded { peer: id(other), inbound: false });
            fold(Origin::node(other as u32), Kind::PeerAdded { peer: id(one), inbound: true });
        }
        state
    }

    fn of(state: &State) -> Vec<(&'static str, Quantity)> {
        quantities(state, &mut Entropy::derive(1, 0, 0, "test")).into_iter().collect()
    }

    fn values(state: &State, name: &str) -> Vec<(f64, u64)> {
        of(state).into_iter().find(|(known, _)| *known == name).unwrap().1.values().collect()
    }

    #[test]
    fn a_ring_of_ten_has_the_distances_it_has() {
        let ring = network(10, (0..10).map(|node| (node, (node + 1) % 10)));
        assert_eq!(values(&ring, "degree"), [(2.0, 10)]);
        assert_eq!(values(&ring, "components"), [(1.0, 1)]);
        assert_eq!(values(&ring, "path-length"), [(1.0, 20), (2.0, 20), (3.0, 20), (4.0, 20), (5.0, 10)]);
    }

    #[test]
    fn parts_that_do_not_reach_each_other_are_told_apart() {
        let state = network(6, [(0, 1), (1, 2), (3, 4)]);
        assert_eq!(parts(&state), [vec![0, 1, 2], vec![3, 4], vec![5]]);
        assert_eq!(values(&state, "components"), [(3.0, 1)]);
        assert_eq!(values(&state, "component-size"), [(1.0, 1), (2.0, 1), (3.0, 1)]);
        assert_eq!(values(&state, "path-length"), [(1.0, 6), (2.0, 2)]);
        assert_eq!(values(&State::default(), "path-length"), []);
    }

    #[test]
    fn of_a_large_network_some_nodes_are_asked_and_the_same_ones_each_time() {
        let star = network(500, (1..500).map(|node| (0, node)));
        assert_eq!(of(&star), of(&star));
        let total: u64 = values(&star, "path-length").iter().map(|(_, count)| count).sum();
        assert_eq!(total, 64 * 499);
    }
}
