//! Nodes as child processes, well-behaved and not.

// A story that cannot go on fails; where it stood is all there is to say.
#![allow(clippy::unwrap_used)]

mod bad;
mod edges;
mod life;
mod scale;
#[path = "../child/services.rs"]
mod services;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use adapters::exec::{ExecSettings, start};
use node::Services;
use simnet::view::{NodeSpec, NodeView};
use simnet::{Handle, NetworkConfig};
use tempfile::TempDir;

/// The test program that is a node's process.
pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_adapters-test-child");

/// A network of processes, and where they live.
pub(crate) struct World {
    pub(crate) net: Handle,
    pub(crate) place: TempDir,
}

impl World {
    /// A network whose children behave as `child` says.
    pub(crate) fn of(child: &str) -> Self {
        Self::with(child, |_| {})
    }

    pub(crate) fn with(child: &str, change: impl FnOnce(&mut ExecSettings)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let mut settings = ExecSettings {
            executable: Some(CHILD.into()),
            environment: vec![("CHILD".into(), child.into())],
            dir: Some(place.path().to_owned()),
            // A busy machine is no reason to fail.
            start_within: Duration::from_secs(60),
            ..ExecSettings::default()
        };
        change(&mut settings);
        let config = NetworkConfig { services: parents_services(), ..NetworkConfig::default() };
        Self { net: start(config, settings).unwrap(), place }
    }

    pub(crate) async fn create(&self, services: &[&str]) -> NodeView {
        let services = services.iter().map(|name| (*name).to_owned()).collect();
        self.net.create_node(NodeSpec { services, ..NodeSpec::default() }).await.unwrap()
    }

    /// A node that is up, by name.
    pub(crate) async fn up(&self, services: &[&str]) -> String {
        let name = self.create(services).await.config.name;
        self.net.start_node(&name).await.unwrap();
        name
    }

    pub(crate) async fn pid(&self, node: &str) -> u32 {
        let pid = self.net.call(node, "probe_pid", vec![]).await.unwrap();
        pid.as_u64().unwrap() as u32
    }

    /// What there is in the place where nodes live.
    pub(crate) fn left(&self) -> usize {
        left(self.place.path())
    }
}

pub(crate) fn left(place: &Path) -> usize {
    std::fs::read_dir(place).unwrap().count()
}

/// With one that children do not have.
fn parents_services() -> Services {
    services::services().register("elsewhere", |_| Ok(node::services::Noop)).unwrap()
}

pub(crate) fn run<R>(story: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}
