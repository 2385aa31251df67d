//! Axes: where round ticks lie between two numbers, from values to pixels, and how values are written.

/// What numbers are measured in, and so how they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Nothing, or nobody said.
    #[default]
    Plain,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    ByteRate,
    /// A share of 1, written in percent.
    Share,
    /// Something else, by name.
    Named(String),
}

impl Unit {
    /// The unit that a measured quantity names.
    pub fn named(name: &str) -> Self {
        match name {
            "" => Self::Plain,
            "s" => Self::Seconds,
            "B" => Self::Bytes,
            "B/s" => Self::ByteRate,
            "share" => Self::Share,
            other => Self::Named(other.to_owned()),
        }
    }

    /// A value with its unit, three digits that matter: `142 ms`, `1.2 MB`, `95 %`.
    pub fn write(&self, value: f64) -> String {
        match self {
            Self::Seconds => span(value),
            Self::Bytes => format!("{}B", spaced(value)),
            Self::ByteRate => format!("{}B/s", spaced(value)),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Plain | Self::Named(_) => short(value),
        }
    }

    /// The values of an axis, all in one unit of time.
    pub(super) fn write_ticks(&self, ticks: &[f64]) -> Vec<String> {
        let most = ticks.iter().fold(0.0f64, |most, tick| most.max(tick.abs()));
        let units = [
            (7200.0, 3600.0, "h"),
            (600.0, 60.0, "min"),
            (1.0, 1.0, "s"),
            (1e-3, 1e-3, "ms"),
            (1e-6, 1e-6, "µs"),
        ];
        let unit = units.into_iter().find(|(from, _, _)| most >= *from).unwrap_or((0.0, 1e-9, "ns"));
        let write = |tick: &f64| match self {
            Self::Seconds => format!("{} {}", digits(tick / unit.1), unit.2),
            _ => self.write(*tick),
        };
        ticks.iter().map(write).collect()
    }

    /// What an axis says beside its name, where values do not say it themselves.
    pub(super) fn of_axis(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    /// Its place in the list that the script of reports knows.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Plain | Self::Named(_) => 0,
            Self::Seconds => 1,
            Self::Bytes => 2,
            Self::ByteRate => 3,
            Self::Share => 4,
        }
    }
}

/// Three digits that matter, no needless zeros.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

const STEPS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

fn short(value: f64) -> String {
    match STEPS.iter().find(|(step, _)| value.abs() >= *step) {
        Some((step, prefix)) => format!("{}{prefix}", digits(value / step)),
        None => digits(value),
    }
}

/// With a space before the prefix, ready for the unit.
fn spaced(value: f64) -> String {
    match STEPS.iter().find(|(step, _)| value.abs() >= *step) {
        Some((step, prefix)) => format!("{} {prefix}", digits(value / step)),
        None => format!("{} ", digits(value)),
    }
}

fn span(seconds: f64) -> String {
    let size = seconds.abs();
    match size {
        0.0 => "0 s".to_owned(),
        s if s < 1e-6 => format!("{} ns", digits(seconds * 1e9)),
        s if s < 1e-3 => format!("{} µs", digits(seconds * 1e6)),
        s if s < 1.0 => format!("{} ms", digits(seconds * 1e3)),
        s if s < 120.0 => format!("{} s", digits(seconds)),
        s if s < 7200.0 => format!("{} min", digits(seconds / 60.0)),
        _ => format!("{} h", digits(seconds / 3600.0)),
    }
}

/// From values to pixels along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    /// Between two values and two pixels. Where the values are none, or the same, there is room made for one.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64), is_log: bool) -> Self {
        let high = if high > low { high } else { low + if low == 0.0 { 1.0 } else { low.abs() } };
        Self { low, high, from, to, is_log: is_log && low > 0.0 }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(self.low).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    pub(super) fn domain(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    pub(super) fn is_log(&self) -> bool {
        self.is_log
    }

    /// Round values, about `count` of them.
    pub(super) fn ticks(&self, count: usize) -> Vec<f64> {
        if self.is_log {
            let powers = self.low.log10().ceil() as i32..=self.high.log10().floor() as i32;
            let powers: Vec<f64> = powers.map(|power| 10f64.powi(power)).collect();
            if powers.len() > 1 {
                return powers;
            }
        }
        let raw = (self.high - self.low) / count.max(1) as f64;
        let power = 10f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].map(|of| of * power).into_iter().find(|step| *step >= raw * 0.999);
        let step = step.unwrap_or(power * 10.0);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_with_the_digits_that_matter() {
        for (unit, value, text) in [
            (Unit::Seconds, 0.1424, "142 ms"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 0.000_000_012, "12 ns"),
            (Unit::Seconds, 61.0, "61 s"),
            (Unit::Seconds, 600.0, "10 min"),
            (Unit::Bytes, 1234.0, "1.23 kB"),
            (Unit::Bytes, 999.0, "999 B"),
            (Unit::ByteRate, 2.5e6, "2.5 MB/s"),
            (Unit::Share, 0.955, "95.5 %"),
            (Unit::Plain, 12_345.0, "12.3k"),
            (Unit::Named("links".into()), 2.0, "2"),
            (Unit::Plain, -0.000_000_000_1, "0"),
            (Unit::Plain, f64::NAN, "0"),
        ] {
            assert_eq!(unit.write(value), text, "{value}");
        }
    }

    #[test]
    fn an_axis_has_one_unit_of_time() {
        assert_eq!(Unit::Seconds.write_ticks(&[0.0, 50.0, 100.0, 150.0]), ["0 s", "50 s", "100 s", "150 s"]);
        assert_eq!(Unit::Seconds.write_ticks(&[0.0, 0.5]), ["0 ms", "500 ms"]);
        assert_eq!(Unit::Seconds.write_ticks(&[0.0, 600.0]), ["0 min", "10 min"]);
        assert_eq!(Unit::Share.write_ticks(&[0.5]), ["50 %"]);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = Scale::new((0.0, 0.37), (0.0, 100.0), false);
        assert_eq!(scale.ticks(4), [0.0, 0.1, 0.2, 0.30000000000000004]);
        assert_eq!(scale.at(0.185), 50.0);
        assert_eq!(Scale::new((1.0, 1000.0), (0.0, 3.0), true).ticks(4), [1.0, 10.0, 100.0, 1000.0]);
        let same = Scale::new((5.0, 5.0), (0.0, 1.0), false);
        assert!(same.at(5.0).is_finite() && !same.ticks(3).is_empty());
    }
}
