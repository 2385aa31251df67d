//! Compression of message payloads: snappy's block format, as every session does from base protocol version 5 on
//! (EIP-706). Which messages are compressed is the session's business.

use core::cell::RefCell;

use bytes::Bytes;
use snap::raw::{self, Decoder, Encoder};

#[cfg(test)]
mod tests;

/// The largest payload after decompression, 16 MiB - 1 (EIP-706).
pub const MAX_PAYLOAD: usize = (1 << 24) - 1;

/// Payloads up to this size are compressed into memory that is kept, larger ones into memory of their own.
const SCRATCH: usize = 64 << 10;

/// Why a payload was not decompressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnappyError {
    /// It declares more bytes than are accepted; found before anything is allocated.
    #[error("message length >= 16MB: {declared} bytes after decompression, limit {limit}")]
    TooLarge {
        /// The declared length.
        declared: usize,
        /// The limit.
        limit: usize,
    },
    /// It is not snappy's block format.
    #[error("snappy: {0}")]
    Corrupt(#[from] snap::Error),
    /// It declares more bytes than any compression of its length can hold.
    #[error("snappy: {declared} bytes cannot be in {compressed}")]
    Impossible {
        /// The declared length.
        declared: usize,
        /// The length it has.
        compressed: usize,
    },
}

/// An encoder has tables of up to 32 KiB: one a thread, not one a session.
struct Shared {
    encoder: Encoder,
    scratch: Vec<u8>,
}

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::new(Shared { encoder: Encoder::new(), scratch: Vec::new() });
}

/// The payload in snappy's block format.
pub fn compress(payload: &[u8]) -> Bytes {
    with_compressed(payload, Bytes::copy_from_slice)
}

/// How many bytes [`compress`] would give.
pub fn compressed_len(payload: &[u8]) -> usize {
    with_compressed(payload, <[u8]>::len)
}

/// The payload that `compressed` holds, of at most `limit` bytes.
pub fn decompress(compressed: &[u8], limit: usize) -> Result<Bytes, SnappyError> {
    let declared = raw::decompress_len(compressed)?;
    if declared > limit {
        return Err(SnappyError::TooLarge { declared, limit });
    }
    // The densest element is a copy: three bytes for 64. A few bytes must not make us allocate megabytes.
    if declared > compressed.len().saturating_mul(22) {
        return Err(SnappyError::Impossible { declared, compressed: compressed.len() });
    }
    let mut payload = vec![0; declared];
    Decoder::new().decompress(compressed, &mut payload)?;
    Ok(payload.into())
}

fn with_compressed<T>(payload: &[u8], then: impl FnOnce(&[u8]) -> T) -> T {
    SHARED.with_borrow_mut(|Shared { encoder, scratch }| {
        let room = raw::max_compress_len(payload.len());
        let mut own = Vec::new();
        let out = if payload.len() <= SCRATCH { scratch } else { &mut own };
        if out.len() < room {
            out.resize(room, 0);
        }
        let len = encoder.compress(payload, out).expect("the payload is below 4 GiB and there is room");
        then(&out[..len])
    })
}
