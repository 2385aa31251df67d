//! A protocol a node speaks: its name, its codes, and what it does when something happens.
//!
//! [`Handler`] is the fast form: no task, no queue, run to completion. [`Protocol::run`] is geth's form on top of
//! it (see `io`). Neither knows how messages travel.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use alloy_rlp::Decodable;
use proto::session::{Capability, Payload, PeerError};
use serde_json::Value;

use crate::context::Context;
use crate::io::{PeerIo, Runner};
use crate::peer::{Peer, PeerId};

/// A message of a protocol.
#[derive(Clone, Debug)]
pub struct Message {
    /// Relative to the protocol's first code.
    pub code: u64,
    /// Uncompressed.
    pub payload: Payload,
    /// What its frame took on the wire, bytes.
    pub wire_len: u32,
}

impl Message {
    /// The value whose RLP the payload begins with.
    ///
    /// # Errors
    /// An invalid message, the sender's breach of protocol: returned from a handler it ends that peer.
    pub fn decode<T: Decodable>(&self) -> Result<T, PeerError> {
        self.payload.decode(self.code)
    }
}

/// What a protocol does. One value serves all peers of a node; calls come one at a time, run to completion, and
/// never from within another.
///
/// An error returned ends the peer it is about: the reason in it is what the other side is told.
pub trait Handler {
    /// A node that speaks this protocol too has become a peer.
    #[allow(unused_variables)]
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        Ok(())
    }

    /// A message came.
    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError>;

    /// A message may soon come from this peer: a good time to ask the memory for what it will need
    /// ([`PeerMap::prefetch`](crate::PeerMap::prefetch)). Nothing else may follow from it, and it may not come.
    #[allow(unused_variables)]
    fn expect(&self, from: PeerId) {}

    /// A time set with [`Context::set_timer`] has come.
    #[allow(unused_variables)]
    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {}

    /// A peer is gone; what is sent to it from here on is lost.
    #[allow(unused_variables)]
    fn on_drop(&mut self, peer: PeerId, error: &PeerError, cx: &mut Context<'_>) {}

    /// What the node's information shows for this protocol.
    fn node_info(&self) -> Option<Value> {
        None
    }

    /// What a peer's information shows for this protocol.
    #[allow(unused_variables)]
    fn peer_info(&self, peer: PeerId) -> Option<Value> {
        None
    }
}

/// A protocol a node speaks.
#[derive(Clone)]
pub struct Protocol {
    pub(crate) cap: Capability,
    pub(crate) length: u64,
    pub(crate) handler: Rc<RefCell<dyn Handler>>,
    pub(crate) received: Received,
}

/// When a message counts as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    OnDelivery,
    OnRead,
}

impl Protocol {
    /// A protocol with `length` message codes.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        version: u32,
        length: u64,
        handler: Rc<RefCell<impl Handler + 'static>>,
    ) -> Self {
        Self { cap: Capability::new(name, version), length, handler, received: Received::OnDelivery }
    }

    /// A protocol as geth has it: one future per peer, whose end is the end of the peer. Returning an error ends
    /// it with that; returning nothing ends it with *client quitting*. The future runs in the server's scope.
    pub fn run<F, Fut>(name: impl Into<Cow<'static, str>>, version: u32, length: u64, run: F) -> Self
    where
        F: Fn(Peer, PeerIo) -> Fut + 'static,
        Fut: Future<Output = Result<(), PeerError>> + 'static,
    {
        let cap = Capability::new(name, version);
        let handler = Rc::new(RefCell::new(Runner::new(cap.clone(), run)));
        Self { cap, length, handler, received: Received::OnRead }
    }

    /// Its name and version.
    pub fn capability(&self) -> &Capability {
        &self.cap
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol({}, {} codes)", self.cap, self.length)
    }
}
