//! The RLPx handshake (`rlpx.md`, "Initial Handshake"; EIP-8): the initiator's auth packet, the responder's ack
//! packet, and the secrets both derive from them. Packets come in whole; [`packet_len`] says how long they are. How a
//! packet is laid out is in `packet`.
//!
//! Each side draws its entropy in one piece of fixed size, so that a transport without cryptography can make the same
//! draw ([`padding_len`]) and send placeholders of the same size ([`auth_packet_len`], [`ack_packet_len`]).

use bytes::Bytes;
use sha3::{Digest, Keccak256};

pub use super::ecies::EciesError;
use crate::Entropy;
use crate::key::{PublicKey, SecretKey, keccak256};

mod packet;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod vectors;

use packet::{Ack, Auth, Draw};
pub use packet::{
    MAX_PACKET_SIZE, PLAIN_ACK_LEN, PLAIN_AUTH_LEN, ack_packet_len, auth_packet_len, packet_len, padding_len,
};

/// Why a handshake failed. All of it is the remote's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The announced size is larger than any packet.
    #[error("handshake packet of {size} bytes announced, limit {MAX_PACKET_SIZE}")]
    TooLarge {
        /// The size that was announced.
        size: usize,
    },
    /// The announced size is smaller than any packet.
    #[error("handshake packet of {size} bytes announced, too small for any")]
    TooSmall {
        /// The size that was announced.
        size: usize,
    },
    /// The packet is not as long as it says.
    #[error("handshake packet of {got} bytes, its size says {want}")]
    Length {
        /// Bytes it has.
        got: usize,
        /// Bytes it should have.
        want: usize,
    },
    /// It does not decrypt: sent to another key, or damaged.
    #[error("handshake packet does not decrypt: {0}")]
    Ecies(#[from] EciesError),
    /// It decrypts to something that is not the list it should be.
    #[error("malformed {packet} body: {cause}")]
    Body {
        /// `auth` or `ack`.
        packet: &'static str,
        /// What is wrong with it.
        cause: alloy_rlp::Error,
    },
    /// A key in the packet is not a point of the curve.
    #[error("{which} public key is not on the curve")]
    Key {
        /// Whose key.
        which: &'static str,
    },
    /// No key made the signature in the auth packet.
    #[error("auth signature has no public key")]
    Signature,
}

/// What the two sides share after the handshake, seen from one of them: what a `FrameCodec` is made of.
#[derive(Clone)]
pub struct Secrets {
    pub(super) aes: [u8; 32],
    pub(super) mac: [u8; 32],
    pub(super) egress: Keccak256,
    pub(super) ingress: Keccak256,
}

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// The side that dials, between its auth packet and the ack packet.
#[derive(Debug)]
pub struct Initiator {
    key: SecretKey,
    ephemeral: SecretKey,
    nonce: [u8; 32],
    auth: Bytes,
}

impl Initiator {
    /// Starts a handshake with the node `remote`; the packet is to be sent to it.
    pub fn new(key: &SecretKey, remote: PublicKey, entropy: &mut dyn Entropy) -> (Self, Bytes) {
        Self::from_draw(key, remote, &Draw::take(entropy))
    }

    fn from_draw(key: &SecretKey, remote: PublicKey, draw: &Draw) -> (Self, Bytes) {
        let ephemeral = draw.ephemeral();
        let shared = key.agree(&remote);
        let signature = ephemeral.sign(&xor(&shared, &draw.nonce));
        let auth = Auth { signature, public: key.public(), nonce: draw.nonce }.seal(&remote, draw);
        (Self { key: key.clone(), ephemeral, nonce: draw.nonce, auth: auth.clone() }, auth)
    }

    /// Ends the handshake with the whole ack packet, its size included.
    pub fn handle_ack(self, packet: &[u8]) -> Result<Secrets, HandshakeError> {
        let ack = Ack::open(&self.key, packet)?;
        let ecdhe = self.ephemeral.agree(&ack.ephemeral);
        let exchange = Exchange {
            initiator_nonce: &self.nonce,
            responder_nonce: &ack.nonce,
            auth: &self.auth,
            ack: packet,
        };
        Ok(exchange.of_initiator(&ecdhe))
    }
}

/// The side that is dialled.
#[derive(Debug)]
pub struct Responder;

impl Responder {
    /// Takes the whole auth packet, its size included. Returns who sent it, the secrets, and the ack packet to send.
    /// Entropy is drawn only once the packet has been understood.
    pub fn handle_auth(
        key: &SecretKey,
        packet: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<(PublicKey, Secrets, Bytes), HandshakeError> {
        let (auth, form) = Auth::open(key, packet)?;
        let remote_ephemeral = signer(key, &auth)?;
        let draw = Draw::take(entropy);
        let ephemeral = draw.ephemeral();
        let ack = Ack { ephemeral: ephemeral.public(), nonce: draw.nonce }.seal(&auth.public, &draw, form);
        let ecdhe = ephemeral.agree(&remote_ephemeral);
        let exchange =
            Exchange { initiator_nonce: &auth.nonce, responder_nonce: &draw.nonce, auth: packet, ack: &ack };
        Ok((auth.public, exchange.of_responder(&ecdhe), ack))
    }
}

/// The ephemeral key that signed an auth packet.
fn signer(key: &SecretKey, auth: &Auth) -> Result<PublicKey, HandshakeError> {
    let shared = key.agree(&auth.public);
    PublicKey::recover(&auth.signature, &xor(&shared, &auth.nonce)).ok_or(HandshakeError::Signature)
}

/// What went over the wire, from which both sides derive the same keys.
struct Exchange<'a> {
    initiator_nonce: &'a [u8; 32],
    responder_nonce: &'a [u8; 32],
    auth: &'a [u8],
    ack: &'a [u8],
}

impl Exchange<'_> {
    /// The secrets as the side that was dialled has them; `ecdhe` is what the two ephemeral keys agree on.
    fn of_responder(&self, ecdhe: &[u8; 32]) -> Secrets {
        let nonces = keccak256(&[self.responder_nonce, self.initiator_nonce]);
        let shared = keccak256(&[ecdhe, &nonces]);
        let aes = keccak256(&[ecdhe, &shared]);
        let mac = keccak256(&[ecdhe, &aes]);
        let running = |nonce, packet| Keccak256::new().chain_update(xor(&mac, nonce)).chain_update(packet);
        Secrets {
            aes,
            mac,
            egress: running(self.initiator_nonce, self.ack),
            ingress: running(self.responder_nonce, self.auth),
        }
    }

    /// The secrets as the side that dialled has them: the same with the directions swapped.
    fn of_initiator(&self, ecdhe: &[u8; 32]) -> Secrets {
        let Secrets { aes, mac, egress, ingress } = self.of_responder(ecdhe);
        Secrets { aes, mac, egress: ingress, ingress: egress }
    }
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    core::array::from_fn(|i| a[i] ^ b[i])
}
