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
/// Events shown in a frame.
const SHOWN: usize = 200;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct News {
    ring: VecDeque<EventRow>,
    /// Events that have left the ring.
    left: u64,
    empty: Option<Arc<str>>,
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
                self.push(row("asked", text, one.and_then(index), other.and_then(index), true));
            }
            Kind::Up => self.push(row("node", "up".into(), origin, None, false)),
            Kind::Down => self.push(row("node", "down".into(), origin, None, false)),
            Kind::DialFailed { peer, error } => {
                self.push(row("dial", (*error.0).into(), origin, index(peer), false));
            }
            Kind::Expectation { name, passed, detail } => {
                let verdict = if *passed { "holds" } else { "fails" };
                self.push(row(
                    "expectation",
                    format!("{name} {verdict}: {detail}").into(),
                    None,
                    None,
                    false,
                ));
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
                self.push(row("conn", text, index(&view.one), index(&view.other), false));
            }
        }
    }

    /// The text that is there most, once.
    fn fixed(&mut self) -> Arc<str> {
        Arc::clone(self.empty.get_or_insert_with(|| "up".into()))
    }

    fn push(&mut self, event: EventRow) {
        if self.ring.len() == RING {
            self.ring.pop_front();
            self.left += 1;
        }
        self.ring.push_back(event);
    }

    /// The number of the next event.
    pub(super) fn end(&self) -> u64 {
        self.left + self.ring.len() as u64
    }

    /// The number of the first event after a record, as far as the ring has it.
    pub(super) fn after(&self, seq: u64) -> u64 {
        self.left + self.ring.partition_point(|event| event.seq <= seq) as u64
    }

    /// The events from that number on which `wants` lets pass, and how many are not there any more.
    pub(super) fn since(&self, number: u64, wants: impl Fn(&EventRow) -> bool) -> (Sample<EventRow>, u64) {
        let missed = self.left.saturating_sub(number);
        let first = number.saturating_sub(self.left) as usize;
        let matching: Vec<&EventRow> = self.ring.range(first..).filter(|event| wants(event)).collect();
        let count = matching.len();
        let step = count.div_ceil(SHOWN).max(1);
        // Evenly spread, and the newest is among them.
        let shown = matching.into_iter().rev().step_by(step).map(EventRow::clone);
        let mut shown: Vec<EventRow> = shown.collect();
        shown.reverse();
        (Sample { of: count as u64, shown }, missed)
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
            let other = other.as_ref().map_or("everybody else".to_owned(), |other| other.len().to_string());
            let what = match effect {
                Effect::Cut => "partition".to_owned(),
                Effect::Worsen { delay, loss } => {
                    format!("{} more delay, {} more loss:", Text(*delay), Text(*loss))
                }
            };
            (format!("{what} {} | {other} nodes (restraint {id})", one.len()).into(), None, None)
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
        let mut news = News::default();
        for seq in 1..=1000 {
            news.push(event(seq));
        }
        let (few, missed) = news.since(news.after(990), |_| true);
        assert_eq!((few.of, few.shown.len(), missed), (10, 10, 0));
        assert_eq!(few.shown[0].seq, 991);
        let (many, _) = news.since(0, |_| true);
        assert_eq!((many.of, many.shown.len(), many.shown[199].seq), (1000, 200, 1000));
        assert!(many.shown.windows(2).all(|pair| pair[1].seq - pair[0].seq == 5));
        let (half, _) = news.since(0, |event| event.a == Some(1));
        assert_eq!((half.of, half.shown.len()), (500, 167));
        let (none, _) = news.since(news.end(), |_| true);
        assert_eq!((none.of, none.shown.len()), (0, 0));
    }

    #[test]
    fn what_left_the_ring_is_counted() {
        let mut news = News::default();
        for seq in 0..RING as u64 + 7 {
            news.push(event(seq));
        }
        let (rest, missed) = news.since(3, |_| true);
        assert_eq!((rest.of, missed), (RING as u64, 4));
    }
}
