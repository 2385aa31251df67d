//! What holds on one adapter holds on all, but for what their capabilities say: each case here runs on every adapter.

// A story that cannot go on fails; where it stood is all there is to say.
#![allow(clippy::unwrap_used)]

mod calls;
mod events;
mod experiments;
mod lifecycle;
mod mixed;
mod peers;
mod refusals;
mod services;
mod snapshots;

use std::future::Future;
use std::time::Duration;

use adapters::exec::{self, ExecSettings};
use serde_json::{Value, json};
use simnet::state::State;
use simnet::view::{NodeSpec, NodeView};
use simnet::{Handle, NetworkConfig, NetworkError, Until};
use tempfile::TempDir;

/// How long anything may take: what works takes far less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A way of bringing nodes to life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    Sim,
    Exec,
    /// Both, with nodes in memory where nothing else is said.
    Mixed,
}

/// A network on one of them.
pub(crate) struct Net {
    pub(crate) handle: Handle,
    _place: TempDir,
}

impl std::ops::Deref for Net {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Adapter {
    pub(crate) fn start(self, config: NetworkConfig) -> Result<Net, NetworkError> {
        let place = tempfile::tempdir().unwrap();
        let config = NetworkConfig { services: services::services(), ..config };
        let settings = ExecSettings {
            executable: Some(env!("CARGO_BIN_EXE_conformance-node").into()),
            dir: Some(place.path().to_owned()),
            start_within: PATIENCE,
            ..ExecSettings::default()
        };
        let handle = match self {
            Self::Sim => simnet::start(config),
            Self::Exec => exec::start(config, settings),
            Self::Mixed => exec::start_mixed(config, settings),
        };
        Ok(Net { handle: handle?, _place: place })
    }

    pub(crate) fn network(self) -> Net {
        self.start(NetworkConfig { seed: 1, ..NetworkConfig::default() }).unwrap()
    }
}

impl Net {
    /// A new node, named nodeNN.
    pub(crate) async fn create(&self, services: &[&str]) -> NodeView {
        self.create_node(spec(services)).await.unwrap()
    }

    /// `count` new nodes that are up and run everything that can be run.
    pub(crate) async fn up(&self, count: usize) -> Vec<NodeView> {
        let mut nodes = Vec::new();
        for _ in 0..count {
            let name = self.create(&["ping-pong", "probe"]).await.config.name;
            nodes.push(self.start_node(&name).await.unwrap());
        }
        nodes
    }

    /// Two nodes that are connected.
    pub(crate) async fn pair(&self) -> Vec<NodeView> {
        let nodes = self.up(2).await;
        self.connect("node01", "node02", Until::Done).await.unwrap();
        nodes
    }

    pub(crate) async fn eventually(&self, what: &str, holds: impl FnMut(&State) -> bool + Send + 'static) {
        self.until(what, PATIENCE, holds).await.unwrap();
    }

    /// The node's number.
    pub(crate) async fn number(&self, node: &str) -> Value {
        self.call(node, "probe_number", vec![]).await.unwrap()
    }

    pub(crate) async fn end(self) {
        self.handle.shut_down().await.unwrap();
    }
}

/// Pings often enough for a test in real time.
pub(crate) fn spec(services: &[&str]) -> NodeSpec {
    let mut spec = NodeSpec {
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        ..NodeSpec::default()
    };
    if services.contains(&"ping-pong") {
        spec.settings.insert("ping-pong".into(), json!({"interval": "20ms"}));
    }
    spec
}

pub(crate) fn run(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(5 * PATIENCE, story).await });
    ended.expect("a story that waits for what never comes has failed");
}

/// Each case becomes a test on every adapter.
macro_rules! on_all_adapters {
    ($($case:ident)*) => {
        mod sim {
            $(#[test] fn $case() { crate::run(super::$case(crate::Adapter::Sim)); })*
        }
        mod exec {
            $(#[test] fn $case() { crate::run(super::$case(crate::Adapter::Exec)); })*
        }
        mod mixed {
            $(#[test] fn $case() { crate::run(super::$case(crate::Adapter::Mixed)); })*
        }
    };
}
pub(crate) use on_all_adapters;
