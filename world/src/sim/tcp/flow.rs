//! The sending half of a stream.
//!
//! In: [`Flow::push`] what to send, [`Flow::handle_ack`] what has arrived, [`Flow::handle_timer`] when
//! [`Flow::deadline`] has come. Out, after each of these: [`Flow::poll_segment`] until it is empty.

use super::congestion::{RoundTrip, Window};
use super::{Ack, Item, Segment};
use crate::endpoint::ConnId;
use std::collections::{BTreeMap, VecDeque};

/// Later transmissions that must have arrived before one is thought lost.
const PATIENCE: u64 = 3;

/// Nor is more patience learned than an acknowledgement reaches back.
const REACH: u64 = 100;

/// Time-outs in a row after which the stream is given up.
const GIVE_UP: u32 = 15;

/// The least a send buffer takes.
const BUFFER: u64 = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    UnderWay,
    Arrived,
    /// Thought lost.
    Lost,
}

#[derive(Debug)]
struct Sent {
    from: u64,
    to: u64,
    at: u64,
    state: State,
}

/// What a time-out has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Carry on.
    Alive,
    /// Too long without any answer.
    Dead,
}

/// One way of a stream, at its sender.
#[derive(Debug)]
pub(crate) struct Flow {
    segment: u64,
    /// Not yet known to have arrived, by the offset behind their last byte.
    items: VecDeque<(u64, Item)>,
    /// Bytes put in, sent at least once, arrived without a gap.
    end: u64,
    next: u64,
    arrived: u64,
    /// Transmissions, the first of them having the number `first`.
    sent: VecDeque<Sent>,
    first: u64,
    newest_arrived: Option<u64>,
    /// To be sent again: from, to.
    lost: BTreeMap<u64, u64>,
    under_way: u64,
    /// The most that was under way in this round.
    most_under_way: u64,
    /// The round ends when this transmission has arrived.
    round_end: u64,
    window: Window,
    trip: RoundTrip,
    patience: u64,
    /// Losses of transmissions before this one belong to the last reduction, of which so many are unrefuted.
    recovery: u64,
    unrefuted: u64,
    /// Losses are made good when every byte below has arrived.
    recovered_at: u64,
    /// Silence counts from here.
    quiet_since: u64,
    time_outs: u32,
    probed: bool,
    probe_due: bool,
    last_sent: u64,
}

impl Flow {
    /// A flow with the handshake behind it, which took `round_trip`.
    pub(crate) fn new(segment: u32, round_trip: u64) -> Self {
        Self {
            segment: u64::from(segment),
            items: VecDeque::new(),
            end: 0,
            next: 0,
            arrived: 0,
            sent: VecDeque::new(),
            first: 0,
            newest_arrived: None,
            lost: BTreeMap::new(),
            under_way: 0,
            most_under_way: 0,
            round_end: 0,
            window: Window::new(segment),
            trip: RoundTrip::new(round_trip),
            patience: PATIENCE,
            recovery: 0,
            unrefuted: 0,
            recovered_at: 0,
            quiet_since: 0,
            time_outs: 0,
            probed: false,
            probe_due: false,
            last_sent: 0,
        }
    }

    /// The link has another MTU from now on.
    pub(crate) fn set_segment(&mut self, segment: u32) {
        self.segment = u64::from(segment);
    }

    /// Whether everything put in has arrived.
    pub(crate) fn is_done(&self) -> bool {
        self.arrived == self.end
    }

    /// Whether the send buffer takes no more. One that was full takes more when half of it is free.
    pub(crate) fn is_full(&self, was: bool) -> bool {
        let buffer = BUFFER.max(2 * self.window.bytes as u64);
        self.end - self.arrived > if was { buffer / 2 } else { buffer }
    }

    /// Puts something in behind what is there.
    pub(crate) fn push(&mut self, now: u64, item: Item) {
        if self.is_done() {
            let (idle, time_out) = (now - self.last_sent, self.trip.time_out());
            if idle > time_out && self.next > 0 {
                self.window.rest(idle, time_out);
            }
        }
        self.end += item.len();
        self.items.push_back((self.end, item));
    }

    /// Takes back what has not been sent at all.
    pub(crate) fn discard_unsent(&mut self) {
        while self.items.pop_back_if(|(end, _)| *end > self.next).is_some() {}
        self.end = self.next;
    }

    /// The next segment to send, of a stream its sender calls `conn`.
    pub(crate) fn poll_segment(&mut self, now: u64, sender: u32, conn: ConnId) -> Option<Segment> {
        let (from, to) = self.next_range()?;
        let tx = self.first + self.sent.len() as u64;
        if self.under_way == 0 {
            self.quiet_since = now;
        }
        self.sent.push_back(Sent { from, to, at: now, state: State::UnderWay });
        self.under_way += to - from;
        self.most_under_way = self.most_under_way.max(self.under_way);
        self.last_sent = now;
        self.next = self.next.max(to);
        let begin = self.items.partition_point(|(end, _)| *end <= from);
        let items = self.items.range(begin..).take_while(|(end, _)| *end <= to).cloned().collect();
        Some(Segment { sender, conn, tx, from, to, items, last: false })
    }

    fn next_range(&mut self) -> Option<(u64, u64)> {
        if std::mem::take(&mut self.probe_due) {
            // A probe goes whatever the window says: something new if there is, else the last segment again.
            if self.next < self.end {
                return Some((self.next, self.end.min(self.next + self.segment)));
            }
            let last = self.sent.iter().rev().find(|sent| sent.state == State::UnderWay);
            return last.map(|sent| (sent.from, sent.to));
        }
        while let Some((&from, &to)) = self.lost.first_key_value() {
            if to <= self.arrived {
                self.lost.pop_first();
                continue;
            }
            let cut = to.min(from + self.segment);
            if !self.has_room(cut - from) {
                return None;
            }
            self.lost.pop_first();
            if cut < to {
                self.lost.insert(cut, to);
            }
            return Some((from, cut));
        }
        let to = self.end.min(self.next + self.segment);
        (self.next < to && self.has_room(to - self.next)).then_some((self.next, to))
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.under_way == 0 || (self.under_way + bytes) as f64 <= self.window.bytes
    }

    /// Hears what has arrived.
    pub(crate) fn handle_ack(&mut self, now: u64, ack: &Ack) {
        let before = self.under_way;
        let mut sample = None;
        let mut news = Vec::new(); // transmissions of which it is news
        self.arrived = self.arrived.max(ack.all_below);
        while self.items.pop_front_if(|(end, _)| *end <= self.arrived).is_some() {}
        let oldest = self.first.max(ack.newest.saturating_sub(127));
        for tx in oldest..=ack.newest {
            if ack.seen >> (ack.newest - tx) & 1 == 1 {
                self.settle(tx, &mut news);
            }
        }
        if let Some(&(tx, at)) = news.last()
            && tx == ack.newest
        {
            sample = Some(now - at);
        }
        self.forget(&mut news);
        let grown = before - self.under_way;
        if let Some(took) = sample {
            self.trip.sample(took);
        }
        if news.is_empty() {
            return;
        }
        (self.quiet_since, self.time_outs, self.probed) = (now, 0, false);
        self.newest_arrived = self.newest_arrived.max(news.iter().map(|(tx, _)| *tx).max());
        if ack.newest >= self.round_end {
            self.round_end = self.first + self.sent.len() as u64;
            self.window.next_round(now);
            self.most_under_way = before;
        }
        if let Some(took) = sample {
            self.window.watch(now, took, self.trip.least);
        }
        // Only what was sent after a reduction tells that there is room again; and only if room was wanted.
        let held_back = 2.0 * self.most_under_way as f64 > self.window.bytes;
        let wanted = if self.window.in_slow_start() { held_back } else { self.wants_more(before) };
        if ack.newest >= self.recovery && wanted {
            self.window.grow(grown, now, self.trip.smoothed);
        }
        self.find_lost(now);
    }

    fn wants_more(&self, before: u64) -> bool {
        (before + self.segment) as f64 > self.window.bytes || self.next < self.end || !self.lost.is_empty()
    }

    /// Transmission `tx` has arrived.
    fn settle(&mut self, tx: u64, news: &mut Vec<(u64, u64)>) {
        let Some(sent) = self.sent.get_mut((tx - self.first) as usize) else { return };
        match std::mem::replace(&mut sent.state, State::Arrived) {
            State::UnderWay => self.under_way -= sent.to - sent.from,
            State::Lost => {
                // It was only late: there is no need to send it again, and more patience is in place.
                let behind = self.newest_arrived.map_or(0, |newest| newest.saturating_sub(tx));
                self.lost.remove(&sent.from);
                self.patience = self.patience.max((behind + 1).min(REACH));
                self.unrefuted = self.unrefuted.saturating_sub(1);
                if self.unrefuted == 0 {
                    self.window.restore();
                }
            }
            State::Arrived => return,
        }
        news.push((tx, self.sent[(tx - self.first) as usize].at));
    }

    /// Drops the transmissions at the front of which nothing more is to be heard.
    fn forget(&mut self, news: &mut Vec<(u64, u64)>) {
        while let Some(front) = self.sent.front() {
            match front.state {
                State::UnderWay if front.to <= self.arrived => {
                    self.under_way -= front.to - front.from;
                    news.push((self.first, front.at));
                }
                State::UnderWay => return,
                State::Lost if self.newest_arrived.is_none_or(|newest| newest < self.first + 128) => return,
                State::Arrived | State::Lost => {}
            }
            self.sent.pop_front();
            self.first += 1;
        }
    }

    /// How long after it was sent a segment is lost if a later one has arrived.
    fn grace(&self) -> u64 {
        let quarters = if self.patience > PATIENCE { 2 } else { 1 };
        self.trip.smoothed + quarters * self.trip.smoothed / 4
    }

    fn find_lost(&mut self, now: u64) {
        let Some(newest) = self.newest_arrived else { return };
        let grace = self.grace();
        for index in 0..self.sent.len() {
            let tx = self.first + index as u64;
            let sent = &self.sent[index];
            if tx >= newest {
                break;
            }
            if sent.state == State::UnderWay {
                if newest - tx < self.patience && now < sent.at + grace {
                    break; // nor are those after it
                }
                self.lose(index);
            }
        }
    }

    fn lose(&mut self, index: usize) {
        let tx = self.first + index as u64;
        let sent = &mut self.sent[index];
        sent.state = State::Lost;
        self.under_way -= sent.to - sent.from;
        if sent.to > self.arrived {
            self.lost.insert(sent.from, sent.to);
        }
        if tx >= self.recovery {
            self.begin_recovery();
            self.window.shrink();
        }
        self.unrefuted += 1;
    }

    fn begin_recovery(&mut self) {
        self.window.confirm();
        self.unrefuted = 0;
        self.recovery = self.first + self.sent.len() as u64;
        self.recovered_at = self.next;
    }

    /// When to call [`handle_timer`](Self::handle_timer); it never hurts to call it earlier.
    pub(crate) fn deadline(&self) -> Option<u64> {
        if self.under_way == 0 {
            return None;
        }
        let late = self.first_late().map(|sent| sent.at + self.grace());
        late.into_iter().chain([self.quiet_until()]).min()
    }

    /// The first transmission that others have overtaken.
    fn first_late(&self) -> Option<&Sent> {
        let newest = self.newest_arrived?.checked_sub(self.first)?;
        self.sent.iter().take(newest as usize).find(|sent| sent.state == State::UnderWay)
    }

    fn quiet_until(&self) -> u64 {
        let time_out = self.trip.time_out();
        if self.can_probe() {
            // A single segment may be answered late.
            let wait =
                2 * self.trip.smoothed + if self.under_way <= self.segment { 200_000_000 } else { 2_000_000 };
            return self.quiet_since + wait.min(time_out);
        }
        let longest = RoundTrip::longest_time_out();
        self.quiet_since + time_out.checked_shl(self.time_outs).unwrap_or(longest).min(longest)
    }

    /// Nothing is known to be missing, and silence is new.
    fn can_probe(&self) -> bool {
        !self.probed && self.time_outs == 0 && self.arrived >= self.recovered_at
    }

    /// Time has passed.
    pub(crate) fn handle_timer(&mut self, now: u64) -> Verdict {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Verdict::Alive;
        }
        if now < self.quiet_until() {
            self.find_lost(now);
        } else if self.can_probe() {
            (self.probed, self.probe_due, self.quiet_since) = (true, true, now);
        } else {
            self.time_out(now);
            if self.time_outs > GIVE_UP {
                return Verdict::Dead;
            }
        }
        Verdict::Alive
    }

    fn time_out(&mut self, now: u64) {
        let under_way: Vec<usize> =
            (0..self.sent.len()).filter(|&index| self.sent[index].state == State::UnderWay).collect();
        self.begin_recovery();
        if self.time_outs == 0 {
            self.window.collapse();
        }
        for index in under_way {
            self.lose(index);
        }
        self.time_outs += 1;
        (self.quiet_since, self.probed) = (now, false);
    }
}
