//! `demo`.

use super::FidelityName;
use clap::Args;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use world::sim::Pace;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many nodes
    #[arg(long, value_name = "N", default_value = "500")]
    pub(crate) nodes: NonZeroUsize,
    /// Connections at each node
    #[arg(long, value_name = "K", default_value = "8")]
    pub(crate) degree: usize,
    /// Send items to √n of the peers and announce them to the others, as Ethereum does, rather than flood
    #[arg(long)]
    pub(crate) announce: bool,
    /// Where all entropy of the network comes from
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
    /// Simulated seconds per second: a number, `max` (as fast as possible, while someone waits) or `paused`
    #[arg(long, default_value = "1")]
    pub(crate) pace: Pace,
    /// How much of a session is done for real
    #[arg(long, default_value = "message")]
    pub(crate) fidelity: FidelityName,
    /// Run on N threads; the result is the same
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Where to listen [default: 127.0.0.1:8888, or a free port where that is taken]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Write a journal of what is asked of the network, for `run --journal`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Open the page in a browser even where there seems to be none to look at it
    #[arg(long, conflicts_with = "no_open")]
    pub(crate) open: bool,
    /// Open no browser
    #[arg(long)]
    pub(crate) no_open: bool,
}
