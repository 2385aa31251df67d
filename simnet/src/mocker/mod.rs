//! Mockers: node churn made by a program, after go-ethereum's `p2p/simulations/mocker.go`.
//!
//! A mocker creates nodes, starts them and connects them in a ring; what it does then is its kind. It is a plain future
//! over a [`Handle`], in the network's own time, and draws from a seed of its own. It can be told to stop at any moment;
//! nodes that it has down at that moment are started again before it ends. An error ends it, and is its result.
//!
//! Its moments are exact while it alone waits, and at a pace. With an unbounded pace, somebody else who waits for
//! something else has time run on while the mocker decides.
//!
//! | module | holds |
//! |---|---|
//! | `boot` | the ring, and nothing more |
//! | `start_stop` | now and then one node stops, and starts again |
//! | `probabilistic` | runs of neighbours stop and start, one after the other |
//!
//! What is deliberately absent: a place where mockers run. Whoever awaits [`run`] is that.

mod boot;
mod probabilistic;
mod start_stop;

use crate::error::NetworkError;
use crate::handle::Handle;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;
use world::Entropy;

/// Nodes that a mocker may be asked for.
pub const MOST_NODES: usize = 100_000;

/// The shortest time between two things that a mocker does: without one, time would stand still.
pub const SHORTEST: Duration = Duration::from_millis(1);

/// A kind of mocker, with its rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mocker {
    /// Brings the ring up, and ends.
    Boot,
    /// Rounds: a run of neighbours is drawn, and each is stopped and started again, one step later than the one before.
    /// A round's steps last equally long.
    Probabilistic {
        /// The shortest step.
        shortest: Duration,
        /// What every step is shorter than, unless it is the shortest.
        longest: Duration,
    },
    /// One node stops, any, and starts again.
    StartStop {
        /// From one start to the next stop.
        every: Duration,
        /// From the stop to the start.
        pause: Duration,
    },
}

/// A mocker that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMocker {
    /// No mocker of that name.
    #[error("unknown mocker type \"{0}\"")]
    Unknown(String),
    /// Not a number of nodes.
    #[error("invalid node-count provided: {0:?} is not a whole number from 0 to {MOST_NODES}")]
    Count(String),
    /// A rate that this kind does not have.
    #[error("{parameter} is no parameter of {mocker}: it has {}", if known.is_empty() { "none".to_owned() } else { known.join(" and ") })]
    Parameter {
        /// The parameter.
        parameter: String,
        /// The mocker.
        mocker: &'static str,
        /// What it has.
        known: &'static [&'static str],
    },
    /// Time would stand still.
    #[error("{parameter} is {value:?}, and has to be {SHORTEST:?} or more")]
    TooShort {
        /// The parameter.
        parameter: &'static str,
        /// What it is.
        value: Duration,
    },
    /// The longest is shorter than the shortest.
    #[error("longest is {longest:?}, and has to be no less than shortest, {shortest:?}")]
    Crossed {
        /// The one.
        shortest: Duration,
        /// The other.
        longest: Duration,
    },
}

impl Mocker {
    /// The names of all kinds, in the order in which they are listed.
    pub const NAMES: [&str; 3] = ["boot", "probabilistic", "startStop"];

    /// The kind of that name, with the original's rates: a stop every 10 s for 3 s; steps of 1 to 6 s.
    pub fn named(name: &str) -> Result<Self, BadMocker> {
        let s = Duration::from_secs;
        match name {
            "boot" => Ok(Self::Boot),
            "probabilistic" => Ok(Self::Probabilistic { shortest: s(1), longest: s(6) }),
            "startStop" => Ok(Self::StartStop { every: s(10), pause: s(3) }),
            other => Err(BadMocker::Unknown(other.to_owned())),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Probabilistic { .. } => "probabilistic",
            Self::StartStop { .. } => "startStop",
        }
    }

    /// The names of its parameters, lengths of time all.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Boot => &[],
            Self::Probabilistic { .. } => &["shortest", "longest"],
            Self::StartStop { .. } => &["every", "pause"],
        }
    }

    /// Changes one of its parameters.
    pub fn set(&mut self, parameter: &str, value: Duration) -> Result<(), BadMocker> {
        let (mocker, known) = (self.name(), self.parameters());
        let rate = match (self, parameter) {
            (Self::Probabilistic { shortest, .. }, "shortest") => shortest,
            (Self::Probabilistic { longest, .. }, "longest") => longest,
            (Self::StartStop { every, .. }, "every") => every,
            (Self::StartStop { pause, .. }, "pause") => pause,
            _ => return Err(BadMocker::Parameter { parameter: parameter.to_owned(), mocker, known }),
        };
        *rate = value;
        Ok(())
    }

    /// Whether its rates make sense.
    pub fn check(self) -> Result<(), BadMocker> {
        match self {
            Self::StartStop { every: value, .. } if value < SHORTEST => {
                Err(BadMocker::TooShort { parameter: "every", value })
            }
            Self::Probabilistic { shortest: value, .. } if value < SHORTEST => {
                Err(BadMocker::TooShort { parameter: "shortest", value })
            }
            Self::Probabilistic { shortest, longest } if longest < shortest => {
                Err(BadMocker::Crossed { shortest, longest })
            }
            _ => Ok(()),
        }
    }
}

/// A number of nodes, as it is typed.
pub fn node_count(text: &str) -> Result<usize, BadMocker> {
    let count = text.parse().ok().filter(|count| *count <= MOST_NODES);
    count.ok_or_else(|| BadMocker::Count(text.to_owned()))
}

/// Tells a mocker to stop. Dropping it does, too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Tells it. It ends when its nodes are up again.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// By which a mocker hears that it has to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Both ends.
pub fn stop_signal() -> (Stopper, Stop) {
    let (stopper, stop) = watch::channel(false);
    (Stopper(stopper), Stop(stop))
}

impl Stop {
    fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// The outcome of some work, or nothing if the mocker is told to stop before.
    async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let asked = async {
            // An error says that the stopper is gone, which means the same. The guard must not live across an await.
            let _ = self.0.wait_for(|stop| *stop).await;
        };
        let (mut asked, mut work) = (pin!(asked), pin!(work));
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => asked.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// Lets time pass. Answers whether the mocker is told to stop.
    async fn pass(&mut self, net: &Handle, time: Duration) -> Result<bool, NetworkError> {
        Ok(self.or(net.advance(time)).await.transpose()?.is_none())
    }
}

/// Brings up a ring of `nodes` nodes, has the mocker at them, and ends when it is done, fails or is told to stop. The
/// nodes stay.
///
/// # Errors
/// Whatever the network refuses. Nodes of the mocker that were removed or stopped by others are among the reasons.
pub async fn run(
    net: &Handle,
    mocker: Mocker,
    nodes: usize,
    seed: u64,
    mut stop: Stop,
) -> Result<(), NetworkError> {
    let names = boot::ring(net, nodes, &mut stop).await?;
    // Without nodes there is nothing to wait for.
    if names.is_empty() || stop.is_asked() {
        return Ok(());
    }
    let mut entropy = Entropy::derive(seed, u32::MAX, 0, "mocker");
    match mocker {
        Mocker::Boot => Ok(()),
        Mocker::Probabilistic { shortest, longest } => {
            probabilistic::run(net, &names, (shortest, longest), &mut entropy, &mut stop).await
        }
        Mocker::StartStop { every, pause } => {
            start_stop::run(net, &names, (every, pause), &mut entropy, &mut stop).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_within_reason() {
        for (text, count) in [("0", Some(0)), ("1", Some(1)), ("100000", Some(100_000))] {
            assert_eq!(node_count(text).ok(), count);
        }
        for text in ["-1", "", "ten", "1.5", "100001", "99999999999999999999"] {
            let error = node_count(text).unwrap_err().to_string();
            let expect =
                format!("invalid node-count provided: {text:?} is not a whole number from 0 to 100000");
            assert_eq!(error, expect);
        }
    }

    #[test]
    fn kinds_have_names_and_rates_of_their_own() {
        for name in Mocker::NAMES {
            let mut mocker = Mocker::named(name).unwrap();
            assert_eq!((mocker.name(), mocker.check()), (name, Ok(())));
            for parameter in mocker.parameters() {
                mocker.set(parameter, Duration::from_secs(2)).unwrap();
            }
            assert_eq!(mocker.check(), Ok(()));
            assert!(mocker.set("speed", SHORTEST).unwrap_err().to_string().contains(name));
        }
        assert_eq!(Mocker::named("Boot").unwrap_err().to_string(), "unknown mocker type \"Boot\"");
        let mut mocker = Mocker::named("startStop").unwrap();
        mocker.set("every", Duration::ZERO).unwrap();
        assert!(matches!(mocker.check(), Err(BadMocker::TooShort { parameter: "every", .. })));
        let mut mocker = Mocker::named("probabilistic").unwrap();
        mocker.set("longest", SHORTEST).unwrap();
        assert!(matches!(mocker.check(), Err(BadMocker::Crossed { .. })));
    }
}
