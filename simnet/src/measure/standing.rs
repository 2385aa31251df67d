//! Nodes and connections over time: how many there are, how often they come and go, and what was done to them.

use super::bins::Bins;
use super::spread::NodeSet;
use super::{Counts, Mark};
use crate::condition::{Condition, Text};
use crate::record::{Asked, Kind, Record};
use crate::state::{Change, State};
use std::rc::Rc;
use std::time::Duration;
use world::sim::Effect;

/// Changes of links, lines and partitions that are told one by one; of those beyond, the number is known.
const MARKS: usize = 256;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// The nodes that are up.
    pub(super) up: Rc<NodeSet>,
    pub(super) counts: Counts,
    pub(super) nodes: Bins<i64>,
    pub(super) conns: Bins<i64>,
    pub(super) drops: Bins<u64>,
    pub(super) started: Bins<u64>,
    pub(super) stopped: Bins<u64>,
    pub(super) crashed: Bins<u64>,
    pub(super) marks: Vec<Mark>,
    pub(super) marks_beyond: u64,
    nodes_up: i64,
    conns_up: i64,
    /// Nanoseconds that nodes have been up, all together, until `seen`.
    uptime: u128,
    seen: u64,
}

impl Standing {
    /// Begins with what there is.
    pub(super) fn new(state: &State, now: u64) -> Self {
        let mut standing = Self { seen: now, ..Self::default() };
        for node in state.nodes().iter().filter(|node| node.up) {
            Rc::make_mut(&mut standing.up).insert(node.origin() as u32);
            standing.nodes_up += 1;
        }
        standing.conns_up = state.conns_up() as i64;
        standing.nodes.add(now, standing.nodes_up);
        standing.conns.add(now, standing.conns_up);
        standing
    }

    /// Takes in a record and what it changed.
    pub(super) fn note(&mut self, record: &Record, changes: &[Change]) {
        let time = record.time;
        match (&record.kind, record.origin.index()) {
            (Kind::Up, Some(node)) if Rc::make_mut(&mut self.up).insert(node as u32) => {
                self.pass(time, 1);
                self.counts.ups += 1;
            }
            (Kind::Down, Some(node)) => {
                Rc::make_mut(&mut self.up).remove(node as u32);
                self.pass(time, -1);
                self.counts.downs += 1;
            }
            (Kind::PeerDropped { .. }, _) => {
                self.counts.drops += 1;
                self.drops.add(time, 1);
            }
            (Kind::DialFailed { .. }, _) => self.counts.failed_dials += 1,
            (Kind::Asked(asked), _) => self.asked(asked, time),
            _ => {}
        }
        for change in changes {
            if let Change::Conn(conn, _) = change {
                let (step, count) = match conn.up {
                    true => (1, &mut self.counts.connected),
                    false => (-1, &mut self.counts.disconnected),
                };
                *count += 1;
                self.conns_up += step;
                self.conns.add(time, step);
            }
        }
    }

    fn pass(&mut self, time: u64, step: i64) {
        self.uptime = self.uptime_until(time);
        self.seen = time;
        self.nodes_up += step;
        self.nodes.add(time, step);
    }

    fn uptime_until(&self, time: u64) -> u128 {
        self.uptime + u128::from(time.saturating_sub(self.seen)) * self.nodes_up.max(0) as u128
    }

    /// How often a node goes down in an hour that it is up, if any was up for any time.
    pub(super) fn churn(&self, now: u64) -> Option<f64> {
        let hours = self.uptime_until(now) as f64 / 3.6e12;
        (hours > 0.0).then(|| self.counts.downs as f64 / hours)
    }

    fn asked(&mut self, asked: &Asked, time: u64) {
        match asked {
            Asked::Start { .. } => self.started.add(time, 1),
            Asked::Stop { .. } => self.stopped.add(time, 1),
            Asked::Crash { .. } => self.crashed.add(time, 1),
            Asked::Condition(condition) => self.mark(time, mark(condition)),
            Asked::Reset => {
                self.conns.add(time, -self.conns_up);
                self.conns_up = 0;
                self.mark(time, "reset".to_owned());
            }
            _ => {}
        }
    }

    fn mark(&mut self, time: u64, text: String) {
        let at = Duration::from_nanos(time);
        // Many of a kind at one instant are one: the lines of a group, say.
        let kind = |text: &str| text.split(' ').next().map(str::to_owned);
        if let Some(last) = self.marks.last_mut()
            && last.at == at
            && kind(&last.text) == kind(&text)
        {
            last.times += 1;
        } else if self.marks.len() == MARKS {
            self.marks_beyond += 1;
        } else {
            self.marks.push(Mark { at, text, times: 1 });
        }
    }
}

/// What a change of conditions is called; its first word says of which kind it is.
fn mark(condition: &Condition) -> String {
    let link = |link: &Option<_>| link.map_or("as before".to_owned(), |link| Text(link).to_string());
    match condition {
        Condition::DefaultLink(of) => format!("links {}", Text(*of)),
        Condition::Link { link: of, .. } => format!("link {}", link(of)),
        Condition::Line { line, .. } => format!("line {}", Text(*line)),
        Condition::Region { .. } => "regions".to_owned(),
        Condition::RegionLink { from, to, link: of } => format!("regions {from} to {to}: {}", link(of)),
        Condition::Impose { one, other, effect, .. } => {
            let other = other.as_ref().map_or("the rest".to_owned(), |other| other.len().to_string());
            match effect {
                Effect::Cut => format!("partition {} | {other}", one.len()),
                Effect::Worsen { delay, loss } => {
                    format!("worse by {}, loss {}: {} | {other}", Text(*delay), Text(*loss), one.len())
                }
            }
        }
        Condition::Lift(_) => "heal".to_owned(),
    }
}
