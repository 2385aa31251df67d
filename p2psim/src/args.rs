//! The command line, as it is typed. What it means is decided where it is done (`cmd`).

use clap::{Args, Parser, Subcommand, ValueEnum};
use devp2p::Fidelity;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use world::sim::Pace;

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
  p2psim run scenarios/ping-pong.toml        run an experiment
  p2psim serve                               a network to play with, driven by the commands below
  p2psim node create --name node01           (in another terminal)
  p2psim events --current --filter ping-pong:*

Exit codes: 0 done, 1 an expectation failed or the server said no, 2 usage, 3 server not reachable,
4 bad file, 5 timed out, 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario
    Run(Run),
    /// Serve a network over HTTP
    Serve(Serve),
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
    /// Manage nodes
    #[command(args_conflicts_with_subcommands = true)]
    Node {
        #[command(flatten)]
        listing: Listing,
        #[command(subcommand)]
        command: Option<Node>,
    },
}

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
    /// Bring nodes to life in memory (sim), or as processes of their own in real time (exec)
    #[arg(long, default_value = "sim", conflicts_with = "journal")]
    pub(crate) adapter: AdapterName,
    /// Run on N threads; the result is the same
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the whole log (events.ndjson) and the result (result.json) into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Run it again in another process and compare the two logs
    #[arg(long, conflicts_with = "journal")]
    pub(crate) verify: bool,
    /// Replay what `serve --record` wrote, instead of a scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8888")]
    pub(crate) listen: SocketAddr,
    /// Bring nodes to life in memory (sim), or as processes of their own in real time (exec)
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
    /// Allow web pages of this origin to use the server; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Write the whole log (events.ndjson) into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// The page, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Refuse whatever could change the network
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Serve the API alone, no page
    #[arg(long, conflicts_with = "ui_dir")]
    pub(crate) no_ui: bool,
    /// Serve the page from this directory rather than from the binary
    #[arg(long, value_name = "PATH", hide = true)]
    pub(crate) ui_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Listing {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

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
    /// none, chain, ring, star, full or random-regular
    pub(crate) kind: String,
    /// The node in the middle of a star, counted from 0 [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) center: Option<usize>,
    /// Connections at each node of random-regular
    #[arg(long, value_name = "N")]
    pub(crate) degree: Option<usize>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// List nodes
    List(Listing),
    /// Create a node, or several
    Create {
        /// Its name; the server finds one when missing
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// Create so many nodes, alike but for name and key
        #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = ["name", "key"])]
        count: NonZeroUsize,
        /// Its services, separated by commas; the server's default service when missing
        #[arg(long, value_delimiter = ',', value_name = "SERVICE,…")]
        services: Vec<String>,
        /// Its private key, 64 hex digits; the server makes one when missing
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
    /// Show node information
    Show {
        /// Name or id
        node: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Start a node
    Start {
        /// Name or id
        node: String,
    },
    /// Stop a node
    Stop {
        /// Name or id
        node: String,
    },
    /// Stop a node if it is up, and forget it
    Delete {
        /// Name or id
        node: String,
    },
    /// Connect a node to a peer node
    Connect {
        /// Name or id of the node that dials
        node: String,
        /// Name or id of the node that it dials
        peer: String,
    },
    /// Disconnect a node from a peer node
    Disconnect {
        /// Name or id
        node: String,
        /// Name or id
        peer: String,
    },
    /// Call a node RPC method
    Rpc {
        /// Name or id
        node: String,
        /// The method, such as admin_peers; with --subscribe the subscription, such as admin_peerEvents
        method: String,
        /// Its arguments: JSON where they are JSON, texts otherwise
        #[arg(allow_negative_numbers = true)]
        args: Vec<String>,
        /// The method is a subscription: print what comes, one JSON per line
        #[arg(long)]
        subscribe: bool,
    },
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn flags_are_taken_in_any_position() {
        for line in [
            "p2psim --api http://x node rpc --subscribe node01 admin_peerEvents a -1",
            "p2psim node rpc node01 --api http://x admin_peerEvents a -1 --subscribe",
            "p2psim node rpc node01 admin_peerEvents --subscribe a -1 --api http://x",
        ] {
            let read = parse(line).unwrap();
            assert_eq!(read.api, "http://x", "{line}");
            let Some(Command::Node { command: Some(Node::Rpc { node, method, args, subscribe }), .. }) =
                read.command
            else {
                panic!("{line}")
            };
            assert_eq!((node.as_str(), method.as_str()), ("node01", "admin_peerEvents"), "{line}");
            assert_eq!(args, ["a", "-1"], "{line}");
            assert!(subscribe, "{line}");
        }
    }

    #[test]
    fn node_alone_lists() {
        let read = parse("p2psim node --json").unwrap();
        let Some(Command::Node { listing, command: None }) = read.command else { panic!("{read:?}") };
        assert!(listing.json);
    }

    #[test]
    fn services_are_separated_by_commas() {
        let read = parse("p2psim node create --services a,b --name n").unwrap();
        let Some(Command::Node { command: Some(Node::Create { name, services, key, count }), .. }) =
            read.command
        else {
            panic!()
        };
        assert_eq!((name.as_str(), services, key), ("n", vec!["a".to_owned(), "b".to_owned()], None));
        assert_eq!(count.get(), 1);
    }

    #[test]
    fn paces_are_words_or_numbers() {
        for (text, pace) in [("max", Pace::Max), ("paused", Pace::Paused), ("0.5", Pace::Times(0.5))] {
            let read = parse(&format!("p2psim serve --pace {text}")).unwrap();
            let Some(Command::Serve(serve)) = read.command else { panic!() };
            assert_eq!(serve.pace, pace);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "p2psim run",
            "p2psim run a.toml --journal b",
            "p2psim run a.toml --threads 0",
            "p2psim run a.toml --fidelity real",
            "p2psim run a.toml --seed -1",
            "p2psim run a.toml b.toml",
            "p2psim serve --pace 0",
            "p2psim serve --listen localhost",
            "p2psim serve --latency 5",
            "p2psim node connect a",
            "p2psim node create --count 0",
            "p2psim node create --count 2 --name a",
            "p2psim network",
            "p2psim mocker",
            "p2psim mocker start",
            "p2psim mocker start boot --nodes -1",
            "p2psim topology",
            "p2psim topology ring --degree x",
            "p2psim show --log loud",
            "p2psim nosuch",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
