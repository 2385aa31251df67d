//! The records of the log, and the one canonical form in which they are digested.
//!
//! Each origin — the experimenter, or a node — numbers its records and folds each into a chain of its own:
//! `chain' = xxh3_128(chain ‖ canonical(record))`. The digest of a log is the same hash over all chains in the order
//! of their origins. So it does not depend on how records of different origins interleave in a file or on how many
//! threads wrote them, and it does on every byte, nanosecond and place of each. It tells difference, not malice.

use crate::condition::Condition;
use devp2p::{NodeId, PeerError};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Who a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Origin(pub u32);

impl Origin {
    /// Whoever drives the network from outside.
    pub const EXPERIMENTER: Self = Self(0);

    /// The `index`-th node created since the network began.
    pub const fn node(index: u32) -> Self {
        Self(index + 1)
    }

    /// Which node, if it is one.
    pub fn index(self) -> Option<usize> {
        self.0.checked_sub(1).map(|index| index as usize)
    }
}

/// One line of the log: something was asked, or happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Simulated time, nanoseconds.
    pub time: u64,
    /// Who says so.
    pub origin: Origin,
    /// The origin's own count.
    pub seq: u64,
    /// What.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The experimenter asked for something (geth's *control*).
    Asked(Asked),
    /// The node came up.
    Up,
    /// The node went down.
    Down,
    /// A peer is there.
    PeerAdded {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        peer: NodeId,
        /// Whether the peer dialled.
        inbound: bool,
    },
    /// A peer is gone.
    PeerDropped {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        peer: NodeId,
        /// Why.
        error: ErrorText,
    },
    /// A connection that was asked for did not come to be.
    DialFailed {
        /// To whom.
        #[serde(serialize_with = "hex_id")]
        peer: NodeId,
        /// Why.
        error: ErrorText,
    },
    /// A message was sent or received.
    #[serde(rename = "msg")]
    Message(Message),
    /// A copy of something that travels from node to node came; the first one at a node is its arrival there.
    Arrival {
        /// By which protocol.
        #[serde(serialize_with = "shared_name")]
        protocol: Arc<ProtocolName>,
        /// What the protocol calls it.
        item: u64,
        /// Who sent this copy; nobody at whoever published it.
        #[serde(serialize_with = "hex_id_or_null")]
        from: Option<NodeId>,
        /// Links it has crossed.
        hops: u32,
    },
    /// A service measured something.
    Metric {
        /// Of which protocol.
        protocol: String,
        /// What.
        name: String,
        /// How much.
        value: f64,
    },
    /// An expectation was checked.
    Expectation {
        /// Its name.
        name: String,
        /// Whether it holds.
        passed: bool,
        /// What was found.
        detail: String,
    },
}

/// What an experimenter can ask of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Asked {
    /// Create a node.
    Create {
        /// Its id.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
        /// Its name.
        name: String,
        /// Its services.
        services: Vec<String>,
    },
    /// Start a node.
    Start {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
    },
    /// Stop a node.
    Stop {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
    },
    /// Crash a node.
    Crash {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
    },
    /// Forget a node, which is down.
    Remove {
        /// Which.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
    },
    /// Connect two nodes.
    Connect {
        /// Who dials.
        #[serde(serialize_with = "hex_id")]
        one: NodeId,
        /// Whom.
        #[serde(serialize_with = "hex_id")]
        other: NodeId,
    },
    /// Disconnect two nodes.
    Disconnect {
        /// Who drops the other.
        #[serde(serialize_with = "hex_id")]
        one: NodeId,
        /// Whom.
        #[serde(serialize_with = "hex_id")]
        other: NodeId,
    },
    /// A JSON-RPC request to a node.
    Rpc {
        /// To which.
        #[serde(serialize_with = "hex_id")]
        id: NodeId,
        /// The request.
        text: String,
    },
    /// Forget everything.
    Reset,
    /// Set a condition of links or lines.
    Condition(Box<Condition>),
}

/// A `PeerError`, as far as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ErrorText(pub String);

impl From<&PeerError> for ErrorText {
    fn from(error: &PeerError) -> Self {
        Self(error.to_string())
    }
}

/// A protocol, as records name it.
#[derive(Debug, PartialEq, Eq)]
pub struct ProtocolName {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    hash: u64,
}

impl ProtocolName {
    /// The name of a protocol.
    pub fn new(name: impl Into<String>, version: u32) -> Self {
        let name = name.into();
        let hash = xxh3_64(format!("{name}/{version}").as_bytes());
        Self { name, version, hash }
    }
}

impl Serialize for ProtocolName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.name, self.version))
    }
}

/// A message, without its content.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// The other end.
    #[serde(serialize_with = "hex_id")]
    pub peer: NodeId,
    /// Whether the origin received it (or sent it).
    pub received: bool,
    /// Of which protocol.
    #[serde(serialize_with = "shared_name")]
    pub protocol: Arc<ProtocolName>,
    /// Code within the protocol.
    pub code: u64,
    /// Bytes of the payload, uncompressed.
    pub size: u32,
    /// Bytes of its frame on the wire.
    pub wire_len: u32,
    /// XXH3 of the payload.
    pub payload: u64,
}

fn shared_name<S: Serializer>(name: &Arc<ProtocolName>, serializer: S) -> Result<S::Ok, S::Error> {
    name.serialize(serializer)
}

pub(crate) fn hex_id<S: Serializer>(id: &NodeId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn hex_id_or_null<S: Serializer>(id: &Option<NodeId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => hex_id(id, serializer),
        None => serializer.serialize_none(),
    }
}

/// The hash of a payload, as records carry it.
pub(crate) fn payload_hash(payload: &[u8]) -> u64 {
    xxh3_64(payload)
}

/// The running digest of one origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    value: u128,
    records: u64,
}

impl Chain {
    /// How many records it has seen; the next one's sequence number.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The next record of this chain's origin, for adapters that write records themselves.
    pub fn record(&mut self, origin: Origin, time: u64, kind: Kind) -> Record {
        let seq = self.fold(time, &kind);
        Record { time, origin, seq, kind }
    }

    /// Folds a record of this origin and answers its sequence number.
    pub(crate) fn fold(&mut self, time: u64, kind: &Kind) -> u64 {
        match kind {
            Kind::Message(message) => return self.fold_message(time, message),
            Kind::Arrival { protocol, item, from, hops } => {
                return self.fold_arrival(time, protocol, *item, from.as_ref(), *hops);
            }
            _ => {}
        }
        let mut form = Canonical::begin(self.value, time, self.records);
        form.kind(kind);
        self.link(&form.0)
    }

    /// The same for a message, which needs no allocation: it is what happens most.
    pub(crate) fn fold_message(&mut self, time: u64, message: &Message) -> u64 {
        let Message { peer, received, protocol, code, size, wire_len, payload } = message;
        self.fold_message_parts(time, peer, *received, protocol, [*code, *payload], [*size, *wire_len])
    }

    /// The same from its parts: `[code, payload hash]` and `[size, wire length]`.
    pub(crate) fn fold_message_parts(
        &mut self,
        time: u64,
        peer: &NodeId,
        received: bool,
        protocol: &ProtocolName,
        [code, payload]: [u64; 2],
        [size, wire_len]: [u32; 2],
    ) -> u64 {
        const TAG: u8 = 6;
        let mut form = [0; 97];
        form[..16].copy_from_slice(&self.value.to_le_bytes());
        form[16..24].copy_from_slice(&time.to_le_bytes());
        form[24..32].copy_from_slice(&self.records.to_le_bytes());
        form[32] = TAG | (u8::from(received) << 7);
        form[33..65].copy_from_slice(peer.as_bytes());
        form[65..73].copy_from_slice(&protocol.hash.to_le_bytes());
        form[73..81].copy_from_slice(&code.to_le_bytes());
        form[81..85].copy_from_slice(&size.to_le_bytes());
        form[85..89].copy_from_slice(&wire_len.to_le_bytes());
        form[89..].copy_from_slice(&payload.to_le_bytes());
        self.link(&form)
    }

    /// The same for a copy that came, without allocating: there may be one for each message.
    pub(crate) fn fold_arrival(
        &mut self,
        time: u64,
        protocol: &ProtocolName,
        item: u64,
        from: Option<&NodeId>,
        hops: u32,
    ) -> u64 {
        const TAG: u8 = 9;
        let mut form = [0; 85];
        form[..16].copy_from_slice(&self.value.to_le_bytes());
        form[16..24].copy_from_slice(&time.to_le_bytes());
        form[24..32].copy_from_slice(&self.records.to_le_bytes());
        form[32] = TAG | (u8::from(from.is_some()) << 7);
        form[33..41].copy_from_slice(&protocol.hash.to_le_bytes());
        form[41..49].copy_from_slice(&item.to_le_bytes());
        form[49..53].copy_from_slice(&hops.to_le_bytes());
        if let Some(from) = from {
            form[53..].copy_from_slice(from.as_bytes());
        }
        self.link(&form)
    }

    fn link(&mut self, form: &[u8]) -> u64 {
        self.value = xxh3_128(form);
        self.records += 1;
        self.records - 1
    }
}

/// Canonical bytes: fixed-width little-endian numbers, texts with their length before them.
struct Canonical(Vec<u8>);

impl Canonical {
    fn begin(chain: u128, time: u64, seq: u64) -> Self {
        let mut form = Vec::with_capacity(160);
        form.extend_from_slice(&chain.to_le_bytes());
        form.extend_from_slice(&time.to_le_bytes());
        form.extend_from_slice(&seq.to_le_bytes());
        Self(form)
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Asked(asked) => {
                self.0.push(0);
                self.asked(asked);
            }
            Kind::Up => self.0.push(1),
            Kind::Down => self.0.push(2),
            Kind::PeerAdded { peer, inbound } => {
                self.0.push(3);
                self.id(peer);
                self.0.push(u8::from(*inbound));
            }
            Kind::PeerDropped { peer, error } => {
                self.0.push(4);
                self.id(peer);
                self.text(&error.0);
            }
            Kind::DialFailed { peer, error } => {
                self.0.push(5);
                self.id(peer);
                self.text(&error.0);
            }
            Kind::Message(_) | Kind::Arrival { .. } => {
                unreachable!("they have forms of their own, tags 6 and 9")
            }
            Kind::Metric { protocol, name, value } => {
                self.0.push(7);
                self.text(protocol);
                self.text(name);
                self.0.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            Kind::Expectation { name, passed, detail } => {
                self.0.push(8);
                self.text(name);
                self.0.push(u8::from(*passed));
                self.text(detail);
            }
        }
    }

    fn asked(&mut self, asked: &Asked) {
        match asked {
            Asked::Create { id, name, services } => {
                self.0.push(0);
                self.id(id);
                self.text(name);
                self.0.extend_from_slice(&(services.len() as u32).to_le_bytes());
                for service in services {
                    self.text(service);
                }
            }
            Asked::Start { id } => self.ids(1, &[id]),
            Asked::Stop { id } => self.ids(2, &[id]),
            Asked::Connect { one, other } => self.ids(3, &[one, other]),
            Asked::Disconnect { one, other } => self.ids(4, &[one, other]),
            Asked::Rpc { id, text } => {
                self.ids(5, &[id]);
                self.text(text);
            }
            Asked::Reset => self.0.push(6),
            Asked::Crash { id } => self.ids(7, &[id]),
            Asked::Remove { id } => self.ids(8, &[id]),
            Asked::Condition(condition) => {
                self.0.push(9);
                condition.canonical(&mut self.0);
            }
        }
    }

    fn ids(&mut self, tag: u8, ids: &[&NodeId]) {
        self.0.push(tag);
        for id in ids {
            self.id(id);
        }
    }

    fn id(&mut self, id: &NodeId) {
        self.0.extend_from_slice(id.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// The digest of a whole log; shown as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// Over the chains of all origins, in their order. An origin without records is as if it were not there.
    pub fn of(chains: impl IntoIterator<Item = (Origin, Chain)>) -> Self {
        let mut all: Vec<(Origin, Chain)> =
            chains.into_iter().filter(|(_, chain)| chain.records > 0).collect();
        all.sort_by_key(|(origin, _)| *origin);
        let mut form = Vec::with_capacity(all.len() * 28);
        for (origin, chain) in all {
            form.extend_from_slice(&origin.0.to_le_bytes());
            form.extend_from_slice(&chain.records.to_le_bytes());
            form.extend_from_slice(&chain.value.to_le_bytes());
        }
        Self(xxh3_128(&form))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::str::FromStr for Digest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Message {
        Message {
            peer: NodeId::from_bytes([7; 32]),
            received: false,
            protocol: Arc::new(ProtocolName::new("ping-pong", 1)),
            code: 0,
            size: payload.len() as u32,
            wire_len: 64,
            payload: payload_hash(payload),
        }
    }

    fn digest(log: &[(u32, u64, Kind)]) -> Digest {
        let mut chains = [Chain::default(); 4];
        for (origin, time, kind) in log {
            chains[*origin as usize].fold(*time, kind);
        }
        Digest::of(chains.iter().enumerate().map(|(origin, chain)| (Origin(origin as u32), *chain)))
    }

    fn arrival(item: u64, from: Option<NodeId>, hops: u32) -> Kind {
        Kind::Arrival { protocol: Arc::new(ProtocolName::new("gossip", 1)), item, from, hops }
    }

    fn log() -> Vec<(u32, u64, Kind)> {
        vec![
            (0, 0, Kind::Asked(Asked::Reset)),
            (1, 0, Kind::Up),
            (2, 0, Kind::Up),
            (1, 5, Kind::Message(message(b"PING"))),
            (1, 5, Kind::Message(message(b"PONG"))),
            (2, 9, Kind::Expectation { name: "a".into(), passed: true, detail: "bc".into() }),
            (2, 9, arrival(7, Some(NodeId::from_bytes([0; 32])), 1)),
        ]
    }

    #[test]
    fn every_byte_nanosecond_order_and_origin_counts() {
        let base = digest(&log());
        assert_eq!(base, digest(&log()));
        type Change = Box<dyn Fn(&mut Vec<(u32, u64, Kind)>)>;
        let changes: Vec<(&str, Change)> = vec![
            ("one payload byte", Box::new(|log| log[3].2 = Kind::Message(message(b"PINH")))),
            ("one nanosecond", Box::new(|log| log[3].1 = 6)),
            ("order within an origin", Box::new(|log| log.swap(3, 4))),
            ("origin", Box::new(|log| log[1].0 = 3)),
            ("a record less", Box::new(|log| drop(log.pop()))),
            (
                "direction",
                Box::new(|log| {
                    log[3].2 = Kind::Message(Message { received: true, ..message(b"PING") });
                }),
            ),
            (
                "protocol version",
                Box::new(|log| {
                    let protocol = Arc::new(ProtocolName::new("ping-pong", 2));
                    log[3].2 = Kind::Message(Message { protocol, ..message(b"PING") });
                }),
            ),
            ("which item came", Box::new(|log| log[6].2 = arrival(8, Some(NodeId::from_bytes([0; 32])), 1))),
            ("whether anyone sent it", Box::new(|log| log[6].2 = arrival(7, None, 1))),
            ("how far it came", Box::new(|log| log[6].2 = arrival(7, Some(NodeId::from_bytes([0; 32])), 2))),
            (
                "where a text ends",
                Box::new(|log| {
                    log[5].2 = Kind::Expectation { name: "ab".into(), passed: true, detail: "c".into() };
                }),
            ),
        ];
        for (what, change) in changes {
            let mut changed = log();
            change(&mut changed);
            assert_ne!(base, digest(&changed), "{what}");
        }
    }

    #[test]
    fn how_origins_interleave_does_not_count() {
        let mut other = log();
        other.swap(1, 2); // same instant, two origins: no order between them
        assert_eq!(digest(&log()), digest(&other));
    }

    #[test]
    fn a_digest_reads_what_it_shows() {
        let digest = Digest(0xab);
        assert_eq!(digest.to_string(), "000000000000000000000000000000ab");
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn records_are_one_line_of_json() {
        let kind = Kind::Message(message(b"PING"));
        let line = serde_json::to_string(&Record { time: 5, origin: Origin(1), seq: 0, kind }).unwrap();
        let peer = "07".repeat(32);
        let expect = format!(
            r#"{{"time":5,"origin":1,"seq":0,"kind":"msg","peer":"{peer}","received":false,"protocol":"ping-pong/1","code":0,"size":4,"wire_len":64,"payload":{}}}"#,
            payload_hash(b"PING")
        );
        assert_eq!(line, expect);
        let asked = Record { time: 0, origin: Origin(0), seq: 0, kind: Kind::Asked(Asked::Reset) };
        assert_eq!(
            serde_json::to_string(&asked).unwrap(),
            r#"{"time":0,"origin":0,"seq":0,"kind":"asked","ask":"reset"}"#
        );
    }
}
