//! What the Go library could and the original's HTTP could not: build a topology, wait until a condition holds.

use super::error::Refusal;
use crate::dto;
use simnet::state::State;
use simnet::topology::Topology as Shape;
use std::time::Duration;

/// How long a condition is waited for, in the network's time, unless its request says.
const WITHIN: Duration = simnet::PATIENCE;

impl dto::Topology {
    /// The topology and its name.
    pub(crate) fn read(self) -> Result<(Shape, String), Refusal> {
        for (key, given, of) in
            [("center", self.center.is_some(), "star"), ("degree", self.degree.is_some(), "random-regular")]
        {
            if given && self.kind != of {
                return Err(Refusal::invalid(format!("topology: {:?} has no {key}, {of:?} has", self.kind)));
            }
        }
        let topology = match (self.kind.as_str(), self.degree) {
            ("none", _) => Shape::None,
            ("chain", _) => Shape::Chain,
            ("ring", _) => Shape::Ring,
            ("full", _) => Shape::Full,
            ("star", _) => Shape::Star { center: self.center.unwrap_or(0) },
            ("random-regular", Some(degree)) => Shape::RandomRegular { degree },
            ("random-regular", None) => {
                return Err(Refusal::invalid("topology: \"random-regular\" needs a degree"));
            }
            (other, _) => {
                return Err(Refusal::invalid(format!(
                    "topology: unknown kind {other:?}: known are none, chain, ring, star, full, random-regular"
                )));
            }
        };
        Ok((topology, self.kind))
    }
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
            && self.peers.is_none_or(|count| up().all(|node| node.peers.len() >= count))
    }
}
