//! What watchers ask of a network. None of it is a command: it stands in no journal and no log.

use super::Driver;
use crate::error::NetworkError;
use crate::live::{Frame, MessageFilter, Track, Wants};
use std::time::Duration;
use world::sim::Pace;

impl Driver {
    pub(crate) fn watch(&mut self, since: Option<u64>) -> (u64, bool) {
        self.network.watch_live(since)
    }

    pub(crate) fn want_live(&mut self, id: u64, wants: Wants, filter: MessageFilter) {
        self.network.want_live(id, wants, filter);
    }

    pub(crate) fn again_live(&mut self, id: u64) {
        self.network.again_live(id);
    }

    pub(crate) fn track_live(&mut self, id: u64, track: Track) {
        self.network.track_live(id, track);
    }

    pub(crate) fn leave_live(&mut self, id: u64) {
        self.network.leave_live(id);
    }

    pub(crate) fn frame(&mut self, id: u64) -> Option<Frame> {
        let (pace, wall) = (self.shown_pace(), self.wall.elapsed());
        self.network.frame_live(id, pace, wall)
    }

    pub(crate) fn earliest(&mut self) -> Duration {
        self.network.earliest_live()
    }

    pub(crate) fn past(&mut self, at: Duration) -> Result<Frame, NetworkError> {
        let pace = self.shown_pace();
        self.network.past_live(at, pace).map_err(|earliest| NetworkError::Forgotten { at, earliest })
    }

    fn shown_pace(&self) -> Pace {
        if self.is_virtual() { self.pacer.pace() } else { Pace::Times(1.0) }
    }
}
