//! The observable state of a network: a fold of its log, and nothing else.

use crate::condition::Conditions;
use crate::record::{Asked, Kind, Origin, Record};
use crate::view::ConnView;
use devp2p::NodeId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

/// Nodes and connections as the log so far tells them.
#[derive(Clone, Debug, Default)]
pub struct State {
    nodes: Vec<NodeState>,
    by_id: IndexMap<NodeId, usize, FxBuildHasher>,
    by_name: BTreeMap<String, usize>,
    /// In the order of first mention.
    conns: Vec<ConnState>,
    /// Nodes that were ever created: origins go on counting.
    created: usize,
    conns_up: usize,
    conns_established: usize,
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
    /// How many peers it has.
    pub peers: usize,
    /// How many peers it has lost.
    pub drops: u64,
    /// How many nodes had been created before it: the origin of its records.
    origin: usize,
    /// Its connections that were ever mentioned: the index of the other end, and that of the connection; in order of the
    /// first. One node's reports come one after the other, so this is found warm where a table of all would not be.
    links: Vec<(u32, u32)>,
    /// Those of its peers that are no nodes of the network, or no longer.
    strangers: BTreeSet<NodeId>,
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
    /// Which ends were asked to connect to the other, and so keep dialling it: `one`, `other`.
    pub wanted: [bool; 2],
    /// When it was last asked for, nanoseconds.
    pub asked: Option<u64>,
}

impl NodeState {
    fn new(id: NodeId, name: String, origin: usize) -> Self {
        let (up, peers, drops, links, strangers) = (false, 0, 0, Vec::new(), BTreeSet::new());
        Self { id, name, up, peers, drops, origin, links, strangers }
    }

    /// How many nodes had been created before it.
    pub(crate) fn origin(&self) -> usize {
        self.origin
    }

    /// The index of its connection to a node, or where that would stand among its links.
    fn link(&self, other: usize) -> Result<usize, usize> {
        let place = self.links.binary_search_by_key(&other, |(node, _)| *node as usize);
        place.map(|place| self.links[place].1 as usize)
    }
}

fn small(index: usize) -> u32 {
    u32::try_from(index).expect("a network has under 4 G nodes and connections")
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
        self.conns.iter()
    }

    /// The connection between two nodes, whoever dialled.
    pub fn conn(&self, a: &NodeId, b: &NodeId) -> Option<&ConnState> {
        self.conn_at(self.index(a)?, self.index(b)?)
    }

    /// The connection between the nodes of two indices.
    pub(crate) fn conn_at(&self, a: usize, b: usize) -> Option<&ConnState> {
        Some(&self.conns[self.nodes[a].link(b).ok()?])
    }

    /// The connections of a node that were ever mentioned, and the index of the other end of each.
    fn links_of(&self, node: usize) -> impl Iterator<Item = (usize, &ConnState)> {
        let links = self.nodes[node].links.iter();
        links.map(|(other, conn)| (*other as usize, &self.conns[*conn as usize]))
    }

    /// Those that a node was asked to connect to, and so keeps dialling: indices, in order of the ids.
    pub(crate) fn wanted_by(&self, node: usize) -> Vec<usize> {
        let wanted = self.links_of(node).filter(|(_, conn)| conn.wanted[conn.end(node)]);
        let mut wanted: Vec<usize> = wanted.map(|(other, _)| other).collect();
        wanted.sort_by_key(|other| self.nodes[*other].id);
        wanted
    }

    /// The nodes that were asked to connect to this one, and so keep dialling it.
    pub(crate) fn wanting(&self, node: usize) -> Vec<usize> {
        let wanting = self.links_of(node).filter(|(other, conn)| conn.wanted[conn.end(*other)]);
        wanting.map(|(other, _)| other).collect()
    }

    /// How many nodes were ever created.
    pub(crate) fn created(&self) -> usize {
        self.created
    }

    /// How many nodes were created and are no longer there.
    pub(crate) fn gone(&self) -> usize {
        self.created - self.nodes.len()
    }

    /// How many connections are up.
    pub fn conns_up(&self) -> usize {
        self.conns_up
    }

    /// Whether all connections ever mentioned are up at both ends.
    pub(crate) fn all_established(&self) -> bool {
        self.conns_established == self.conns.len()
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
                let links = take(&mut self.nodes[index].links);
                let mut lost = Vec::new();
                for &(other, conn) in &links {
                    let (other, conn) = (other as usize, conn as usize);
                    // A node that starts again dials nobody of its own accord.
                    let end = self.conns[conn].end(index);
                    self.conns[conn].wanted[end] = false;
                    if self.conns[conn].ends[end] {
                        lost.push((self.nodes[other].id, conn));
                    }
                }
                lost.sort_unstable();
                for (_, conn) in lost {
                    self.report(index, conn, false, None, changes);
                }
                let node = &mut self.nodes[index];
                (node.links, node.peers, node.up) = (links, 0, false);
                node.strangers.clear();
                changes.push(Change::Node(index));
            }
            Kind::PeerAdded { peer, inbound } => {
                let Some(peer) = self.index(peer) else {
                    let node = &mut self.nodes[index];
                    node.peers += usize::from(node.strangers.insert(*peer));
                    return;
                };
                let conn = self.nodes[index].link(peer).unwrap_or_else(|_| {
                    // Who dialled is `one`, if nobody was asked to.
                    if *inbound { self.mention(peer, index) } else { self.mention(index, peer) }
                });
                self.report(index, conn, true, None, changes);
            }
            Kind::PeerDropped { peer, error } => {
                let node = &mut self.nodes[index];
                node.drops += 1;
                if node.strangers.remove(peer) {
                    node.peers -= 1;
                } else if let Some(conn) = self.index(peer).and_then(|peer| self.nodes[index].link(peer).ok())
                {
                    self.report(index, conn, false, Some(&error.0), changes);
                }
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

    /// Forgets a node; its connections ended when it went down. Who has not noticed has a stranger as a peer.
    fn remove(&mut self, place: usize) {
        let gone = self.nodes.remove(place);
        self.by_id.swap_remove(&gone.id);
        self.by_name.remove(&gone.name);
        let moved = |index: usize| index - usize::from(index > place);
        self.by_id.values_mut().chain(self.by_name.values_mut()).for_each(|index| *index = moved(*index));
        for node in &mut self.nodes {
            node.links.clear();
        }
        for conn in take(&mut self.conns) {
            if conn.one != place && conn.other != place {
                let at = self.mention(moved(conn.one), moved(conn.other));
                self.conns[at] = ConnState { one: moved(conn.one), other: moved(conn.other), ..conn };
                continue;
            }
            self.conns_established -= usize::from(conn.established());
            let left = if conn.one == place { conn.other } else { conn.one };
            if conn.ends[conn.end(left)] {
                self.nodes[moved(left)].strangers.insert(gone.id);
            }
        }
    }

    fn asked(&mut self, asked: &Asked, time: u64, changes: &mut Vec<Change>) {
        match asked {
            Asked::Create { id, name, .. } => {
                let index = self.nodes.len();
                self.by_id.insert(*id, index);
                self.by_name.insert(name.clone(), index);
                self.nodes.push(NodeState::new(*id, name.clone(), self.created));
                self.created += 1;
                changes.push(Change::Node(index));
            }
            Asked::Connect { one, other } => {
                if let (Some(one), Some(other)) = (self.index(one), self.index(other)) {
                    let conn = self.mention(one, other);
                    let conn = &mut self.conns[conn];
                    let end = conn.end(one);
                    (conn.asked, conn.wanted[end]) = (Some(time), true);
                }
            }
            Asked::Disconnect { one, other } => {
                if let (Some(one), Some(other)) = (self.index(one), self.index(other))
                    && let Ok(conn) = self.nodes[one].link(other)
                {
                    self.conns[conn].wanted = [false; 2];
                }
            }
            Asked::Reset => {
                let mut conditions = take(&mut self.conditions);
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
            Asked::Start { .. } | Asked::Stop { .. } | Asked::Crash { .. } | Asked::Rpc { .. } => {}
        }
    }

    /// The index of the connection between two nodes; it is new if it was never mentioned.
    fn mention(&mut self, one: usize, other: usize) -> usize {
        let place = match self.nodes[one].link(other) {
            Ok(conn) => return conn,
            Err(place) => place,
        };
        let conn = self.conns.len();
        self.conns.push(ConnState::unseen(one, other));
        self.nodes[one].links.insert(place, (small(other), small(conn)));
        if let Err(place) = self.nodes[other].link(one) {
            self.nodes[other].links.insert(place, (small(one), small(conn)));
        }
        conn
    }

    /// One end of a connection tells whether it has the other as a peer.
    fn report(
        &mut self,
        reporter: usize,
        conn: usize,
        has: bool,
        error: Option<&str>,
        changes: &mut Vec<Change>,
    ) {
        let conn = &mut self.conns[conn];
        let (end, was_established) = (conn.end(reporter), conn.established());
        let had = std::mem::replace(&mut conn.ends[end], has);
        self.conns_established += usize::from(conn.established());
        self.conns_established -= usize::from(was_established);
        let peers = &mut self.nodes[reporter].peers;
        *peers = *peers + usize::from(has) - usize::from(had);
        if conn.up == has {
            return;
        }
        conn.up = has;
        self.conns_up = self.conns_up + usize::from(has) - usize::from(!has);
        let view = ConnView { one: self.nodes[conn.one].id, other: self.nodes[conn.other].id, up: has };
        changes.push(Change::Conn(view, error.map(str::to_owned)));
    }
}

impl ConnState {
    fn unseen(one: usize, other: usize) -> Self {
        Self { one, other, up: false, ends: [false; 2], wanted: [false; 2], asked: None }
    }

    /// Which end a node is.
    pub(crate) fn end(&self, node: usize) -> usize {
        usize::from(self.one != node)
    }
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
        assert_eq!(state.nodes()[0].peers, 0);
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
    fn peers_are_counted_whether_or_not_they_are_nodes_of_the_network() {
        let peers = |records: &[(u32, Kind)]| story(records).0.nodes()[0].peers;
        let mut records =
            vec![create(1), create(2), added(1, 2, false), added(1, 9, true), added(1, 9, true)];
        assert_eq!(peers(&records), 2);
        records.push((0, Kind::Asked(Asked::Remove { id: id(2) })));
        assert_eq!(peers(&records), 2, "it has not noticed yet");
        records.extend([create(2), dropped(1, 2), dropped(1, 2), dropped(1, 9)]);
        assert_eq!(peers(&records), 0);
        records.extend([added(1, 2, false), added(1, 9, true), (1, Kind::Down)]);
        assert_eq!(peers(&records), 0);
    }

    #[test]
    fn who_was_asked_to_connect_keeps_dialling_until_it_goes_down_or_is_told_to_disconnect() {
        let connect = |one, other| (0, Kind::Asked(Asked::Connect { one: id(one), other: id(other) }));
        let mut records: Vec<_> =
            (1..=3).map(create).chain([connect(1, 3), connect(1, 2), connect(2, 1)]).collect();
        let wanted = |records: &[(u32, Kind)]| {
            let state = story(records).0;
            (state.wanted_by(0), state.wanted_by(1), state.wanting(0))
        };
        assert_eq!(wanted(&records), (vec![1, 2], vec![0], vec![1]));
        records.push((0, Kind::Asked(Asked::Disconnect { one: id(3), other: id(1) })));
        assert_eq!(wanted(&records), (vec![1], vec![0], vec![1]));
        records.push((2, Kind::Down));
        assert_eq!(wanted(&records), (vec![1], vec![], vec![]));
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
        assert_eq!((state.nodes()[0].peers, state.nodes()[0].drops), (1, 1));
        assert_eq!((state.index_of_name("node03"), state.index_of_name("node02")), (Some(1), Some(2)));
    }
}
