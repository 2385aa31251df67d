//! The wall's clock, for what people read. No result depends on it.

use std::time::{Duration, Instant, SystemTime};

/// Time since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how long a run took on the wall is what this is for")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Now, as `11-22|07:12:27.123` (UTC).
#[expect(clippy::disallowed_methods, reason = "log lines outside of a simulated world carry calendar time")]
pub(crate) fn calendar() -> String {
    short(SystemTime::now())
}

/// A text that no other process and no other moment has.
#[expect(clippy::disallowed_methods, reason = "tells one run of a server from another; no network sees it")]
pub(crate) fn moment() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}

fn short(time: SystemTime) -> String {
    let long = humantime::format_rfc3339_millis(time).to_string();
    // 2026-11-22T07:12:27.123Z; years beyond 9999 do not occur.
    let (day, hour) = long.trim_end_matches('Z').split_once('T').expect("RFC 3339 has a T");
    format!("{}|{hour}", day.split_once('-').map_or(day, |(_, month_and_day)| month_and_day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn month_day_hour() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_331_547_123);
        assert_eq!(short(time), "11-22|07:12:27.123");
    }
}
