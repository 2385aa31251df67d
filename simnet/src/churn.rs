//! Churn by rates: nodes that leave at random times, stay away for a while, and come back.
//!
//! Where a [mocker](crate::mocker) is a program with nodes of its own, this is a condition of the network as it is: any of
//! its nodes, at a rate. Times are drawn as a Poisson process has them (who has just come back is as likely to leave as
//! anyone), to the nanosecond of simulated time, at any pace and within a step. A node that comes back dials again whom
//! it had been asked to connect to, and so do those who had been asked to connect to it.
//!
//! | what | written |
//! |---|---|
//! | rate | `10%/h`: each node leaves with that share an hour, so 10 of 100 do; `2/s`: so many leave, of all; also `/min`, `/m`, `/h`, `/d`, `/10s` |
//! | downtime | `30s`; `30s ± 10s` (also `+-`): from 20 to 40 s, each as likely as the other; `exponential 30s`: mostly shorter, sometimes much longer, 30 s on average; `ever` |

use crate::condition::Text;
use crate::error::NetworkError;
use crate::handle::Handle;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use world::Entropy;

/// How often nodes leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Each node leaves with this share of certainty within such a time.
    Each {
        /// From 0 to 1; 0.1 is 10 %.
        share: f64,
        /// Within this time.
        per: Duration,
    },
    /// So many leave within such a time, whichever they are.
    All {
        /// So many.
        count: f64,
        /// Within this time.
        per: Duration,
    },
}

/// How long a node stays away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Downtime {
    /// For good.
    Ever,
    /// From the one to the other, each as likely.
    Between(Duration, Duration),
    /// Exponentially distributed around this mean.
    Exponential(Duration),
}

/// What churn a network is put under.
#[derive(Clone, Debug, PartialEq)]
pub struct Churn {
    /// How often nodes leave.
    pub rate: Rate,
    /// How long they stay away.
    pub down: Downtime,
    /// Which nodes, as [`Handle::select`] has it; any node when empty, those created later included.
    pub nodes: Vec<String>,
    /// Whether they crash rather than stop: their peers are told nothing.
    pub crash: bool,
    /// Who leaves and when follows from it.
    pub seed: u64,
}

/// The churn that goes on in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct ChurnView {
    /// What was asked for.
    pub churn: Churn,
    /// How many have left so far.
    pub left: u64,
    /// How many are away now.
    pub away: usize,
}

impl Rate {
    /// How long until the next of `nodes` nodes leaves; `None`: none ever does.
    pub(crate) fn next(self, nodes: usize, entropy: &mut Entropy) -> Option<Duration> {
        let per_second = match self {
            Self::Each { share, per } => share * nodes as f64 / per.as_secs_f64(),
            Self::All { count, per } => count / per.as_secs_f64(),
        };
        (per_second > 0.0).then(|| exponential(1.0 / per_second, entropy))
    }

    fn check(self) -> Result<(), String> {
        let (number, per) = match self {
            Self::Each { share: number, per } | Self::All { count: number, per } => (number, per),
        };
        let sane = number.is_finite() && number > 0.0 && !per.is_zero();
        sane.then_some(()).ok_or_else(|| format!("a rate of {self} is no rate: it is above 0"))
    }
}

impl Downtime {
    /// How long the next one stays away; `None`: for good.
    pub(crate) fn draw(self, entropy: &mut Entropy) -> Option<Duration> {
        match self {
            Self::Ever => None,
            Self::Between(least, most) => {
                let width = most.saturating_sub(least).as_nanos().min(u128::from(u64::MAX - 1)) as u64;
                Some(least + Duration::from_nanos(entropy.below(width + 1)))
            }
            Self::Exponential(mean) => Some(exponential(mean.as_secs_f64(), entropy)),
        }
    }
}

/// Seconds, exponentially distributed; not longer than a century.
fn exponential(mean: f64, entropy: &mut Entropy) -> Duration {
    const CENTURY: f64 = 3_155_760_000.0;
    // From (0, 1], whose logarithm is finite.
    Duration::from_secs_f64((-(1.0 - entropy.unit()).ln() * mean).min(CENTURY))
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text:?} is no rate: it is written 10%/h (of each node) or 2/s (of all)");
        let (number, per) = text.split_once('/').ok_or_else(form)?;
        let per = per.trim();
        // A unit alone is one of it.
        let per =
            if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
        let Text(per) = per.parse::<Text<Duration>>().map_err(|error| format!("{}: {error}", form()))?;
        let number = number.trim();
        let (digits, each) = match number.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), true),
            None => (number, false),
        };
        let number: f64 = digits.parse().map_err(|_| form())?;
        let rate =
            if each { Self::Each { share: number / 100.0, per } } else { Self::All { count: number, per } };
        rate.check().map(|()| rate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self {
            Self::Each { share, per } => {
                write!(f, "{}%/", share * 100.0)?;
                per
            }
            Self::All { count, per } => {
                write!(f, "{count}/")?;
                per
            }
        };
        match per.as_secs() {
            _ if per.subsec_nanos() > 0 => write!(f, "{per:?}"),
            1 => f.write_str("s"),
            60 => f.write_str("min"),
            3_600 => f.write_str("h"),
            86_400 => f.write_str("d"),
            _ => write!(f, "{per:?}"),
        }
    }
}

impl FromStr for Downtime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let span = |text: &str| {
            let read = text.parse::<Text<Duration>>();
            read.map(|Text(span)| span).map_err(|error| error.to_string())
        };
        if trimmed == "ever" {
            return Ok(Self::Ever);
        }
        if let Some(mean) = trimmed.strip_prefix("exponential ") {
            return span(mean).map(Self::Exponential);
        }
        let around = ["±", "+-", "+/-"].iter().find_map(|sign| trimmed.split_once(sign));
        let Some((middle, width)) = around else {
            return span(trimmed).map(|away| Self::Between(away, away));
        };
        let (middle, width) = (span(middle)?, span(width)?);
        let least = middle
            .checked_sub(width)
            .ok_or_else(|| format!("{text:?}: {width:?} less than {middle:?} is less than nothing"))?;
        Ok(Self::Between(least, middle + width))
    }
}

impl fmt::Display for Downtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ever => f.write_str("ever"),
            Self::Between(least, most) if least == most => write!(f, "{least:?}"),
            Self::Between(least, most) => {
                let width = (*most - *least) / 2;
                write!(f, "{:?} ± {width:?}", *least + width)
            }
            Self::Exponential(mean) => write!(f, "exponential {mean:?}"),
        }
    }
}

impl Churn {
    /// Whether it makes sense.
    pub(crate) fn check(&self) -> Result<(), NetworkError> {
        self.rate.check().map_err(NetworkError::BadChurn)
    }
}

impl Handle {
    /// Puts the network under churn, in the place of what went on before: who was away by that comes back first.
    pub async fn start_churn(&self, churn: Churn) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.start_churn(churn)).await?
    }

    /// Ends the churn; who was away by it comes back. Answers what it was.
    pub async fn stop_churn(&self) -> Result<ChurnView, NetworkError> {
        self.ask(|driver| driver.stop_churn()).await?
    }

    /// The churn that goes on, if one does.
    pub async fn churn(&self) -> Result<Option<ChurnView>, NetworkError> {
        self.ask(|driver| driver.churn()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_absences_read_back_as_they_are_printed() {
        for text in ["10%/h", "0.5%/min", "2/s", "30/10s", "100/d"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("5 % / m".parse::<Rate>().unwrap().to_string(), "5%/min");
        for text in ["30s", "30s ± 10s", "exponential 1.5s", "ever"] {
            assert_eq!(text.parse::<Downtime>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("", "is no rate"),
            ("10%", "is no rate"),
            ("x/s", "is no rate"),
            ("2/week", "\"week\" is no unit"),
            ("0/s", "is above 0"),
            ("-1/s", "is above 0"),
            ("inf/s", "is above 0"),
            ("1/0s", "is above 0"),
        ] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        for text in ["", "soon", "10s ± 30s", "exponential"] {
            assert!(text.parse::<Downtime>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_drawn_as_the_rate_says() {
        let mut entropy = Entropy::derive(1, 0, 0, "test");
        let mean = |rate: &str, nodes: usize, entropy: &mut Entropy| {
            let rate: Rate = rate.parse().unwrap();
            (0..20_000).map(|_| rate.next(nodes, entropy).unwrap().as_secs_f64()).sum::<f64>() / 20_000.0
        };
        // The standard error of a mean of 20,000 is 0.7 %.
        assert!((mean("2/s", 50, &mut entropy) - 0.5).abs() < 0.02);
        assert!((mean("10%/h", 100, &mut entropy) - 360.0).abs() < 12.0);
        assert_eq!("10%/h".parse::<Rate>().unwrap().next(0, &mut entropy), None);
        let down: Downtime = "30s ± 10s".parse().unwrap();
        let drawn: Vec<f64> = (0..2_000).map(|_| down.draw(&mut entropy).unwrap().as_secs_f64()).collect();
        assert!(drawn.iter().all(|away| (20.0..=40.0).contains(away)));
        assert!(drawn.iter().any(|away| *away < 22.0) && drawn.iter().any(|away| *away > 38.0));
        assert_eq!(Downtime::Ever.draw(&mut entropy), None);
    }
}
