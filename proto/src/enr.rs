//! Signed node records (EIP-778, `enr.md`), identity scheme "v4": a node's key and addresses under its own signature,
//! in at most 300 bytes. Signatures are deterministic, so one node with one set of pairs has one record.
//!
//! Written here because the `enr` crate signs with entropy of the operating system and cannot be given another signer.
//! Where records come from and when a node issues a new one is not known here.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_rlp::{Decodable, Encodable, Header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::key::{NodeId, PublicKey, SecretKey, keccak256};

#[cfg(test)]
mod tests;

/// The most bytes a record may have (EIP-778).
pub const MAX_RECORD: usize = 300;

/// Why something is not a node record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The text does not begin with `enr:`.
    #[error("no \"enr:\" before the record")]
    Prefix,
    /// The text is not URL-safe base64 without padding.
    #[error("record is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// More bytes than a record may have.
    #[error("record of {size} bytes, limit {MAX_RECORD}")]
    TooLarge {
        /// Bytes it has or would have.
        size: usize,
    },
    /// It is not the list of strings it should be.
    #[error("record is not RLP: {0}")]
    Rlp(#[from] alloy_rlp::Error),
    /// Something follows the record.
    #[error("{extra} bytes after the record")]
    Trailing {
        /// How many bytes.
        extra: usize,
    },
    /// The pairs are not sorted by key, or a key comes twice.
    #[error("key {key:?} out of order in record")]
    Order {
        /// The first key that is not greater than the one before it.
        key: String,
    },
    /// Another identity scheme than "v4", or none.
    #[error("unknown identity scheme {found:?} in record, want \"v4\"")]
    Scheme {
        /// What the record says.
        found: String,
    },
    /// No public key that could have signed it.
    #[error("no valid secp256k1 key in record")]
    Key,
    /// The signature is not its key's.
    #[error("wrong signature on record")]
    Signature,
    /// A value to be put into a record is not one whole RLP item.
    #[error("value of {key:?} is not one RLP item")]
    Value {
        /// Its key.
        key: String,
    },
}

/// A record whose signature is right. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeRecord(Arc<Checked>);

#[derive(PartialEq, Eq)]
struct Checked {
    seq: u64,
    public: PublicKey,
    /// The whole record.
    rlp: Box<[u8]>,
    /// Where in it the pairs begin.
    pairs: usize,
}

impl NodeRecord {
    /// Signs a record. The values in `extra` are RLP already; the ports stand for either IP version, as geth has them.
    pub fn build(
        key: &SecretKey,
        seq: u64,
        ip: Option<IpAddr>,
        tcp: Option<u16>,
        udp: Option<u16>,
        extra: &[(&str, Vec<u8>)],
    ) -> Result<Self, RecordError> {
        let mut pairs = BTreeMap::new();
        for (name, value) in extra {
            if !split_item(value).is_ok_and(|(_, rest)| rest.is_empty()) {
                return Err(RecordError::Value { key: (*name).to_owned() });
            }
            pairs.insert(*name, value.clone());
        }
        match ip {
            Some(IpAddr::V4(ip)) => pairs.insert("ip", alloy_rlp::encode(ip.octets())),
            Some(IpAddr::V6(ip)) => pairs.insert("ip6", alloy_rlp::encode(ip.octets())),
            None => None,
        };
        for (name, port) in [("tcp", tcp), ("udp", udp)] {
            if let Some(port) = port {
                pairs.insert(name, alloy_rlp::encode(port));
            }
        }
        pairs.insert("id", alloy_rlp::encode("v4"));
        pairs.insert("secp256k1", alloy_rlp::encode(key.public().to_compressed()));
        Self::sign(key, seq, &pairs)
    }

    fn sign(key: &SecretKey, seq: u64, pairs: &BTreeMap<&str, Vec<u8>>) -> Result<Self, RecordError> {
        let mut content = alloy_rlp::encode(seq);
        for (name, value) in pairs {
            name.encode(&mut content);
            content.extend_from_slice(value);
        }
        let signature = key.sign(&digest(&content));
        let signed = [alloy_rlp::encode(&signature[..64]), content].concat();
        let rlp = list(&signed).into_boxed_slice();
        if rlp.len() > MAX_RECORD {
            return Err(RecordError::TooLarge { size: rlp.len() });
        }
        let pairs = rlp.len() - pairs.iter().map(|(name, value)| name.length() + value.len()).sum::<usize>();
        Ok(Self(Arc::new(Checked { seq, public: key.public(), rlp, pairs })))
    }

    /// Decodes a record and checks its signature.
    pub fn from_rlp(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLarge { size: bytes.len() });
        }
        let mut rest = bytes;
        let mut payload = Header::decode_bytes(&mut rest, true)?;
        if !rest.is_empty() {
            return Err(RecordError::Trailing { extra: rest.len() });
        }
        let signature = Header::decode_bytes(&mut payload, false)?;
        let content = payload;
        let seq = u64::decode(&mut payload)?;
        let pairs = bytes.len() - payload.len();
        check_order(payload)?;
        let record = Checked { seq, public: signer(payload)?, rlp: bytes.into(), pairs };
        if !record.public.verify(signature, &digest(content)) {
            return Err(RecordError::Signature);
        }
        Ok(Self(Arc::new(record)))
    }

    /// The record in RLP, as discovery and DNS lists carry it.
    pub fn as_rlp(&self) -> &[u8] {
        &self.0.rlp
    }

    /// The sequence number: of two records of one node the higher one is the newer.
    pub fn seq(&self) -> u64 {
        self.0.seq
    }

    /// The key that signed it.
    pub fn public_key(&self) -> PublicKey {
        self.0.public
    }

    /// The node it is about.
    pub fn id(&self) -> NodeId {
        self.0.public.id()
    }

    /// The IP address, version 4 if the record has both.
    pub fn ip(&self) -> Option<IpAddr> {
        let v4 = || self.decode("ip").map(Ipv4Addr::from_octets).map(IpAddr::V4);
        let v6 = || self.decode("ip6").map(Ipv6Addr::from_octets).map(IpAddr::V6);
        v4().or_else(v6)
    }

    /// The TCP port at [`ip`](Self::ip).
    pub fn tcp(&self) -> Option<u16> {
        self.port("tcp", "tcp6")
    }

    /// The UDP port at [`ip`](Self::ip).
    pub fn udp(&self) -> Option<u16> {
        self.port("udp", "udp6")
    }

    /// The value of a key, in RLP.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        find(&self.0.rlp[self.0.pairs..], key)
    }

    /// The value of a key as a `T`; none also if it is something else, which EIP-778 leaves to the reader.
    fn decode<T: Decodable>(&self, key: &str) -> Option<T> {
        T::decode(&mut self.get(key)?).ok()
    }

    /// A version 6 port counts only beside a version 6 address, and defaults to the other.
    fn port(&self, name: &str, v6_name: &str) -> Option<u16> {
        let v6 = || self.decode(v6_name).filter(|_| matches!(self.ip(), Some(IpAddr::V6(_))));
        v6().or_else(|| self.decode(name))
    }
}

impl fmt::Display for NodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enr:{}", URL_SAFE_NO_PAD.encode(self.as_rlp()))
    }
}

impl fmt::Debug for NodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeRecord({} seq {})", self.id().short(), self.seq())
    }
}

impl FromStr for NodeRecord {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let encoded = text.strip_prefix("enr:").ok_or(RecordError::Prefix)?;
        let size = encoded.len() * 3 / 4;
        if size > MAX_RECORD {
            return Err(RecordError::TooLarge { size });
        }
        Self::from_rlp(&URL_SAFE_NO_PAD.decode(encoded)?)
    }
}

/// What a signature is over: the content as a list of its own.
fn digest(content: &[u8]) -> [u8; 32] {
    keccak256(&[&list(content)])
}

fn list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 3);
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend_from_slice(payload);
    out
}

/// One whole RLP item, its header included, and what follows it.
fn split_item(bytes: &[u8]) -> alloy_rlp::Result<(&[u8], &[u8])> {
    let mut rest = bytes;
    let header = Header::decode(&mut rest)?;
    Ok(bytes.split_at(bytes.len() - rest.len() + header.payload_length))
}

/// The next key and its value, in RLP.
fn split_pair<'a>(pairs: &mut &'a [u8]) -> alloy_rlp::Result<(&'a [u8], &'a [u8])> {
    let key = Header::decode_bytes(pairs, false)?;
    let (value, rest) = split_item(pairs)?;
    *pairs = rest;
    Ok((key, value))
}

fn check_order(mut pairs: &[u8]) -> Result<(), RecordError> {
    let mut previous = None;
    while !pairs.is_empty() {
        let (key, _) = split_pair(&mut pairs)?;
        if previous.is_some_and(|previous| previous >= key) {
            return Err(RecordError::Order { key: String::from_utf8_lossy(key).into_owned() });
        }
        previous = Some(key);
    }
    Ok(())
}

fn find<'a>(mut pairs: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    while !pairs.is_empty() {
        let (key, value) = split_pair(&mut pairs).ok()?;
        if key == wanted.as_bytes() {
            return Some(value);
        }
    }
    None
}

/// The key by which a record with these pairs is signed.
fn signer(pairs: &[u8]) -> Result<PublicKey, RecordError> {
    let scheme = find(pairs, "id").map(|mut id| Header::decode_bytes(&mut id, false)).transpose()?;
    if scheme != Some(b"v4") {
        let found = String::from_utf8_lossy(scheme.unwrap_or_default()).into_owned();
        return Err(RecordError::Scheme { found });
    }
    let mut compressed = find(pairs, "secp256k1").ok_or(RecordError::Key)?;
    let compressed = <[u8; 33]>::decode(&mut compressed).map_err(|_| RecordError::Key)?;
    PublicKey::from_compressed(&compressed).map_err(|_| RecordError::Key)
}
