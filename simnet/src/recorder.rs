//! What a node's network stack reports, turned into records: one recorder per node, for as long as the node exists.
//!
//! Every record is folded into the node's chain and counted, messages included, whoever listens. Only what somebody
//! wants is made into a [`Record`] and put into the shard's buffer.

use crate::adapter::{NodeIndex, Tap};
use crate::measure::Flows;
use crate::record::{Chain, ErrorText, Kind, Message, Origin, ProtocolName, Record, payload_hash};
use crate::tally::{Count, NodeCounts, ProtocolTally};
use devp2p::{Capability, MessageSeen, NodeId, Observer, PeerEvent};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use world::sim::Seen;
use world::{EXPECT_STEPS, World, prefetch_first};

/// The records of one shard since they were last collected.
#[derive(Debug, Default)]
pub(crate) struct ShardLog {
    pub(crate) records: RefCell<Vec<Record>>,
    /// The names of the protocols its nodes speak: one for all of them, so that it is found warm at any.
    names: RefCell<Vec<Arc<ProtocolName>>>,
    /// Which messages anyone wants records of.
    pub(crate) messages: RefCell<Tap>,
    /// Whether anyone wants records of what is measured: arrivals, metrics.
    pub(crate) measured: Cell<bool>,
    /// What tapped nodes sent and received.
    pub(crate) tapped: RefCell<Vec<(NodeIndex, Seen)>>,
    /// Messages by time, if anyone wants them counted so, and by link.
    pub(crate) flows: RefCell<Option<Flows>>,
}

impl ShardLog {
    fn name(&self, cap: &Capability) -> Arc<ProtocolName> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.iter().find(|name| is_name(name, cap)) {
            return Arc::clone(known);
        }
        names.push(Arc::new(ProtocolName::new(cap.name.clone(), cap.version)));
        Arc::clone(names.last().expect("just put there"))
    }
}

fn is_name(name: &ProtocolName, cap: &Capability) -> bool {
    name.version == cap.version && name.name == cap.name
}

/// Records for one node.
#[derive(Debug)]
pub(crate) struct Recorder {
    origin: Origin,
    /// Whether the node shows its messages.
    shown: bool,
    world: World,
    log: Rc<ShardLog>,
    chain: Cell<Chain>,
    protocols: RefCell<Vec<ProtocolTally>>,
    /// What was sent to each node, while anyone wants that counted.
    links: RefCell<BTreeMap<NodeId, Count>>,
}

impl Recorder {
    pub(crate) fn new(origin: Origin, shown: bool, world: World, log: Rc<ShardLog>) -> Self {
        let (chain, protocols, links) = (Cell::default(), RefCell::default(), RefCell::default());
        Self { origin, shown, world, log, chain, protocols, links }
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn chain(&self) -> Chain {
        self.chain.get()
    }

    pub(crate) fn counts(&self) -> NodeCounts {
        let index = self.origin.index().expect("recorders are nodes'") as u32;
        NodeCounts { index, protocols: self.protocols.borrow().clone() }
    }

    /// What was sent to each node while that was counted.
    pub(crate) fn links(&self) -> Vec<(NodeId, Count)> {
        self.links.borrow().iter().map(|(to, sent)| (*to, *sent)).collect()
    }

    /// Records something that happens to the node.
    pub(crate) fn record(&self, kind: Kind) {
        self.fold(kind, true);
    }

    fn fold(&self, kind: Kind, wanted: bool) {
        let time = self.now();
        let mut chain = self.chain.get();
        let seq = chain.fold(time, &kind);
        self.chain.set(chain);
        if wanted {
            self.log.records.borrow_mut().push(Record { time, origin: self.origin, seq, kind });
        }
    }

    fn now(&self) -> u64 {
        self.world.now().as_nanos() as u64
    }

    fn message(&self, seen: &MessageSeen<'_>, received: bool) {
        let time = self.now();
        let mut protocols = self.protocols.borrow_mut();
        let tally = known(&mut protocols, seen.index, seen.protocol, &self.log);
        let (size, payload) = (seen.payload.len() as u32, payload_hash(seen.payload.bytes()));
        let one = Count::one(size, seen.wire_len);
        tally.count(seen.code, received, one);
        if !received && let Some(flows) = &mut *self.log.flows.borrow_mut() {
            flows.add(time, &tally.name, seen.code, one);
            *self.links.borrow_mut().entry(seen.peer).or_default() += one;
        }
        let mut chain = self.chain.get();
        let (words, sizes) = ([seen.code, payload], [size, seen.wire_len]);
        let seq = chain.fold_message_parts(time, &seen.peer, received, &tally.name, words, sizes);
        self.chain.set(chain);
        if self.log.messages.borrow().takes(self.shown, &tally.name.name, seen.code) {
            let protocol = Arc::clone(&tally.name);
            let (peer, code, wire_len) = (seen.peer, seen.code, seen.wire_len);
            let kind = Kind::Message(Message { peer, received, protocol, code, size, wire_len, payload });
            self.log.records.borrow_mut().push(Record { time, origin: self.origin, seq, kind });
        }
    }

    fn arrived(&self, index: u16, protocol: &Capability, item: u64, from: Option<NodeId>, hops: u32) {
        let mut protocols = self.protocols.borrow_mut();
        let protocol = Arc::clone(&known(&mut protocols, index, protocol, &self.log).name);
        self.fold(Kind::Arrival { protocol, item, from, hops }, self.log.measured.get());
    }
}

/// The counts of a node's protocol, by its place in the node's list.
fn known<'a>(
    protocols: &'a mut Vec<ProtocolTally>,
    index: u16,
    cap: &Capability,
    log: &ShardLog,
) -> &'a mut ProtocolTally {
    let index = usize::from(index);
    if protocols.len() <= index {
        protocols.resize(index + 1, ProtocolTally::new(log.name(cap)));
    }
    let tally = &mut protocols[index];
    if !is_name(&tally.name, cap) {
        // The node runs again with other protocols; its counts go on under the new name.
        tally.name = log.name(cap);
    }
    tally
}

impl Observer for Recorder {
    fn expect(&self, step: usize) {
        if step + 1 == EXPECT_STEPS {
            prefetch_first(&self.protocols.borrow()[..], 128);
        }
    }

    fn event(&self, event: &PeerEvent<'_>) {
        match event {
            PeerEvent::Sent(seen) => self.message(seen, false),
            PeerEvent::Received(seen) => self.message(seen, true),
            PeerEvent::Added { peer } => {
                self.record(Kind::PeerAdded { peer: peer.id(), inbound: peer.inbound() })
            }
            PeerEvent::Dropped { peer, error, .. } => {
                self.record(Kind::PeerDropped { peer: peer.id(), error: ErrorText::from(*error) });
            }
            PeerEvent::DialFailed { id, error } => {
                self.record(Kind::DialFailed { peer: *id, error: ErrorText::from(*error) });
            }
            PeerEvent::Arrived { protocol, index, item, from, hops } => {
                self.arrived(*index, protocol, *item, *from, *hops);
            }
            PeerEvent::Metric { protocol, name, value } => {
                let (protocol, name) = ((*protocol).into(), (*name).into());
                self.fold(Kind::Metric { protocol, name, value: *value }, self.log.measured.get());
            }
        }
    }
}
