//! The peers of a protocol under test: they say what they are told to, and keep what they hear.

use crate::collect::lock;
use bytes::Bytes;
use devp2p::{Capability, Context, Handler, Message, NodeId, Payload, PeerError, PeerId, Protocol};
use node::{Methods, RpcError, Service};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Codes a mock peer may send: more than any protocol has, so that it can send one too many.
const CODES: u64 = 1 << 16;

/// The method by which a mock peer is told what to say.
pub(super) const SEND: &str = "mock_send";

/// What mock peers have heard, by mock.
#[derive(Clone, Debug, Default)]
pub(super) struct Ears(Arc<Mutex<BTreeMap<NodeId, Heard>>>);

/// What one of them has heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Code and payload, in order.
    pub(super) messages: VecDeque<(u64, Bytes)>,
    /// Whether the pivot is its peer.
    pub(super) connected: bool,
}

impl Ears {
    pub(super) fn of<R>(&self, mock: NodeId, look: impl FnOnce(&mut Heard) -> R) -> R {
        look(lock(&self.0).entry(mock).or_default())
    }
}

/// The service that a mock peer runs.
pub(super) struct Mock {
    cap: Capability,
    ear: Rc<RefCell<Ear>>,
}

struct Ear {
    me: NodeId,
    ears: Ears,
}

impl Mock {
    /// A mock peer that speaks the protocol under test.
    pub(super) fn new(me: NodeId, cap: Capability, ears: Ears) -> Self {
        Self { cap, ear: Rc::new(RefCell::new(Ear { me, ears })) }
    }
}

impl Service for Mock {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new(self.cap.name.clone(), self.cap.version, CODES, Rc::clone(&self.ear))]
    }

    fn methods(&self, table: &mut Methods) {
        table.add_in(&self.cap.name, SEND, |cx, params| {
            let (code, payload): (u64, String) = params.parse()?;
            let payload = hex::decode(payload).map_err(RpcError::invalid_params)?;
            let Some(pivot) = cx.peers().next() else { return Ok(false) };
            cx.send_payload(pivot, code, &Payload::new(payload.into()));
            Ok(true)
        });
    }
}

impl Handler for Ear {
    fn on_peer(&mut self, _: PeerId, _: &mut Context<'_>) -> Result<(), PeerError> {
        self.ears.of(self.me, |heard| heard.connected = true);
        Ok(())
    }

    fn on_message(&mut self, _: PeerId, message: Message, _: &mut Context<'_>) -> Result<(), PeerError> {
        let heard = (message.code, message.payload.bytes().clone());
        self.ears.of(self.me, |of| of.messages.push_back(heard));
        Ok(())
    }

    fn on_drop(&mut self, _: PeerId, _: &PeerError, _: &mut Context<'_>) {
        self.ears.of(self.me, |heard| heard.connected = false);
    }
}
