//! The command line, as it is typed. What it means is decided where it is done (`cmd`).

mod control;
mod demo;
mod fork;
mod log;
mod memory;
mod network;
mod node;
mod report;
mod run;
mod scenario;
mod serve;
mod sweep;
#[cfg(test)]
mod tests;

use clap::{Args, Parser, Subcommand, ValueEnum};
use devp2p::Fidelity;
use std::fmt;
use std::path::PathBuf;

pub(crate) use control::{
    Churn, ChurnStart, Clock, ClockCommand, Line, Link, LinkParts, Partition, PartitionCommand, Region,
    SetLine, SetLink, Until,
};
pub(crate) use demo::Demo;
pub(crate) use fork::Fork;
pub(crate) use log::{Diff, LogForm, Replay};
pub(crate) use memory::Memory;
pub(crate) use network::{Mocker, MockerStart, Network, Topology};
pub(crate) use node::{Node, NodeCreate, Which};
pub(crate) use report::Report;
pub(crate) use run::Run;
pub(crate) use scenario::{ScenarioCommand, Setting};
pub(crate) use serve::{Page, Serve};
pub(crate) use sweep::{Column, Seeds, Vary};

/// Simulates networks of devp2p nodes: runs scenarios, and serves networks to play with.
#[derive(Debug, Parser)]
#[command(name = "p2psim", version, after_help = EXAMPLES)]
pub(crate) struct CommandLine {
    /// The server to talk to.
    #[arg(
        long,
        global = true,
        env = "P2PSIM_API_URL",
        default_value = "http://localhost:8888",
        value_name = "URL"
    )]
    pub(crate) api: String,
    /// Bearer token that the server asks for.
    #[arg(long, global = true, env = "P2PSIM_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// How much to log, on standard error.
    #[arg(long, global = true, default_value = "warn", value_name = "LEVEL")]
    pub(crate) log: Level,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  p2psim demo                                a network to look at, in the browser
  p2psim run scenarios/ping-pong.toml        run an experiment
  p2psim serve                               a network to play with, driven by the commands below
  p2psim node create --name node01           (in another terminal)
  p2psim events --current --filter ping-pong:*
  p2psim clock pause                         and resume, pace 5, step 1s, until --conns 10
  p2psim partition 'node0*' --heal 30s       and heal; link set, churn start

Exit codes: 0 done, 1 an expectation failed or the server said no, 2 usage, 3 server not reachable,
4 bad file, 5 timed out, 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario
    Run(Run),
    /// Show a network as it was at a moment of its log
    Replay(Replay),
    /// Find the first event in which two logs differ
    Diff(Diff),
    /// Do a run or a session again up to a moment, and go on otherwise
    Fork(Fork),
    /// List shipped scenarios, check files, or print their schema
    Scenario {
        #[command(subcommand)]
        command: ScenarioCommand,
    },
    /// Work with reports of runs
    Report {
        #[command(subcommand)]
        command: Report,
    },
    /// Serve a network over HTTP
    Serve(Serve),
    /// Serve a network that is up, and open its page: the quickest way to see one
    Demo(Demo),
    /// Show network information
    Show(Listing),
    /// Stream network events
    Events(Events),
    /// Write a snapshot of the network to standard output
    Snapshot,
    /// Load a snapshot of a network
    Load {
        /// The snapshot; standard input when missing
        file: Option<PathBuf>,
    },
    /// Do again what a recorded stream of events tells: create, start, stop, connect, disconnect
    Redo {
        /// Lines of `p2psim events --current`, or of /events, of the original too; standard input when missing
        file: Option<PathBuf>,
    },
    /// Start every node that is down (as `network start`)
    Start,
    /// Stop every node that is up (as `network stop`)
    Stop,
    /// Stop and forget every node (as `network reset`)
    Reset,
    /// Start, stop or reset the whole network
    Network {
        #[command(subcommand)]
        command: Network,
    },
    /// Have a program start and stop nodes
    Mocker {
        #[command(subcommand)]
        command: Mocker,
    },
    /// Connect the nodes that are up, in a shape
    Topology(Topology),
    /// Show the clock; pace, pause or step it, or run until something holds
    Clock(Clock),
    /// Show or change the links between nodes
    Link {
        #[command(subcommand)]
        command: Link,
    },
    /// Show or limit the bandwidth of nodes
    Line {
        #[command(subcommand)]
        command: Line,
    },
    /// Show regions, or put nodes into one
    Region {
        #[command(subcommand)]
        command: Region,
    },
    /// Cut nodes off from others
    Partition(Partition),
    /// Heal partitions
    Heal {
        /// Which, by number; all when missing
        partitions: Vec<String>,
    },
    /// Have nodes leave at random times and come back
    Churn {
        #[command(subcommand)]
        command: Churn,
    },
    /// Manage nodes
    #[command(args_conflicts_with_subcommands = true)]
    Node {
        #[command(flatten)]
        listing: Listing,
        #[command(subcommand)]
        command: Option<Node>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Listing {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Begin with what is there already
    #[arg(long)]
    pub(crate) current: bool,
    /// Show messages too: protocol:code,code-protocol:* (none are shown without)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// An adapter, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum AdapterName {
    Sim,
    Exec,
    Mixed,
}

impl fmt::Display for AdapterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sim => "sim",
            Self::Exec => "exec",
            Self::Mixed => "mixed",
        })
    }
}

/// [`Fidelity`], as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum FidelityName {
    Wire,
    Message,
}

impl From<FidelityName> for Fidelity {
    fn from(name: FidelityName) -> Self {
        match name {
            FidelityName::Wire => Self::Wire,
            FidelityName::Message => Self::Message,
        }
    }
}

/// How a fidelity is typed.
pub(crate) fn fidelity_name(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Wire => "wire",
        Fidelity::Message => "message",
    }
}
