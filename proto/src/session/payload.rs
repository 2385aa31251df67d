//! The payload of a message, encoded once and shared by all who send it.
//!
//! Its compressed form, and the length of it, are made when first asked for and kept. Received payloads
//! bring theirs along, so that passing a message on costs no compression. What it says is not known here.

use std::cell::{Cell, OnceCell};
use std::fmt;

use bytes::Bytes;

use super::peer_error::PeerError;
use crate::rlpx::snappy;

/// An encoded message payload. Cheap to clone; what is known of the compressed form goes with the clone.
#[derive(Clone)]
pub struct Payload {
    bytes: Bytes,
    /// Length of the compressed form; 0 where it is not known, for no form is that short.
    snappy_len: Cell<u32>,
    compressed: OnceCell<Bytes>,
}

impl Payload {
    /// A payload of bytes as they stand.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, snappy_len: Cell::new(0), compressed: OnceCell::new() }
    }

    /// The RLP of a value.
    pub fn encode(value: &impl alloy_rlp::Encodable) -> Self {
        let mut out = bytes::BytesMut::with_capacity(value.length());
        value.encode(&mut out);
        Self::new(out.freeze())
    }

    /// A payload whose compressed length is known already.
    pub(crate) fn with_snappy_len(bytes: Bytes, snappy_len: u32) -> Self {
        Self { bytes, snappy_len: Cell::new(snappy_len), compressed: OnceCell::new() }
    }

    /// A payload that came compressed.
    pub(crate) fn with_compressed(bytes: Bytes, compressed: Bytes) -> Self {
        // A sender may stuff the form with empty elements; what no honest encoder makes is not passed on.
        if compressed.len() > snap::raw::max_compress_len(bytes.len()) {
            return Self::new(bytes);
        }
        let payload = Self::with_snappy_len(bytes, compressed.len() as u32);
        payload.compressed.set(compressed).expect("just made");
        payload
    }

    /// The payload as its protocol reads it.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The same, and nothing else of it.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The value whose RLP it begins with; what follows is ignored, as in geth. `code` is for the error.
    ///
    /// # Errors
    /// An invalid message, the remote's breach of protocol.
    pub fn decode<T: alloy_rlp::Decodable>(&self, code: u64) -> Result<T, PeerError> {
        T::decode(&mut &self.bytes[..]).map_err(|cause| PeerError::invalid_message(code, self.len(), cause))
    }

    /// Bytes uncompressed.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// No bytes at all?
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes compressed.
    pub fn snappy_len(&self) -> u32 {
        if self.snappy_len.get() == 0 {
            self.snappy_len.set(match self.compressed.get() {
                Some(compressed) => compressed.len() as u32,
                None => snappy::compressed_len(&self.bytes) as u32,
            });
        }
        self.snappy_len.get()
    }

    /// The compressed form: snappy's block format.
    pub fn compressed(&self) -> Bytes {
        self.compressed.get_or_init(|| snappy::compress(&self.bytes)).clone()
    }
}

/// Payloads are equal if their bytes are.
impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({:?})", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_form_agree_whichever_is_asked_first() {
        for bytes in [vec![], vec![0xc0], vec![7; 5000], (0..=255).collect::<Vec<u8>>()] {
            let length_first = Payload::new(bytes.clone().into());
            let length = length_first.snappy_len();
            let form_first = Payload::new(bytes.into());
            assert_eq!(form_first.compressed().len(), length as usize);
            assert_eq!(form_first.snappy_len(), length);
            assert_eq!(length_first.compressed(), form_first.compressed());
        }
    }

    #[test]
    fn a_received_form_is_kept_unless_it_is_stuffed() {
        let plain = Bytes::from_static(&[1, 2, 3]);
        let honest = snappy::compress(&plain);
        let kept = Payload::with_compressed(plain.clone(), honest.clone());
        assert_eq!(kept.compressed().as_ptr(), honest.as_ptr());
        let stuffed = Bytes::from(vec![0; 10_000]);
        let made = Payload::with_compressed(plain, stuffed);
        assert_eq!(made.compressed(), honest);
        assert_eq!(made.snappy_len() as usize, honest.len());
    }

    #[test]
    fn values_are_encoded_as_rlp_and_decoded_or_blamed() {
        let payload = Payload::encode(&1024u64);
        assert_eq!(payload.bytes().as_ref(), [0x82, 0x04, 0x00]);
        assert_eq!(payload.decode::<u64>(0), Ok(1024));
        let expect = "PeerError(code=invalid message, reason=breach of protocol, err=overflow, \
                      message=(code 1f) (size 3))";
        assert_eq!(payload.decode::<u8>(31).unwrap_err().to_string(), expect);
    }
}
