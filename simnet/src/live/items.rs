//! Where items have arrived: of the items that were published last, every copy that reached a node.
//!
//! Kept once for all watchers; each of them has its own place in each item.

use super::frame::ArrivalRow;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Items kept.
const ITEMS: usize = 16;
/// Copies kept of each, beside the first at each node.
const COPIES: usize = 400_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// By item, the one published last at the end.
    items: IndexMap<u64, Item>,
    latest: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Item {
    /// With the number of the record.
    rows: Vec<(u64, ArrivalRow)>,
    have: BTreeSet<u32>,
}

/// An item that reached a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) time: u64,
    pub(super) node: u32,
    pub(super) item: u64,
    pub(super) hops: u32,
    /// Who sent it, where that is known.
    pub(super) from: Option<u32>,
    /// Whether this is where it comes from.
    pub(super) published: bool,
}

impl Items {
    pub(super) fn note(&mut self, seq: u64, arrival: Arrival) {
        let Arrival { time, node, item, hops, from, published } = arrival;
        if published {
            self.items.shift_remove(&item);
            self.latest = Some(item);
        }
        if self.items.len() == ITEMS && !self.items.contains_key(&item) {
            self.items.shift_remove_index(0);
        }
        let known = self.items.entry(item).or_default();
        let duplicate = !known.have.insert(node);
        // First arrivals are always told, copies up to a bound.
        if duplicate && known.rows.len() >= COPIES {
            return;
        }
        let hops = hops.min(u32::from(u16::MAX)) as u16;
        known.rows.push((seq, ArrivalRow { item, time, node, from, hops, duplicate }));
    }

    /// The item that was published last.
    pub(super) fn latest(&self) -> Option<u64> {
        self.latest
    }

    pub(super) fn item(&self, item: u64) -> Option<&Item> {
        self.items.get(&item)
    }
}

impl Item {
    /// The copies from that place on, at most so many.
    pub(super) fn rows(&self, from: usize, most: usize) -> impl Iterator<Item = ArrivalRow> {
        self.rows.iter().skip(from).take(most).map(|(_, row)| *row)
    }

    /// The place of the first copy after a record.
    pub(super) fn after(&self, seq: u64) -> usize {
        self.rows.partition_point(|(of, _)| *of <= seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(items: &mut Items, seq: u64, item: u64, node: u32, published: bool) {
        let (hops, from) = (u32::from(!published), (!published).then_some(0));
        items.note(seq, Arrival { time: seq * 10, node, item, hops, from, published });
    }

    #[test]
    fn the_first_copy_at_a_node_is_the_arrival_and_later_ones_are_duplicates() {
        let mut items = Items::default();
        arrive(&mut items, 1, 7, 0, true);
        arrive(&mut items, 2, 7, 1, false);
        arrive(&mut items, 3, 7, 0, false);
        arrive(&mut items, 4, 7, 1, false);
        let item = items.item(7).unwrap();
        let told: Vec<_> = item.rows(0, 9).map(|row| (row.node, row.duplicate)).collect();
        assert_eq!(told, [(0, false), (1, false), (0, true), (1, true)]);
        assert_eq!(item.rows(item.after(2), 1).count(), 1);
        assert_eq!(items.latest(), Some(7));
    }

    #[test]
    fn the_oldest_items_go_first() {
        let mut items = Items::default();
        for item in 0..ITEMS as u64 + 2 {
            arrive(&mut items, item, item, 0, true);
        }
        assert!(items.item(1).is_none());
        assert!(items.item(2).is_some());
        assert_eq!(items.latest(), Some(ITEMS as u64 + 1));
    }
}
