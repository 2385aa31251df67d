//! What is going to happen, in the order in which it will: by time, then source, then the source's own sequence.
//!
//! The key does not depend on the shard a source lives on, nor on the order in which entries came in, so any split of
//! the hosts pops each host's entries in the same order.
//!
//! A heap of all that waits spends its time waiting for memory: each pop goes down a path of entries nobody has looked
//! at for long. So entries are dealt out by time first. What is due within the span of one bucket is `open`, sorted once;
//! some thousand buckets after it take what comes later, unsorted; only what lies `beyond` them all waits in a heap, and
//! what comes to be due within the open span goes into another, `late`, which is nearly empty. How long a span a bucket
//! covers follows from how full the buckets were that have been opened. None of this shows in the order.

use crate::prefetch;
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    slot: u32,
    /// Where it happens: to know without a look at the slot.
    host: u32,
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

/// An event whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Popped<T> {
    pub(crate) time: u64,
    pub(crate) event: T,
    /// It is the first of a bucket: what is [upcoming](Queue::upcoming) after it was not so before.
    pub(crate) opened: bool,
}

/// Buckets in the ring: as many as two levels of 64 bits can tell apart.
const BUCKETS: usize = 64 * 64;
/// The span of a bucket at first, and at least and at most, as a power of two nanoseconds.
const SPAN: u32 = 18;
const SPANS: std::ops::RangeInclusive<u32> = 8..=40;
/// After so many buckets opened their span is looked at; this many entries in each is as it should be.
const REVIEW: usize = 256;
const FILL: std::ops::RangeInclusive<usize> = 64..=256;

/// The waiting events of one shard.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// The events, with the tie of their keys; where there is none it was taken back, or the slot is free.
    slots: Vec<(u64, Option<T>)>,
    free: Vec<u32>,
    /// Due before the ring begins: the earliest last.
    open: Vec<Entry>,
    /// Due before the ring begins as well, but come too late to be sorted among those.
    late: BinaryHeap<Entry>,
    ring: Ring,
    /// Due after the ring ends.
    beyond: BinaryHeap<Entry>,
    /// Buckets opened since the last review, and entries in them.
    opened: (usize, usize),
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            open: Vec::new(),
            late: BinaryHeap::new(),
            ring: Ring::new(),
            beyond: BinaryHeap::new(),
            opened: (0, 0),
        }
    }

    /// Puts in what is to happen at `host`.
    pub(crate) fn push(&mut self, key: Key, host: u32, event: T) -> Ticket {
        let content = (key.tie, Some(event));
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = content;
            slot
        } else {
            self.slots.push(content);
            u32::try_from(self.slots.len() - 1).expect("under 4 G events wait")
        };
        self.place(Entry { key, slot, host });
        Ticket { slot, tie: key.tie }
    }

    fn place(&mut self, entry: Entry) {
        match self.ring.when(entry.key.time) {
            When::Before => self.late.push(entry),
            When::Within(bucket) => self.ring.push(bucket, entry),
            When::After => self.beyond.push(entry),
        }
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
        if let Some((entry, _)) = self.first_open() {
            return Some(entry.key.time);
        }
        let within = self.ring.earliest().and_then(|bucket| self.ring.least(bucket));
        within.or_else(|| self.beyond.peek().map(|entry| entry.key.time))
    }

    /// The earliest event due before `until`, skipping those taken back.
    pub(crate) fn pop_before(&mut self, until: u64) -> Option<Popped<T>> {
        let mut opened = false;
        loop {
            let Some((entry, is_late)) = self.first_open() else {
                opened = self.open_next(until);
                if opened {
                    continue;
                }
                return None;
            };
            if entry.key.time >= until {
                return None;
            }
            if is_late {
                self.late.pop();
            } else {
                self.open.pop();
            }
            self.free.push(entry.slot);
            if let Some(event) = self.slots[entry.slot as usize].1.take() {
                return Some(Popped { time: entry.key.time, event, opened });
            }
        }
    }

    /// What will most likely be popped after `n` others, for whoever wants to get ready for it.
    pub(crate) fn upcoming(&self, n: usize) -> Option<&T> {
        let entry = self.open.iter().nth_back(n)?;
        self.slots[entry.slot as usize].1.as_ref()
    }

    /// Where that will be, without a look at what. Asks the memory for that.
    pub(crate) fn where_upcoming(&self, n: usize) -> Option<u32> {
        let entry = self.open.iter().nth_back(n)?;
        prefetch(&self.slots[entry.slot as usize]);
        Some(entry.host)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The earliest of what is due before the ring begins, and whether it came late.
    fn first_open(&self) -> Option<(Entry, bool)> {
        match (self.open.last(), self.late.peek()) {
            (Some(open), Some(late)) if late.key < open.key => Some((*late, true)),
            (Some(open), _) => Some((*open, false)),
            (None, late) => late.map(|late| (*late, true)),
        }
    }

    /// Opens the next bucket with anything in it, if it begins before `until`.
    fn open_next(&mut self, until: u64) -> bool {
        let bucket = match (self.ring.earliest(), self.beyond.peek()) {
            (Some(bucket), _) => bucket,
            (None, Some(entry)) => self.ring.bucket_of(entry.key.time),
            (None, None) => return false,
        };
        if self.ring.start_of(bucket) >= until {
            return false;
        }
        self.ring.open(bucket, &mut self.open);
        self.fetch();
        self.open.sort_unstable();
        self.opened = (self.opened.0 + 1, self.opened.1 + self.open.len());
        if self.opened.0 == REVIEW {
            self.review();
        }
        true
    }

    /// Brings what the ring has come to cover into it. What belongs to the bucket just opened goes there.
    fn fetch(&mut self) {
        while let Some(entry) = self.beyond.peek() {
            match self.ring.when(entry.key.time) {
                When::After => return,
                When::Before => self.open.push(*entry),
                When::Within(bucket) => self.ring.push(bucket, *entry),
            }
            self.beyond.pop();
        }
    }

    /// Deals the waiting entries out over buckets of another span if these were too full or too empty.
    fn review(&mut self) {
        let fill = self.opened.1 / self.opened.0;
        self.opened = (0, 0);
        let span = if fill > *FILL.end() { self.ring.span - 1 } else { self.ring.span + 1 };
        if FILL.contains(&fill) || !SPANS.contains(&span) {
            return;
        }
        let waiting = self.ring.respan(span);
        self.fetch();
        waiting.into_iter().for_each(|entry| self.place(entry));
    }
}

/// Where a time lies as seen from the ring.
enum When {
    Before,
    Within(u64),
    After,
}

/// Entries by time, in buckets of one span. Buckets are numbered from the start of time.
#[derive(Debug)]
struct Ring {
    span: u32,
    /// The first bucket it covers.
    base: u64,
    buckets: Vec<Vec<Entry>>,
    /// Which buckets hold anything, and which of these words are not 0.
    filled: [u64; 64],
    words: u64,
}

impl Ring {
    fn new() -> Self {
        Self { span: SPAN, base: 0, buckets: vec![Vec::new(); BUCKETS], filled: [0; 64], words: 0 }
    }

    fn bucket_of(&self, time: u64) -> u64 {
        time >> self.span
    }

    fn start_of(&self, bucket: u64) -> u64 {
        bucket << self.span
    }

    fn when(&self, time: u64) -> When {
        let bucket = self.bucket_of(time);
        match bucket.checked_sub(self.base) {
            None => When::Before,
            Some(distance) if distance < BUCKETS as u64 => When::Within(bucket),
            Some(_) => When::After,
        }
    }

    fn push(&mut self, bucket: u64, entry: Entry) {
        let place = bucket as usize % BUCKETS;
        self.buckets[place].push(entry);
        self.filled[place / 64] |= 1 << (place % 64);
        self.words |= 1 << (place / 64);
    }

    /// The first bucket that holds anything.
    fn earliest(&self) -> Option<u64> {
        let first = self.base as usize % BUCKETS;
        let (word, bit) = (first / 64, first % 64);
        let rest = self.filled[word] >> bit << bit;
        let place = if rest != 0 {
            word * 64 + rest.trailing_zeros() as usize
        } else {
            // The words after it in turn, and last its own lower bits: the end of the ring.
            let after = self.words.rotate_right((word as u32 + 1) % 64);
            if after == 0 {
                return None;
            }
            let word = (word + 1 + after.trailing_zeros() as usize) % 64;
            word * 64 + self.filled[word].trailing_zeros() as usize
        };
        Some(self.base + ((place + BUCKETS - first) % BUCKETS) as u64)
    }

    /// The earliest time in a bucket.
    fn least(&self, bucket: u64) -> Option<u64> {
        self.buckets[bucket as usize % BUCKETS].iter().map(|entry| entry.key.time).min()
    }

    /// Moves what is in a bucket into `open`, which is empty. The ring begins after it from here on.
    fn open(&mut self, bucket: u64, open: &mut Vec<Entry>) {
        let place = bucket as usize % BUCKETS;
        self.base = bucket + 1;
        if self.buckets[place].is_empty() {
            return;
        }
        std::mem::swap(open, &mut self.buckets[place]);
        if self.buckets[place].capacity() > *FILL.end() {
            self.buckets[place] = Vec::new(); // what one crowded instant took is not kept
        }
        self.filled[place / 64] &= !(1 << (place % 64));
        if self.filled[place / 64] == 0 {
            self.words &= !(1 << (place / 64));
        }
    }

    /// Covers another span from the same time on, if that is the border of two buckets, or from the next border.
    /// Answers all that was in the ring.
    fn respan(&mut self, span: u32) -> Vec<Entry> {
        let start = u128::from(self.base) << self.span;
        let waiting = self.buckets.iter_mut().flat_map(std::mem::take).collect();
        (self.filled, self.words, self.span) = ([0; 64], 0, span);
        self.base = start.div_ceil(1 << span) as u64;
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop<T>(queue: &mut Queue<T>, until: u64) -> Option<(u64, T)> {
        queue.pop_before(until).map(|popped| (popped.time, popped.event))
    }

    #[test]
    fn pops_by_time_then_source_then_sequence() {
        let mut queue = Queue::new();
        for (time, source, sequence) in [(2, 0, 0), (1, 1, 1), (1, 1, 0), (1, 0, 9)] {
            queue.push(Key::new(time, source, sequence), 0, (time, source, sequence));
        }
        let order: Vec<_> =
            std::iter::from_fn(|| pop(&mut queue, u64::MAX)).map(|(_, event)| event).collect();
        assert_eq!(order, [(1, 0, 9), (1, 1, 0), (1, 1, 1), (2, 0, 0)]);
    }

    #[test]
    fn the_bound_is_exclusive() {
        let mut queue = Queue::new();
        queue.push(Key::new(5, 0, 0), 0, ());
        assert_eq!(pop(&mut queue, 5), None);
        assert_eq!(pop(&mut queue, 6), Some((5, ())));
    }

    #[test]
    fn what_was_taken_back_never_comes() {
        let mut queue = Queue::new();
        let first = queue.push(Key::new(1, 0, 0), 0, "first");
        queue.push(Key::new(2, 0, 1), 0, "second");
        queue.cancel(first);
        assert_eq!(pop(&mut queue, 10), Some((2, "second")));
        queue.cancel(first); // its slot is free by now: no effect on whoever has it next
        queue.push(Key::new(3, 0, 2), 0, "third");
        queue.cancel(first);
        assert_eq!(pop(&mut queue, 10), Some((3, "third")));
        assert_eq!(queue.len(), 0);
    }

    /// Whatever is pushed, taken back and popped, near and far, dense and sparse: the order is that of the keys.
    #[test]
    fn any_traffic_comes_in_the_order_of_a_plain_heap() {
        for far in [10, 1_000, 1 << 20, 1 << 32, 1 << 50] {
            let (mut queue, mut model, mut tickets) =
                (Queue::new(), std::collections::BTreeMap::new(), Vec::new());
            let (mut state, mut now): (u64, u64) = (far, 0);
            let mut draw = |bound: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % bound
            };
            for step in 0..60_000u32 {
                let growing = step % 20_000 < 8_000;
                if draw(10) < if growing { 7 } else { 4 } {
                    let delay = draw(1 << 31) % far * if draw(50) == 0 { 1_000 } else { 1 };
                    let key = Key::new(now + delay, draw(9) as u32, step);
                    tickets.push((queue.push(key, 0, step), key));
                    model.insert(key, step);
                } else if draw(20) == 0 && !tickets.is_empty() {
                    let (ticket, key) = tickets[draw(tickets.len() as u64) as usize];
                    queue.cancel(ticket);
                    model.remove(&key);
                } else {
                    let until = now + draw(far) * 2;
                    let expect = model.first_key_value().map(|(key, event)| (key.time, *event));
                    let expect = expect.filter(|(time, _)| *time < until);
                    if expect.is_some() {
                        model.pop_first();
                    }
                    assert!(model.is_empty() || queue.next_time() <= model.keys().next().map(|key| key.time));
                    assert_eq!(pop(&mut queue, until), expect, "far {far}, step {step}");
                    now = expect.map_or(until.min(now + far), |(time, _)| time);
                    assert!(queue.len() >= model.len());
                }
            }
            let rest: Vec<_> =
                std::iter::from_fn(|| pop(&mut queue, u64::MAX)).map(|(_, event)| event).collect();
            assert_eq!(rest, model.into_values().collect::<Vec<_>>(), "far {far}");
        }
    }

    #[test]
    fn the_end_of_time_can_be_waited_for() {
        let mut queue = Queue::new();
        queue.push(Key::new(u64::MAX, 0, 0), 0, "never");
        queue.push(Key::new(u64::MAX - 1, 0, 1), 0, "nearly");
        assert_eq!(queue.next_time(), Some(u64::MAX - 1));
        assert_eq!(pop(&mut queue, u64::MAX), Some((u64::MAX - 1, "nearly")));
        assert_eq!(pop(&mut queue, u64::MAX), None);
        queue.push(Key::new(3, 0, 2), 0, "soon");
        assert_eq!(pop(&mut queue, u64::MAX), Some((3, "soon")));
        assert_eq!(queue.next_time(), Some(u64::MAX));
    }
}
