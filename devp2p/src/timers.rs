//! All deadlines of a server in one queue, so that it needs one alarm. First due, then first set, goes first.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::{BTreeSet, BinaryHeap};

use world::ConnId;

use crate::room::to_spare;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A look at the deadline of the session at this place of the table.
    Session(usize),
    /// A transport was to be open by now.
    Dial(ConnId),
    /// What is queued on a connection was to be taken by now.
    Write(ConnId),
    /// A protocol's timer.
    Timer { protocol: u16, timer: u64 },
}

/// Nanoseconds, place in order, and what.
type Item = Reverse<(u64, u64, Due)>;

/// A look at a session: nanoseconds; place in order, and below that the session's place in the table. There is one for each
/// connection, so it is kept small.
type Look = Reverse<(u64, u64)>;

const PLACE_BITS: u32 = 24;

/// Below this many items dead ones are not worth sweeping out, nor their room giving back.
const SWEEP_ABOVE: usize = 16;

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Item>,
    looks: BinaryHeap<Look>,
    next: u64,
    /// Protocol timers that have not been cancelled: protocol, number, place in order.
    set: BTreeSet<(u16, u64, u64)>,
    /// Cancelled ones still in the heap.
    dead: usize,
}

impl Timers {
    /// Queues something.
    pub(crate) fn push(&mut self, at: Duration, due: Due) -> u64 {
        let (at, order) = (u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), self.next);
        self.next += 1;
        match due {
            Due::Session(place) => {
                assert!(place >> PLACE_BITS == 0, "a node has under 16 M connections");
                push_tightly(&mut self.looks, Reverse((at, order << PLACE_BITS | place as u64)));
            }
            due => push_tightly(&mut self.heap, Reverse((at, order, due))),
        }
        order
    }

    /// Sets a protocol's timer.
    pub(crate) fn set(&mut self, at: Duration, protocol: u16, timer: u64) {
        let order = self.push(at, Due::Timer { protocol, timer });
        self.set.insert((protocol, timer, order));
    }

    /// Takes back all timers of one number.
    pub(crate) fn cancel(&mut self, protocol: u16, timer: u64) {
        let range = (protocol, timer, 0)..=(protocol, timer, u64::MAX);
        while let Some(&pending) = self.set.range(range.clone()).next() {
            self.set.remove(&pending);
            self.dead += 1;
        }
        if self.dead > SWEEP_ABOVE && self.dead > self.heap.len() / 2 {
            let set = &self.set;
            self.heap.retain(|Reverse((_, order, due))| match due {
                Due::Timer { protocol, timer } => set.contains(&(*protocol, *timer, *order)),
                _ => true,
            });
            self.dead = 0;
        }
    }

    /// Where a turn begins: what is set from here on is for the next one, even if it is due at once.
    pub(crate) fn mark(&self) -> u64 {
        self.next
    }

    /// The next thing due that was set before `mark`, and when it was due.
    pub(crate) fn pop(&mut self, now: Duration, mark: u64) -> Option<(Duration, Due)> {
        loop {
            let look = self.looks.peek().map(|Reverse((at, word))| (*at, word >> PLACE_BITS));
            let other = self.heap.peek().map(|Reverse((at, order, _))| (*at, *order));
            let (at, order) = look.into_iter().chain(other).min()?;
            let time = Duration::from_nanos(at);
            if time > now || order >= mark {
                return None;
            }
            if look == Some((at, order)) {
                let Reverse((_, word)) = pop_tightly(&mut self.looks)?;
                return Some((time, Due::Session((word & ((1 << PLACE_BITS) - 1)) as usize)));
            }
            let Reverse((.., due)) = pop_tightly(&mut self.heap)?;
            match due {
                Due::Timer { protocol, timer } if !self.set.remove(&(protocol, timer, order)) => {
                    self.dead -= 1;
                }
                _ => return Some((time, due)),
            }
        }
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Duration> {
        let look = self.looks.peek().map(|Reverse((at, _))| *at);
        let other = self.heap.peek().map(|Reverse((at, ..))| *at);
        look.into_iter().chain(other).min().map(Duration::from_nanos)
    }
}

/// Doubling would waste more than it saves: most nodes have as many items as peers, for as long.
fn push_tightly<T: Ord>(heap: &mut BinaryHeap<T>, item: T) {
    if heap.len() == heap.capacity() {
        heap.reserve_exact(1 + to_spare::<T>(heap.len() + 1));
    }
    heap.push(item);
}

/// Gives back the room of a burst that is over.
fn pop_tightly<T: Ord>(heap: &mut BinaryHeap<T>) -> Option<T> {
    let item = heap.pop();
    if heap.capacity() > 2 * heap.len() + SWEEP_ABOVE {
        heap.shrink_to(heap.len() + to_spare::<T>(heap.len()));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn fire(timers: &mut Timers, now: Duration) -> Vec<u64> {
        let mark = timers.mark();
        let mut fired = Vec::new();
        while let Some((_, due)) = timers.pop(now, mark) {
            let Due::Timer { timer, .. } = due else { panic!("{due:?}") };
            fired.push(timer);
        }
        fired
    }

    #[test]
    fn timers_fire_by_time_and_then_in_the_order_they_were_set() {
        let mut timers = Timers::default();
        for (at, timer) in [(2, 7), (1, 9), (2, 3), (1, 9)] {
            timers.set(at * S, 0, timer);
        }
        assert_eq!(timers.next(), Some(S));
        assert_eq!(fire(&mut timers, S), [9, 9]);
        assert_eq!(fire(&mut timers, 2 * S), [7, 3]);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn looks_at_sessions_come_in_their_order_among_everything_else() {
        let mut timers = Timers::default();
        for (at, place) in [(2, 7), (1, 0), (1, (1 << PLACE_BITS) - 1)] {
            timers.push(at * S, Due::Session(place));
            timers.set(at * S, 0, place as u64);
        }
        let mark = timers.mark();
        let due: Vec<Due> = std::iter::from_fn(|| timers.pop(2 * S, mark)).map(|(_, due)| due).collect();
        let pair = |place| [Due::Session(place), Due::Timer { protocol: 0, timer: place as u64 }];
        assert_eq!(due, [pair(0), pair((1 << PLACE_BITS) - 1), pair(7)].concat());
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn what_is_set_in_a_turn_waits_for_the_next() {
        let mut timers = Timers::default();
        timers.set(S, 0, 1);
        let mark = timers.mark();
        assert!(timers.pop(S, mark).is_some());
        timers.set(S, 0, 2);
        assert!(timers.pop(S, mark).is_none());
        assert_eq!(fire(&mut timers, S), [2]);
    }

    #[test]
    fn a_cancelled_number_is_cancelled_for_its_protocol_alone() {
        let mut timers = Timers::default();
        for protocol in [0, 1] {
            timers.set(S, protocol, 5);
            timers.set(2 * S, protocol, 5);
        }
        timers.set(S, 0, 6);
        timers.cancel(0, 5);
        assert_eq!(fire(&mut timers, 2 * S), [5, 6, 5]);
    }

    #[test]
    fn timers_set_and_cancelled_for_ever_do_not_pile_up() {
        let mut timers = Timers::default();
        for timer in 0..10_000 {
            timers.set(1_000 * S, 0, timer);
            timers.cancel(0, timer);
        }
        assert!(timers.heap.len() <= 2 * SWEEP_ABOVE, "{}", timers.heap.len());
        assert_eq!(fire(&mut timers, 2_000 * S), [0; 0]);
    }
}
