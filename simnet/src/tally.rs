//! Counts: what each node sent, received and lost, kept as it happens whether or not anyone reads the log.

use crate::record::ProtocolName;
use crate::state::State;
use devp2p::NodeId;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

/// Messages of one code, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub messages: u64,
    /// Bytes of their payloads, uncompressed.
    pub bytes: u64,
    /// Bytes of their frames on the wire.
    pub wire_bytes: u64,
}

impl Count {
    /// One message.
    pub(crate) fn one(bytes: u32, wire_bytes: u32) -> Self {
        Self { messages: 1, bytes: u64::from(bytes), wire_bytes: u64::from(wire_bytes) }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.wire_bytes += other.wire_bytes;
    }
}

/// One node's messages of one protocol.
#[derive(Clone, Debug)]
pub struct ProtocolTally {
    /// Which protocol.
    pub name: Arc<ProtocolName>,
    /// By code: sent, received. Grows to the highest code seen.
    pub codes: Vec<[Count; 2]>,
}

/// Codes that are counted one by one; the last of them stands for all above it.
const COUNTED_CODES: usize = 1024;

impl ProtocolTally {
    /// Nothing yet.
    pub(crate) fn new(name: Arc<ProtocolName>) -> Self {
        Self { name, codes: Vec::new() }
    }

    /// Counts one message more.
    pub(crate) fn count(&mut self, code: u64, received: bool, one: Count) {
        let code = (code as usize).min(COUNTED_CODES - 1);
        if self.codes.len() <= code {
            self.codes.resize(code + 1, Default::default());
        }
        self.codes[code][usize::from(received)] += one;
    }
}

/// One node's counts, as its adapter keeps them.
#[derive(Clone, Debug)]
pub struct NodeCounts {
    /// The node, as its adapter counts.
    pub index: u32,
    /// By protocol, in the order of the node's own list.
    pub protocols: Vec<ProtocolTally>,
}

/// Messages of one protocol and code in the whole network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCount {
    /// The protocol.
    pub protocol: String,
    /// Its version.
    pub version: u32,
    /// The code.
    pub code: u64,
    /// What was sent.
    pub sent: Count,
    /// What was received.
    pub received: Count,
}

/// One node, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTally {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub up: bool,
    /// How many peers it has.
    pub peers: usize,
    /// How many peers it has lost, ever.
    pub drops: u64,
    /// What it sent.
    pub sent: Count,
    /// What it received.
    pub received: Count,
}

/// A network, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Nodes that are up.
    pub nodes_up: usize,
    /// Connections that are up.
    pub conns_up: usize,
    /// Peers lost, seen from either end.
    pub drops: u64,
    /// Connections that were asked for and did not come to be.
    pub failed_dials: u64,
    /// By protocol, version and code.
    pub messages: Vec<MessageCount>,
    /// By node, in the order of creation.
    pub nodes: Vec<NodeTally>,
}

impl Tally {
    /// Counts a network: its state, and what its nodes count, by the order of their creation. Nodes that were removed
    /// are left out.
    pub(crate) fn of<C: Borrow<NodeCounts>>(state: &State, counts: impl IntoIterator<Item = C>) -> Self {
        let nodes = state.nodes().iter().map(|node| NodeTally {
            id: node.id,
            name: node.name.clone(),
            up: node.up,
            peers: node.peers,
            drops: node.drops,
            sent: Default::default(),
            received: Default::default(),
        });
        let mut tally = Self {
            nodes_up: state.nodes().iter().filter(|node| node.up).count(),
            conns_up: state.conns_up(),
            drops: state.nodes().iter().map(|node| node.drops).sum(),
            failed_dials: state.failed_dials(),
            messages: Vec::new(),
            nodes: nodes.collect(),
        };
        let mut sums = Sums::default();
        for counts in counts {
            let counts = counts.borrow();
            if let Some(place) = state.place(counts.index as usize) {
                tally.add(place, counts, &mut sums);
            }
        }
        tally.finish(sums)
    }

    /// Takes in one node's counts.
    fn add(&mut self, node: usize, counts: &NodeCounts, sums: &mut Sums) {
        for protocol in &counts.protocols {
            for (code, [sent, received]) in protocol.codes.iter().enumerate() {
                let key = (protocol.name.name.clone(), protocol.name.version, code as u64);
                let sum = sums.0.entry(key).or_default();
                sum[0] += *sent;
                sum[1] += *received;
                self.nodes[node].sent += *sent;
                self.nodes[node].received += *received;
            }
        }
    }

    /// Puts the sums by code in their place.
    fn finish(mut self, sums: Sums) -> Self {
        let counted =
            sums.0.into_iter().filter(|(_, [sent, received])| sent.messages + received.messages > 0);
        self.messages = counted
            .map(|((protocol, version, code), [sent, received])| MessageCount {
                protocol,
                version,
                code,
                sent,
                received,
            })
            .collect();
        self
    }
}

/// Sums by (protocol, version, code) while a [`Tally`] is made.
#[derive(Debug, Default)]
struct Sums(BTreeMap<(String, u32, u64), [Count; 2]>);
