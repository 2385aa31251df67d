//! What a node is made from: its own configuration, and what the place it runs in gives it.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use devp2p::{Fidelity, NodeId, Observer, PeerEvent, SecretKey, Timing};
use serde_json::Value;

use crate::data_dir::DataDir;
use crate::rpc::client::Directory;

/// The configuration of a node, geth's `adapters.NodeConfig`. It can cross threads; what it prints hides the key.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Who the node is; belongs to `key`.
    pub id: NodeId,
    /// Its private key.
    pub key: SecretKey,
    /// What people call it.
    pub name: String,
    /// The services it runs, in the order of their start.
    pub services: Vec<String>,
    /// Words to find nodes by.
    pub properties: Vec<String>,
    /// Whether subscribers of its peer events hear of messages.
    pub enable_msg_events: bool,
    /// The TCP port it listens on; 0: any.
    pub port: u16,
    /// Where a node that is a process of its own logs to; empty: standard error.
    pub log_file: String,
    /// How much it logs there: -8 trace, -4 debug, 0 info, 4 warnings, 8 errors.
    pub log_verbosity: i32,
    /// Settings of its services, by the name of the service.
    pub settings: BTreeMap<String, Value>,
}

impl NodeConfig {
    /// A node of that key, without services, listening on devp2p's usual port.
    pub fn new(key: SecretKey) -> Self {
        let id = key.id();
        Self {
            id,
            key,
            name: format!("node_{id}"),
            services: Vec::new(),
            properties: Vec::new(),
            enable_msg_events: true,
            port: 30303,
            log_file: String::new(),
            log_verbosity: 0,
            settings: BTreeMap::new(),
        }
    }
}

/// The TCP port on which nodes serve their RPC to each other (geth's WebSocket port).
pub const RPC_PORT: u16 = 8546;

/// What a node is given by the place it runs in.
#[derive(Clone)]
pub struct NodeEnv {
    /// How much of RLPx is real.
    pub fidelity: Fidelity,
    /// Intervals and time-outs of sessions.
    pub timing: Timing,
    /// Most peers.
    pub max_peers: usize,
    /// What its services saved in a former life, by name.
    pub snapshots: BTreeMap<String, Bytes>,
    /// Is told what happens to its peers.
    pub observer: Rc<dyn Observer>,
    /// Where other nodes are reached.
    pub directory: Directory,
    /// Where its services keep files.
    pub data_dir: DataDir,
    /// The name of the client, in Hello and in `web3_clientVersion`.
    pub client: String,
    /// The TCP port its RPC is served on, one line a message; 0: any, none: it is not.
    pub rpc_port: Option<u16>,
}

/// Real RLPx with geth's time-outs, 50 peers, alone in the world and told to nobody.
impl Default for NodeEnv {
    fn default() -> Self {
        Self {
            fidelity: Fidelity::default(),
            timing: Timing::default(),
            max_peers: 50,
            snapshots: BTreeMap::new(),
            observer: Rc::new(Nobody),
            directory: Directory::default(),
            data_dir: DataDir::none(),
            client: concat!("p2psim/v", env!("CARGO_PKG_VERSION")).to_owned(),
            rpc_port: Some(RPC_PORT),
        }
    }
}

impl fmt::Debug for NodeEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeEnv")
            .field("fidelity", &self.fidelity)
            .field("max_peers", &self.max_peers)
            .field("snapshots", &self.snapshots.keys())
            .field("client", &self.client)
            .field("rpc_port", &self.rpc_port)
            .finish_non_exhaustive()
    }
}

struct Nobody;

impl Observer for Nobody {
    fn event(&self, _event: &PeerEvent<'_>) {}
}
