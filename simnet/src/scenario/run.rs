//! A scenario, run: its network set up, its time passed, its expectations held against what happened.

mod agenda;
mod calls;
mod deeds;
mod setup;
mod verdict;

use super::Scenario;
use super::error::ScenarioError;
use super::expect::{Calls, Outcome};
use super::select::Cast;
use crate::capture::Capture;
use crate::condition::RestraintId;
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::log::Form;
use crate::measure::Measurements;
use crate::record::Digest;
use crate::start::{NetworkConfig, start};
use crate::tally::{MessageCount, Tally};
use crate::view::Snapshot;
use agenda::{Agenda, Due};
use calls::Caller;
use devp2p::{Fidelity, NodeId};
use node::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use verdict::Watch;
use world::Entropy;
use world::sim::Pace;

/// What of a run its scenario does not say.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// Instead of the scenario's fidelity.
    pub fidelity: Option<Fidelity>,
    /// Threads to run on; the result does not depend on it.
    pub threads: usize,
    /// Bytes of memory that the process may take; what the machine or its container has, when missing.
    pub memory: Option<u64>,
    /// Where every record of the log goes.
    pub log_file: Option<PathBuf>,
    /// How it is written.
    pub log_form: Form,
    /// Whose traffic is captured, if anyone's.
    pub capture: Option<Capture>,
    /// What nodes can run.
    pub services: Services,
    /// A moment of the scenario's time whose digest is of interest.
    pub moment: Option<Duration>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            seed: None,
            fidelity: None,
            threads: 1,
            memory: None,
            log_file: None,
            log_form: Form::default(),
            capture: None,
            services: Services::builtin(),
            moment: None,
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
    /// Calls that the workload made.
    pub calls: Calls,
    /// Snapshots that the timeline took, by name.
    pub snapshots: Vec<(String, Snapshot)>,
    /// How each expectation came out, in the order of the file.
    pub expectations: Vec<Outcome>,
    /// What was measured.
    pub measurements: Measurements,
    /// The moment that was asked about.
    pub moment: Option<Moment>,
}

/// A moment of a run: after all that happened before it, and before all that was done at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The network's time, setting up included.
    pub simulated: Duration,
    /// Of the log up to there.
    pub digest: Digest,
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
        link: scenario.link,
        pace: Pace::Max,
        max_peers: scenario.max_peers.unwrap_or(usual.max_peers),
        capture: options.capture,
        measure: true,
        memory: options.memory,
        log_file: options.log_file,
        log_form: options.log_form,
        scenario: Some(scenario.source()),
        ..usual
    };
    let handle = start(config).map_err(while_("starting the network"))?;
    let deterministic = handle.capabilities().await.map_err(while_("starting the network"))?.deterministic;
    // Whoever pauses the network pauses the scenario with it.
    let patient = handle.through_pauses();
    let run = Run { asked: options.moment, ..Run::new(scenario, seed, &patient, progress) };
    let finished = unless(stop, run.finish()).await;
    let simulated = handle.now().await.map_err(while_("reading the clock"))?;
    let ended = handle.shut_down().await.map_err(while_("shutting down"));
    // What went wrong first is told: a log that cannot be written cannot be ended either.
    let finished = finished.transpose()?;
    let digest = ended?;
    let Some(finished) = finished else { return Err(RunError::Interrupted { digest, simulated }) };
    let Finished { tally, calls, snapshots, expectations, measurements, moment } = finished;
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
        calls,
        snapshots,
        expectations,
        measurements,
        moment,
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

/// What a run has found when its time is over.
struct Finished {
    tally: Tally,
    calls: Calls,
    snapshots: Vec<(String, Snapshot)>,
    expectations: Vec<Outcome>,
    measurements: Measurements,
    moment: Option<Moment>,
}

/// A run on its way.
struct Run<'a, P> {
    scenario: &'a Scenario,
    seed: u64,
    handle: &'a Handle,
    progress: P,
    cast: Cast,
    /// The nodes' ids, in the order of creation.
    ids: Vec<NodeId>,
    /// With whom each node was connected on purpose: whom it dials when it comes back.
    friends: BTreeMap<usize, BTreeSet<usize>>,
    agenda: Agenda,
    /// One stream for each entry of the timeline.
    streams: Vec<Entropy>,
    /// What entries of the timeline have imposed and not lifted, by place.
    imposed: BTreeMap<usize, RestraintId>,
    /// How many nodes each churn of the timeline is about, by place.
    churning: BTreeMap<usize, usize>,
    callers: Vec<Caller>,
    calls: Calls,
    watches: Vec<Watch>,
    snapshots: Vec<(String, Snapshot)>,
    /// The moment that is asked about, until it is there.
    asked: Option<Duration>,
    moment: Option<Moment>,
}

impl<'a, P: FnMut(Progress)> Run<'a, P> {
    fn new(scenario: &'a Scenario, seed: u64, handle: &'a Handle, progress: P) -> Self {
        let stream = |place: usize, purpose: &str| Entropy::derive(seed, place as u32, 0, purpose);
        let callers = scenario.workload.iter().enumerate();
        Self {
            scenario,
            seed,
            handle,
            progress,
            cast: Cast::draw(scenario, seed),
            ids: Vec::new(),
            friends: BTreeMap::new(),
            agenda: Agenda::new(scenario),
            streams: (0..scenario.timeline.len()).map(|place| stream(place, "scenario/timeline")).collect(),
            imposed: BTreeMap::new(),
            churning: BTreeMap::new(),
            callers: callers.map(|(place, _)| Caller::new(stream(place, "scenario/workload"))).collect(),
            calls: Calls::default(),
            watches: vec![Watch::default(); scenario.expectations.len()],
            snapshots: Vec::new(),
            asked: None,
            moment: None,
        }
    }

    async fn finish(mut self) -> Result<Finished, RunError> {
        self.set_up().await?;
        self.check_protocols().await?;
        self.pass().await?;
        self.gather_answers()?;
        let measurements = self.handle.measurements().await.map_err(while_("measuring"))?;
        let (tally, expectations) = self.judge(&measurements).await?;
        let Self { calls, snapshots, moment, .. } = self;
        Ok(Finished { tally, calls, snapshots, expectations, measurements, moment })
    }

    /// Lets the scenario's time pass, and does what is due meanwhile.
    async fn pass(&mut self) -> Result<(), RunError> {
        let (of, zero) = (self.scenario.duration, self.now().await?);
        self.begin_calls();
        while let Some((at, due)) = self.agenda.next() {
            if let Some(asked) = self.asked.take_if(|asked| *asked <= at) {
                self.note_moment(zero + asked).await?;
            }
            self.handle.advance_to(zero + at).await.map_err(while_("letting time pass"))?;
            match due {
                Due::Entry(entry) => self.begin(entry, at).await?,
                Due::Undo(entry) => self.undo(entry).await?,
                Due::Arrive { entry, node } => self.arrive(entry, node).await?,
                Due::Leave { entry, node } => self.leave(entry, node, at).await?,
                Due::Return { entry, node } => self.come_back(entry, node, at).await?,
                Due::Restore(restore) => self.restore(restore).await?,
                Due::Call(workload) => self.call(workload, at).await?,
                Due::Look(expectation) => self.look(expectation, at).await?,
                Due::Tick => (self.progress)(Progress::Passing { done: at, of }),
            }
        }
        Ok(())
    }

    async fn note_moment(&mut self, simulated: Duration) -> Result<(), RunError> {
        self.handle.advance_to(simulated).await.map_err(while_("letting time pass"))?;
        let digest = self.handle.digest().await.map_err(while_("reading the digest"))?;
        self.moment = Some(Moment { simulated, digest });
        Ok(())
    }

    async fn now(&self) -> Result<Duration, RunError> {
        self.handle.now().await.map_err(while_("reading the clock"))
    }
}
