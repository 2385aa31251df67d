//! `network`, `mocker` and `topology`: what is asked of all nodes at once.

use super::Listing;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Network {
    /// Start every node that is down
    Start,
    /// Stop every node that is up
    Stop,
    /// Stop and forget every node, and stop the mocker
    Reset,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mocker {
    /// List the mockers there are
    List(Listing),
    /// Start a mocker: it creates its nodes, connects them in a ring, and goes on in the background
    Start(MockerStart),
    /// Stop the mocker, and wait until it has stopped; its nodes stay
    Stop,
}

#[derive(Debug, Args)]
pub(crate) struct MockerStart {
    /// boot (the ring alone), startStop (one node at a time), probabilistic (runs of neighbours)
    pub(crate) kind: String,
    /// How many nodes it creates
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) nodes: usize,
    /// Who stops and when follows from it
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Time from one start to the next stop, of startStop [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub(crate) every: Option<String>,
    /// Time from a stop to the start, of startStop [default: 3s]
    #[arg(long, value_name = "TIME")]
    pub(crate) pause: Option<String>,
    /// The shortest step of probabilistic [default: 1s]
    #[arg(long, value_name = "TIME")]
    pub(crate) shortest: Option<String>,
    /// The longest step of probabilistic [default: 6s]
    #[arg(long, value_name = "TIME")]
    pub(crate) longest: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Topology {
    /// none, chain, ring, star, full, random-regular, small-world, scale-free, kademlia or file
    pub(crate) kind: String,
    /// The node in the middle of a star, counted from 0 [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) center: Option<usize>,
    /// Connections at each node of random-regular, or of small-world before any is rewired
    #[arg(long, value_name = "N")]
    pub(crate) degree: Option<usize>,
    /// How likely a connection of small-world leads to a random node instead [default: 10%]
    #[arg(long, value_name = "CHANCE")]
    pub(crate) rewire: Option<String>,
    /// Connections that each newcomer of scale-free makes
    #[arg(long, value_name = "N")]
    pub(crate) links: Option<usize>,
    /// Nodes of each distance that a node of kademlia knows
    #[arg(long, value_name = "N")]
    pub(crate) bucket: Option<usize>,
    /// Of file: pairs of names or ids, one a line, or GraphML
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
}
