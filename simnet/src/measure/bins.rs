//! Numbers added up by simulated time.

use std::ops::AddAssign;
use std::time::Duration;

/// Bins kept at most.
const BINS: usize = 256;
/// The width to begin with: 1 ms.
const FINEST: u64 = 1_000_000;

/// Values in bins of equal width from time 0 on. The width doubles whenever there would be too many bins, so a run of
/// any length keeps its shape in the same memory, and what is in a bin does not depend on who added it when.
#[derive(Clone, Debug)]
pub struct Bins<T> {
    width: u64,
    values: Vec<T>,
}

impl<T> Default for Bins<T> {
    fn default() -> Self {
        Self { width: FINEST, values: Vec::new() }
    }
}

impl<T: Copy + Default + AddAssign> Bins<T> {
    /// Adds a value at a moment, in nanoseconds.
    pub(crate) fn add(&mut self, time: u64, value: T) {
        self.reach(time);
        let bin = (time / self.width) as usize;
        if self.values.len() <= bin {
            self.values.resize(bin + 1, T::default());
        }
        self.values[bin] += value;
    }

    /// Makes bins as wide as they have to be for that moment to be in one of them.
    fn reach(&mut self, time: u64) {
        while time / self.width >= BINS as u64 {
            self.width *= 2;
            for bin in 0..self.values.len().div_ceil(2) {
                let mut sum = self.values[bin * 2];
                if let Some(more) = self.values.get(bin * 2 + 1) {
                    sum += *more;
                }
                self.values[bin] = sum;
            }
            self.values.truncate(self.values.len().div_ceil(2));
        }
    }

    /// Adds what is in others.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, value) in other.values.iter().enumerate() {
            self.add(bin as u64 * other.width, *value);
        }
    }

    /// The same, reaching to `end` (nanoseconds): every bin up to it is there, as wide as any that reach there are.
    #[must_use]
    pub(crate) fn until(&self, end: u64) -> Self {
        let mut all = self.clone();
        all.add(end, T::default());
        all
    }

    /// Width of a bin.
    pub fn width(&self) -> Duration {
        Duration::from_nanos(self.width)
    }

    /// What is in each bin, the first one beginning at time 0.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

impl Bins<i64> {
    /// Where rises and falls are added up: what stood at the end of each bin.
    pub fn levels(&self) -> impl Iterator<Item = i64> + '_ {
        self.values.iter().scan(0, |level, change| {
            *level += change;
            Some(*level)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_double_when_there_would_be_too_many() {
        let mut bins = Bins::default();
        for milli in 0..256 {
            bins.add(milli * FINEST, 1u64);
        }
        assert_eq!((bins.width(), bins.values().len()), (Duration::from_millis(1), 256));
        bins.add(256 * FINEST, 5);
        assert_eq!((bins.width(), bins.values().len()), (Duration::from_millis(2), 129));
        assert_eq!((bins.values()[0], bins.values()[127], bins.values()[128]), (2, 2, 5));
        bins.add(u64::MAX, 1);
        assert_eq!(bins.values().iter().sum::<u64>(), 256 + 5 + 1);
    }

    #[test]
    fn levels_are_what_rises_and_falls_come_to() {
        let mut bins = Bins::default();
        for (milli, change) in [(0, 3), (2, -1), (2, -1), (4, 5)] {
            bins.add(milli * FINEST, change);
        }
        assert_eq!(bins.levels().collect::<Vec<i64>>(), [3, 3, 1, 1, 6]);
    }

    proptest! {
        #[test]
        fn who_adds_what_does_not_matter(times in proptest::collection::vec(0u64..1 << 40, 0..60), split in 0usize..60) {
            let mut one = Bins::default();
            let mut parts = [Bins::default(), Bins::default()];
            for (place, time) in times.iter().enumerate() {
                one.add(*time, 1u64);
                parts[usize::from(place >= split)].add(*time, 1u64);
            }
            let [mut sum, other] = parts;
            sum.merge(&other);
            let [one, sum] = [one, sum].map(|bins| bins.until(1 << 40));
            prop_assert_eq!(one.values(), sum.values());
            prop_assert_eq!(one.width(), sum.width());
        }
    }
}
