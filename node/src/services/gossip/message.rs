//! What the protocol says: an item, or a list of names.

use alloy_rlp::{BufMut, Decodable, Encodable, Header};
use bytes::Bytes;
use devp2p::{Message, PeerError};

/// `[item: u64, hops: u32, body: bytes]`: hops as of the sender.
pub(super) const ITEM: u64 = 0;
/// `[item: u64, …]`: the sender has these.
pub(super) const ANNOUNCE: u64 = 1;
/// `[item: u64, …]`: the sender wants these.
pub(super) const FETCH: u64 = 2;
/// How many codes there are.
pub(super) const CODES: u64 = 3;

/// Bytes of an item at most.
pub(super) const MAX_ITEM: usize = 1 << 20;
/// Names in one message at most.
pub(super) const MAX_NAMES: usize = 256;

/// Items have numbers that every JSON reader keeps exact (RFC 8259, section 6).
pub(super) const MAX_NAME: u64 = (1 << 53) - 1;

/// An item on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) item: u64,
    /// Links it had crossed when it was sent.
    pub(super) hops: u32,
    pub(super) body: Bytes,
}

impl Encodable for Item {
    fn encode(&self, out: &mut dyn BufMut) {
        self.header().encode(out);
        self.item.encode(out);
        self.hops.encode(out);
        self.body.encode(out);
    }

    fn length(&self) -> usize {
        let header = self.header();
        header.payload_length + header.length()
    }
}

impl Item {
    fn header(&self) -> Header {
        let payload_length = self.item.length() + self.hops.length() + self.body.length();
        Header { list: true, payload_length }
    }

    /// Reads one.
    ///
    /// # Errors
    /// Whoever sent it broke the protocol: not an item, a number out of range, a body too large.
    pub(super) fn read(message: &Message) -> Result<Self, PeerError> {
        let item: Self = message.decode()?;
        let fault = |text: String| PeerError::invalid_message(message.code, message.payload.len(), text);
        if item.item > MAX_NAME {
            return Err(fault(format!("item {} is above {MAX_NAME}", item.item)));
        }
        if item.body.len() > MAX_ITEM {
            return Err(fault(format!("an item of {} bytes, {MAX_ITEM} at most", item.body.len())));
        }
        Ok(item)
    }
}

impl Decodable for Item {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut inner = Header::decode_bytes(buf, true)?;
        let item = u64::decode(&mut inner)?;
        let hops = u32::decode(&mut inner)?;
        let body = Bytes::decode(&mut inner)?;
        if inner.is_empty() { Ok(Self { item, hops, body }) } else { Err(alloy_rlp::Error::UnexpectedLength) }
    }
}

/// Reads a list of names.
///
/// # Errors
/// Whoever sent it broke the protocol: no list of numbers, too many of them, one out of range.
pub(super) fn names(message: &Message) -> Result<Vec<u64>, PeerError> {
    let fault = |text: String| PeerError::invalid_message(message.code, message.payload.len(), text);
    // A name takes ten bytes at most: what is longer is not decoded.
    if message.payload.len() > MAX_NAMES * 10 + 9 {
        return Err(fault(format!("{} bytes of names, {MAX_NAMES} names at most", message.payload.len())));
    }
    let names: Vec<u64> = message.decode()?;
    if names.len() > MAX_NAMES {
        return Err(fault(format!("{} names, {MAX_NAMES} at most", names.len())));
    }
    match names.iter().find(|name| **name > MAX_NAME) {
        Some(name) => Err(fault(format!("item {name} is above {MAX_NAME}"))),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use devp2p::Payload;
    use proptest::prelude::*;

    fn message(code: u64, payload: Payload) -> Message {
        Message { code, payload, wire_len: 0 }
    }

    fn bytes(code: u64, bytes: Vec<u8>) -> Message {
        message(code, Payload::new(bytes.into()))
    }

    #[test]
    fn what_breaks_the_protocol_is_refused() {
        let item = |item, size| {
            let value = Item { item, hops: 0, body: vec![0; size].into() };
            Item::read(&message(ITEM, Payload::encode(&value))).map(drop)
        };
        assert_eq!(item(MAX_NAME, MAX_ITEM), Ok(()));
        for (refused, why) in [
            (item(MAX_NAME + 1, 0), "item 9007199254740992 is above 9007199254740991"),
            (item(0, MAX_ITEM + 1), "an item of 1048577 bytes, 1048576 at most"),
            (
                names(&message(ANNOUNCE, Payload::encode(&vec![1u64; 257]))).map(drop),
                "257 names, 256 at most",
            ),
            (names(&message(FETCH, Payload::encode(&vec![1u64 << 53]))).map(drop), "item 9007199254740992"),
            (names(&bytes(FETCH, vec![0xc1; 4_000])).map(drop), "4000 bytes of names"),
            (Item::read(&bytes(ITEM, vec![0xc4, 1, 2, 3, 4])).map(drop), "unexpected"),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn an_item_comes_back_as_it_was(item in 0..=MAX_NAME, hops: u32, body: Vec<u8>) {
            let value = Item { item, hops, body: body.into() };
            prop_assert_eq!(value.length(), Payload::encode(&value).len());
            prop_assert_eq!(Item::read(&message(ITEM, Payload::encode(&value))), Ok(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(noise: Vec<u8>) {
            let _ = Item::read(&bytes(ITEM, noise.clone()));
            let _ = names(&bytes(ANNOUNCE, noise));
        }
    }
}
