//! From the remote's handshake packet to the protocols both sides speak.

use core::time::Duration;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;

use super::reading::Incoming;
use super::{DISCONNECT, HELLO, Session, SessionState};
use crate::Entropy;
use crate::session::caps::match_caps;
use crate::session::hello::{self, HelloError, RemoteHello, SNAPPY_VERSION};
use crate::session::mux::Mux;
use crate::session::wire::Authenticated;
use crate::session::{BASE_MESSAGE_LIMIT, DiscReason, Outbox, PeerError, PeerErrorCode, SessionEvent, plain};

/// What only a session that is not live yet needs.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) deadline: Option<Duration>,
    /// The remote's Hello, if it came before ours was out.
    pub(super) hello: Option<Box<RemoteHello>>,
    /// Parcels at message fidelity that came before the owner had answered.
    pub(super) early: VecDeque<(u64, Bytes)>,
    pub(super) early_len: usize,
}

impl Session {
    pub(super) fn plain_handshake(
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

    pub(super) fn authenticate(
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

    /// The first message: a Hello, or the reason why there is none.
    pub(super) fn handle_greeting(&mut self, incoming: &Incoming, out: &mut Outbox) {
        if incoming.body_len > BASE_MESSAGE_LIMIT {
            return self.end_too_big(incoming.body_len, out);
        }
        match incoming.code {
            DISCONNECT => self.handle_disconnect(incoming, out),
            HELLO => match self.check_hello(&incoming.body) {
                Ok(hello) if self.state == SessionState::Greeting => self.introduce(hello, out),
                Ok(hello) => self.setup.as_mut().expect("kept until the session is live").hello = Some(hello),
                Err(error) => {
                    // If both have said their versions, all that follows is compressed (EIP-706): the refusal too.
                    let version = hello::version(&incoming.body).unwrap_or(0);
                    self.snappy = self.state == SessionState::Greeting && version >= SNAPPY_VERSION;
                    self.end(error, out);
                }
            },
            code => {
                let message = format!("expected handshake, got {code:x}");
                let code = PeerErrorCode::InvalidMessageCode;
                self.end(PeerError::new(code, DiscReason::ProtocolError, message), out);
            }
        }
    }

    pub(super) fn check_hello(&self, body: &[u8]) -> Result<Box<RemoteHello>, PeerError> {
        let refuse = |reason, message: String| PeerError::new(PeerErrorCode::DiscReason, reason, message);
        let authenticated = self.remote.expect("known since the encryption handshake");
        let hello = hello::decode(body, Some(&authenticated)).map_err(|error| match error {
            HelloError::Rlp(cause) => PeerError::invalid_message(HELLO, body.len(), cause),
            HelloError::Identity(_) => refuse(DiscReason::InvalidIdentity, error.to_string()),
        })?;
        if hello.id == authenticated {
            return Ok(Box::new(hello));
        }
        let message = format!("Hello of {} from {}", hello.id.id(), authenticated.id());
        Err(refuse(DiscReason::UnexpectedIdentity, message))
    }

    pub(super) fn introduce(&mut self, hello: Box<RemoteHello>, out: &mut Outbox) {
        self.state = SessionState::Introduced;
        self.snappy = hello.version >= SNAPPY_VERSION;
        if let Some(stream) = &mut self.stream {
            stream.lift_limit();
        }
        let shared = match_caps(&self.local.protocols, &hello.caps);
        self.mux = Mux::new(Arc::clone(&shared));
        out.events.push(SessionEvent::Hello { hello, shared });
    }
}
