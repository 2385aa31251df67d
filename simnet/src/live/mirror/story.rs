//! A network told by hand: records folded into a state and a mirror, side by side.

use super::{Known, Mirror, Past, Rows};
use crate::condition::Condition;
use crate::record::{Asked, ErrorText, Kind, Origin, Record};
use crate::state::State;
use devp2p::NodeId;

/// The state, and the mirror that was begun with it.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) mirror: Mirror,
    pub(crate) seq: u64,
    created: u32,
}

impl Default for Story {
    fn default() -> Self {
        let state = State::default();
        Self { mirror: Mirror::new(&state, &[], 0, 0), state, seq: 0, created: 0 }
    }
}

pub(crate) fn id(index: u32) -> NodeId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&index.to_le_bytes());
    NodeId::from_bytes(bytes)
}

impl Story {
    pub(crate) fn with_ring(limit: usize) -> Self {
        let mut story = Self::default();
        story.mirror.limit = limit;
        story
    }

    /// The next record, ten nanoseconds after the one before.
    pub(crate) fn tell(&mut self, origin: Origin, kind: Kind) {
        self.seq += 1;
        let record = Record { time: self.seq * 10, origin, seq: self.seq, kind };
        let mut changes = Vec::new();
        self.state.fold(&record, &mut changes);
        self.mirror.note(self.seq, &record, &changes, &self.state);
    }

    pub(crate) fn create(&mut self, count: u32) {
        for _ in 0..count {
            let (id, name) = (id(self.created), format!("node{:02}", self.created));
            self.created += 1;
            let asked = Asked::Create { id, name, services: vec!["gossip".into()] };
            self.tell(Origin::EXPERIMENTER, Kind::Asked(asked));
        }
    }

    pub(crate) fn up(&mut self, node: u32) {
        self.tell(Origin::node(node), Kind::Up);
    }

    pub(crate) fn down(&mut self, node: u32) {
        self.tell(Origin::node(node), Kind::Down);
    }

    pub(crate) fn connect(&mut self, one: u32, other: u32) {
        self.tell(Origin::node(one), Kind::PeerAdded { peer: id(other), inbound: false });
        self.tell(Origin::node(other), Kind::PeerAdded { peer: id(one), inbound: true });
    }

    pub(crate) fn disconnect(&mut self, one: u32, other: u32) {
        let error = || ErrorText("gone".into());
        self.tell(Origin::node(one), Kind::PeerDropped { peer: id(other), error: error() });
        self.tell(Origin::node(other), Kind::PeerDropped { peer: id(one), error: error() });
    }

    pub(crate) fn remove(&mut self, node: u32) {
        self.tell(Origin::EXPERIMENTER, Kind::Asked(Asked::Remove { id: id(node) }));
    }

    pub(crate) fn region(&mut self, node: u32, region: Option<u16>) {
        let condition = Condition::Region { node: id(node), region };
        self.tell(Origin::EXPERIMENTER, Kind::Asked(Asked::Condition(condition.into())));
    }

    /// What a mirror that begins now has to know beside the state.
    pub(crate) fn known(&self) -> Vec<Known> {
        let nodes = self.state.nodes().iter();
        let known = |index| Known { index, services: vec!["gossip".into()], shows_messages: true };
        nodes.map(|node| known(node.origin() as u32)).collect()
    }

    pub(crate) fn reset(&mut self) {
        self.tell(Origin::EXPERIMENTER, Kind::Asked(Asked::Reset));
    }
}

/// What whoever draws frames knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) nodes: std::collections::BTreeMap<u32, (u8, String)>,
    pub(crate) conns: std::collections::BTreeSet<(u32, u32)>,
}

impl Picture {
    pub(crate) fn whole(rows: &Rows) -> Self {
        let mut picture = Self::default();
        picture.fold(rows);
        picture
    }

    pub(crate) fn past(past: &Past) -> Self {
        Self::whole(&past.rows)
    }

    /// Takes changes in. A node whose name is not told must be known.
    pub(crate) fn fold(&mut self, rows: &Rows) {
        let mut new = rows.new.iter();
        for row in &rows.nodes {
            let known = self.nodes.get(&row.index).map(|(_, name)| name.clone());
            let name = known.unwrap_or_else(|| new.next().expect("new nodes are told").name.to_string());
            self.nodes.insert(row.index, (row.standing as u8, name));
        }
        assert_eq!(new.next(), None, "nothing is told twice");
        for row in &rows.conns {
            let pair = (row.a.min(row.b), row.a.max(row.b));
            let _ = if row.up { self.conns.insert(pair) } else { self.conns.remove(&pair) };
        }
        self.nodes.retain(|_, (standing, _)| *standing < 2);
    }
}
