//! What is kept at a node's host, on the host's thread: the node's recorder, its life, its RPC conversations.

use super::{NODE_STOPPED, SimSettings};
use crate::record::{Kind, Origin};
use crate::recorder::{Recorder, ShardLog};
use bytes::Bytes;
use devp2p::{Enode, NodeId};
use node::{DataDir, Directory, Node, NodeConfig, NodeEnv, RPC_PORT, RpcSession, Services};
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, RwLock};
use world::Scope;
use world::sim::HostCell;

/// Where nodes live, by id: written between events only, read by any shard.
pub(super) type Addresses = Arc<RwLock<BTreeMap<NodeId, SocketAddr>>>;

/// What is kept at a node's host, from its first start on.
pub(super) struct Slot {
    pub(super) config: NodeConfig,
    pub(super) recorder: Rc<Recorder>,
    data_dir: DataDir,
    pub(super) running: RefCell<Option<Running>>,
    pub(super) lines: RefCell<BTreeMap<u64, RpcSession>>,
}

/// A node's life.
pub(super) struct Running {
    node: Rc<Node>,
    /// Dropped after the node has stopped: whatever it left is killed.
    _scope: Scope,
}

impl Slot {
    pub(super) fn start(
        &self,
        cell: &HostCell,
        services: &Services,
        settings: &SimSettings,
        addresses: Addresses,
        snapshots: BTreeMap<String, Bytes>,
    ) -> Result<(), String> {
        let scope = cell.world().scope();
        let directory: Directory = Directory::new(move |id| {
            let address = *addresses.read().expect("no holder panics").get(&id)?;
            Some(SocketAddr::new(address.ip(), RPC_PORT))
        });
        let env = NodeEnv {
            fidelity: settings.fidelity,
            timing: settings.timing,
            max_peers: settings.max_peers,
            snapshots,
            observer: Rc::clone(&self.recorder) as Rc<dyn devp2p::Observer>,
            directory,
            data_dir: self.data_dir.clone(),
            client: settings.client.clone(),
            rpc_port: Some(RPC_PORT),
        };
        let node =
            Node::start(scope.world(), &self.config, services, env).map_err(|error| error.to_string())?;
        *self.running.borrow_mut() = Some(Running { node, _scope: scope });
        self.recorder.record(Kind::Up);
        Ok(())
    }

    pub(super) fn add_peer(&self, peer: Enode) -> Result<(), String> {
        let node = self.node().ok_or(NODE_STOPPED)?;
        node.server().add_peer(peer).map_err(|error| error.to_string())
    }

    pub(super) fn stop(&self) {
        let Some(running) = self.running.borrow_mut().take() else { return };
        running.node.stop();
        self.lines.borrow_mut().clear();
        drop(running);
        self.recorder.record(Kind::Down);
    }

    pub(super) fn crash(&self) {
        let Some(Running { node, _scope: scope }) = self.running.borrow_mut().take() else { return };
        drop(scope);
        self.lines.borrow_mut().clear();
        drop(node);
        self.recorder.record(Kind::Down);
    }

    pub(super) fn node(&self) -> Option<Rc<Node>> {
        self.running.borrow().as_ref().map(|running| Rc::clone(&running.node))
    }
}

/// Puts a slot at a node's host.
pub(super) fn settle(cell: &HostCell, config: NodeConfig, data_dir: DataDir) {
    let origin = Origin::node(cell.id().0);
    let recorder =
        Rc::new(Recorder::new(origin, config.enable_msg_events, cell.world(), shard_log(cell.shard_local())));
    let (running, lines) = (RefCell::default(), RefCell::default());
    *cell.local().borrow_mut() = Some(Box::new(Rc::new(Slot { config, recorder, data_dir, running, lines })));
}

pub(super) fn slot(local: &RefCell<Option<Box<dyn Any>>>) -> Rc<Slot> {
    let local = local.borrow();
    let any = local.as_ref().expect("the first start puts a slot at the host, remove() is the last to look");
    Rc::clone(any.downcast_ref::<Rc<Slot>>().expect("nobody else keeps anything there"))
}

pub(super) fn shard_log(local: &RefCell<Option<Box<dyn Any>>>) -> Rc<ShardLog> {
    let mut local = local.borrow_mut();
    let any = local.get_or_insert_with(|| Box::new(Rc::<ShardLog>::default()));
    Rc::clone(any.downcast_ref().expect("nobody else keeps anything there"))
}
