//! Networks as their users drive them: through a handle, with real nodes in memory.

// A story that cannot go on fails; where it stood is all there is to say.
#![allow(clippy::unwrap_used)]

mod capture;
mod choice;
mod churn;
mod clock;
mod conditions;
mod events;
mod experiment;
mod lifecycle;
mod measure;
mod mocker;
mod protocol_test;
mod replay;
mod room;
mod scale;
mod scenario;
mod snapshot;
mod steps;
mod typed;
mod watching;
mod weather;

use simnet::{Handle, NetworkConfig, start};
use std::future::Future;
use std::time::Duration;

/// A network at unbounded pace, with the built-in services.
pub(crate) fn network(seed: u64) -> Handle {
    start(config(seed)).expect("starts")
}

pub(crate) fn config(seed: u64) -> NetworkConfig {
    NetworkConfig { seed, ..NetworkConfig::default() }
}

pub(crate) fn run<R>(story: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(story)
}

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `count` nodes named node01…, up.
pub(crate) async fn nodes_up(net: &Handle, count: usize) {
    for _ in 0..count {
        let node = net.create_node(Default::default()).await.expect("created");
        net.start_node(&node.config.name).await.expect("started");
    }
}
