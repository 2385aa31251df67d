//! A measured quantity: what its samples were, in bounded memory.

use std::collections::BTreeMap;

/// Distinct values up to which every one is kept as it is.
const EXACT: usize = 1 << 14;
/// Bits of a value that are given up beyond: 8 of the mantissa stay, a value is known to 0.2 %.
const COARSE: u64 = (1 << 44) - 1;

/// Samples of a quantity, as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    /// How often each value came, by the value's place in the order of all numbers.
    counts: BTreeMap<u64, u64>,
    is_coarse: bool,
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
    refused: u64,
}

impl Samples {
    /// Takes a sample in. What is no number is counted and left out.
    pub(crate) fn add(&mut self, value: f64) {
        self.add_many(value, 1);
    }

    /// Takes the same sample in `times` times.
    pub(crate) fn add_many(&mut self, value: f64, times: u64) {
        if !value.is_finite() || times == 0 {
            self.refused += times;
            return;
        }
        // Minus zero is zero.
        let value = value + 0.0;
        (self.least, self.most) = match self.count {
            0 => (value, value),
            _ => (self.least.min(value), self.most.max(value)),
        };
        self.count += times;
        self.sum += value * times as f64;
        let key = if self.is_coarse { coarse(place(value)) } else { place(value) };
        *self.counts.entry(key).or_default() += times;
        if !self.is_coarse && self.counts.len() > EXACT {
            self.is_coarse = true;
            let exact = std::mem::take(&mut self.counts);
            for (key, count) in exact {
                *self.counts.entry(coarse(key)).or_default() += count;
            }
        }
    }

    /// What they come to.
    pub(crate) fn finish(&self, unit: &'static str) -> Quantity {
        let mut below = 0;
        let steps = self.counts.iter().map(|(key, count)| {
            below += count;
            (value_at(*key).clamp(self.least, self.most), below)
        });
        let steps = steps.collect();
        let mean = if self.count == 0 { 0.0 } else { self.sum / self.count as f64 };
        let (least, most, refused) = (self.least, self.most, self.refused);
        Quantity { unit, mean, least, most, refused, steps }
    }
}

/// Where a number stands in the order of all numbers.
fn place(value: f64) -> u64 {
    let bits = value.to_bits();
    if value.is_sign_negative() { !bits } else { bits | 1 << 63 }
}

fn value_at(place: u64) -> f64 {
    f64::from_bits(if place >> 63 == 1 { place & !(1 << 63) } else { !place })
}

/// The middle of the places that are one once there are too many.
fn coarse(place: u64) -> u64 {
    // Zero stays zero.
    if place == 1 << 63 { place } else { (place & !COARSE) | (1 << 43) }
}

/// What the samples of a quantity come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantity {
    unit: &'static str,
    mean: f64,
    least: f64,
    most: f64,
    refused: u64,
    /// Each value that came, rising, and how many samples are no larger.
    steps: Vec<(f64, u64)>,
}

impl Quantity {
    /// One number.
    pub(crate) fn single(unit: &'static str, value: f64) -> Self {
        let mut samples = Samples::default();
        samples.add(value);
        samples.finish(unit)
    }

    /// What it is measured in: `s`, `B`, `links`…; empty where there is no unit, or nobody said.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// How many samples there are.
    pub fn count(&self) -> u64 {
        self.steps.last().map_or(0, |(_, below)| *below)
    }

    /// Samples that were no numbers and are left out.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Their mean; 0 of nothing.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The least; 0 of nothing.
    pub fn min(&self) -> f64 {
        self.least
    }

    /// The greatest; 0 of nothing.
    pub fn max(&self) -> f64 {
        self.most
    }

    /// The `q`-quantile (0 to 1) by the nearest rank, which invents no value; nothing of nothing.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        let rank = ((q * count as f64).ceil() as u64).clamp(1, count.max(1));
        self.steps.get(self.steps.partition_point(|(_, below)| *below < rank)).map(|(value, _)| *value)
    }

    /// Points of the cumulative distribution, `limit` at most: the share of samples that are no larger than each value.
    pub fn cdf(&self, limit: usize) -> Vec<(f64, f64)> {
        let (count, last) = (self.count() as f64, self.steps.len().saturating_sub(1));
        let stride = self.steps.len().div_ceil(limit.max(2) - 1).max(1);
        let kept = self.steps.iter().enumerate().filter(|(place, _)| place % stride == 0 || *place == last);
        kept.map(|(_, (value, below))| (*value, *below as f64 / count)).collect()
    }

    /// Each value with how often it came, rising.
    pub fn values(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.steps.iter().scan(0, |before, (value, below)| {
            let count = below - *before;
            *before = *below;
            Some((*value, count))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Quantity {
        let mut samples = Samples::default();
        values.into_iter().for_each(|value| samples.add(value));
        samples.finish("s")
    }

    #[test]
    fn a_hundred_samples_have_their_percentiles() {
        let quantity = of((1..=100).rev().map(f64::from));
        let percentiles = [0.0, 0.01, 0.5, 0.501, 0.95, 0.99, 1.0].map(|q| quantity.quantile(q).unwrap());
        assert_eq!(percentiles, [1.0, 1.0, 50.0, 51.0, 95.0, 99.0, 100.0]);
        assert_eq!(
            (quantity.count(), quantity.mean(), quantity.min(), quantity.max()),
            (100, 50.5, 1.0, 100.0)
        );
        assert_eq!(quantity.cdf(1000)[49], (50.0, 0.5));
        let few = quantity.cdf(10);
        assert!(few.len() <= 11 && few[0] == (1.0, 0.01) && *few.last().unwrap() == (100.0, 1.0), "{few:?}");
    }

    #[test]
    fn nothing_has_no_quantile_and_no_nan() {
        let nothing = of([f64::NAN, f64::INFINITY]);
        assert_eq!((nothing.quantile(0.5), nothing.count(), nothing.refused()), (None, 0, 2));
        assert_eq!((nothing.mean(), nothing.min(), nothing.max()), (0.0, 0.0, 0.0));
        assert!(nothing.cdf(9).is_empty());
    }

    #[test]
    fn equal_values_are_one_step_and_signs_keep_their_order() {
        let quantity = of([2.0, -1.0, 0.0, -0.0, -3.5, 2.0]);
        assert_eq!(quantity.values().collect::<Vec<_>>(), [(-3.5, 1), (-1.0, 1), (0.0, 2), (2.0, 2)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn beyond_some_thousand_values_quantiles_are_near_enough(seed in 1u64..1000, scale in 1e-9f64..1e9) {
            let values = (0..40_000u64).map(|n| (n.wrapping_mul(seed * 2_654_435_761) % 100_003 + 1) as f64 * scale);
            let mut sorted: Vec<f64> = values.clone().collect();
            let quantity = of(values);
            sorted.sort_by(f64::total_cmp);
            prop_assert!(quantity.steps.len() <= EXACT);
            for q in [0.001, 0.25, 0.5, 0.95, 0.999] {
                let exact = sorted[(q * sorted.len() as f64).ceil() as usize - 1];
                let near = quantity.quantile(q).unwrap();
                prop_assert!((near / exact - 1.0).abs() < 0.002, "{} for {}", near, exact);
            }
            prop_assert_eq!((quantity.min(), quantity.max()), (sorted[0], sorted[sorted.len() - 1]));
        }
    }
}
