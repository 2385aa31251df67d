//! How items spread: of each item that is published, when and how it reached every node.

use super::quantity::{Quantity, Samples};
use indexmap::IndexMap;
use std::rc::Rc;

/// Items that are followed at a time; one more, and the one published first is closed.
const OPEN: usize = 4096;

/// A set of nodes, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeSet(Vec<u64>);

impl NodeSet {
    /// Answers whether it was not there.
    pub(super) fn insert(&mut self, node: u32) -> bool {
        let (word, bit) = (node as usize / 64, 1 << (node % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    pub(super) fn remove(&mut self, node: u32) {
        if let Some(word) = self.0.get_mut(node as usize / 64) {
            *word &= !(1 << (node % 64));
        }
    }

    fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    fn common(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(one, other)| (one & other).count_ones()).sum()
    }
}

/// A copy that came, as a record tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy {
    pub(super) time: u64,
    pub(super) node: u32,
    pub(super) item: u64,
    pub(super) hops: u32,
    pub(super) published: bool,
}

/// How the items of one protocol spread.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    arrival: Samples,
    hops: Samples,
    /// Of items that are closed.
    reach: Samples,
    /// In the order of publication.
    open: IndexMap<u64, Open>,
    published: u64,
    /// By node: items it got, and copies beyond the first of each.
    copies: Vec<[u64; 2]>,
}

#[derive(Clone, Debug)]
struct Open {
    published: u64,
    up: Rc<NodeSet>,
    reached: NodeSet,
}

impl Open {
    /// The share of the nodes that were up when it was published that it has reached.
    fn reach(&self) -> Option<f64> {
        let of = self.up.len();
        (of > 0).then(|| f64::from(self.up.common(&self.reached)) / f64::from(of))
    }
}

impl Spread {
    /// Takes in a copy; `up` are the nodes that are up. Answers whether it was the first of its item at its node.
    pub(super) fn note(&mut self, copy: Copy, up: &Rc<NodeSet>) -> bool {
        let Copy { time, node, item, hops, published } = copy;
        if published && !self.open.contains_key(&item) {
            self.publish(item, time, up);
        }
        // Of an item that was published before measuring began, or long ago, nothing is known to compare with.
        let Some(open) = self.open.get_mut(&item) else { return false };
        let is_first = open.reached.insert(node);
        if self.copies.len() <= node as usize {
            self.copies.resize(node as usize + 1, [0; 2]);
        }
        self.copies[node as usize][usize::from(!is_first)] += 1;
        if is_first && !published {
            self.arrival.add((time - open.published) as f64 / 1e9);
            self.hops.add(f64::from(hops));
        }
        is_first
    }

    fn publish(&mut self, item: u64, time: u64, up: &Rc<NodeSet>) {
        if self.open.len() == OPEN
            && let Some((_, oldest)) = self.open.shift_remove_index(0)
            && let Some(reach) = oldest.reach()
        {
            self.reach.add(reach);
        }
        self.published += 1;
        self.open.insert(item, Open { published: time, up: Rc::clone(up), reached: NodeSet::default() });
    }

    /// Items published.
    pub(super) fn published(&self) -> u64 {
        self.published
    }

    /// The quantities, by the second half of their names.
    pub(super) fn quantities(&self) -> [(&'static str, Quantity); 4] {
        let mut reach = self.reach.clone();
        self.open.values().filter_map(Open::reach).for_each(|share| reach.add(share));
        let mut duplicates = Samples::default();
        for [items, more] in self.copies.iter().filter(|[items, _]| *items > 0) {
            duplicates.add(*more as f64 / *items as f64);
        }
        [
            ("arrival", self.arrival.finish("s")),
            ("hops", self.hops.finish("links")),
            ("reach", reach.finish("share")),
            ("duplicates", duplicates.finish("copies")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(milli: u64, node: u32, item: u64, hops: u32) -> Copy {
        Copy { time: milli * 1_000_000, node, item, hops, published: hops == 0 }
    }

    fn up(nodes: impl IntoIterator<Item = u32>) -> Rc<NodeSet> {
        let mut set = NodeSet::default();
        for node in nodes {
            set.insert(node);
        }
        Rc::new(set)
    }

    fn quantity(spread: &Spread, name: &str) -> Quantity {
        spread.quantities().into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn an_item_is_timed_from_where_it_was_published() {
        let (mut spread, up) = (Spread::default(), up(0..4));
        for of in
            [copy(10, 0, 7, 0), copy(60, 1, 7, 1), copy(61, 0, 7, 1), copy(110, 2, 7, 2), copy(115, 2, 7, 3)]
        {
            spread.note(of, &up);
        }
        let arrival = quantity(&spread, "arrival");
        assert_eq!((arrival.count(), arrival.min(), arrival.max()), (2, 0.05, 0.1));
        assert_eq!(quantity(&spread, "hops").mean(), 1.5);
        assert_eq!(quantity(&spread, "reach").mean(), 0.75, "one of four never got it");
        let duplicates = quantity(&spread, "duplicates");
        assert_eq!((duplicates.count(), duplicates.min(), duplicates.max()), (3, 0.0, 1.0));
    }

    #[test]
    fn reach_counts_those_who_were_up_when_it_was_published() {
        let mut spread = Spread::default();
        spread.note(copy(0, 0, 7, 0), &up([0, 1]));
        spread.note(copy(5, 2, 7, 1), &up([0, 1, 2]));
        assert_eq!(quantity(&spread, "reach").mean(), 0.5, "a latecomer is no one of them");
        assert_eq!(quantity(&spread, "arrival").count(), 1);
    }

    #[test]
    fn of_an_item_nobody_published_nothing_is_said_and_a_second_publisher_is_a_node_it_reached() {
        let (mut spread, up) = (Spread::default(), up(0..2));
        spread.note(copy(5, 1, 9, 1), &up);
        assert_eq!((spread.published(), quantity(&spread, "arrival").count()), (0, 0));
        spread.note(copy(6, 0, 8, 0), &up);
        spread.note(copy(7, 1, 8, 0), &up);
        assert_eq!((spread.published(), quantity(&spread, "reach").mean()), (1, 1.0));
    }

    #[test]
    fn old_items_are_closed_with_what_they_reached() {
        let (mut spread, up) = (Spread::default(), up([0, 1]));
        for item in 0..OPEN as u64 + 10 {
            spread.note(copy(item, 0, item, 0), &up);
        }
        spread.note(copy(99_999, 1, 0, 1), &up);
        assert_eq!(spread.open.len(), OPEN);
        let reach = quantity(&spread, "reach");
        assert_eq!((reach.count(), reach.mean()), (OPEN as u64 + 10, 0.5));
    }
}
