//! `node`.

use super::{Level, Listing};
use clap::{Args, Subcommand};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// List nodes, or some of them
    List {
        #[command(flatten)]
        listing: Listing,
        #[command(flatten)]
        which: Which,
    },
    /// Create a node, or several
    Create(NodeCreate),
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

/// Which nodes.
#[derive(Debug, Default, Args)]
pub(crate) struct Which {
    /// Those that are up
    #[arg(long, conflicts_with = "down")]
    pub(crate) up: bool,
    /// Those that are down
    #[arg(long)]
    pub(crate) down: bool,
    /// Among these: names or ids, a pattern such as light*, region:1, service:gossip, group:light (a property)
    #[arg(long, value_delimiter = ',', value_name = "NODES")]
    pub(crate) only: Vec<String>,
    /// Not among these
    #[arg(long, value_delimiter = ',', value_name = "NODES")]
    pub(crate) except: Vec<String>,
    /// So many at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Those created after this one, by name or id
    #[arg(long, value_name = "NODE")]
    pub(crate) after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NodeCreate {
    /// Its name; the server finds one when missing
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) name: String,
    /// Create so many nodes, alike but for name and key
    #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = ["name", "key"])]
    pub(crate) count: NonZeroUsize,
    /// Its services, separated by commas; the server's default service when missing
    #[arg(long, value_delimiter = ',', value_name = "SERVICE,…")]
    pub(crate) services: Vec<String>,
    /// What brings it to life, where the server has several: sim or exec
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) adapter: String,
    /// Free-form roles, separated by commas, to find it by: `--only group:ROLE`
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    pub(crate) properties: Vec<String>,
    /// Where it logs to if it is a process; standard error when missing
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// How much it logs there [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<Level>,
    /// Its private key, 64 hex digits; the server makes one when missing
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
}
