//! How long packets waited for hosts' lines.

use std::collections::BTreeMap;

/// How long packets waited for lines of limited bandwidth before their first byte was sent, and how many found no room.
/// Times below 256 ns are kept as they are, others to 0.4 %.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    waited: BTreeMap<u32, u64>,
    dropped: u64,
}

impl Waits {
    /// A packet waited so many nanoseconds.
    pub(crate) fn note(&mut self, nanos: u64) {
        *self.waited.entry(bucket(nanos)).or_default() += 1;
    }

    /// A packet found no room.
    pub(crate) fn note_drop(&mut self) {
        self.dropped += 1;
    }

    /// Takes in what was noted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, packets) in &other.waited {
            *self.waited.entry(*bucket).or_default() += packets;
        }
        self.dropped += other.dropped;
    }

    /// Packets that were sent.
    pub fn packets(&self) -> u64 {
        self.waited.values().sum()
    }

    /// Packets that found no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Nanoseconds, rising, and how many packets waited so long.
    pub fn waited(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.waited.iter().map(|(bucket, packets)| (middle(*bucket), *packets))
    }
}

/// The eight leading bits of a time, and how many follow them.
fn bucket(nanos: u64) -> u32 {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(8);
    (shift << 8) | (nanos >> shift) as u32
}

/// The time in the middle of those that share a bucket.
fn middle(bucket: u32) -> u64 {
    let (shift, leading) = (bucket >> 8, u64::from(bucket & 0xff));
    (leading << shift) + ((1 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_are_exact_and_merging_adds() {
        let mut waits = Waits::default();
        [0, 255, 255].into_iter().for_each(|nanos| waits.note(nanos));
        let mut all = waits.clone();
        waits.note_drop();
        all.merge(&waits);
        assert_eq!(all.waited().collect::<Vec<_>>(), [(0, 2), (255, 4)]);
        assert_eq!((all.packets(), all.dropped()), (6, 1));
    }

    #[test]
    fn a_time_is_known_to_four_in_a_thousand_and_order_is_kept() {
        let times = (8..56).flat_map(|bit| (0..200u64).map(move |more| (1u64 << bit) + (more << bit) / 200));
        let mut last = 0;
        for nanos in (0..256).chain(times).chain([u64::MAX]) {
            let near = middle(bucket(nanos));
            assert!(near.abs_diff(nanos) as f64 <= nanos as f64 / 256.0, "{near} for {nanos}");
            assert!(bucket(nanos) >= last, "{nanos}");
            last = bucket(nanos);
        }
    }
}
