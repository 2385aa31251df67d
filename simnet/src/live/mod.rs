//! A network as it is watched: what changed since the last look, for watchers who look as often as they can draw.
//!
//! A subscription ([`crate::subscribe`]) brings every event, in order, and loses some where its reader is slow. Whoever
//! shows a network wants the opposite: the latest state of whatever changed, however much happened in between. So
//! nothing is queued for a watcher. It asks for a [`Frame`] when it is ready for one, and the answer is put together
//! then: as many rows as there are nodes and connections at most, at any rate of events.
//!
//! | module | holds |
//! |---|---|
//! | `frame` | what a watcher gets |
//! | `mirror` | nodes and connections with the ring of what changed: frames, resumption and the past come from it |
//! | `news` | the ring of events |
//! | `items` | where items have arrived |
//! | `traffic` | messages, as one watcher wants them: sampled, counted by connection |
//! | `survey` | counts and warnings |
//! | `watcher` | one watcher's place and wishes, and the frames for it |
//! | `watch` | a watcher's side of it, from anywhere |
//!
//! All of it begins with the first watcher and costs nothing before. Messages become records only while a watcher wants
//! them. The log and its digest do not depend on who watches.
//!
//! What is not kept is counted: messages and events beyond a sample, events that left the ring before they were seen.

mod frame;
mod items;
mod mirror;
mod news;
mod survey;
mod traffic;
mod watch;
mod watcher;

pub use frame::{
    ArrivalRow, Clock, ConnRow, EventRow, Frame, HeatRow, MessageRow, NewNode, NodeRow, NodeStanding, Rates,
    Sample, Stat, Warning, WarningKind,
};
pub(crate) use mirror::{Known, Mirror};
pub use watch::Watch;
pub use watcher::{MessageFilter, Track, Wants};

use crate::adapter::{NodeAdapter, Tap};
use crate::record::{Kind, Message, Record};
use crate::state::{Change, State};
use devp2p::NodeId;
use items::{Arrival, Items};
use news::News;
use std::time::Duration;
use survey::Survey;
use watcher::Watcher;
use world::sim::Pace;

/// All that is kept for watchers. See the module.
#[derive(Debug)]
pub(crate) struct Live {
    mirror: Mirror,
    news: News,
    items: Items,
    survey: Survey,
    watchers: Vec<Watcher>,
    next: u64,
}

/// What a frame is made from, beside what is kept here.
pub(crate) struct Present<'a> {
    pub(crate) state: &'a State,
    pub(crate) adapter: &'a dyn NodeAdapter,
    /// The number of the last record.
    pub(crate) seq: u64,
    pub(crate) clock: Clock,
    /// The time on the wall.
    pub(crate) wall: Duration,
    /// Peers a node has at most; 0 if there is no such number.
    pub(crate) max_peers: usize,
    pub(crate) restraints: usize,
}

impl Live {
    pub(crate) fn new(mirror: Mirror) -> Self {
        let (news, items, survey) = (News::default(), Items::default(), Survey::default());
        Self { mirror, news, items, survey, watchers: Vec::new(), next: 0 }
    }

    /// Begins to watch: from nothing, or from a record up to which everything was seen. Answers the watcher's number, and
    /// whether it goes on where it was.
    pub(crate) fn watch(&mut self, since: Option<u64>) -> (u64, bool) {
        let resumed = since.filter(|seq| self.mirror.reaches(*seq));
        let event = resumed.map_or_else(|| self.news.events.end(), |seq| self.news.events.after(seq));
        let mark = resumed.map_or(0, |seq| self.news.marks.after(seq));
        let id = self.next;
        self.next += 1;
        self.watchers.push(Watcher::new(id, resumed, event, mark));
        (id, resumed.is_some())
    }

    pub(crate) fn leave(&mut self, id: u64) {
        self.watchers.retain(|watcher| watcher.id != id);
    }

    pub(crate) fn want(&mut self, id: u64, wants: Wants, filter: MessageFilter) {
        let events = self.news.events.end();
        if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.id == id) {
            watcher.set(wants, filter, events);
        }
    }

    pub(crate) fn track(&mut self, id: u64, track: Track) {
        if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.id == id) {
            watcher.track = track;
        }
    }

    /// Has a watcher get what is kept of the events that pass its filter, from the oldest on.
    pub(crate) fn again(&mut self, id: u64) {
        if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.id == id) {
            watcher.again();
        }
    }

    /// Which messages anyone wants records of.
    pub(crate) fn tap(&self) -> Tap {
        let watchers = self.watchers.iter().filter(|watcher| watcher.wants().of_messages());
        watchers.map(Watcher::tap).fold(Tap::Nothing, Tap::or)
    }

    /// Whether anyone wants records of arrivals.
    pub(crate) fn wants_arrivals(&self) -> bool {
        self.watchers.iter().any(|watcher| watcher.wants().arrivals)
    }

    /// A node's messages are not for show.
    pub(crate) fn hide_messages(&mut self, id: &NodeId) {
        self.mirror.hide_messages(id);
    }

    /// Takes in a record, what it changed, and the state after it. `seq` is its number among those that are always there,
    /// which those of messages are not.
    pub(crate) fn note(&mut self, seq: u64, record: &Record, changes: &[Change], state: &State) {
        match &record.kind {
            Kind::Message(message) => self.message(record, message),
            Kind::Arrival { item, from, hops, .. } => {
                let Some(node) = record.origin.index() else { return };
                let (time, node, published) = (record.time, node as u32, from.is_none());
                let from = from.as_ref().and_then(|id| self.mirror.index(id));
                self.items.note(seq, Arrival { time, node, item: *item, hops: *hops, from, published });
            }
            Kind::Metric { .. } => {}
            _ => {
                self.mirror.note(seq, record, changes, state);
                self.news.note(seq, record, changes, &self.mirror);
            }
        }
    }

    fn message(&mut self, record: &Record, message: &Message) {
        let ends = record.origin.index().zip(self.mirror.index(&message.peer));
        let Some((origin, peer)) = ends.map(|(origin, peer)| (origin as u32, peer)) else { return };
        if !self.mirror.shows_messages(origin) {
            return;
        }
        for watcher in self.watchers.iter_mut().filter(|watcher| watcher.wants().of_messages()) {
            watcher.traffic.note(record.time, origin, peer, message);
        }
    }

    /// The earliest moment of which anything is known.
    pub(crate) fn earliest(&self) -> Duration {
        Duration::from_nanos(self.mirror.earliest())
    }

    /// The network after everything that happened up to `time`: nodes and connections alone. Or the earliest moment that
    /// can be had.
    pub(crate) fn past(&self, time: Duration, pace: Pace) -> Result<Frame, Duration> {
        let past = self.mirror.at(time.as_nanos() as u64).map_err(Duration::from_nanos)?;
        Ok(Frame {
            whole: true,
            seq: past.seq,
            clock: Clock { now: time, pace },
            nodes: past.rows.nodes,
            new: past.rows.new,
            groups: Some(self.mirror.groups().to_vec()),
            conns: past.rows.conns,
            rates: None,
            stat: None,
            heat: Vec::new(),
            messages: None,
            events: None,
            marks: Vec::new(),
            arrivals: Vec::new(),
        })
    }
}
