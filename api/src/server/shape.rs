//! What the Go library could and the original's HTTP could not: build a topology, wait until a condition holds.

use super::error::Refusal;
use crate::dto;
use simnet::condition::Text;
use simnet::state::State;
use simnet::topology::{Topology as Shape, listed};
use std::time::Duration;
use world::sim::Chance;

/// How long a condition is waited for, in the network's time, unless its request says.
const WITHIN: Duration = simnet::PATIENCE;

/// Every shape with what has to be said of it, and what may be.
const KINDS: [(&str, &[&str], &[&str]); 10] = [
    ("none", &[], &[]),
    ("chain", &[], &[]),
    ("ring", &[], &[]),
    ("star", &[], &["center"]),
    ("full", &[], &[]),
    ("random-regular", &["degree"], &[]),
    ("small-world", &["degree"], &["rewire"]),
    ("scale-free", &["links"], &[]),
    ("kademlia", &["bucket"], &[]),
    ("file", &["file"], &[]),
];
/// How likely a connection of a small world is rewired unless its request says: Watts and Strogatz's, in the middle of the
/// range where the world is small and still clustered.
const REWIRE: &str = "10%";

/// Which pairs to connect.
pub(crate) enum Wanted {
    /// Those of a shape over all nodes that are up.
    Shape(Shape),
    /// These, by name or id.
    Pairs(Vec<(String, String)>),
}

impl dto::Topology {
    /// The topology and its name.
    pub(crate) fn read(self) -> Result<(Wanted, String), Refusal> {
        let kind = KINDS.iter().find(|(kind, ..)| *kind == self.kind);
        let Some((kind, needs, may)) = kind else {
            let known = KINDS.map(|(kind, ..)| kind).join(", ");
            let unknown = format!("topology: unknown kind {:?}: known are {known}", self.kind);
            return Err(Refusal::invalid(unknown));
        };
        let given = [
            ("center", self.center.is_some()),
            ("degree", self.degree.is_some()),
            ("rewire", self.rewire.is_some()),
            ("links", self.links.is_some()),
            ("bucket", self.bucket.is_some()),
            ("file", self.file.is_some()),
        ];
        for (key, given) in given {
            if given && !needs.contains(&key) && !may.contains(&key) {
                return Err(Refusal::invalid(format!("topology: {kind:?} has no {key}")));
            }
            if !given && needs.contains(&key) {
                return Err(Refusal::invalid(format!("topology: {kind:?} needs a number of its own: {key}")));
            }
        }
        if let Some(file) = &self.file {
            return Ok((Wanted::Pairs(pairs(file)?), self.kind));
        }
        let rewire: Text<Chance> = self
            .rewire
            .as_deref()
            .unwrap_or(REWIRE)
            .parse()
            .map_err(|error| Refusal::invalid(format!("topology: rewire: {error}")))?;
        let [degree, links, bucket] = [self.degree, self.links, self.bucket].map(Option::unwrap_or_default);
        let topology = match *kind {
            "chain" => Shape::Chain,
            "ring" => Shape::Ring,
            "full" => Shape::Full,
            "star" => Shape::Star { center: self.center.unwrap_or(0) },
            "random-regular" => Shape::RandomRegular { degree },
            "small-world" => Shape::SmallWorld { degree, rewire: rewire.0 },
            "scale-free" => Shape::ScaleFree { links },
            "kademlia" => Shape::Kademlia { bucket },
            _ => Shape::None,
        };
        Ok((Wanted::Shape(topology), self.kind))
    }
}

fn pairs(file: &str) -> Result<Vec<(String, String)>, Refusal> {
    let listed = listed::read(file).map_err(|error| {
        let line = file[..error.span.start].matches('\n').count() + 1;
        Refusal::invalid(format!("topology: file, line {line}: {error}"))
    })?;
    Ok(listed.pairs.into_iter().map(|(one, other)| (one.text, other.text)).collect())
}

impl dto::Condition {
    /// What it says, and within which time it has to. `of` is what it is part of.
    pub(crate) fn read(&self, of: &str) -> Result<(String, Duration), Refusal> {
        let within = self.within.as_deref().map_or(Ok(WITHIN), |text| {
            let bad =
                |error| Refusal::invalid(format!("{of}: within {text:?} is no time such as 30s: {error}"));
            humantime::parse_duration(text).map_err(bad)
        })?;
        let parts = [
            self.nodes.map(|count| format!("{count} nodes up")),
            self.conns.map(|count| format!("{count} conns up")),
            self.peers.map(|count| format!("{count} peers at every node")),
        ];
        let what = parts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        match what.is_empty() {
            true => Err(Refusal::invalid(format!("{of}: nothing to wait for: name nodes, conns or peers"))),
            false => Ok((what, within)),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, state: &State) -> bool {
        let up = || state.nodes().iter().filter(|node| node.up);
        self.nodes.is_none_or(|count| up().count() == count)
            && self.conns.is_none_or(|count| {
                state.conns_up() == count && state.conns().filter(|conn| conn.established()).count() == count
            })
            && self.peers.is_none_or(|count| up().all(|node| node.peers >= count))
    }
}
