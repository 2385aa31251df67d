//! Lengths of time as people write them: `"30s"`, `"1m 30s"`, or a [`Duration`]. And links written that way.

use std::time::Duration;
use world::sim::{Jitter, Link};

/// A text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no length of time, such as 30s or 1m 30s: {why}")]
pub struct BadSpan {
    text: String,
    why: String,
}

/// Anything that says how long.
pub trait Span {
    /// How long.
    ///
    /// # Errors
    /// The text is no length of time.
    fn span(self) -> Result<Duration, BadSpan>;
}

impl Span for Duration {
    fn span(self) -> Result<Duration, BadSpan> {
        Ok(self)
    }
}

impl Span for &str {
    fn span(self) -> Result<Duration, BadSpan> {
        humantime::parse_duration(self)
            .map_err(|error| BadSpan { text: self.to_owned(), why: error.to_string() })
    }
}

impl Span for &String {
    fn span(self) -> Result<Duration, BadSpan> {
        self.as_str().span()
    }
}

/// What lies between the nodes of a network that is to be. A text that is none is told when the network comes up.
#[derive(Clone, Debug)]
pub struct Links(pub(super) Result<Link, BadSpan>);

/// Links that delay by so much: `latency("50ms")`, or `latency("50ms ± 10ms")` for anything from 40 to 60 ms, each as
/// likely as the other.
pub fn latency(each_way: impl Into<Links>) -> Links {
    each_way.into()
}

impl From<Duration> for Links {
    fn from(each_way: Duration) -> Self {
        Link::latency(each_way).into()
    }
}

impl From<&str> for Links {
    fn from(text: &str) -> Self {
        let Some((middle, around)) = text.split_once('±') else {
            return Self(text.span().map(Link::latency));
        };
        Self(middle.trim().span().and_then(|middle| {
            let around = around.trim().span()?;
            // What is promised of a link is the least it takes; the rest is jitter.
            let least = middle.checked_sub(around).ok_or_else(|| BadSpan {
                text: text.to_owned(),
                why: format!("{around:?} less than {middle:?} is less than nothing"),
            })?;
            Ok(Link::latency(least).jitter(Jitter::Uniform(2 * around)))
        }))
    }
}

impl From<Link> for Links {
    fn from(link: Link) -> Self {
        Self(Ok(link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_vary_around_its_middle() {
        let ms = Duration::from_millis;
        let varies = Link::latency(ms(40)).jitter(Jitter::Uniform(ms(20)));
        for text in ["50ms ± 10ms", "50ms±10ms", "50ms  ±10ms"] {
            assert_eq!(latency(text).0, Ok(varies), "{text}");
        }
        for (text, why) in [
            (
                "10ms ± 20ms",
                "\"10ms ± 20ms\" is no length of time, such as 30s or 1m 30s: 20ms less than 10ms",
            ),
            ("± 20ms", "\"\" is no length of time"),
            ("10ms ±", "\"\" is no length of time"),
            ("10ms ± 1ms ± 1ms", "\"1ms ± 1ms\" is no length of time"),
        ] {
            assert!(latency(text).0.unwrap_err().to_string().starts_with(why), "{text}");
        }
    }

    #[test]
    fn what_people_write_is_read_and_anything_else_is_quoted() {
        for (text, expect) in [
            ("30s", Some(30_000)),
            ("1m 30s", Some(90_000)),
            ("50ms", Some(50)),
            ("0s", Some(0)),
            ("", None),
            ("50", None),
            ("soon", None),
            ("-1s", None),
        ] {
            let got = text.span();
            assert_eq!(got.clone().ok(), expect.map(Duration::from_millis), "{text}");
            assert!(
                got.err()
                    .is_none_or(|error| error.to_string().starts_with(&format!("{text:?} is no length")))
            );
        }
        assert_eq!(Duration::MAX.span(), Ok(Duration::MAX));
        assert_eq!(latency("5ms").0, Ok(Link::latency(Duration::from_millis(5))));
        assert!(latency("5 parsecs").0.is_err());
        assert_eq!(latency("5ms").0, latency(Duration::from_millis(5)).0);
    }
}
