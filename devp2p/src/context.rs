//! What a protocol can do while something happens to it.

use core::fmt;
use core::time::Duration;
use std::cell::RefMut;
use std::rc::Rc;

use alloy_rlp::Encodable;
use proto::key::NodeId;
use proto::session::{Payload, PeerError};
use world::{Entropy, World};

use crate::event::PeerEvent;
use crate::peer::{Peer, PeerId};
use crate::stack::Stack;

/// One protocol's view of the server, for the length of a call. Nothing done through it calls back before the
/// handler has returned.
pub struct Context<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) protocol: u16,
}

impl Context<'_> {
    /// Time since the world began.
    pub fn now(&self) -> Duration {
        self.stack.world.now()
    }

    /// The node's own name.
    pub fn me(&self) -> NodeId {
        self.stack.id
    }

    /// The world of the server. What is spawned there ends with the server.
    pub fn world(&self) -> &World {
        &self.stack.world
    }

    /// This protocol's stream of entropy: one for the life of the server.
    pub fn entropy(&mut self) -> RefMut<'_, Entropy> {
        self.stack.spoken(self.protocol).entropy(&self.stack.world)
    }

    /// The peers that speak this protocol, in order of arrival.
    pub fn peers(&self) -> impl Iterator<Item = PeerId> + use<> {
        let peers = self.stack.spoken(self.protocol).peers();
        (0..peers.len()).map(move |place| peers[place])
    }

    /// How many peers speak this protocol.
    pub fn peer_count(&self) -> usize {
        self.stack.spoken(self.protocol).peers().len()
    }

    /// Who a peer is; none once it has gone.
    pub fn peer(&self, peer: PeerId) -> Option<Peer> {
        self.stack.table.borrow().get(peer.0)?.peer()
    }

    /// Sends a message. To a peer that has gone, or does not speak this protocol, it is nothing. A code the
    /// protocol does not have, or a payload too large for any frame, ends that peer.
    pub fn send(&mut self, peer: PeerId, code: u64, value: &impl Encodable) {
        self.stack.expect_send(peer.0);
        self.send_now(peer, code, Payload::encode(value));
    }

    /// Sends a message whose payload is encoded already; received ones can be passed on as they are.
    pub fn send_payload(&mut self, peer: PeerId, code: u64, payload: &Payload) {
        self.send_now(peer, code, payload.clone());
    }

    fn send_now(&mut self, peer: PeerId, code: u64, payload: Payload) {
        let _ = self.stack.send(peer.0, self.protocol, code, payload); // its failure has ended the peer
    }

    /// Sends to all peers of this protocol, encoded once.
    pub fn broadcast(&mut self, code: u64, value: &impl Encodable) {
        self.broadcast_payload(None, code, &Payload::encode(value));
    }

    /// Sends to all peers of this protocol but one, encoded once.
    pub fn broadcast_except(&mut self, except: PeerId, code: u64, value: &impl Encodable) {
        self.broadcast_payload(Some(except), code, &Payload::encode(value));
    }

    /// Sends to all peers of this protocol, or all but one, what is encoded already.
    pub fn broadcast_payload(&mut self, except: Option<PeerId>, code: u64, payload: &Payload) {
        let peers: Rc<Vec<PeerId>> = self.stack.spoken(self.protocol).peers();
        for peer in peers.iter().filter(|peer| Some(**peer) != except) {
            self.send_payload(*peer, code, payload);
        }
    }

    /// Calls [`on_timer`](crate::Handler::on_timer) with this number after that time. Any number of timers may be
    /// pending, several under one number included.
    pub fn set_timer(&mut self, after: Duration, timer: u64) {
        let at = self.now().saturating_add(after);
        self.stack.timers().set(at, self.protocol, timer);
    }

    /// Forgets all pending timers of this number.
    pub fn cancel_timer(&mut self, timer: u64) {
        self.stack.timers().cancel(self.protocol, timer);
    }

    /// Ends a peer. The other side is told the reason; this protocol and the others hear of it after this call.
    pub fn disconnect(&mut self, peer: PeerId, error: PeerError) {
        self.stack.doom(peer.0, error);
    }

    /// Tells the observer that a copy of something that travels from node to node is here: called for each copy, so
    /// the first at a node is its arrival and the others are duplicates. Whoever publishes it says so too, from nobody,
    /// after no hops.
    pub fn arrived(&self, item: u64, from: Option<PeerId>, hops: u32) {
        let from = from.and_then(|peer| self.stack.table.borrow().get(peer.0)?.talking());
        let (protocol, index) = (&self.stack.spoken(self.protocol).protocol.cap, self.protocol);
        self.stack.observer.event(&PeerEvent::Arrived { protocol, index, item, from, hops });
    }

    /// Tells the observer of something measured.
    pub fn observe(&self, name: &str, value: f64) {
        let protocol = &self.stack.spoken(self.protocol).protocol.cap.name;
        self.stack.observer.event(&PeerEvent::Metric { protocol, name, value });
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = &self.stack.spoken(self.protocol).protocol.cap;
        f.debug_struct("Context").field("protocol", protocol).finish_non_exhaustive()
    }
}
