//! A network, described before it is.

use super::bucket::{Bucket, Buckets};
use super::error::{TestError, TestResult};
use super::net::Net;
use super::sim::Sim;
use super::span::Links;
use crate::start::{NetworkConfig, start};
use crate::topology::Topology;
use crate::view::NodeSpec;
use devp2p::Fidelity;
use node::{DuplicateService, Service, ServiceContext, ServiceError, Services};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use world::Entropy;

/// A network that is to be. Whatever is wrong with it is told by [`up`](Self::up).
#[derive(Debug)]
pub struct NetworkBuilder {
    sim: Sim,
    config: NetworkConfig,
    buckets: Buckets,
    nodes: usize,
    shape: Topology,
    run: Vec<String>,
    settings: BTreeMap<String, Value>,
    msg_events: bool,
    fault: Option<TestError>,
}

impl NetworkBuilder {
    pub(super) fn new(sim: Sim, name: &str) -> Self {
        let seed = Entropy::derive(sim.seed(), 0, 0, &format!("network/{name}")).next_u64();
        let buckets = Buckets::new(sim.cleanups().clone());
        Self {
            sim,
            config: NetworkConfig { id: name.to_owned(), seed, ..NetworkConfig::default() },
            buckets,
            nodes: 0,
            shape: Topology::None,
            run: Vec::new(),
            settings: BTreeMap::new(),
            msg_events: true,
            fault: None,
        }
    }

    /// How many nodes it begins with; none if not said.
    #[must_use]
    pub fn nodes(mut self, count: usize) -> Self {
        self.nodes = count;
        self
    }

    /// Adds a service of the test's own, run by every node. `init` makes it anew at each start of each node.
    #[must_use]
    pub fn service<S: Service>(
        self,
        name: &str,
        init: impl Fn(&ServiceContext<'_>) -> Result<S, ServiceError> + Send + Sync + 'static,
    ) -> Self {
        self.register(name, |services| services.register(name, init))
    }

    /// As [`service`](Self::service), for one that shares its node's [`Bucket`] with the test.
    #[must_use]
    pub fn service_with_bucket<S: Service>(
        self,
        name: &str,
        init: impl Fn(&ServiceContext<'_>, &Bucket) -> Result<S, ServiceError> + Send + Sync + 'static,
    ) -> Self {
        let buckets = self.buckets.clone();
        let init = move |context: &ServiceContext<'_>| init(context, &buckets.of(context.config.id));
        self.register(name, |services| services.register(name, init))
    }

    fn register(
        mut self,
        name: &str,
        register: impl FnOnce(Services) -> Result<Services, DuplicateService>,
    ) -> Self {
        match register(self.config.services.clone()) {
            Ok(services) => {
                self.config.services = services;
                self.run.push(name.to_owned());
            }
            Err(error) => self.fail(error.into()),
        }
        self
    }

    /// Which services every node runs: built-in ones, or those added before. Without any it is `ping-pong`.
    #[must_use]
    pub fn services<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.run = names.into_iter().map(Into::into).collect();
        self
    }

    /// Settings of a service, as a service reads them.
    #[must_use]
    pub fn settings(mut self, service: &str, settings: Value) -> Self {
        self.settings.insert(service.to_owned(), settings);
        self
    }

    /// Who is connected to whom.
    #[must_use]
    pub fn topology(mut self, shape: Topology) -> Self {
        self.shape = shape;
        self
    }

    /// Each node to each other.
    #[must_use]
    pub fn full(self) -> Self {
        self.topology(Topology::Full)
    }

    /// Each node to the next.
    #[must_use]
    pub fn chain(self) -> Self {
        self.topology(Topology::Chain)
    }

    /// A chain whose ends meet.
    #[must_use]
    pub fn ring(self) -> Self {
        self.topology(Topology::Ring)
    }

    /// The first node to each other.
    #[must_use]
    pub fn star(self) -> Self {
        self.topology(Topology::Star { center: 0 })
    }

    /// At random, with the same number of connections at each node.
    #[must_use]
    pub fn random_regular(self, degree: usize) -> Self {
        self.topology(Topology::RandomRegular { degree })
    }

    /// What lies between any two nodes: `latency("50ms")`; 1 ms if not said.
    #[must_use]
    pub fn links(mut self, links: impl Into<Links>) -> Self {
        match links.into().0 {
            Ok(link) => self.config.link = link,
            Err(error) => self.fail(error.into()),
        }
        self
    }

    /// How much of RLPx is real; all of it if not said.
    #[must_use]
    pub fn fidelity(mut self, fidelity: Fidelity) -> Self {
        self.config.fidelity = fidelity;
        self
    }

    /// Threads to simulate on; what happens does not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.config.shards = threads;
        self
    }

    /// Peers a node has at most; no limit if not said.
    #[must_use]
    pub fn max_peers(mut self, peers: usize) -> Self {
        self.config.max_peers = peers;
        self
    }

    /// Where every record of the log is written.
    #[must_use]
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.log_file = Some(path.into());
        self
    }

    /// Whether messages are shown as events; yes if not said.
    #[must_use]
    pub fn msg_events(mut self, shown: bool) -> Self {
        self.msg_events = shown;
        self
    }

    fn fail(&mut self, error: TestError) {
        self.fault.get_or_insert(error);
    }

    /// Brings it up: its nodes created and started, its connections up at both ends.
    ///
    /// # Errors
    /// The first thing that was wrong in what it was built from, or that did not come to be.
    pub async fn up(mut self) -> TestResult<Net> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let name = self.config.id.clone();
        if self.sim.has_network(&name) {
            return Err(TestError::new(format_args!(
                "there is a network {name:?} already: give each its own name"
            )));
        }
        let handle = start(self.config)?;
        self.sim.add_network(name, handle.clone());
        let spec = NodeSpec {
            services: self.run,
            settings: self.settings,
            enable_msg_events: Some(self.msg_events),
            ..NodeSpec::default()
        };
        let entropy = self.sim.entropy(&format!("picks/{}", handle.view().await?.id));
        let net = Net::new(handle, spec, self.buckets, entropy);
        let nodes = net.add(self.nodes).await?;
        net.connect(self.shape, &nodes).await?;
        Ok(net)
    }
}
