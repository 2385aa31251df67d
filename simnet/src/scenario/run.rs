//! A scenario, run: its network set up, its time passed, its expectations held against what happened.

use super::error::ScenarioError;
use super::expect::{Outcome, Subject, Total};
use super::{Group, Scenario};
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::log::Form;
use crate::measure::Measurements;
use crate::record::Digest;
use crate::start::{NetworkConfig, start};
use crate::tally::{MessageCount, Tally};
use crate::view::NodeSpec;
use devp2p::{Fidelity, NodeId};
use node::Services;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use world::Entropy;
use world::sim::{Link, Pace};

/// Steps in which a scenario's time passes: what a progress bar can show, and how soon a run can be told to stop.
const SLICES: u32 = 100;

/// What of a run its scenario does not say.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// Instead of the scenario's fidelity.
    pub fidelity: Option<Fidelity>,
    /// Threads to run on; the result does not depend on it.
    pub threads: usize,
    /// Where every record of the log goes.
    pub log_file: Option<PathBuf>,
    /// How it is written.
    pub log_form: Form,
    /// What nodes can run.
    pub services: Services,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            seed: None,
            fidelity: None,
            threads: 1,
            log_file: None,
            log_form: Form::default(),
            services: Services::builtin(),
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nodes are being created.
    Creating {
        /// So many are there.
        done: usize,
        /// Of so many.
        of: usize,
    },
    /// All nodes are being started.
    Starting {
        /// So many.
        nodes: usize,
    },
    /// Connections are being made.
    Connecting {
        /// So many.
        connections: usize,
    },
    /// The network is up, and its time passes.
    Passing {
        /// So much has passed.
        done: Duration,
        /// Of so much.
        of: Duration,
    },
}

/// What came out.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// The seed in force.
    pub seed: u64,
    /// The fidelity in force.
    pub fidelity: Fidelity,
    /// Of the whole log.
    pub digest: Digest,
    /// Whether another run comes to the same digest; if not, it is of no use to anyone.
    pub deterministic: bool,
    /// Whether every expectation held.
    pub passed: bool,
    /// Simulated time, setting up included.
    pub simulated: Duration,
    /// Nodes that were up at the end.
    pub nodes: usize,
    /// Connections that were up at the end.
    pub connections: usize,
    /// Peers lost, seen from either end.
    pub drops: u64,
    /// Messages, by protocol, version and code.
    pub messages: Vec<MessageCount>,
    /// How each expectation came out, in the order of the file.
    pub expectations: Vec<Outcome>,
    /// What was measured.
    pub measurements: Measurements,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario asks for something that only a running network shows to be wrong.
    #[error(transparent)]
    Scenario(#[from] Box<ScenarioError>),
    /// The network did not do what it was asked.
    #[error("while {doing}: {error}")]
    Network {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        error: NetworkError,
    },
    /// It was told to stop. The log is whole up to there.
    #[error("interrupted after {simulated:?} of simulated time")]
    Interrupted {
        /// Of the log up to there.
        digest: Digest,
        /// When that was.
        simulated: Duration,
    },
}

fn while_(doing: &'static str) -> impl Fn(NetworkError) -> RunError {
    move |error| RunError::Network { doing, error }
}

/// Runs a scenario to its end, or until `stop` is ready.
///
/// The network is gone and its log is written whichever way this ends. Expectations that did not hold are part of the
/// report, not an error.
pub async fn run(
    scenario: &Scenario,
    options: RunOptions,
    stop: impl Future<Output = ()>,
    progress: impl FnMut(Progress),
) -> Result<RunReport, RunError> {
    run_on(scenario, options, start, stop, progress).await
}

/// As [`run`], on a network that `start` starts: [`start_with`](crate::start_with) and another adapter, say.
/// An adapter without links of its own ignores the scenario's.
pub async fn run_on(
    scenario: &Scenario,
    options: RunOptions,
    start: impl FnOnce(NetworkConfig) -> Result<Handle, NetworkError>,
    stop: impl Future<Output = ()>,
    progress: impl FnMut(Progress),
) -> Result<RunReport, RunError> {
    let seed = options.seed.unwrap_or(scenario.seed);
    let fidelity = options.fidelity.unwrap_or(scenario.fidelity);
    let usual = NetworkConfig::default();
    let config = NetworkConfig {
        id: scenario.name.clone(),
        services: options.services,
        seed,
        shards: options.threads,
        fidelity,
        link: Link::latency(scenario.latency),
        pace: Pace::Max,
        max_peers: scenario.max_peers.unwrap_or(usual.max_peers),
        measure: true,
        log_file: options.log_file,
        log_form: options.log_form,
        scenario: Some(scenario.source()),
        ..usual
    };
    let handle = start(config).map_err(while_("starting the network"))?;
    let deterministic = handle.capabilities().await.map_err(while_("starting the network"))?.deterministic;
    let finished = unless(stop, Run { scenario, seed, handle: &handle, progress }.finish()).await;
    let simulated = handle.now().await.map_err(while_("reading the clock"))?;
    let ended = handle.shut_down().await.map_err(while_("shutting down"));
    // What went wrong first is told: a log that cannot be written cannot be ended either.
    let finished = finished.transpose()?;
    let digest = ended?;
    let Some((tally, expectations, measurements)) = finished else {
        return Err(RunError::Interrupted { digest, simulated });
    };
    Ok(RunReport {
        scenario: scenario.name.clone(),
        seed,
        fidelity,
        digest,
        deterministic,
        passed: expectations.iter().all(|outcome| outcome.passed),
        simulated,
        nodes: tally.nodes_up,
        connections: tally.conns_up,
        drops: tally.drops,
        messages: tally.messages,
        expectations,
        measurements,
    })
}

/// What `work` brings, or nothing once `stop` is ready.
async fn unless<T>(stop: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut stop, mut work) = (pin!(stop), pin!(work));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => stop.as_mut().poll(cx).map(|()| None),
    })
    .await
}

struct Run<'a, P> {
    scenario: &'a Scenario,
    seed: u64,
    handle: &'a Handle,
    progress: P,
}

impl<P: FnMut(Progress)> Run<'_, P> {
    async fn finish(mut self) -> Result<(Tally, Vec<Outcome>, Measurements), RunError> {
        let ids = self.create().await?;
        (self.progress)(Progress::Starting { nodes: ids.len() });
        self.handle.start_all().await.map_err(while_("starting the nodes"))?;
        self.check_protocols().await?;
        self.connect(&ids).await?;
        self.pass().await?;
        let (tally, outcomes) = self.expect().await?;
        let measurements = self.handle.measurements().await.map_err(while_("measuring"))?;
        Ok((tally, outcomes, measurements))
    }

    async fn create(&mut self) -> Result<Vec<NodeId>, RunError> {
        let of = self.scenario.node_count();
        let mut ids = Vec::with_capacity(of);
        for group in &self.scenario.groups {
            for name in group.names() {
                if ids.len().is_multiple_of(100) {
                    (self.progress)(Progress::Creating { done: ids.len(), of });
                }
                let node = self.handle.create_node(spec(group, name)).await;
                ids.push(node.map_err(while_("creating the nodes"))?.config.id);
            }
        }
        Ok(ids)
    }

    async fn connect(&mut self, ids: &[NodeId]) -> Result<(), RunError> {
        let mut entropy = Entropy::derive(self.seed, 0, 0, "scenario/topology");
        let edges = self.scenario.topology.edges(ids.len(), &mut entropy);
        let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()));
        let edges = edges.map_err(while_("laying out the topology"))?;
        (self.progress)(Progress::Connecting { connections: edges.len() });
        let pairs = edges.into_iter().map(|(one, other)| (ids[one], ids[other])).collect();
        self.handle.connect_all(pairs).await.map_err(while_("connecting the nodes"))
    }

    async fn pass(&mut self) -> Result<(), RunError> {
        let of = self.scenario.duration;
        let mut done = Duration::ZERO;
        for slice in 1..=SLICES {
            (self.progress)(Progress::Passing { done, of });
            // From the whole, so that no slice's rounding adds up.
            let until = of.mul_f64(f64::from(slice) / f64::from(SLICES));
            let until = if slice == SLICES { of } else { until };
            self.handle.advance(until - done).await.map_err(while_("letting time pass"))?;
            done = until;
        }
        (self.progress)(Progress::Passing { done, of });
        Ok(())
    }

    /// An expectation about a protocol that nobody speaks would be true for the wrong reason.
    async fn check_protocols(&self) -> Result<(), RunError> {
        let named = self.scenario.expectations.iter().filter_map(|expectation| match &expectation.subject {
            Subject::Total(Total::Messages { protocol: Some(protocol), span, .. }) => Some((protocol, span)),
            _ => None,
        });
        let named: Vec<_> = named.collect();
        if named.is_empty() {
            return Ok(());
        }
        let nodes = self.handle.nodes().await.map_err(while_("reading the nodes"))?;
        let spoken: BTreeSet<&str> =
            nodes.iter().flat_map(|node| node.info.protocols.keys()).map(String::as_str).collect();
        for (protocol, span) in named {
            if !spoken.contains(protocol.as_str()) {
                let message = format!("none of the nodes speaks a protocol {protocol:?}");
                let spoken: Vec<&str> = spoken.into_iter().collect();
                return Err(self
                    .scenario
                    .wrong(span.clone(), message)
                    .help(super::error::meant(protocol, &spoken))
                    .into());
            }
        }
        Ok(())
    }

    async fn expect(&self) -> Result<(Tally, Vec<Outcome>), RunError> {
        let tally = self.handle.tally().await.map_err(while_("counting"))?;
        let mut outcomes = Vec::with_capacity(self.scenario.expectations.len());
        for expectation in &self.scenario.expectations {
            let members = match &expectation.subject {
                Subject::EveryNode { group: Some(group), .. } => Some(self.scenario.members(group)),
                _ => None,
            };
            let is_member = |name: &str| members.as_ref().is_none_or(|members| members.contains(name));
            let outcome = expectation.evaluate(&tally, is_member);
            let recorded =
                self.handle.expectation(outcome.name.clone(), outcome.passed, outcome.detail.clone()).await;
            recorded.map_err(while_("recording the expectations"))?;
            outcomes.push(outcome);
        }
        Ok((tally, outcomes))
    }
}

fn spec(group: &Group, name: String) -> NodeSpec {
    NodeSpec {
        name: Some(name),
        services: group.services.clone(),
        enable_msg_events: Some(group.msg_events),
        settings: group.settings.clone(),
        ..NodeSpec::default()
    }
}
