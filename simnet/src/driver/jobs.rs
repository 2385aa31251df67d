//! What can be asked of a network: each is done at once, at the network's present time, or leaves a waiter.

use super::{Driver, Wait};
use crate::adapter::{Answer, Capabilities, NODE_STOPPED, RpcOut};
use crate::error::NetworkError;
use crate::handle::Until;
use crate::journal::Command;
use crate::measure::Measurements;
use crate::network::{Asking, Dial, Network};
use crate::record::Digest;
use crate::snapshot::Loading;
use crate::state::State;
use crate::subscribe::Subscription;
use crate::tally::Tally;
use crate::topology::Topology;
use crate::view::{EventFilter, NetworkView, NodeQuery, NodeSpec, NodeView, Snapshot};
use devp2p::NodeId;
use node::RpcError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use world::Entropy;
use world::sim::Pace;

/// What adapters were asked and have not answered yet.
type Askings = Vec<Asking<()>>;

impl Driver {
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(super) fn journal(&mut self, command: impl FnOnce() -> Command) -> Result<(), NetworkError> {
        let now = self.network.now();
        self.journal.as_mut().map_or(Ok(()), |journal| journal.write(now, &command()))
    }

    /// Does a command of a journal again.
    pub(crate) fn redo(&mut self, command: Command) -> Result<(), NetworkError> {
        match command {
            Command::Create(spec) => self.create_node(*spec).map(drop),
            Command::Start(id) => self.start(id).map(drop),
            Command::Stop(id) => self.stop(id).map(drop),
            Command::Crash(id) => self.crash(id).map(drop),
            Command::Remove(id) => self.remove(id).map(drop),
            Command::Connect(one, other) => self.ask_connect(one, other),
            Command::Disconnect(one, other) => self.ask_disconnect(one, other),
            Command::Load(snapshot) => {
                let mut loading = self.load_now(snapshot)?;
                // Only networks that answer at once can be replayed.
                loading.connect(&mut self.network).map_or(Ok(()), |asked| asked.map(drop))
            }
            Command::Rpc(id, text) => {
                let (out, _texts) = RpcOut::channel();
                let line = self.open_line(id, out)?;
                self.rpc_text(line, text)?;
                // It stays open: what it subscribed to goes on, as it did then.
                Ok(())
            }
            Command::Call(id, method, params) => self.ask_call(id, method, params).map(drop),
            Command::Reset => self.reset_now().map(drop),
            Command::Condition(condition) => self.set_condition(*condition),
            Command::Expectation { name, passed, detail } => self.expectation(name, passed, detail),
        }
    }

    pub(crate) fn create_node(&mut self, spec: NodeSpec) -> Result<NodeView, NetworkError> {
        self.journal(|| Command::Create(Box::new(spec.clone())))?;
        let id = self.network.create(spec)?;
        self.network.node_view(id)
    }

    pub(crate) fn start_node(&mut self, node: &str) -> Result<Wait<NodeView>, NetworkError> {
        let id = self.network.find(node)?;
        let starting = self.start(id)?.into_iter().collect();
        Ok(Wait::after(starting, move |driver| driver.network.node_view(id)))
    }

    pub(super) fn start(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.journal(|| Command::Start(id))?;
        self.network.start(id, BTreeMap::new())
    }

    pub(crate) fn stop_node(&mut self, node: &str) -> Result<Wait<NodeView>, NetworkError> {
        let id = self.network.find(node)?;
        let stopping = self.stop(id)?.into_iter().collect();
        Ok(Wait::after(stopping, move |driver| driver.network.node_view(id)))
    }

    pub(super) fn stop(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.journal(|| Command::Stop(id))?;
        self.network.stop(id)
    }

    pub(crate) fn crash_node(&mut self, node: &str) -> Result<Wait<NodeView>, NetworkError> {
        let id = self.network.find(node)?;
        let ending = self.crash(id)?.into_iter().collect();
        Ok(Wait::after(ending, move |driver| driver.network.node_view(id)))
    }

    pub(super) fn crash(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.journal(|| Command::Crash(id))?;
        self.network.crash(id)
    }

    pub(crate) fn remove_node(&mut self, node: &str) -> Result<Wait<()>, NetworkError> {
        let id = self.network.find(node)?;
        let up = self.network.state().node(&id).is_some_and(|node| node.up);
        let mut stopping: Askings = if up { self.stop(id)?.into_iter().collect() } else { Askings::new() };
        let mut removing: Option<Askings> = None;
        Ok(Wait::until(move |driver| {
            if removing.is_none() {
                let removed = Asking::all(&mut stopping)?.and_then(|()| driver.remove(id));
                match removed {
                    Ok(asking) => removing = Some(asking.into_iter().collect()),
                    Err(error) => return Some(Err(error)),
                }
            }
            Asking::all(removing.as_mut().expect("just put there"))
        }))
    }

    fn remove(&mut self, id: NodeId) -> Result<Option<Asking<()>>, NetworkError> {
        self.journal(|| Command::Remove(id))?;
        self.lines.retain(|_, node| *node != id);
        self.network.remove(id)
    }

    pub(crate) fn start_all(&mut self) -> Result<Wait<()>, NetworkError> {
        self.start_nodes(self.ids(|node| !node.up))
    }

    pub(crate) fn start_nodes(&mut self, ids: Vec<NodeId>) -> Result<Wait<()>, NetworkError> {
        ids.iter().try_for_each(|id| self.journal(|| Command::Start(*id)))?;
        let starting = self.network.start_each(&ids)?;
        Ok(Wait::after(starting, |_| Ok(())))
    }

    pub(crate) fn stop_all(&mut self) -> Result<Wait<()>, NetworkError> {
        let ids = self.ids(|node| node.up);
        ids.iter().try_for_each(|id| self.journal(|| Command::Stop(*id)))?;
        let stopping = self.network.stop_each(&ids)?;
        Ok(Wait::after(stopping, |_| Ok(())))
    }

    /// Looks at the network once its nodes, or the one named, have said how they are.
    fn refreshed<R: 'static>(
        &mut self,
        id: Option<NodeId>,
        look: impl FnOnce(&Network) -> Result<R, NetworkError> + 'static,
    ) -> Result<Wait<R>, NetworkError> {
        let askings = self.network.refresh(id)?;
        Ok(Wait::after(askings, move |driver| look(&driver.network)))
    }

    pub(crate) fn view(&mut self) -> Result<Wait<NetworkView>, NetworkError> {
        self.refreshed(None, |network| Ok(network.view()))
    }

    pub(crate) fn nodes(&mut self) -> Result<Wait<Vec<NodeView>>, NetworkError> {
        self.refreshed(None, |network| Ok(network.nodes()))
    }

    pub(crate) fn nodes_that(&mut self, query: NodeQuery) -> Result<Wait<Vec<NodeView>>, NetworkError> {
        self.refreshed(None, move |network| network.nodes_that(&query))
    }

    pub(crate) fn node(&mut self, node: &str) -> Result<Wait<NodeView>, NetworkError> {
        let id = self.network.find(node)?;
        self.refreshed(Some(id), move |network| network.node_view(id))
    }

    pub(crate) fn tally(&mut self) -> Result<Wait<Tally>, NetworkError> {
        self.refreshed(None, |network| Ok(network.tally()))
    }

    pub(crate) fn measurements(&mut self) -> Result<Wait<Measurements>, NetworkError> {
        let asking = self.network.refresh(None)?.into_iter().collect();
        Ok(Wait::after(asking, |driver| Ok(driver.network.measurements())))
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.network.adapter().capabilities()
    }

    fn ids(&self, which: impl Fn(&crate::state::NodeState) -> bool) -> Vec<NodeId> {
        self.network.state().nodes().iter().filter(|node| which(node)).map(|node| node.id).collect()
    }

    pub(crate) fn reset(&mut self) -> Result<Wait<()>, NetworkError> {
        Ok(Wait::after(self.reset_now()?, |_| Ok(())))
    }

    fn reset_now(&mut self) -> Result<Askings, NetworkError> {
        self.journal(|| Command::Reset)?;
        self.lines.clear();
        // Its nodes are about to go.
        self.churn = None;
        self.network.reset()
    }

    pub(super) fn ask_connect(&mut self, one: NodeId, other: NodeId) -> Result<(), NetworkError> {
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
        let places = pairs.into_iter().map(|pair| self.network.positions(pair)).collect::<Result<_, _>>()?;
        self.connect_places(places)
    }

    fn connect_places(&mut self, pairs: Vec<(usize, usize)>) -> Result<Wait<()>, NetworkError> {
        // A shape that cannot be is not half built.
        self.network.check_room(0, pairs.len() as u64)?;
        pairs.iter().try_for_each(|pair| self.network.may_meet(*pair))?;
        let mut dials = Vec::with_capacity(pairs.len());
        let asked = pairs.iter().try_for_each(|pair| self.ask_to_connect(*pair).map(|dial| dials.push(dial)));
        self.network.dial(dials)?;
        asked?;
        Ok(self.wait_for_all(pairs.into_iter().map(|pair| self.network.ids_at(pair)).collect()))
    }

    fn ask_to_connect(&mut self, pair: (usize, usize)) -> Result<Dial, NetworkError> {
        if self.journal.is_some() {
            let (one, other) = self.network.ids_at(pair);
            self.journal(|| Command::Connect(one, other))?;
        }
        self.network.ask_to_connect(pair)
    }

    /// Asks for those connections that can be asked for.
    pub(crate) fn dial_all(&mut self, pairs: Vec<(NodeId, NodeId)>) -> Result<(), NetworkError> {
        let mut dials = Vec::with_capacity(pairs.len());
        for pair in pairs {
            if let Ok(pair) = self.network.positions(pair)
                && self.network.may_connect(pair).is_ok()
            {
                dials.push(self.ask_to_connect(pair)?);
            }
        }
        self.network.dial(dials)
    }

    pub(crate) fn build(&mut self, topology: Topology) -> Result<Wait<usize>, NetworkError> {
        let nodes = self.network.state().nodes().iter().enumerate();
        let up: Vec<usize> = nodes.filter(|(_, node)| node.up).map(|(place, _)| place).collect();
        self.network.check_room(0, topology.most_connections(up.len()))?;
        let pairs = pairs(topology, &up, self.network.shapes())?;
        self.join(pairs)
    }

    pub(crate) fn build_pairs(&mut self, names: Vec<(String, String)>) -> Result<Wait<usize>, NetworkError> {
        let find = |(one, other): (String, String)| {
            self.network.positions((self.network.find(&one)?, self.network.find(&other)?))
        };
        let pairs = names.into_iter().map(find).collect::<Result<Vec<_>, NetworkError>>()?;
        self.join(pairs)
    }

    /// Has those pairs connect that are not connected, and waits until all are.
    fn join(&mut self, pairs: Vec<(usize, usize)>) -> Result<Wait<usize>, NetworkError> {
        let (count, state) = (pairs.len(), self.network.state());
        let is_missing =
            |(one, other): &(usize, usize)| !state.conn_at(*one, *other).is_some_and(|conn| conn.up);
        let missing: Vec<_> = pairs.into_iter().filter(is_missing).collect();
        if !missing.is_empty() && self.pacer.pace() == Pace::Paused {
            return Err(NetworkError::ClockPaused);
        }
        let Wait { what, deadline, patience, clock_only, while_paused, mut check } =
            self.connect_places(missing)?;
        let check = Box::new(move |driver: &mut Self| check(driver).map(|done| done.map(|()| count)));
        Ok(Wait { what, deadline, patience, clock_only, while_paused, check })
    }

    fn wait_for_all(&self, mut pairs: Vec<(NodeId, NodeId)>) -> Wait<()> {
        let what = format!("all of {} connections", pairs.len());
        let gone = self.network.state().gone();
        self.patient(what, crate::handle::PATIENCE, move |driver| {
            let state = driver.network.state();
            if state.all_established() && state.gone() == gone {
                return Some(Ok(())); // these too
            }
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
        let mut loading = self.load_now(snapshot)?;
        let mut connecting: Option<Wait<()>> = None;
        Ok(Wait::until(move |driver| {
            if connecting.is_none() {
                match loading.connect(&mut driver.network)? {
                    Ok(pairs) => connecting = Some(driver.wait_for_all(pairs)),
                    Err(error) => return Some(Err(error)),
                }
            }
            let waiting = connecting.as_mut().expect("just put there");
            let late = driver.network.now() >= waiting.deadline;
            (waiting.check)(driver).or_else(|| late.then(|| Err(waiting.timed_out(driver.is_virtual()))))
        }))
    }

    /// Creates the nodes and starts them; their connections are asked for when all are up.
    fn load_now(&mut self, snapshot: Snapshot) -> Result<Loading, NetworkError> {
        self.journal(|| Command::Load(snapshot.clone()))?;
        crate::snapshot::load(&mut self.network, snapshot)
    }

    pub(crate) fn snapshot(&mut self, add: &[String], remove: &[String]) -> Wait<Snapshot> {
        let mut taking = self.network.snapshot(add, remove);
        Wait::until(move |_| taking.poll())
    }

    pub(crate) fn ask_call(
        &mut self,
        id: NodeId,
        method: String,
        params: Vec<Value>,
    ) -> Result<Answer, NetworkError> {
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

    pub(crate) fn open_rpc(&mut self, node: &str, out: RpcOut) -> Result<u64, NetworkError> {
        let id = self.network.find(node)?;
        self.open_line(id, out)
    }

    fn open_line(&mut self, id: NodeId, out: RpcOut) -> Result<u64, NetworkError> {
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

    /// There is room again for what a node says.
    pub(crate) fn flush_rpc(&mut self, line: u64) {
        if let Some(Ok(index)) = self.lines.get(&line).map(|id| self.network.running(*id)) {
            self.network.adapter_mut().flush_rpc(index, line);
        }
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

    pub(crate) fn expectation(
        &mut self,
        name: String,
        passed: bool,
        detail: String,
    ) -> Result<(), NetworkError> {
        self.journal(|| Command::Expectation { name: name.clone(), passed, detail: detail.clone() })?;
        self.network.expectation(name, passed, detail)
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
        pairs(topology, &ids, self.network.shapes())
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

/// The pairs of a topology over nodes, in their order.
fn pairs<T: Copy>(
    topology: Topology,
    nodes: &[T],
    entropy: &mut Entropy,
) -> Result<Vec<(T, T)>, NetworkError> {
    let edges = topology.edges(nodes.len(), entropy);
    let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()))?;
    Ok(edges.into_iter().map(|(one, other)| (nodes[one], nodes[other])).collect())
}

/// Has a connection that was asked for come to be at both ends, or failed?
fn connected(network: &Network, one: NodeId, other: NodeId) -> Option<Result<(), NetworkError>> {
    if network.state().conn(&one, &other).is_some_and(|conn| conn.established()) {
        return Some(Ok(()));
    }
    let error = network.failure(one, other)?.to_owned();
    Some(Err(NetworkError::ConnectFailed { one, other, error }))
}
