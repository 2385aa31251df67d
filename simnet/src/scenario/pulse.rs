//! How often, and how long: rates and lengths of time that are drawn.

use crate::condition::Text;
use std::str::FromStr;
use std::time::Duration;
use world::Entropy;

/// No drawn time is longer; it keeps sums of times inside the simulated clock.
const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;

/// Something happens so often, each moment as likely as the other (a Poisson process).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    per_second: f64,
}

/// A length of time, or how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lasting {
    /// Always this long.
    Fixed(Duration),
    /// Anything between the two, each as likely as the other.
    Uniform(Duration, Duration),
    /// Of this mean, without memory.
    Exponential(Duration),
    /// Weibull: with a shape below 1 most are short and some very long.
    Weibull {
        /// The scale: 63 % are shorter.
        scale: Duration,
        /// The shape.
        shape: f64,
    },
}

/// A text that says no such thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {why}")]
pub struct BadPulse {
    what: &'static str,
    text: String,
    why: String,
}

impl Rate {
    /// The time to the next.
    pub fn draw(self, entropy: &mut Entropy) -> Duration {
        seconds(-(1.0 - entropy.unit()).ln() / self.per_second)
    }

    /// How often, on average.
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// The time from one to the next, on average.
    pub fn mean(self) -> Duration {
        seconds(1.0 / self.per_second)
    }
}

impl Lasting {
    /// One such length.
    pub fn draw(self, entropy: &mut Entropy) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Uniform(least, most) => least + (most - least).mul_f64(entropy.unit()),
            Self::Exponential(mean) => seconds(-(1.0 - entropy.unit()).ln() * mean.as_secs_f64()),
            Self::Weibull { scale, shape } => {
                seconds((-(1.0 - entropy.unit()).ln()).powf(1.0 / shape) * scale.as_secs_f64())
            }
        }
    }
}

fn seconds(time: f64) -> Duration {
    Duration::from_secs_f64(time.clamp(0.0, LONGEST))
}

impl FromStr for Rate {
    type Err = BadPulse;

    /// `2/s`, `0.5/min`, `10%/h`.
    fn from_str(text: &str) -> Result<Self, BadPulse> {
        let bad = |why: &str| BadPulse {
            what: "rate, such as 2/s or 10%/h",
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let (count, unit) =
            text.split_once('/').ok_or_else(|| bad("so many per what? Write it with a slash"))?;
        let (count, scale) = match count.trim().strip_suffix('%') {
            Some(percent) => (percent.trim(), 100.0),
            None => (count.trim(), 1.0),
        };
        let count: f64 =
            count.parse().map_err(|_| bad("before the slash stands a number, or a share with %"))?;
        // A unit alone is one of it.
        let unit = unit.trim();
        let unit =
            if unit.starts_with(|c: char| c.is_ascii_digit()) { unit.to_owned() } else { format!("1{unit}") };
        let Text(unit) = unit.parse::<Text<Duration>>().map_err(|error| bad(&error.to_string()))?;
        let unit = unit.as_secs_f64();
        match count / scale / unit {
            rate if !rate.is_finite() => Err(bad("that is no number")),
            rate if rate < 0.0 => Err(bad("nothing happens less often than never")),
            rate if rate < 1.0 / LONGEST => Err(bad("that is never")),
            rate if rate > 1e6 => Err(bad("the most is a million a second")),
            per_second => Ok(Self { per_second }),
        }
    }
}

impl FromStr for Lasting {
    type Err = BadPulse;

    fn from_str(text: &str) -> Result<Self, BadPulse> {
        let bad = |why: String| BadPulse {
            what: "length of time, such as 30s, 30s ± 10s, exponential 60s or weibull 60s shape 0.5",
            text: text.to_owned(),
            why,
        };
        let time = |text: &str| match text.trim().parse::<Text<Duration>>() {
            Ok(Text(time)) if time.as_secs_f64() <= LONGEST => Ok(time),
            Ok(_) => Err(bad("the longest time is 100 years".into())),
            Err(error) => Err(bad(error.to_string())),
        };
        let some = |text: &str| match time(text)? {
            Duration::ZERO => Err(bad("its mean is more than 0".into())),
            time => Ok(time),
        };
        let text = text.trim();
        if let Some((middle, width)) = ["±", "+-", "+/-"].iter().find_map(|sign| text.split_once(sign)) {
            let (middle, width) = (time(middle)?, time(width)?);
            let least = middle.checked_sub(width);
            let least =
                least.ok_or_else(|| bad(format!("{width:?} less than {middle:?} is less than nothing")))?;
            return Ok(Self::Uniform(least, middle + width));
        }
        if let Some(mean) = text.strip_prefix("exponential ") {
            return some(mean).map(Self::Exponential);
        }
        if let Some(rest) = text.strip_prefix("weibull ") {
            let form = || bad("it is written weibull 60s shape 0.5".into());
            let (scale, shape) = rest.split_once(" shape ").ok_or_else(form)?;
            let shape: f64 = shape.trim().parse().map_err(|_| form())?;
            if !(0.1..=100.0).contains(&shape) {
                return Err(bad("the shape lies between 0.1 and 100".into()));
            }
            return Ok(Self::Weibull { scale: some(scale)?, shape });
        }
        time(text).map(Self::Fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_lengths_are_read() {
        for (text, per_second) in [
            ("2/s", 2.0),
            ("30/min", 0.5),
            ("5/10s", 0.5),
            ("10%/h", 0.1 / 3600.0),
            (" 1 / ms ", 1000.0),
            ("0.5/d", 0.5 / 86_400.0),
        ] {
            let rate = text.parse::<Rate>().unwrap().per_second();
            assert!((rate - per_second).abs() < 1e-12, "{text}: {rate}");
        }
        for (text, why) in [
            ("2", "per what?"),
            ("-2/s", "less often than never"),
            ("0/s", "that is never"),
            ("x/s", "a number"),
            ("2/y", "no unit"),
            ("inf/s", "no number"),
            ("1/0s", "no number"),
            ("1e9/s", "a million"),
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let s = Duration::from_secs;
        for (text, lasting) in [
            ("30s", Lasting::Fixed(s(30))),
            ("5s ± 4s", Lasting::Uniform(s(1), s(9))),
            ("exponential 10h", Lasting::Exponential(s(36_000))),
            ("weibull 5s shape 0.5", Lasting::Weibull { scale: s(5), shape: 0.5 }),
        ] {
            assert_eq!(text.parse(), Ok(lasting));
        }
        for text in ["1s ± 2s", "exponential 0s", "weibull 1s", "weibull 1s shape 0", "soon", "", "200000d"]
        {
            assert!(text.parse::<Lasting>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_drawn_has_the_mean_it_should_have() {
        let s = Duration::from_secs_f64;
        let mut entropy = Entropy::derive(1, 0, 0, "pulse");
        let rate: Rate = "2/s".parse().unwrap();
        let mut mean = |draw: &mut dyn FnMut(&mut Entropy) -> Duration| {
            (0..20_000).map(|_| draw(&mut entropy).as_secs_f64()).sum::<f64>() / 20_000.0
        };
        assert!((mean(&mut |entropy| rate.draw(entropy)) - 0.5).abs() < 0.02);
        for (lasting, expect) in [
            (Lasting::Fixed(s(3.0)), 3.0),
            (Lasting::Uniform(s(1.0), s(3.0)), 2.0),
            (Lasting::Exponential(s(4.0)), 4.0),
            // Γ(1 + 1/½) = 2.
            (Lasting::Weibull { scale: s(1.0), shape: 0.5 }, 2.0),
        ] {
            let mean = mean(&mut |entropy| lasting.draw(entropy));
            assert!((mean / expect - 1.0).abs() < 0.06, "{lasting:?}: {mean}");
        }
    }
}
