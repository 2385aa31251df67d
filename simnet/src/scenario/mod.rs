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
//!
//! | module | holds |
//! |---|---|
//! | `keys` | everything that a file can say, in one list |
//! | `section` | a table of a file, read strictly |
//! | `parameters`, [`set()`] | values that a file refers to, and values changed from outside |
//! | `file`, `places`, `nodes`, `shape`, `load`, `timeline`, `expect_file` | from the text to a [`Scenario`], part by part |
//! | `select`, `pulse` | which nodes are meant; how often and how long |
//! | `run` | setting up, letting time pass, the agenda of what happens meanwhile |
//! | `expect` | what is held against what happened |
//! | [`schema`] | the same list as `keys`, for editors |

mod error;
mod expect;
mod expect_file;
mod file;
mod keys;
mod load;
mod nodes;
mod parameters;
mod places;
mod pulse;
mod run;
mod schema;
mod section;
mod select;
mod set;
mod shape;
#[cfg(test)]
mod tests;
mod timeline;

pub use error::{ScenarioError, nearest};
pub use expect::{
    Bounds, Calls, Direction, Expectation, Outcome, PerNode, Statistic, Subject, Total, When, Which, Whose,
};
pub use file::Around;
pub use load::{Beat, Pick, Workload};
pub use nodes::Variant;
pub use places::{Access, Files, Region};
pub use pulse::{BadLasting, Lasting};
pub use run::{Moment, Progress, RunError, RunOptions, RunReport, run, run_on};
pub use schema::schema;
pub use select::{Cast, Member, Selector};
pub use set::{SetError, set};
pub use shape::{LinkBetween, Shape};
pub use timeline::{Deed, Ending, Entry};

use crate::log::Source;
use devp2p::Fidelity;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use world::sim::Link;

/// An experiment: which network, what happens to it, for how long, and what should be true.
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
    /// The values that the file refers to, by name.
    pub parameters: BTreeMap<String, String>,
    /// The nodes, in the order of their creation.
    pub groups: Vec<Group>,
    /// Where nodes can be.
    pub regions: Vec<Region>,
    /// Who is connected to whom at the start.
    pub topology: Shape,
    /// The groups that it is made of; all that are up from the start when there is none.
    pub among: Vec<Selector>,
    /// What lies between two nodes where nothing else is said.
    pub link: Link,
    /// What lies between certain nodes.
    pub links: Vec<LinkBetween>,
    /// Calls to nodes' services.
    pub workload: Vec<Workload>,
    /// What happens to the network.
    pub timeline: Vec<Entry>,
    /// What should be true.
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

/// Nodes that differ in nothing but their name, their key, and what is drawn for each.
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
    /// Whether they are up from the start.
    pub up: bool,
    /// What brings them to life, `sim` or `exec`; what the run says when missing.
    pub adapter: Option<&'static str>,
    /// Where they are, by place; drawn by the regions' weights when missing.
    pub region: Option<usize>,
    /// How they are connected to the network.
    pub access: Access,
    /// The kinds among them; all alike when there is none.
    pub mix: Vec<Variant>,
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

    /// Its file, as logs carry it. Values that were set stand in its text.
    pub(crate) fn source(&self) -> Source {
        Source { path: self.file.path.clone(), text: self.file.text.clone() }
    }
}
