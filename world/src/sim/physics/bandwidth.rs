//! A host's own line to the network: how fast, and how much may wait for it.
//!
//! Each way is a queue, first in first out, in front of a line that sends one packet after the other. Nothing is
//! simulated while a packet waits: when the line falls free says both when the next packet is through and how much
//! waits. A packet that would not fit into the bound is dropped (drop-tail).

use std::cell::Cell;
use std::num::NonZeroU64;

/// How fast a line is. Unlimited by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bandwidth(Option<NonZeroU64>);

impl Bandwidth {
    /// Anything passes at once.
    pub const UNLIMITED: Self = Self(None);

    /// So many bits per second; 0 would be a line that nothing ever passes, so it counts as 1.
    pub const fn bits_per_second(bits: u64) -> Self {
        match NonZeroU64::new(bits) {
            Some(bits) => Self(Some(bits)),
            None => Self(Some(NonZeroU64::MIN)),
        }
    }

    /// So many million bits per second.
    pub const fn megabits(megabits: u64) -> Self {
        Self::bits_per_second(megabits.saturating_mul(1_000_000))
    }

    /// Whether anything has to wait for anything.
    pub const fn is_limited(self) -> bool {
        self.0.is_some()
    }

    /// Bits per second; `None` when unlimited.
    pub fn rate(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }
}

/// A host's line: its speed both ways, and how many bytes may wait for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLink {
    /// From the host into the network.
    pub up: Bandwidth,
    /// From the network to the host.
    pub down: Bandwidth,
    /// Bytes that may wait in each of the two queues, the packet being sent included.
    pub queue: u64,
}

impl HostLink {
    /// 256 KiB: about 20 ms at 100 Mbit/s, as home routers have.
    pub const QUEUE: u64 = 256 * 1024;

    /// A line without limits.
    pub const UNLIMITED: Self =
        Self { up: Bandwidth::UNLIMITED, down: Bandwidth::UNLIMITED, queue: Self::QUEUE };

    /// A line of these speeds with the usual queue.
    pub const fn new(up: Bandwidth, down: Bandwidth) -> Self {
        Self { up, down, queue: Self::QUEUE }
    }

    /// The same line with a bound of so many bytes for each queue.
    pub const fn queue(self, queue: u64) -> Self {
        Self { queue, ..self }
    }

    pub(crate) const fn is_limited(self) -> bool {
        self.up.is_limited() || self.down.is_limited()
    }
}

impl Default for HostLink {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// One way of a host's line.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    /// When everything accepted so far will be through, in nanoseconds, and the fraction (of 2⁻³²) beyond.
    free: Cell<(u64, u32)>,
}

impl Pipe {
    /// How long a packet has to wait, in nanoseconds.
    pub(crate) fn wait(&self, now: u64) -> u64 {
        self.free.get().0.saturating_sub(now)
    }

    /// Sends `bytes` behind what waits: answers when the last of them is through, or `None` if they found no room.
    pub(crate) fn pass(&self, now: u64, bytes: u32, line: Bandwidth, bound: u64) -> Option<u64> {
        let Some(rate) = line.0 else { return Some(now) };
        let (free, fraction) = if self.free.get().0 >= now { self.free.get() } else { (now, 0) };
        let waiting = u128::from(free - now) * u128::from(rate.get()) / 8_000_000_000;
        if waiting + u128::from(bytes) > u128::from(bound) {
            return None;
        }
        // In units of 2⁻³² ns, so that a million packets are through when their bytes are, not a million roundings later.
        let took =
            ((u128::from(bytes) * 8_000_000_000) << 32) / u128::from(rate.get()) + u128::from(fraction);
        let free = free.saturating_add(u64::try_from(took >> 32).unwrap_or(u64::MAX));
        self.free.set((free, took as u32));
        Some(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_pass_one_after_the_other() {
        let pipe = Pipe::default();
        // 8 Mbit/s: a byte a microsecond.
        let line = Bandwidth::megabits(8);
        assert_eq!(pipe.pass(0, 1000, line, 10_000), Some(1_000_000));
        assert_eq!(pipe.pass(0, 500, line, 10_000), Some(1_500_000));
        assert_eq!(pipe.pass(1_400_000, 500, line, 10_000), Some(2_000_000));
        assert_eq!(pipe.pass(9_000_000, 100, line, 10_000), Some(9_100_000), "an idle line saves nothing up");
        assert_eq!(pipe.pass(0, u32::MAX, Bandwidth::UNLIMITED, 0), Some(0));
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_costs_nothing() {
        let (pipe, line) = (Pipe::default(), Bandwidth::megabits(8));
        assert_eq!(pipe.pass(0, 1500, line, 2000), Some(1_500_000));
        assert_eq!(pipe.pass(0, 501, line, 2000), None);
        assert_eq!(pipe.pass(0, 500, line, 2000), Some(2_000_000));
        assert_eq!(pipe.pass(0, 1, line, 2000), None);
        assert_eq!(pipe.pass(1_000, 1, line, 2000), Some(2_001_000), "a byte has left");
    }

    #[test]
    fn odd_rates_do_not_drift() {
        let (pipe, line) = (Pipe::default(), Bandwidth::bits_per_second(7_777_777));
        let last = (0..1_000_000).map(|_| pipe.pass(0, 100, line, u64::MAX).expect("room")).last().unwrap();
        let exact = 100.0 * 8e9 * 1e6 / 7_777_777.0;
        assert!((last as f64 - exact).abs() < 2.0, "{last} for {exact}");
    }
}
