//! Commands about the whole network of a server.

use super::clock::told;
use super::{Remote, print, print_json};
use crate::args;
use crate::failure::{Code, Failure};
use crate::table::table;
use api::dto::{Snapshot, Topology};
use serde::Serialize;
use std::fs;
use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Counts {
    nodes: usize,
    conns: usize,
}

pub(super) fn show(remote: &Remote, json: bool) -> Result<Code, Failure> {
    let network = remote.wait(remote.client.network())?;
    let (nodes, conns) = (network.nodes.len(), network.conns.len());
    if json {
        print_json(&Counts { nodes, conns })?;
    } else {
        let mut rows = vec![["NODES".to_owned(), nodes.to_string()], ["CONNS".to_owned(), conns.to_string()]];
        rows.extend(worth_telling(remote));
        print(&table(&rows))?;
    }
    Ok(Code::Done)
}

/// What is not as usual: a clock that stands still, links that were set, partitions, churn.
fn worth_telling(remote: &Remote) -> Vec<[String; 2]> {
    let client = &remote.client;
    let mut rows = Vec::new();
    let mut tell = |what: &str, text: String| rows.push([what.to_owned(), text]);
    // The original's server has nothing of the kind, and then there is nothing to tell.
    let Ok(clock) = remote.wait(client.clock()) else { return rows };
    if clock.pace == "paused" {
        tell("CLOCK", told(&clock));
    }
    if let Ok(links) = remote.wait(client.links())
        && links.pairs.len() + links.regions.len() > 0
    {
        tell("LINKS", format!("{} set", links.pairs.len() + links.regions.len()));
    }
    for partition in remote.wait(client.partitions()).unwrap_or_default() {
        tell("PARTITION", format!("{}: {}", partition.id, partition.text));
    }
    if let Ok(Some(churn)) = remote.wait(client.churn()) {
        tell("CHURN", format!("{}, {} left, {} away", churn.rate, churn.left, churn.away));
    }
    rows
}

/// What a node says of itself is not needed to set it up again, and the original's command left it out.
pub(super) fn snapshot(remote: &Remote) -> Result<Code, Failure> {
    let mut snapshot = remote.wait(remote.client.snapshot())?;
    for node in &mut snapshot.nodes {
        node.node.info = None;
    }
    print_json(&snapshot)?;
    Ok(Code::Done)
}

pub(super) fn load(remote: &Remote, file: Option<&Path>) -> Result<Code, Failure> {
    let (name, bytes) = input(file, "no snapshot was given", "load")?;
    let snapshot: Snapshot = serde_json::from_slice(&bytes).map_err(|error| {
        let failure = Failure::new(Code::BadFile, format_args!("{name} is no snapshot: {error}"));
        failure.remedy("`p2psim snapshot` writes one")
    })?;
    remote.wait(remote.client.load(&snapshot))?;
    Ok(Code::Done)
}

/// A file, or standard input, and what it is called.
pub(super) fn input(file: Option<&Path>, missing: &str, command: &str) -> Result<(String, Vec<u8>), Failure> {
    let (name, bytes) = match file {
        Some(path) => (path.display().to_string(), fs::read(path)),
        None if stdin().is_terminal() => {
            let failure = Failure::new(Code::Usage, missing);
            return Err(failure.remedy(format!("p2psim {command} FILE, or p2psim {command} < FILE")));
        }
        None => {
            let mut bytes = Vec::new();
            let read = stdin().lock().read_to_end(&mut bytes);
            ("standard input".to_owned(), read.map(|_| bytes))
        }
    };
    let failed = |error| Failure::new(Code::BadFile, format_args!("cannot read {name}: {error}"));
    bytes.map_err(failed).map(|bytes| (name.clone(), bytes))
}

pub(super) fn start(remote: &Remote) -> Result<Code, Failure> {
    remote.wait(remote.client.start_all())?;
    print("Started all nodes\n")?;
    Ok(Code::Done)
}

pub(super) fn stop(remote: &Remote) -> Result<Code, Failure> {
    remote.wait(remote.client.stop_all())?;
    print("Stopped all nodes\n")?;
    Ok(Code::Done)
}

pub(super) fn reset(remote: &Remote) -> Result<Code, Failure> {
    remote.wait(remote.client.reset())?;
    print("Reset the network\n")?;
    Ok(Code::Done)
}

pub(super) fn topology(remote: &Remote, wanted: args::Topology) -> Result<Code, Failure> {
    let args::Topology { kind, center, degree, rewire, links, bucket, file } = wanted;
    let read = |path: PathBuf| {
        let failed =
            |error| Failure::new(Code::BadFile, format_args!("cannot read {}: {error}", path.display()));
        fs::read_to_string(&path).map_err(failed)
    };
    let file = file.map(read).transpose()?;
    let topology = Topology { kind, center, degree, rewire, links, bucket, file };
    let connections = remote.wait(remote.client.build(&topology))?;
    print(&format!("Built {}: {connections} connections\n", topology.kind))?;
    Ok(Code::Done)
}
