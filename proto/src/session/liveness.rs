//! When to ping, and when to give up: two moments, no timer. The session asks what is due.

use core::time::Duration;

use super::local::Timing;
use crate::Moment;

/// The two moments of a live session.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    heard: Moment,
    ping_at: Moment,
}

/// What is due now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping,
    TimedOut,
}

impl Liveness {
    /// A session that is live from `now` on.
    pub(crate) fn start(now: Duration, timing: &Timing) -> Self {
        Self { heard: now.into(), ping_at: Moment::from(now).after(timing.ping) }
    }

    /// A whole message came. Not a part of one: a remote that drips bytes is as dead as a silent one.
    pub(crate) fn heard(&mut self, now: Duration) {
        self.heard = now.into();
    }

    pub(crate) fn deadline(&self, timing: &Timing) -> Duration {
        self.ping_at.min(self.heard.after(timing.read_timeout)).since_start()
    }

    pub(crate) fn poll(&mut self, now: Duration, timing: &Timing) -> Due {
        let now = Moment::from(now);
        if now >= self.heard.after(timing.read_timeout) {
            return Due::TimedOut;
        }
        if now < self.ping_at {
            return Due::Nothing;
        }
        // From now, not from when it was due: a late caller must not make up for pings in a burst.
        self.ping_at = now.after(timing.ping);
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);
    const NS: Duration = Duration::from_nanos(1);

    #[test]
    fn pings_go_out_until_silence_has_lasted_too_long() {
        let timing = Timing::default();
        let mut liveness = Liveness::start(S, &timing);
        assert_eq!(liveness.deadline(&timing), 16 * S);
        assert_eq!(liveness.poll(16 * S - NS, &timing), Due::Nothing);
        assert_eq!(liveness.poll(16 * S, &timing), Due::Ping);
        assert_eq!(liveness.poll(16 * S, &timing), Due::Nothing);
        assert_eq!(liveness.deadline(&timing), 31 * S);
        assert_eq!(liveness.poll(31 * S - NS, &timing), Due::Nothing);
        assert_eq!(liveness.poll(31 * S, &timing), Due::TimedOut);
    }

    #[test]
    fn a_late_caller_owes_one_ping() {
        let timing = Timing::default();
        let mut liveness = Liveness::start(Duration::ZERO, &timing);
        liveness.heard(40 * S);
        assert_eq!(liveness.poll(50 * S, &timing), Due::Ping);
        assert_eq!(liveness.deadline(&timing), 65 * S);
        assert_eq!(liveness.poll(64 * S, &timing), Due::Nothing);
    }
}
