//! What is going to happen, in the order in which it will: by time, then source, then the source's own sequence.
//!
//! The key does not depend on the shard a source lives on, nor on the order in which entries came in, so any split of
//! the hosts pops each host's entries in the same order. A heap of 24-byte entries; the events wait in a slab beside it.

use slab::Slab;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// When, and before whom of those at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Nanoseconds since the start.
    pub(crate) time: u64,
    /// Source in the high half, its sequence number (wrapping) in the low half.
    pub(crate) tie: u64,
}

impl Key {
    pub(crate) fn new(time: u64, source: u32, sequence: u32) -> Self {
        Self { time, tie: (u64::from(source) << 32) | u64::from(sequence) }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    slot: u32,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key) // reversed: the heap's greatest is the earliest
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Names a waiting event so that it can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    slot: u32,
    tie: u64,
}

/// The waiting events of one shard.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Entry>,
    slots: Slab<(u64, Option<T>)>,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), slots: Slab::new() }
    }

    pub(crate) fn push(&mut self, key: Key, event: T) -> Ticket {
        let slot = u32::try_from(self.slots.insert((key.tie, Some(event)))).expect("under 4 G events wait");
        self.heap.push(Entry { key, slot });
        Ticket { slot, tie: key.tie }
    }

    /// Takes an event back; nothing happens if it has already been popped.
    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        if let Some((tie, event)) = self.slots.get_mut(ticket.slot as usize)
            && *tie == ticket.tie
        {
            *event = None;
        }
    }

    /// When the earliest entry is due. One that was taken back counts until its time has passed.
    pub(crate) fn next_time(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.key.time)
    }

    /// The earliest event due before `until`, skipping those taken back.
    pub(crate) fn pop_before(&mut self, until: u64) -> Option<(u64, T)> {
        while self.next_time()? < until {
            let entry = self.heap.pop().expect("peeked");
            if let (_, Some(event)) = self.slots.remove(entry.slot as usize) {
                return Some((entry.key.time, event));
            }
        }
        None
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pops_by_time_then_source_then_sequence() {
        let mut queue = Queue::new();
        for (time, source, sequence) in [(2, 0, 0), (1, 1, 1), (1, 1, 0), (1, 0, 9)] {
            queue.push(Key::new(time, source, sequence), (time, source, sequence));
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_before(u64::MAX)).map(|(_, event)| event).collect();
        assert_eq!(order, [(1, 0, 9), (1, 1, 0), (1, 1, 1), (2, 0, 0)]);
    }

    #[test]
    fn the_bound_is_exclusive() {
        let mut queue = Queue::new();
        queue.push(Key::new(5, 0, 0), ());
        assert_eq!(queue.pop_before(5), None);
        assert_eq!(queue.pop_before(6), Some((5, ())));
    }

    #[test]
    fn what_was_taken_back_never_comes() {
        let mut queue = Queue::new();
        let first = queue.push(Key::new(1, 0, 0), "first");
        queue.push(Key::new(2, 0, 1), "second");
        queue.cancel(first);
        assert_eq!(queue.pop_before(10), Some((2, "second")));
        queue.cancel(first); // its slot is free by now: no effect on whoever has it next
        queue.push(Key::new(3, 0, 2), "third");
        queue.cancel(first);
        assert_eq!(queue.pop_before(10), Some((3, "third")));
        assert_eq!(queue.len(), 0);
    }
}
