//! Nodes of several kinds in one network: an adapter that holds others, and knows which node is whose.
//!
//! Each part counts its own nodes; here each has a number of the whole, and what comes from a part — records, chains,
//! counts — gets that. A node is of the part whose [kind](super::NodeKind) it is; the first part's first kind is what it is when
//! nobody says.
//!
//! There is one time: that of the first part that lives in real time. Parts whose time is simulated are run up to it, so
//! their nodes live in real time as well. What such a network can do is what all of its parts can: it has no pace, no digest
//! that comes again, and no links to be set. Nodes on different [fabrics](super::Fabric) do not connect; the network sees to
//! that before anything is asked here.

use super::{Answer, Capabilities, NodeAdapter, NodeIndex, NodeKind, Reply, RpcOut, Tap};
use crate::condition::Condition;
use crate::measure::Traffic;
use crate::record::{Chain, Origin, Record};
use crate::tally::NodeCounts;
use bytes::Bytes;
use devp2p::{Enode, NodeId};
use node::{NodeConfig, NodeInfo};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};
use world::Population;
use world::sim::{Link, Livelock};

/// How far simulated time may be behind before that is said.
const SLIP: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub struct MixedAdapter {
    parts: Vec<Part>,
    /// The part whose time it is.
    clock: usize,
    /// Of each node its part, and its number there.
    nodes: Vec<(usize, NodeIndex)>,
    slipped: bool,
}

struct Part {
    adapter: Box<dyn NodeAdapter>,
    /// Numbers of the whole, by its own.
    nodes: BTreeMap<NodeIndex, NodeIndex>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("adapter", &self.adapter.name()).finish_non_exhaustive()
    }
}

impl Part {
    /// The number of the whole for one of its own.
    fn whole(&self, own: NodeIndex) -> NodeIndex {
        self.nodes[&own]
    }

    fn origin(&self, own: Origin) -> Origin {
        match own.index() {
            Some(index) => Origin::node(self.whole(NodeIndex(index as u32)).0),
            None => own,
        }
    }
}

impl MixedAdapter {
    /// An adapter of all kinds of nodes that `parts` make.
    ///
    /// # Panics
    /// There are no parts.
    pub fn new(parts: Vec<Box<dyn NodeAdapter>>) -> Self {
        assert!(!parts.is_empty(), "a mixture has parts");
        let real = parts.iter().position(|part| !part.capabilities().virtual_time);
        let parts = parts.into_iter().map(|adapter| Part { adapter, nodes: BTreeMap::new() }).collect();
        Self { parts, clock: real.unwrap_or(0), nodes: Vec::new(), slipped: false }
    }

    fn at(&self, node: NodeIndex) -> (&dyn NodeAdapter, NodeIndex) {
        let (part, own) = self.nodes[node.0 as usize];
        (&*self.parts[part].adapter, own)
    }

    fn at_mut(&mut self, node: NodeIndex) -> (&mut dyn NodeAdapter, NodeIndex) {
        let (part, own) = self.nodes[node.0 as usize];
        (&mut *self.parts[part].adapter, own)
    }

    fn adapters(&self) -> impl Iterator<Item = &dyn NodeAdapter> {
        self.parts.iter().map(|part| &*part.adapter)
    }

    fn clock(&self) -> &dyn NodeAdapter {
        &*self.parts[self.clock].adapter
    }

    fn note_slip(&mut self, until: Duration) {
        let behind = self.now().saturating_sub(until);
        if behind > SLIP && !self.slipped {
            tracing::warn!(target: "simnet", ?behind, "nodes in memory cannot keep up with real time");
        }
        self.slipped = behind > SLIP;
    }
}

impl NodeAdapter for MixedAdapter {
    fn name(&self) -> &'static str {
        "mixed-adapter"
    }

    fn capabilities(&self) -> Capabilities {
        let all = |can: fn(&Capabilities) -> bool| self.adapters().all(|part| can(&part.capabilities()));
        Capabilities {
            virtual_time: all(|can| can.virtual_time),
            deterministic: all(|can| can.deterministic),
            links: all(|can| can.links),
            message_tap: all(|can| can.message_tap),
        }
    }

    fn kinds(&self) -> Vec<NodeKind> {
        self.adapters().flat_map(NodeAdapter::kinds).collect()
    }

    /// Those that all parts' nodes can run.
    fn services(&self) -> Vec<String> {
        let mut services = self.parts[0].adapter.services();
        for part in self.adapters().skip(1) {
            let known = part.services();
            services.retain(|name| known.contains(name));
        }
        services
    }

    fn create(&mut self, config: &NodeConfig, kind: NodeKind) -> NodeIndex {
        let whole = NodeIndex(u32::try_from(self.nodes.len()).expect("a machine has fewer nodes"));
        let part = self.adapters().position(|part| part.kinds().contains(&kind));
        let part = part.expect("the network asks for the kinds it was told of");
        let own = self.parts[part].adapter.create(config, kind);
        self.parts[part].nodes.insert(own, whole);
        self.nodes.push((part, own));
        whole
    }

    fn start(&mut self, node: NodeIndex, snapshots: BTreeMap<String, Bytes>) -> Reply<()> {
        let (part, own) = self.at_mut(node);
        part.start(own, snapshots)
    }

    fn stop(&mut self, node: NodeIndex) -> Reply<()> {
        let (part, own) = self.at_mut(node);
        part.stop(own)
    }

    fn crash(&mut self, node: NodeIndex) -> Reply<()> {
        let (part, own) = self.at_mut(node);
        part.crash(own)
    }

    fn remove(&mut self, node: NodeIndex) -> Reply<()> {
        let (part, own) = self.at_mut(node);
        part.remove(own)
    }

    fn close(&mut self) {
        self.parts.iter_mut().for_each(|part| part.adapter.close());
    }

    fn info(&self, node: NodeIndex) -> NodeInfo {
        let (part, own) = self.at(node);
        part.info(own)
    }

    fn refresh(&mut self, node: Option<NodeIndex>) -> Vec<Reply<()>> {
        match node {
            Some(node) => {
                let (part, own) = self.at_mut(node);
                part.refresh(Some(own))
            }
            None => self.parts.iter_mut().flat_map(|part| part.adapter.refresh(None)).collect(),
        }
    }

    fn enode(&self, node: NodeIndex) -> Enode {
        let (part, own) = self.at(node);
        part.enode(own)
    }

    fn snapshot(&mut self, node: NodeIndex) -> Reply<BTreeMap<String, Bytes>> {
        let (part, own) = self.at_mut(node);
        part.snapshot(own)
    }

    fn add_peer(&mut self, node: NodeIndex, peer: Enode) -> Result<(), String> {
        let (part, own) = self.at_mut(node);
        part.add_peer(own, peer)
    }

    fn remove_peer(&mut self, node: NodeIndex, peer: NodeId) {
        let (part, own) = self.at_mut(node);
        part.remove_peer(own, peer);
    }

    fn call(&mut self, node: NodeIndex, method: String, params: Vec<Value>) -> Answer {
        let (part, own) = self.at_mut(node);
        part.call(own, method, params)
    }

    fn open_rpc(&mut self, node: NodeIndex, line: u64, out: RpcOut) -> Result<(), String> {
        let (part, own) = self.at_mut(node);
        part.open_rpc(own, line, out)
    }

    fn rpc_text(&mut self, node: NodeIndex, line: u64, text: String) -> bool {
        let (part, own) = self.at_mut(node);
        part.rpc_text(own, line, text)
    }

    fn flush_rpc(&mut self, node: NodeIndex, line: u64) {
        let (part, own) = self.at_mut(node);
        part.flush_rpc(own, line);
    }

    fn close_rpc(&mut self, node: NodeIndex, line: u64) {
        let (part, own) = self.at_mut(node);
        part.close_rpc(own, line);
    }

    fn epoch(&self) -> SystemTime {
        self.clock().epoch()
    }

    fn now(&self) -> Duration {
        self.clock().now()
    }

    fn next_event(&self) -> Option<Duration> {
        self.adapters().filter_map(NodeAdapter::next_event).min()
    }

    fn run_until(&mut self, until: Duration) -> Result<(), Livelock> {
        self.parts.iter_mut().try_for_each(|part| part.adapter.run_until(until))?;
        self.note_slip(until);
        Ok(())
    }

    fn default_link(&self) -> Link {
        self.clock().default_link()
    }

    fn set_condition(&mut self, _condition: Condition<NodeIndex>) -> Result<(), String> {
        Err("not all of these nodes have links that can be set".to_owned())
    }

    fn want_messages(&mut self, wanted: Tap) {
        self.parts.iter_mut().for_each(|part| part.adapter.want_messages(wanted.clone()));
    }

    fn want_measured(&mut self, wanted: bool) {
        self.parts.iter_mut().for_each(|part| part.adapter.want_measured(wanted));
    }

    fn want_traffic(&mut self, wanted: bool) {
        self.parts.iter_mut().for_each(|part| part.adapter.want_traffic(wanted));
    }

    fn traffic(&self) -> Traffic {
        let mut all = Traffic::default();
        for part in &self.parts {
            all.merge(part.adapter.traffic(), |index| part.whole(NodeIndex(index)).0);
        }
        all
    }

    fn collect(&mut self, records: &mut Vec<Record>) {
        let start = records.len();
        for part in &mut self.parts {
            let from = records.len();
            part.adapter.collect(records);
            for record in &mut records[from..] {
                record.origin = part.origin(record.origin);
            }
        }
        records[start..].sort_by_key(|record| (record.time, record.origin, record.seq));
    }

    fn chains(&self) -> Vec<(Origin, Chain)> {
        let of = |part: &Part| {
            let chains = part.adapter.chains().into_iter();
            chains.map(|(origin, chain)| (part.origin(origin), chain)).collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(of).collect()
    }

    fn counts(&self) -> Vec<NodeCounts> {
        let of = |part: &Part| {
            let mut counts = part.adapter.counts();
            counts.iter_mut().for_each(|counts| counts.index = part.whole(NodeIndex(counts.index)).0);
            counts
        };
        self.parts.iter().flat_map(of).collect()
    }

    fn population(&self) -> Population {
        let mut all = Population::default();
        for one in self.adapters().map(NodeAdapter::population) {
            all.tasks += one.tasks;
            all.connections += one.connections;
        }
        all
    }
}
