//! How fast simulated time may pass, told by a clock that the caller reads.

use std::time::Duration;

/// How simulated time relates to the time on the wall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as the machine can.
    Max,
    /// So many simulated seconds in one second; 1 is real time.
    Times(f64),
    /// Not at all.
    Paused,
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Times(factor) => write!(f, "{factor}"),
            Self::Paused => f.write_str("paused"),
        }
    }
}

/// What is not a pace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a pace: it is `max`, `paused`, or a number above 0 that multiplies real time, such as 1 or 0.5"
)]
pub struct ParsePaceError(String);

impl std::str::FromStr for Pace {
    type Err = ParsePaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "max" => Ok(Self::Max),
            "paused" => Ok(Self::Paused),
            number => {
                let factor: f64 =
                    number.trim_end_matches('x').parse().map_err(|_| ParsePaceError(text.into()))?;
                if factor.is_finite() && factor > 0.0 {
                    Ok(Self::Times(factor))
                } else {
                    Err(ParsePaceError(text.into()))
                }
            }
        }
    }
}

/// Keeps simulated time at its pace. Reads no clock: the wall's time is an argument.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    pace: Pace,
    wall: Duration,
    sim: Duration,
}

impl Pacer {
    /// Starts at `pace` when the wall shows `wall` and the simulation `sim`.
    pub fn new(pace: Pace, wall: Duration, sim: Duration) -> Self {
        Self { pace, wall, sim }
    }

    /// The pace in force.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// How far simulated time may have come when the wall shows `wall`; `None` when there is no bound.
    pub fn due(&self, wall: Duration) -> Option<Duration> {
        match self.pace {
            Pace::Max => None,
            Pace::Times(factor) => {
                Some(self.sim.saturating_add(scaled(wall.saturating_sub(self.wall), factor)))
            }
            Pace::Paused => Some(self.sim),
        }
    }

    /// How long the wall's clock has to run until simulated time may be `sim`; `None` when it never will.
    pub fn wait_for(&self, sim: Duration, wall: Duration) -> Option<Duration> {
        match self.pace {
            Pace::Max => Some(Duration::ZERO),
            Pace::Times(factor) => {
                let due = self.wall.saturating_add(scaled(sim.saturating_sub(self.sim), 1.0 / factor));
                Some(due.saturating_sub(wall))
            }
            Pace::Paused => None,
        }
    }
}

/// A time stretched; the longest there is where it does not fit, since what never happens is waited for too.
fn scaled(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn paces_are_read_and_refused() {
        for (text, expect) in [
            ("max", Some(Pace::Max)),
            ("paused", Some(Pace::Paused)),
            ("1", Some(Pace::Times(1.0))),
            ("2.5x", Some(Pace::Times(2.5))),
            ("0", None),
            ("-1", None),
            ("inf", None),
            ("NaN", None),
            ("fast", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expect, "{text}");
        }
    }

    #[test]
    fn twice_real_time() {
        let pacer = Pacer::new(Pace::Times(2.0), S(10), S(100));
        assert_eq!(pacer.due(S(13)), Some(S(106)));
        assert_eq!(pacer.wait_for(S(106), S(11)), Some(S(2)));
        assert_eq!(pacer.wait_for(S(101), S(20)), Some(S(0)));
    }

    #[test]
    fn what_never_happens_can_be_waited_for_at_any_pace() {
        for factor in [1e-300, 0.5, 1.0, 1e300] {
            let pacer = Pacer::new(Pace::Times(factor), S(1), S(1));
            assert!(
                pacer.wait_for(Duration::MAX, S(2)).is_some_and(|wait| wait > S(1)) || factor > 1.0,
                "{factor}"
            );
            assert!(pacer.due(S(2)).is_some_and(|due| due >= S(1)), "{factor}");
        }
    }

    #[test]
    fn max_has_no_bound_and_paused_never_moves() {
        assert_eq!(Pacer::new(Pace::Max, S(0), S(0)).due(S(9)), None);
        let paused = Pacer::new(Pace::Paused, S(0), S(7));
        assert_eq!((paused.due(S(100)), paused.wait_for(S(8), S(100))), (Some(S(7)), None));
    }
}
