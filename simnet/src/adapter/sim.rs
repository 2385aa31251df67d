//! Nodes in memory, in a simulated world: the adapter that replays.
//!
//! Each node is a host of a [`Simulation`]. What is one per node (its recorder, its running [`Node`], its RPC
//! conversations) is kept at the host, on the host's thread (`slot`); what happens to it is done there, between two events.

mod disk;
mod slot;

use disk::Disk;
use slot::{Addresses, Slot, settle, shard_log, slot};

use super::{Answer, Capabilities, Fabric, NodeAdapter, NodeIndex, NodeKind, Reply, RpcOut, Tap};
use crate::condition::{Condition, RestraintId};
use crate::measure::{Flows, Traffic};
use crate::record::{Chain, Origin, Record};
use crate::tally::NodeCounts;
use bytes::Bytes;
use devp2p::{Agreements, Enode, Fidelity, NodeId, Timing};
use node::rpc::view::Ports;
use node::{DataDir, NodeConfig, NodeInfo, RpcError, Services};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use world::sim::{
    HostCell, HostId, HostLink, Hosts, Link, Livelock, Rule, RuleId, Seen, ShardCell, SimConfig, Wiretap,
};
use world::{Population, Simulation};

/// What is answered to calls that a node no longer answers.
pub(crate) const NODE_STOPPED: &str = "node not running";

/// Port of nodes that were given none (devp2p's own).
const DEFAULT_PORT: u16 = 30303;

/// What all nodes of one adapter have in common.
#[derive(Clone, Debug)]
pub struct SimSettings {
    /// The world: seed, threads, links.
    pub world: SimConfig,
    /// How much of RLPx is real.
    pub fidelity: Fidelity,
    /// Intervals and time-outs of sessions.
    pub timing: Timing,
    /// Peers a node has at most.
    pub max_peers: usize,
    /// What nodes call themselves in Hello.
    pub client: String,
}

/// Brings nodes to life in memory.
#[derive(Debug)]
pub struct SimAdapter {
    simulation: Simulation,
    services: Services,
    settings: Arc<SimSettings>,
    addresses: Addresses,
    disk: Arc<Disk>,
    nodes: Vec<Option<Resident>>,
    /// The rules of the world behind restraints that stand.
    rules: BTreeMap<RestraintId, RuleId>,
    /// Digests of nodes that were removed.
    departed: Vec<(Origin, Chain)>,
}

/// What is known of a node on this side.
#[derive(Debug)]
struct Resident {
    config: NodeConfig,
    address: SocketAddr,
    /// It has been started: there is something at its host.
    settled: bool,
    running: bool,
}

impl SimAdapter {
    /// An adapter whose nodes run `services`.
    pub fn new(services: Services, settings: SimSettings) -> Self {
        let simulation = Simulation::new(settings.world.clone());
        if simulation.shards() < settings.world.shards {
            let (threads, asked) = (simulation.shards(), settings.world.shards);
            tracing::warn!(target: "simnet", threads, asked, "links without latency leave no look-ahead to share work by");
        }
        if settings.fidelity == Fidelity::Wire {
            // Both ends of a handshake compute the same secrets: once is enough.
            let agreements = Agreements::new(SHARED_SECRETS);
            simulation.on_shards(move |_| devp2p::share_agreements(agreements.clone()));
        }
        Self {
            simulation,
            services,
            settings: Arc::new(settings),
            addresses: Arc::default(),
            disk: Arc::default(),
            nodes: Vec::new(),
            rules: BTreeMap::new(),
            departed: Vec::new(),
        }
    }

    /// How many threads the world runs on.
    pub fn threads(&self) -> usize {
        self.simulation.shards()
    }

    /// Does something at a node, which has been started before.
    fn at<R: Send + 'static>(&self, node: NodeIndex, act: impl FnOnce(&Rc<Slot>) -> R + Send + 'static) -> R {
        self.simulation.with(HostId(node.0), |cell| act(&slot(cell.local())))
    }

    /// Does something at each node that has ever been started, on all threads at once. Answers in order of the nodes.
    fn at_each<R: Send + 'static>(
        &self,
        act: impl Fn(&Rc<Slot>, &HostCell) -> R + Clone + Send + 'static,
    ) -> Vec<R> {
        let settled = self.present().filter(|node| self.resident(*node).settled);
        let work = settled.map(|node| (HostId(node.0), ()));
        self.simulation.with_each(work, move |cell, ()| act(&slot(cell.local()), cell))
    }

    /// Starts nodes, on all threads at once. Answers in the order given.
    fn start_nodes(&mut self, nodes: Vec<(NodeIndex, BTreeMap<String, Bytes>)>) -> Vec<Result<(), String>> {
        let (services, settings) = (self.services.clone(), Arc::clone(&self.settings));
        let addresses = Arc::clone(&self.addresses);
        let indices: Vec<NodeIndex> = nodes.iter().map(|(node, _)| *node).collect();
        let work = nodes.into_iter().map(|(node, snapshots)| {
            let resident = self.nodes[node.0 as usize].as_mut().expect("the network names nodes that exist");
            let first = (!std::mem::replace(&mut resident.settled, true)).then(|| {
                let (disk, id) = (Arc::clone(&self.disk), resident.config.id);
                let make = move || DataDir::made_by(move || disk.make(&id));
                (resident.config.clone(), make)
            });
            (HostId(node.0), (first, snapshots))
        });
        let work: Vec<_> = work.collect();
        let started = self.simulation.with_each(work, move |cell, (first, snapshots)| {
            if let Some((config, data_dir)) = first {
                settle(cell, config, data_dir());
            }
            slot(cell.local()).start(cell, &services, &settings, Arc::clone(&addresses), snapshots)
        });
        for (node, started) in indices.into_iter().zip(&started) {
            let resident = self.nodes[node.0 as usize].as_mut().expect("just started");
            resident.running = started.is_ok();
        }
        started
    }

    fn resident(&self, node: NodeIndex) -> &Resident {
        self.nodes[node.0 as usize].as_ref().expect("the network names nodes that exist")
    }
}

/// Whether a network like this one can have such a link, on any number of threads.
fn check_link(settings: &SimSettings, link: &Link) -> Result<(), String> {
    if link.latency.is_zero() && !settings.world.link.latency.is_zero() {
        return Err(
            "a link without latency can only be had where the network began with none, which holds it \
                    to one thread: give it 1ns, or begin with a latency of 0s"
                .to_owned(),
        );
    }
    Ok(())
}

/// Handshakes under way hold two secrets each; beyond this many nothing is saved and nothing is wrong.
const SHARED_SECRETS: usize = 1 << 19;

impl NodeAdapter for SimAdapter {
    fn name(&self) -> &'static str {
        "sim-adapter"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { virtual_time: true, deterministic: true, links: true, message_tap: true }
    }

    fn kinds(&self) -> Vec<NodeKind> {
        vec![NodeKind { name: "sim", fabric: Fabric::Simulated }]
    }

    fn services(&self) -> Vec<String> {
        self.services.names().map(str::to_owned).collect()
    }

    fn create(&mut self, config: &NodeConfig, _kind: NodeKind) -> NodeIndex {
        let host = self.simulation.add_host();
        let mut config = config.clone();
        if config.port == 0 {
            config.port = DEFAULT_PORT;
        }
        let address = SocketAddr::new(host.ip(), config.port);
        self.addresses.write().expect("no holder panics").insert(config.id, address);
        self.nodes.push(Some(Resident { config, address, settled: false, running: false }));
        NodeIndex(host.0)
    }

    fn start(&mut self, node: NodeIndex, snapshots: BTreeMap<String, Bytes>) -> Reply<()> {
        let started = self.start_nodes(vec![(node, snapshots)]);
        Reply::Now(started.into_iter().next().expect("one was started"))
    }

    fn start_each(&mut self, nodes: Vec<NodeIndex>) -> Vec<Reply<()>> {
        let nodes = nodes.into_iter().map(|node| (node, BTreeMap::new())).collect();
        self.start_nodes(nodes).into_iter().map(Reply::Now).collect()
    }

    fn stop(&mut self, node: NodeIndex) -> Reply<()> {
        self.end(&[node], |slot| slot.stop());
        Reply::Now(Ok(()))
    }

    fn stop_each(&mut self, nodes: Vec<NodeIndex>) -> Vec<Reply<()>> {
        self.end(&nodes, |slot| slot.stop());
        nodes.into_iter().map(|_| Reply::Now(Ok(()))).collect()
    }

    fn crash(&mut self, node: NodeIndex) -> Reply<()> {
        self.end(&[node], |slot| slot.crash());
        Reply::Now(Ok(()))
    }

    fn remove(&mut self, node: NodeIndex) -> Reply<()> {
        let Some(resident) = self.nodes[node.0 as usize].take() else { return Reply::Now(Ok(())) };
        self.addresses.write().expect("no holder panics").remove(&resident.config.id);
        let leave = |cell: &HostCell| {
            let slot = slot(cell.local());
            slot.stop();
            let chain = slot.recorder.chain();
            *cell.local().borrow_mut() = None;
            chain
        };
        let chain =
            if resident.settled { self.simulation.with(HostId(node.0), leave) } else { Chain::default() };
        self.departed.push((Origin::node(node.0), chain));
        self.disk.forget(&resident.config.id);
        Reply::Now(Ok(()))
    }

    fn close(&mut self) {
        let all: Vec<NodeIndex> = self.present().collect();
        self.end(&all, |slot| slot.stop());
        self.disk.close();
    }

    fn info(&self, node: NodeIndex) -> NodeInfo {
        let resident = self.resident(node);
        let running =
            if resident.running { self.at(node, |slot| slot.node().map(|node| node.info())) } else { None };
        // Known by its name in the network, not by its client's; and by its address even while it is down.
        let mut info = running.unwrap_or_else(|| NodeInfo {
            id: resident.config.id.to_string(),
            enode: self.enode(node).to_string(),
            ip: resident.address.ip().to_string(),
            ports: Ports { discovery: 0, listener: resident.address.port() },
            ..NodeInfo::default()
        });
        info.name.clone_from(&resident.config.name);
        info
    }

    fn refresh(&mut self, _node: Option<NodeIndex>) -> Vec<Reply<()>> {
        Vec::new()
    }

    fn enode(&self, node: NodeIndex) -> Enode {
        let resident = self.resident(node);
        let mut enode = Enode::new(resident.config.key.public(), resident.address);
        enode.udp = 0;
        enode
    }

    fn snapshot(&mut self, node: NodeIndex) -> Reply<BTreeMap<String, Bytes>> {
        Reply::Now(self.at(node, |slot| {
            let node = slot.node().ok_or(NODE_STOPPED)?;
            node.snapshot().map_err(|error| error.to_string())
        }))
    }

    fn add_peer(&mut self, node: NodeIndex, peer: Enode) -> Result<(), String> {
        self.at(node, move |slot| slot.add_peer(peer))
    }

    fn add_peers(&mut self, pairs: Vec<(NodeIndex, Enode)>) -> Vec<Result<(), String>> {
        let work = pairs.into_iter().map(|(node, peer)| (HostId(node.0), peer));
        self.simulation.with_each(work, |cell, peer| slot(cell.local()).add_peer(peer))
    }

    fn remove_peer(&mut self, node: NodeIndex, peer: NodeId) {
        self.at(node, move |slot| {
            if let Some(node) = slot.node() {
                node.server().remove_peer(peer);
            }
        });
    }

    fn call(&mut self, node: NodeIndex, method: String, params: Vec<Value>) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.at(node, move |slot| {
            let Some(node) = slot.node() else {
                let _ = reply.send(Err(RpcError::failed(NODE_STOPPED)));
                return;
            };
            let call = node.call(&method, params);
            // It may take simulated time: a task of the node's own, which dies with it.
            node.world().spawn(async move {
                let _ = reply.send(call.await);
            });
        });
        answer
    }

    fn open_rpc(&mut self, node: NodeIndex, line: u64, out: RpcOut) -> Result<(), String> {
        self.at(node, move |slot| {
            let node = slot.node().ok_or(NODE_STOPPED)?;
            let session = node.session_bounded(move |text| out.offer(text));
            slot.lines.borrow_mut().insert(line, session);
            Ok(())
        })
    }

    fn rpc_text(&mut self, node: NodeIndex, line: u64, text: String) -> bool {
        if self.nodes[node.0 as usize].is_none() {
            return false;
        }
        self.at(node, move |slot| {
            let lines = slot.lines.borrow();
            let Some(session) = lines.get(&line) else { return false };
            session.handle(&text);
            true
        })
    }

    fn flush_rpc(&mut self, node: NodeIndex, line: u64) {
        if self.nodes[node.0 as usize].is_some() {
            self.at(node, move |slot| {
                slot.lines.borrow().get(&line).into_iter().for_each(|session| session.flush());
            });
        }
    }

    fn close_rpc(&mut self, node: NodeIndex, line: u64) {
        if self.nodes[node.0 as usize].is_some() {
            self.at(node, move |slot| drop(slot.lines.borrow_mut().remove(&line)));
        }
    }

    fn epoch(&self) -> SystemTime {
        self.settings.world.epoch
    }

    fn now(&self) -> Duration {
        self.simulation.now()
    }

    fn next_event(&self) -> Option<Duration> {
        self.simulation.next_event()
    }

    fn run_until(&mut self, until: Duration) -> Result<(), Livelock> {
        self.simulation.run_until(until)
    }

    fn default_link(&self) -> Link {
        self.settings.world.link
    }

    fn set_condition(&mut self, condition: Condition<NodeIndex>) -> Result<(), String> {
        let host = |node: NodeIndex| HostId(node.0);
        let world = &mut self.simulation;
        let set = match condition {
            Condition::DefaultLink(link) => {
                check_link(&self.settings, &link)?;
                world.set_default_link(link)
            }
            Condition::Link { from, to, both_ways, link } => {
                link.map_or(Ok(()), |link| check_link(&self.settings, &link))?;
                let ways = [(from, to), (to, from)].into_iter().take(1 + usize::from(both_ways));
                ways.map(|(from, to)| (host(from), host(to))).try_for_each(|(from, to)| match link {
                    Some(link) => world.set_link(from, to, link),
                    None => {
                        world.unset_link(from, to);
                        Ok(())
                    }
                })
            }
            Condition::Line { node, line: HostLink::UNLIMITED } => {
                world.unset_host_link(host(node));
                Ok(())
            }
            Condition::Line { node, line } => {
                world.set_host_link(host(node), line);
                Ok(())
            }
            Condition::Region { node, region } => {
                world.set_zone(host(node), region);
                Ok(())
            }
            Condition::RegionLink { from, to, link: None } => {
                world.unset_zone_link(from, to);
                Ok(())
            }
            Condition::RegionLink { from, to, link: Some(link) } => {
                check_link(&self.settings, &link)?;
                world.set_zone_link(from, to, link)
            }
            Condition::Impose { id, one, other, both_ways, effect } => {
                let hosts = |nodes: Vec<NodeIndex>| Hosts::only(nodes.into_iter().map(host));
                let from = hosts(one);
                let to = other.map_or_else(|| from.others(), hosts);
                self.rules.insert(id, world.install(Rule { from, to, both_ways, effect }));
                Ok(())
            }
            Condition::Lift(id) => {
                if let Some(rule) = self.rules.remove(&id) {
                    world.remove(rule);
                }
                Ok(())
            }
        };
        set.map_err(|error| error.to_string())
    }

    fn want_messages(&mut self, wanted: Tap) {
        self.simulation
            .on_shards(move |shard: &ShardCell| shard_log(shard.local()).messages.replace(wanted.clone()));
    }

    fn want_measured(&mut self, wanted: bool) {
        self.simulation.on_shards(move |shard: &ShardCell| shard_log(shard.local()).measured.set(wanted));
    }

    fn wiretap(&mut self, node: NodeIndex) {
        self.simulation.with(HostId(node.0), move |cell| {
            let log = shard_log(cell.shard_local());
            cell.set_tap(Wiretap::new(move |seen| log.tapped.borrow_mut().push((node, seen))));
        });
    }

    fn take_tapped(&mut self) -> Vec<(NodeIndex, Seen)> {
        self.simulation.on_shards(|shard| shard_log(shard.local()).tapped.take()).concat()
    }

    fn want_traffic(&mut self, wanted: bool) {
        self.simulation.on_shards(move |shard: &ShardCell| {
            shard_log(shard.local()).flows.replace(wanted.then(Flows::default));
        });
    }

    fn traffic(&self) -> Traffic {
        let mut traffic = Traffic::default();
        for flows in self.simulation.on_shards(|shard| shard_log(shard.local()).flows.borrow().clone()) {
            traffic.add_flows(flows.unwrap_or_default());
        }
        for (from, links) in self.at_each(|slot, cell| (cell.id().0, slot.recorder.links())) {
            for (to, sent) in links {
                traffic.add_link(from, to, sent);
            }
        }
        traffic.add_waits(&self.simulation.waits());
        traffic
    }

    fn collect(&mut self, records: &mut Vec<Record>) {
        let start = records.len();
        for shard in self.simulation.on_shards(|shard| shard_log(shard.local()).records.take()) {
            if records.is_empty() { *records = shard } else { records.extend(shard) }
        }
        records[start..].sort_unstable_by_key(|record| (record.time, record.origin, record.seq));
    }

    fn chains(&self) -> Vec<(Origin, Chain)> {
        let mut chains = self.departed.clone();
        // Those that were never started have recorded nothing.
        let silent = self.present().filter(|node| !self.resident(*node).settled);
        chains.extend(silent.map(|node| (Origin::node(node.0), Chain::default())));
        chains.extend(self.at_each(|slot, _| (slot.recorder.origin(), slot.recorder.chain())));
        chains
    }

    fn counts(&self) -> Vec<NodeCounts> {
        self.at_each(|slot, _| slot.recorder.counts())
    }

    fn population(&self) -> Population {
        let mut all = Population::default();
        for one in self.at_each(|_, cell| cell.world().population()) {
            all.tasks += one.tasks;
            all.connections += one.connections;
        }
        all
    }
}

impl SimAdapter {
    /// Ends the lives of nodes, those that have one, on all threads at once.
    fn end(&mut self, nodes: &[NodeIndex], end: fn(&Slot)) {
        let running = nodes.iter().filter(|node| {
            let resident = self.nodes[node.0 as usize].as_mut();
            resident.is_some_and(|resident| std::mem::replace(&mut resident.running, false))
        });
        let work: Vec<_> = running.map(|node| (HostId(node.0), ())).collect();
        self.simulation.with_each(work, move |cell, ()| end(&slot(cell.local())));
    }

    fn present(&self) -> impl Iterator<Item = NodeIndex> {
        let present = self.nodes.iter().enumerate().filter(|(_, resident)| resident.is_some());
        present.map(|(index, _)| NodeIndex(index as u32))
    }
}
