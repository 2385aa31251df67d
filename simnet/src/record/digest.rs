//! The canonical form of records, the chains they are folded into, and the digest of a log.

use super::{Asked, Kind, Message, Origin, ProtocolName, Record};
use devp2p::NodeId;
use std::fmt;
use xxhash_rust::xxh3::xxh3_128;

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
                // All that are no number are one.
                let value = if value.is_nan() { f64::NAN } else { *value };
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
