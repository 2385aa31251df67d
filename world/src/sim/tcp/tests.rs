//! A sender and a receiver with nothing but a delay between them, stepped from deadline to deadline.

use super::*;
use crate::entropy::Entropy;
use std::collections::BTreeMap;

const MS: u64 = 1_000_000;
const TRIP: u64 = 100 * MS;

/// What is under way between the two.
enum Packet {
    Segment(Segment),
    Ack(Ack),
}

/// One way of a stream, and the time.
struct Pair {
    flow: Flow,
    inbox: Inbox,
    now: u64,
    under_way: BTreeMap<(u64, u64), Packet>,
    packets: u64,
    /// What came out, and when.
    out: Vec<(u64, Item)>,
    /// When each transmission went, and which bytes it carried.
    sent: Vec<(u64, u64, u64)>,
}

impl Pair {
    fn new() -> Self {
        Self {
            flow: Flow::new(1000, TRIP),
            inbox: Inbox::default(),
            now: 0,
            under_way: BTreeMap::new(),
            packets: 0,
            out: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn parcel(&mut self, tag: u64, wire_len: u32) {
        self.flow.push(self.now, Item::Parcel(Parcel { tag, bytes: bytes::Bytes::new(), wire_len }));
    }

    fn post(&mut self, delay: u64, packet: Packet) {
        self.packets += 1;
        self.under_way.insert((self.now + delay, self.packets), packet);
    }

    /// Sends what may be sent; `fate` tells how long each transmission takes, if it arrives.
    fn pump(&mut self, fate: &mut impl FnMut(&Segment) -> Option<u64>) {
        let conn = ConnId { index: 0, generation: crate::endpoint::Generation::FIRST };
        let mut next = self.flow.poll_segment(self.now, 0, conn);
        while let Some(mut segment) = next {
            next = self.flow.poll_segment(self.now, 0, conn);
            segment.last = next.is_none();
            self.sent.push((self.now, segment.from, segment.to));
            if let Some(delay) = fate(&segment) {
                self.post(delay, Packet::Segment(segment));
            }
        }
    }

    /// Runs until nothing is left to happen; answers whether the flow lives.
    fn run(&mut self, mut fate: impl FnMut(&Segment) -> Option<u64>) -> Verdict {
        self.pump(&mut fate);
        loop {
            let arrival = self.under_way.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = arrival.into_iter().chain(self.flow.deadline()).min() else {
                return Verdict::Alive;
            };
            self.now = self.now.max(next);
            if arrival == Some(next) {
                match self.under_way.pop_first().expect("just seen").1 {
                    Packet::Segment(segment) => {
                        let (ready, ack) = self.inbox.take(segment);
                        self.out.extend(ready.into_iter().map(|item| (self.now, item)));
                        if let Some(ack) = ack {
                            self.post(TRIP / 2, Packet::Ack(ack));
                        }
                    }
                    Packet::Ack(ack) => self.flow.handle_ack(self.now, &ack),
                }
            } else if self.flow.handle_timer(self.now) == Verdict::Dead {
                return Verdict::Dead;
            }
            self.pump(&mut fate);
        }
    }

    fn tags(&self) -> Vec<u64> {
        let parcels = self
            .out
            .iter()
            .filter_map(|(_, item)| if let Item::Parcel(p) = item { Some(p.tag) } else { None });
        parcels.collect()
    }
}

#[test]
fn nothing_is_lost_and_nothing_overtakes_whatever_happens_on_the_way() {
    for round in 0..200 {
        let mut entropy = Entropy::derive(round, 0, 0, "way");
        let (lost, late) = (entropy.below(40), entropy.below(40));
        let mut pair = Pair::new();
        for tag in 0..100 {
            pair.parcel(tag, entropy.below(6_000) as u32);
        }
        let alive = pair.run(|_| {
            let delay = TRIP / 2 + if entropy.below(100) < late { entropy.below(TRIP) } else { 0 };
            (entropy.below(100) >= lost).then_some(delay)
        });
        assert_eq!(alive, Verdict::Alive, "round {round}");
        assert!(pair.flow.is_done(), "round {round}");
        assert_eq!(pair.tags(), (0..100).collect::<Vec<_>>(), "round {round}");
    }
}

#[test]
fn a_flight_is_ten_segments_and_the_next_is_twenty() {
    let mut pair = Pair::new();
    pair.parcel(0, 100_000);
    pair.run(|_| Some(TRIP / 2));
    let at = |time| pair.sent.iter().filter(|(sent, ..)| *sent == time).count();
    assert_eq!([at(0), at(TRIP), at(2 * TRIP), at(3 * TRIP)], [10, 20, 40, 30]);
    assert_eq!(pair.out[0].0, 3 * TRIP + TRIP / 2);
}

#[test]
fn what_three_later_ones_have_overtaken_goes_again_after_a_round_trip() {
    let mut pair = Pair::new();
    pair.parcel(0, 10_000);
    let mut first = true;
    pair.run(|segment| (segment.from != 2_000 || !std::mem::take(&mut first)).then_some(TRIP / 2));
    assert_eq!(pair.sent[10], (TRIP, 2_000, 3_000));
    assert_eq!((pair.sent.len(), pair.out[0].0), (11, TRIP + TRIP / 2));
}

#[test]
fn silence_is_probed_and_then_waited_out_twice_as_long_each_time() {
    let mut pair = Pair::new();
    pair.parcel(0, 3_000);
    assert_eq!(pair.run(|_| None), Verdict::Dead);
    let times: Vec<u64> = pair.sent.iter().map(|(at, ..)| at / MS).collect();
    // Three segments; a probe after two round trips; then time-outs of 300 ms (100 + max(4 · 50, 200)) doubling.
    assert_eq!(times[..7], [0, 0, 0, 202, 502, 1_102, 2_302]);
    let waits: Vec<u64> = times[4..].windows(2).map(|w| w[1] - w[0]).collect();
    assert!(waits.iter().all(|wait| *wait <= 120_000) && waits.contains(&120_000), "{waits:?}");
    assert_eq!(times.len(), 3 + 1 + 15, "given up after fifteen");
}

#[test]
fn what_was_only_late_gives_the_window_back_and_teaches_patience() {
    let late = |segment: &Segment| {
        Some(if segment.tx == 2 || segment.tx == 42 { TRIP / 2 + 20 * MS } else { TRIP / 2 })
    };
    let mut pair = Pair::new();
    pair.parcel(0, 80_000);
    pair.run(late);
    // Spread over the round trip nothing would be overtaken; all at once the third is, by seven.
    let again = pair.sent.iter().filter(|(_, from, _)| *from == 2_000).count();
    assert_eq!(again, 2, "sent again once, for nothing");
    assert_eq!(pair.sent.len(), 81, "and from then on it is waited for");
    let mut losing = Pair::new();
    losing.parcel(0, 80_000);
    losing.run(|segment| (segment.tx != 2).then_some(TRIP / 2));
    assert!(pair.out[0].0 < losing.out[0].0, "a real loss costs more: its window stays small");
}

#[test]
fn a_reset_takes_along_what_was_not_sent() {
    let mut pair = Pair::new();
    for tag in 0..30 {
        pair.parcel(tag, 1_000);
    }
    pair.pump(&mut |_| None);
    pair.flow.discard_unsent();
    pair.flow.push(0, Item::Close(Closed::Reset));
    pair.run(|_| Some(TRIP / 2));
    assert_eq!(pair.tags(), (0..10).collect::<Vec<_>>());
    assert_eq!(pair.out.last().unwrap().1, Item::Close(Closed::Reset));
}

#[test]
fn the_send_buffer_is_full_above_its_bound_and_has_room_below_half() {
    let mut pair = Pair::new();
    pair.parcel(0, 65_536);
    assert!(!pair.flow.is_full(false));
    pair.parcel(1, 1);
    assert!(pair.flow.is_full(false));
    pair.pump(&mut |_| None);
    pair.flow.handle_ack(TRIP, &Ack { all_below: 10_000, newest: 9, seen: 0x3ff });
    assert!(pair.flow.is_full(true) && !pair.flow.is_full(false), "one that was full waits for half");
}
