//! The two packets of the handshake: how long they are, how they are laid out, how they are encrypted. What is done
//! with their contents is [`super`]'s business.
//!
//! Packets are written as EIP-8 has them (`size || ecies(list(..) || padding)`) and read as it demands: any version,
//! further list elements and trailing bytes are ignored. The fixed-size packets from before EIP-8 are read too, and such
//! an auth is answered in kind.

use alloy_rlp::{Decodable, Encodable, Header};
use bytes::{Bytes, BytesMut};

use super::HandshakeError;
use crate::Entropy;
use crate::key::{PublicKey, SecretKey};
use crate::rlpx::ecies;

/// The largest size an auth or ack packet may announce, the limit geth has.
pub const MAX_PACKET_SIZE: usize = 2048;
/// Length of an auth packet from before EIP-8: signature, hash of the ephemeral key, key, nonce, flag.
pub const PLAIN_AUTH_LEN: usize = ecies::OVERHEAD + 65 + 32 + 64 + 32 + 1;
/// Length of an ack packet from before EIP-8: ephemeral key, nonce, flag.
pub const PLAIN_ACK_LEN: usize = ecies::OVERHEAD + 64 + 32 + 1;

const VERSION: u8 = 4;
const PREFIX: usize = 2;
const MIN_PADDING: usize = 100;
const PADDINGS: u32 = 100;

/// Lengths of the RLP lists with the headers of each element: signature, key, nonce, version; key, nonce, version.
const AUTH_BODY_LEN: usize = 2 + (2 + 65) + (2 + 64) + (1 + 32) + 1;
const ACK_BODY_LEN: usize = 2 + (2 + 64) + (1 + 32) + 1;

/// How long the packet is that starts with these bytes, its two bytes of size included. `None` until both are there.
///
/// A packet from before EIP-8 has no size and begins with `0x04`, which reads as a size of 1024 or more: whether it is
/// one shows when [`PLAIN_AUTH_LEN`] bytes have come, by whether they decrypt.
pub fn packet_len(prefix: &[u8]) -> Result<Option<usize>, HandshakeError> {
    let Some(size) = prefix.first_chunk::<PREFIX>() else { return Ok(None) };
    match usize::from(u16::from_be_bytes(*size)) {
        size if size > MAX_PACKET_SIZE => Err(HandshakeError::TooLarge { size }),
        size if size < ecies::OVERHEAD => Err(HandshakeError::TooSmall { size }),
        size => Ok(Some(PREFIX + size)),
    }
}

/// Makes the draw of one side of a handshake and keeps only how much padding its packet gets: 100 to 199 bytes.
pub fn padding_len(entropy: &mut dyn Entropy) -> usize {
    Draw::take(entropy).padding
}

/// Bytes on the wire of an auth packet with so much padding.
pub const fn auth_packet_len(padding: usize) -> usize {
    PREFIX + ecies::OVERHEAD + AUTH_BODY_LEN + padding
}

/// Bytes on the wire of an ack packet with so much padding.
pub const fn ack_packet_len(padding: usize) -> usize {
    PREFIX + ecies::OVERHEAD + ACK_BODY_LEN + padding
}

/// All the entropy one side of a handshake needs.
pub(super) struct Draw {
    pub(super) padding: usize,
    pub(super) ephemeral: [u8; 32],
    pub(super) nonce: [u8; 32],
    pub(super) ecies_key: [u8; 32],
    pub(super) ecies_iv: [u8; 16],
}

impl Draw {
    pub(super) fn take(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = [0; 4 + 3 * 32 + 16];
        entropy.fill(&mut bytes);
        let mut rest = &bytes[..];
        let padding = u32::from_be_bytes(take(&mut rest)) % PADDINGS;
        Self {
            padding: MIN_PADDING + usize::try_from(padding).expect("below 100"),
            ephemeral: take(&mut rest),
            nonce: take(&mut rest),
            ecies_key: take(&mut rest),
            ecies_iv: take(&mut rest),
        }
    }

    pub(super) fn ephemeral(&self) -> SecretKey {
        SecretKey::from_entropy(self.ephemeral)
    }

    /// `size || ecies(list || padding)`, the size authenticated.
    pub(super) fn seal_eip8(&self, to: &PublicKey, list: &[u8]) -> Bytes {
        let mut message = list.to_vec();
        message.resize(list.len() + self.padding, 0);
        let size = u16::try_from(ecies::OVERHEAD + message.len()).expect("a few hundred bytes").to_be_bytes();
        let mut packet = BytesMut::with_capacity(PREFIX + ecies::OVERHEAD + message.len());
        packet.extend_from_slice(&size);
        self.seal(to, &message, &size, &mut packet);
        packet.freeze()
    }

    fn seal(&self, to: &PublicKey, message: &[u8], authenticated: &[u8], packet: &mut BytesMut) {
        let key = SecretKey::from_entropy(self.ecies_key);
        ecies::seal(to, &key, &self.ecies_iv, message, authenticated, packet);
    }
}

/// Which of the two layouts a packet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Fixed size, fields at fixed places, from before EIP-8.
    Plain,
    /// Sized, padded, an RLP list.
    Eip8,
}

/// What the initiator says.
#[derive(Debug)]
pub(super) struct Auth {
    /// Over the static shared secret xor the nonce, by the ephemeral key, which is recovered from it.
    pub(super) signature: [u8; 65],
    pub(super) public: PublicKey,
    pub(super) nonce: [u8; 32],
}

impl Auth {
    pub(super) fn seal(&self, to: &PublicKey, draw: &Draw) -> Bytes {
        let fields: [&[u8]; 3] = [&self.signature, self.public.as_bytes(), &self.nonce];
        draw.seal_eip8(to, &encode_list(&fields))
    }

    pub(super) fn open(key: &SecretKey, packet: &[u8]) -> Result<(Self, Form), HandshakeError> {
        let (body, form) = open(key, packet, PLAIN_AUTH_LEN)?;
        let (signature, public, nonce) = match form {
            Form::Plain => {
                let mut rest = &body[..];
                let signature = take(&mut rest);
                let _hash_of_the_ephemeral_key: [u8; 32] = take(&mut rest);
                (signature, take(&mut rest), take(&mut rest))
            }
            Form::Eip8 => decode_list(&body, |fields| Ok((field(fields)?, field(fields)?, field(fields)?)))
                .map_err(|cause| HandshakeError::Body { packet: "auth", cause })?,
        };
        let public =
            PublicKey::from_bytes(&public).map_err(|_| HandshakeError::Key { which: "initiator's" })?;
        Ok((Self { signature, public, nonce }, form))
    }
}

/// What the responder answers.
#[derive(Debug)]
pub(super) struct Ack {
    pub(super) ephemeral: PublicKey,
    pub(super) nonce: [u8; 32],
}

impl Ack {
    pub(super) fn seal(&self, to: &PublicKey, draw: &Draw, form: Form) -> Bytes {
        let fields: [&[u8]; 2] = [self.ephemeral.as_bytes(), &self.nonce];
        match form {
            Form::Eip8 => draw.seal_eip8(to, &encode_list(&fields)),
            Form::Plain => {
                let mut packet = BytesMut::with_capacity(PLAIN_ACK_LEN);
                let no_token = [0];
                draw.seal(to, &[fields[0], fields[1], &no_token].concat(), &[], &mut packet);
                packet.freeze()
            }
        }
    }

    pub(super) fn open(key: &SecretKey, packet: &[u8]) -> Result<Self, HandshakeError> {
        let (body, form) = open(key, packet, PLAIN_ACK_LEN)?;
        let (ephemeral, nonce) = match form {
            Form::Plain => {
                let mut rest = &body[..];
                (take(&mut rest), take(&mut rest))
            }
            Form::Eip8 => decode_list(&body, |fields| Ok((field(fields)?, field(fields)?)))
                .map_err(|cause| HandshakeError::Body { packet: "ack", cause })?,
        };
        let ephemeral = PublicKey::from_bytes(&ephemeral)
            .map_err(|_| HandshakeError::Key { which: "responder's ephemeral" })?;
        Ok(Self { ephemeral, nonce })
    }
}

/// Decrypts a whole packet of either form. A plain one begins with the `0x04` of a point; a sized one of that length
/// would begin with `0x01` or `0x00`, so the two cannot be mistaken for each other.
fn open(key: &SecretKey, packet: &[u8], plain_len: usize) -> Result<(Vec<u8>, Form), HandshakeError> {
    if packet.len() == plain_len && packet[0] == 4 {
        return Ok((ecies::open(key, packet, &[])?, Form::Plain));
    }
    let want = packet_len(packet)?.unwrap_or(PREFIX);
    if packet.len() != want || want == PREFIX {
        return Err(HandshakeError::Length { got: packet.len(), want });
    }
    let (size, sealed) = packet.split_at(PREFIX);
    Ok((ecies::open(key, sealed, size)?, Form::Eip8))
}

/// The list of an EIP-8 body: the fields, then the version.
fn encode_list(fields: &[&[u8]]) -> Vec<u8> {
    let payload_length = fields.iter().map(|field| field.length()).sum::<usize>() + VERSION.length();
    let header = Header { list: true, payload_length };
    let mut out = Vec::with_capacity(header.length() + payload_length);
    header.encode(&mut out);
    for field in fields {
        field.encode(&mut out);
    }
    VERSION.encode(&mut out);
    out
}

/// Reads the first fields of a list with `read` and then a version of any value; whatever else is in the list or after
/// it is not looked at.
fn decode_list<T>(
    mut body: &[u8],
    read: impl FnOnce(&mut &[u8]) -> alloy_rlp::Result<T>,
) -> alloy_rlp::Result<T> {
    let mut fields = Header::decode_bytes(&mut body, true)?;
    let read = read(&mut fields)?;
    u64::decode(&mut fields)?;
    Ok(read)
}

/// A string of exactly `N` bytes.
fn field<const N: usize>(fields: &mut &[u8]) -> alloy_rlp::Result<[u8; N]> {
    let bytes = Header::decode_bytes(fields, false)?;
    bytes.try_into().map_err(|_| alloy_rlp::Error::UnexpectedLength)
}

/// The next `N` bytes of something whose length is known to suffice.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, tail) = rest.split_first_chunk().expect("the length is fixed");
    *rest = tail;
    *head
}
