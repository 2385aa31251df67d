//! What comes off the transport: in which order it is read, and what each message does.

use core::time::Duration;

use bytes::Bytes;

use super::{DISCONNECT, PING, PONG, Session, SessionState, empty_list};
use crate::rlpx::{FrameError, frame_len, snappy};
use crate::session::caps::BASE_PROTOCOL_LENGTH;
use crate::session::{
    BASE_MESSAGE_LIMIT, DiscReason, MESSAGE_LIMIT, Outbox, Payload, PeerError, PeerErrorCode, SessionEvent,
    disconnect, plain,
};

/// How much may wait unread while the owner thinks about a Hello: one message of any size, and change.
const EARLY_LIMIT: usize = MESSAGE_LIMIT + 64 * 1024;

/// A message off the transport. `body` is as it came: compressed at wire fidelity if the session compresses.
pub(super) struct Incoming {
    pub(super) code: u64,
    pub(super) body: Bytes,
    /// Bytes of the body on the wire.
    pub(super) body_len: usize,
}

impl Session {
    /// Does the next message off the transport get read, or must it wait for the owner?
    pub(super) fn reads(&self) -> bool {
        match self.state {
            SessionState::Greeting | SessionState::Live => true,
            SessionState::Authenticated => self.setup.as_ref().is_some_and(|setup| setup.hello.is_none()),
            _ => false,
        }
    }

    pub(super) fn pump_stream(&mut self, now: Duration, out: &mut Outbox) {
        while self.reads() {
            let Some(stream) = &mut self.stream else { return };
            match stream.poll_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    let body_len = frame.payload.len();
                    self.handle_incoming(
                        now,
                        Incoming { code: frame.code, body: frame.payload, body_len },
                        out,
                    );
                }
                // Only ever while the Hello is awaited: later every size a header can say is allowed.
                Err(FrameError::TooLarge { size, .. }) => return self.end_too_big(size - 1, out),
                Err(cause) => return self.end(PeerError::read_failed(cause), out),
            }
        }
        let unread = self.stream.as_ref().map_or(0, |stream| stream.unread());
        self.check_early(unread, out);
    }

    pub(super) fn handle_plain(&mut self, now: Duration, tag: u64, bytes: Bytes, out: &mut Outbox) {
        let (code, snappy_len) = plain::split_tag(tag);
        let body_len = if self.snappy { snappy_len as usize } else { bytes.len() };
        self.handle_incoming(now, Incoming { code, body: bytes, body_len }, out);
    }

    pub(super) fn keep_early(&mut self, tag: u64, bytes: Bytes, out: &mut Outbox) {
        let Some(setup) = &mut self.setup else { return };
        setup.early_len += bytes.len();
        setup.early.push_back((tag, bytes));
        let unread = setup.early_len;
        self.check_early(unread, out);
    }

    pub(super) fn check_early(&mut self, unread: usize, out: &mut Outbox) {
        if unread > EARLY_LIMIT {
            self.end(PeerError::too_big(DiscReason::ProtocolError, unread, EARLY_LIMIT), out);
        }
    }

    pub(super) fn handle_incoming(&mut self, now: Duration, incoming: Incoming, out: &mut Outbox) {
        if self.state != SessionState::Live {
            return self.handle_greeting(&incoming, out);
        }
        self.liveness.heard(now);
        if incoming.code < BASE_PROTOCOL_LENGTH {
            return self.handle_base(&incoming, out);
        }
        let Some((protocol, code)) = self.mux.owner(incoming.code) else {
            let message = format!("code={}", incoming.code);
            let (code, reason) = (PeerErrorCode::InvalidMessageCode, DiscReason::ProtocolError);
            return self.end(PeerError::new(code, reason, message), out);
        };
        let wire_len = frame_len(incoming.code, incoming.body_len) as u32;
        match self.decode(incoming) {
            Ok(payload) => out.events.push(SessionEvent::Message { protocol, code, payload, wire_len }),
            Err(cause) => self.end(PeerError::read_failed(cause), out),
        }
    }

    pub(super) fn handle_base(&mut self, incoming: &Incoming, out: &mut Outbox) {
        if incoming.body_len > BASE_MESSAGE_LIMIT {
            return self.end_too_big(incoming.body_len, out);
        }
        match incoming.code {
            PING => self.transmit(PONG, empty_list(), out),
            DISCONNECT => self.handle_disconnect(incoming, out),
            _ => {}
        }
    }

    pub(super) fn handle_disconnect(&mut self, incoming: &Incoming, out: &mut Outbox) {
        let compressed = self.snappy && self.stream.is_some();
        let error = match disconnect::decode(&incoming.body, compressed) {
            Ok(reason) => {
                let message = "Peer.run got a remote DiscReason";
                PeerError::new(PeerErrorCode::RemoteDiscReason, reason, message)
            }
            Err(cause) => PeerError::invalid_message(DISCONNECT, incoming.body_len, cause),
        };
        self.end(error, out);
    }

    /// The payload of a message, and its compressed form or the length of it where they are known.
    pub(super) fn decode(&self, incoming: Incoming) -> Result<Payload, snappy::SnappyError> {
        let Incoming { body, body_len, .. } = incoming;
        Ok(match (self.snappy, &self.stream) {
            (false, _) => Payload::new(body),
            (true, None) => Payload::with_snappy_len(body, body_len as u32),
            (true, Some(_)) => Payload::with_compressed(snappy::decompress(&body, MESSAGE_LIMIT)?, body),
        })
    }
}
