//! What the benchmarks share: clocks, the table they print, bare limits, and simulated networks to measure in.
//!
//! `cargo bench -p benches` measures everything, `-- --quick` a small part of each for a first look, `-- <name>` only
//! the benchmarks whose name contains it. Each row says what was measured, our figure, the bare limit measured in the
//! same run, the ratio, and the budget. Read ratios rather than figures: machines differ, and one machine differs from
//! hour to hour. Nothing here fails when a budget is missed: these are measurements, not tests.
//!
//! | module | holds |
//! |---|---|
//! | [`suite`] | arguments, rounds, rows and the table |
//! | [`clock`] | CPU time |
//! | [`bare`] | the limits: the same work without anything around it |
//! | [`session`] | two sessions in one hand |
//! | [`relay`] | hosts of a simulated world that pass parcels on, without a protocol |
//! | [`network`] | the same with whole network stacks |
//! | [`nodes`] | whole nodes that do nothing |
//! | [`chatter`] | networks driven as the command drives them, that talk |
//! | [`large`] | whole networks, each in a process of its own |
//! | [`chain`] | the digest a log would keep |
//! | [`heap`] | an allocator that counts |

pub mod bare;
pub mod chain;
pub mod chatter;
pub mod clock;
pub mod heap;
pub mod large;
pub mod network;
pub mod nodes;
pub mod relay;
pub mod session;
pub mod suite;

/// A small generator of numbers that only have to look random (SplitMix64).
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers(pub u64);

impl Numbers {
    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.draw()) * bound as u128) >> 64) as usize
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// The identity of the `index`-th node of any benchmark.
pub fn secret(index: u64) -> proto::key::SecretKey {
    let mut numbers = Numbers(index ^ 0x0bad_5eed);
    proto::key::SecretKey::generate(&mut |out: &mut [u8]| numbers.fill(out))
}
