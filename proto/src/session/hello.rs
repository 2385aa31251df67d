//! The Hello message: what each node says of itself, once, first of all, never compressed.
//!
//! Only the codec is here. Whether the identity is the authenticated one the session decides.

use alloy_rlp::{Decodable, Encodable, Header};
use bytes::Bytes;
use smallvec::SmallVec;

use super::caps::Capability;
use super::local::Local;
use crate::key::PublicKey;

/// Version of the base protocol spoken here. EIP-8: a remote's version, whatever it is, is no reason to part.
pub const VERSION: u64 = 5;

/// From this version on, on both sides, messages are compressed (EIP-706).
pub const SNAPPY_VERSION: u64 = 5;

/// What the remote says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteHello {
    /// Version of the base protocol.
    pub version: u64,
    /// Client name, for people. What is not UTF-8 in it is replaced.
    pub client: String,
    /// What it speaks, in its own order.
    pub caps: Vec<Capability>,
    /// Its listening port; 0, a lie or nothing useful in most cases.
    pub listen_port: u64,
    /// Its identity.
    pub id: PublicKey,
}

/// Why a Hello is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// The list does not decode.
    #[error(transparent)]
    Rlp(#[from] alloy_rlp::Error),
    /// The identity is not 64 bytes, all zero, or not on the curve.
    #[error("invalid identity of {0} bytes in Hello")]
    Identity(usize),
}

/// `[version, client, [[name, version]..], listenPort, id]`, capabilities in order of name and version.
pub fn encode(local: &Local) -> Bytes {
    let mut caps: SmallVec<[&Capability; 4]> = local.protocols.iter().map(|own| &own.cap).collect();
    caps.sort_unstable();
    fields(VERSION, local.client.as_bytes(), &caps, u64::from(local.listen_port), local.public.as_bytes())
}

/// Reads a Hello. Fields after the fifth are ignored (EIP-8). The identity it is `likely` of need not be checked again.
///
/// # Errors
/// RLP that is not the list, and identities that are none.
pub fn decode(mut payload: &[u8], likely: Option<&PublicKey>) -> Result<RemoteHello, HelloError> {
    let mut list = Header::decode_bytes(&mut payload, true)?;
    let version = u64::decode(&mut list)?;
    let client = String::from_utf8_lossy(Header::decode_bytes(&mut list, false)?).into_owned();
    let caps = Vec::decode(&mut list)?;
    let listen_port = u64::decode(&mut list)?;
    let id = Header::decode_bytes(&mut list, false)?;
    let identity = |id: &[u8]| match likely {
        Some(likely) if id == likely.as_bytes() => Some(*likely),
        _ => PublicKey::from_bytes(id.try_into().ok()?).ok(),
    };
    let id = identity(id).ok_or(HelloError::Identity(id.len()))?;
    Ok(RemoteHello { version, client, caps, listen_port, id })
}

/// The version alone, from a Hello that may be none otherwise.
pub(crate) fn version(mut payload: &[u8]) -> Option<u64> {
    let mut list = Header::decode_bytes(&mut payload, true).ok()?;
    u64::decode(&mut list).ok()
}

/// The list with any values in it.
pub(crate) fn fields(version: u64, client: &[u8], caps: &[&Capability], port: u64, id: &[u8]) -> Bytes {
    let caps_length: usize = caps.iter().map(|cap| cap.length()).sum();
    let caps_header = Header { list: true, payload_length: caps_length };
    let payload_length =
        version.length() + client.length() + caps_header.length() + caps_length + port.length() + id.length();
    let header = Header { list: true, payload_length };
    let mut out = Vec::with_capacity(header.length() + payload_length);
    header.encode(&mut out);
    version.encode(&mut out);
    client.encode(&mut out);
    caps_header.encode(&mut out);
    for cap in caps {
        cap.encode(&mut out);
    }
    port.encode(&mut out);
    id.encode(&mut out);
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::SecretKey;

    fn id(seed: u8) -> PublicKey {
        SecretKey::from_bytes(&[seed.clamp(1, 254); 32]).unwrap().public()
    }

    /// EIP-8 asks that a Hello of another version with extra list elements is read (its vector of the
    /// devp2p Hello packet).
    #[test]
    fn the_hello_of_eip_8_is_read() {
        let packet = hex::decode(concat!(
            "f87137916b6e6574682f76302e39312f706c616e39cdc5836574683dc6846d6f726b1682270fb840",
            "fda1cff674c90c9a197539fe3dfb53086ace64f83ed7c6eabec741f7f381cc803e52ab2cd55d5569",
            "bce4347107a310dfd5f88a010cd2ffd1005ca406f1842877c883666f6f836261720304"
        ));
        let hello = decode(&packet.unwrap(), None).unwrap();
        assert_eq!(hello.version, 55);
        assert_eq!(hello.client, "kneth/v0.91/plan9");
        assert_eq!(hello.caps, [Capability::new("eth", 61), Capability::new("mork", 22)]);
        assert_eq!(hello.listen_port, 9999);
        assert!(hello.id.to_string().starts_with("fda1cff674c90c9a"));
    }

    #[test]
    fn what_is_no_identity_is_told_by_its_length() {
        for bad in [&[][..], &[0; 64], &[1; 63], &[1; 65], &[0xff; 64]] {
            let payload = fields(5, b"x", &[], 0, bad);
            assert_eq!(decode(&payload, Some(&id(7))), Err(HelloError::Identity(bad.len())));
        }
    }

    #[test]
    fn a_cut_hello_is_an_rlp_error() {
        let payload = fields(5, b"x", &[&Capability::new("eth", 68)], 30303, id(7).as_bytes());
        for end in 0..payload.len() {
            assert!(matches!(decode(&payload[..end], Some(&id(7))), Err(HelloError::Rlp(_))), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn hellos_round_trip(
            version: u64,
            client in ".{0,40}",
            caps in prop::collection::vec(("[a-z]{0,8}", any::<u32>()), 0..6),
            port: u64,
            seed: u8,
        ) {
            let caps: Vec<_> = caps.into_iter().map(|(name, version)| Capability::new(name, version)).collect();
            let payload =
                fields(version, client.as_bytes(), &caps.iter().collect::<Vec<_>>(), port, id(seed).as_bytes());
            let hello = RemoteHello { version, client, caps, listen_port: port, id: id(seed) };
            prop_assert_eq!(decode(&payload, None), Ok(hello.clone()));
            prop_assert_eq!(decode(&payload, Some(&id(9))), Ok(hello.clone()));
            prop_assert_eq!(decode(&payload, Some(&id(seed))), Ok(hello));
        }

        #[test]
        fn rubbish_never_panics(payload: Vec<u8>) {
            let _ = decode(&payload, None);
        }

        #[test]
        fn a_damaged_hello_never_panics(at: prop::sample::Index, to: u8) {
            let mut payload =
                fields(5, b"client", &[&Capability::new("eth", 68)], 30303, id(7).as_bytes()).to_vec();
            let at = at.index(payload.len());
            payload[at] = to;
            let _ = decode(&payload, None);
        }
    }
}
