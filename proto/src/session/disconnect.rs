//! The payload of the Disconnect message.
//!
//! It is written as `rlpx.md` asks, `[reason]`, and read as the network sends it: a list of one, a bare
//! integer, an empty list or nothing at all, compressed or not. A sender cannot always know whether its
//! remote compresses yet, so both are tried, the expected one first.

use alloy_rlp::{Decodable, Encodable, Header};
use bytes::{Bytes, BytesMut};

use super::peer_error::DiscReason;
use crate::rlpx::snappy;

/// `[reason]`.
pub fn encode(reason: DiscReason) -> Bytes {
    let value = reason.to_u8();
    let mut out = BytesMut::with_capacity(3);
    Header { list: true, payload_length: value.length() }.encode(&mut out);
    value.encode(&mut out);
    out.freeze()
}

/// Reads a payload as it came over the wire. `compressed` says which form is expected.
///
/// # Errors
/// The RLP error of the expected form, when neither form is one of the four known ones.
pub fn decode(payload: &[u8], compressed: bool) -> Result<DiscReason, alloy_rlp::Error> {
    let inflate = || snappy::decompress(payload, LIMIT).map_err(|_| alloy_rlp::Error::Custom("not snappy"));
    if compressed {
        // A form without compression hardly ever is valid snappy, so this order cannot mistake it.
        inflate().and_then(|plain| decode_plain(&plain)).or_else(|_| decode_plain(payload))
    } else {
        decode_plain(payload)
            .or_else(|error| inflate().and_then(|plain| decode_plain(&plain)).map_err(|_| error))
    }
}

/// Longer than any of the known forms.
const LIMIT: usize = 16;

fn decode_plain(mut payload: &[u8]) -> Result<DiscReason, alloy_rlp::Error> {
    if payload.is_empty() {
        return Ok(DiscReason::Requested);
    }
    if payload[0] >= alloy_rlp::EMPTY_LIST_CODE {
        let mut list = Header::decode_bytes(&mut payload, true)?;
        let reason = if list.is_empty() { 0 } else { u8::decode(&mut list)? };
        // Lists may grow: what follows the reason is somebody else's business, as in any EIP-8 list.
        return Ok(reason.into());
    }
    let reason = u8::decode(&mut payload)?;
    if payload.is_empty() { Ok(reason.into()) } else { Err(alloy_rlp::Error::UnexpectedLength) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_known_form_is_read() {
        let forms: [(&[u8], DiscReason); 12] = [
            (&[0xc1, 0x04], DiscReason::TooManyPeers),
            (&[0x04], DiscReason::TooManyPeers),
            (&[0xc1, 0x80], DiscReason::Requested),
            (&[0x80], DiscReason::Requested),
            (&[0xc0], DiscReason::Requested),
            (&[], DiscReason::Requested),
            (&[0xc1, 0x10], DiscReason::SubprotocolError),
            (&[0x10], DiscReason::SubprotocolError),
            (&[0xc2, 0x81, 0xff], DiscReason::Unknown(0xff)),
            (&[0x81, 0xff], DiscReason::Unknown(0xff)),
            (&[0xc3, 0x04, 0x05, 0x06], DiscReason::TooManyPeers),
            (&[0x0b], DiscReason::ReadTimeout),
        ];
        for (form, reason) in forms {
            let compressed = snappy::compress(form);
            for expected in [false, true] {
                assert_eq!(decode(form, expected), Ok(reason), "{form:x?}");
                assert_eq!(decode(&compressed, expected), Ok(reason), "{form:x?} compressed");
            }
        }
    }

    #[test]
    fn what_is_no_reason_is_refused() {
        for form in [
            &[0xc2, 0x04][..],
            &[0x82, 0x01, 0x00],
            &[0xc3, 0x82, 0x01, 0x00],
            &[0x81, 0x04],
            &[0x7f, 0x7f, 0x7f],
        ] {
            assert!(decode(form, false).is_err(), "{form:x?}");
        }
    }

    proptest! {
        #[test]
        fn reasons_round_trip(value: u8, compressed: bool) {
            let reason = DiscReason::from(value);
            prop_assert_eq!(decode(&encode(reason), compressed), Ok(reason));
            prop_assert_eq!(decode(&snappy::compress(&encode(reason)), compressed), Ok(reason));
        }

        #[test]
        fn rubbish_never_panics(payload: Vec<u8>, compressed: bool) {
            let _ = decode(&payload, compressed);
        }
    }
}
