//! Chances, and what is drawn from them: losses, and how much later than the latency something comes.
//!
//! Everything here is whole-number arithmetic or IEEE operations that are exact everywhere (add, multiply, divide,
//! square root), so one seed gives one run on any machine; no logarithm, no cosine.

use crate::entropy::Entropy;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How likely something is, in steps of 2⁻⁶⁴.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chance(u64);

/// A number that is no probability.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is no probability: it lies between 0 and 1")]
pub struct NotAChance(pub f64);

impl TryFrom<f64> for Chance {
    type Error = NotAChance;

    fn try_from(chance: f64) -> Result<Self, NotAChance> {
        // The cast saturates, so 1.0 becomes the greatest number there is: it misses once in 2⁶⁴ draws.
        if (0.0..=1.0).contains(&chance) {
            Ok(Self((chance * TWO_64) as u64))
        } else {
            Err(NotAChance(chance))
        }
    }
}

const TWO_64: f64 = 18_446_744_073_709_551_616.0;

impl Chance {
    /// It never happens.
    pub const NEVER: Self = Self(0);

    /// The chance `p`. Panics unless `p` lies between 0 and 1; `Chance::try_from` answers instead.
    pub fn of(p: f64) -> Self {
        Self::try_from(p).expect("the caller has checked the number")
    }

    /// As a number between 0 and 1.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / TWO_64
    }

    pub(crate) const fn is_never(self) -> bool {
        self.0 == 0
    }

    fn happens(self, word: u64) -> bool {
        word < self.0
    }
}

/// How packets get lost on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// None is.
    #[default]
    None,
    /// Each with the same chance, whatever happened to the others.
    Independent(Chance),
    /// In bursts (Gilbert–Elliott): the link is good or bad, and may change with every packet.
    Bursts {
        /// From good to bad, per packet.
        worsens: Chance,
        /// From bad to good, per packet: a bad spell is 1/`recovers` packets long in the mean.
        recovers: Chance,
        /// Loss while good (Gilbert's own model: never).
        while_good: Chance,
        /// Loss while bad.
        while_bad: Chance,
    },
}

impl Loss {
    /// Each packet with chance `p`. Panics unless `p` lies between 0 and 1.
    pub fn independent(p: f64) -> Self {
        Self::Independent(Chance::of(p))
    }

    /// Gilbert's model: a share of `rate` of all packets is lost, in bursts `length` long in the mean. Panics unless
    /// 0 ≤ `rate` < 1 and `length` ≥ 1, and where such a rate cannot be had with bursts that short.
    pub fn bursts(rate: f64, length: f64) -> Self {
        let recovers = 1.0 / length;
        Self::Bursts {
            worsens: Chance::of(recovers * rate / (1.0 - rate)),
            recovers: Chance::of(recovers),
            while_good: Chance::NEVER,
            while_bad: Chance::of(1.0),
        }
    }

    /// The share of packets lost in the long run.
    pub fn rate(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Independent(chance) => chance.as_f64(),
            Self::Bursts { worsens, recovers, while_good, while_bad } => {
                let (worsens, recovers) = (worsens.as_f64(), recovers.as_f64());
                let bad = if worsens == 0.0 { 0.0 } else { worsens / (worsens + recovers) };
                bad * while_bad.as_f64() + (1.0 - bad) * while_good.as_f64()
            }
        }
    }
}

/// How much longer than the latency a packet takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// No longer.
    #[default]
    None,
    /// Anything up to this, each as likely as the other.
    Uniform(Duration),
    /// Around a mean, as sums of many small causes are; never below 0, at most six deviations away.
    Normal {
        /// The mean, before what falls below 0 is put at 0.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
    /// Mostly little and sometimes much (Lomax): the chance of more than `x` is `(1 + x / scale)^-shape`.
    LongTail {
        /// Half of the packets take up to `scale · (2^(1/shape) − 1)` more; with shape 1 that is `scale`.
        scale: Duration,
        /// In tenths: 10 is a tail without a mean, 20 one with a mean of `scale` but no variance, 40 a tame one.
        shape: u16,
        /// Nothing takes longer than this.
        most: Duration,
    },
}

/// What drawing for one packet of one link is about: each purpose has draws of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    State = 0,
    Loss = 1,
    Jitter = 2,
    Reorder = 3,
    Duplicate = 4,
    /// What rules add.
    Rule = 5,
    /// The jitter of the second copy.
    Again = 6,
}

/// What one direction between two hosts must remember: made when the first packet needs a draw.
///
/// Draw `n` for packet `i` is a hash of both under a key of the link's own, so no draw moves another.
#[derive(Debug)]
pub(crate) struct Dice {
    key: u64,
    packets: u64,
    bad: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64, from: u32, to: u32) -> Self {
        Self { key: Entropy::derive(seed, from, to, "link").next_u64(), packets: 0, bad: false }
    }

    /// Begins the draws for the next packet.
    pub(crate) fn next_packet(&mut self) {
        self.packets += 1;
    }

    fn word(&self, purpose: Purpose, n: u8) -> u64 {
        let mut name = [0; 10];
        name[..8].copy_from_slice(&self.packets.to_le_bytes());
        name[8] = purpose as u8;
        name[9] = n;
        xxh3_64_with_seed(&name, self.key)
    }

    pub(crate) fn happens(&self, chance: Chance, purpose: Purpose) -> bool {
        !chance.is_never() && chance.happens(self.word(purpose, 0))
    }

    pub(crate) fn loses(&mut self, loss: Loss) -> bool {
        match loss {
            Loss::None => false,
            Loss::Independent(chance) => self.happens(chance, Purpose::Loss),
            Loss::Bursts { worsens, recovers, while_good, while_bad } => {
                let turns = if self.bad { recovers } else { worsens };
                self.bad ^= self.happens(turns, Purpose::State);
                self.happens(if self.bad { while_bad } else { while_good }, Purpose::Loss)
            }
        }
    }

    /// Nanoseconds beyond the latency.
    pub(crate) fn delay(&self, jitter: Jitter, purpose: Purpose) -> u64 {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match jitter {
            Jitter::None => 0,
            Jitter::Uniform(most) => scaled(nanos(most), self.word(purpose, 0)),
            Jitter::Normal { mean, deviation } => {
                let drawn = nanos(mean) as f64
                    + normal([0, 1, 2].map(|n| self.word(purpose, n))) * nanos(deviation) as f64;
                drawn.max(0.0) as u64
            }
            Jitter::LongTail { scale, shape, most } => {
                // 1 − u rather than u: never 0.
                let survival = 1.0 - unit(self.word(purpose, 0));
                let factor = 1.0 / power(survival, 10.0 / f64::from(shape.max(1))) - 1.0;
                ((factor * nanos(scale) as f64) as u64).min(nanos(most))
            }
        }
    }
}

/// `word` of 2⁶⁴ parts of `most`.
fn scaled(most: u64, word: u64) -> u64 {
    ((u128::from(most) * u128::from(word)) >> 64) as u64
}

fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

/// Twelve uniform numbers add up to all but a normal one (Irwin–Hall), of variance 1 and within ±6.
fn normal(words: [u64; 3]) -> f64 {
    let sum: u64 =
        words.iter().map(|word| (0..4).map(|part| (word >> (16 * part)) & 0xffff).sum::<u64>()).sum();
    (sum as f64 + 6.0) / 65_536.0 - 6.0
}

/// `base` to the power of `exponent`, both positive, `base` ≤ 1: by squares and square roots, which are exact alike
/// on every machine. Good to nine digits.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    let (mut whole, mut part) = (exponent as u32, exponent - f64::from(exponent as u32));
    let (mut result, mut square, mut root) = (1.0, base, base);
    while whole > 0 {
        if whole & 1 == 1 {
            result *= square;
        }
        square *= square;
        whole >>= 1;
    }
    for _ in 0..40 {
        root = root.sqrt();
        part *= 2.0;
        if part >= 1.0 {
            result *= root;
            part -= 1.0;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: u32 = 100_000;

    fn draws<R>(mut draw: impl FnMut(&mut Dice) -> R) -> Vec<R> {
        let mut dice = Dice::new(1, 2, 3);
        let one = |_| {
            dice.next_packet();
            draw(&mut dice)
        };
        (0..N).map(one).collect()
    }

    fn mean(values: &[u64]) -> f64 {
        values.iter().map(|&v| v as f64).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn a_chance_is_between_0_and_1() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Chance::try_from(bad).unwrap_err().to_string().contains("no probability"), "{bad}");
        }
        for good in [0.0, 0.25, 1.0] {
            assert!((Chance::of(good).as_f64() - good).abs() < 1e-15);
        }
    }

    #[test]
    fn independent_losses_have_their_rate_and_no_memory() {
        for p in [0.001, 0.01, 0.1, 0.5] {
            let lost = draws(|dice| dice.loses(Loss::independent(p)));
            let rate = lost.iter().filter(|&&l| l).count() as f64 / f64::from(N);
            // 99.9 %: 3.29 deviations of a binomial share.
            let bound = 3.29 * (p * (1.0 - p) / f64::from(N)).sqrt();
            assert!((rate - p).abs() < bound, "{p}: {rate} ± {bound}");
            let pairs = lost.windows(2).filter(|w| w[0] && w[1]).count() as f64 / f64::from(N - 1);
            let (both, bound) = (p * p, 3.29 * (p * p * (1.0 + 2.0 * p) / f64::from(N)).sqrt());
            assert!((pairs - both).abs() < bound, "{p}: {pairs} ± {bound}");
        }
    }

    #[test]
    fn bursts_have_their_rate_and_their_length() {
        for (rate, length) in [(0.01, 5.0), (0.05, 10.0), (0.2, 3.0)] {
            let loss = Loss::bursts(rate, length);
            assert!((loss.rate() - rate).abs() < 1e-12);
            let lost = draws(|dice| dice.loses(loss));
            let total = lost.iter().filter(|&&l| l).count() as f64;
            let bursts = lost.windows(2).filter(|w| !w[0] && w[1]).count() as f64;
            // Bursts are geometric: variance L² − L; their number is about N · rate / L.
            let bound = 3.29 * ((length * length - length) / bursts).sqrt();
            assert!((total / bursts - length).abs() < bound, "{length}: {} ± {bound}", total / bursts);
            // Correlated draws: the variance of the share grows by (1 + ρ) / (1 − ρ), ρ = 1 − worsens − recovers.
            let rho = 1.0 - (1.0 / length) * (1.0 + rate / (1.0 - rate));
            let bound = 3.29 * (rate * (1.0 - rate) / f64::from(N) * (1.0 + rho) / (1.0 - rho)).sqrt();
            assert!(
                (total / f64::from(N) - rate).abs() < bound,
                "{rate}: {} ± {bound}",
                total / f64::from(N)
            );
        }
        let both = Loss::Bursts {
            worsens: Chance::of(0.1),
            recovers: Chance::of(0.3),
            while_good: Chance::of(0.01),
            while_bad: Chance::of(0.5),
        };
        assert!((both.rate() - (0.25 * 0.5 + 0.75 * 0.01)).abs() < 1e-12);
    }

    #[test]
    fn jitter_has_its_bounds_and_means() {
        let ms = Duration::from_millis;
        let check = |jitter, expect: f64, tolerance: f64, most: Duration| {
            let drawn = draws(|dice| dice.delay(jitter, Purpose::Jitter));
            let mean = mean(&drawn);
            assert!((mean / expect - 1.0).abs() < tolerance, "{jitter:?}: {mean} for {expect}");
            assert!(drawn.iter().all(|&d| u128::from(d) <= most.as_nanos()), "{jitter:?}");
            drawn
        };
        // Three to four standard errors each: σ/μ is 0.577, 0.2 and 0.79 (below); √N is 316.
        check(Jitter::Uniform(ms(20)), 10e6, 0.007, ms(20));
        let normal = check(Jitter::Normal { mean: ms(10), deviation: ms(2) }, 10e6, 0.0025, ms(22));
        let center = mean(&normal);
        let variance = normal.iter().map(|&d| (d as f64 - center).powi(2)).sum::<f64>() / f64::from(N);
        assert!((variance.sqrt() / 2e6 - 1.0).abs() < 0.01, "deviation {}", variance.sqrt());
        // Half of a normal one with its mean at 0 is cut: what is left has a mean of σ/√(2π).
        check(Jitter::Normal { mean: ms(0), deviation: ms(2) }, 2e6 / 2.506_628, 0.02, ms(12));
        // Lomax, shape 4: mean scale/3, deviation scale·√2/3, ratio 1.41.
        check(
            Jitter::LongTail { scale: ms(30), shape: 40, most: Duration::from_secs(60) },
            10e6,
            0.018,
            Duration::from_secs(60),
        );
    }

    #[test]
    fn the_long_tail_has_its_quantiles() {
        let jitter =
            Jitter::LongTail { scale: Duration::from_millis(1), shape: 15, most: Duration::from_secs(1) };
        let mut drawn = draws(|dice| dice.delay(jitter, Purpose::Jitter));
        drawn.sort_unstable();
        for q in [0.5, 0.9, 0.99] {
            let expect = ((1.0_f64 - q).powf(-1.0 / 1.5) - 1.0) * 1e6;
            let got = drawn[(q * f64::from(N)) as usize] as f64;
            assert!((got / expect - 1.0).abs() < 0.06, "{q}: {got} for {expect}");
        }
        assert!(*drawn.last().unwrap() <= 1_000_000_000);
    }

    #[test]
    fn power_is_the_power() {
        for base in [1e-9, 0.001, 0.3, 0.999, 1.0_f64] {
            for exponent in [0.1, 0.5, 0.6667, 1.0, 2.5, 10.0] {
                let (got, expect) = (power(base, exponent), base.powf(exponent));
                assert!((got / expect - 1.0).abs() < 1e-9, "{base}^{exponent}: {got}, {expect}");
            }
        }
    }

    #[test]
    fn links_and_purposes_draw_apart() {
        let word = |seed, from, to, purpose| Dice::new(seed, from, to).word(purpose, 0);
        let base = word(1, 2, 3, Purpose::Loss);
        assert_eq!(base, word(1, 2, 3, Purpose::Loss));
        for other in
            [word(2, 2, 3, Purpose::Loss), word(1, 3, 2, Purpose::Loss), word(1, 2, 3, Purpose::Jitter)]
        {
            assert_ne!(base, other);
        }
    }
}
