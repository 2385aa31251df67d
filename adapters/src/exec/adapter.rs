//! The adapter: orders out to the processes, news of them in.
//!
//! All of it is on the network's thread; processes are looked after by tasks on a runtime of their own. News are taken
//! in when the network asks what has happened, which they nudge it to do.

mod birth;
mod news;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use devp2p::{Enode, NodeId};
use node::{NodeConfig, NodeInfo, RpcError, Services};
use serde_json::Value;
use simnet::Nudge;
use simnet::adapter::base::Base;
use simnet::adapter::{Answer, Capabilities, Fabric, NodeAdapter, NodeIndex, NodeKind, Reply, RpcOut, Tap};
use simnet::condition::Condition;
use simnet::record::{Chain, Kind, Origin, Record};
use simnet::tally::NodeCounts;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, oneshot};
use world::real::Host;
use world::sim::{Link, Livelock};
use world::{Entropy, Population};

use super::process::{self, News, Order, Reporter, What};
use super::resident::{Asked, Phase, ReplyTo, Resident, Running};
use super::start::ExecSettings;
use super::status::Status;
use super::talk::talk;
use super::wire::{Ask, CONFIG};

/// The adapter's name, geth's.
pub(super) const NAME: &str = "exec-adapter";

/// What is answered for a node that has no process.
const STOPPED: &str = "node not running";

/// News that may wait to be taken in; then processes wait to be heard.
const NEWS: usize = 4096;

/// How long nodes have to say how they are.
const REFRESH: Duration = Duration::from_secs(1);

/// How long a process that was killed may take to be gone.
const LAST: Duration = Duration::from_secs(10);

/// Brings nodes to life as child processes.
#[derive(Debug)]
pub struct ExecAdapter {
    services: Services,
    max_peers: usize,
    settings: ExecSettings,
    executable: PathBuf,
    host: Host,
    epoch: SystemTime,
    entropy: Entropy,
    status: Status,
    starting: Arc<Semaphore>,
    nudge: Nudge,
    news_out: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    nodes: Vec<Option<Resident>>,
    by_id: BTreeMap<NodeId, NodeIndex>,
    /// Two lives of one id never share a directory.
    turns: BTreeMap<PathBuf, Arc<tokio::sync::Mutex<()>>>,
    /// Who was asked to dial whom, and so keeps dialling.
    wanted: BTreeSet<(NodeIndex, NodeId)>,
    messages: bool,
    records: Vec<Record>,
    refreshes: BTreeMap<u64, Refresh>,
    refreshed: u64,
    departed: Vec<(Origin, Chain)>,
    // Dropped in this order: processes are killed, then what they have on the disk is removed.
    runtime: Option<Runtime>,
    base: Option<Base>,
}

/// Who waits to hear how which nodes are.
#[derive(Debug)]
struct Refresh {
    left: BTreeSet<NodeIndex>,
    reply: ReplyTo<()>,
}

impl ExecAdapter {
    /// An adapter whose nodes run `services`, as far as the executable knows them. `nudge` is told when there is
    /// something to take in.
    ///
    /// # Errors
    /// The nodes' directory cannot be made, or this process is itself a node.
    pub fn new(
        services: Services,
        max_peers: usize,
        settings: ExecSettings,
        nudge: Nudge,
    ) -> Result<Self, String> {
        if std::env::var_os(CONFIG).is_some() {
            // Otherwise it would start itself, again and again.
            return Err("this process is a node itself: its main does not begin with node_main".to_owned());
        }
        let executable = match &settings.executable {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(|error| format!("this program's own file: {error}"))?,
        };
        let dir = settings.dir.clone().unwrap_or_else(std::env::temp_dir);
        let base =
            Base::create(&dir).map_err(|error| format!("nodes' directory in {}: {error}", dir.display()))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("exec").enable_all().build();
        let runtime = runtime.map_err(|error| format!("runtime: {error}"))?;
        let status =
            Status::serve(&runtime).map_err(|error| format!("address for start-up reports: {error}"))?;
        let host = Host::default();
        let world = host.world();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let starting = settings.starting.unwrap_or(2 * processors).max(1);
        let (news_out, news) = mpsc::channel(NEWS);
        Ok(Self {
            services,
            max_peers,
            executable,
            epoch: world.calendar() - world.now(),
            entropy: world.entropy("exec/status"),
            host,
            status,
            starting: Arc::new(Semaphore::new(starting)),
            settings,
            nudge,
            news_out,
            news,
            nodes: Vec::new(),
            by_id: BTreeMap::new(),
            turns: BTreeMap::new(),
            wanted: BTreeSet::new(),
            messages: false,
            records: Vec::new(),
            refreshes: BTreeMap::new(),
            refreshed: 0,
            departed: Vec::new(),
            runtime: Some(runtime),
            base: Some(base),
        })
    }

    fn resident(&self, node: NodeIndex) -> &Resident {
        self.nodes[node.0 as usize].as_ref().expect("the network names nodes that exist")
    }

    fn resident_mut(&mut self, node: NodeIndex) -> &mut Resident {
        self.nodes[node.0 as usize].as_mut().expect("the network names nodes that exist")
    }

    fn running(&mut self, node: NodeIndex) -> Result<&mut Running, String> {
        self.resident_mut(node).running().ok_or_else(|| STOPPED.to_owned())
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("until it is closed")
    }

    fn nanos(&self) -> u64 {
        self.now().as_nanos() as u64
    }

    fn live(&self) -> impl Iterator<Item = (NodeIndex, &Resident)> {
        let all = self.nodes.iter().enumerate();
        all.filter_map(|(index, node)| {
            let node = node.as_ref().filter(|node| node.is_live())?;
            Some((NodeIndex(index as u32), node))
        })
    }
}

impl NodeAdapter for ExecAdapter {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { virtual_time: false, deterministic: false, links: false, message_tap: false }
    }

    fn kinds(&self) -> Vec<NodeKind> {
        vec![NodeKind { name: "exec", fabric: Fabric::Kernel }]
    }

    fn services(&self) -> Vec<String> {
        self.services.names().map(str::to_owned).collect()
    }

    fn create(&mut self, config: &NodeConfig, _kind: NodeKind) -> NodeIndex {
        let index = NodeIndex(u32::try_from(self.nodes.len()).expect("a machine has fewer processes"));
        self.nodes.push(Some(Resident::new(index, config.clone())));
        self.by_id.insert(config.id, index);
        index
    }

    fn start(&mut self, node: NodeIndex, snapshots: BTreeMap<String, Bytes>) -> Reply<()> {
        match self.resident(node).phase {
            Phase::Down => {}
            Phase::Starting { .. } => return Reply::Now(Err("already starting".to_owned())),
            Phase::Up(_) => return Reply::Now(Err("already started".to_owned())),
        }
        let birth = self.birth(node, &snapshots);
        let (orders, taken) = mpsc::unbounded_channel();
        let (reply, later) = Reply::later();
        let resident = self.resident_mut(node);
        resident.phase = Phase::Starting { orders, reply };
        let life = resident.life;
        let reporter = Reporter { news: self.news_out.clone(), nudge: self.nudge.clone(), node, life };
        self.runtime().spawn(process::live(birth, taken, reporter));
        later
    }

    fn stop(&mut self, node: NodeIndex) -> Reply<()> {
        self.end(node, Order::Stop)
    }

    fn crash(&mut self, node: NodeIndex) -> Reply<()> {
        self.end(node, Order::Kill)
    }

    fn remove(&mut self, node: NodeIndex) -> Reply<()> {
        let now = self.nanos();
        let Some(resident) = self.nodes[node.0 as usize].as_mut() else { return Reply::Now(Ok(())) };
        self.by_id.remove(&resident.config.id);
        self.wanted.retain(|(dialler, peer)| *dialler != node && *peer != resident.config.id);
        resident.removed = true;
        resident.forget.store(true, Ordering::Release);
        match &resident.phase {
            Phase::Down => {
                let dir = self.base.as_ref().map(|base| base.node(&resident.config.id));
                // A node that never ran has none.
                dir.into_iter().for_each(|dir| drop(std::fs::remove_dir_all(dir)));
                self.forget(node);
                return Reply::Now(Ok(()));
            }
            Phase::Up(_) => {
                let record = resident.record(now, Kind::Down);
                self.records.push(record);
            }
            Phase::Starting { .. } => {}
        }
        self.stop(node)
    }

    fn close(&mut self) {
        self.live().for_each(|(_, resident)| resident.order(Order::Stop));
        while self.live().next().is_some() {
            let runtime = self.runtime.take().expect("until it is closed");
            // Each process ends: it is killed if it does not by itself.
            let patience = self.settings.stop_within + LAST;
            let news = runtime.block_on(async { tokio::time::timeout(patience, self.news.recv()).await });
            self.runtime = Some(runtime);
            match news {
                Ok(Some(news)) => self.take_in(news),
                _ => {
                    tracing::error!(target: "exec", nodes = self.live().count(), "Nodes cannot be stopped");
                    break;
                }
            }
        }
        drop(self.runtime.take());
        drop(self.base.take());
    }

    fn info(&self, node: NodeIndex) -> NodeInfo {
        self.resident(node).info()
    }

    fn refresh(&mut self, node: Option<NodeIndex>) -> Vec<Reply<()>> {
        let which = |index: NodeIndex| node.is_none_or(|node| node == index);
        let mut left = BTreeSet::new();
        for (index, resident) in self.nodes.iter_mut().enumerate() {
            let index = NodeIndex(index as u32);
            if let Some(running) = resident.as_mut().filter(|_| which(index)).and_then(Resident::running) {
                running.say(Ask::Condition);
                left.insert(index);
            }
        }
        if left.is_empty() {
            return Vec::new();
        }
        self.refreshed += 1;
        let number = self.refreshed;
        let (reply, later) = Reply::later();
        self.refreshes.insert(number, Refresh { left, reply });
        let (news, nudge) = (self.news_out.clone(), self.nudge.clone());
        let reporter = Reporter { news, nudge, node: NodeIndex(0), life: 0 };
        self.runtime().spawn(async move {
            tokio::time::sleep(REFRESH).await;
            reporter.tell(What::Late(number)).await;
        });
        vec![later]
    }

    fn enode(&self, node: NodeIndex) -> Enode {
        self.resident(node).enode()
    }

    fn snapshot(&mut self, node: NodeIndex) -> Reply<BTreeMap<String, Bytes>> {
        match self.running(node) {
            Ok(running) => {
                let (reply, later) = Reply::later();
                running.call("simulation_snapshot", Vec::new(), Asked::Snapshot(reply));
                later
            }
            Err(error) => Reply::Now(Err(error)),
        }
    }

    fn add_peer(&mut self, node: NodeIndex, peer: Enode) -> Result<(), String> {
        let id = peer.id();
        self.running(node)?.call("admin_addPeer", vec![peer.to_string().into()], Asked::AddPeer(id));
        self.wanted.insert((node, id));
        Ok(())
    }

    fn remove_peer(&mut self, node: NodeIndex, peer: NodeId) {
        self.wanted.remove(&(node, peer));
        let Some(enode) = self.by_id.get(&peer).map(|peer| self.resident(*peer).enode()) else { return };
        if let Ok(running) = self.running(node) {
            running.call("admin_removePeer", vec![enode.to_string().into()], Asked::Nobody);
        }
    }

    fn call(&mut self, node: NodeIndex, method: String, params: Vec<Value>) -> Answer {
        let (reply, answer) = oneshot::channel();
        match self.running(node) {
            Ok(running) => running.call(&method, params, Asked::Call(reply)),
            Err(error) => drop(reply.send(Err(RpcError::failed(error)))),
        }
        answer
    }

    fn open_rpc(&mut self, node: NodeIndex, line: u64, out: RpcOut) -> Result<(), String> {
        let running = self.running(node)?;
        let (say, texts) = mpsc::unbounded_channel();
        running.lines.insert(line, say);
        let endpoint = running.endpoint.clone();
        self.runtime().spawn(talk(endpoint, texts, out));
        Ok(())
    }

    fn rpc_text(&mut self, node: NodeIndex, line: u64, text: String) -> bool {
        let Some(resident) = self.nodes[node.0 as usize].as_mut() else { return false };
        let line = resident.running().and_then(|running| running.lines.get(&line));
        line.is_some_and(|line| line.send(text).is_ok())
    }

    fn close_rpc(&mut self, node: NodeIndex, line: u64) {
        if let Some(running) = self.nodes[node.0 as usize].as_mut().and_then(Resident::running) {
            running.lines.remove(&line);
        }
    }

    fn epoch(&self) -> SystemTime {
        self.epoch
    }

    fn now(&self) -> Duration {
        self.host.world().now()
    }

    fn next_event(&self) -> Option<Duration> {
        None
    }

    fn run_until(&mut self, _until: Duration) -> Result<(), Livelock> {
        while let Ok(news) = self.news.try_recv() {
            self.take_in(news);
        }
        Ok(())
    }

    fn default_link(&self) -> Link {
        Link::latency(Duration::ZERO)
    }

    fn set_condition(&mut self, _condition: Condition<NodeIndex>) -> Result<(), String> {
        Err("the links between processes are the kernel's".to_owned())
    }

    fn want_messages(&mut self, wanted: Tap) {
        // A process tells all of them or none.
        let wanted = !wanted.is_nothing();
        if std::mem::replace(&mut self.messages, wanted) != wanted {
            for running in self.nodes.iter_mut().flatten().filter_map(Resident::running) {
                running.say(Ask::Messages(wanted));
            }
        }
    }

    fn collect(&mut self, records: &mut Vec<Record>) {
        let start = records.len();
        records.append(&mut self.records);
        records[start..].sort_by_key(|record| (record.time, record.origin, record.seq));
    }

    fn chains(&self) -> Vec<(Origin, Chain)> {
        let present = self.nodes.iter().flatten().map(Resident::chain);
        self.departed.iter().copied().chain(present).collect()
    }

    fn counts(&self) -> Vec<NodeCounts> {
        let all = self.nodes.iter().enumerate();
        all.filter_map(|(index, node)| Some(node.as_ref()?.counts(NodeIndex(index as u32)))).collect()
    }

    /// Processes are all that is seen from here: each counts as a task.
    fn population(&self) -> Population {
        Population { tasks: self.live().count(), connections: 0 }
    }
}
