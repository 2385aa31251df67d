//! The receiving half of a stream: puts segments in order, and says what has arrived.

use super::{Ack, Item, Segment};
use std::collections::BTreeMap;

/// Segments that may arrive before an acknowledgement is due.
const ACK_EVERY: u32 = 2;

/// What has arrived of one way of a stream.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    all_below: u64,
    /// What has arrived beyond a gap: from, to.
    beyond: BTreeMap<u64, u64>,
    /// What ends there.
    waiting: BTreeMap<u64, Item>,
    newest: Option<u64>,
    seen: u128,
    unanswered: u32,
}

impl Inbox {
    /// Takes a segment in: what has become whole by it, and what to answer, if anything yet.
    pub(crate) fn take(&mut self, segment: Segment) -> (Vec<Item>, Option<Ack>) {
        self.note(segment.tx);
        let Segment { from, to, items, last, .. } = segment;
        let in_order = from <= self.all_below && self.beyond.is_empty();
        let ready = if in_order && from == self.all_below {
            self.all_below = to;
            items.into_iter().map(|(_, item)| item).collect()
        } else {
            self.put_in_place(from, to, items)
        };
        self.unanswered += 1;
        let answer = last || !in_order || self.unanswered >= ACK_EVERY;
        (ready, answer.then(|| self.answer()))
    }

    fn note(&mut self, tx: u64) {
        match self.newest {
            Some(newest) if tx <= newest => {
                self.seen |=
                    u32::try_from(newest - tx).ok().and_then(|back| 1u128.checked_shl(back)).unwrap_or(0);
            }
            newest => {
                let ahead = newest.map_or(u64::MAX, |newest| tx - newest);
                let kept =
                    u32::try_from(ahead).ok().and_then(|ahead| self.seen.checked_shl(ahead)).unwrap_or(0);
                (self.newest, self.seen) = (Some(tx), kept | 1);
            }
        }
    }

    fn put_in_place(&mut self, from: u64, to: u64, items: Vec<(u64, Item)>) -> Vec<Item> {
        let before = self.all_below;
        self.waiting.extend(items.into_iter().filter(|(end, _)| *end > before));
        if to > before {
            let known = self.beyond.entry(from).or_insert(to);
            *known = to.max(*known);
        }
        while let Some(gapless) = self.beyond.first_entry().filter(|range| *range.key() <= self.all_below) {
            self.all_below = gapless.remove().max(self.all_below);
        }
        let rest = self.waiting.split_off(&(self.all_below + 1));
        std::mem::replace(&mut self.waiting, rest).into_values().collect()
    }

    fn answer(&mut self) -> Ack {
        self.unanswered = 0;
        Ack { all_below: self.all_below, newest: self.newest.expect("a segment was taken"), seen: self.seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ConnId;
    use crate::entropy::Entropy;

    fn segment(tx: u64, from: u64, to: u64, last: bool) -> Segment {
        let conn = ConnId { index: 0, generation: crate::endpoint::Generation::FIRST };
        // An item ends at each multiple of 10.
        let ends = (from / 10 + 1..=to / 10).map(|n| (n * 10, Item::Flow(n % 2 == 0)));
        Segment { sender: 0, conn, tx, from, to, items: ends.collect(), last }
    }

    #[test]
    fn every_second_segment_and_the_last_of_a_burst_are_answered() {
        let mut inbox = Inbox::default();
        let answered = |inbox: &mut Inbox, tx, last| inbox.take(segment(tx, tx * 5, tx * 5 + 5, last)).1;
        assert_eq!(answered(&mut inbox, 0, false), None);
        assert_eq!(answered(&mut inbox, 1, false), Some(Ack { all_below: 10, newest: 1, seen: 0b11 }));
        assert_eq!(answered(&mut inbox, 2, true), Some(Ack { all_below: 15, newest: 2, seen: 0b111 }));
    }

    #[test]
    fn a_gap_holds_what_is_behind_it_and_is_told_at_once() {
        let mut inbox = Inbox::default();
        let (ready, answer) = inbox.take(segment(1, 10, 20, false));
        assert_eq!((ready, answer), (vec![], Some(Ack { all_below: 0, newest: 1, seen: 0b1 })));
        let (ready, _) = inbox.take(segment(3, 30, 40, false));
        assert_eq!(ready, []);
        let (ready, answer) = inbox.take(segment(4, 0, 10, false));
        assert_eq!(ready, [Item::Flow(false), Item::Flow(true)]);
        assert_eq!(answer, Some(Ack { all_below: 20, newest: 4, seen: 0b1011 }));
        let (ready, answer) = inbox.take(segment(2, 20, 30, false));
        assert_eq!(ready.len(), 2);
        assert_eq!(answer, Some(Ack { all_below: 40, newest: 4, seen: 0b1111 }));
    }

    #[test]
    fn what_comes_twice_is_taken_once() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.take(segment(0, 0, 10, true)).0.len(), 1);
        assert_eq!(inbox.take(segment(1, 0, 10, true)).0.len(), 0);
        assert_eq!(inbox.take(segment(2, 20, 30, true)).0.len(), 0);
        assert_eq!(inbox.take(segment(3, 20, 30, true)).0.len(), 0);
        assert_eq!(inbox.take(segment(4, 10, 20, true)).0.len(), 2);
    }

    #[test]
    fn transmissions_far_apart_are_forgotten_not_confused() {
        let mut inbox = Inbox::default();
        inbox.take(segment(0, 0, 10, true));
        let ack = inbox.take(segment(500, 10, 20, true)).1.unwrap();
        assert_eq!((ack.newest, ack.seen), (500, 1));
        let ack = inbox.take(segment(3, 20, 30, true)).1.unwrap();
        assert_eq!((ack.newest, ack.seen), (500, 1));
    }

    #[test]
    fn any_order_of_arrival_gives_the_order_of_sending() {
        let expect: Vec<_> = (1..=20).map(|n| Item::Flow(n % 2 == 0)).collect();
        for round in 0..200 {
            // Everything comes once and some of it more often, in any order.
            let mut entropy = Entropy::derive(round, 0, 0, "order");
            let mut order: Vec<u64> = (0..20).chain((0..round % 30).map(|_| entropy.below(20))).collect();
            entropy.shuffle(&mut order);
            let mut inbox = Inbox::default();
            let mut got = Vec::new();
            for (tx, n) in order.into_iter().enumerate() {
                got.extend(inbox.take(segment(tx as u64, n * 10, n * 10 + 10, true)).0);
            }
            assert_eq!(got, expect, "round {round}");
        }
    }
}
