//! The time that a log line written on this thread should carry. For log formatting and nothing else.

use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static NOW: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Simulated time on this thread, if it is one that runs a simulated world.
pub fn log_time() -> Option<Duration> {
    NOW.get().map(Duration::from_nanos)
}

pub(crate) fn set(nanos: u64) {
    NOW.set(Some(nanos));
}
