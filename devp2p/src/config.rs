//! What a server is made from. Values only; [`Server::start`](crate::Server::start) checks them.

use proto::dial::Slots;
use proto::enode::Enode;
use proto::key::{NodeId, SecretKey};
use proto::session::{Fidelity, Timing};

/// Settings of one server. The defaults of [`Config::new`] are geth's (p2p/config.go).
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's identity.
    pub key: SecretKey,
    /// Client name in Hello.
    pub client: String,
    /// Peers at most: 50. Trusted ones are let in above it.
    pub max_peers: usize,
    /// Handshakes at most that are on their way, in each direction: 50.
    pub max_pending: usize,
    /// One in so many peers may be a dialled one: 3. The others are places for those that dial in.
    pub dial_ratio: usize,
    /// Candidates are not dialled and all places are for those that dial in; static nodes still are dialled.
    pub no_dial: bool,
    /// The TCP port to listen on, `Some(0)` for any free one, `None` not to listen.
    pub listen: Option<u16>,
    /// Nodes to be connected to, again after each loss.
    pub static_nodes: Vec<Enode>,
    /// Nodes that are welcome however many peers there are.
    pub trusted: Vec<NodeId>,
    /// How much of RLPx is real; the same for all nodes of a network.
    pub fidelity: Fidelity,
    /// Intervals and time-outs of sessions.
    pub timing: Timing,
}

impl Config {
    /// A node with this key that listens on any free port.
    pub fn new(key: SecretKey) -> Self {
        Self {
            key,
            client: concat!("devp2p/v", env!("CARGO_PKG_VERSION")).to_owned(),
            max_peers: 50,
            max_pending: 50,
            dial_ratio: 3,
            no_dial: false,
            listen: Some(0),
            static_nodes: Vec::new(),
            trusted: Vec::new(),
            fidelity: Fidelity::default(),
            timing: Timing::default(),
        }
    }

    pub(crate) fn slots(&self) -> Slots {
        let Self { max_peers, dial_ratio, no_dial, .. } = *self;
        Slots { max_peers, dial_ratio, no_dial, max_active: self.max_pending.max(1) }
    }
}
