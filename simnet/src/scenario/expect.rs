//! What should be true of a network, and whether it is.

use super::select::Selector;
use crate::measure::Quantity;
use crate::tally::{NodeTally, Tally};
use serde_json::Value;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Nodes that are told by name when they miss an expectation; of the others only the number.
const NAMED: usize = 5;

/// Something that should be true.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What a reader calls it.
    pub name: String,
    /// What is counted or measured.
    pub subject: Subject,
    /// What that may be.
    pub bounds: Bounds,
    /// When it should be so.
    pub when: When,
    /// Where the file says so.
    pub(super) span: Range<usize>,
}

/// What an expectation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// One number of the whole network.
    Total(Total),
    /// A number that each node has.
    EveryNode {
        /// Which number.
        what: PerNode,
        /// Of which nodes.
        whose: Whose,
    },
    /// What was measured.
    Quantity {
        /// Its name.
        name: String,
        /// Where the file names it.
        span: Range<usize>,
        /// What of it.
        of: Statistic,
    },
}

/// Of which nodes every one is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Whose {
    /// Of these; of all when missing, those created by others included.
    pub group: Option<Selector>,
    /// Only those that are up.
    pub up_only: bool,
}

/// Numbers of a whole network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// Nodes that are up.
    Nodes,
    /// Connections that are up.
    Connections,
    /// Peers lost since the start, seen from either end.
    Drops,
    /// Connections that were asked for and did not come to be, since the start.
    FailedDials,
    /// Calls that the workload has made.
    Calls,
    /// Those that failed.
    FailedCalls,
    /// Messages since the start.
    Messages {
        /// Sent or received.
        direction: Direction,
        /// Of this protocol, in all its versions; of all protocols when missing.
        protocol: Option<String>,
        /// Where the file names the protocol.
        span: Range<usize>,
        /// With this code; with any when missing.
        code: Option<u64>,
    },
}

/// Numbers of one node.
#[derive(Clone, Debug, PartialEq)]
pub enum PerNode {
    /// Peers it is connected to.
    Peers,
    /// Peers it has lost since the start.
    Drops,
    /// Messages of all protocols since the start.
    Messages(Direction),
    /// What it answers to a method of its RPC.
    Answer {
        /// The method.
        call: String,
        /// Where the file names it.
        span: Range<usize>,
    },
}

/// Which end of a message counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The sender.
    Sent,
    /// The receiver.
    Received,
}

/// One number for what was measured many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The arithmetic mean.
    Mean,
    /// The least.
    Min,
    /// The most.
    Max,
    /// How many times.
    Count,
    /// The share of 1 below which this part of all lies.
    Quantile(f64),
}

/// When something should be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the end.
    End,
    /// At looks while time passes.
    Looks {
        /// At which of them.
        which: Which,
        /// The first.
        after: Duration,
        /// None later than this.
        until: Duration,
        /// From look to look.
        every: Duration,
    },
}

/// At which looks something should be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// At all.
    Always,
    /// At none.
    Never,
    /// At one, at least.
    Eventually,
}

/// The range in which a number is good. At least one end is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The least.
    pub at_least: Option<f64>,
    /// The most.
    pub at_most: Option<f64>,
}

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The expectation's.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What there was; when it did not hold, also which nodes had what, and what was wanted.
    pub detail: String,
}

/// What a look found: whether the bounds hold, and what there was.
pub(super) type Found = (bool, String);

/// Calls of a workload, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that were made.
    pub made: u64,
    /// Those that failed.
    pub failed: u64,
    /// Moments at which no node that was meant was up.
    pub passed_over: u64,
    /// What the first that failed was answered.
    pub first_error: Option<String>,
}

/// The numbers that expectations are held against.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) tally: &'a Tally,
    pub(super) calls: &'a Calls,
    /// What nodes answered, by name: only where an expectation asks.
    pub(super) answers: &'a [(String, Value)],
    /// Whether a node of that name is meant.
    pub(super) is_member: &'a dyn Fn(&str) -> bool,
}

impl Bounds {
    fn hold(self, number: f64) -> bool {
        self.at_least.is_none_or(|least| number >= least) && self.at_most.is_none_or(|most| number <= most)
    }
}

impl Expectation {
    /// Holds what there is against what is expected. Measured quantities are not among it.
    pub(super) fn look(&self, numbers: Numbers<'_>) -> Found {
        match &self.subject {
            Subject::Total(total) => self.one(total.count(numbers) as f64, ""),
            Subject::EveryNode { what: PerNode::Answer { .. }, .. } => self.answers(numbers.answers),
            Subject::EveryNode { what, whose } => {
                let meant =
                    |node: &&NodeTally| (numbers.is_member)(&node.name) && (node.up || !whose.up_only);
                let nodes = numbers.tally.nodes.iter().filter(meant);
                self.every(nodes.map(|node| (node.name.as_str(), what.count(node) as f64)).collect())
            }
            Subject::Quantity { .. } => (false, "not measured".into()),
        }
    }

    /// Holds what was measured against what is expected.
    pub(super) fn measured(&self, quantity: &Quantity, of: Statistic) -> Found {
        match of.of(quantity) {
            Some(_) if of == Statistic::Count => self.one(quantity.count() as f64, ""),
            Some(number) => self.one(number, quantity.unit()),
            None => (false, "there is not one sample".into()),
        }
    }

    /// One number; `unit` is what it counts.
    fn one(&self, number: f64, unit: &str) -> Found {
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        match self.bounds.hold(number) {
            true => (true, format!("{}{unit}", Shown(number))),
            false => (false, format!("{}{unit}, wanted {}", Shown(number), self.bounds)),
        }
    }

    fn answers(&self, answers: &[(String, Value)]) -> Found {
        if let Some((name, answer)) = answers.iter().find(|(_, answer)| answer.as_f64().is_none()) {
            return (false, format!("{name} answered {answer}, which is no number"));
        }
        let numbers =
            answers.iter().map(|(name, answer)| (name.as_str(), answer.as_f64().unwrap_or_default()));
        self.every(numbers.collect())
    }

    fn every(&self, counts: Vec<(&str, f64)>) -> Found {
        if counts.is_empty() {
            return (false, "there is no such node".into());
        }
        let missed: Vec<_> = counts.iter().filter(|(_, count)| !self.bounds.hold(*count)).collect();
        if missed.is_empty() {
            let least = counts.iter().map(|(_, count)| *count).fold(f64::INFINITY, f64::min);
            let most = counts.iter().map(|(_, count)| *count).fold(f64::NEG_INFINITY, f64::max);
            let range = if least == most {
                Shown(least).to_string()
            } else {
                format!("{} to {}", Shown(least), Shown(most))
            };
            return (true, format!("{range} at each of {} nodes", counts.len()));
        }
        let named: Vec<String> =
            missed.iter().take(NAMED).map(|(name, count)| format!("{name} had {}", Shown(*count))).collect();
        let more = missed.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let of = format!("{} of {} nodes missed it", missed.len(), counts.len());
        (false, format!("{of}: {}{more}; wanted {}", named.join(", "), self.bounds))
    }
}

impl Total {
    fn count(&self, Numbers { tally, calls, .. }: Numbers<'_>) -> u64 {
        match self {
            Self::Nodes => tally.nodes_up as u64,
            Self::Connections => tally.conns_up as u64,
            Self::Drops => tally.drops,
            Self::FailedDials => tally.failed_dials,
            Self::Calls => calls.made,
            Self::FailedCalls => calls.failed,
            Self::Messages { direction, protocol, code, .. } => tally
                .messages
                .iter()
                .filter(|message| protocol.as_ref().is_none_or(|protocol| *protocol == message.protocol))
                .filter(|message| code.is_none_or(|code| code == message.code))
                .map(|message| match direction {
                    Direction::Sent => message.sent.messages,
                    Direction::Received => message.received.messages,
                })
                .sum(),
        }
    }
}

impl PerNode {
    fn count(&self, node: &NodeTally) -> u64 {
        match self {
            Self::Peers => node.peers as u64,
            Self::Drops => node.drops,
            Self::Messages(Direction::Sent) => node.sent.messages,
            Self::Messages(Direction::Received) => node.received.messages,
            Self::Answer { .. } => unreachable!("answers are not counted"),
        }
    }
}

impl Statistic {
    /// That number; nothing where there is no sample, unless that is what it counts.
    pub fn of(self, quantity: &Quantity) -> Option<f64> {
        match self {
            Self::Count => Some(quantity.count() as f64),
            _ if quantity.count() == 0 => None,
            Self::Mean => Some(quantity.mean()),
            Self::Min => Some(quantity.min()),
            Self::Max => Some(quantity.max()),
            Self::Quantile(share) => quantity.quantile(share),
        }
    }
}

/// A number with the digits that matter.
pub(super) struct Shown(pub(super) f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        if number.fract() == 0.0 && number.abs() < 1e15 {
            return write!(f, "{number:.0}");
        }
        let digits = (3 - number.abs().log10().floor() as i32).clamp(0, 12) as usize;
        let text = format!("{number:.digits$}");
        f.write_str(if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text })
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) if least == most => write!(f, "exactly {}", Shown(least)),
            (Some(least), Some(most)) => write!(f, "{} to {}", Shown(least), Shown(most)),
            (Some(least), None) => write!(f, "at least {}", Shown(least)),
            (None, Some(most)) => write!(f, "at most {}", Shown(most)),
            (None, None) => f.write_str("anything"),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Looks { which, after, until, .. } = self else { return Ok(()) };
        let which = match which {
            Which::Always => "always",
            Which::Never => "never",
            Which::Eventually => "eventually",
        };
        write!(f, ", {which} from {after:?} to {until:?}")
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "sent",
            Self::Received => "received",
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::Count => f.write_str("count"),
            Self::Quantile(share) => write!(f, "p{}", Shown(share * 100.0)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(total) => total.fmt(f),
            Self::Quantity { name, of, .. } => write!(f, "{name} {of}"),
            Self::EveryNode { what, whose } => {
                f.write_str(if whose.up_only { "every running node's " } else { "every node's " })?;
                match what {
                    PerNode::Peers => f.write_str("peers"),
                    PerNode::Drops => f.write_str("drops"),
                    PerNode::Messages(direction) => write!(f, "messages {direction}"),
                    PerNode::Answer { call, .. } => f.write_str(call),
                }
            }
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes => f.write_str("nodes"),
            Self::Connections => f.write_str("connections"),
            Self::Drops => f.write_str("drops"),
            Self::FailedDials => f.write_str("failed dials"),
            Self::Calls => f.write_str("calls"),
            Self::FailedCalls => f.write_str("failed calls"),
            Self::Messages { direction, protocol, code, .. } => {
                if let Some(protocol) = protocol {
                    write!(f, "{protocol} ")?;
                }
                if let Some(code) = code {
                    write!(f, "code {code} ")?;
                }
                write!(f, "messages {direction}")
            }
        }
    }
}
