//! `fork`.

use super::log::moment;
use super::{LogForm, Setting};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// A fork is of a scenario's log, with a future in the scenario's own words, or of a session's journal, with a future in
/// the journal's.
#[derive(Debug, Args)]
pub(crate) struct Fork {
    /// The log of a scenario, or the directory it is in; or a journal that `serve --record` wrote
    pub(crate) file: PathBuf,
    /// The moment up to which everything stays as it was: of a scenario as its timeline counts, from when the network is
    /// up; of a session since it began
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Duration,
    /// Change a value of the scenario, which must not change its past: duration=2m
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<Setting>,
    /// Have something happen at that moment, as a [[timeline]] has it: 'crash = "node03"'
    #[arg(long, value_name = "DEED")]
    pub(crate) then: Vec<String>,
    /// Add what is in a file: more sections of the scenario, or more lines of the journal
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,
    /// Leave out what the session was asked from that moment on
    #[arg(long, conflicts_with_all = ["set", "then"])]
    pub(crate) anew: bool,
    /// Run on N threads; the result is the same
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the new log into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How the log is written
    #[arg(long, default_value = "ndjson", value_name = "FORM")]
    pub(crate) log_format: LogForm,
}
