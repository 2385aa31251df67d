//! Scenarios: an experiment in a file.
//!
//! [`Scenario::parse`] turns the text of a TOML file into a checked [`Scenario`], or says where the file is wrong and
//! what was probably meant ([`ScenarioError`]). [`run()`] sets the scenario's network up, lets its time pass, and holds
//! what happened against what the file expects.
//!
//! ```toml
//! name = "ping-pong"
//! seed = 1
//! duration = "60s"
//!
//! [[nodes]]
//! name = "node"
//! count = 100
//! services = ["ping-pong"]
//!
//! [topology]
//! kind = "ring"
//!
//! [link]
//! latency = "50ms"
//!
//! [[expect]]
//! every_node = "peers"
//! equals = 2
//! ```
//!
//! Nothing here reads a file, a clock or the environment, and nothing prints: the text comes in, a report goes out.

mod check;
mod error;
mod expect;
mod file;
mod run;
mod section;
#[cfg(test)]
mod tests;

pub use error::ScenarioError;
pub use expect::{Bounds, Direction, Expectation, Outcome, PerNode, Subject, Total};
pub use run::{Progress, RunError, RunOptions, RunReport, run, run_on};

use crate::log::Source;
use crate::topology::Topology;
use devp2p::Fidelity;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An experiment: which network, for how long, and what should be true at its end.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What reports call it.
    pub name: String,
    /// What the experiment is to answer, in free text.
    pub question: Option<String>,
    /// Where all entropy of the run comes from.
    pub seed: u64,
    /// Simulated time from the moment when the network is up.
    pub duration: Duration,
    /// How much of a session is done for real.
    pub fidelity: Fidelity,
    /// Peers a node accepts; no bound when missing.
    pub max_peers: Option<usize>,
    /// The nodes, in the order of their creation.
    pub groups: Vec<Group>,
    /// Who is connected to whom.
    pub topology: Topology,
    /// What lies between any two nodes.
    pub latency: Duration,
    /// What should be true at the end.
    pub expectations: Vec<Expectation>,
    /// The file it came from, to point at.
    file: File,
}

/// The path and the text of a scenario file.
#[derive(Clone, Debug)]
struct File {
    path: String,
    text: String,
}

/// Nodes that differ in nothing but their name and key.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What their names begin with; a group of one has it as its name.
    pub name: String,
    /// How many.
    pub count: usize,
    /// What they run.
    pub services: Vec<String>,
    /// Whether their messages are shown as events.
    pub msg_events: bool,
    /// Settings by service.
    pub settings: BTreeMap<String, Value>,
}

impl Group {
    /// The names of its nodes: numbered from 1, with as many digits as the last one needs, two at least.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let digits = self.count.to_string().len().max(2);
        (1..=self.count).map(move |number| {
            if self.count == 1 { self.name.clone() } else { format!("{}{number:0digits$}", self.name) }
        })
    }
}

impl Scenario {
    /// Nodes of all groups.
    pub fn node_count(&self) -> usize {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Its file, as logs carry it.
    pub(crate) fn source(&self) -> Source {
        Source { path: self.file.path.clone(), text: self.file.text.clone(), set: Vec::new() }
    }

    /// The names of a group's nodes.
    fn members(&self, group: &str) -> BTreeSet<String> {
        self.groups.iter().filter(|known| known.name == group).flat_map(Group::names).collect()
    }
}
