//! The curve: every call into libsecp256k1 goes through here. It knows bytes and scalars; what they mean is
//! [`super`]'s business.
//!
//! # Why there is unsafe code
//!
//! The safe interface of secp256k1 0.33 multiplies the generator with one context for the whole process and
//! re-randomises it after each use, which doubles the cost of a key (46 us against 20) and of a signature (61 against
//! 27). A context of one's own, one a thread and never randomised, avoids that. What it gives up is blinding against
//! an attacker who measures the power or the timing of this very machine; the results are the same, bit for bit.
//! The two functions that need such a context are called through the C interface, under these rules:
//!
//! * the context is created once, is not written to after that, stays on its thread, and is destroyed with it;
//! * every pointer handed over is made from a reference to an array of the size the C function reads or writes;
//! * scalars are of the type whose constructor has checked their range, and return codes are checked.
//!
//! Everything else is the safe interface, which uses a static context there and has no such cost.
#![allow(unsafe_code)]

use core::ptr::{self, NonNull};

use secp256k1::ecdsa::{self, RecoverableSignature, RecoveryId};
use secp256k1::ffi::{self, CPtr};
use secp256k1::{Message, PublicKey, SecretKey, ecdh};

thread_local! {
    static OWN: Context = Context::new();
}

/// An owned libsecp256k1 context, good for all functions.
struct Context(NonNull<ffi::Context>);

impl Context {
    fn new() -> Self {
        // SAFETY: START_NONE is a valid flag; the returned context is owned by this value alone.
        Self(unsafe { ffi::secp256k1_context_create(ffi::SECP256K1_START_NONE) })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: it came from `secp256k1_context_create` and nothing else refers to it.
        unsafe { ffi::secp256k1_context_destroy(self.0) }
    }
}

/// The point `scalar * G`, x and y.
pub(super) fn public_key(scalar: &SecretKey) -> [u8; 64] {
    let point = OWN.with(|own| {
        // SAFETY: an all-zero key is allowed as an out-pointer, and it is used only if the call says 1; the context is
        // alive for the whole call and `as_c_ptr` points to the 32 bytes of a checked scalar.
        unsafe {
            let mut point = ffi::PublicKey::new();
            let done = ffi::secp256k1_ec_pubkey_create(own.0.as_ptr(), &mut point, scalar.as_c_ptr());
            assert_eq!(done, 1, "a scalar in range has a public key");
            point
        }
    });
    bare(&PublicKey::from(point))
}

/// An RFC 6979 signature with s in the lower half of the group: `r || s || recovery id`.
pub(super) fn sign(scalar: &SecretKey, digest: &[u8; 32]) -> [u8; 65] {
    let signature = OWN.with(|own| {
        let mut signature = ffi::recovery::RecoverableSignature::new();
        // SAFETY: the digest is 32 bytes and the scalar checked; the nonce function is the library's own and ignores the
        // null data; the signature is used only if the call says 1.
        let done = unsafe {
            ffi::recovery::secp256k1_ecdsa_sign_recoverable(
                own.0.as_ptr(),
                &mut signature,
                digest.as_ptr(),
                scalar.as_c_ptr(),
                ffi::secp256k1_nonce_function_rfc6979,
                ptr::null(),
            )
        };
        assert_eq!(done, 1, "a scalar in range signs every digest");
        RecoverableSignature::from(signature)
    });
    let (recovery, compact) = signature.serialize_compact();
    let mut out = [0; 65];
    out[..64].copy_from_slice(&compact);
    out[64] = recovery.to_u8();
    out
}

/// The key behind a signature made by [`sign`].
pub(super) fn recover(signature: &[u8; 65], digest: &[u8; 32]) -> Option<[u8; 64]> {
    let recovery = RecoveryId::try_from(i32::from(signature[64])).ok()?;
    let signature = RecoverableSignature::from_compact(&signature[..64], recovery).ok()?;
    signature.recover(Message::from_digest(*digest)).ok().map(|key| bare(&key))
}

/// Whether `signature` (`r || s`) is `point`'s over `digest`.
pub(super) fn verify(point: &[u8; 64], signature: &[u8], digest: &[u8; 32]) -> bool {
    let (Some(point), Ok(signature)) = (parse(point), ecdsa::Signature::from_compact(signature)) else {
        return false;
    };
    ecdsa::verify(&signature, Message::from_digest(*digest), &point).is_ok()
}

/// The x coordinate of `scalar * point`; none if `point` is not on the curve.
pub(super) fn shared_x(scalar: &SecretKey, point: &[u8; 64]) -> Option<[u8; 32]> {
    let shared = ecdh::shared_secret_point(&parse(point)?, scalar);
    Some(*shared.first_chunk().expect("a point is 64 bytes"))
}

/// Whether these are the coordinates of a point on the curve.
pub(super) fn is_point(bytes: &[u8; 64]) -> bool {
    parse(bytes).is_some()
}

/// Both coordinates of a point in compressed form.
pub(super) fn decompress(bytes: &[u8; 33]) -> Option<[u8; 64]> {
    PublicKey::from_byte_array_compressed(*bytes).ok().map(|key| bare(&key))
}

fn parse(bytes: &[u8; 64]) -> Option<PublicKey> {
    let mut sec1 = [4; 65];
    sec1[1..].copy_from_slice(bytes);
    PublicKey::from_byte_array_uncompressed(sec1).ok()
}

fn bare(key: &PublicKey) -> [u8; 64] {
    *key.serialize_uncompressed().last_chunk().expect("65 bytes end in 64")
}
