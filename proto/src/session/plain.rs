//! Parcels at message fidelity: no cryptography, the same round trips and the same sizes.
//!
//! The packets of the handshake are placeholders. They carry the keys that the real ones would prove, make
//! the same draw of entropy and say the size of the EIP-8 packet with that padding. A message crosses as
//! its uncompressed payload, shared and never copied; its tag holds its code and its compressed length.

use bytes::{Bytes, BytesMut};

use super::MESSAGE_LIMIT;
use super::mux::MAX_CODE;
use super::outbox::Transmit;
use super::payload::Payload;
use crate::Entropy;
use crate::key::PublicKey;
use crate::rlpx::handshake::{self, EciesError};
use crate::rlpx::{HandshakeError, frame_len};

/// A tag has the code of a message below, its compressed length (0 without compression) above.
const CODE_BITS: u32 = 40;
const _: () = assert!(MAX_CODE >> CODE_BITS == 0 && MESSAGE_LIMIT >> (64 - CODE_BITS) == 0);

/// Tags that no message has.
const AUTH: u64 = u64::MAX;
const ACK: u64 = u64::MAX - 1;

/// A parcel that the handshake does not expect.
#[derive(Debug, thiserror::Error)]
#[error("no {want} packet: tag {tag:#x}, {len} bytes")]
struct Stray {
    want: &'static str,
    tag: u64,
    len: usize,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The initiator's packet: who dials, and whom.
pub(crate) fn auth(own: &PublicKey, dialled: &PublicKey, entropy: &mut dyn Entropy) -> Transmit {
    let wire_len = handshake::auth_packet_len(handshake::padding_len(entropy)) as u32;
    let mut bytes = BytesMut::with_capacity(128);
    bytes.extend_from_slice(own.as_bytes());
    bytes.extend_from_slice(dialled.as_bytes());
    Transmit { tag: AUTH, bytes: bytes.freeze(), wire_len }
}

/// The responder's side: who dials, and the packet for it.
pub(crate) fn handle_auth(
    own: &PublicKey,
    tag: u64,
    bytes: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(PublicKey, Transmit), Failure> {
    let (AUTH, 128) = (tag, bytes.len()) else {
        return Err(Stray { want: "auth", tag, len: bytes.len() }.into());
    };
    let (remote, dialled) = bytes.split_first_chunk::<64>().expect("128 bytes");
    if dialled != own.as_bytes() {
        return Err(wrong_key());
    }
    let remote = PublicKey::from_bytes(remote)?;
    let wire_len = handshake::ack_packet_len(handshake::padding_len(entropy)) as u32;
    Ok((remote, Transmit { tag: ACK, bytes: Bytes::copy_from_slice(own.as_bytes()), wire_len }))
}

/// The initiator's side again: is it the node that was dialled?
pub(crate) fn handle_ack(dialled: &PublicKey, tag: u64, bytes: &[u8]) -> Result<(), Failure> {
    if tag != ACK {
        return Err(Stray { want: "ack", tag, len: bytes.len() }.into());
    }
    if bytes == dialled.as_bytes() { Ok(()) } else { Err(wrong_key()) }
}

/// What a packet encrypted to another key comes to.
fn wrong_key() -> Failure {
    HandshakeError::Ecies(EciesError::Tag).into()
}

/// A message, no longer than a frame can carry. `snappy` says whether the wire would carry it compressed.
pub(crate) fn message(code: u64, payload: Payload, snappy: bool) -> Transmit {
    let snappy_len = if snappy { payload.snappy_len() } else { 0 };
    let body = if snappy { snappy_len as usize } else { payload.len() };
    let tag = code | u64::from(snappy_len) << CODE_BITS;
    Transmit { tag, bytes: payload.into_bytes(), wire_len: frame_len(code, body) as u32 }
}

/// The code and the compressed length in a message's tag.
pub(crate) fn split_tag(tag: u64) -> (u64, u32) {
    (tag & ((1 << CODE_BITS) - 1), (tag >> CODE_BITS) as u32)
}
