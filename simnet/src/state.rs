//! The observable state of a network: a fold of its log, and nothing else.

use crate::condition::Conditions;
use crate::record::{Asked, Kind, Origin, Record};
use crate::view::ConnView;
use devp2p::NodeId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, BTreeSet};

/// Nodes and connections as the log so far tells them.
#[derive(Clone, Debug, Default)]
pub struct State {
    nodes: Vec<NodeState>,
    by_id: IndexMap<NodeId, usize, FxBuildHasher>,
    by_name: BTreeMap<String, usize>,
    /// By the two nodes' indices, the smaller first; in the order of first mention.
    conns: IndexMap<(usize, usize), ConnState, FxBuildHasher>,
    /// Nodes that were ever created: origins go on counting.
    created: usize,
    conns_up: usize,
    failed_dials: u64,
    conditions: Conditions,
}

/// A node, as the log tells it.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub up: bool,
    /// The peers it has.
    pub peers: BTreeSet<NodeId>,
    /// How many peers it has lost.
    pub drops: u64,
    /// How many nodes had been created before it: the origin of its records.
    origin: usize,
}

/// A connection, as the log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnState {
    /// Index of the end that was asked to connect, or dialled.
    pub one: usize,
    /// Index of the other end.
    pub other: usize,
    /// From the first report of either end to the first drop.
    pub up: bool,
    /// Which ends have the other as a peer: `one`, `other`.
    pub ends: [bool; 2],
    /// When it was last asked for, nanoseconds.
    pub asked: Option<u64>,
}

impl NodeState {
    /// How many nodes had been created before it.
    pub(crate) fn origin(&self) -> usize {
        self.origin
    }
}

impl ConnState {
    /// Both ends have the other as a peer.
    pub fn established(&self) -> bool {
        self.ends == [true; 2]
    }
}

/// What a record changed, as far as others want to hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A node came to be, came up or went down.
    Node(usize),
    /// A connection came up or went down; with the error it went down by.
    Conn(ConnView, Option<String>),
}

impl State {
    /// All nodes, in the order of creation.
    pub fn nodes(&self) -> &[NodeState] {
        &self.nodes
    }

    /// The index of a node.
    pub fn index(&self, id: &NodeId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The index of the node of that name.
    pub fn index_of_name(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// A node.
    pub fn node(&self, id: &NodeId) -> Option<&NodeState> {
        Some(&self.nodes[self.index(id)?])
    }

    /// The node that records of an origin are from, while it is there.
    pub fn of_origin(&self, origin: Origin) -> Option<&NodeState> {
        Some(&self.nodes[self.place(origin.index()?)?])
    }

    /// All connections ever mentioned, in the order of first mention.
    pub fn conns(&self) -> impl Iterator<Item = &ConnState> {
        self.conns.values()
    }

    /// The connection between two nodes, whoever dialled.
    pub fn conn(&self, a: &NodeId, b: &NodeId) -> Option<&ConnState> {
        self.conns.get(&pair(self.index(a)?, self.index(b)?))
    }

    /// How many nodes were ever created.
    pub(crate) fn created(&self) -> usize {
        self.created
    }

    /// How many connections are up.
    pub fn conns_up(&self) -> usize {
        self.conns_up
    }

    /// How many connections that were asked for did not come to be.
    pub fn failed_dials(&self) -> u64 {
        self.failed_dials
    }

    /// Links, lines and partitions, as far as they were set.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    pub(crate) fn view(&self, conn: &ConnState) -> ConnView {
        ConnView { one: self.nodes[conn.one].id, other: self.nodes[conn.other].id, up: conn.up }
    }

    /// Takes in a record. What changed is pushed to `changes`, in order.
    pub(crate) fn fold(&mut self, record: &Record, changes: &mut Vec<Change>) {
        if let Kind::Asked(asked) = &record.kind {
            return self.asked(asked, record.time, changes);
        }
        let Some(index) = record.origin.index().and_then(|origin| self.place(origin)) else { return };
        match &record.kind {
            Kind::Up => {
                self.nodes[index].up = true;
                changes.push(Change::Node(index));
            }
            Kind::Down => {
                for peer in std::mem::take(&mut self.nodes[index].peers) {
                    self.lost(index, &peer, None, changes);
                }
                self.nodes[index].up = false;
                changes.push(Change::Node(index));
            }
            Kind::PeerAdded { peer, inbound } => {
                self.nodes[index].peers.insert(*peer);
                let Some(peer) = self.index(peer) else { return };
                // Who dialled is `one`, if nobody was asked to.
                let (one, other) = if *inbound { (peer, index) } else { (index, peer) };
                let conn = self.conns.entry(pair(one, other));
                let conn = conn.or_insert_with(|| ConnState::unseen(one, other));
                self.conns_up += conn.report(&self.nodes, index, true, None, changes);
            }
            Kind::PeerDropped { peer, error } => {
                let node = &mut self.nodes[index];
                node.peers.remove(peer);
                node.drops += 1;
                self.lost(index, peer, Some(&error.0), changes);
            }
            Kind::DialFailed { .. } => self.failed_dials += 1,
            _ => {}
        }
    }

    /// Where a node is. Unless some were removed, it is as far from the last as it was created before it.
    pub(crate) fn place(&self, origin: usize) -> Option<usize> {
        let place = (origin + self.nodes.len()).checked_sub(self.created);
        place
            .filter(|place| self.nodes.get(*place).is_some_and(|node| node.origin == origin))
            .or_else(|| self.nodes.binary_search_by_key(&origin, |node| node.origin).ok())
    }

    /// Forgets a node; its connections ended when it went down.
    fn remove(&mut self, place: usize) {
        let gone = self.nodes.remove(place);
        self.by_id.swap_remove(&gone.id);
        self.by_name.remove(&gone.name);
        let moved = |index: usize| index - usize::from(index > place);
        self.by_id.values_mut().chain(self.by_name.values_mut()).for_each(|index| *index = moved(*index));
        let conns = std::mem::take(&mut self.conns).into_values();
        let kept = conns.filter(|conn| conn.one != place && conn.other != place);
        self.conns = kept
            .map(|conn| ConnState { one: moved(conn.one), other: moved(conn.other), ..conn })
            .map(|conn| (pair(conn.one, conn.other), conn))
            .collect();
    }

    fn asked(&mut self, asked: &Asked, time: u64, changes: &mut Vec<Change>) {
        match asked {
            Asked::Create { id, name, .. } => {
                let index = self.nodes.len();
                self.by_id.insert(*id, index);
                self.by_name.insert(name.clone(), index);
                let (peers, drops, origin) = (BTreeSet::new(), 0, self.created);
                self.nodes.push(NodeState { id: *id, name: name.clone(), up: false, peers, drops, origin });
                self.created += 1;
                changes.push(Change::Node(index));
            }
            Asked::Connect { one, other } => {
                if let (Some(one), Some(other)) = (self.index(one), self.index(other)) {
                    self.conns
                        .entry(pair(one, other))
                        .or_insert_with(|| ConnState::unseen(one, other))
                        .asked = Some(time);
                }
            }
            Asked::Reset => {
                let mut conditions = std::mem::take(&mut self.conditions);
                conditions.reset();
                *self = Self { created: self.created, conditions, ..Self::default() };
            }
            Asked::Remove { id } => {
                if let Some(place) = self.index(id) {
                    self.remove(place);
                    self.conditions.forget(id);
                }
            }
            Asked::Condition(condition) => self.conditions.set(condition),
            Asked::Start { .. }
            | Asked::Stop { .. }
            | Asked::Crash { .. }
            | Asked::Disconnect { .. }
            | Asked::Rpc { .. } => {}
        }
    }

    /// One end tells that it has lost the other as a peer.
    fn lost(&mut self, reporter: usize, peer: &NodeId, error: Option<&str>, changes: &mut Vec<Change>) {
        let Some(peer) = self.index(peer) else { return };
        let Some(conn) = self.conns.get_mut(&pair(reporter, peer)) else { return };
        self.conns_up -= conn.report(&self.nodes, reporter, false, error, changes);
    }
}

impl ConnState {
    fn unseen(one: usize, other: usize) -> Self {
        Self { one, other, up: false, ends: [false; 2], asked: None }
    }

    /// One end tells whether it has the other as a peer. Answers how many connections went up or down by that.
    fn report(
        &mut self,
        nodes: &[NodeState],
        reporter: usize,
        has: bool,
        error: Option<&str>,
        changes: &mut Vec<Change>,
    ) -> usize {
        self.ends[usize::from(self.one != reporter)] = has;
        if self.up == has {
            return 0;
        }
        self.up = has;
        let view = ConnView { one: nodes[self.one].id, other: nodes[self.other].id, up: has };
        changes.push(Change::Conn(view, error.map(str::to_owned)));
        1
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ErrorText;

    fn id(n: u8) -> NodeId {
        NodeId::from_bytes([n; 32])
    }

    /// Folds records of (origin, kind) and answers the changes as short texts.
    fn story(records: &[(u32, Kind)]) -> (State, Vec<String>) {
        let (mut state, mut changes) = (State::default(), Vec::new());
        for (seq, (origin, kind)) in records.iter().enumerate() {
            let record = Record { time: seq as u64, origin: Origin(*origin), seq: 0, kind: kind.clone() };
            state.fold(&record, &mut changes);
        }
        let text = changes.iter().map(|change| match change {
            Change::Node(index) => format!("node {index}"),
            Change::Conn(view, error) => {
                let of = |id: NodeId| id.as_bytes()[0];
                format!(
                    "conn {}-{} {} {}",
                    of(view.one),
                    of(view.other),
                    view.up,
                    error.as_deref().unwrap_or("-")
                )
            }
        });
        let text = text.collect();
        (state, text)
    }

    fn create(n: u8) -> (u32, Kind) {
        (0, Kind::Asked(Asked::Create { id: id(n), name: format!("node{n:02}"), services: vec![] }))
    }

    fn added(origin: u32, peer: u8, inbound: bool) -> (u32, Kind) {
        (origin, Kind::PeerAdded { peer: id(peer), inbound })
    }

    fn dropped(origin: u32, peer: u8) -> (u32, Kind) {
        (origin, Kind::PeerDropped { peer: id(peer), error: ErrorText("gone".into()) })
    }

    #[test]
    fn one_transition_has_one_change_whoever_reports_first() {
        let pair = [create(1), create(2), (1, Kind::Up), (2, Kind::Up)];
        let (state, changes) = story(
            &[&pair[..], &[added(2, 1, true), added(1, 2, false), dropped(1, 2), dropped(2, 1)]].concat(),
        );
        assert_eq!(changes[4..], ["conn 1-2 true -", "conn 1-2 false gone"]);
        assert_eq!((state.conns_up(), state.nodes()[0].drops), (0, 1));
    }

    #[test]
    fn who_was_asked_to_connect_stays_one_even_if_the_other_dialled() {
        let asked = (0, Kind::Asked(Asked::Connect { one: id(2), other: id(1) }));
        let (state, changes) = story(&[create(1), create(2), asked, added(1, 2, false), added(2, 1, true)]);
        assert_eq!(changes[2..], ["conn 2-1 true -"]);
        assert!(state.conn(&id(1), &id(2)).unwrap().established());
        assert_eq!(state.conn(&id(1), &id(2)).unwrap().asked, Some(2));
    }

    #[test]
    fn a_node_that_goes_down_silently_takes_its_connections_along() {
        let (state, changes) =
            story(&[create(1), create(2), added(1, 2, false), added(2, 1, true), (1, Kind::Down)]);
        assert_eq!(changes[2..], ["conn 1-2 true -", "conn 1-2 false -", "node 0"]);
        assert!(state.nodes()[0].peers.is_empty());
        assert_eq!(state.conn(&id(1), &id(2)).unwrap().ends, [false, true], "the other has not noticed yet");
    }

    #[test]
    fn after_a_reset_late_records_of_forgotten_nodes_change_nothing() {
        let reset = (0, Kind::Asked(Asked::Reset));
        let (state, changes) = story(&[create(1), reset, (1, Kind::Up), create(1), (2, Kind::Up)]);
        assert_eq!(changes, ["node 0", "node 0", "node 0"]);
        assert_eq!(state.nodes().len(), 1);
        assert!(state.nodes()[0].up);
    }

    #[test]
    fn a_node_that_was_removed_leaves_the_others_their_records() {
        let remove = (0, Kind::Asked(Asked::Remove { id: id(2) }));
        let (state, changes) = story(&[
            create(1),
            create(2),
            create(3),
            added(1, 2, false),
            added(1, 3, false),
            added(3, 1, true),
            (2, Kind::Down),
            remove,
            (2, Kind::Up),
            (3, Kind::Up),
            dropped(1, 2),
            create(2),
            (4, Kind::Up),
        ]);
        assert_eq!(
            changes[3..],
            ["conn 1-2 true -", "conn 1-3 true -", "node 1", "node 1", "node 2", "node 2"]
        );
        assert_eq!(state.nodes().iter().map(|node| node.up).collect::<Vec<_>>(), [false, true, true]);
        assert!(state.conn(&id(3), &id(1)).unwrap().established());
        assert!(state.conn(&id(1), &id(2)).is_none());
        assert_eq!((state.index_of_name("node03"), state.index_of_name("node02")), (Some(1), Some(2)));
    }
}
