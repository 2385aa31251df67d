//! `diff`: where two logs part.

use super::replay::{log_of, shown};
use super::{print, print_json};
use crate::args::Diff;
use crate::failure::{Code, Failure};
use serde::Serialize;
use simnet::log::{Difference, Ending, LogReader, Side};
use simnet::record::{Kind, Record};
use simnet::state::State;
use std::fmt::Write;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    equal: bool,
    /// Records that both have, up to the first difference.
    records: u64,
    /// What, here, there.
    headers: Vec<[String; 3]>,
    /// `null` if the logs are equal.
    difference: Option<Found<'a>>,
}

#[derive(Debug, Serialize)]
struct Found<'a> {
    before: &'a [Record],
    one: Parted<'a>,
    other: Parted<'a>,
    nodes_up: usize,
    connections: usize,
}

#[derive(Debug, Serialize)]
struct Parted<'a> {
    record: Option<&'a Record>,
    after: &'a [Record],
    /// Where it was cut, if it ends there and was.
    cut_at_byte: Option<u64>,
}

pub(super) fn diff(args: &Diff) -> Result<Code, Failure> {
    let paths = [log_of(&args.one)?, log_of(&args.other)?];
    let (mut one, mut other) = (LogReader::open(&paths[0])?, LogReader::open(&paths[1])?);
    let headers = one.header().differences(other.header());
    let difference = simnet::log::diff(&mut one, &mut other)?;
    let cuts = [&one, &other].map(|log| match log.ending() {
        Some(Ending::Cut { byte }) => Some(byte),
        _ => None,
    });
    // A log that was cut is not all of what the other says, though all it says is the same.
    let equal = difference.is_none() && cuts[0].is_some() == cuts[1].is_some();
    let code = if equal { Code::Done } else { Code::Failed };
    if args.json {
        let found = difference.as_ref().map(|found| Found {
            before: &found.before,
            one: parted(&found.one, cuts[0]),
            other: parted(&found.other, cuts[1]),
            nodes_up: nodes_up(found.past.state()),
            connections: found.past.state().conns_up(),
        });
        let records = difference.as_ref().map_or(one.records(), |found| found.past.records());
        let headers = headers.into_iter().map(|(what, one, other)| [what.to_owned(), one, other]).collect();
        print_json(&Document { equal, records, headers, difference: found })?;
        return Ok(code);
    }
    let names = [one.path(), other.path()];
    let mut text = String::new();
    for (what, one, other) in &headers {
        let _ = writeln!(text, "{what}: {} | {}", or_none(one), or_none(other));
    }
    match &difference {
        Some(difference) => text.push_str(&told(difference, names)),
        None if equal => {
            let _ = writeln!(text, "equal: {} records, digest {}", one.records(), one.digest());
        }
        None => {
            let records = one.records();
            let _ = writeln!(text, "equal as far as both go: {records} records");
        }
    }
    for (name, cut) in names.iter().zip(cuts) {
        if let Some(byte) = cut {
            let _ = writeln!(text, "{name} was cut at byte {byte}");
        }
    }
    print(&text)?;
    Ok(code)
}

fn parted(side: &Side, cut: Option<u64>) -> Parted<'_> {
    let cut_at_byte = cut.filter(|_| side.record.is_none());
    Parted { record: side.record.as_ref(), after: &side.after, cut_at_byte }
}

/// A difference, for people.
pub(super) fn told(difference: &Difference, names: [&str; 2]) -> String {
    let Difference { before, one, other, past } = difference;
    let state = past.state();
    let mut text = format!(
        "different after {} equal records, at {}, with {} nodes and {} connections up\n",
        past.records(),
        shown(past.time()),
        nodes_up(state),
        state.conns_up()
    );
    let line = |text: &mut String, mark: &str, record: &Record| {
        let json = serde_json::to_string(record).expect("it has string keys");
        let _ = writeln!(text, "{mark} {} {:<8} {json}", shown(at(record)), who(record, state));
    };
    before.iter().for_each(|record| line(&mut text, " ", record));
    for (mark, name, side) in [("-", names[0], one), ("+", names[1], other)] {
        let _ = writeln!(text, "{mark} {name}:");
        match &side.record {
            Some(record) => line(&mut text, mark, record),
            None => {
                let _ = writeln!(text, "{mark} (it has ended)");
            }
        }
        side.after.iter().for_each(|record| line(&mut text, &format!("{mark} …"), record));
    }
    for node in concerned(difference) {
        let peers = node.peers;
        let up = if node.up { "up" } else { "down" };
        let _ =
            writeln!(text, "{} ({}) was {up}, with {peers} peers, {} lost", node.name, node.id, node.drops);
    }
    text
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

fn at(record: &Record) -> std::time::Duration {
    std::time::Duration::from_nanos(record.time)
}

fn nodes_up(state: &State) -> usize {
    state.nodes().iter().filter(|node| node.up).count()
}

/// The name of whoever a record is from.
fn who<'a>(record: &Record, state: &'a State) -> &'a str {
    if let Kind::Asked(_) | Kind::Expectation { .. } = record.kind {
        return "(asked)";
    }
    state.of_origin(record.origin).map_or("?", |node| &node.name)
}

/// The nodes whose records differ.
fn concerned(difference: &Difference) -> Vec<&simnet::state::NodeState> {
    let records = [&difference.one.record, &difference.other.record].into_iter().flatten();
    let mut nodes: Vec<_> =
        records.filter_map(|record| difference.past.state().of_origin(record.origin)).collect();
    nodes.dedup_by_key(|node| node.id);
    nodes
}
