//! Counts, and what is out of order: nodes without peers, parts that do not reach each other, nodes that are full.
//!
//! Looking at all of a large network takes milliseconds, so it is done for all watchers at once, when something has
//! changed, and not more often than they can read.

use super::frame::{Rates, Stat, Warning, WarningKind};
use crate::measure::parts;
use crate::state::State;
use crate::tally::NodeCounts;
use std::collections::BTreeMap;
use std::time::Duration;

/// Time on the wall between two looks at the network.
const LOOK: Duration = Duration::from_millis(400);
/// Nodes that a warning names.
const NAMED: usize = 100;

/// The last look. See the module.
#[derive(Debug, Default)]
pub(super) struct Survey {
    stat: Option<(u64, Duration, Stat)>,
    rates: Option<(Duration, Duration, Rates, u64)>,
}

impl Survey {
    /// Counts and warnings. `version` differs when the network does; `wall` is the time on the wall.
    pub(super) fn stat(&mut self, version: u64, wall: Duration, look: impl FnOnce() -> Stat) -> &Stat {
        let stale = |(of, at, _): &(u64, Duration, Stat)| *of != version && wall >= *at + LOOK;
        if self.stat.as_ref().is_none_or(stale) {
            self.stat = Some((version, wall, look()));
        }
        &self.stat.as_ref().expect("just put there").2
    }

    /// Messages so far by protocol and code, and all of them. `now` is the network's time: where it stands still, nothing
    /// is sent.
    pub(super) fn rates(
        &mut self,
        now: Duration,
        wall: Duration,
        counts: impl FnOnce() -> Vec<NodeCounts>,
    ) -> (&Rates, u64) {
        let stale = |(of, at, ..): &(Duration, Duration, Rates, u64)| *of != now && wall >= *at + LOOK;
        if self.rates.as_ref().is_none_or(stale) {
            let (rates, messages) = sum(&counts());
            self.rates = Some((now, wall, rates, messages));
        }
        let (_, _, rates, messages) = self.rates.as_ref().expect("just put there");
        (rates, *messages)
    }
}

fn sum(counts: &[NodeCounts]) -> (Rates, u64) {
    let (mut sums, mut messages) = (BTreeMap::<(&str, u32), BTreeMap<u64, [u64; 4]>>::new(), 0);
    for protocol in counts.iter().flat_map(|counts| &counts.protocols) {
        let codes = sums.entry((&protocol.name.name, protocol.name.version)).or_default();
        for (code, [sent, received]) in protocol.codes.iter().enumerate() {
            let more = [sent.messages, received.messages, sent.bytes, received.bytes];
            if more[0] + more[1] > 0 {
                let sums = codes.entry(code as u64).or_default();
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                messages += more[0] + more[1];
            }
        }
    }
    let shown = sums.into_iter().filter(|(_, codes)| !codes.is_empty());
    (shown.map(|((name, version), codes)| (format!("{name}/{version}"), codes)).collect(), messages)
}

/// Counts and warnings of a state. A node with `max_peers` peers is full; 0 says that there is no such number.
pub(super) fn look(state: &State, max_peers: usize) -> Stat {
    let nodes = state.nodes();
    let is_isolated = |place: &usize| nodes[*place].up && nodes[*place].peers == 0;
    let is_full = |place: &usize| max_peers > 0 && nodes[*place].up && nodes[*place].peers >= max_peers;
    let isolated: Vec<usize> = (0..nodes.len()).filter(is_isolated).collect();
    let full: Vec<usize> = (0..nodes.len()).filter(is_full).collect();
    let index =
        |places: &[usize]| places.iter().take(NAMED).map(|place| nodes[*place].origin() as u32).collect();
    let mut warnings = Vec::new();
    let mut warn = |kind, text, nodes| warnings.push(Warning { kind, text, nodes });
    let up = nodes.iter().filter(|node| node.up).count();
    // A node alone in the world lacks nothing.
    if !isolated.is_empty() && up > 1 {
        warn(WarningKind::Isolated, counted(isolated.len(), "without peers"), index(&isolated));
    }
    let mut parts = parts(state);
    // A node without peers is told of above.
    parts.retain(|part| part.len() > 1);
    if parts.len() > 1 {
        let sizes: Vec<String> = parts.iter().take(5).map(|part| part.len().to_string()).collect();
        let more = if parts.len() > 5 { ", …" } else { "" };
        let text =
            format!("{} parts that do not reach each other: {}{more} nodes", parts.len(), sizes.join(" | "));
        warn(WarningKind::Partitioned, text, index(&parts[1..].concat()));
    }
    if !full.is_empty() {
        warn(WarningKind::Full, counted(full.len(), &format!("at their {max_peers} peers")), index(&full));
    }
    Stat {
        nodes: nodes.len(),
        up,
        conns: state.conns_up(),
        drops: nodes.iter().map(|node| node.drops).sum(),
        failed_dials: state.failed_dials(),
        warnings,
        ..Stat::default()
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {} {what}", if count == 1 { "node" } else { "nodes" })
}

#[cfg(test)]
mod tests {
    use super::super::mirror::story::Story;
    use super::*;

    fn warnings(story: &Story, max_peers: usize) -> Vec<String> {
        let stat = look(&story.state, max_peers);
        stat.warnings
            .iter()
            .map(|warning| format!("{} {:?} {}", warning.kind.name(), warning.nodes, warning.text))
            .collect()
    }

    #[test]
    fn what_is_out_of_order_is_told() {
        let mut story = Story::default();
        story.create(6);
        assert_eq!(warnings(&story, 0), [""; 0]);
        (0..6).for_each(|node| story.up(node));
        assert_eq!(warnings(&story, 0), ["isolated [0, 1, 2, 3, 4, 5] 6 nodes without peers"]);
        story.connect(0, 1);
        story.connect(1, 2);
        story.connect(3, 4);
        assert_eq!(
            warnings(&story, 2),
            [
                "isolated [5] 1 node without peers",
                "partitioned [3, 4] 2 parts that do not reach each other: 3 | 2 nodes",
                "full [1] 1 node at their 2 peers",
            ]
        );
        story.connect(2, 3);
        story.connect(4, 5);
        assert_eq!(warnings(&story, 0), [""; 0]);
        assert_eq!(look(&story.state, 0).conns, 5);
    }
}
