//! The thread a network lives on: jobs in, simulated time on.
//!
//! A job is done between two events, at the network's present time. A job that waits for something leaves a waiter;
//! waiters are looked at whenever the log grew. How far time goes is the pace's business: unbounded, it goes on only
//! while somebody waits; at n × real time it follows the wall's clock; paused, not at all.
//!
//! So that what a caller sees does not depend on the machine or the number of threads, waiters are looked at on a grid
//! of simulated time ([`GRID`]) while there are any, and time stops at the first point of it where one is content.

use crate::adapter::NODE_STOPPED;
use crate::error::NetworkError;
use crate::handle::Until;
use crate::journal::{Command, Journal};
use crate::network::Network;
use crate::record::Digest;
use crate::state::State;
use crate::subscribe::Subscription;
use crate::topology::Topology;
use crate::view::{EventFilter, NodeSpec, NodeView, Snapshot};
use devp2p::NodeId;
use node::RpcError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use world::real::WallClock;
use world::sim::{Pace, Pacer};

/// Something to do at the network.
pub(crate) type Job = Box<dyn FnOnce(&mut Driver) + Send>;

/// Waiters are looked at when simulated time passes a multiple of this.
pub(crate) const GRID: Duration = Duration::from_millis(1);

/// Simulated time passes in slices no longer than this, so that jobs get their turn and the log stays short in memory.
const SLICE: Duration = Duration::from_millis(100);

/// At a pace, time is moved on at least this often (wall time), even when nothing happens.
const TICK: Duration = Duration::from_millis(20);

/// How far simulated time may fall behind its pace before that is said.
const SLIP: Duration = Duration::from_secs(1);

/// Looks whether what is waited for has happened, or cannot.
type Check<R> = Box<dyn FnMut(&mut Driver) -> Option<Result<R, NetworkError>>>;

/// Looks at a moment and answers whether the waiter is done.
type Look = Box<dyn FnMut(&mut Driver, &Moment) -> bool>;

/// What is waited for.
pub(crate) struct Wait<R> {
    what: String,
    /// Simulated time after which it has not happened.
    deadline: Duration,
    /// The time that was granted for it, to say so.
    patience: Duration,
    /// Waits for the clock alone.
    clock_only: bool,
    check: Check<R>,
}

impl<R: 'static> Wait<R> {
    /// It has already happened.
    fn ready(value: R) -> Self {
        let mut value = Some(value);
        Self {
            what: String::new(),
            deadline: Duration::MAX,
            patience: Duration::MAX,
            clock_only: false,
            check: Box::new(move |_| value.take().map(Ok)),
        }
    }
}

/// A waiter, whatever it waits for.
struct Waiter {
    deadline: Duration,
    clock_only: bool,
    look: Look,
}

/// The moment a waiter looks at.
enum Moment {
    /// Time has passed.
    Passed(Duration),
    /// No more time will pass.
    Last(NetworkError),
}

/// A network and its time. See the module.
pub(crate) struct Driver {
    network: Network,
    pacer: Pacer,
    wall: WallClock,
    waiters: Vec<Waiter>,
    journal: Option<Journal>,
    /// Nodes of open RPC conversations.
    lines: BTreeMap<u64, NodeId>,
    next_line: u64,
    slipped: bool,
    ended: bool,
}

impl Driver {
    pub(crate) fn new(network: Network, pace: Pace, journal: Option<Journal>) -> Self {
        let wall = WallClock::start();
        Self {
            pacer: Pacer::new(pace, Duration::ZERO, network.now()),
            network,
            wall,
            waiters: Vec::new(),
            journal,
            lines: BTreeMap::new(),
            next_line: 0,
            slipped: false,
            ended: false,
        }
    }

    /// Does jobs and lets time pass until the network is shut down or nobody holds a handle any more.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while !self.ended {
            let patience = self.pass();
            let job = match patience {
                Some(Duration::ZERO) => {
                    jobs.try_recv().map_err(|error| error == std::sync::mpsc::TryRecvError::Disconnected)
                }
                Some(patience) => {
                    jobs.recv_timeout(patience).map_err(|error| error == RecvTimeoutError::Disconnected)
                }
                None => jobs.recv().map_err(|_| true),
            };
            match job {
                Ok(job) => {
                    self.catch_up();
                    job(&mut self);
                }
                Err(true) => {
                    let _ = self.shut_down();
                }
                Err(false) => {}
            }
        }
    }

    /// Lets a slice of time pass. Answers how long (wall time) the next job may be waited for; `None`: for ever.
    fn pass(&mut self) -> Option<Duration> {
        if self.pacer.pace() == Pace::Paused || (self.pacer.pace() == Pace::Max && self.waiters.is_empty()) {
            return None;
        }
        let due = self.pacer.due(self.wall.elapsed());
        let behind = self.slice(due);
        if behind {
            return Some(Duration::ZERO);
        }
        let next = self.network.adapter().next_event().unwrap_or(Duration::MAX);
        let wait = self.pacer.wait_for(next, self.wall.elapsed()).unwrap_or(TICK);
        Some(wait.clamp(Duration::from_micros(100), TICK))
    }

    /// Before a job is done, time is where the pace has it, as far as that is within a slice.
    fn catch_up(&mut self) {
        if let Pace::Times(_) = self.pacer.pace() {
            self.slice(self.pacer.due(self.wall.elapsed()));
        }
    }

    /// Runs one slice, at most up to `due`; looks at the waiters. Answers whether time is still behind.
    fn slice(&mut self, due: Option<Duration>) -> bool {
        let now = self.network.now();
        let next = self.network.adapter().next_event();
        let mut end = match next {
            Some(next) => (now + SLICE).max(next + Duration::from_nanos(1)),
            None => Duration::MAX,
        };
        for waiter in &self.waiters {
            end = end.min(waiter.deadline);
        }
        if self.waiters.iter().any(|waiter| !waiter.clock_only) {
            end = end.min(grid_after(next.unwrap_or(now).max(now)));
        }
        let end = match due {
            Some(due) => end.min(due.max(now)),
            None if end == Duration::MAX => now,
            None => end,
        };
        if end > now {
            if let Err(error) = self.network.run_until(end) {
                tracing::error!(target: "simnet", %error, "the network has stopped");
                self.look_at(&Moment::Last(error));
                self.pacer = Pacer::new(Pace::Paused, self.wall.elapsed(), self.network.now());
                return false;
            }
            self.note_slip(due);
        }
        self.look();
        due.map_or(!self.waiters.is_empty(), |due| self.network.now() < due)
    }

    fn note_slip(&mut self, due: Option<Duration>) {
        let behind = due.map_or(Duration::ZERO, |due| due.saturating_sub(self.network.now()));
        if behind > SLIP && !self.slipped {
            self.slipped = true;
            let pace = self.pacer.pace();
            tracing::warn!(target: "simnet", %pace, ?behind, "simulated time cannot keep its pace");
        } else if behind.is_zero() {
            self.slipped = false;
        }
    }

    fn look(&mut self) {
        self.look_at(&Moment::Passed(self.network.now()));
    }

    fn look_at(&mut self, moment: &Moment) {
        let mut waiters = std::mem::take(&mut self.waiters);
        waiters.retain_mut(|waiter| !(waiter.look)(self, moment));
        waiters.append(&mut self.waiters);
        self.waiters = waiters;
    }

    /// Leaves a waiter that answers through `reply`.
    pub(crate) fn wait<R: Send + 'static>(
        &mut self,
        mut wait: Wait<R>,
        reply: oneshot::Sender<Result<R, NetworkError>>,
    ) {
        if let Some(outcome) = (wait.check)(self) {
            let _ = reply.send(outcome);
            return;
        }
        if self.pacer.pace() == Pace::Paused {
            let _ = reply.send(Err(NetworkError::ClockPaused));
            return;
        }
        let mut reply = Some(reply);
        let (deadline, clock_only) = (wait.deadline, wait.clock_only);
        let look = Box::new(move |driver: &mut Self, moment: &Moment| {
            if reply.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return true; // whoever waited has gone
            }
            let outcome = (wait.check)(driver).or_else(|| match moment {
                Moment::Passed(now) if *now >= deadline => {
                    let (what, after) = (wait.what.clone(), wait.patience);
                    Some(Err(NetworkError::TimedOut { what, after, simulated: true }))
                }
                Moment::Passed(_) => None,
                Moment::Last(error) => Some(Err(error.clone())),
            });
            match outcome {
                Some(outcome) => {
                    let _ = reply.take().expect("looked at until done").send(outcome);
                    true
                }
                None => false,
            }
        });
        self.waiters.push(Waiter { deadline, clock_only, look });
    }

    fn patient<R>(
        &self,
        what: String,
        patience: Duration,
        check: impl FnMut(&mut Self) -> Option<Result<R, NetworkError>> + 'static,
    ) -> Wait<R> {
        let deadline = self.network.now().saturating_add(patience);
        Wait { what, deadline, patience, clock_only: false, check: Box::new(check) }
    }

    // --- jobs ----------------------------------------------------------------------------------------------------

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    fn journal(&mut self, command: impl FnOnce() -> Command) -> Result<(), NetworkError> {
        let now = self.network.now();
        self.journal.as_mut().map_or(Ok(()), |journal| journal.write(now, &command()))
    }

    /// Does a command of a journal again.
    pub(crate) fn redo(&mut self, command: Command) -> Result<(), NetworkError> {
        match command {
            Command::Create(spec) => self.create_node(spec).map(drop),
            Command::Start(id) => self.start(id),
            Command::Stop(id) => self.stop(id),
            Command::Connect(one, other) => self.ask_connect(one, other),
            Command::Disconnect(one, other) => self.ask_disconnect(one, other),
            Command::Load(snapshot) => self.load_now(snapshot).map(drop),
            Command::Rpc(id, text) => {
                let (out, _texts) = mpsc::unbounded_channel();
                let line = self.open_line(id, out)?;
                self.rpc_text(line, text)?;
                // It stays open: what it subscribed to goes on, as it did then.
                Ok(())
            }
            Command::Call(id, method, params) => self.ask_call(id, method, params).map(drop),
            Command::Reset => self.reset(),
        }
    }

    pub(crate) fn create_node(&mut self, spec: NodeSpec) -> Result<NodeView, NetworkError> {
        self.journal(|| Command::Create(spec.clone()))?;
        let id = self.network.create(spec)?;
        self.network.node_view(id)
    }

    pub(crate) fn start_node(&mut self, node: &str) -> Result<NodeView, NetworkError> {
        let id = self.network.find(node)?;
        self.start(id)?;
        self.network.node_view(id)
    }

    fn start(&mut self, id: NodeId) -> Result<(), NetworkError> {
        self.journal(|| Command::Start(id))?;
        self.network.start(id, BTreeMap::new())
    }

    pub(crate) fn stop_node(&mut self, node: &str) -> Result<NodeView, NetworkError> {
        let id = self.network.find(node)?;
        self.stop(id)?;
        self.network.node_view(id)
    }

    fn stop(&mut self, id: NodeId) -> Result<(), NetworkError> {
        self.journal(|| Command::Stop(id))?;
        self.network.stop(id)
    }

    pub(crate) fn start_all(&mut self) -> Result<(), NetworkError> {
        let down = self.ids(|node| !node.up);
        down.into_iter().try_for_each(|id| self.start(id))
    }

    pub(crate) fn stop_all(&mut self) -> Result<(), NetworkError> {
        let up = self.ids(|node| node.up);
        up.into_iter().try_for_each(|id| self.stop(id))
    }

    fn ids(&self, which: impl Fn(&crate::state::NodeState) -> bool) -> Vec<NodeId> {
        self.network.state().nodes().iter().filter(|node| which(node)).map(|node| node.id).collect()
    }

    pub(crate) fn reset(&mut self) -> Result<(), NetworkError> {
        self.journal(|| Command::Reset)?;
        self.lines.clear();
        self.network.reset()
    }

    fn ask_connect(&mut self, one: NodeId, other: NodeId) -> Result<(), NetworkError> {
        self.journal(|| Command::Connect(one, other))?;
        self.network.connect(one, other)
    }

    fn ask_disconnect(&mut self, one: NodeId, other: NodeId) -> Result<(), NetworkError> {
        self.journal(|| Command::Disconnect(one, other))?;
        self.network.disconnect(one, other)
    }

    pub(crate) fn connect(
        &mut self,
        one: &str,
        other: &str,
        until: Until,
    ) -> Result<Wait<NodeView>, NetworkError> {
        let (one, other) = (self.network.find(one)?, self.network.find(other)?);
        if until == Until::Done && self.pacer.pace() == Pace::Paused {
            return Err(NetworkError::ClockPaused);
        }
        self.ask_connect(one, other)?;
        if until == Until::Asked {
            return Ok(Wait::ready(self.network.node_view(one)?));
        }
        let what = format!("the connection of {} to {}", one.short(), other.short());
        Ok(self.patient(what, crate::handle::PATIENCE, move |driver| {
            connected(&driver.network, one, other)
                .map(|done| done.and_then(|()| driver.network.node_view(one)))
        }))
    }

    pub(crate) fn connect_all(&mut self, pairs: Vec<(NodeId, NodeId)>) -> Result<Wait<()>, NetworkError> {
        for &(one, other) in &pairs {
            self.ask_connect(one, other)?;
        }
        Ok(self.wait_for_all(pairs))
    }

    fn wait_for_all(&self, mut pairs: Vec<(NodeId, NodeId)>) -> Wait<()> {
        let what = format!("all of {} connections", pairs.len());
        self.patient(what, crate::handle::PATIENCE, move |driver| {
            while let Some(&(one, other)) = pairs.last() {
                match connected(&driver.network, one, other)? {
                    Ok(()) => drop(pairs.pop()),
                    Err(error) => return Some(Err(error)),
                }
            }
            Some(Ok(()))
        })
    }

    pub(crate) fn disconnect(
        &mut self,
        one: &str,
        other: &str,
        until: Until,
    ) -> Result<Wait<NodeView>, NetworkError> {
        let (one, other) = (self.network.find(one)?, self.network.find(other)?);
        if until == Until::Done && self.pacer.pace() == Pace::Paused {
            return Err(NetworkError::ClockPaused);
        }
        self.ask_disconnect(one, other)?;
        if until == Until::Asked {
            return Ok(Wait::ready(self.network.node_view(one)?));
        }
        let what = format!("the end of the connection of {} and {}", one.short(), other.short());
        Ok(self.patient(what, crate::handle::PATIENCE, move |driver| {
            let gone = driver.network.state().conn(&one, &other).is_none_or(|conn| conn.ends == [false; 2]);
            gone.then(|| driver.network.node_view(one))
        }))
    }

    pub(crate) fn load(&mut self, snapshot: Snapshot) -> Result<Wait<()>, NetworkError> {
        if self.pacer.pace() == Pace::Paused && !snapshot.conns.is_empty() {
            return Err(NetworkError::ClockPaused);
        }
        let pairs = self.load_now(snapshot)?;
        Ok(self.wait_for_all(pairs))
    }

    /// Creates, starts and asks for connections; answers which to wait for.
    fn load_now(&mut self, snapshot: Snapshot) -> Result<Vec<(NodeId, NodeId)>, NetworkError> {
        self.journal(|| Command::Load(snapshot.clone()))?;
        crate::snapshot::load(&mut self.network, snapshot)
    }

    fn ask_call(
        &mut self,
        id: NodeId,
        method: String,
        params: Vec<Value>,
    ) -> Result<crate::adapter::Answer, NetworkError> {
        self.journal(|| Command::Call(id, method.clone(), params.clone()))?;
        let text = serde_json::json!({ "method": method, "params": params }).to_string();
        let index = self.network.asked_rpc(id, text)?;
        let answer = self.network.adapter_mut().call(index, method, params);
        // The call runs as a task of the node's. What it can do without time passing is done here and now.
        self.network.run_until(self.network.now())?;
        Ok(answer)
    }

    pub(crate) fn call(
        &mut self,
        node: &str,
        method: String,
        params: Vec<Value>,
    ) -> Result<Wait<Result<Value, RpcError>>, NetworkError> {
        let id = self.network.find(node)?;
        let what = format!("the answer to {method}");
        let mut answer = self.ask_call(id, method, params)?;
        Ok(self.patient(what, crate::handle::PATIENCE, move |_| match answer.try_recv() {
            Ok(outcome) => Some(Ok(outcome)),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Ok(Err(RpcError::failed(NODE_STOPPED)))),
        }))
    }

    pub(crate) fn open_rpc(
        &mut self,
        node: &str,
        out: mpsc::UnboundedSender<String>,
    ) -> Result<u64, NetworkError> {
        let id = self.network.find(node)?;
        self.open_line(id, out)
    }

    fn open_line(&mut self, id: NodeId, out: mpsc::UnboundedSender<String>) -> Result<u64, NetworkError> {
        let line = self.next_line;
        let index = self.network.running(id)?;
        self.network
            .adapter_mut()
            .open_rpc(index, line, out)
            .map_err(|error| NetworkError::Node { id, error })?;
        self.next_line += 1;
        self.lines.insert(line, id);
        Ok(line)
    }

    pub(crate) fn rpc_text(&mut self, line: u64, text: String) -> Result<(), NetworkError> {
        let id = *self.lines.get(&line).ok_or(NetworkError::Gone)?;
        self.journal(|| Command::Rpc(id, text.clone()))?;
        let index = self.network.asked_rpc(id, text.clone())?;
        self.network.adapter_mut().rpc_text(index, line, text);
        Ok(())
    }

    pub(crate) fn close_rpc(&mut self, line: u64) {
        let Some(id) = self.lines.remove(&line) else { return };
        if let Ok(index) = self.network.running(id) {
            self.network.adapter_mut().close_rpc(index, line);
        }
    }

    pub(crate) fn subscribe(&mut self, filter: EventFilter, current: bool) -> Subscription {
        self.network.subscribe(filter, current)
    }

    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.pacer = Pacer::new(pace, self.wall.elapsed(), self.network.now());
        if pace == Pace::Paused {
            self.look_at(&Moment::Last(NetworkError::ClockPaused));
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) -> Result<Wait<()>, NetworkError> {
        let target = self.network.now().saturating_add(by);
        let check = Box::new(move |driver: &mut Self| (driver.network.now() >= target).then_some(Ok(())));
        let what = format!("{by:?} to pass");
        Ok(Wait { what, deadline: target, patience: by, clock_only: true, check })
    }

    pub(crate) fn until(
        &mut self,
        what: String,
        within: Duration,
        mut holds: impl FnMut(&State) -> bool + 'static,
    ) -> Result<Wait<()>, NetworkError> {
        Ok(self.patient(what, within, move |driver| holds(driver.network.state()).then_some(Ok(()))))
    }

    pub(crate) fn edges(&mut self, topology: Topology) -> Result<Vec<(NodeId, NodeId)>, NetworkError> {
        let ids = self.ids(|_| true);
        let edges = topology.edges(ids.len(), self.network.entropy());
        let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()))?;
        Ok(edges.into_iter().map(|(one, other)| (ids[one], ids[other])).collect())
    }

    pub(crate) fn run_to(&mut self, at: Duration) -> Result<(), NetworkError> {
        self.network.run_until(at)
    }

    pub(crate) fn shut_down(&mut self) -> Result<Digest, NetworkError> {
        self.ended = true;
        let digest = self.network.shut_down();
        if let (Some(journal), Ok(digest)) = (&mut self.journal, &digest) {
            journal.end(self.network.now(), *digest)?;
        }
        digest
    }
}

/// Has a connection that was asked for come to be at both ends, or failed?
fn connected(network: &Network, one: NodeId, other: NodeId) -> Option<Result<(), NetworkError>> {
    if network.state().conn(&one, &other).is_some_and(|conn| conn.established()) {
        return Some(Ok(()));
    }
    let error = network.failure(one, other)?.to_owned();
    Some(Err(NetworkError::ConnectFailed { one, other, error }))
}

/// The first point of the grid after `time`.
fn grid_after(time: Duration) -> Duration {
    let grid = GRID.as_nanos() as u64;
    Duration::from_nanos((time.as_nanos() as u64 / grid + 1) * grid)
}
