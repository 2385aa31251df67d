//! How long: lengths of time that are drawn. How often is [`churn::Rate`](crate::churn::Rate)'s.

use crate::condition::Text;
use std::str::FromStr;
use std::time::Duration;
use world::Entropy;

/// No drawn time is longer; it keeps sums of times inside the simulated clock.
const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;

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
#[error(
    "{text:?} is no length of time, such as 30s, 30s ± 10s, exponential 60s or weibull 60s shape 0.5: {why}"
)]
pub struct BadLasting {
    text: String,
    why: String,
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

/// So many seconds, as far as anything lasts.
pub(super) fn seconds(time: f64) -> Duration {
    Duration::from_secs_f64(time.clamp(0.0, LONGEST))
}

impl FromStr for Lasting {
    type Err = BadLasting;

    fn from_str(text: &str) -> Result<Self, BadLasting> {
        let bad = |why: String| BadLasting { text: text.to_owned(), why };
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
    fn lengths_are_read() {
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
        let mut mean = |draw: &mut dyn FnMut(&mut Entropy) -> Duration| {
            (0..20_000).map(|_| draw(&mut entropy).as_secs_f64()).sum::<f64>() / 20_000.0
        };
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
