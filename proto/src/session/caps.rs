//! Capabilities, and which of them two nodes share.
//!
//! Pure arithmetic on two lists: both sides compute the same table without another message. Whether an
//! empty table is a reason to part is the caller's to say.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use alloy_rlp::{BufMut, Decodable, Encodable, Header};
use smallvec::SmallVec;

/// Message codes below this belong to the base protocol (`rlpx.md`, "Capability Messaging").
pub const BASE_PROTOCOL_LENGTH: u64 = 16;

/// A protocol name and version, `eth/68`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// Short ASCII by custom (eight characters at most); taken as it comes.
    pub name: Cow<'static, str>,
    /// Each version is a protocol of its own.
    pub version: u32,
}

impl Capability {
    /// `name/version`.
    pub fn new(name: impl Into<Cow<'static, str>>, version: u32) -> Self {
        Self { name: name.into(), version }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

impl Capability {
    fn header(&self) -> Header {
        Header { list: true, payload_length: self.name.as_bytes().length() + self.version.length() }
    }
}

/// `[name, version]`.
impl Encodable for Capability {
    fn encode(&self, out: &mut dyn BufMut) {
        self.header().encode(out);
        self.name.as_bytes().encode(out);
        self.version.encode(out);
    }

    fn length(&self) -> usize {
        let header = self.header();
        header.length() + header.payload_length
    }
}

/// Names that are no UTF-8 keep their readable part; they match nothing.
impl Decodable for Capability {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut list = Header::decode_bytes(buf, true)?;
        let name = Header::decode_bytes(&mut list, false)?;
        let name = String::from_utf8_lossy(name).into_owned();
        Ok(Self { name: name.into(), version: u32::decode(&mut list)? })
    }
}

/// A capability of one's own, with the size of its code space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCap {
    /// What is offered.
    pub cap: Capability,
    /// How many message codes it takes.
    pub length: u64,
}

/// A protocol that both sides speak, and its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Index into the local list.
    pub local: u16,
    /// Its first code on the wire.
    pub offset: u64,
    /// How many codes it takes.
    pub length: u64,
}

/// What two nodes share: of each name the highest common version, in order of names, each with `length`
/// codes of its own from 16 on (`rlpx.md`, "Capability Messaging"). A protocol without codes
/// shares its offset with the next one. Of equal entries in `local` the first counts.
pub fn match_caps(local: &[LocalCap], remote: &[Capability]) -> Arc<[Shared]> {
    let mut remote: SmallVec<[&Capability; 4]> = remote.iter().collect();
    remote.sort_unstable();
    let mut best: SmallVec<[(&Capability, u16); 4]> = SmallVec::new();
    for cap in remote {
        let Some(index) = local.iter().position(|own| own.cap == *cap) else { continue };
        let index = u16::try_from(index).expect("a node has fewer than 65,536 protocols");
        match best.last_mut() {
            // Sorted, so what comes later under one name is the higher version.
            Some(last) if last.0.name == cap.name => *last = (cap, index),
            _ => best.push((cap, index)),
        }
    }
    let mut offset = BASE_PROTOCOL_LENGTH;
    let place = |(_, index): (&Capability, u16)| {
        let length = local[usize::from(index)].length;
        let shared = Shared { local: index, offset, length };
        offset = offset.saturating_add(length);
        shared
    };
    best.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn caps(text: &str) -> Vec<Capability> {
        let cap = |item: &str| {
            let (name, version) = item.split_once('/').unwrap();
            Capability::new(name.to_owned(), version.parse().unwrap())
        };
        text.split_whitespace().map(cap).collect()
    }

    /// `local` reads `name/version:length`; what is expected reads `name/version@offset+length`.
    fn check(local: &str, remote: &str, expect: &str) {
        let own: Vec<LocalCap> = local
            .split_whitespace()
            .map(|item| {
                let (cap, length) = item.split_once(':').unwrap();
                LocalCap { cap: caps(cap).remove(0), length: length.parse().unwrap() }
            })
            .collect();
        let shared = match_caps(&own, &caps(remote));
        let show = |s: &Shared| format!("{}@{}+{}", own[usize::from(s.local)].cap, s.offset, s.length);
        let got: Vec<String> = shared.iter().map(show).collect();
        assert_eq!(got.join(" "), expect, "{local} | {remote}");
    }

    #[test]
    fn the_highest_common_version_of_each_name_is_taken() {
        // The cases of geth's TestMatchProtocols (p2p/peer_test.go).
        check("", "", "");
        check("a/0:0", "", "");
        check("", "a/0", "");
        check("a/0:0", "a/0", "a/0@16+0");
        check("a/0:0 a/1:0", "a/1 a/0", "a/1@16+0");
        check("a/1:1 b/2:2 c/3:3", "a/1 b/2 c/3", "a/1@16+1 b/2@17+2 c/3@19+3");
        check("a/0:0 a/1:0", "a/0 b/0", "a/0@16+0");
        check("a/1:1 a/2:2 b/1:3", "a/1 a/2 b/1", "a/2@16+2 b/1@18+3");
    }

    #[test]
    fn order_and_repetition_on_either_side_change_nothing() {
        check("les/2:21 eth/66:17 eth/67:17", "eth/67 les/2 eth/66", "eth/67@16+17 les/2@33+21");
        check("eth/67:17 les/2:21 eth/66:17", "les/2 eth/66 eth/67 eth/67", "eth/67@16+17 les/2@33+21");
        check("a/1:5 a/1:7", "a/1 a/1", "a/1@16+5");
    }

    #[test]
    fn a_protocol_without_codes_shares_its_offset() {
        check("a/1:0 b/1:4", "a/1 b/1", "a/1@16+0 b/1@16+4");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        check("a/9:1 a/10:2", "a/10 a/9", "a/10@16+2");
    }

    proptest! {
        #[test]
        fn both_sides_agree_and_codes_never_overlap(
            left in prop::collection::vec(("[a-c]", 0u32..4), 0..8),
            right in prop::collection::vec(("[a-c]", 0u32..4), 0..8),
        ) {
            // A protocol's length is part of the protocol: here it follows from name and version.
            let own = |list: &[(String, u32)]| -> Vec<LocalCap> {
                list.iter().map(|(name, version)| LocalCap {
                    cap: Capability::new(name.clone(), *version),
                    length: u64::from(name.as_bytes()[0] - b'a' + 3) * u64::from(*version),
                }).collect()
            };
            let (left, right) = (own(&left), own(&right));
            let names = |list: &[LocalCap]| list.iter().map(|own| own.cap.clone()).collect::<Vec<_>>();
            let table = |mine: &[LocalCap], theirs: &[LocalCap]| -> Vec<(Capability, u64, u64)> {
                match_caps(mine, &names(theirs)).iter()
                    .map(|s| (mine[usize::from(s.local)].cap.clone(), s.offset, s.length)).collect()
            };
            let ours = table(&left, &right);
            prop_assert_eq!(&ours, &table(&right, &left));
            let mut next = BASE_PROTOCOL_LENGTH;
            for (_, offset, length) in ours {
                prop_assert_eq!(offset, next);
                next += length;
            }
        }

        #[test]
        fn capabilities_round_trip(name in "[ -~]{0,20}", version: u32) {
            let cap = Capability::new(name, version);
            let bytes = alloy_rlp::encode(&cap);
            prop_assert_eq!(bytes.len(), cap.length());
            prop_assert_eq!(alloy_rlp::decode_exact::<Capability>(&bytes), Ok(cap));
        }
    }
}
