//! The handle to a running stack: what may be asked of it from outside its protocols.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use proto::dial::DialRefusal;
use proto::enode::Enode;
use proto::enr::NodeRecord;
use proto::key::NodeId;
use proto::session::Capability;
use serde_json::Value;
use world::{ListenError, World};

use crate::config::Config;
use crate::context::Context;
use crate::event::Observer;
use crate::peer::PeerInfo;
use crate::protocol::Protocol;
use crate::stack::Stack;

/// Why a server did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Two protocols of one name and version.
    #[error("protocol {0} is given twice")]
    Duplicate(Capability),
    /// The port could not be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A static node that cannot be one.
    #[error("static node: {0}")]
    Static(#[from] AddPeerError),
}

/// Why a node cannot be a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddPeerError {
    /// There is no address to dial.
    #[error("node {0} has no IP address or TCP port to dial")]
    NoAddress(NodeId),
    /// It is the node itself.
    #[error("node {0} is this node itself")]
    Itself(NodeId),
    /// The server has been stopped.
    #[error("server not running")]
    Stopped,
}

/// Why a candidate is not dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It cannot be.
    #[error(transparent)]
    Node(#[from] AddPeerError),
    /// It is not wanted now.
    #[error(transparent)]
    Refused(#[from] DialRefusal),
}

/// Bytes on the wire since the start of a server, frames and handshakes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Received.
    pub ingress: u64,
    /// Sent.
    pub egress: u64,
}

/// A running p2p stack. Clones are the same one; it runs until [`stop`](Self::stop) or the end of its world.
#[derive(Clone)]
pub struct Server(Rc<Stack>);

impl Server {
    /// Listens, dials the static nodes and answers, in a scope of its own within `world`.
    ///
    /// # Errors
    /// Protocols given twice, a port that cannot be had, static nodes that cannot be dialled.
    pub fn start(
        world: &World,
        config: Config,
        protocols: Vec<Protocol>,
        observer: Rc<dyn Observer>,
    ) -> Result<Self, StartError> {
        for (place, protocol) in protocols.iter().enumerate() {
            if protocols[..place].iter().any(|other| other.cap == protocol.cap) {
                return Err(StartError::Duplicate(protocol.cap.clone()));
            }
        }
        Stack::start(world, config, protocols, observer).map(Self)
    }

    /// This node is to be connected from now on, and again after each loss. It is dialled at once, whatever was
    /// tried before.
    ///
    /// # Errors
    /// A node without an address, this node itself, a stopped server.
    pub fn add_peer(&self, node: Enode) -> Result<(), AddPeerError> {
        self.0.turn(|| self.0.add_static(node))
    }

    /// Forgets a static node and ends the session with it, or the attempt at one, with *disconnect requested*.
    /// Was there anything to end or to forget?
    pub fn remove_peer(&self, id: NodeId) -> bool {
        self.0.turn(|| self.0.remove(id))
    }

    /// A candidate, as discovery finds them: dialled now if there is room.
    ///
    /// # Errors
    /// Why it is not dialled.
    pub fn offer(&self, node: Enode) -> Result<(), OfferError> {
        self.0.turn(|| self.0.offer(node))
    }

    /// This node is welcome from now on, however many peers there are.
    pub fn add_trusted(&self, id: NodeId) {
        self.0.set_trusted(id, true);
    }

    /// This node is a node like others again. A session with it stays.
    pub fn remove_trusted(&self, id: NodeId) {
        self.0.set_trusted(id, false);
    }

    /// The peers, in order of their ids.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.0.peer_infos()
    }

    /// How many there are.
    pub fn peer_count(&self) -> usize {
        self.0.peer_count()
    }

    /// Is there a live session with this node?
    pub fn is_connected(&self, id: NodeId) -> bool {
        self.0.is_connected(&id)
    }

    /// The node's own address. Its port is 0 if it does not listen; there is no discovery port.
    pub fn enode(&self) -> Enode {
        self.0.enode()
    }

    /// The node's own record, signed at the first call.
    pub fn record(&self) -> NodeRecord {
        self.0.record()
    }

    /// The node's own name.
    pub fn id(&self) -> NodeId {
        self.0.id
    }

    /// By name of each protocol what it says of the node, or `"unknown"`.
    pub fn protocols_info(&self) -> BTreeMap<String, Value> {
        self.0.protocol_infos()
    }

    /// The protocols, in the order they were given.
    pub fn capabilities(&self) -> impl Iterator<Item = &Capability> {
        self.0.protocols.iter().map(|spoken| &spoken.protocol.cap)
    }

    /// Runs `act` with the context of a protocol, as its handler would; none if there is no such protocol. It is
    /// named by name (of several versions the highest) or by `name/version`. Peers ended in it hear of it soon
    /// after, so `act` may hold the handler.
    pub fn enter<R>(&self, protocol: &str, act: impl FnOnce(&mut Context<'_>) -> R) -> Option<R> {
        self.0.enter(protocol, act)
    }

    /// Ends every peer with *client quitting*, gives the port back, kills what protocols spawned. Called again it
    /// does nothing. Called from within a handler it takes effect after that has returned.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Bytes since the start.
    pub fn traffic(&self) -> Traffic {
        self.0.traffic.get()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("id", &self.id())
            .field("peers", &self.peer_count())
            .finish_non_exhaustive()
    }
}
