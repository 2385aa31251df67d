//! The shapes that draw.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeSet;
use world::Entropy;
use world::sim::Chance;

/// The pairing model: every node has `degree` ends, the ends are shuffled and paired, and pairs that would be loops or
/// doubles are crossed with random others until none is left (McKay and Wormald's switchings).
pub(super) fn random_regular(nodes: usize, degree: usize, entropy: &mut Entropy) -> Vec<(usize, usize)> {
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
    let mut seen = IndexSet::<_, FxBuildHasher>::with_capacity_and_hasher(pairs.len(), FxBuildHasher);
    let is_bad =
        |pair: &(usize, usize), seen: &IndexSet<_, _>| pair.0 == pair.1 || seen.contains(&ordered(*pair));
    let mut bad = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        if pair.0 == pair.1 || !seen.insert(ordered(*pair)) {
            bad.push(i);
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
        seen.swap_remove(&ordered((c, d)));
        seen.extend(crossed.map(ordered));
        [pairs[i], pairs[j]] = crossed;
        bad.pop();
    }
    true
}

/// A ring in which each node is connected to its next `degree / 2` on both sides; then the far end of each connection is,
/// with the chance `rewire`, put to a node drawn among those it is not connected to.
pub(super) fn small_world(
    nodes: usize,
    degree: usize,
    rewire: Chance,
    entropy: &mut Entropy,
) -> Vec<(usize, usize)> {
    let mut edges: Vec<(usize, usize)> =
        (1..=degree / 2).flat_map(|step| (0..nodes).map(move |n| (n, (n + step) % nodes))).collect();
    let mut seen: BTreeSet<_> = edges.iter().map(|edge| ordered(*edge)).collect();
    let mut degrees = vec![0; nodes];
    for (one, other) in &edges {
        degrees[*one] += 1;
        degrees[*other] += 1;
    }
    for edge in &mut edges {
        let (one, other) = *edge;
        // Drawn for each, so that a greater chance rewires the same connections and more.
        if entropy.unit() >= rewire.as_f64() || degrees[one] == nodes - 1 {
            continue;
        }
        let stranger = loop {
            let stranger = entropy.below(nodes as u64) as usize;
            if stranger != one && !seen.contains(&ordered((one, stranger))) {
                break stranger;
            }
        };
        seen.remove(&ordered((one, other)));
        seen.insert(ordered((one, stranger)));
        degrees[other] -= 1;
        degrees[stranger] += 1;
        *edge = (one, stranger);
    }
    edges
}

/// The first `links + 1` nodes are all connected; each later one connects to `links` different nodes, drawn by how many
/// connections they have.
pub(super) fn scale_free(nodes: usize, links: usize, entropy: &mut Entropy) -> Vec<(usize, usize)> {
    let first = (links + 1).min(nodes);
    let mut edges: Vec<(usize, usize)> = (0..first).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    // A node stands here once for each of its connections.
    let mut ends: Vec<usize> = edges.iter().flat_map(|(one, other)| [*one, *other]).collect();
    for newcomer in first..nodes {
        let mut chosen = BTreeSet::new();
        while chosen.len() < links {
            chosen.insert(ends[entropy.below(ends.len() as u64) as usize]);
        }
        for old in chosen {
            edges.push((newcomer, old));
            ends.extend([newcomer, old]);
        }
    }
    edges
}

/// Every node has a position of 64 bits. For each number of leading bits in which another may agree with it, it connects
/// to `bucket` of those that agree in exactly so many.
pub(super) fn kademlia(nodes: usize, bucket: usize, entropy: &mut Entropy) -> Vec<(usize, usize)> {
    let mut places: Vec<(u64, usize)> = (0..nodes).map(|n| (entropy.next_u64(), n)).collect();
    let positions: Vec<u64> = places.iter().map(|(position, _)| *position).collect();
    places.sort_unstable();
    let mut seen = BTreeSet::new();
    let mut edges = Vec::new();
    for (node, position) in positions.into_iter().enumerate() {
        for shared in 0..u64::BITS {
            // Those that agree in `shared` bits and not in the next: neighbours in the order of positions.
            let bit = 1 << (u64::BITS - 1 - shared);
            let low = (position ^ bit) & !(bit - 1);
            let from = places.partition_point(|(place, _)| *place < low);
            let to = places.partition_point(|(place, _)| *place <= low | (bit - 1));
            let near = places.partition_point(|(place, _)| *place < position & !(bit - 1));
            for other in some_of(&places[from..to], bucket, entropy) {
                if seen.insert(ordered((node, other))) {
                    edges.push((node, other));
                }
            }
            // Nobody but the node itself agrees in more bits.
            let alone = places.get(near + 1).is_none_or(|(place, _)| *place > position | (bit - 1));
            if alone {
                break;
            }
        }
    }
    edges
}

/// `count` of these, each as likely as the other, or all.
fn some_of(places: &[(u64, usize)], count: usize, entropy: &mut Entropy) -> Vec<usize> {
    if places.len() <= count {
        return places.iter().map(|(_, node)| *node).collect();
    }
    let mut chosen = BTreeSet::new();
    // Floyd's sampling: one draw for each that is taken.
    for last in places.len() - count..places.len() {
        let drawn = entropy.below(last as u64 + 1) as usize;
        if !chosen.insert(drawn) {
            chosen.insert(last);
        }
    }
    chosen.into_iter().map(|place| places[place].1).collect()
}

fn ordered((a, b): (usize, usize)) -> (usize, usize) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy(seed: u64) -> Entropy {
        Entropy::derive(seed, 0, 0, "topology")
    }

    /// Checks that no edge is a loop or there twice, and answers the degrees.
    fn degrees(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut degrees = vec![0; nodes];
        for &(a, b) in edges {
            assert_ne!(a, b);
            assert!(seen.insert(ordered((a, b))), "{a}-{b} twice");
            degrees[a] += 1;
            degrees[b] += 1;
        }
        degrees
    }

    /// Nodes that can be reached from the first, and how far the farthest of them is.
    fn reach(nodes: usize, edges: &[(usize, usize)]) -> (usize, usize) {
        let mut far = vec![usize::MAX; nodes];
        far[0] = 0;
        let mut front = vec![0];
        for hops in 1.. {
            let mut next = Vec::new();
            for &(a, b) in edges {
                for (from, to) in [(a, b), (b, a)] {
                    if far[from] == hops - 1 && far[to] == usize::MAX {
                        far[to] = hops;
                        next.push(to);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            front = next;
        }
        let reached = far.iter().filter(|hops| **hops != usize::MAX).count();
        (reached, far[front[0]])
    }

    #[test]
    fn a_small_world_keeps_its_edges_and_loses_its_distances() {
        let (nodes, degree) = (400, 6);
        let world = |rewire| small_world(nodes, degree, Chance::of(rewire), &mut entropy(1));
        let ring = world(0.0);
        assert!(degrees(nodes, &ring).iter().all(|&d| d == degree));
        assert_eq!(reach(nodes, &ring), (nodes, 67), "200 hops of at most 3");
        for (rewire, farthest) in [(0.1, 12), (1.0, 7)] {
            let edges = world(rewire);
            degrees(nodes, &edges);
            assert_eq!(edges.len(), ring.len());
            let (reached, far) = reach(nodes, &edges);
            assert!(reached > nodes - 10 && far <= farthest, "{rewire}: {reached} reached, {far} hops");
            let moved = edges.iter().zip(&ring).filter(|(a, b)| a != b).count() as f64 / ring.len() as f64;
            assert!((moved - rewire).abs() < 0.04, "{rewire}: {moved} moved");
        }
        // Where everyone is connected to everyone there is nobody to go to.
        assert_eq!(small_world(5, 4, Chance::of(1.0), &mut entropy(1)).len(), 10);
    }

    #[test]
    fn in_a_scale_free_network_few_have_much() {
        let (nodes, links) = (2_000, 3);
        let edges = scale_free(nodes, links, &mut entropy(1));
        let degrees = degrees(nodes, &edges);
        assert_eq!(edges.len(), 6 + (nodes - 4) * links);
        assert!(degrees.iter().all(|&d| d >= links));
        assert_eq!(reach(nodes, &edges).0, nodes);
        // P(degree = k) = 2m(m+1) / (k(k+1)(k+2)): 40 % have exactly 3, and above 30 there are 6/500 or so.
        let share = |holds: &dyn Fn(usize) -> bool| {
            degrees.iter().filter(|d| holds(**d)).count() as f64 / nodes as f64
        };
        assert!((share(&|d| d == 3) - 0.4).abs() < 0.05, "{}", share(&|d| d == 3));
        assert!((0.004..0.03).contains(&share(&|d| d > 30)), "{}", share(&|d| d > 30));
        assert!(degrees.iter().max() > Some(&60));
    }

    #[test]
    fn a_kademlia_network_is_near_everywhere() {
        let (nodes, bucket) = (512, 3);
        let edges = kademlia(nodes, bucket, &mut entropy(1));
        let degrees = degrees(nodes, &edges);
        // Nine halvings, three of each, and as many again that come from others; less where both found each other.
        let mean = degrees.iter().sum::<usize>() as f64 / nodes as f64;
        assert!((30.0..54.0).contains(&mean), "{mean}");
        let (reached, far) = reach(nodes, &edges);
        assert!(reached == nodes && far <= 4, "{reached} reached, {far} hops");
        // Buckets that hold everybody connect everybody.
        assert_eq!(kademlia(40, 40, &mut entropy(1)).len(), 40 * 39 / 2);
    }

    #[test]
    fn one_seed_one_graph() {
        let graphs = |seed| {
            let entropy = &mut entropy(seed);
            let small = small_world(50, 4, Chance::of(0.5), entropy);
            [small, scale_free(50, 2, entropy), kademlia(50, 2, entropy)]
        };
        assert_eq!(graphs(1), graphs(1));
        for (one, other) in graphs(1).iter().zip(&graphs(2)) {
            assert_ne!(one, other);
        }
    }
}
