//! Keys and identities of nodes: secp256k1 secret and public keys, and the 32-byte node id that is the Keccak-256
//! hash of a public key (devp2p "Node Identity", `rlpx.md`). The curve arithmetic itself is in `context`; nothing
//! here draws entropy, the caller hands it in.

use core::fmt;
use core::str::FromStr;

use sha3::{Digest, Keccak256};

use crate::Entropy;

pub use agreement::{Agreements, share_agreements};

mod agreement;
mod context;
#[cfg(test)]
pub(crate) mod tests;

/// Why a text or a byte string is not a key or an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text has another number of hex digits than the thing needs.
    #[error("invalid length, need {need} bits, got {got}")]
    Length {
        /// Bits the thing has.
        need: usize,
        /// Bits the text has, four a digit.
        got: usize,
    },
    /// A character that is not a hex digit; positions count the characters of the text from 0.
    #[error("not hex at position {position}: {found:?}")]
    NotHex {
        /// Where in the text.
        position: usize,
        /// What stands there.
        found: char,
    },
    /// The number is no private key of secp256k1.
    #[error("invalid private key, zero or not below the group order")]
    Scalar,
    /// The bytes are not the coordinates of a point of secp256k1.
    #[error("not a point on the curve")]
    Point,
    /// A node id of another length (go-ethereum's `enode.ParseID` has the same text).
    #[error("wrong length, want 64 hex chars")]
    IdLength,
}

/// The private key of a node or of one session, with its public key beside it: deriving the latter costs 20 us and
/// each handshake sends it.
#[derive(Clone)]
pub struct SecretKey {
    scalar: secp256k1::SecretKey,
    public: PublicKey,
}

impl SecretKey {
    /// A key from its 32 big-endian bytes; fails if they are zero or not below the group order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let scalar = secp256k1::SecretKey::from_secret_bytes(*bytes).map_err(|_| KeyError::Scalar)?;
        Ok(Self { public: PublicKey(context::public_key(&scalar)), scalar })
    }

    /// A key from 64 hex digits, with or without `0x`.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode_hex(text)?)
    }

    /// A key from 32 bytes of the caller's entropy.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self::from_entropy(bytes)
    }

    /// A key from 32 bytes already drawn. The one value in 2^128 that is no key is hashed until it is one, so that the
    /// number of bytes drawn never depends on their value.
    pub(crate) fn from_entropy(mut bytes: [u8; 32]) -> Self {
        loop {
            match Self::from_bytes(&bytes) {
                Ok(key) => return key,
                Err(_) => bytes = keccak256(&[&bytes]),
            }
        }
    }

    /// The 32 big-endian bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.scalar.to_secret_bytes()
    }

    /// The key as 64 lower-case hex digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.to_bytes())
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The node id that belongs to it.
    pub fn id(&self) -> NodeId {
        self.public.id()
    }

    /// The x coordinate of the point both sides of a Diffie-Hellman exchange arrive at.
    pub(crate) fn agree(&self, remote: &PublicKey) -> [u8; 32] {
        agreement::once(&self.public, remote, || {
            context::shared_x(&self.scalar, &remote.0).expect("a PublicKey is a point")
        })
    }

    /// Signs a 32-byte digest, deterministically (RFC 6979): `r || s || recovery id`.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        context::sign(&self.scalar, digest)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A point of the curve: x and y, 32 big-endian bytes each, without the `0x04` that SEC 1 puts before them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 64]);

impl PublicKey {
    /// A key from its 64 bytes; fails if they are not on the curve.
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, KeyError> {
        if context::is_point(bytes) { Ok(Self(*bytes)) } else { Err(KeyError::Point) }
    }

    /// A key from SEC 1's compressed form (33 bytes), as node records carry it.
    pub fn from_compressed(bytes: &[u8; 33]) -> Result<Self, KeyError> {
        context::decompress(bytes).map(Self).ok_or(KeyError::Point)
    }

    /// The key in SEC 1's compressed form.
    pub fn to_compressed(&self) -> [u8; 33] {
        let mut out = [0; 33];
        out[0] = 2 + (self.0[63] & 1);
        out[1..].copy_from_slice(&self.0[..32]);
        out
    }

    /// The 64 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The node id that belongs to it.
    pub fn id(&self) -> NodeId {
        NodeId(keccak256(&[&self.0]))
    }

    /// The key that made `signature` (`r || s || recovery id`) over `digest`; none if there is no such key.
    pub(crate) fn recover(signature: &[u8; 65], digest: &[u8; 32]) -> Option<Self> {
        context::recover(signature, digest).map(Self)
    }

    /// Whether this key made `signature` (`r || s`, s in the lower half of the group) over `digest`.
    pub(crate) fn verify(&self, signature: &[u8], digest: &[u8; 32]) -> bool {
        context::verify(&self.0, signature, digest)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}..)", hex::encode(&self.0[..8]))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// 128 hex digits, with or without `0x`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode_hex(text)?)
    }
}

/// The identity of a node: the Keccak-256 hash of its public key. Its text form is 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId([u8; 32]);

impl NodeId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 8 bytes in hex, the form geth's logs use.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({})", self.short())
    }
}

impl FromStr for NodeId {
    type Err = KeyError;

    /// 64 hex digits, with or without `0x`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        match decode_hex(text) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(KeyError::Length { .. }) => Err(KeyError::IdLength),
            Err(other) => Err(other),
        }
    }
}

/// Keccak-256 (the original padding, not SHA-3's) of the parts one after the other.
pub(crate) fn keccak256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Exactly `N` bytes from hex digits of either case, `0x` allowed before them.
fn decode_hex<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let (skipped, digits) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(rest) => (2, rest),
        None => (0, text),
    };
    let count = digits.chars().count();
    if count != 2 * N {
        return Err(KeyError::Length { need: 8 * N, got: 4 * count });
    }
    let mut out = [0; N];
    for (i, found) in digits.chars().enumerate() {
        let value = found.to_digit(16).ok_or(KeyError::NotHex { position: skipped + i, found })?;
        out[i / 2] = out[i / 2] << 4 | u8::try_from(value).expect("a hex digit is below 16");
    }
    Ok(out)
}
