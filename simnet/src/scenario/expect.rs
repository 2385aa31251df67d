//! What should be true of a network when its time is over, and whether it is.

use crate::tally::{NodeTally, Tally};
use std::fmt;
use std::ops::Range;

/// Nodes that are told by name when they miss an expectation; of the others only the number.
const NAMED: usize = 5;

/// Something that should be true at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What a reader calls it.
    pub name: String,
    /// What is counted.
    pub subject: Subject,
    /// What the count may be.
    pub bounds: Bounds,
    /// Where the file says so.
    pub(super) span: Range<usize>,
}

/// What an expectation counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One number of the whole network.
    Total(Total),
    /// A number that each node has, in one group or in all.
    EveryNode {
        /// Which number.
        what: PerNode,
        /// The group's name; every group when missing.
        group: Option<String>,
    },
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerNode {
    /// Peers it is connected to.
    Peers,
    /// Peers it has lost since the start.
    Drops,
    /// Messages of all protocols since the start.
    Messages(Direction),
}

/// Which end of a message counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The sender.
    Sent,
    /// The receiver.
    Received,
}

/// The range in which a count is good. At least one end is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub at_least: Option<u64>,
    /// The most.
    pub at_most: Option<u64>,
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

impl Bounds {
    fn hold(self, count: u64) -> bool {
        self.at_least.is_none_or(|least| count >= least) && self.at_most.is_none_or(|most| count <= most)
    }
}

impl Expectation {
    /// Holds what happened against what is expected. `members` are the names of the nodes that are meant.
    pub(super) fn evaluate(&self, tally: &Tally, members: impl Fn(&str) -> bool) -> Outcome {
        let (passed, detail) = match &self.subject {
            Subject::Total(total) => {
                let count = total.count(tally);
                let passed = self.bounds.hold(count);
                (passed, if passed { count.to_string() } else { format!("{count}, wanted {}", self.bounds) })
            }
            Subject::EveryNode { what, .. } => self.every_node(*what, tally, members),
        };
        Outcome { name: self.name.clone(), passed, detail }
    }

    fn every_node(&self, what: PerNode, tally: &Tally, members: impl Fn(&str) -> bool) -> (bool, String) {
        let counts: Vec<(&str, u64)> = tally
            .nodes
            .iter()
            .filter(|node| members(&node.name))
            .map(|node| (node.name.as_str(), what.count(node)))
            .collect();
        let missed: Vec<_> = counts.iter().filter(|(_, count)| !self.bounds.hold(*count)).collect();
        if missed.is_empty() {
            let least = counts.iter().map(|(_, count)| *count).min().unwrap_or(0);
            let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
            let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return (true, format!("{range} at each of {} nodes", counts.len()));
        }
        let named: Vec<String> =
            missed.iter().take(NAMED).map(|(name, count)| format!("{name} had {count}")).collect();
        let more = missed.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let of = format!("{} of {} nodes missed it", missed.len(), counts.len());
        (false, format!("{of}: {}{more}; wanted {}", named.join(", "), self.bounds))
    }
}

impl Total {
    fn count(&self, tally: &Tally) -> u64 {
        match self {
            Self::Nodes => tally.nodes_up as u64,
            Self::Connections => tally.conns_up as u64,
            Self::Drops => tally.drops,
            Self::FailedDials => tally.failed_dials,
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
    fn count(self, node: &NodeTally) -> u64 {
        match self {
            Self::Peers => node.peers as u64,
            Self::Drops => node.drops,
            Self::Messages(Direction::Sent) => node.sent.messages,
            Self::Messages(Direction::Received) => node.received.messages,
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) if least == most => write!(f, "exactly {least}"),
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("anything"),
        }
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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(Total::Nodes) => f.write_str("nodes"),
            Self::Total(Total::Connections) => f.write_str("connections"),
            Self::Total(Total::Drops) => f.write_str("drops"),
            Self::Total(Total::FailedDials) => f.write_str("failed dials"),
            Self::Total(Total::Messages { direction, protocol, code, .. }) => {
                if let Some(protocol) = protocol {
                    write!(f, "{protocol} ")?;
                }
                if let Some(code) = code {
                    write!(f, "code {code} ")?;
                }
                write!(f, "messages {direction}")
            }
            Self::EveryNode { what, group } => {
                match group {
                    Some(group) => write!(f, "every {group}'s ")?,
                    None => f.write_str("every node's ")?,
                }
                match what {
                    PerNode::Peers => f.write_str("peers"),
                    PerNode::Drops => f.write_str("drops"),
                    PerNode::Messages(direction) => write!(f, "messages {direction}"),
                }
            }
        }
    }
}
