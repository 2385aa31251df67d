//! What many runs come to: of each quantity one number a run, and of those the mean, the median and how sure that is.

use simnet::scenario::{RunReport, Statistic};
use std::collections::BTreeMap;

/// Statistics of quantities whose tail matters; of others the mean is enough.
const TAILED: [&str; 2] = ["/arrival", "queueing-delay"];

/// What one run measured: a number for each statistic of each quantity, under `QUANTITY STATISTIC`.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample(pub(super) BTreeMap<String, Number>);

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) unit: String,
}

impl Sample {
    pub(super) fn of(report: &RunReport) -> Self {
        let mut sample = Self::default();
        let mut put = |name: String, value: f64, unit: &str| {
            sample.0.insert(name, Number { value, unit: unit.to_owned() });
        };
        for (name, quantity) in report.measurements.quantities() {
            let statistics: &[Statistic] = match TAILED.iter().any(|tailed| name.ends_with(tailed)) {
                true => &ALL,
                false => &[Statistic::Mean, Statistic::Min, Statistic::Max],
            };
            for of in statistics {
                if let Some(value) = of.of(quantity) {
                    put(format!("{name} {of}"), value, quantity.unit());
                }
            }
        }
        put("nodes".into(), report.nodes as f64, "");
        put("connections".into(), report.connections as f64, "");
        put("drops".into(), report.drops as f64, "");
        put("calls".into(), report.calls.made as f64, "");
        sample
    }
}

const ALL: [Statistic; 6] = [
    Statistic::Mean,
    Statistic::Min,
    Statistic::Quantile(0.5),
    Statistic::Quantile(0.95),
    Statistic::Quantile(0.99),
    Statistic::Max,
];

/// What a number of runs say of one number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Summary {
    /// How many runs had it.
    pub(super) runs: usize,
    pub(super) mean: f64,
    /// Half the width of the 95 % confidence interval of the mean, by Student's t; nothing with one run.
    pub(super) margin: Option<f64>,
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Summary {
    /// Nothing if there is no value.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let runs = values.len();
        let mean = values.iter().sum::<f64>() / runs as f64;
        let margin = (runs > 1).then(|| {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
            let margin = student(runs - 1) * (variance / runs as f64).sqrt();
            // What is left when equal numbers are summed is no spread.
            if min == max { 0.0 } else { margin }
        });
        let middle = runs / 2;
        let median = if runs % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Some(Self { runs, mean, margin, median, min, max })
    }
}

/// The 97.5 % quantile of Student's t with so many degrees of freedom: tabled up to 30, beyond that by the first terms of
/// its expansion around the normal's (Abramowitz and Stegun, 26.7.5).
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042,
    ];
    const NORMAL: f64 = 1.959_964;
    match TABLE.get(freedom.saturating_sub(1)) {
        Some(quantile) => *quantile,
        None => {
            let z = NORMAL;
            z + (z.powi(3) + z) / (4.0 * freedom as f64)
                + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * (freedom as f64).powi(2))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_runs_are_less_sure_than_many() {
        let summary = Summary::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!(
            (summary.runs, summary.mean, summary.median, summary.min, summary.max),
            (3, 2.0, 2.0, 1.0, 3.0)
        );
        // t = 4.303 with two degrees of freedom, deviation 1.
        assert!((summary.margin.unwrap() - 4.303 / 3f64.sqrt()).abs() < 1e-9);
        assert_eq!(Summary::of(vec![5.0]).unwrap().margin, None);
        assert_eq!(Summary::of(vec![1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Summary::of(vec![]), None);
    }

    #[test]
    fn student_s_quantiles_go_on_where_the_table_ends() {
        for (freedom, quantile) in [(1, 12.706), (19, 2.093), (30, 2.042), (40, 2.0211), (120, 1.9799)] {
            assert!((student(freedom) - quantile).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
    }
}
