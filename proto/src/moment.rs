//! A time, as machines keep it: half as large as a [`Duration`], since there are several in each of a million sessions.

use core::time::Duration;

/// Time since the start of the world in whole nanoseconds; 584 years at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// The same as a duration since the start.
    pub const fn since_start(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// So much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(Self::from(span).0))
    }
}

impl From<Duration> for Moment {
    fn from(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_to_the_nanosecond_and_the_end_of_time_is_never() {
        let time = Duration::new(12, 345);
        assert_eq!(Moment::from(time).since_start(), time);
        assert_eq!(Moment::from(time).after(time).since_start(), 2 * time);
        assert_eq!(Moment::from(Duration::MAX), Moment::NEVER);
        assert_eq!(Moment::from(time).after(Duration::MAX), Moment::NEVER);
    }
}
