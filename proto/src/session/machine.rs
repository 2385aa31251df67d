//! The session machine itself: states, checks of order and identity, and what ends a session.
//!
//! It keeps no queue towards the transport and makes no decision about peers: it stops twice, at
//! [`SessionEvent::Authenticated`] and at [`SessionEvent::Hello`], until its owner has answered.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;

use super::caps::{BASE_PROTOCOL_LENGTH, Shared, match_caps};
use super::hello::{self, HelloError, RemoteHello, SNAPPY_VERSION};
use super::liveness::{Due, Liveness};
use super::local::{Fidelity, Local};
use super::mux::Mux;
use super::outbox::{Outbox, SessionEvent, Transmit};
use super::payload::Payload;
use super::peer_error::{DiscReason, PeerError, PeerErrorCode};
use super::wire::{Authenticated, Stream};
use super::{BASE_MESSAGE_LIMIT, MESSAGE_LIMIT, disconnect, plain};
use crate::Entropy;
use crate::key::PublicKey;
use crate::rlpx::{FrameError, frame_len, snappy};

/// Codes of the base protocol (`rlpx.md`, "p2p" Capability). The others below 16 are ignored.
const HELLO: u64 = 0;
const DISCONNECT: u64 = 1;
const PING: u64 = 2;
const PONG: u64 = 3;

/// How much may wait unread while the owner thinks about a Hello: one message of any size, and change.
const EARLY_LIMIT: usize = MESSAGE_LIMIT + 64 * 1024;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// The encryption handshake is on its way.
    Encrypting,
    /// The remote is known; the owner is to call `proceed` or `disconnect`.
    Authenticated,
    /// Our Hello is out, the remote's is not in.
    Greeting,
    /// Both Hellos are exchanged; the owner is to call `admit` or `disconnect`.
    Introduced,
    /// Messages flow.
    Live,
    /// Over.
    Closed,
}

/// One end of one connection.
///
/// *In*, what the transport and the clock say: [`handle_parcel`](Self::handle_parcel),
/// [`handle_transport_closed`](Self::handle_transport_closed), [`handle_deadline`](Self::handle_deadline).
/// *In*, what the owner wants: [`proceed`](Self::proceed), [`admit`](Self::admit), [`send`](Self::send),
/// [`disconnect`](Self::disconnect). *Out*: the [`Outbox`] of each call, and [`deadline`](Self::deadline),
/// to be asked again after each. A closed session ignores everything.
pub struct Session {
    local: Arc<Local>,
    /// At wire fidelity, until the end.
    stream: Option<Box<Stream>>,
    /// Until the session is live.
    setup: Option<Box<Setup>>,
    mux: Mux,
    liveness: Liveness,
    remote: Option<PublicKey>,
    state: SessionState,
    snappy: bool,
}

/// What only a session that is not live yet needs.
#[derive(Default)]
struct Setup {
    deadline: Option<Duration>,
    /// The remote's Hello, if it came before ours was out.
    hello: Option<Box<RemoteHello>>,
    /// Parcels at message fidelity that came before the owner had answered.
    early: VecDeque<(u64, Bytes)>,
    early_len: usize,
}

/// A message off the transport. `body` is as it came: compressed at wire fidelity if the session compresses.
struct Incoming {
    code: u64,
    body: Bytes,
    /// Bytes of the body on the wire.
    body_len: usize,
}

/// The transport ended in good order, where no message had to end it.
#[derive(Debug, thiserror::Error)]
#[error("EOF")]
struct Eof;

impl Session {
    /// The dialling side: sends the auth packet to a node believed to have the key `remote`.
    pub fn connect(
        local: &Arc<Local>,
        remote: PublicKey,
        now: Duration,
        entropy: &mut dyn Entropy,
        out: &mut Outbox,
    ) -> Self {
        let mut session = Self::new(local, now);
        session.remote = Some(remote);
        let auth = match local.fidelity {
            Fidelity::Wire => {
                let (stream, auth) = Stream::connect(&local.key, remote, entropy);
                session.stream = Some(Box::new(stream));
                auth
            }
            Fidelity::Message => plain::auth(&local.public, &remote, entropy),
        };
        out.transmits.push(auth);
        session
    }

    /// The side that is dialled: waits for the auth packet.
    pub fn accept(local: &Arc<Local>, now: Duration) -> Self {
        let mut session = Self::new(local, now);
        session.stream = (local.fidelity == Fidelity::Wire).then(|| Box::new(Stream::accept()));
        session
    }

    fn new(local: &Arc<Local>, now: Duration) -> Self {
        let deadline = Some(now.saturating_add(local.timing.handshake));
        Self {
            local: Arc::clone(local),
            stream: None,
            setup: Some(Box::new(Setup { deadline, ..Setup::default() })),
            mux: Mux::default(),
            liveness: Liveness::default(),
            remote: None,
            state: SessionState::Encrypting,
            snappy: false,
        }
    }

    /// A parcel from the other side, in order. At wire fidelity it is any piece of the stream.
    pub fn handle_parcel(
        &mut self,
        now: Duration,
        tag: u64,
        bytes: Bytes,
        entropy: &mut dyn Entropy,
        out: &mut Outbox,
    ) {
        let reads = self.reads();
        match (self.state, &mut self.stream) {
            (SessionState::Closed, _) => {}
            (SessionState::Encrypting, Some(stream)) => {
                stream.push(bytes);
                let step = stream.poll_handshake(&self.local.key, entropy).map_err(Into::into);
                self.authenticate(step, out);
                self.pump_stream(now, out);
            }
            (_, Some(stream)) => {
                stream.push(bytes);
                self.pump_stream(now, out);
            }
            (SessionState::Encrypting, None) => {
                let step = self.plain_handshake(tag, &bytes, entropy);
                self.authenticate(step.map(Some), out);
            }
            (_, None) if reads => self.handle_plain(now, tag, bytes, out),
            (_, None) => self.keep_early(tag, bytes, out),
        }
    }

    /// To be called at [`deadline`](Self::deadline) or later; earlier calls do nothing.
    pub fn handle_deadline(&mut self, now: Duration, out: &mut Outbox) {
        if self.state == SessionState::Live {
            match self.liveness.poll(now, &self.local.timing) {
                Due::Nothing => {}
                Due::Ping => self.send_ping(out),
                Due::TimedOut => {
                    let message = format!("nothing received for {:?}", self.local.timing.read_timeout);
                    let error = PeerError::new(PeerErrorCode::DiscReason, DiscReason::ReadTimeout, message);
                    self.end(error, out);
                }
            }
        } else if self.deadline().is_some_and(|deadline| now >= deadline) {
            let phase = if self.state == SessionState::Encrypting { "encryption" } else { "protocol" };
            let message = format!("{phase} handshake not done within {:?}", self.local.timing.handshake);
            self.end(PeerError::new(PeerErrorCode::HandshakeTimeout, DiscReason::ReadTimeout, message), out);
        }
    }

    /// The transport is gone: `cause` if it failed, none if the other side ended it.
    pub fn handle_transport_closed(
        &mut self,
        _now: Duration,
        cause: Option<Box<dyn Error + Send + Sync>>,
        out: &mut Outbox,
    ) {
        self.end(PeerError::read_failed(cause.unwrap_or_else(|| Eof.into())), out);
    }

    /// The owner's answer to `Authenticated`: this remote may introduce itself. Sends our Hello.
    pub fn proceed(&mut self, now: Duration, out: &mut Outbox) {
        if self.state != SessionState::Authenticated {
            return;
        }
        self.state = SessionState::Greeting;
        self.transmit(HELLO, &Payload::new(hello::encode(&self.local)), out);
        let setup = self.setup.as_mut().expect("kept until the session is live");
        setup.deadline = Some(now.saturating_add(self.local.timing.handshake));
        if let Some(hello) = setup.hello.take() {
            self.introduce(hello, out);
        }
    }

    /// The owner's answer to `Hello`: the session is live. What came in the meantime is read now.
    pub fn admit(&mut self, now: Duration, out: &mut Outbox) {
        if self.state != SessionState::Introduced {
            return;
        }
        self.state = SessionState::Live;
        self.liveness = Liveness::start(now, &self.local.timing);
        let setup = self.setup.take().expect("kept until the session is live");
        self.pump_stream(now, out);
        for (tag, bytes) in setup.early {
            if self.reads() {
                self.handle_plain(now, tag, bytes, out);
            }
        }
    }

    /// Sends a message of a shared protocol; `code` is relative to it. Returns its bytes on the wire.
    ///
    /// # Errors
    /// A code the protocol does not have, a payload above [`MESSAGE_LIMIT`], a session that is not live.
    /// The session itself stays as it is: the caller decides whether that ends it.
    pub fn send(
        &mut self,
        _now: Duration,
        protocol: u16,
        code: u64,
        payload: &Payload,
        out: &mut Outbox,
    ) -> Result<u32, PeerError> {
        if self.state != SessionState::Live {
            return Err(PeerError::new(
                PeerErrorCode::MessageSend,
                DiscReason::NetworkError,
                "shutting down",
            ));
        }
        let Some(wire_code) = self.mux.wire_code(protocol, code) else {
            let message = format!("not handled code={code}");
            let (code, reason) = (PeerErrorCode::InvalidMessageCode, DiscReason::ProtocolError);
            return Err(PeerError::new(code, reason, message));
        };
        let too_big = |size| PeerError::too_big(DiscReason::SubprotocolError, size, MESSAGE_LIMIT);
        if payload.len() > MESSAGE_LIMIT {
            return Err(too_big(payload.len()));
        }
        match self.encode(wire_code, payload) {
            Ok(transmit) => {
                let wire_len = transmit.wire_len;
                out.transmits.push(transmit);
                Ok(wire_len)
            }
            Err(size) => Err(too_big(size)),
        }
    }

    /// Ends the session: sends Disconnect with the error's reason if the remote can still be told.
    pub fn disconnect(&mut self, _now: Duration, error: PeerError, out: &mut Outbox) {
        self.end(error, out);
    }

    /// When [`handle_deadline`](Self::handle_deadline) is to be called. None while the owner has to answer,
    /// and after the end.
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            SessionState::Live => Some(self.liveness.deadline(&self.local.timing)),
            SessionState::Encrypting | SessionState::Greeting => self.setup.as_ref()?.deadline,
            SessionState::Authenticated | SessionState::Introduced | SessionState::Closed => None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> SessionState {
        self.state
    }

    /// Do messages flow?
    pub fn is_live(&self) -> bool {
        self.state == SessionState::Live
    }

    /// Whom it is with. The dialling side says whom it dialled; the other side knows once authenticated.
    pub fn remote(&self) -> Option<&PublicKey> {
        self.remote.as_ref()
    }

    /// The protocols both sides speak, once both Hellos are exchanged.
    pub fn shared(&self) -> &[Shared] {
        self.mux.shared()
    }

    /// Are messages compressed?
    pub fn compresses(&self) -> bool {
        self.snappy
    }

    /// Does the next message off the transport get read, or must it wait for the owner?
    fn reads(&self) -> bool {
        match self.state {
            SessionState::Greeting | SessionState::Live => true,
            SessionState::Authenticated => self.setup.as_ref().is_some_and(|setup| setup.hello.is_none()),
            _ => false,
        }
    }

    fn plain_handshake(
        &mut self,
        tag: u64,
        bytes: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Authenticated, Box<dyn Error + Send + Sync>> {
        match self.remote {
            Some(remote) => {
                plain::handle_ack(&remote, tag, bytes)?;
                Ok(Authenticated { remote, reply: None })
            }
            None => {
                let (remote, ack) = plain::handle_auth(&self.local.public, tag, bytes, entropy)?;
                Ok(Authenticated { remote, reply: Some(ack) })
            }
        }
    }

    fn authenticate(
        &mut self,
        step: Result<Option<Authenticated>, Box<dyn Error + Send + Sync>>,
        out: &mut Outbox,
    ) {
        match step {
            Ok(None) => {}
            Ok(Some(Authenticated { remote, reply })) => {
                self.remote = Some(remote);
                self.state = SessionState::Authenticated;
                out.transmits.extend(reply);
                out.events.push(SessionEvent::Authenticated { remote });
            }
            Err(cause) => {
                let message = "encryption handshake failed";
                let error = PeerError::new(PeerErrorCode::DiscReason, DiscReason::NetworkError, message);
                self.end(error.because(cause), out);
            }
        }
    }

    fn pump_stream(&mut self, now: Duration, out: &mut Outbox) {
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

    fn handle_plain(&mut self, now: Duration, tag: u64, bytes: Bytes, out: &mut Outbox) {
        let (code, snappy_len) = plain::split_tag(tag);
        let body_len = if self.snappy { snappy_len as usize } else { bytes.len() };
        self.handle_incoming(now, Incoming { code, body: bytes, body_len }, out);
    }

    fn keep_early(&mut self, tag: u64, bytes: Bytes, out: &mut Outbox) {
        let Some(setup) = &mut self.setup else { return };
        setup.early_len += bytes.len();
        setup.early.push_back((tag, bytes));
        let unread = setup.early_len;
        self.check_early(unread, out);
    }

    fn check_early(&mut self, unread: usize, out: &mut Outbox) {
        if unread > EARLY_LIMIT {
            self.end(PeerError::too_big(DiscReason::ProtocolError, unread, EARLY_LIMIT), out);
        }
    }

    fn handle_incoming(&mut self, now: Duration, incoming: Incoming, out: &mut Outbox) {
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

    /// The first message: a Hello, or the reason why there is none.
    fn handle_greeting(&mut self, incoming: &Incoming, out: &mut Outbox) {
        if incoming.body_len > BASE_MESSAGE_LIMIT {
            return self.end_too_big(incoming.body_len, out);
        }
        match incoming.code {
            DISCONNECT => self.handle_disconnect(incoming, out),
            HELLO => match self.check_hello(&incoming.body) {
                Ok(hello) if self.state == SessionState::Greeting => self.introduce(hello, out),
                Ok(hello) => self.setup.as_mut().expect("kept until the session is live").hello = Some(hello),
                Err(error) => self.end(error, out),
            },
            code => {
                let message = format!("expected handshake, got {code:x}");
                let code = PeerErrorCode::InvalidMessageCode;
                self.end(PeerError::new(code, DiscReason::ProtocolError, message), out);
            }
        }
    }

    fn check_hello(&self, body: &[u8]) -> Result<Box<RemoteHello>, PeerError> {
        let refuse = |reason, message: String| PeerError::new(PeerErrorCode::DiscReason, reason, message);
        let hello = hello::decode(body).map_err(|error| match error {
            HelloError::Rlp(cause) => PeerError::invalid_message(HELLO, body.len(), cause),
            HelloError::Identity(_) => refuse(DiscReason::InvalidIdentity, error.to_string()),
        })?;
        let authenticated = self.remote.expect("known since the encryption handshake");
        if hello.id == authenticated {
            return Ok(Box::new(hello));
        }
        let message = format!("Hello of {} from {}", hello.id.id(), authenticated.id());
        Err(refuse(DiscReason::UnexpectedIdentity, message))
    }

    fn introduce(&mut self, hello: Box<RemoteHello>, out: &mut Outbox) {
        self.state = SessionState::Introduced;
        self.snappy = hello.version >= SNAPPY_VERSION;
        if let Some(stream) = &mut self.stream {
            stream.lift_limit();
        }
        let shared = match_caps(&self.local.protocols, &hello.caps);
        self.mux = Mux::new(&shared);
        out.events.push(SessionEvent::Hello { hello, shared });
    }

    fn handle_base(&mut self, incoming: &Incoming, out: &mut Outbox) {
        if incoming.body_len > BASE_MESSAGE_LIMIT {
            return self.end_too_big(incoming.body_len, out);
        }
        match incoming.code {
            PING => self.transmit(PONG, &empty_list(), out),
            DISCONNECT => self.handle_disconnect(incoming, out),
            _ => {}
        }
    }

    fn handle_disconnect(&mut self, incoming: &Incoming, out: &mut Outbox) {
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

    fn send_ping(&mut self, out: &mut Outbox) {
        self.transmit(PING, &empty_list(), out);
    }

    /// The payload of a message, and its compressed form or the length of it where they are known.
    fn decode(&self, incoming: Incoming) -> Result<Payload, snappy::SnappyError> {
        let Incoming { body, body_len, .. } = incoming;
        Ok(match (self.snappy, &self.stream) {
            (false, _) => Payload::new(body),
            (true, None) => Payload::with_snappy_len(body, body_len as u32),
            (true, Some(_)) => Payload::with_compressed(snappy::decompress(&body, MESSAGE_LIMIT)?, body),
        })
    }

    /// A message as a parcel, or its size if that is more than a frame can carry.
    fn encode(&mut self, code: u64, payload: &Payload) -> Result<Transmit, usize> {
        let Some(stream) = &mut self.stream else {
            return plain::message(code, payload, self.snappy);
        };
        let sealed = if self.snappy {
            stream.seal(code, &payload.compressed())
        } else {
            stream.seal(code, payload.bytes())
        };
        match sealed {
            Ok(transmit) => Ok(transmit.expect("there are keys once the remote is authenticated")),
            Err(FrameError::Unsendable { size }) => Err(size),
            Err(other) => unreachable!("sealing fails on size alone: {other}"),
        }
    }

    /// Sends a message of the base protocol.
    fn transmit(&mut self, code: u64, payload: &Payload, out: &mut Outbox) {
        let transmit = self.encode(code, payload).expect("base messages are small");
        out.transmits.push(transmit);
    }

    fn end_too_big(&mut self, size: usize, out: &mut Outbox) {
        self.end(PeerError::too_big(DiscReason::ProtocolError, size, BASE_MESSAGE_LIMIT), out);
    }

    fn end(&mut self, error: PeerError, out: &mut Outbox) {
        if self.state == SessionState::Closed {
            return;
        }
        let can_tell = self.state != SessionState::Encrypting;
        if can_tell && error.reason != DiscReason::NetworkError {
            self.transmit(DISCONNECT, &Payload::new(disconnect::encode(error.reason)), out);
        }
        self.state = SessionState::Closed;
        self.stream = None;
        self.setup = None;
        out.events.push(SessionEvent::Closed(error));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field("remote", &self.remote.map(|remote| remote.id()))
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

/// Ping and Pong carry an empty list.
fn empty_list() -> Payload {
    const LIST: &[u8] = &[0xc0];
    /// Length 1, then a literal of one byte.
    const COMPRESSED: &[u8] = &[0x01, 0x00, 0xc0];
    Payload::with_compressed(Bytes::from_static(LIST), Bytes::from_static(COMPRESSED))
}
