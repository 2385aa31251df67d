//! `replay`: a network at a moment of its log.

use super::report::{message_rows, messages};
use super::{print, print_json};
use crate::args::Replay;
use crate::failure::{Code, Failure};
use crate::table::table;
use serde::Serialize;
use simnet::log::{Ending, Form, LogReader, Past};
use simnet::report::MessageRow;
use simnet::state::ConnState;
use simnet::{NodeTally, Tally};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    log: &'a str,
    format: String,
    p2psim: &'a str,
    seed: u64,
    scenario: Option<&'a str>,
    /// Seconds up to which everything is taken in.
    at: f64,
    records: u64,
    /// Of these records.
    digest: String,
    /// How the log ends, unless there is more of it than was asked for.
    end: Option<End>,
    nodes: Vec<Node<'a>>,
    connections: Vec<Connection>,
    messages: Vec<MessageRow>,
    drops: u64,
    failed_dials: u64,
    /// Partitions and the like that stand.
    restraints: usize,
    expectations: Vec<Outcome<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Whole { seconds: f64, digest: String },
    Cut { byte: u64 },
}

#[derive(Debug, Serialize)]
struct Node<'a> {
    id: String,
    name: &'a str,
    up: bool,
    peers: usize,
    drops: u64,
    sent: u64,
    received: u64,
}

#[derive(Debug, Serialize)]
struct Connection {
    one: String,
    other: String,
    up: bool,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    name: &'a str,
    passed: bool,
}

pub(super) fn replay(args: &Replay) -> Result<Code, Failure> {
    let mut log = LogReader::open(&log_of(&args.file)?)?;
    let mut past = Past::default();
    past.read(&mut log, args.at)?;
    let more = log.peek()?.is_some();
    // Past its last record a network is as that left it.
    let at = args.at.unwrap_or(past.time());
    let tally = past.tally();
    if args.json {
        print_json(&document(&log, &past, &tally, at))?;
    } else {
        print(&page(&log, &past, &tally, at, more))?;
    }
    Ok(Code::Done)
}

/// The log that a path means: itself, or the one in a directory.
pub(super) fn log_of(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let there = Form::ALL.map(|form| path.join(form.file_name()));
    let mut there = there.into_iter().filter(|log| log.exists());
    there.next().ok_or_else(|| {
        let [one, other] = Form::ALL.map(Form::file_name);
        let failure = Failure::new(Code::BadFile, format_args!("there is no log in {}", path.display()));
        failure.remedy(format!("`p2psim run --out DIR` writes one, {one} or {other}"))
    })
}

fn document<'a>(log: &'a LogReader, past: &'a Past, tally: &'a Tally, at: Duration) -> Document<'a> {
    let (header, state) = (log.header(), past.state());
    let id = |place: usize| state.nodes()[place].id.to_string();
    let node = |node: &'a NodeTally| Node {
        id: node.id.to_string(),
        name: &node.name,
        up: node.up,
        peers: node.peers,
        drops: node.drops,
        sent: node.sent.messages,
        received: node.received.messages,
    };
    let connection = |conn: &ConnState| Connection { one: id(conn.one), other: id(conn.other), up: conn.up };
    let outcome = |(name, passed): &'a (String, bool)| Outcome { name, passed: *passed };
    Document {
        log: log.path(),
        format: log.form().to_string(),
        p2psim: &header.network.p2psim,
        seed: header.network.seed,
        scenario: header.scenario.as_ref().map(|scenario| scenario.path.as_str()),
        at: at.as_secs_f64(),
        records: past.records(),
        digest: log.digest().to_string(),
        end: log.ending().map(|ending| match ending {
            Ending::Whole { time, digest } => {
                End::Whole { seconds: time.as_secs_f64(), digest: digest.to_string() }
            }
            Ending::Cut { byte } => End::Cut { byte },
        }),
        nodes: tally.nodes.iter().map(node).collect(),
        connections: state.conns().map(connection).collect(),
        messages: message_rows(&tally.messages),
        drops: tally.drops,
        failed_dials: tally.failed_dials,
        restraints: state.conditions().restraints().count(),
        expectations: past.expectations().iter().map(outcome).collect(),
    }
}

fn page(log: &LogReader, past: &Past, tally: &Tally, at: Duration, more: bool) -> String {
    let (header, state) = (log.header(), past.state());
    let of = match &header.scenario {
        Some(scenario) => format!("{}, seed {}", scenario.path, header.network.seed),
        None => format!("a live session, seed {}", header.network.seed),
    };
    let end = match log.ending() {
        Some(Ending::Whole { time, digest }) => {
            format!("in order at {}, digest {digest}: as read", shown(time))
        }
        Some(Ending::Cut { byte }) => format!("CUT at byte {byte}: what came before is whole"),
        None if more => "goes on".to_owned(),
        None => "not read".to_owned(),
    };
    let restraints = state.conditions().restraints().count();
    let mut page = table(&[
        ["LOG", &format!("{} ({}, p2psim {})", log.path(), log.form(), header.network.p2psim)],
        ["OF", &of],
        ["AT", &shown(at)],
        ["RECORDS", &format!("{}, {} of them of messages", past.records(), past.messages())],
        ["DIGEST", &log.digest().to_string()],
        ["END", &end],
        ["NODES", &format!("{} up of {}", tally.nodes_up, tally.nodes.len())],
        ["CONNECTIONS", &tally.conns_up.to_string()],
        ["DROPS", &format!("{}, and {} dials failed", tally.drops, tally.failed_dials)],
        ["RESTRAINTS", &restraints.to_string()],
    ]);
    page.push('\n');
    page.push_str(&messages(&tally.messages));
    page.push('\n');
    page.push_str(&nodes(&tally.nodes));
    if !past.expectations().is_empty() {
        page.push('\n');
        let word = |passed: bool| if passed { "ok" } else { "FAILED" };
        let rows = past.expectations().iter().map(|(name, passed)| [word(*passed), name.as_str()]);
        page.push_str(&table(&rows.collect::<Vec<_>>()));
    }
    page
}

/// So many nodes are shown on a page.
const SHOWN: usize = 20;

fn nodes(nodes: &[NodeTally]) -> String {
    let mut rows = vec![["NODE", "STATE", "PEERS", "LOST", "SENT", "RECEIVED"].map(String::from)];
    rows.extend(nodes.iter().take(SHOWN).map(|node| {
        let state = if node.up { "up" } else { "down" };
        let (sent, received) = (node.sent.messages, node.received.messages);
        let counts = [node.peers as u64, node.drops, sent, received].map(|count| count.to_string());
        let [peers, lost, sent, received] = counts;
        [node.name.clone(), state.to_owned(), peers, lost, sent, received]
    }));
    let mut text = table(&rows);
    if nodes.len() > SHOWN {
        text.push_str(&format!("and {} more; --json has them all\n", nodes.len() - SHOWN));
    }
    text
}

/// A moment, to the nanosecond.
pub(super) fn shown(time: Duration) -> String {
    format!("{}.{:09} s", time.as_secs(), time.subsec_nanos())
}
