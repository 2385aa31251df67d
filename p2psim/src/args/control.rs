//! `clock`, `link`, `line`, `region`, `partition`, `heal` and `churn`: time, and what makes a network worse.

use super::Listing;
use clap::{Args, Subcommand};

/// Nodes in words, as every help text explains them.
const NODES: &str = "\
Nodes are given by name or id, by a pattern such as 'light*', or as region:1, service:gossip or group:light (a property);
several of them apart by commas.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Clock {
    #[command(flatten)]
    pub(crate) listing: Listing,
    #[command(subcommand)]
    pub(crate) command: Option<ClockCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Let so many simulated seconds pass in one
    Pace {
        /// A number, or max: as fast as possible, while somebody waits
        pace: String,
    },
    /// Let no time pass
    Pause,
    /// Let time pass again as before the pause
    Resume,
    /// Let time pass to the next event, or by a time, as fast as the machine can
    Step {
        /// By so much, such as 500ms
        by: Option<String>,
        /// To so many next moments at which anything happens
        #[arg(long, value_name = "N", conflicts_with = "by")]
        events: Option<u64>,
    },
    /// Let time pass until a time or a condition, as fast as the machine can
    Until(Until),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Until {
    /// Until it is so late since the network's start, such as 1m30s
    #[arg(conflicts_with_all = ["nodes", "conns", "peers", "within"])]
    pub(crate) time: Option<String>,
    /// Until so many nodes are up
    #[arg(long, value_name = "N")]
    pub(crate) nodes: Option<usize>,
    /// Until so many connections are up at both ends
    #[arg(long, value_name = "N")]
    pub(crate) conns: Option<usize>,
    /// Until each node that is up has so many peers
    #[arg(long, value_name = "N")]
    pub(crate) peers: Option<usize>,
    /// How long that may take in the network's time [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Link {
    /// List the links that were set
    List(Listing),
    /// Show the link between two nodes as it is now, there and back
    Show {
        /// Name or id
        from: String,
        /// Name or id
        to: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Change links: what is not said of them stays as it is
    #[command(after_help = NODES)]
    Set(SetLink),
}

#[derive(Debug, Args)]
pub(crate) struct SetLink {
    /// From these nodes
    #[arg(required_unless_present = "default", requires = "to", conflicts_with = "default")]
    pub(crate) from: Option<String>,
    /// To these nodes
    pub(crate) to: Option<String>,
    /// Change the link of all pairs that have no other
    #[arg(long)]
    pub(crate) default: bool,
    /// Leave the way back as it is
    #[arg(long)]
    pub(crate) one_way: bool,
    /// Have the link be again what it was before it was set
    #[arg(long, conflicts_with = "parts")]
    pub(crate) reset: bool,
    #[command(flatten)]
    pub(crate) parts: LinkParts,
}

#[derive(Debug, Args)]
#[group(id = "parts", multiple = true)]
pub(crate) struct LinkParts {
    /// 50ms, or '50ms ± 10ms' (also +-)
    #[arg(long, value_name = "TIME")]
    pub(crate) latency: Option<String>,
    /// On top of the latency: 10ms, 'normal 5ms +- 2ms', 'long-tail 5ms shape 2 most 1s', none
    #[arg(long, value_name = "JITTER")]
    pub(crate) jitter: Option<String>,
    /// 1%, '1% in bursts of 4', none
    #[arg(long, value_name = "LOSS")]
    pub(crate) loss: Option<String>,
    /// '1% by 10ms', none
    #[arg(long, value_name = "REORDER")]
    pub(crate) reorder: Option<String>,
    /// What comes twice: 1%, none
    #[arg(long, value_name = "CHANCE")]
    pub(crate) duplicate: Option<String>,
    /// The greatest packet, in bytes, or none
    #[arg(long, value_name = "SIZE")]
    pub(crate) mtu: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Line {
    /// List the nodes with a line of limited bandwidth
    List(Listing),
    /// Set the lines of nodes to the network; unlimited where nothing is said
    #[command(after_help = NODES)]
    Set(SetLine),
}

#[derive(Debug, Args)]
pub(crate) struct SetLine {
    /// The nodes
    pub(crate) nodes: String,
    /// What it sends at most: '10 Mbit/s'
    #[arg(long, value_name = "RATE", required_unless_present_any = ["down", "queue", "reset"])]
    pub(crate) up: Option<String>,
    /// What it receives at most: '50 Mbit/s'
    #[arg(long, value_name = "RATE")]
    pub(crate) down: Option<String>,
    /// What waits for its turn at most: '256 KiB'
    #[arg(long, value_name = "SIZE")]
    pub(crate) queue: Option<String>,
    /// Take the limits away
    #[arg(long, conflicts_with_all = ["up", "down", "queue"])]
    pub(crate) reset: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Region {
    /// List the regions and how many nodes are in them
    List(Listing),
    /// Put nodes into a region: links can be set from region to region
    #[command(after_help = NODES)]
    Set {
        /// The nodes
        nodes: String,
        /// The region, a number; none: nowhere
        region: String,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = NODES)]
pub(crate) struct Partition {
    /// These nodes are cut off
    #[arg(required = true)]
    pub(crate) a: Option<String>,
    /// From these; from everybody else when missing
    pub(crate) b: Option<String>,
    /// Only what the first send is lost
    #[arg(long)]
    pub(crate) one_way: bool,
    /// Heal by itself after so much simulated time
    #[arg(long, value_name = "TIME")]
    pub(crate) heal: Option<String>,
    /// Rather than cut, make what passes so much later
    #[arg(long, value_name = "TIME")]
    pub(crate) delay: Option<String>,
    /// Rather than cut, lose so much more of it, such as 5%
    #[arg(long, value_name = "CHANCE")]
    pub(crate) loss: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<PartitionCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PartitionCommand {
    /// List the partitions that stand
    List(Listing),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Churn {
    /// Show the churn that goes on
    Show(Listing),
    /// Have nodes leave at random times and come back, in the place of the churn before
    #[command(after_help = NODES)]
    Start(ChurnStart),
    /// End the churn; who is down by it comes back
    Stop,
}

#[derive(Debug, Args)]
pub(crate) struct ChurnStart {
    /// How often: 10%/h (of the nodes), or 2/s (of all)
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: String,
    /// How long a node stays down: 30s, '30s +- 10s', 'exponential 30s', ever
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(crate) down: String,
    /// Which nodes may leave; any when missing
    #[arg(long)]
    pub(crate) nodes: Option<String>,
    /// Crash rather than stop: peers are told nothing
    #[arg(long)]
    pub(crate) crash: bool,
    /// Who leaves and when follows from it
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
}
