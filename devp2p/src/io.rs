//! Protocols as geth writes them: one future per peer that reads and writes until it returns.
//!
//! On top of [`Handler`]: a handler that keeps an inbox per peer and spawns the futures. An inbox that is full has
//! the connection stop acknowledging, all protocols on it included, as one reader serves them all in geth too.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::{Context as Task, Poll, Waker};

use alloy_rlp::Encodable;
use proto::session::{Capability, DiscReason, Payload, PeerError, PeerErrorCode};
use world::prefetch;

use crate::context::Context;
use crate::peer::{Peer, PeerId};
use crate::peer_map::PeerMap;
use crate::protocol::{Handler, Message};
use crate::stack::Stack;

/// Messages that wait for a protocol to read them before its connection is held up. A parcel that brings several
/// at once may exceed it.
pub const INBOX: usize = 64;
/// Few enough left to go on.
const GO_ON_AT: usize = INBOX / 2;

#[derive(Default)]
struct Inbox {
    messages: VecDeque<Message>,
    reader: Option<Waker>,
    held: bool,
    ended: Option<PeerError>,
}

impl Inbox {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// One peer's messages, for one protocol.
pub struct PeerIo {
    stack: Weak<Stack>,
    peer: Peer,
    protocol: u16,
    inbox: Rc<RefCell<Inbox>>,
}

impl PeerIo {
    /// The next message. It counts as received now.
    ///
    /// # Errors
    /// What ended the peer; what it had sent and nobody read is gone with it.
    pub async fn read(&mut self) -> Result<Message, PeerError> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    fn poll_read(&mut self, cx: &mut Task<'_>) -> Poll<Result<Message, PeerError>> {
        let mut inbox = self.inbox.borrow_mut();
        if let Some(error) = &inbox.ended {
            return Poll::Ready(Err(error.clone()));
        }
        let Some(message) = inbox.messages.pop_front() else {
            inbox.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let go_on = inbox.held && inbox.messages.len() <= GO_ON_AT;
        inbox.held &= !go_on;
        drop(inbox);
        if let Some(stack) = self.stack.upgrade() {
            stack.received(self.peer.id(), self.protocol, &message);
            if go_on {
                stack.hold(self.peer.session().0, false);
            }
        }
        Poll::Ready(Ok(message))
    }

    /// Sends a message, after what waits to be taken by the peer has become less than 1 MiB.
    ///
    /// # Errors
    /// What ended the peer, or what is wrong with the message; that ends the peer too.
    pub async fn write(&self, code: u64, value: &impl Encodable) -> Result<(), PeerError> {
        self.put(code, Payload::encode(value)).await
    }

    /// Sends a message whose payload is encoded already. See [`write`](Self::write).
    pub async fn write_payload(&self, code: u64, payload: &Payload) -> Result<(), PeerError> {
        self.put(code, payload.clone()).await
    }

    async fn put(&self, code: u64, payload: Payload) -> Result<(), PeerError> {
        let conn = self.peer.session().0;
        poll_fn(|cx| match self.stack.upgrade() {
            Some(stack) => stack.poll_writable(conn, cx),
            None => Poll::Ready(()),
        })
        .await;
        if let Some(error) = &self.inbox.borrow().ended {
            return Err(error.clone());
        }
        self.stack.upgrade().ok_or_else(shutting_down)?.send(conn, self.protocol, code, payload)
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

impl fmt::Debug for PeerIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerIo").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// There is nobody left to send to.
pub(crate) fn shutting_down() -> PeerError {
    PeerError::new(PeerErrorCode::MessageSend, DiscReason::NetworkError, "shutting down")
}

/// The handler under the futures.
pub(crate) struct Runner<F> {
    cap: Capability,
    run: Rc<F>,
    inboxes: PeerMap<Rc<RefCell<Inbox>>>,
}

impl<F> Runner<F> {
    pub(crate) fn new(cap: Capability, run: F) -> Self {
        Self { cap, run: Rc::new(run), inboxes: PeerMap::new() }
    }
}

impl<F, Fut> Handler for Runner<F>
where
    F: Fn(Peer, PeerIo) -> Fut + 'static,
    Fut: Future<Output = Result<(), PeerError>> + 'static,
{
    fn on_peer(&mut self, id: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let Some(peer) = cx.peer(id) else { return Ok(()) };
        let inbox = Rc::<RefCell<Inbox>>::default();
        self.inboxes.insert(id, Rc::clone(&inbox));
        let stack = cx.stack.me.clone();
        let io = PeerIo { stack: stack.clone(), peer: peer.clone(), protocol: cx.protocol, inbox };
        let (run, cap) = (Rc::clone(&self.run), self.cap.clone());
        cx.world().spawn(async move {
            let error = match run(peer, io).await {
                Ok(()) => returned(&cap),
                Err(error) => error,
            };
            if let Some(stack) = stack.upgrade() {
                stack.turn(|| stack.doom(id.0, error));
            }
        });
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let Some(inbox) = self.inboxes.get(from) else { return Ok(()) };
        let mut inbox = inbox.borrow_mut();
        inbox.messages.push_back(message);
        inbox.wake();
        if inbox.messages.len() >= INBOX && !inbox.held {
            inbox.held = true;
            cx.stack.hold(from.0, true);
        }
        Ok(())
    }

    fn expect(&self, from: PeerId) {
        if let Some(inbox) = self.inboxes.get(from) {
            prefetch(&**inbox);
        }
    }

    fn on_drop(&mut self, peer: PeerId, error: &PeerError, _cx: &mut Context<'_>) {
        let Some(inbox) = self.inboxes.remove(peer) else { return };
        let mut inbox = inbox.borrow_mut();
        inbox.ended = Some(error.clone());
        inbox.messages.clear();
        inbox.wake();
    }
}

fn returned(cap: &Capability) -> PeerError {
    let message = format!("Protocol {cap} returned");
    PeerError::new(PeerErrorCode::Test, DiscReason::Quitting, message)
}
