//! ECIES as RLPx uses it (`rlpx.md`, "ECIES Encryption"): a message encrypted to a public key, with authenticated data
//! that travels outside of it. One message a key pair; nothing here knows what the message says.
//!
//! ```text
//! 0x04 || R (64) || iv (16) || AES-128-CTR(kE, iv, m) || HMAC-SHA-256(SHA-256(kM), iv || c || authenticated data)
//!   R = r * G, kE || kM = SHA-256(0x00000001 || x of r * K)
//! ```

use aes::Aes128Enc;
use bytes::BytesMut;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::key::{PublicKey, SecretKey};

/// Bytes a ciphertext is longer than its message: the point with its prefix, the iv, the tag.
pub(crate) const OVERHEAD: usize = POINT + IV + TAG;

const POINT: usize = 65;
const IV: usize = 16;
const TAG: usize = 32;

/// Why a ciphertext was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EciesError {
    /// Shorter than a ciphertext of an empty message.
    #[error("ciphertext of {len} bytes, need {OVERHEAD} or more")]
    TooShort {
        /// Its length.
        len: usize,
    },
    /// It does not begin with an uncompressed point of the curve.
    #[error("no public key at its start")]
    NoPoint,
    /// The tag is not the one the key and the data give.
    #[error("wrong authentication tag")]
    Tag,
}

/// Appends `message`, encrypted to `to`, to `out`. `ephemeral` and `iv` must be fresh.
pub(crate) fn seal(
    to: &PublicKey,
    ephemeral: &SecretKey,
    iv: &[u8; IV],
    message: &[u8],
    authenticated: &[u8],
    out: &mut BytesMut,
) {
    let keys = Keys::derive(&ephemeral.agree(to));
    out.extend_from_slice(&[4]);
    out.extend_from_slice(ephemeral.public().as_bytes());
    let body = out.len();
    out.extend_from_slice(iv);
    out.extend_from_slice(message);
    keys.cipher(iv).apply_keystream(&mut out[body + IV..]);
    let tag = keys.tag(&out[body..], authenticated).finalize().into_bytes();
    out.extend_from_slice(&tag);
}

/// The message inside `sealed`, if it was encrypted to `key`'s public key and `authenticated` is what it was.
pub(crate) fn open(key: &SecretKey, sealed: &[u8], authenticated: &[u8]) -> Result<Vec<u8>, EciesError> {
    let too_short = EciesError::TooShort { len: sealed.len() };
    let (point, rest) = sealed.split_first_chunk::<POINT>().ok_or(too_short)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(too_short)?;
    let (iv, encrypted) = body.split_first_chunk::<IV>().ok_or(too_short)?;

    if point[0] != 4 {
        return Err(EciesError::NoPoint);
    }
    let ephemeral = PublicKey::from_bytes(point.last_chunk().expect("65 bytes end in 64"))
        .map_err(|_| EciesError::NoPoint)?;
    let keys = Keys::derive(&key.agree(&ephemeral));
    keys.tag(body, authenticated).verify_slice(tag).map_err(|_| EciesError::Tag)?;
    let mut message = encrypted.to_vec();
    keys.cipher(iv).apply_keystream(&mut message);
    Ok(message)
}

/// What one shared secret gives: a key to encrypt with, a key to authenticate with.
struct Keys {
    encryption: [u8; 16],
    mac: [u8; 32],
}

impl Keys {
    /// NIST SP 800-56 concatenation KDF with SHA-256: 32 bytes are a single round.
    fn derive(shared: &[u8; 32]) -> Self {
        let derived: [u8; 32] =
            Sha256::new().chain_update(1u32.to_be_bytes()).chain_update(shared).finalize().into();
        let (encryption, mac) = derived.split_first_chunk().expect("16 of 32");
        Self { encryption: *encryption, mac: Sha256::digest(mac).into() }
    }

    fn cipher(&self, iv: &[u8; IV]) -> Ctr128BE<Aes128Enc> {
        Ctr128BE::new(&self.encryption.into(), &(*iv).into())
    }

    fn tag(&self, body: &[u8], authenticated: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).expect("HMAC takes keys of any length");
        mac.update(body);
        mac.update(authenticated);
        mac
    }
}
