//! Scenarios and their runs.

use serde::{Deserialize, Serialize};

/// A scenario that the server knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownScenario {
    /// What it is asked for by: the name of its file, without `.toml`.
    pub name: String,
    /// What it asks, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// `shipped`, or `directory`.
    pub source: String,
}

/// What a scenario's text comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Whether it can be run.
    pub ok: bool,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// How long it lasts, simulated seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are wrong.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A run of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its name: runs are counted from 1.
    pub id: u64,
    /// The scenario's name.
    pub name: String,
    /// The seed in force.
    pub seed: u64,
    /// The pace it was started at.
    pub pace: String,
    /// `running`, `passed`, `failed` (an expectation did not hold), `stopped`, or `broken`.
    pub state: String,
    /// What is being done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doing: String,
    /// How much of it is done, from 0 to 1.
    pub progress: f64,
    /// Why it has no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The digest of its log; `none` where another run comes to another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Simulated time, setting up included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_seconds: Option<f64>,
    /// Time on the wall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_seconds: Option<f64>,
    /// How each expectation came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Outcome>,
}

/// How an expectation came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was expected.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What was found.
    pub detail: String,
}
