//! The log: every record of a network, as a file that can be read again.
//!
//! | module | holds |
//! |---|---|
//! | `keeper` | the log while the network runs: its own chain, the file, the subscribers |
//! | `writer` | files that are written |
//! | `reader` | files that are read, whichever form they have and wherever they were cut |
//! | `text`, `binary` | the two forms |
//! | `past` | what a log adds up to, at any moment of it |
//! | `diff` | where two logs part |
//!
//! Both forms say the same: a [`Header`], every record in the order in which it was taken in, and an end with the digest
//! over all of them. A log without its end was cut; what there is of it can be used. As lines of JSON a record of a
//! message is some 220 bytes and any tool reads it, in the binary form it is some 17 (`binary` says how). The header says
//! what has to be known to do it all again.
//!
//! What is read is checked: each origin's records are counted and folded into a chain again, and the digest over all
//! chains has to be the one at the end.

mod binary;
mod diff;
mod error;
mod input;
mod keeper;
mod past;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use diff::{Difference, Side, diff};
pub use error::LogError;
pub(crate) use keeper::Log;
pub use past::Past;
pub use reader::{Ending, LogReader};
pub(crate) use writer::{Lines, LogWriter};

use crate::journal;
use crate::record::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the files written here, and the only one that is read.
pub const VERSION: u32 = 1;

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Lines of JSON.
    #[default]
    Ndjson,
    /// As few bytes as can be had without compressing.
    Binary,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ndjson, Self::Binary];

    /// The name of a log of this form within a directory.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Ndjson => "events.ndjson",
            Self::Binary => "events.bin",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ndjson => "ndjson",
            Self::Binary => "binary",
        })
    }
}

/// What a log begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the file's format.
    pub log: u32,
    /// What brought its nodes to life.
    pub adapter: String,
    /// The network, as it was set up.
    #[serde(flatten)]
    pub network: journal::Header,
    /// The experiment it is of, if it is of one.
    pub scenario: Option<Source>,
}

/// A scenario as it was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where its file was.
    pub path: String,
    /// What was run, with whatever was set from outside in its place.
    pub text: String,
}

impl Header {
    /// In what two logs' beginnings differ: what, here, there. None of it is a record.
    pub fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let facts = |header: &Self| {
            let Self { adapter, network, scenario, .. } = header.clone();
            let (path, text) = scenario.map_or_else(Default::default, |source| {
                (source.path, format!("{} bytes", source.text.len()))
            });
            [
                ("p2psim", network.p2psim),
                ("adapter", adapter),
                ("seed", network.seed.to_string()),
                ("network", network.id),
                ("default service", network.default_service.unwrap_or_default()),
                ("link", network.link),
                ("fidelity", network.fidelity),
                ("most peers", network.max_peers.to_string()),
                ("dial ban", format!("{} ns", network.dial_ban)),
                ("scenario", path),
                ("scenario's text", text),
            ]
        };
        let pairs = facts(self).into_iter().zip(facts(other));
        let mut found: Vec<_> = pairs
            .filter(|((_, one), (_, two))| one != two)
            .map(|((what, one), (_, two))| (what, one, two))
            .collect();
        let text = |header: &Self| header.scenario.as_ref().map(|source| source.text.clone());
        if text(self) != text(other) && !found.iter().any(|(what, ..)| *what == "scenario's text") {
            found.push(("scenario's text", "one".to_owned(), "another of the same length".to_owned()));
        }
        found
    }
}

/// What a log ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    /// Simulated time, nanoseconds.
    time: u64,
    /// Records before it.
    records: u64,
    digest: Digest,
}
