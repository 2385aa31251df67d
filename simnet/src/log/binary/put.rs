//! Writing the binary form.

use super::{MAGIC, ask, is_kept, tag};
use crate::log::{End, Header};
use crate::record::{Asked, Kind, Message, ProtocolName, Record};
use devp2p::NodeId;
use indexmap::IndexSet;
use std::sync::Arc;

/// Appends the beginning of a file.
pub(in crate::log) fn put_header(out: &mut Vec<u8>, header: &Header) {
    out.extend_from_slice(&MAGIC);
    let header = serde_json::to_string(header).expect("it has string keys");
    put_text(out, &header);
}

/// Appends records; remembers what it has named.
#[derive(Debug, Default)]
pub(in crate::log) struct Encoder {
    time: u64,
    ids: IndexSet<NodeId>,
    words: IndexSet<String>,
    protocols: Vec<Arc<ProtocolName>>,
}

impl Encoder {
    pub(in crate::log) fn put(&mut self, out: &mut Vec<u8>, record: &Record) {
        let (tag, yes) = tag_of(&record.kind);
        out.push(tag | if yes { tag::YES } else { 0 });
        let passed = record.time.wrapping_sub(self.time) as i64;
        put_number(out, ((passed << 1) ^ (passed >> 63)) as u64);
        self.time = record.time;
        put_number(out, record.origin.0.into());
        match &record.kind {
            Kind::Message(message) => self.message(out, message),
            Kind::Asked(asked) => self.asked(out, asked),
            Kind::Up | Kind::Down => {}
            Kind::PeerAdded { peer, .. } => self.id(out, peer),
            Kind::PeerDropped { peer, error } | Kind::DialFailed { peer, error } => {
                self.id(out, peer);
                self.word(out, &error.0);
            }
            Kind::Arrival { protocol, item, from, hops } => {
                self.protocol(out, protocol);
                put_number(out, *item);
                from.iter().for_each(|from| self.id(out, from));
                put_number(out, (*hops).into());
            }
            Kind::Metric { protocol, name, value } => {
                self.word(out, protocol);
                self.word(out, name);
                out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            Kind::Expectation { name, detail, .. } => {
                put_text(out, name);
                put_text(out, detail);
            }
        }
    }

    pub(in crate::log) fn put_end(&self, out: &mut Vec<u8>, end: &End) {
        out.push(tag::END);
        put_number(out, end.time);
        put_number(out, end.records);
        out.extend_from_slice(&end.digest.0.to_le_bytes());
    }

    fn message(&mut self, out: &mut Vec<u8>, message: &Message) {
        self.id(out, &message.peer);
        self.protocol(out, &message.protocol);
        put_number(out, message.code);
        put_number(out, message.size.into());
        put_number(out, message.wire_len.into());
        out.extend_from_slice(&message.payload.to_le_bytes());
    }

    fn asked(&mut self, out: &mut Vec<u8>, asked: &Asked) {
        let mut ids = |code: u8, ids: &[&NodeId]| {
            out.push(code);
            ids.iter().for_each(|id| self.id(out, id));
        };
        match asked {
            Asked::Create { id, name, services } => {
                ids(ask::CREATE, &[id]);
                put_text(out, name);
                put_number(out, services.len() as u64);
                services.iter().for_each(|service| self.word(out, service));
            }
            Asked::Start { id } => ids(ask::START, &[id]),
            Asked::Stop { id } => ids(ask::STOP, &[id]),
            Asked::Crash { id } => ids(ask::CRASH, &[id]),
            Asked::Remove { id } => ids(ask::REMOVE, &[id]),
            Asked::Connect { one, other } => ids(ask::CONNECT, &[one, other]),
            Asked::Disconnect { one, other } => ids(ask::DISCONNECT, &[one, other]),
            Asked::Rpc { id, text } => {
                ids(ask::RPC, &[id]);
                put_text(out, text);
            }
            Asked::Reset => ids(ask::RESET, &[]),
            Asked::Condition(condition) => {
                ids(ask::CONDITION, &[]);
                put_text(out, &serde_json::to_string(condition).expect("it has string keys"));
            }
        }
    }

    fn id(&mut self, out: &mut Vec<u8>, id: &NodeId) {
        match self.ids.get_index_of(id) {
            Some(place) => put_number(out, place as u64 + 1),
            None => {
                self.ids.insert(*id);
                out.push(0);
                out.extend_from_slice(id.as_bytes());
            }
        }
    }

    fn word(&mut self, out: &mut Vec<u8>, word: &str) {
        if let Some(place) = self.words.get_index_of(word) {
            return put_number(out, place as u64 + 1);
        }
        out.push(0);
        put_text(out, word);
        if is_kept(word, self.words.len()) {
            self.words.insert(word.to_owned());
        }
    }

    /// Protocols are few, and named by every message.
    fn protocol(&mut self, out: &mut Vec<u8>, protocol: &Arc<ProtocolName>) {
        match self.protocols.iter().position(|known| known == protocol) {
            Some(place) => put_number(out, place as u64 + 1),
            None => {
                out.push(0);
                put_text(out, &protocol.name);
                put_number(out, protocol.version.into());
                self.protocols.push(Arc::clone(protocol));
            }
        }
    }
}

/// A kind's number, and the one thing of it that is yes or no.
fn tag_of(kind: &Kind) -> (u8, bool) {
    match kind {
        Kind::Asked(_) => (tag::ASKED, false),
        Kind::Up => (tag::UP, false),
        Kind::Down => (tag::DOWN, false),
        Kind::PeerAdded { inbound, .. } => (tag::PEER_ADDED, *inbound),
        Kind::PeerDropped { .. } => (tag::PEER_DROPPED, false),
        Kind::DialFailed { .. } => (tag::DIAL_FAILED, false),
        Kind::Message(message) => (tag::MESSAGE, message.received),
        Kind::Metric { .. } => (tag::METRIC, false),
        Kind::Expectation { passed, .. } => (tag::EXPECTATION, *passed),
        Kind::Arrival { from, .. } => (tag::ARRIVAL, from.is_some()),
    }
}

fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}
