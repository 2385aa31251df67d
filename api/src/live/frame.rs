//! The bytes of a frame: a header of 32 bytes and sections, little-endian, each padded to four bytes.
//!
//! Tables are rows of fixed width, so that a page reads a quarter of a million connections without parsing; what is
//! small and of many kinds is JSON. A reader skips sections that it does not know.

use serde_json::{Value, json};
use simnet::live::{Frame, Stat};
use std::collections::BTreeMap;
use world::sim::Pace;

const WHOLE: u8 = 1;
const CHANGES: u8 = 2;
const HEADER: usize = 32;
/// Marks an arrival at a node that had the item already, in the upper half of the hops.
const DUPLICATE: u32 = 0xffff_0000;
/// In the place of a sender.
const NOBODY: u32 = u32::MAX;

/// A frame, as it goes over the wire.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let mut out = Sections { bytes: header(frame), count: 0 };
    if frame.whole || !frame.nodes.is_empty() {
        out.table(b"NODE", &frame.nodes, 8, |bytes, row| {
            bytes.extend_from_slice(&row.index.to_le_bytes());
            bytes.extend_from_slice(&[row.standing as u8, region(row.region)]);
            bytes.extend_from_slice(&row.group.to_le_bytes());
        });
    }
    if frame.whole || !frame.new.is_empty() {
        out.table(b"IDS ", &frame.new, 32, |bytes, row| bytes.extend_from_slice(row.id.as_bytes()));
        out.json(b"NAME", &frame.new.iter().map(|row| &*row.name).collect::<Vec<_>>());
    }
    if let Some(groups) = &frame.groups {
        out.json(b"GRPS", &groups.iter().map(|group| &**group).collect::<Vec<_>>());
    }
    if frame.whole || !frame.conns.is_empty() {
        out.table(b"CONN", &frame.conns, 12, |bytes, row| {
            words(bytes, &[row.a, row.b, u32::from(row.up)]);
        });
    }
    if let Some(rates) = &frame.rates {
        out.json(b"RATE", &rates.iter().collect::<BTreeMap<_, _>>());
    }
    if let Some(stat) = &frame.stat {
        out.json(b"STAT", &counts(stat));
    }
    if !frame.heat.is_empty() {
        out.table(b"HEAT", &frame.heat, 16, |bytes, row| {
            let size = u32::try_from(row.bytes).unwrap_or(u32::MAX);
            words(bytes, &[row.a, row.b, row.messages, size]);
        });
    }
    if let Some(messages) = &frame.messages {
        let row = |row: &simnet::live::MessageRow| {
            json!([row.time, row.from, row.to, &*row.protocol, row.code, row.received, row.size])
        };
        out.json(b"MSGS", &sample(messages.of, messages.shown.iter().map(row)));
    }
    if let Some(events) = &frame.events {
        let row = |row: &simnet::live::EventRow| {
            json!([row.seq, row.time, row.kind, &*row.text, row.a, row.b, row.control])
        };
        out.json(b"EVTS", &sample(events.of, events.shown.iter().map(row)));
    }
    if !frame.marks.is_empty() {
        let row = |row: &simnet::live::EventRow| json!([row.time, row.kind, &*row.text, row.a]);
        out.json(b"MARK", &frame.marks.iter().map(row).collect::<Vec<_>>());
    }
    if !frame.arrivals.is_empty() {
        out.table(b"ARRV", &frame.arrivals, 28, |bytes, row| {
            bytes.extend_from_slice(&(row.item as f64).to_le_bytes());
            bytes.extend_from_slice(&(row.time as f64 / 1e9).to_le_bytes());
            let mark = if row.duplicate { DUPLICATE } else { 0 };
            words(bytes, &[row.node, u32::from(row.hops) | mark, row.from.unwrap_or(NOBODY)]);
        });
    }
    out.finish()
}

/// A region in one byte: 0 is none, and what is too large for it is the last.
fn region(region: Option<u16>) -> u8 {
    region.map_or(0, |region| u8::try_from(region).map_or(u8::MAX, |region| region.saturating_add(1)))
}

fn header(frame: &Frame) -> Vec<u8> {
    let (clock, pace) = match frame.clock.pace {
        Pace::Times(pace) => (0_u8, pace),
        Pace::Max => (1, f64::INFINITY),
        Pace::Paused => (2, 0.0),
    };
    let mut bytes = Vec::with_capacity(HEADER + frame.conns.len() * 12 + frame.nodes.len() * 56 + 1024);
    bytes.extend_from_slice(&[if frame.whole { WHOLE } else { CHANGES }, clock]);
    bytes.extend_from_slice(&[0; 6]);
    bytes.extend_from_slice(&frame.seq.to_le_bytes());
    bytes.extend_from_slice(&(frame.clock.now.as_nanos() as u64).to_le_bytes());
    bytes.extend_from_slice(&pace.to_le_bytes());
    bytes
}

fn words(bytes: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

fn sample(of: u64, shown: impl Iterator<Item = Value>) -> Value {
    json!({ "of": of, "shown": shown.collect::<Vec<_>>() })
}

fn counts(stat: &Stat) -> Value {
    let warning = |warning: &simnet::live::Warning| json!({ "kind": warning.kind.name(), "text": warning.text, "nodes": warning.nodes });
    json!({
        "nodes": stat.nodes,
        "up": stat.up,
        "conns": stat.conns,
        "drops": stat.drops,
        "failed_dials": stat.failed_dials,
        "messages": stat.messages,
        "missed": stat.missed,
        "restraints": stat.restraints,
        "warnings": stat.warnings.iter().map(warning).collect::<Vec<_>>(),
    })
}

/// A frame that is being written.
struct Sections {
    bytes: Vec<u8>,
    count: u16,
}

impl Sections {
    fn table<T>(&mut self, tag: &[u8; 4], rows: &[T], width: usize, write: impl Fn(&mut Vec<u8>, &T)) {
        self.bytes.reserve(8 + rows.len() * width);
        self.section(tag, |bytes| rows.iter().for_each(|row| write(bytes, row)));
    }

    fn json(&mut self, tag: &[u8; 4], value: &impl serde::Serialize) {
        self.section(tag, |bytes| {
            serde_json::to_writer(bytes, value).expect("its keys are texts or numbers")
        });
    }

    fn section(&mut self, tag: &[u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
        self.count += 1;
        self.bytes.extend_from_slice(tag);
        let length = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        write(&mut self.bytes);
        let body = (self.bytes.len() - length - 4) as u32;
        self.bytes[length..length + 4].copy_from_slice(&body.to_le_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes[2..4].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}
