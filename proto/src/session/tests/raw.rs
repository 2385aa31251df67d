//! A remote that does the encryption handshake as it should and then says whatever the test wants.

use core::time::Duration;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Draws, S, closed, node};
use crate::key::PublicKey;
use crate::rlpx::{FrameCodec, Initiator};
use crate::session::hello;
use crate::session::*;

/// A session under test, and the remote that dialled it.
pub(super) struct Raw {
    pub(super) session: Session,
    pub(super) now: Duration,
    pub(super) out: Outbox,
    pub(super) own: Local,
    /// Frames at wire fidelity.
    codec: Option<FrameCodec>,
    pub(super) events: Vec<SessionEvent>,
    pub(super) heard: Vec<(u64, Bytes)>,
}

impl Raw {
    /// Authenticated; the session has not been told to proceed.
    pub(super) fn authenticated(fidelity: Fidelity) -> Self {
        Self::dial(&Arc::new(node(2, fidelity)))
    }

    pub(super) fn dial(local: &Arc<Local>) -> Self {
        let mut entropy = Draws(7);
        let own = node(1, local.fidelity);
        let mut session = Session::accept(local, S);
        let mut out = Outbox::default();
        let codec = if local.fidelity == Fidelity::Wire {
            let (initiator, auth) = Initiator::new(&own.key, local.public, &mut entropy);
            session.handle_parcel(S, 0, auth, &mut entropy, &mut out);
            let ack = out.transmits.pop().expect("an ack");
            Some(FrameCodec::new(initiator.handle_ack(&ack.bytes).unwrap()))
        } else {
            let auth = plain::auth(&own.public, &local.public, &mut entropy);
            session.handle_parcel(S, auth.tag, auth.bytes, &mut entropy, &mut out);
            out.transmits.pop().expect("an ack");
            None
        };
        let mut raw = Self { session, now: S, out, own, codec, events: Vec::new(), heard: Vec::new() };
        raw.collect();
        raw
    }

    /// The session has sent its Hello and awaits the remote's.
    pub(super) fn greeting(fidelity: Fidelity) -> Self {
        let mut raw = Self::authenticated(fidelity);
        raw.session.proceed(raw.now, &mut raw.out);
        raw.collect();
        raw
    }

    /// Live, with a remote of this base protocol version.
    pub(super) fn live(fidelity: Fidelity, version: u64) -> Self {
        let mut raw = Self::greeting(fidelity);
        let hello = raw.hello(version, raw.own.public);
        raw.say(0, &hello);
        raw.session.admit(raw.now, &mut raw.out);
        raw.collect();
        assert!(raw.session.is_live(), "{:?}", raw.events);
        raw
    }

    pub(super) fn hello(&self, version: u64, id: PublicKey) -> Bytes {
        let caps: Vec<_> = self.own.protocols.iter().map(|own| &own.cap).collect();
        hello::fields(version, b"raw", &caps, 0, id.as_bytes())
    }

    /// Says a message whose body is compressed, or not, exactly as given.
    pub(super) fn say(&mut self, code: u64, body: &[u8]) {
        let transmit = match &mut self.codec {
            Some(codec) => {
                let mut frame = BytesMut::new();
                codec.seal(code, body, &mut frame).unwrap();
                (0, frame.freeze())
            }
            None => (code | (body.len() as u64) << 40, Bytes::copy_from_slice(body)),
        };
        self.parcel(transmit.0, transmit.1);
    }

    pub(super) fn parcel(&mut self, tag: u64, bytes: Bytes) {
        self.session.handle_parcel(self.now, tag, bytes, &mut Draws(8), &mut self.out);
        self.collect();
    }

    /// Takes note of what the session said.
    pub(super) fn collect(&mut self) {
        self.events.extend(self.out.events.drain(..));
        for Transmit { tag, bytes, .. } in self.out.transmits.drain(..) {
            self.heard.push(match &mut self.codec {
                Some(codec) => {
                    let frame = codec.open(&mut BytesMut::from(&bytes[..])).unwrap().expect("a whole frame");
                    (frame.code, frame.payload)
                }
                None => (plain::split_tag(tag).0, bytes),
            });
        }
    }

    pub(super) fn closed(&self) -> Option<PeerError> {
        closed(&self.events)
    }

    /// The code and body that were heard last.
    pub(super) fn last_heard(&self) -> Option<(u64, &[u8])> {
        self.heard.last().map(|(code, body)| (*code, &body[..]))
    }
}
