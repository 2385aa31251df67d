//! The ring of events: one line each, for people. Watchers take from it what they have not seen.

use super::frame::{EventRow, Sample};
use super::mirror::Mirror;
use crate::condition::{Condition, Text};
use crate::record::{Asked, Kind, Record};
use crate::state::Change;
use devp2p::NodeId;
use std::collections::VecDeque;
use std::sync::Arc;
use world::sim::{Effect, Link};

/// Events kept.
const RING: usize = 1 << 16;
/// Marks kept.
const MARKS: usize = 200;
/// Events shown in a frame.
pub(super) const SHOWN: usize = 200;
/// Events shown in a frame that begins with the oldest.
pub(super) const SHOWN_AGAIN: usize = 2000;

/// See the module.
#[derive(Debug)]
pub(super) struct News {
    pub(super) events: Ring,
    /// Those of the events that a time line shows: what was done to the network as a whole, and what was expected.
    pub(super) marks: Ring,
    empty: Option<Arc<str>>,
}

impl Default for News {
    fn default() -> Self {
        Self { events: Ring::new(RING), marks: Ring::new(MARKS), empty: None }
    }
}

/// The latest events, and how many there were before them.
#[derive(Debug)]
pub(super) struct Ring {
    kept: VecDeque<EventRow>,
    left: u64,
    limit: usize,
}

impl News {
    pub(super) fn note(&mut self, seq: u64, record: &Record, changes: &[Change], mirror: &Mirror) {
        let time = record.time;
        let index = |id: &NodeId| mirror.index(id);
        let origin = record.origin.index().map(|index| index as u32);
        let row = |kind, text, a, b, control| EventRow { seq, time, kind, text, a, b, control };
        match &record.kind {
            Kind::Asked(asked) => {
                let (text, one, other) = words(asked);
                let event = row("asked", text, one.and_then(index), other.and_then(index), true);
                if is_mark(asked) {
                    self.marks.push(event.clone());
                }
                self.events.push(event);
            }
            Kind::Up => self.events.push(row("node", "up".into(), origin, None, false)),
            Kind::Down => self.events.push(row("node", "down".into(), origin, None, false)),
            Kind::DialFailed { peer, error } => {
                self.events.push(row("dial", (*error.0).into(), origin, index(peer), false));
            }
            Kind::Expectation { name, passed, detail } => {
                let verdict = if *passed { "holds" } else { "fails" };
                let text = format!("{name} {verdict}: {detail}").into();
                let event = row("expectation", text, None, None, false);
                self.marks.push(event.clone());
                self.events.push(event);
            }
            _ => {}
        }
        for change in changes {
            if let Change::Conn(view, error) = change {
                let text = match (view.up, error) {
                    (true, _) => self.fixed(),
                    (false, None) => "down".into(),
                    (false, Some(error)) => format!("down: {error}").into(),
                };
                self.events.push(row("conn", text, index(&view.one), index(&view.other), false));
            }
        }
    }

    /// The text that is there most, once.
    fn fixed(&mut self) -> Arc<str> {
        Arc::clone(self.empty.get_or_insert_with(|| "up".into()))
    }
}

impl Ring {
    fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), left: 0, limit }
    }

    fn push(&mut self, event: EventRow) {
        if self.kept.len() == self.limit {
            self.kept.pop_front();
            self.left += 1;
        }
        self.kept.push_back(event);
    }

    /// The number of the oldest event that is kept.
    pub(super) fn begin(&self) -> u64 {
        self.left
    }

    /// The number of the next event.
    pub(super) fn end(&self) -> u64 {
        self.left + self.kept.len() as u64
    }

    /// The number of the first event after a record, as far as the ring has it.
    pub(super) fn after(&self, seq: u64) -> u64 {
        self.left + self.kept.partition_point(|event| event.seq <= seq) as u64
    }

    /// The events from that number on which `wants` lets pass, `most` of them shown, and how many are not there any more.
    pub(super) fn since(
        &self,
        number: u64,
        most: usize,
        wants: impl Fn(&EventRow) -> bool,
    ) -> (Sample<EventRow>, u64) {
        let missed = self.left.saturating_sub(number);
        let first = number.saturating_sub(self.left) as usize;
        let matching: Vec<&EventRow> = self.kept.range(first..).filter(|event| wants(event)).collect();
        let count = matching.len();
        let step = count.div_ceil(most).max(1);
        // Evenly spread, and the newest is among them.
        let shown = matching.into_iter().rev().step_by(step).map(EventRow::clone);
        let mut shown: Vec<EventRow> = shown.collect();
        shown.reverse();
        (Sample { of: count as u64, shown }, missed)
    }
}

/// Whether it is done to the network as a whole, or to one node as a fault.
fn is_mark(asked: &Asked) -> bool {
    match asked {
        Asked::Condition(condition) => !matches!(**condition, Condition::Region { .. }),
        Asked::Reset | Asked::Crash { .. } => true,
        _ => false,
    }
}

/// What was asked, and of whom.
fn words(asked: &Asked) -> (Arc<str>, Option<&NodeId>, Option<&NodeId>) {
    match asked {
        Asked::Create { id, name, services } => {
            (format!("create {name} ({})", services.join(", ")).into(), Some(id), None)
        }
        Asked::Start { id } => ("start".into(), Some(id), None),
        Asked::Stop { id } => ("stop".into(), Some(id), None),
        Asked::Crash { id } => ("crash".into(), Some(id), None),
        Asked::Remove { id } => ("remove".into(), Some(id), None),
        Asked::Connect { one, other } => ("connect".into(), Some(one), Some(other)),
        Asked::Disconnect { one, other } => ("disconnect".into(), Some(one), Some(other)),
        Asked::Rpc { id, text } => (format!("call {}", short(text)).into(), Some(id), None),
        Asked::Reset => ("reset".into(), None, None),
        Asked::Condition(condition) => conditions(condition),
    }
}

/// The same of the conditions between nodes.
fn conditions(condition: &Condition) -> (Arc<str>, Option<&NodeId>, Option<&NodeId>) {
    let link = |link: &Option<Link>| link.map_or("as before".to_owned(), |link| Text(link).to_string());
    match condition {
        Condition::DefaultLink(link) => (format!("links {}", Text(*link)).into(), None, None),
        Condition::Link { from, to, both_ways, link: of } => {
            let ways = if *both_ways { "both ways" } else { "one way" };
            (format!("link {ways} {}", link(of)).into(), Some(from), Some(to))
        }
        Condition::Line { node, line } => (format!("line {}", Text(*line)).into(), Some(node), None),
        Condition::Region { node, region } => {
            let region = region.map_or("none".to_owned(), |region| region.to_string());
            (format!("region {region}").into(), Some(node), None)
        }
        Condition::RegionLink { from, to, link: of } => {
            (format!("link of region {from} to {to} {}", link(of)).into(), None, None)
        }
        Condition::Impose { id, one, other, effect, .. } => {
            let nodes = |count: usize| format!("{count} {}", if count == 1 { "node" } else { "nodes" });
            let other = other.as_ref().map_or("everybody else".to_owned(), |other| nodes(other.len()));
            let what = match effect {
                Effect::Cut => "partition".to_owned(),
                Effect::Worsen { delay, loss } => {
                    format!("{} more delay, {} more loss:", Text(*delay), Text(*loss))
                }
            };
            (format!("{what} {} | {other} (restraint {id})", nodes(one.len())).into(), None, None)
        }
        Condition::Lift(id) => (format!("heal (restraint {id})").into(), None, None),
    }
}

/// The beginning of a text that may be long.
fn short(text: &str) -> String {
    const CHARS: usize = 160;
    match text.char_indices().nth(CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64) -> EventRow {
        let (kind, text, a, b) = ("node", "up".into(), Some((seq % 2) as u32), None);
        EventRow { seq, time: seq, kind, text, a, b, control: false }
    }

    #[test]
    fn a_watcher_sees_some_of_many_and_is_told_of_all() {
        let mut news = Ring::new(RING);
        for seq in 1..=1000 {
            news.push(event(seq));
        }
        let (few, missed) = news.since(news.after(990), SHOWN, |_| true);
        assert_eq!((few.of, few.shown.len(), missed), (10, 10, 0));
        assert_eq!(few.shown[0].seq, 991);
        let (many, _) = news.since(0, SHOWN, |_| true);
        assert_eq!((many.of, many.shown.len(), many.shown[199].seq), (1000, 200, 1000));
        assert!(many.shown.windows(2).all(|pair| pair[1].seq - pair[0].seq == 5));
        let (half, _) = news.since(0, SHOWN, |event| event.a == Some(1));
        assert_eq!((half.of, half.shown.len()), (500, 167));
        let (none, _) = news.since(news.end(), SHOWN, |_| true);
        assert_eq!((none.of, none.shown.len()), (0, 0));
    }

    #[test]
    fn what_left_the_ring_is_counted() {
        let mut news = Ring::new(RING);
        for seq in 0..RING as u64 + 7 {
            news.push(event(seq));
        }
        let (rest, missed) = news.since(3, SHOWN, |_| true);
        assert_eq!((rest.of, missed), (RING as u64, 4));
    }
}
