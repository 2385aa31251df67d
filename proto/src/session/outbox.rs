//! What a session has to say: parcels for the transport and events for its owner.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::caps::Shared;
use super::hello::RemoteHello;
use super::payload::Payload;
use super::peer_error::PeerError;
use crate::key::PublicKey;

/// One thing to hand to the transport. Opaque to it: `tag` and `bytes` go to the other side's
/// [`handle_parcel`](super::Session::handle_parcel).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// 0 at wire fidelity, where `bytes` say everything.
    pub tag: u64,
    /// The parcel.
    pub bytes: Bytes,
    /// What the parcel costs on a real wire, bytes.
    pub wire_len: u32,
}

/// What a session has to say. The caller owns it and empties it after each call; as a rule it is one thing of a kind,
/// and then it takes nothing from the heap.
#[derive(Debug, Default)]
pub struct Outbox {
    /// For the transport, in this order.
    pub transmits: SmallVec<[Transmit; 1]>,
    /// For the owner, in this order.
    pub events: SmallVec<[SessionEvent; 1]>,
}

impl Outbox {
    /// Nothing to say?
    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty() && self.events.is_empty()
    }
}

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The encryption handshake is done. To be answered with `proceed` or `disconnect`.
    Authenticated {
        /// Whom it was made with.
        remote: PublicKey,
    },
    /// The remote's Hello is in, and its identity is the authenticated one. To be answered with `admit` or
    /// `disconnect`.
    Hello {
        /// What the remote says of itself.
        hello: Box<RemoteHello>,
        /// The protocols both sides speak; it may be empty.
        shared: Arc<[Shared]>,
    },
    /// A message for a protocol above the base one.
    Message {
        /// Index into [`Local::protocols`](super::Local::protocols).
        protocol: u16,
        /// Relative to the protocol's first code.
        code: u64,
        /// Uncompressed.
        payload: Payload,
        /// What its frame took on the wire, bytes.
        wire_len: u32,
    },
    /// The end, once. When the transmits of this call have gone out, the transport may be closed.
    Closed(PeerError),
}
