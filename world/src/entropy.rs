//! Entropy, named and derived: one ChaCha8 stream per (seed, host, life, purpose).
//!
//! Two purposes never share a stream, so a draw added in one place moves nothing elsewhere. `life` counts the scopes
//! opened on a host: a node that starts again does not draw the keys and nonces of its former life.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// A stream of entropy. The same derivation gives the same stream, on any machine.
#[derive(Clone, Debug)]
pub struct Entropy(ChaCha8Rng);

impl Entropy {
    /// The stream of (seed, host, life, purpose).
    pub fn derive(seed: u64, host: u32, life: u32, purpose: &str) -> Self {
        let mut name = Vec::with_capacity(16 + purpose.len());
        name.extend_from_slice(&seed.to_le_bytes());
        name.extend_from_slice(&host.to_le_bytes());
        name.extend_from_slice(&life.to_le_bytes());
        name.extend_from_slice(purpose.as_bytes());
        let mut key = [0; 32];
        key[..16].copy_from_slice(&xxh3_128_with_seed(&name, 0).to_le_bytes());
        key[16..].copy_from_slice(&xxh3_128_with_seed(&name, 1).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A stream from 32 bytes that are already random, as the operating system gives them.
    pub(crate) fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(key))
    }

    /// How much has been drawn, in the stream's own words of four bytes.
    pub fn drawn(&self) -> u64 {
        u64::try_from(self.0.get_word_pos()).expect("nobody draws 64 EiB")
    }

    /// The same stream where so much has been [`drawn`](Self::drawn) of it.
    #[must_use]
    pub fn resumed_at(mut self, drawn: u64) -> Self {
        self.0.set_word_pos(drawn.into());
        self
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each as likely as the other. Panics when `bound` is 0: there is no such number.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below 0");
        // Lemire: multiply and keep the high half; the rare low halves that would favour some results are redrawn.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A number in [0, 1), from 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Puts `items` in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, host: u32, life: u32, purpose: &str) -> u64 {
        Entropy::derive(seed, host, life, purpose).next_u64()
    }

    #[test]
    fn every_part_of_the_name_matters() {
        let base = first(1, 2, 3, "key");
        assert_eq!(base, first(1, 2, 3, "key"));
        for other in
            [first(2, 2, 3, "key"), first(1, 3, 3, "key"), first(1, 2, 4, "key"), first(1, 2, 3, "keys")]
        {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_stream_goes_on_where_it_was_left() {
        let (mut whole, mut left) = (Entropy::derive(7, 0, 0, "key"), 0);
        for size in [32, 1, 7, 300, 0, 64] {
            let (mut expect, mut got) = (vec![0; size], vec![0; size]);
            whole.fill(&mut expect);
            let mut again = Entropy::derive(7, 0, 0, "key").resumed_at(left);
            again.fill(&mut got);
            left = again.drawn();
            assert_eq!(got, expect);
        }
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut entropy = Entropy::derive(7, 0, 0, "dice");
        let mut seen = [0u32; 6];
        for _ in 0..6_000 {
            seen[entropy.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
        assert_eq!(entropy.below(1), 0);
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Entropy::derive(7, 0, 0, "cards").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
