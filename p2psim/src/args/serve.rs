//! `serve`.

use super::log::moment;
use super::{AdapterName, FidelityName, LogForm, Memory};
use clap::{Args, FromArgMatches};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use world::sim::Pace;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8888")]
    pub(crate) listen: SocketAddr,
    /// Bring nodes to life in memory (sim), as processes of their own in real time (exec), or each as it says (mixed)
    #[arg(long, default_value = "sim")]
    pub(crate) adapter: AdapterName,
    /// Where all entropy of the network comes from
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
    /// Simulated seconds per second: a number, `max` (as fast as possible, while someone waits) or `paused`
    #[arg(long, default_value = "1")]
    pub(crate) pace: Pace,
    /// Write a journal of what is asked of the network, for `run --journal`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Begin with what a journal says was asked, and go on from there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "latency", "fidelity", "default_service"])]
    pub(crate) journal: Option<PathBuf>,
    /// Go on from this moment of the journal rather than from its end
    #[arg(long, value_name = "TIME", requires = "journal", value_parser = moment)]
    pub(crate) until: Option<Duration>,
    /// What nodes run that are created without services [default: ping-pong]
    #[arg(long, value_name = "SERVICE")]
    pub(crate) default_service: Option<String>,
    /// Latency between any two nodes
    #[arg(long, value_name = "TIME", default_value = "1ms", value_parser = humantime::parse_duration)]
    pub(crate) latency: Duration,
    /// How much of a session is done for real
    #[arg(long, default_value = "wire")]
    pub(crate) fidelity: FidelityName,
    /// Run on N threads; the result is the same
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Stop rather than take more memory than this (2GiB, 500MB); what the machine or its container has, when missing
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Memory>,
    /// Allow web pages of this origin to use the server; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Write the whole log into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How the log is written
    #[arg(long, default_value = "ndjson", value_name = "FORM")]
    pub(crate) log_format: LogForm,
    /// Scenarios that can be run from the page, beside those that come with the program
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: Page,
}

impl Serve {
    /// As where nothing is said.
    pub(crate) fn usual() -> Self {
        let nothing = Self::augment_args(clap::Command::new("serve")).get_matches_from(["serve"]);
        Self::from_arg_matches(&nothing).expect("nothing has to be said")
    }
}

/// The page, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Refuse whatever could change the network
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Open the page in a browser
    #[arg(long, conflicts_with = "no_ui")]
    pub(crate) open: bool,
    /// Serve the API alone, no page
    #[arg(long, conflicts_with = "ui_dir")]
    pub(crate) no_ui: bool,
    /// Serve the page from this directory rather than from the binary
    #[arg(long, value_name = "PATH", hide = true)]
    pub(crate) ui_dir: Option<PathBuf>,
}
