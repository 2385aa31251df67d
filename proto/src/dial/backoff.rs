//! How long to wait before dialling again after a failure.

use core::time::Duration;

use crate::Entropy;

/// A delay that doubles with each failure up to a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer than this.
    pub cap: Duration,
    /// Each delay is shortened by a random part of it, up to so many thousandths. 0 draws nothing.
    pub jitter: u16,
}

impl Default for Backoff {
    /// 1 s, 2 s, 4 s up to 30 s, without jitter.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), cap: Duration::from_secs(30), jitter: 0 }
    }
}

impl Backoff {
    /// The delay after so many failures in a row; none after none.
    pub fn delay(&self, failures: u32, entropy: &mut dyn Entropy) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let full = self.first.saturating_mul(factor).min(self.cap);
        if self.jitter == 0 {
            return full;
        }
        let mut draw = [0; 4];
        entropy.fill(&mut draw);
        let off = u128::from(u32::from_le_bytes(draw)) * full.as_nanos() * u128::from(self.jitter.min(1000));
        let off = (off / (1000 << 32)).min(u128::from(u64::MAX)) as u64;
        full.saturating_sub(Duration::from_nanos(off))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_cap_and_draws_nothing() {
        let mut none = |_: &mut [u8]| panic!("no entropy is needed");
        let seconds = [0, 1, 2, 4, 8, 16, 30, 30];
        for (failures, expect) in seconds.into_iter().enumerate() {
            let delay = Backoff::default().delay(failures as u32, &mut none);
            assert_eq!(delay, Duration::from_secs(expect), "{failures} failures");
        }
        assert_eq!(Backoff::default().delay(u32::MAX, &mut none), Duration::from_secs(30));
    }

    #[test]
    fn jitter_only_shortens_and_only_by_its_share() {
        let backoff = Backoff { jitter: 250, ..Backoff::default() };
        assert_eq!(backoff.delay(3, &mut |out: &mut [u8]| out.fill(0)), Duration::from_secs(4));
        let shortest = backoff.delay(3, &mut |out: &mut [u8]| out.fill(0xff));
        assert!(shortest >= Duration::from_secs(3) && shortest < Duration::from_millis(3001), "{shortest:?}");
    }
}
