//! A watcher's side of it: asks for frames, says what it wants, and leaves when it is dropped.

use super::{Frame, MessageFilter, Track, Wants};
use crate::error::NetworkError;
use crate::handle::Handle;
use std::time::Duration;

/// Someone who watches a network. Dropping it ends that.
#[derive(Debug)]
pub struct Watch {
    id: u64,
    resumed: bool,
    handle: Handle,
}

impl Handle {
    /// Begins to watch: from nothing, or going on after a record up to which everything was seen.
    pub async fn watch(&self, since: Option<u64>) -> Result<Watch, NetworkError> {
        let (id, resumed) = self.ask(move |driver| driver.watch(since)).await?;
        Ok(Watch { id, resumed, handle: self.clone() })
    }

    /// Records of the log so far, those of messages not counted.
    pub async fn records(&self) -> Result<u64, NetworkError> {
        self.ask(|driver| driver.network().records()).await
    }

    /// The earliest moment of which [`past`](Self::past) knows.
    pub async fn earliest(&self) -> Result<Duration, NetworkError> {
        self.ask(|driver| driver.earliest()).await
    }

    /// Nodes and connections as they were after everything that happened up to that moment. It is known from the first
    /// watcher on, as far back as there is room for.
    pub async fn past(&self, at: Duration) -> Result<Frame, NetworkError> {
        self.ask(move |driver| driver.past(at)).await?
    }
}

impl Watch {
    /// Whether it goes on where it was; if not, the first frame is a whole one.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// What has changed since the last frame; nothing if nothing has, not even the time.
    pub async fn frame(&self) -> Result<Option<Frame>, NetworkError> {
        let id = self.id;
        self.handle.ask(move |driver| driver.frame(id)).await
    }

    /// What it wants from now on.
    pub async fn want(&self, wants: Wants, filter: MessageFilter) -> Result<(), NetworkError> {
        let id = self.id;
        self.handle.ask(move |driver| driver.want_live(id, wants, filter)).await
    }

    /// Has it get what is kept of the events that pass its filter, from the oldest on.
    pub async fn again(&self) -> Result<(), NetworkError> {
        let id = self.id;
        self.handle.ask(move |driver| driver.again_live(id)).await
    }

    /// Whose arrivals it wants from now on.
    pub async fn track(&self, track: Track) -> Result<(), NetworkError> {
        let id = self.id;
        self.handle.ask(move |driver| driver.track_live(id, track)).await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let id = self.id;
        self.handle.tell(move |driver| driver.leave_live(id));
    }
}
