//! The form that any tool reads: one JSON object a line. The header is the first, `{"end":…}` the last.

use super::{End, Header};
use crate::record::{Digest, Kind, Message, Origin, ProtocolName, Record};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A record of a message, as derived for [`Record`]; most lines are of this kind.
#[derive(Serialize, Deserialize)]
struct MessageLine<'a> {
    time: u64,
    origin: Origin,
    seq: u64,
    kind: &'a str,
    peer: &'a str,
    received: bool,
    protocol: &'a str,
    code: u64,
    size: u32,
    wire_len: u32,
    payload: u64,
}

const MESSAGE: &str = "msg";

#[derive(Serialize, Deserialize)]
struct EndLine {
    end: EndForm,
}

#[derive(Serialize, Deserialize)]
struct EndForm {
    time: u64,
    records: u64,
    digest: String,
}

pub(super) fn put_line(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *out, value)
        .expect("what is logged has string keys, and memory does not fail");
    out.push(b'\n');
}

pub(super) fn put_header(out: &mut Vec<u8>, header: &Header) {
    put_line(out, header);
}

pub(super) fn put(out: &mut Vec<u8>, record: &Record) {
    let Kind::Message(message) = &record.kind else { return put_line(out, record) };
    let mut peer = [0; 64];
    hex::encode_to_slice(message.peer.as_bytes(), &mut peer).expect("two digits a byte");
    put_line(
        out,
        &MessageLine {
            time: record.time,
            origin: record.origin,
            seq: record.seq,
            kind: MESSAGE,
            peer: std::str::from_utf8(&peer).expect("digits"),
            received: message.received,
            protocol: message.protocol.text(),
            code: message.code,
            size: message.size,
            wire_len: message.wire_len,
            payload: message.payload,
        },
    );
}

pub(super) fn put_end(out: &mut Vec<u8>, end: &End) {
    let (time, records, digest) = (end.time, end.records, end.digest.to_string());
    put_line(out, &EndLine { end: EndForm { time, records, digest } });
}

/// A line after the first.
pub(super) enum Line {
    Record(Record),
    End(End),
}

/// Reads lines; keeps the names it has met.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    protocols: Vec<Arc<ProtocolName>>,
}

impl Decoder {
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Line, String> {
        if line.starts_with(b"{\"end\"") {
            return end(line).map(Line::End);
        }
        // Names with an escape in them cannot be borrowed from the line; they take the long way.
        if let Ok(message) = serde_json::from_slice::<MessageLine<'_>>(line)
            && message.kind == MESSAGE
        {
            return self.message(&message).map(Line::Record);
        }
        serde_json::from_slice(line).map(Line::Record).map_err(|error| error.to_string())
    }

    fn message(&mut self, line: &MessageLine<'_>) -> Result<Record, String> {
        let mut peer = [0; 32];
        hex::decode_to_slice(line.peer, &mut peer).map_err(|error| format!("{:?}: {error}", line.peer))?;
        let known = self.protocols.iter().find(|known| known.text() == line.protocol);
        let protocol = match known {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(line.protocol.parse()?);
                self.protocols.push(Arc::clone(&new));
                new
            }
        };
        let kind = Kind::Message(Message {
            peer: devp2p::NodeId::from_bytes(peer),
            received: line.received,
            protocol,
            code: line.code,
            size: line.size,
            wire_len: line.wire_len,
            payload: line.payload,
        });
        Ok(Record { time: line.time, origin: line.origin, seq: line.seq, kind })
    }
}

fn end(line: &[u8]) -> Result<End, String> {
    let EndLine { end } = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let digest = end.digest.parse::<Digest>().map_err(|_| format!("{:?} is no digest", end.digest))?;
    Ok(End { time: end.time, records: end.records, digest })
}
