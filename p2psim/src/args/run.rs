//! `run`.

use super::log::moment;
use super::{AdapterName, Column, FidelityName, LogForm, Memory, Seeds, Setting, Vary};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, Args)]
pub(crate) struct Run {
    /// The scenario: a TOML file, or the name of a shipped one
    #[arg(required_unless_present = "journal", conflicts_with = "journal")]
    pub(crate) scenario: Option<PathBuf>,
    /// Change a value of the scenario: nodes.light.count=300, duration=2m, or a parameter by its name
    #[arg(long, value_name = "PATH=VALUE", conflicts_with = "journal")]
    pub(crate) set: Vec<Setting>,
    /// Run it for each of these values: adoption=0..100:10, mode=flood,push-announce; several vary together
    #[arg(long, value_name = "PATH=VALUES", conflicts_with = "journal")]
    pub(crate) vary: Vec<Vary>,
    /// Run it on each of these seeds: 20 (from 1 on), 5..9 or 1,5,7
    #[arg(long, value_name = "SEEDS", conflicts_with_all = ["journal", "seed"])]
    pub(crate) seeds: Option<Seeds>,
    /// Run N of them at a time; as many as there are cores when missing
    #[arg(long, value_name = "N", conflicts_with = "journal")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// What a table of many runs shows: gossip/arrival:p95; the first that varies is plotted
    #[arg(long, value_name = "QUANTITY:STATISTIC", conflicts_with = "journal")]
    pub(crate) quantity: Vec<Column>,
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
    /// End with an error rather than take more memory than this (2GiB, 500MB); what the machine or its container has,
    /// when missing
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Memory>,
    /// Run it on the page of a server, at a pace at which it can be watched; Ctrl-C ends that
    #[arg(
        long,
        conflicts_with_all = ["journal", "set", "vary", "seeds", "fidelity", "adapter", "json", "out", "verify", "memory", "report", "pcap", "junit"]
    )]
    pub(crate) open: bool,
    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the whole log and the result (result.json) into this directory; of many runs, their table (sweep.json,
    /// sweep.csv) and plot (sweep.svg)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How the log is written
    #[arg(long, default_value = "ndjson", value_name = "FORM")]
    pub(crate) log_format: LogForm,
    /// Write a report into this directory: a page that opens anywhere, its plots, its numbers
    #[arg(long, value_name = "DIR", conflicts_with_all = ["journal", "vary", "seeds"])]
    pub(crate) report: Option<PathBuf>,
    /// Write what passes these nodes as pcapng files, into `pcap` in the report's directory (or that of --out, or here)
    #[arg(long, value_name = "NODES", value_delimiter = ',', conflicts_with_all = ["journal", "vary", "seeds"])]
    pub(crate) pcap: Vec<String>,
    /// Write how the expectations came out as JUnit XML
    #[arg(long, value_name = "FILE", conflicts_with_all = ["journal", "vary", "seeds"])]
    pub(crate) junit: Option<PathBuf>,
    /// Run it again in another process and compare the two logs
    #[arg(long, conflicts_with = "journal")]
    pub(crate) verify: bool,
    /// Replay what `serve --record` wrote, instead of a scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Replay the journal up to this moment and no further
    #[arg(long, value_name = "TIME", conflicts_with = "scenario", value_parser = moment)]
    pub(crate) until: Option<Duration>,
}

impl Run {
    /// Whether this is more than one run.
    pub(crate) fn is_sweep(&self) -> bool {
        !self.vary.is_empty() || self.seeds.is_some()
    }
}
