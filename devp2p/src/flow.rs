//! The two ways one end of a connection holds the other up.
//!
//! *Out*: the other end takes nothing, the world keeps what is sent, and we count it. *In*: our reader is full, and we
//! have the world stop acknowledging. A connection where neither happens carries no trace of this.

use core::task::Waker;
use core::time::Duration;

use proto::session::{DiscReason, PeerError, PeerErrorCode};

/// Bytes that may wait for a peer that takes nothing; a handler that sends more loses that peer: 8 MiB.
pub const SEND_QUEUE_LIMIT: u64 = 8 * 1024 * 1024;
/// Above so many waiting bytes [`PeerIo::write`](crate::PeerIo::write) waits: 1 MiB.
pub const WRITE_WAITS_ABOVE: u64 = 1024 * 1024;
/// How long what is sent may wait for the peer to take it: 20 s (geth's `frameWriteTimeout`).
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection on which one end holds the other up, or did lately.
#[derive(Debug, Default)]
pub(crate) struct Slow {
    /// The other end takes nothing.
    pub(crate) blocked: bool,
    /// Bytes sent since then.
    pub(crate) queued: u64,
    /// When the first of them was.
    pub(crate) since: Option<Duration>,
    /// Who waits to write.
    pub(crate) writers: Vec<Waker>,
    /// Readers that are full.
    pub(crate) full: u16,
    /// Our silence towards the transport.
    pub(crate) hold: Option<Hold>,
}

/// Nothing can be heard while we do not read, so no time-out may be made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// Since then nothing was read.
    pub(crate) since: Duration,
    /// Reading again; by then something must have been heard.
    pub(crate) until: Option<Duration>,
}

impl Slow {
    /// Takes note of bytes handed to the transport; true if they are the first ones to wait.
    pub(crate) fn count(&mut self, now: Duration, bytes: u64) -> bool {
        if !self.blocked {
            return false;
        }
        self.queued += bytes;
        if self.since.is_some() {
            return false;
        }
        self.since = Some(now);
        true
    }

    /// The other end takes again, or it is over: whoever waits looks again.
    pub(crate) fn release(&mut self) {
        self.blocked = false;
        self.queued = 0;
        self.since = None;
        self.wake();
    }

    pub(crate) fn wake(&mut self) {
        for waker in self.writers.drain(..) {
            waker.wake();
        }
    }

    /// Is there nothing left to remember?
    pub(crate) fn idle(&self) -> bool {
        !self.blocked && self.full == 0 && self.hold.is_none()
    }
}

/// Nothing was taken for too long.
pub(crate) fn write_timed_out() -> PeerError {
    write_failed(format!("write timed out after {WRITE_TIMEOUT:?}"))
}

/// More was sent than may wait.
pub(crate) fn queue_full(queued: u64) -> PeerError {
    write_failed(format!("send queue holds {queued} bytes, limit {SEND_QUEUE_LIMIT}"))
}

fn write_failed(cause: String) -> PeerError {
    PeerError::new(PeerErrorCode::DiscReason, DiscReason::NetworkError, "Peer.run writeErr").because(cause)
}
