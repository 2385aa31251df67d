//! CPU time, in seconds: what this process used, not what the clock on the wall says. Other tenants of a machine make
//! it longer too, but less.

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread so far.
pub fn thread() -> f64 {
    read(ClockId::ThreadCPUTime)
}

/// CPU time of all threads of this process so far.
pub fn process() -> f64 {
    read(ClockId::ProcessCPUTime)
}

/// Time as it passes outside.
pub fn wall() -> f64 {
    read(ClockId::Monotonic)
}

fn read(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// CPU time of this thread per operation, for `act` that does `operations` of them.
pub fn per(operations: usize, act: impl FnOnce()) -> f64 {
    let start = thread();
    act();
    (thread() - start) / operations as f64
}
