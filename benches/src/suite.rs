//! What a benchmark program is made of: its arguments, its rounds, and the table it prints.

use std::fmt;

/// One benchmark program while it runs.
#[derive(Debug)]
pub struct Suite {
    title: &'static str,
    quick: bool,
    filters: Vec<String>,
    rows: Vec<Row>,
}

/// A figure, with the unit it is read in.
#[derive(Clone, Copy, Debug)]
pub enum Figure {
    /// Seconds of CPU time.
    Cpu(f64),
    /// Seconds that passed outside.
    Wall(f64),
    /// Operations per second of CPU time.
    Rate(f64),
    /// Bytes of memory.
    Bytes(f64),
    /// A part of a whole, 1 being all of it.
    Share(f64),
}

/// What is asked of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    /// Nothing: the row explains others.
    None,
    /// No more than this.
    AtMost(Figure),
    /// No less than this.
    AtLeast(Figure),
    /// No less than this part of the bare limit.
    OfBare(f64),
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    what: String,
    ours: Figure,
    bare: Option<Figure>,
    budget: Budget,
}

impl Suite {
    /// A program with the arguments of this process: `--quick`, and parts of names. Whatever else cargo passes is for
    /// other harnesses.
    pub fn from_args(title: &'static str) -> Self {
        let (options, filters): (Vec<_>, Vec<_>) =
            std::env::args().skip(1).partition(|arg| arg.starts_with('-'));
        Self { title, quick: options.iter().any(|option| option == "--quick"), filters, rows: Vec::new() }
    }

    /// Runs a benchmark, if it is asked for.
    pub fn bench(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        if self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str())) {
            act(self);
        }
    }

    /// A size or a count: the first in full, the second for a first look.
    pub fn pick(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// Whether this is only a first look.
    pub fn quick(&self) -> bool {
        self.quick
    }

    /// The least of what each contestant answers over some rounds, in which they take turns: whatever slows the machine
    /// down for a while slows down both.
    pub fn least<const N: usize>(
        &self,
        rounds: usize,
        mut contestants: [&mut dyn FnMut() -> f64; N],
    ) -> [f64; N] {
        let mut least = [f64::INFINITY; N];
        for _ in 0..self.pick(rounds, rounds.div_ceil(3)) {
            for (least, contestant) in least.iter_mut().zip(&mut contestants) {
                *least = least.min(contestant());
            }
        }
        least
    }

    /// Adds a line.
    pub fn row(&mut self, what: impl Into<String>, ours: Figure, bare: Option<Figure>, budget: Budget) {
        self.rows.push(Row { what: what.into(), ours, bare, budget });
    }

    /// Prints the table.
    #[allow(clippy::print_stdout, reason = "a benchmark is there to print its figures")]
    pub fn finish(self) {
        if !self.rows.is_empty() {
            println!("{self}");
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["", "ours", "bare", "ratio", "budget", ""].map(str::to_owned);
        let lines: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let widths: [usize; 6] = std::array::from_fn(|column| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
        });
        let quick = if self.quick { " (a first look: too short to quote)" } else { "" };
        writeln!(f, "{}{quick}", self.title)?;
        for line in &lines {
            write!(f, "  {:<w$}", line[0], w = widths[0])?;
            for (cell, width) in line[1..5].iter().zip(&widths[1..]) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f, "  {}", line[5])?;
        }
        Ok(())
    }
}

impl Row {
    fn cells(&self) -> [String; 6] {
        let bare = self.bare.map_or(String::new(), |bare| bare.to_string());
        let ratio =
            self.bare.map_or(String::new(), |bare| format!("{:.2}", self.ours.value() / bare.value()));
        let (budget, verdict) = match self.budget {
            Budget::None => (String::new(), ""),
            Budget::AtMost(most) => (format!("≤ {most}"), verdict(self.ours.value() <= most.value())),
            Budget::AtLeast(least) => (format!("≥ {least}"), verdict(self.ours.value() >= least.value())),
            Budget::OfBare(part) => {
                let limit = self.bare.map_or(f64::INFINITY, Figure::value);
                (format!("≥ {part:.2} of bare"), verdict(self.ours.value() >= part * limit))
            }
        };
        [self.what.clone(), self.ours.to_string(), bare, ratio, budget, verdict.to_owned()]
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

impl Figure {
    fn value(self) -> f64 {
        match self {
            Self::Cpu(value)
            | Self::Wall(value)
            | Self::Rate(value)
            | Self::Bytes(value)
            | Self::Share(value) => value,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Cpu(seconds) => scaled(f, seconds, &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")]),
            Self::Wall(seconds) => scaled(f, seconds, &[(1.0, "s wall"), (1e-3, "ms wall")]),
            Self::Rate(rate) => scaled(f, rate, &[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")]),
            Self::Bytes(bytes) => {
                let (kib, mib, gib) = (1024.0, 1_048_576.0, 1_073_741_824.0);
                scaled(f, bytes, &[(gib, "GiB"), (mib, "MiB"), (kib, "KiB"), (1.0, "B")])
            }
            Self::Share(share) => write!(f, "{:.2} %", share * 100.0),
        }
    }
}

/// In the largest unit of which there is one whole, or else in the smallest; three digits.
fn scaled(f: &mut fmt::Formatter<'_>, value: f64, units: &[(f64, &str)]) -> fmt::Result {
    let fitting = units.iter().find(|(size, _)| value >= *size).or(units.last());
    let (size, unit) = fitting.expect("every figure has a unit");
    let value = value / size;
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    write!(f, "{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_in_the_unit_that_fits() {
        let shown = [
            (Figure::Cpu(0.000_48), "480 µs"),
            (Figure::Cpu(3.4e-6), "3.40 µs"),
            (Figure::Cpu(2.5e-10), "0.25 ns"),
            (Figure::Wall(12.34), "12.3 s wall"),
            (Figure::Rate(1_512_345.0), "1.51 M/s"),
            (Figure::Rate(22.0), "22.0 /s"),
            (Figure::Bytes(2048.0), "2.00 KiB"),
            (Figure::Share(0.0123), "1.23 %"),
        ];
        for (figure, text) in shown {
            assert_eq!(figure.to_string(), text);
        }
    }

    #[test]
    fn rows_say_whether_the_budget_is_met() {
        let row = |ours, bare, budget| Row { what: String::new(), ours, bare, budget }.cells()[3..].join("|");
        let (two, four) = (Figure::Rate(2.0), Figure::Rate(4.0));
        assert_eq!(row(two, Some(four), Budget::OfBare(0.6)), "0.50|≥ 0.60 of bare|MISSED");
        assert_eq!(row(four, None, Budget::AtLeast(two)), "|≥ 2.00 /s|met");
        assert_eq!(row(four, None, Budget::AtMost(two)), "|≤ 2.00 /s|MISSED");
        assert_eq!(row(four, None, Budget::None), "||");
    }
}
