//! What a server tells of its peers and messages while it happens. Keeping, counting and filtering are the observer's.

use core::fmt;
use core::time::Duration;

use proto::key::NodeId;
use proto::session::{Capability, Payload, PeerError};

use crate::peer::Peer;

/// Told of everything that happens to peers, where it happens: synchronously, in order.
pub trait Observer {
    /// Something happened. Must not call back into the server.
    fn event(&self, event: &PeerEvent<'_>);

    /// Something may soon happen; see [`Endpoint::expect`](world::Endpoint::expect). The observer itself has been asked
    /// for before step 1.
    fn expect(&self, _step: usize) {}
}

/// Something that happened to a server's peers.
#[derive(Debug)]
pub enum PeerEvent<'a> {
    /// A session became a peer; its protocols hear of it right after.
    Added {
        /// The peer.
        peer: &'a Peer,
    },
    /// A peer is one no longer; its protocols hear of it right after.
    Dropped {
        /// The peer.
        peer: &'a Peer,
        /// Why.
        error: &'a PeerError,
        /// How long it was a peer.
        duration: Duration,
    },
    /// A connection that was asked for did not come to be: transport refused, handshake failed, no room there or
    /// here. Not told of a dial that gave way to a connection the other node opened at the same time.
    DialFailed {
        /// Whom it was to lead to.
        id: NodeId,
        /// Why it did not.
        error: &'a PeerError,
    },
    /// A message of a protocol was handed to the transport. Base protocol messages are never told.
    Sent(MessageSeen<'a>),
    /// A message of a protocol was received: by delivery to a handler, by reading it in the asynchronous form.
    Received(MessageSeen<'a>),
    /// A copy of something that travels from node to node came, or was published here.
    Arrived {
        /// The protocol it came by.
        protocol: &'a Capability,
        /// Place of that protocol in the list the server was started with.
        index: u16,
        /// What the protocol calls it, the same at all nodes.
        item: u64,
        /// Who sent this copy; none at whoever published it.
        from: Option<NodeId>,
        /// How many links it has crossed, 0 at whoever published it.
        hops: u32,
    },
    /// A protocol measured something.
    Metric {
        /// Name of the protocol.
        protocol: &'a str,
        /// What was measured.
        name: &'a str,
        /// How much.
        value: f64,
    },
}

/// A message, on its way out or in.
#[derive(Clone, Copy)]
pub struct MessageSeen<'a> {
    /// The other side.
    pub peer: NodeId,
    /// The protocol it belongs to.
    pub protocol: &'a Capability,
    /// Place of that protocol in the list the server was started with.
    pub index: u16,
    /// Relative to the protocol's first code.
    pub code: u64,
    /// Uncompressed; its length is what geth reports as the size.
    pub payload: &'a Payload,
    /// What its frame takes on the wire, bytes.
    pub wire_len: u32,
}

impl fmt::Debug for MessageSeen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}#{} {} bytes", self.peer.short(), self.protocol, self.code, self.payload.len())
    }
}
