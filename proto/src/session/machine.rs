//! The session machine itself: states, checks of order and identity, and what ends a session.
//!
//! It keeps no queue towards the transport and makes no decision about peers: it stops twice, at
//! [`SessionEvent::Authenticated`] and at [`SessionEvent::Hello`], until its owner has answered.

mod reading;
mod setup;

use core::fmt;
use core::time::Duration;
use std::error::Error;
use std::sync::Arc;

use alloy_rlp::Encodable;
use bytes::Bytes;

use self::setup::Setup;
use super::caps::Shared;
use super::hello;
use super::liveness::{Due, Liveness};
use super::local::{Fidelity, Local};
use super::mux::Mux;
use super::outbox::{Outbox, Transmit};
use super::payload::Payload;
use super::peer_error::{DiscReason, PeerError, PeerErrorCode};
use super::wire::Stream;
use super::{BASE_MESSAGE_LIMIT, MESSAGE_LIMIT, SessionEvent, disconnect, plain};
use crate::Entropy;
use crate::key::PublicKey;
use crate::rlpx::frame_len;

/// Codes of the base protocol (`rlpx.md`, "p2p" Capability). The others below 16 are ignored.
const HELLO: u64 = 0;
const DISCONNECT: u64 = 1;
const PING: u64 = 2;
const PONG: u64 = 3;

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
///
/// In this order: in a network of thousands every message finds its session cold, so what each needs stands first.
#[repr(C)]
pub struct Session {
    /// At wire fidelity, until the end.
    stream: Option<Box<Stream>>,
    mux: Mux,
    liveness: Liveness,
    state: SessionState,
    snappy: bool,
    remote: Option<PublicKey>,
    local: Arc<Local>,
    /// Until the session is live.
    setup: Option<Box<Setup>>,
}

/// A message that may be sent: how long it will be is known.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// As on the wire.
    code: u64,
    /// What its frame takes on the wire, bytes.
    pub wire_len: u32,
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
        match self.state {
            SessionState::Closed => {}
            SessionState::Encrypting => self.handle_handshake(now, tag, bytes, entropy, out),
            _ => match &mut self.stream {
                Some(stream) => {
                    stream.push(bytes);
                    self.pump_stream(now, out);
                }
                None => match self.reads() {
                    true => self.handle_plain(now, tag, bytes, out),
                    false => self.keep_early(tag, bytes, out),
                },
            },
        }
    }

    /// A parcel of the encryption handshake. Apart, since it reads what no message has to wait for.
    #[inline(never)]
    fn handle_handshake(
        &mut self,
        now: Duration,
        tag: u64,
        bytes: Bytes,
        entropy: &mut dyn Entropy,
        out: &mut Outbox,
    ) {
        let Some(stream) = &mut self.stream else {
            let step = self.plain_handshake(tag, &bytes, entropy);
            return self.authenticate(step.map(Some), out);
        };
        stream.push(bytes);
        let step = stream.poll_handshake(&self.local.key, entropy).map_err(Into::into);
        self.authenticate(step, out);
        self.pump_stream(now, out);
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
        self.transmit(HELLO, Payload::new(hello::encode(&self.local)), out);
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
    /// See [`check`](Self::check).
    pub fn send(
        &mut self,
        _now: Duration,
        protocol: u16,
        code: u64,
        payload: Payload,
        out: &mut Outbox,
    ) -> Result<u32, PeerError> {
        let message = self.check(protocol, code, &payload)?;
        self.put(message, payload, out);
        Ok(message.wire_len)
    }

    /// Whether a message of a shared protocol can be sent, for whoever has something to do before it is
    /// [put](Self::put) out; `code` is relative to the protocol.
    ///
    /// # Errors
    /// A code the protocol does not have, a payload above [`MESSAGE_LIMIT`], a session that is not live.
    /// The session itself stays as it is: the caller decides whether that ends it.
    pub fn check(&self, protocol: u16, code: u64, payload: &Payload) -> Result<Checked, PeerError> {
        if self.state != SessionState::Live {
            return Err(PeerError::new(
                PeerErrorCode::MessageSend,
                DiscReason::NetworkError,
                "shutting down",
            ));
        }
        let Some(code) = self.mux.wire_code(protocol, code) else {
            let message = format!("not handled code={code}");
            let (code, reason) = (PeerErrorCode::InvalidMessageCode, DiscReason::ProtocolError);
            return Err(PeerError::new(code, reason, message));
        };
        let too_big = |size| PeerError::too_big(DiscReason::SubprotocolError, size, MESSAGE_LIMIT);
        if payload.len() > MESSAGE_LIMIT {
            return Err(too_big(payload.len()));
        }
        let body = match (self.snappy, &self.stream) {
            (false, _) => payload.len(),
            (true, None) => payload.snappy_len() as usize,
            (true, Some(_)) => payload.compressed().len(),
        };
        match code.length() + body {
            size if size > MESSAGE_LIMIT => Err(too_big(size)),
            _ => Ok(Checked { code, wire_len: frame_len(code, body) as u32 }),
        }
    }

    /// Sends a message that was checked just before.
    pub fn put(&mut self, message: Checked, payload: Payload, out: &mut Outbox) {
        out.transmits.push(self.encode(message.code, payload));
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

    /// Another session's table of shared protocols: if it says the same as this one's, both keep one.
    pub fn adopt_shared(&mut self, table: &Arc<[Shared]>) {
        self.mux.adopt(table);
    }

    /// Are messages compressed?
    pub fn compresses(&self) -> bool {
        self.snappy
    }

    fn send_ping(&mut self, out: &mut Outbox) {
        self.transmit(PING, empty_list(), out);
    }

    /// A message that is not too long, as a parcel.
    fn encode(&mut self, code: u64, payload: Payload) -> Transmit {
        let Some(stream) = &mut self.stream else {
            return plain::message(code, payload, self.snappy);
        };
        let sealed = if self.snappy {
            stream.seal(code, &payload.compressed())
        } else {
            stream.seal(code, payload.bytes())
        };
        let sealed = sealed.expect("its size has been checked");
        sealed.expect("there are keys once the remote is authenticated")
    }

    /// Sends a message of the base protocol: those are small.
    fn transmit(&mut self, code: u64, payload: Payload, out: &mut Outbox) {
        out.transmits.push(self.encode(code, payload));
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
            self.transmit(DISCONNECT, Payload::new(disconnect::encode(error.reason)), out);
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
