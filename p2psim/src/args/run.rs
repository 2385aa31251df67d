//! `run`.

use super::{AdapterName, FidelityName, LogForm};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct Run {
    /// The scenario, a TOML file
    #[arg(required_unless_present = "journal", conflicts_with = "journal")]
    pub(crate) scenario: Option<PathBuf>,
    /// Use this seed instead of the scenario's
    #[arg(long, value_name = "N", conflicts_with = "journal")]
    pub(crate) seed: Option<u64>,
    /// Use this fidelity instead of the scenario's
    #[arg(long, value_name = "FIDELITY", conflicts_with = "journal")]
    pub(crate) fidelity: Option<FidelityName>,
    /// Bring nodes to life in memory (sim), as processes of their own in real time (exec), or each as it says (mixed)
    #[arg(long, default_value = "sim", conflicts_with = "journal")]
    pub(crate) adapter: AdapterName,
    /// Run on N threads; the result is the same
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the whole log and the result (result.json) into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How the log is written
    #[arg(long, default_value = "ndjson", value_name = "FORM")]
    pub(crate) log_format: LogForm,
    /// Run it again in another process and compare the two logs
    #[arg(long, conflicts_with = "journal")]
    pub(crate) verify: bool,
    /// Replay what `serve --record` wrote, instead of a scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}
