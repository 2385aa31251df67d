//! The node's life in its process: started, reported, served, stopped.
//!
//! It ends on SIGTERM, or when the parent is gone.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use devp2p::{NodeId, StartError};
use node::{Directory, Node, NodeEnv, NodeError, Services};
use simnet::adapter::base::of_node;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use world::real::Host;
use world::{Scope, World};

use super::line::Line;
use super::teller::Teller;
use super::{Birth, log, report, websocket};
use crate::exec::base;
use crate::exec::wire::{ADDRESS, Parent, Report};

/// How long what was said at the end may take to leave: Disconnect to the peers, the last events to the parent.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Peers a node has at most if nobody says so (geth's simulations: no limit).
const MAX_PEERS: usize = i32::MAX as usize;

/// Lives, and answers the exit code.
pub(super) async fn live(birth: Birth, services: &Services, status: &str) -> i32 {
    let dir = birth.parent.as_ref().map(|parent| parent.dir.clone());
    let (code, parted) = run(birth, services, status).await;
    // A parent that dies while it starts or stops its nodes cannot clean up after them either.
    if let Some(dir) = dir.filter(|dir| parted || base::is_orphaned(dir)) {
        tracing::info!(target: "exec", "Stopped: the parent is gone");
        base::leave(&dir);
    }
    code
}

/// Answers the exit code, and whether the line to the parent has ended.
async fn run(birth: Birth, services: &Services, status: &str) -> (i32, bool) {
    if let Err(error) = log::start(&birth.config) {
        return (report::failure(status, error).await, false);
    }
    // Before anyone knows of this process: from then on it may be stopped.
    let mut terminated = signal(SignalKind::terminate()).expect("signals can be handled");
    let line = match birth.parent.as_ref().map(|parent| Line::open(&parent.dir)).transpose() {
        Ok(line) => line,
        Err(error) => return (report::failure(status, format!("line to the parent: {error}")).await, false),
    };
    let running = match Running::start(birth, services, line.as_ref()).await {
        Ok(running) => running,
        Err(error) => return (report::failure(status, error).await, false),
    };
    if let Err(error) = report::send(status, &running.report()).await {
        tracing::error!(target: "exec", %error, status, "Cannot report");
        return (1, false);
    }
    let parted = match &line {
        Some(line) => tokio::select! {
            biased;
            _ = terminated.recv() => false,
            () = line.serve(&running.node, &running.teller) => true,
        },
        None => terminated.recv().await.is_none(),
    };
    running.node.stop();
    running.settle().await;
    if let Some(line) = &line {
        running.teller.tell_condition(&running.node);
        line.finish(LAST_WORDS).await;
    }
    (0, parted)
}

/// A node that runs.
struct Running {
    node: Rc<Node>,
    teller: Rc<Teller>,
    endpoint: String,
    scope: Scope,
    _host: Host,
    /// Says that the node has a process.
    _occupied: Option<File>,
}

impl Running {
    async fn start(birth: Birth, services: &Services, line: Option<&Line>) -> Result<Self, String> {
        let occupied = birth.parent.as_ref().map(|parent| base::occupy(&parent.dir)).transpose();
        let occupied = occupied.map_err(|error| format!("the node's directory is in use: {error}"))?;
        let host = Host::new(birth.ip);
        let scope = host.scope();
        let told = line.map(Line::outbox);
        let wanted = birth.parent.as_ref().is_some_and(|parent| parent.messages);
        let teller = Rc::new(Teller::new(scope.world().clone(), told, wanted));
        let node = start_node(&birth, services, scope.world(), &teller)?;
        if let (Some(parent), Some(address)) = (&birth.parent, node.rpc_addr()) {
            fs::write(parent.dir.join(ADDRESS), format!("{} {address}", node.id()))
                .map_err(|error| format!("writing to {}: {error}", parent.dir.display()))?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| format!("WebSocket: {error}"))?;
        let local = listener.local_addr().map_err(|error| format!("WebSocket: {error}"))?;
        scope.world().spawn(websocket::serve(Rc::downgrade(&node), listener));
        Ok(Self { node, teller, endpoint: format!("ws://{local}"), scope, _host: host, _occupied: occupied })
    }

    fn report(&self) -> Report {
        let info = Some(self.node.info());
        Report { err: String::new(), ws_endpoint: self.endpoint.clone(), info }
    }

    /// Waits until the connections have closed, which they do when what was sent has left.
    async fn settle(&self) {
        let world = self.scope.world();
        let deadline = world.now() + LAST_WORDS;
        while world.population().connections > 0 && world.now() < deadline {
            world.sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Starts the node, at the port it had in its former life if that is to be had.
fn start_node(
    birth: &Birth,
    services: &Services,
    world: &World,
    teller: &Rc<Teller>,
) -> Result<Rc<Node>, String> {
    let parent = birth.parent.as_ref();
    let env = NodeEnv {
        max_peers: parent.map_or(MAX_PEERS, |parent| parent.max_peers),
        snapshots: birth.snapshots.clone(),
        observer: Rc::clone(teller) as Rc<dyn node::Observer>,
        directory: parent.map_or_else(Directory::default, directory),
        data_dir: birth.data_dir.clone(),
        rpc_port: parent.map(|_| 0),
        ..NodeEnv::default()
    };
    let started = match Node::start(world, &birth.config, services, env.clone()) {
        Err(NodeError::Server(StartError::Listen(error))) if parent.is_some_and(|parent| parent.any_port) => {
            tracing::warn!(target: "exec", %error, port = birth.config.port, "Taking another port than before");
            let config = node::NodeConfig { port: 0, ..birth.config.clone() };
            Node::start(world, &config, services, env)
        }
        started => started,
    };
    started.map_err(|error| error.to_string())
}

/// Where other nodes are, as their own directories tell at the moment of the question.
fn directory(parent: &Parent) -> Directory {
    let nodes = parent.dir.parent().map(ToOwned::to_owned).unwrap_or_default();
    Directory::new(move |id: NodeId| {
        let text = fs::read_to_string(of_node(&nodes, &id).join(ADDRESS)).ok()?;
        let (of, address) = text.split_once(' ')?;
        (of == id.to_string()).then(|| address.parse().ok())?
    })
}
