//! Watchers of a network: begun with the first of them, fed with each record.

use super::Network;
use crate::adapter::Tap;
use crate::live::{Clock, Frame, Known, Live, MessageFilter, Mirror, Present, Track, Wants};
use crate::record::{Kind, Record};
use crate::state::Change;
use std::time::Duration;
use world::sim::Pace;

/// What is kept for watchers, and the count of records that goes on without them.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// Records so far, those of messages not counted: how many of these there are depends on who listens.
    seq: u64,
    live: Option<Box<Live>>,
}

impl Watching {
    fn tap(&self) -> Tap {
        self.live.as_ref().map_or(Tap::Nothing, |live| live.tap())
    }

    fn wants_arrivals(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.wants_arrivals())
    }

    /// Takes in a record, what it changed, and the state after it.
    pub(super) fn note(&mut self, record: &Record, changes: &[Change], state: &crate::state::State) {
        if !matches!(record.kind, Kind::Message(_)) {
            self.seq += 1;
        }
        if let Some(live) = &mut self.live {
            live.note(self.seq, record, changes, state);
        }
    }

    /// A node's messages are not for show.
    pub(super) fn hide_messages(&mut self, id: &devp2p::NodeId) {
        if let Some(live) = &mut self.live {
            live.hide_messages(id);
        }
    }
}

impl Network {
    fn live(&mut self) -> &mut Live {
        if self.watching.live.is_none() {
            let known = |member: &super::Member| Known {
                index: member.index.0,
                services: member.config.services.clone(),
                shows_messages: member.config.enable_msg_events,
            };
            let known: Vec<Known> = self.nodes.iter().map(known).collect();
            let mirror = Mirror::new(&self.state, &known, self.watching.seq, self.nanos());
            self.watching.live = Some(Box::new(Live::new(mirror)));
        }
        self.watching.live.as_mut().expect("just put there")
    }

    /// Records of the log so far, those of messages not counted.
    pub(crate) fn records(&self) -> u64 {
        self.watching.seq
    }

    /// Begins to watch. See [`Live::watch`].
    pub(crate) fn watch_live(&mut self, since: Option<u64>) -> (u64, bool) {
        // What lies ahead of this network is another's.
        let since = since.filter(|seq| *seq <= self.watching.seq);
        self.live().watch(since)
    }

    pub(crate) fn want_live(&mut self, id: u64, wants: Wants, filter: MessageFilter) {
        self.live().want(id, wants, filter);
        self.tap_messages();
    }

    pub(crate) fn again_live(&mut self, id: u64) {
        self.live().again(id);
    }

    pub(crate) fn track_live(&mut self, id: u64, track: Track) {
        self.live().track(id, track);
    }

    pub(crate) fn leave_live(&mut self, id: u64) {
        self.live().leave(id);
        self.tap_messages();
    }

    /// Has the adapter make records of messages, and of what is measured, while anyone wants them.
    pub(super) fn tap_messages(&mut self) {
        self.adapter.want_messages(self.log.tap().or(self.watching.tap()));
        let watched = self.watching.wants_arrivals() || self.meter.is_some();
        self.adapter.want_measured(self.log.wants_measured() || watched);
    }

    /// What has changed for a watcher since its last frame. `wall` is the time on the wall.
    pub(crate) fn frame_live(&mut self, id: u64, pace: Pace, wall: Duration) -> Option<Frame> {
        let now = self.now();
        let Self { watching: Watching { seq, live }, state, adapter, manners, .. } = self;
        let present = Present {
            state,
            adapter: &**adapter,
            seq: *seq,
            clock: Clock { now, pace },
            wall,
            max_peers: manners.max_peers,
            restraints: state.conditions().restraints().len(),
        };
        live.as_mut()?.frame(id, &present)
    }

    pub(crate) fn earliest_live(&mut self) -> Duration {
        self.live().earliest()
    }

    /// Nodes and connections at a moment that has gone by, or the earliest that can be had.
    pub(crate) fn past_live(&mut self, at: Duration, pace: Pace) -> Result<Frame, Duration> {
        let at = at.min(self.now());
        self.live().past(at, pace)
    }
}
