//! What the adapter knows of one node: its life, its records, its counts, who waits for what.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use devp2p::{Enode, NodeId};
use node::rpc::view::Ports;
use node::{NodeConfig, NodeInfo, RpcError};
use serde::Deserialize;
use serde_json::Value;
use simnet::adapter::NodeIndex;
use simnet::record::{Chain, ErrorText, Kind, Message, Origin, ProtocolName, Record};
use simnet::tally::{Count, NodeCounts, ProtocolTally};
use tokio::sync::{mpsc, oneshot};

use super::process::{Order, Started};
use super::wire::{Ask, Counted, Happened, Told};

/// Where a reply goes.
pub(super) type ReplyTo<T> = oneshot::Sender<Result<T, String>>;

/// A node.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) config: NodeConfig,
    origin: Origin,
    chain: Chain,
    /// The time of its last record: they come in order.
    latest: u64,
    /// Which of its lives this is.
    pub(super) life: u64,
    pub(super) phase: Phase,
    /// Where it listens, or did; 0 if it never has.
    pub(super) port: u16,
    /// What it said of itself last, in this life.
    info: Option<NodeInfo>,
    /// Messages of former lives, and of this one.
    counts: [Vec<Counted>; 2],
    protocols: BTreeMap<(String, u32), Arc<ProtocolName>>,
    /// Who waits for it to be gone.
    pub(super) leavers: Vec<ReplyTo<()>>,
    /// Forgotten by its network: it is only seen out.
    pub(super) removed: bool,
    /// Whether its directory goes with its process.
    pub(super) forget: Arc<AtomicBool>,
}

/// How far a node has come.
#[derive(Debug)]
pub(super) enum Phase {
    Down,
    Starting { orders: mpsc::UnboundedSender<Order>, reply: ReplyTo<()> },
    Up(Running),
}

/// A process that can be talked to.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) endpoint: String,
    asked: BTreeMap<u64, Asked>,
    next: u64,
    /// Conversations, by the network's number.
    pub(super) lines: BTreeMap<u64, mpsc::UnboundedSender<String>>,
}

/// Who waits for the answer to a call.
#[derive(Debug)]
pub(super) enum Asked {
    Call(oneshot::Sender<Result<Value, RpcError>>),
    Snapshot(ReplyTo<BTreeMap<String, bytes::Bytes>>),
    /// Nobody; but if it fails the connection does not come to be.
    AddPeer(NodeId),
    Nobody,
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Option<RpcError>,
}

impl Running {
    pub(super) fn new(orders: mpsc::UnboundedSender<Order>, endpoint: String) -> Self {
        Self { orders, endpoint, asked: BTreeMap::new(), next: 1, lines: BTreeMap::new() }
    }

    /// Calls a method of the node.
    pub(super) fn call(&mut self, method: &str, params: Vec<Value>, asked: Asked) {
        let id = self.next;
        self.next += 1;
        let request = serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.asked.insert(id, asked);
        self.say(Ask::Rpc(request.to_string()));
    }

    pub(super) fn say(&self, ask: Ask) {
        // A process that has gone is in the news soon.
        let _ = self.orders.send(Order::Say(ask));
    }
}

impl Resident {
    pub(super) fn new(index: NodeIndex, config: NodeConfig) -> Self {
        Self {
            port: config.port,
            config,
            origin: Origin::node(index.0),
            chain: Chain::default(),
            latest: 0,
            life: 0,
            phase: Phase::Down,
            info: None,
            counts: Default::default(),
            protocols: BTreeMap::new(),
            leavers: Vec::new(),
            removed: false,
            forget: Arc::default(),
        }
    }

    pub(super) fn chain(&self) -> (Origin, Chain) {
        (self.origin, self.chain)
    }

    pub(super) fn running(&mut self) -> Option<&mut Running> {
        match &mut self.phase {
            Phase::Up(running) => Some(running),
            _ => None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Down)
    }

    /// Orders its process to do something, if there is one.
    pub(super) fn order(&self, order: Order) {
        if let Phase::Starting { orders, .. } | Phase::Up(Running { orders, .. }) = &self.phase {
            // A process that has gone is in the news soon.
            let _ = orders.send(order);
        }
    }

    /// Notes what its process reported; answers whether it is where it was before, and whom to tell.
    pub(super) fn started(&mut self, started: Started) -> Option<(bool, ReplyTo<()>)> {
        let Phase::Starting { orders, reply } = std::mem::replace(&mut self.phase, Phase::Down) else {
            return None;
        };
        let port = started.info.ports.listener;
        let moved = self.port != port && self.port != 0;
        self.port = port;
        self.info = Some(started.info);
        self.phase = Phase::Up(Running::new(orders, started.endpoint));
        Some((moved, reply))
    }

    /// Notes that its process has gone, and answers what it was doing.
    pub(super) fn ended(&mut self) -> Phase {
        self.info = None;
        let [past, present] = &mut self.counts;
        std::mem::take(present).iter().for_each(|counted| merge(past, counted));
        std::mem::replace(&mut self.phase, Phase::Down)
    }

    /// A record of what happened at `time`, or at the time of the record before it, if that was later.
    pub(super) fn record(&mut self, time: u64, kind: Kind) -> Record {
        self.latest = self.latest.max(time);
        self.chain.record(self.origin, self.latest, kind)
    }

    /// What its process told, as a record; times of the calendar become those since `epoch`, and none is after `now`.
    pub(super) fn told(&mut self, told: Told, epoch: u64, now: u64) -> Option<Record> {
        let kind = self.kind(told.what)?;
        Some(self.record(told.at.saturating_sub(epoch).min(now), kind))
    }

    fn kind(&mut self, what: Happened) -> Option<Kind> {
        let peer_of = |text: &str| text.parse::<NodeId>().ok();
        Some(match what {
            Happened::Added { peer, inbound } => Kind::PeerAdded { peer: peer_of(&peer)?, inbound },
            Happened::Dropped { peer, error } => {
                Kind::PeerDropped { peer: peer_of(&peer)?, error: ErrorText(error) }
            }
            Happened::DialFailed { peer, error } => {
                Kind::DialFailed { peer: peer_of(&peer)?, error: ErrorText(error) }
            }
            Happened::Message { peer, received, protocol, version, code, size, wire_len, payload } => {
                let (peer, protocol) = (peer_of(&peer)?, self.protocol(protocol, version));
                Kind::Message(Message { peer, received, protocol, code, size, wire_len, payload })
            }
            Happened::Arrived { protocol, version, item, from, hops } => {
                let from = from.as_deref().and_then(peer_of);
                Kind::Arrival { protocol: self.protocol(protocol, version), item, from, hops }
            }
            Happened::Metric { protocol, name, value } => Kind::Metric { protocol, name, value },
            Happened::Missed { messages } => {
                let name = &self.config.name;
                tracing::warn!(target: "exec", name, messages, "Messages are missing from the log");
                return None;
            }
        })
    }

    fn protocol(&mut self, name: String, version: u32) -> Arc<ProtocolName> {
        let known = self.protocols.entry((name, version));
        Arc::clone(
            known.or_insert_with_key(|(name, version)| Arc::new(ProtocolName::new(name.clone(), *version))),
        )
    }

    /// Takes in how it is.
    pub(super) fn refreshed(&mut self, info: NodeInfo, counts: Vec<Counted>) {
        self.info = Some(info);
        self.counts[1] = counts;
    }

    /// Takes in an answer: whose it is, and what it says.
    pub(super) fn answered(&mut self, text: &str) -> Option<(Asked, Result<Value, RpcError>)> {
        let Answer { id, result, error } = serde_json::from_str(text).ok()?;
        let asked = self.running()?.asked.remove(&id)?;
        Some((asked, error.map_or(Ok(result), Err)))
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    pub(super) fn enode(&self) -> Enode {
        let mut enode = Enode::new(self.config.key.public(), self.address());
        enode.udp = 0;
        enode
    }

    /// What it says of itself, under the name its network knows it by; while it is down, what is known.
    pub(super) fn info(&self) -> NodeInfo {
        let mut info = self.info.clone().unwrap_or_else(|| NodeInfo {
            id: self.config.id.to_string(),
            enode: self.enode().to_string(),
            ip: self.address().ip().to_string(),
            ports: Ports { discovery: 0, listener: self.port },
            ..NodeInfo::default()
        });
        info.name.clone_from(&self.config.name);
        info
    }

    pub(super) fn counts(&self, index: NodeIndex) -> NodeCounts {
        let mut all = self.counts[0].clone();
        self.counts[1].iter().for_each(|counted| merge(&mut all, counted));
        let protocols = all.into_iter().map(|Counted { protocol, version, codes }| ProtocolTally {
            name: Arc::new(ProtocolName::new(protocol, version)),
            codes: codes.into_iter().map(|both| both.map(count)).collect(),
        });
        NodeCounts { index: index.0, protocols: protocols.collect() }
    }
}

fn count([messages, bytes, wire_bytes]: [u64; 3]) -> Count {
    Count { messages, bytes, wire_bytes }
}

fn merge(into: &mut Vec<Counted>, other: &Counted) {
    let same = |known: &&mut Counted| known.protocol == other.protocol && known.version == other.version;
    let Some(known) = into.iter_mut().find(same) else {
        into.push(other.clone());
        return;
    };
    known.codes.resize(known.codes.len().max(other.codes.len()), Default::default());
    for (sums, added) in known.codes.iter_mut().zip(&other.codes) {
        let sums = sums.iter_mut().flatten();
        sums.zip(added.iter().flatten()).for_each(|(sum, add)| *sum += add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use devp2p::SecretKey;

    fn resident() -> Resident {
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        Resident::new(NodeIndex(3), NodeConfig { port: 0, ..NodeConfig::new(key) })
    }

    fn counted(sent: u64) -> Counted {
        Counted { protocol: "p".into(), version: 1, codes: vec![[[sent, 0, 0], [0; 3]]] }
    }

    #[test]
    fn records_come_in_order_and_never_from_the_future() {
        let mut node = resident();
        let told = |at| Told { at, what: Happened::Dropped { peer: "07".repeat(32), error: "x".into() } };
        let times = [(1_500, 500), (1_400, 500), (1_700, 700), (9_999, 1_000), (3, 1_000)];
        for (seq, (at, expect)) in times.into_iter().enumerate() {
            let record = node.told(told(at), 1_000, 1_000).unwrap();
            assert_eq!((record.time, record.seq, record.origin), (expect, seq as u64, Origin::node(3)));
        }
        let odd = Told { at: 1, what: Happened::Added { peer: "nobody".into(), inbound: true } };
        assert!(node.told(odd, 0, 0).is_none());
    }

    #[test]
    fn counts_outlive_a_life() {
        let mut node = resident();
        for sent in [3, 5] {
            node.refreshed(NodeInfo::default(), vec![counted(1)]);
            node.refreshed(NodeInfo::default(), vec![counted(sent)]);
            node.ended();
        }
        node.refreshed(NodeInfo::default(), vec![counted(10)]);
        let counts = node.counts(NodeIndex(3));
        assert_eq!(counts.index, 3);
        assert_eq!(counts.protocols[0].codes[0][0].messages, 18);
    }

    #[test]
    fn a_node_that_is_down_is_known_by_its_last_address() {
        let mut node = resident();
        assert!(node.info().enode.ends_with("@127.0.0.1:0"), "{}", node.info().enode);
        let (orders, _orders) = mpsc::unbounded_channel();
        let (reply, _reply) = oneshot::channel();
        node.phase = Phase::Starting { orders, reply };
        let info = NodeInfo { ports: Ports { discovery: 0, listener: 7 }, ..NodeInfo::default() };
        let (moved, _) = node.started(Started { endpoint: "ws://x".into(), info }).unwrap();
        assert!(!moved);
        node.ended();
        assert!(node.info().enode.contains("@127.0.0.1:7"), "{}", node.info().enode);
    }
}
