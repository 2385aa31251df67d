//! Nodes and connections as watchers know them, with the ring of what changed.
//!
//! Each change is an entry of the ring, and each node and connection knows its latest entry. So a watcher that has seen
//! everything up to some record gets, from the entries after it, those that are still the latest of what they are about:
//! each node and connection once, however often it changed. A watcher that lost its connection goes on the same way,
//! as long as the ring reaches back to where it was. And because an entry has the state before it, the network of any
//! moment that the ring reaches back to is the present one with the entries since then undone.
//!
//! What is gone is kept as long as an entry of the ring is about it.

use super::frame::{ConnRow, NewNode, NodeRow, NodeStanding};
use crate::condition::Condition;
use crate::record::{Asked, Kind, Record};
use crate::state::{Change, State};
use devp2p::NodeId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Changes kept: 32 bytes each, so 32 MiB at most.
const RING: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct Mirror {
    nodes: BTreeMap<u32, Node>,
    by_id: BTreeMap<NodeId, u32>,
    /// By the two nodes, the smaller first.
    conns: BTreeMap<(u32, u32), Conn>,
    groups: Vec<Arc<str>>,
    ring: VecDeque<Entry>,
    /// Entries that have left the ring; the number of the first in it.
    left: u64,
    limit: usize,
    /// The number and the time of the last record of which nothing is in the ring any more.
    floor: (u64, u64),
}

#[derive(Debug)]
struct Node {
    id: NodeId,
    name: Arc<str>,
    group: u16,
    region: Option<u16>,
    standing: NodeStanding,
    shows_messages: bool,
    /// The record that created it.
    created: u64,
    /// Its latest entry.
    latest: u64,
}

#[derive(Debug)]
struct Conn {
    /// Whether the smaller index is the end that was asked to connect, or dialled.
    in_order: bool,
    up: bool,
    latest: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    seq: u64,
    time: u64,
    of: Of,
}

/// What changed, and how it was before.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// `None`: it was not.
    Node(u32, Option<NodeStanding>),
    /// It was up or not.
    Conn(u32, u32, bool),
}

/// Nodes and connections of a frame.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) nodes: Vec<NodeRow>,
    pub(super) new: Vec<NewNode>,
    pub(super) conns: Vec<ConnRow>,
}

/// How a network was at a moment that has gone by.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) seq: u64,
    pub(super) rows: Rows,
}

/// What is known of a node when the mirror begins, beside the state.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// How many nodes were created before it.
    pub(crate) index: u32,
    /// Its services.
    pub(crate) services: Vec<String>,
    /// Whether its messages are shown.
    pub(crate) shows_messages: bool,
}

impl Mirror {
    /// The network as it is; `known` has its nodes in the state's order.
    pub(crate) fn new(state: &State, known: &[Known], seq: u64, time: u64) -> Self {
        let mut mirror = Self {
            nodes: BTreeMap::new(),
            by_id: BTreeMap::new(),
            conns: BTreeMap::new(),
            groups: Vec::new(),
            ring: VecDeque::new(),
            left: 0,
            limit: RING,
            floor: (seq, time),
        };
        for (node, known) in state.nodes().iter().zip(known) {
            let standing = if node.up { NodeStanding::Up } else { NodeStanding::Down };
            mirror.put(known.index, node.id, &node.name, &known.services, standing, seq);
            let kept = mirror.nodes.get_mut(&known.index).expect("just put there");
            kept.shows_messages = known.shows_messages;
            kept.region = state.conditions().region(&node.id);
        }
        for conn in state.conns().filter(|conn| conn.up) {
            let (a, b) = (known[conn.one].index, known[conn.other].index);
            let conn = Conn { in_order: a < b, up: true, latest: u64::MAX };
            mirror.conns.insert((a.min(b), a.max(b)), conn);
        }
        mirror
    }

    fn put(
        &mut self,
        index: u32,
        id: NodeId,
        name: &str,
        services: &[String],
        standing: NodeStanding,
        created: u64,
    ) {
        let group = self.group(&services.join("+"));
        let (name, region, shows_messages, latest) = (name.into(), None, true, u64::MAX);
        let node = Node { id, name, group, region, standing, shows_messages, created, latest };
        self.nodes.insert(index, node);
        self.by_id.insert(id, index);
    }

    /// The number of a group of that name. Beyond what a number can hold, groups share the last.
    fn group(&mut self, name: &str) -> u16 {
        let place = self.groups.iter().position(|group| **group == *name).unwrap_or_else(|| {
            if self.groups.len() < usize::from(u16::MAX) {
                self.groups.push(name.into());
            }
            self.groups.len() - 1
        });
        place as u16
    }

    pub(super) fn groups(&self) -> &[Arc<str>] {
        &self.groups
    }

    /// The index of a node that was not removed.
    pub(super) fn index(&self, id: &NodeId) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    pub(super) fn name(&self, index: u32) -> Option<&str> {
        self.nodes.get(&index).map(|node| &*node.name)
    }

    pub(super) fn shows_messages(&self, index: u32) -> bool {
        self.nodes.get(&index).is_some_and(|node| node.shows_messages)
    }

    pub(crate) fn hide_messages(&mut self, id: &NodeId) {
        let node = self.by_id.get(id).and_then(|index| self.nodes.get_mut(index));
        if let Some(node) = node {
            node.shows_messages = false;
        }
    }

    /// Takes in a record that is not a message's.
    pub(super) fn note(&mut self, seq: u64, record: &Record, changes: &[Change], state: &State) {
        let at = (seq, record.time);
        match &record.kind {
            Kind::Asked(Asked::Create { id, name, services }) => {
                let index = (state.created() - 1) as u32;
                self.put(index, *id, name, services, NodeStanding::Down, seq);
                self.push(at, Of::Node(index, None));
            }
            Kind::Asked(Asked::Remove { id }) => {
                if let Some(index) = self.by_id.remove(id) {
                    self.stand(at, index, NodeStanding::Removed);
                }
            }
            Kind::Asked(Asked::Reset) => self.reset(at),
            Kind::Asked(Asked::Condition(condition)) => {
                if let Condition::Region { node, region } = &**condition {
                    self.settle(at, node, *region);
                }
            }
            Kind::Up | Kind::Down => {
                let standing = if record.kind == Kind::Up { NodeStanding::Up } else { NodeStanding::Down };
                if let Some(index) = record.origin.index() {
                    self.stand(at, index as u32, standing);
                }
            }
            _ => {}
        }
        for change in changes {
            if let Change::Conn(view, _) = change
                && let Some((one, other)) = self.index(&view.one).zip(self.index(&view.other))
            {
                self.connect(at, one, other, view.up);
            }
        }
    }

    fn reset(&mut self, at: (u64, u64)) {
        let up: Vec<_> = self.conns.iter().filter(|(_, conn)| conn.up).map(|(pair, _)| *pair).collect();
        for (a, b) in up {
            self.connect(at, a, b, false);
        }
        for index in std::mem::take(&mut self.by_id).into_values() {
            self.stand(at, index, NodeStanding::Removed);
        }
    }

    /// A node that was removed stays so.
    fn stand(&mut self, at: (u64, u64), index: u32, standing: NodeStanding) {
        let Some(node) = self.nodes.get_mut(&index) else { return };
        let before = node.standing;
        if before == standing || before == NodeStanding::Removed {
            return;
        }
        node.standing = standing;
        self.push(at, Of::Node(index, Some(before)));
    }

    fn settle(&mut self, at: (u64, u64), id: &NodeId, region: Option<u16>) {
        let Some(index) = self.index(id) else { return };
        let node = self.nodes.get_mut(&index).expect("its id is known");
        node.region = region;
        let standing = node.standing;
        self.push(at, Of::Node(index, Some(standing)));
    }

    fn connect(&mut self, at: (u64, u64), one: u32, other: u32, up: bool) {
        let pair = (one.min(other), one.max(other));
        let conn = self.conns.entry(pair).or_insert(Conn { in_order: true, up: false, latest: u64::MAX });
        if up {
            conn.in_order = one < other;
        }
        let before = std::mem::replace(&mut conn.up, up);
        if before != up {
            self.push(at, Of::Conn(pair.0, pair.1, before));
        }
    }

    fn push(&mut self, (seq, time): (u64, u64), of: Of) {
        let number = self.left + self.ring.len() as u64;
        *self.latest(of).expect("it was put there before") = number;
        self.ring.push_back(Entry { seq, time, of });
        // Now that the ring knows the new entry, what it is about is not forgotten with an older one.
        if self.ring.len() > self.limit {
            self.forget();
        }
    }

    fn latest(&mut self, of: Of) -> Option<&mut u64> {
        match of {
            Of::Node(index, _) => self.nodes.get_mut(&index).map(|node| &mut node.latest),
            Of::Conn(a, b, _) => self.conns.get_mut(&(a, b)).map(|conn| &mut conn.latest),
        }
    }

    /// Lets the oldest entry go, and with its last entry whatever is gone.
    fn forget(&mut self) {
        let Some(entry) = self.ring.pop_front() else { return };
        let number = self.left;
        self.left += 1;
        self.floor = (entry.seq, entry.time);
        match entry.of {
            Of::Node(index, _) => {
                let gone = |node: &Node| node.standing == NodeStanding::Removed && node.latest == number;
                if self.nodes.get(&index).is_some_and(gone) {
                    self.nodes.remove(&index);
                }
            }
            Of::Conn(a, b, _) => {
                if self.conns.get(&(a, b)).is_some_and(|conn| !conn.up && conn.latest == number) {
                    self.conns.remove(&(a, b));
                }
            }
        }
    }

    /// Differs whenever anything has changed.
    pub(super) fn version(&self) -> u64 {
        self.left + self.ring.len() as u64
    }

    /// Whether what changed after that record is known.
    pub(super) fn reaches(&self, seq: u64) -> bool {
        seq >= self.floor.0
    }

    /// Everything there is.
    pub(super) fn whole(&self) -> Rows {
        let mut rows = Rows::default();
        for (index, node) in self.nodes.iter().filter(|(_, node)| node.standing != NodeStanding::Removed) {
            rows.nodes.push(node.row(*index));
            rows.new.push(node.told());
        }
        rows.conns =
            self.conns.iter().filter(|(_, conn)| conn.up).map(|(pair, conn)| conn.row(*pair)).collect();
        rows
    }

    /// What changed after a record that the ring reaches back to.
    pub(super) fn since(&self, seq: u64) -> Rows {
        let first = self.ring.partition_point(|entry| entry.seq <= seq);
        let mut rows = Rows::default();
        let mut nodes = Vec::new();
        for (place, entry) in self.ring.range(first..).enumerate() {
            let number = self.left + (first + place) as u64;
            match entry.of {
                Of::Node(index, _) if self.nodes.get(&index).is_some_and(|node| node.latest == number) => {
                    nodes.push(index);
                }
                Of::Conn(a, b, _) => {
                    if let Some(conn) = self.conns.get(&(a, b)).filter(|conn| conn.latest == number) {
                        rows.conns.push(conn.row((a, b)));
                    }
                }
                Of::Node(..) => {}
            }
        }
        nodes.sort_unstable();
        for index in nodes {
            let node = &self.nodes[&index];
            rows.nodes.push(node.row(index));
            if node.created > seq {
                rows.new.push(node.told());
            }
        }
        rows
    }

    /// Nanoseconds of the earliest moment that is known.
    pub(super) fn earliest(&self) -> u64 {
        self.floor.1
    }

    /// The network after everything that happened up to `time`, nanoseconds; or the earliest time there is.
    pub(super) fn at(&self, time: u64) -> Result<Past, u64> {
        if time < self.floor.1 {
            return Err(self.floor.1);
        }
        let first = self.ring.partition_point(|entry| entry.time <= time);
        let mut nodes: BTreeMap<u32, Option<NodeStanding>> = BTreeMap::new();
        let mut conns: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        // Of several changes, the first says how it was before them.
        for entry in self.ring.range(first..).rev() {
            match entry.of {
                Of::Node(index, before) => drop(nodes.insert(index, before)),
                Of::Conn(a, b, before) => drop(conns.insert((a, b), before)),
            }
        }
        let mut rows = Rows::default();
        for (index, node) in &self.nodes {
            let standing = nodes.get(index).copied().unwrap_or(Some(node.standing));
            if let Some(standing) = standing.filter(|standing| *standing != NodeStanding::Removed) {
                rows.nodes.push(NodeRow { standing, ..node.row(*index) });
                rows.new.push(node.told());
            }
        }
        for (pair, conn) in &self.conns {
            if conns.get(pair).copied().unwrap_or(conn.up) {
                rows.conns.push(ConnRow { up: true, ..conn.row(*pair) });
            }
        }
        let seq = first.checked_sub(1).map_or(self.floor.0, |last| self.ring[last].seq);
        Ok(Past { seq, rows })
    }
}

impl Node {
    fn row(&self, index: u32) -> NodeRow {
        NodeRow { index, standing: self.standing, region: self.region, group: self.group }
    }

    fn told(&self) -> NewNode {
        NewNode { id: self.id, name: Arc::clone(&self.name) }
    }
}

impl Conn {
    fn row(&self, (low, high): (u32, u32)) -> ConnRow {
        let (a, b) = if self.in_order { (low, high) } else { (high, low) };
        ConnRow { a, b, up: self.up }
    }
}

#[cfg(test)]
pub(super) mod story;
#[cfg(test)]
mod tests;
