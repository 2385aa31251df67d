//! A network: its nodes by name and id, its state, its log, and the adapter its nodes live in.
//!
//! Everything here happens at one moment of the network's time, between two events; nothing waits. What takes time is
//! asked for here and seen in the log later (`driver`). Each thing asked is recorded before it is done.
//!
//! | module | holds |
//! |---|---|
//! | `asking` | what an adapter has not answered yet |
//! | `capturing` | what passes chosen nodes |
//! | `conditions` | links, lines and partitions |
//! | `events` | records taken in, folded, shown |
//! | `selection` | nodes chosen by words |
//! | `measuring` | what measurements are read from |
//! | `watching` | what watchers ask |

mod asking;
mod capturing;
mod conditions;
mod events;
mod measuring;
mod selection;
mod watching;

pub(crate) use asking::{Asking, Taking};

use crate::adapter::{NodeAdapter, NodeIndex, NodeKind};
use crate::capture::Captures;
use crate::error::NetworkError;
use crate::keys::Keys;
use crate::log::{Log, LogWriter};
use crate::measure::Meter;
use crate::naming::{self, NewNode};
use crate::record::{Asked, Digest, Kind, Record};
use crate::room::Room;
use crate::state::{Change, State};
use crate::tally::Tally;
use crate::view::{ConnView, NetworkView, NodeSnapshot, NodeSpec, NodeView, Snapshot};
use bytes::Bytes;
use devp2p::{Fidelity, NodeId};
use node::{NodeConfig, NodeInfo};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use world::Entropy;

/// What a network is called and how it treats those who ask.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// Its name; may be empty.
    pub id: String,
    /// What nodes without services run.
    pub default_service: Option<String>,
    /// How long a pair that was just asked to connect may not be asked again (geth: 200 ms; here none by default).
    pub dial_ban: Duration,
    /// Peers a node has at most, to tell which are full; 0: there is no such number.
    pub max_peers: usize,
}

/// A network. See the module.
pub struct Network {
    manners: Manners,
    adapter: Box<dyn NodeAdapter>,
    seed: u64,
    epoch: SystemTime,
    /// For the keys of nodes that come without one. A journal has what was asked and not the draws, so nothing that is
    /// not in it may draw from this.
    keys: Keys,
    /// For the random shapes of topologies.
    shapes: Entropy,
    state: State,
    log: Log,
    nodes: Vec<Member>,
    changes: Vec<Change>,
    records: Vec<Record>,
    /// Connections that were asked for and failed, by (dialler, dialled): the newest error, until asked again.
    failures: BTreeMap<(NodeId, NodeId), String>,
    /// The first error of writing the log; everything after it is refused.
    broken: Option<NetworkError>,
    /// What nodes said of themselves before a reset that is under way, by position.
    parting: Vec<NodeInfo>,
    room: Room,
    watching: watching::Watching,
    meter: Option<Box<Meter>>,
    captures: Option<Box<Captures>>,
}

/// A connection that was asked for and recorded, to be dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    one: NodeId,
    other: NodeId,
    from: NodeIndex,
    to: NodeIndex,
}

/// A node, beside what the log tells of it.
#[derive(Debug)]
struct Member {
    config: NodeConfig,
    kind: NodeKind,
    /// The adapter it was created for by name.
    adapter: Option<&'static str>,
    index: NodeIndex,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (id, nodes) = (&self.manners.id, self.nodes.len());
        f.debug_struct("Network").field("id", id).field("nodes", &nodes).finish_non_exhaustive()
    }
}

impl Network {
    /// An empty network. `seed` is for what the network itself draws: keys, topologies.
    pub(crate) fn new(
        manners: Manners,
        mut adapter: Box<dyn NodeAdapter>,
        seed: u64,
        log_file: Option<LogWriter>,
    ) -> Result<Self, NetworkError> {
        let services = adapter.services();
        if let Some(name) = manners.default_service.as_ref().filter(|name| !services.contains(name)) {
            return Err(NetworkError::UnknownService { name: name.clone(), known: services });
        }
        let log = Log::new(log_file);
        adapter.want_messages(log.tap());
        adapter.want_measured(log.wants_measured());
        Ok(Self {
            manners,
            epoch: adapter.epoch(),
            adapter,
            seed,
            keys: Keys::new(Entropy::derive(seed, u32::MAX, 0, "keys")),
            shapes: Entropy::derive(seed, u32::MAX, 0, "shapes"),
            state: State::default(),
            log,
            nodes: Vec::new(),
            changes: Vec::new(),
            records: Vec::new(),
            failures: BTreeMap::new(),
            broken: None,
            parting: Vec::new(),
            room: Room::new(None, Fidelity::Wire),
            watching: watching::Watching::default(),
            meter: None,
            captures: None,
        })
    }

    /// How much memory it may take.
    pub(crate) fn set_room(&mut self, room: Room) {
        self.room = room;
    }

    /// Whether so many more nodes and connections fit into memory, where they are in this process.
    pub(crate) fn check_room(&self, nodes: usize, connections: u64) -> Result<(), NetworkError> {
        match self.adapter.capabilities().virtual_time {
            true => self.room.check(nodes as u64, connections),
            false => Ok(()),
        }
    }

    /// Time since the start.
    pub fn now(&self) -> Duration {
        self.adapter.now()
    }

    /// The state that the log so far tells.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The adapter its nodes live in.
    pub fn adapter(&self) -> &dyn NodeAdapter {
        &*self.adapter
    }

    pub(crate) fn adapter_mut(&mut self) -> &mut dyn NodeAdapter {
        &mut *self.adapter
    }

    /// Entropy for the random shapes of topologies.
    pub fn shapes(&mut self) -> &mut Entropy {
        &mut self.shapes
    }

    // --- looking -------------------------------------------------------------------------------------------------

    /// The id of a node given by id or name.
    pub fn find(&self, node: &str) -> Result<NodeId, NetworkError> {
        let by_id = node.parse::<NodeId>().ok().filter(|id| self.state.index(id).is_some());
        let by_name = || self.state.index_of_name(node).map(|index| self.state.nodes()[index].id);
        by_id.or_else(by_name).ok_or_else(|| NetworkError::UnknownNode(node.to_owned()))
    }

    fn position(&self, id: &NodeId) -> Result<usize, NetworkError> {
        self.state.index(id).ok_or_else(|| NetworkError::UnknownNode(id.to_string()))
    }

    /// A node, now.
    pub fn node_view(&self, id: NodeId) -> Result<NodeView, NetworkError> {
        Ok(self.view_at(self.position(&id)?))
    }

    fn view_at(&self, position: usize) -> NodeView {
        let member = &self.nodes[position];
        let (config, up) = (member.config.clone(), self.state.nodes()[position].up);
        let info = self.parting.get(position).cloned();
        let info = info.unwrap_or_else(|| self.adapter.info(member.index));
        NodeView { config, adapter: member.adapter, up, info }
    }

    /// All nodes, now.
    pub fn nodes(&self) -> Vec<NodeView> {
        (0..self.nodes.len()).map(|position| self.view_at(position)).collect()
    }

    /// All connections, now.
    pub fn conns(&self) -> Vec<ConnView> {
        self.state.conns().map(|conn| self.state.view(conn)).collect()
    }

    /// Everything, now.
    pub fn view(&self) -> NetworkView {
        NetworkView {
            id: self.manners.id.clone(),
            default_service: self.manners.default_service.clone(),
            nodes: self.nodes(),
            conns: self.conns(),
            now: self.now(),
        }
    }

    /// The digest of the log so far.
    pub fn digest(&self) -> Digest {
        Digest::of(self.adapter.chains().into_iter().chain([self.log.chain()]))
    }

    /// The counts so far.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.state, self.adapter.counts())
    }

    /// Why the last attempt of `one` to connect to `other` failed, if it did since it was asked for.
    pub(crate) fn failure(&self, one: NodeId, other: NodeId) -> Option<&str> {
        self.failures.get(&(one, other)).map(String::as_str)
    }

    // --- asking --------------------------------------------------------------------------------------------------

    /// Creates a node; what is missing in `spec` is made.
    pub fn create(&mut self, spec: NodeSpec) -> Result<NodeId, NetworkError> {
        self.check()?;
        let kind = self.kind(spec.adapter.as_deref())?;
        let adapter = spec.adapter.is_some().then_some(kind.name);
        let services = self.adapter.services();
        let around = NewNode {
            state: &self.state,
            services: &services,
            default_service: self.manners.default_service.as_deref(),
        };
        let config = naming::complete(spec, &around, &mut self.keys)?;
        let (id, name, services) = (config.id, config.name.clone(), config.services.clone());
        let (index, shows_messages) = (self.adapter.create(&config, kind), config.enable_msg_events);
        self.nodes.push(Member { config, kind, adapter, index });
        self.begin_capture(index, &name)?;
        self.asked(Asked::Create { id, name, services })?;
        if !shows_messages {
            self.watching.hide_messages(&id);
        }
        Ok(id)
    }

    /// The kind of nodes of that name, or of those that are given none.
    pub(crate) fn kind(&self, name: Option<&str>) -> Result<NodeKind, NetworkError> {
        let kinds = self.adapter.kinds();
        let found = kinds.iter().find(|kind| name.is_none_or(|name| name == kind.name)).copied();
        found.ok_or_else(|| {
            let known = kinds.into_iter().map(|kind| kind.name).collect();
            NetworkError::UnknownAdapter { name: name.unwrap_or_default().to_owned(), known }
        })
    }

    /// Starts a node, with its services' saved state. Nothing: it is up.
    pub(crate) fn start(
        &mut self,
        id: NodeId,
        snapshots: BTreeMap<String, Bytes>,
    ) -> Result<Option<Asking<()>>, NetworkError> {
        self.check()?;
        let position = self.position(&id)?;
        if self.state.nodes()[position].up {
            return Err(NetworkError::AlreadyUp(id));
        }
        self.asked(Asked::Start { id })?;
        let reply = self.adapter.start(self.nodes[position].index, snapshots);
        self.collect()?;
        Asking::unless_answered(id, reply)
    }

    /// Starts nodes without saved state, all at once where that can be. Answers what is still open, or the first that
    /// failed, whatever became of the others.
    pub(crate) fn start_each(&mut self, ids: &[NodeId]) -> Result<Vec<Asking<()>>, NetworkError> {
        let indices = self.ask_each(ids, false, |id| Asked::Start { id })?;
        let replies = self.adapter.start_each(indices);
        self.collect()?;
        Asking::those_open(ids, replies)
    }

    /// Stops nodes, all at once where that can be. Answers as [`start_each`](Self::start_each).
    pub(crate) fn stop_each(&mut self, ids: &[NodeId]) -> Result<Vec<Asking<()>>, NetworkError> {
        let indices = self.ask_each(ids, true, |id| Asked::Stop { id })?;
        let replies = self.adapter.stop_each(indices);
        self.collect()?;
        Asking::those_open(ids, replies)
    }

    /// Checks that nodes are up, or down, and records what is asked of them.
    fn ask_each(
        &mut self,
        ids: &[NodeId],
        up: bool,
        ask: fn(NodeId) -> Asked,
    ) -> Result<Vec<NodeIndex>, NetworkError> {
        self.check()?;
        let mut indices = Vec::with_capacity(ids.len());
        for &id in ids {
            let position = self.position(&id)?;
            match (self.state.nodes()[position].up, up) {
                (true, false) => return Err(NetworkError::AlreadyUp(id)),
                (false, true) => return Err(NetworkError::AlreadyDown(id)),
                _ => indices.push(self.nodes[position].index),
            }
        }
        ids.iter().try_for_each(|id| self.asked(ask(*id)))?;
        Ok(indices)
    }

    /// Stops a node. Nothing: it is down.
    pub(crate) fn stop(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.check()?;
        let position = self.position(&id)?;
        if !self.state.nodes()[position].up {
            return Err(NetworkError::AlreadyDown(id));
        }
        self.asked(Asked::Stop { id })?;
        let reply = self.adapter.stop(self.nodes[position].index);
        self.collect()?;
        Asking::unless_answered(id, reply)
    }

    /// Crashes a node. Nothing: it is down.
    pub(crate) fn crash(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.check()?;
        let position = self.position(&id)?;
        if !self.state.nodes()[position].up {
            return Err(NetworkError::AlreadyDown(id));
        }
        self.asked(Asked::Crash { id })?;
        let reply = self.adapter.crash(self.nodes[position].index);
        self.collect()?;
        Asking::unless_answered(id, reply)
    }

    /// Forgets a node, which has to be down. Nothing: nothing of it is left.
    pub(crate) fn remove(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.check()?;
        let position = self.position(&id)?;
        if self.state.nodes()[position].up {
            return Err(NetworkError::AlreadyUp(id));
        }
        // Whoever was asked to connect to it need not go on trying.
        for other in self.state.wanting(position) {
            if self.state.nodes()[other].up {
                self.adapter.remove_peer(self.nodes[other].index, id);
            }
        }
        self.failures.retain(|(one, other), _| *one != id && *other != id);
        self.take_back(Some(&id));
        let reply = self.adapter.remove(self.nodes[position].index);
        self.collect()?;
        self.asked(Asked::Remove { id })?;
        self.nodes.remove(position);
        Asking::unless_answered(id, reply)
    }

    /// Has what nodes say of themselves brought up to date, of one or of all.
    pub(crate) fn refresh(&mut self, id: Option<NodeId>) -> Result<Vec<Asking<()>>, NetworkError> {
        let node = id.map(|id| self.position(&id).map(|position| self.nodes[position].index)).transpose()?;
        let replies = self.adapter.refresh(node).into_iter();
        Ok(replies.map(|reply| Asking::new(id.unwrap_or_default(), reply)).collect())
    }

    /// Asks `one` to connect to `other`.
    pub fn connect(&mut self, one: NodeId, other: NodeId) -> Result<(), NetworkError> {
        let dial = self.ask_to_connect(self.positions((one, other))?)?;
        self.dial(vec![dial])
    }

    /// Where the nodes of two ids stand.
    pub(crate) fn positions(&self, (one, other): (NodeId, NodeId)) -> Result<(usize, usize), NetworkError> {
        Ok((self.position(&one)?, self.position(&other)?))
    }

    /// The ids of the nodes at two positions.
    pub(crate) fn ids_at(&self, (one, other): (usize, usize)) -> (NodeId, NodeId) {
        (self.state.nodes()[one].id, self.state.nodes()[other].id)
    }

    /// Checks and records that the node at one position is to connect to that at another; [`dial`](Self::dial) has it done,
    /// for many at once.
    pub(crate) fn ask_to_connect(&mut self, (from, to): (usize, usize)) -> Result<Dial, NetworkError> {
        self.check()?;
        self.may_connect((from, to))?;
        let (one, other) = self.ids_at((from, to));
        if !self.failures.is_empty() {
            self.failures.remove(&(one, other));
        }
        self.asked(Asked::Connect { one, other })?;
        Ok(Dial { one, other, from: self.nodes[from].index, to: self.nodes[to].index })
    }

    /// Has nodes dial, each as if asked after the one before it; the first that could not be asked is the answer.
    pub(crate) fn dial(&mut self, dials: Vec<Dial>) -> Result<(), NetworkError> {
        let peers = dials.iter().map(|dial| (dial.from, self.adapter.enode(dial.to))).collect();
        let asked = self.adapter.add_peers(peers);
        dials.into_iter().zip(asked).try_for_each(|(Dial { one, other, .. }, asked)| {
            asked.map_err(|error| NetworkError::ConnectFailed { one, other, error })
        })
    }

    /// The original's checks, in its order.
    pub(crate) fn may_connect(&self, (from, to): (usize, usize)) -> Result<(), NetworkError> {
        let [one, other] = [from, to].map(|position| &self.state.nodes()[position]);
        if from == to {
            return Err(NetworkError::SelfConnect(one.id));
        }
        self.may_meet((from, to))?;
        if let Some(conn) = self.state.conn_at(from, to) {
            if conn.up {
                return Err(NetworkError::AlreadyConnected(one.id, other.id));
            }
            let since = conn.asked.map(|asked| self.now().saturating_sub(Duration::from_nanos(asked)));
            if since.is_some_and(|since| since < self.manners.dial_ban) {
                return Err(NetworkError::RecentlyAttempted(one.id, other.id));
            }
        }
        for (role, node) in [("one", one), ("other", other)] {
            if !node.up {
                return Err(NetworkError::NotUp { role, id: node.id });
            }
        }
        Ok(())
    }

    /// Whether anything leads from the node at one position to that at another.
    pub(crate) fn may_meet(&self, (from, to): (usize, usize)) -> Result<(), NetworkError> {
        let fabrics = [from, to].map(|position| self.nodes[position].kind.fabric);
        if fabrics[0] == fabrics[1] {
            return Ok(());
        }
        let (one, other) = self.ids_at((from, to));
        Err(NetworkError::OtherFabric { one: (one, fabrics[0]), other: (other, fabrics[1]) })
    }

    /// Asks for the connection between two nodes to be dropped; the one that was asked to connect drops it.
    pub fn disconnect(&mut self, one: NodeId, other: NodeId) -> Result<(), NetworkError> {
        self.check()?;
        let (a, b) = self.positions((one, other))?;
        let Some(conn) = self.state.conn(&one, &other).copied() else {
            return Err(NetworkError::NoConnection(one, other));
        };
        if !conn.up {
            return Err(NetworkError::AlreadyDisconnected(one, other));
        }
        self.asked(Asked::Disconnect { one, other })?;
        // Whoever was asked to connect keeps dialling until it is told to stop; if nobody was, the dialler drops.
        let mut ends = [(a, other), (b, one)];
        if conn.one != a {
            ends.reverse();
        }
        let mut droppers = ends.map(|(at, of)| (at, of, conn.wanted[conn.end(at)]));
        droppers[0].2 |= !droppers[1].2;
        for (position, of, _) in droppers.into_iter().filter(|(.., drops)| *drops) {
            if self.state.nodes()[position].up {
                self.adapter.remove_peer(self.nodes[position].index, of);
            }
        }
        self.collect()
    }

    /// A node that has to be up.
    pub(crate) fn running(&self, id: NodeId) -> Result<NodeIndex, NetworkError> {
        let position = self.position(&id)?;
        match self.state.nodes()[position].up {
            true => Ok(self.nodes[position].index),
            false => Err(NetworkError::NotUp { role: "node", id }),
        }
    }

    /// Records that a node is to handle a JSON-RPC text: it may change anything.
    pub(crate) fn asked_rpc(&mut self, id: NodeId, text: String) -> Result<NodeIndex, NetworkError> {
        self.check()?;
        let index = self.running(id)?;
        self.asked(Asked::Rpc { id, text })?;
        Ok(index)
    }

    /// Stops and forgets everything. What is answered is still on its way out.
    pub(crate) fn reset(&mut self) -> Result<Vec<Asking<()>>, NetworkError> {
        self.check()?;
        let mut leaving = Vec::new();
        self.take_back(None);
        let parting = self.nodes.iter().map(|member| self.adapter.info(member.index)).collect();
        for member in &self.nodes {
            let reply = self.adapter.remove(member.index);
            leaving.extend(Asking::unless_answered(member.config.id, reply)?);
        }
        // Whoever listens is told of each that it is down, now that the adapter knows none of them any more.
        self.parting = parting;
        let collected = self.collect();
        self.parting.clear();
        collected?;
        self.nodes.clear();
        self.failures.clear();
        self.asked(Asked::Reset)?;
        Ok(leaving)
    }

    /// Records the outcome of an expectation.
    pub fn expectation(&mut self, name: String, passed: bool, detail: String) -> Result<(), NetworkError> {
        let record = self.log.record(self.nanos(), Kind::Expectation { name, passed, detail });
        self.take_in(&[record])
    }

    // --- snapshots -----------------------------------------------------------------------------------------------

    /// Everything needed to set the network up again; `add` and `remove` change the services of nodes that are up.
    pub(crate) fn snapshot(&mut self, add: &[String], remove: &[String]) -> Taking {
        let mut nodes = Vec::with_capacity(self.nodes.len());
        let mut awaited = Vec::new();
        for position in 0..self.nodes.len() {
            let NodeView { mut config, adapter, up, info } = self.view_at(position);
            if up {
                let reply = self.adapter.snapshot(self.nodes[position].index);
                awaited.push((position, Asking::new(config.id, reply)));
                let missing = add.iter().filter(|name| !config.services.contains(name));
                let missing: Vec<String> = missing.cloned().collect();
                config.services.extend(missing);
                config.services.retain(|name| !remove.contains(name));
            }
            let services = BTreeMap::new();
            nodes.push(NodeSnapshot {
                spec: naming::spec_of(config, adapter),
                up,
                info: Some(info),
                services,
            });
        }
        let conns = self.state.conns().filter(|conn| conn.up).map(|conn| self.state.view(conn)).collect();
        Taking::new(Snapshot { nodes, conns }, awaited)
    }

    // --- the end -------------------------------------------------------------------------------------------------

    /// Stops every node and ends all subscriptions. Answers the digest of the whole log.
    pub fn shut_down(&mut self) -> Result<Digest, NetworkError> {
        self.adapter.close();
        let collected = self.collect();
        self.log.close();
        collected?;
        let digest = self.digest();
        self.log.end(self.nanos(), digest).map(|()| digest)
    }

    fn nanos(&self) -> u64 {
        self.now().as_nanos() as u64
    }

    fn check(&self) -> Result<(), NetworkError> {
        self.broken.clone().map_or(Ok(()), Err)
    }
}
