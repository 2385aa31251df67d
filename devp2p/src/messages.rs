//! The way of a message through the stack, in and out: the one path that has to be fast. It allocates nothing but what
//! a payload needs, and holds no borrow while a handler runs.

use core::time::Duration;
use std::task::{Context as Task, Poll};

use proto::key::NodeId;
use proto::session::{Outbox, Payload, PeerError, SessionEvent};
use world::{ConnId, Parcel};

use crate::event::{MessageSeen, PeerEvent};
use crate::flow::{SEND_QUEUE_LIMIT, WRITE_TIMEOUT, WRITE_WAITS_ABOVE, queue_full};
use crate::io::shutting_down;
use crate::peer::PeerId;
use crate::protocol::{Message, Received};
use crate::stack::Stack;
use crate::table::Entry;
use crate::timers::Due;

impl Stack {
    /// Does something with a session and then with what it has to say.
    pub(crate) fn push(&self, conn: ConnId, act: impl FnOnce(&mut Entry, Duration, &mut Outbox)) {
        let now = self.world.now();
        let mut out = Outbox::default();
        if let Some(entry) = self.table.borrow_mut().get_mut(conn) {
            act(entry, now, &mut out);
            self.transmit(entry, now, &mut out);
        }
        for event in out.events {
            match event {
                SessionEvent::Message { protocol, code, payload, wire_len } => {
                    self.deliver(conn, protocol, Message { code, payload, wire_len });
                }
                SessionEvent::Authenticated { remote } => self.on_authenticated(conn, remote),
                SessionEvent::Hello { hello, shared } => self.on_hello(conn, *hello, shared),
                SessionEvent::Closed(error) => self.on_end(conn, error),
            }
        }
    }

    /// Hands to the transport what a session said.
    pub(crate) fn transmit(&self, entry: &mut Entry, now: Duration, out: &mut Outbox) {
        for transmit in out.transmits.drain(..) {
            let mut traffic = self.traffic.get();
            traffic.egress += u64::from(transmit.wire_len);
            self.traffic.set(traffic);
            if let Some(slow) = &mut entry.slow
                && slow.count(now, u64::from(transmit.wire_len))
            {
                let at = now.saturating_add(WRITE_TIMEOUT);
                self.timers().push(at, Due::Write(entry.conn));
            }
            let parcel = Parcel { tag: transmit.tag, bytes: transmit.bytes, wire_len: transmit.wire_len };
            self.net().send(entry.conn, parcel);
        }
    }

    pub(crate) fn handle_parcel(&self, conn: ConnId, parcel: Parcel) {
        let mut traffic = self.traffic.get();
        traffic.ingress += u64::from(parcel.wire_len);
        self.traffic.set(traffic);
        let mut was_held = false;
        self.push(conn, |entry, now, out| {
            if let Some(slow) = &mut entry.slow {
                was_held = slow.hold.take_if(|hold| hold.until.is_some()).is_some();
                if slow.idle() {
                    entry.slow = None;
                }
            }
            if let Some(session) = &mut entry.session {
                session.handle_parcel(
                    now,
                    parcel.tag,
                    parcel.bytes,
                    &mut |out: &mut [u8]| self.draw(out),
                    out,
                );
            }
        });
        if was_held {
            self.arm(conn);
        }
    }

    fn deliver(&self, conn: ConnId, protocol: u16, message: Message) {
        let Some(id) = self.table.borrow().get(conn).and_then(Entry::talking) else { return };
        if self.spoken(protocol).protocol.received == Received::OnDelivery {
            self.received(id, protocol, &message);
        }
        let taken = self.with_handler(protocol, |handler, cx| handler.on_message(PeerId(conn), message, cx));
        if let Err(error) = taken {
            self.doom(conn, error);
        }
    }

    pub(crate) fn received(&self, peer: NodeId, index: u16, message: &Message) {
        let protocol = &self.spoken(index).protocol.cap;
        let Message { code, payload, wire_len } = message;
        let seen = MessageSeen { peer, protocol, index, code: *code, payload, wire_len: *wire_len };
        self.observer.event(&PeerEvent::Received(seen));
    }

    /// Sends a message of a protocol. What is wrong with it ends the peer.
    pub(crate) fn send(
        &self,
        conn: ConnId,
        protocol: u16,
        code: u64,
        payload: Payload,
    ) -> Result<(), PeerError> {
        let sent = self.try_send(conn, protocol, code, payload);
        match sent {
            Ok(true) => Ok(()),
            Ok(false) => Err(shutting_down()),
            Err(error) => {
                self.doom(conn, error.clone());
                Err(error)
            }
        }
    }

    /// False if there is nobody to send to.
    fn try_send(&self, conn: ConnId, index: u16, code: u64, payload: Payload) -> Result<bool, PeerError> {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(conn) else { return Ok(false) };
        let (Some(peer), Some(session)) = (entry.talking(), &mut entry.session) else { return Ok(false) };
        if !session.is_live() {
            return Ok(false);
        }
        let message = match session.check(index, code, &payload) {
            Ok(message) => message,
            Err(_) if session.shared().iter().all(|shared| shared.local != index) => return Ok(false),
            Err(error) => return Err(error),
        };
        let (protocol, wire_len) = (&self.spoken(index).protocol.cap, message.wire_len);
        let seen = MessageSeen { peer, protocol, index, code, payload: &payload, wire_len };
        self.observer.event(&PeerEvent::Sent(seen));
        let now = self.world.now();
        let mut out = Outbox::default();
        session.put(message, payload, &mut out);
        self.transmit(entry, now, &mut out);
        match &entry.slow {
            Some(slow) if slow.queued > SEND_QUEUE_LIMIT => Err(queue_full(slow.queued)),
            _ => Ok(true),
        }
    }

    /// Something will soon be sent on a connection: asks the memory for what that takes.
    pub(crate) fn expect_send(&self, conn: ConnId) {
        self.table.borrow().prefetch(conn);
        self.net().expect(conn);
    }

    /// Ready when a message may be sent that can wait, or nobody is there to send it to.
    pub(crate) fn poll_writable(&self, conn: ConnId, cx: &mut Task<'_>) -> Poll<()> {
        let mut table = self.table.borrow_mut();
        match table.get_mut(conn).and_then(|entry| entry.slow.as_mut()) {
            Some(slow) if slow.blocked && slow.queued >= WRITE_WAITS_ABOVE => {
                slow.writers.push(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}
