//! The byte stream at wire fidelity: what has come and is not read yet, and the cryptography in force.
//!
//! Parcels may cut the stream anywhere. A parcel that finds nothing waiting is taken over as it is and
//! decrypted in place; only what arrives in pieces is copied together.

use bytes::{Buf, Bytes, BytesMut};

use super::outbox::Transmit;
use super::{BASE_MESSAGE_LIMIT, MESSAGE_LIMIT};
use crate::Entropy;
use crate::key::{PublicKey, SecretKey};
use crate::rlpx::handshake::{PLAIN_AUTH_LEN, packet_len};
use crate::rlpx::{Frame, FrameCodec, FrameError, HandshakeError, Initiator, Responder, Secrets};

/// An uncompressed point begins with it, and with a point an auth packet from before EIP-8.
const POINT: u8 = 0x04;

/// One stream and its cryptography.
pub(crate) struct Stream {
    inbound: BytesMut,
    crypt: Crypt,
}

/// Most streams are past their handshake most of the time, so the large variant is the one to size by.
#[allow(clippy::large_enum_variant)]
enum Crypt {
    Initiator(Box<Initiator>, PublicKey),
    Responder {
        /// What came cannot be an auth packet from before EIP-8.
        sized: bool,
    },
    Frames(FrameCodec),
    /// The handshake failed.
    Spent,
}

/// What a handshake packet led to: who the remote is, and what to send it.
pub(crate) struct Authenticated {
    pub(crate) remote: PublicKey,
    pub(crate) reply: Option<Transmit>,
}

impl Stream {
    /// The dialling side, and the auth packet.
    pub(crate) fn connect(key: &SecretKey, remote: PublicKey, entropy: &mut dyn Entropy) -> (Self, Transmit) {
        let (initiator, auth) = Initiator::new(key, remote, entropy);
        let crypt = Crypt::Initiator(Box::new(initiator), remote);
        (Self { inbound: BytesMut::new(), crypt }, parcel(auth))
    }

    pub(crate) fn accept() -> Self {
        Self { inbound: BytesMut::new(), crypt: Crypt::Responder { sized: false } }
    }

    /// Takes what came off the transport.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if self.inbound.is_empty() {
            self.inbound = bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        } else {
            self.inbound.extend_from_slice(&bytes);
        }
    }

    /// Bytes that came and were not read.
    pub(crate) fn unread(&self) -> usize {
        self.inbound.len()
    }

    /// Reads the remote's handshake packet as soon as all of it is there.
    pub(crate) fn poll_handshake(
        &mut self,
        key: &SecretKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<Authenticated>, HandshakeError> {
        if let Some(authenticated) = self.poll_plain_auth(key, entropy) {
            return Ok(Some(authenticated));
        }
        let len = match packet_len(&self.inbound)? {
            Some(len) if len <= self.inbound.len() => len,
            _ => return Ok(None),
        };
        let packet = self.inbound.split_to(len);
        match std::mem::replace(&mut self.crypt, Crypt::Spent) {
            Crypt::Initiator(initiator, remote) => {
                self.start_frames(initiator.handle_ack(&packet)?);
                Ok(Some(Authenticated { remote, reply: None }))
            }
            Crypt::Responder { .. } => {
                let (remote, secrets, ack) = Responder::handle_auth(key, &packet, entropy)?;
                self.start_frames(secrets);
                Ok(Some(Authenticated { remote, reply: Some(parcel(ack)) }))
            }
            Crypt::Frames(_) | Crypt::Spent => unreachable!("a session polls one handshake, until it fails"),
        }
    }

    /// Reads an auth packet from before EIP-8. It does not say how long it is, and its first two bytes may as well be
    /// the size of a packet that does: which of the two it is shows when as much has come as it would have, by whether
    /// that decrypts. Tried once, for it costs a key agreement.
    fn poll_plain_auth(&mut self, key: &SecretKey, entropy: &mut dyn Entropy) -> Option<Authenticated> {
        let Crypt::Responder { sized: sized @ false } = &mut self.crypt else { return None };
        let packet = self.inbound.get(..PLAIN_AUTH_LEN)?;
        *sized = true;
        if packet[0] != POINT {
            return None;
        }
        let (remote, secrets, ack) = Responder::handle_auth(key, packet, entropy).ok()?;
        self.inbound.advance(PLAIN_AUTH_LEN);
        self.start_frames(secrets);
        Some(Authenticated { remote, reply: Some(parcel(ack)) })
    }

    fn start_frames(&mut self, secrets: Secrets) {
        let mut codec = FrameCodec::new(secrets);
        // Until the Hello is in: its payload, and the one byte of its code.
        codec.set_limit(BASE_MESSAGE_LIMIT + 1);
        self.crypt = Crypt::Frames(codec);
    }

    /// The Hello is in: from now on messages may be as large as frames can carry.
    pub(crate) fn lift_limit(&mut self) {
        if let Crypt::Frames(codec) = &mut self.crypt {
            codec.set_limit(MESSAGE_LIMIT);
        }
    }

    /// The next message, as soon as all of its frame is there.
    pub(crate) fn poll_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Crypt::Frames(codec) = &mut self.crypt else { return Ok(None) };
        let frame = codec.open(&mut self.inbound)?;
        if self.inbound.is_empty() {
            // What is left of a parcel read to its end must not keep its memory alive.
            self.inbound = BytesMut::new();
        }
        Ok(frame)
    }

    /// The frame of a message; none before there are keys.
    pub(crate) fn seal(&mut self, code: u64, body: &[u8]) -> Result<Option<Transmit>, FrameError> {
        let Crypt::Frames(codec) = &mut self.crypt else { return Ok(None) };
        let mut out = BytesMut::with_capacity(crate::rlpx::frame_len(code, body.len()));
        codec.seal(code, body, &mut out)?;
        Ok(Some(parcel(out.freeze())))
    }
}

fn parcel(bytes: Bytes) -> Transmit {
    let wire_len = u32::try_from(bytes.len()).expect("a frame is at most 16 MiB");
    Transmit { tag: 0, bytes, wire_len }
}
