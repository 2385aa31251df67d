//! Experiments: scenarios that are run on request, one at a time, each in a network of its own that is on stage meanwhile.

use super::error::Refusal;
use super::stage::Stage;
use crate::dto;
use axum::http::StatusCode;
use node::Services;
use simnet::report::{Document, Origin};
use simnet::scenario::{Progress, RunError, RunOptions, RunReport, Scenario, run_on};
use simnet::{NetworkConfig, NetworkError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use world::sim::Pace;

/// Runs that are remembered; the oldest gives way.
const KEPT: usize = 100;

/// What is asked for beside the scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) seed: Option<u64>,
    pub(crate) pace: Pace,
}

/// All runs, the newest last. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    started: u64,
    runs: VecDeque<Run>,
}

#[derive(Debug)]
struct Run {
    id: u64,
    name: String,
    seed: u64,
    pace: Pace,
    state: State,
}

#[derive(Debug)]
enum State {
    Running { progress: Progress, stop: Option<oneshot::Sender<()>>, task: Option<JoinHandle<()>> },
    Ended(Box<Document>),
    Stopped(String),
    Broken(String),
}

impl Runs {
    /// Starts one; answers what is known of it.
    pub(crate) async fn start(
        &self,
        stage: &Stage,
        services: &Services,
        scenario: Scenario,
        wishes: Wishes,
    ) -> Result<dto::Run, Refusal> {
        let (stop, stopped) = oneshot::channel();
        let id = {
            let mut known = self.known();
            if let Some(run) = known.runs.iter().find(|run| matches!(run.state, State::Running { .. })) {
                let text = format!(
                    "run {} is under way: wait for it, or stop it (POST /runs/{}/stop)",
                    run.id, run.id
                );
                return Err(Refusal::new(StatusCode::CONFLICT, text));
            }
            known.started += 1;
            let id = known.started;
            let progress = Progress::Creating { done: 0, of: scenario.node_count() };
            let state = State::Running { progress, stop: Some(stop), task: None };
            let (name, seed) = (scenario.name.clone(), wishes.seed.unwrap_or(scenario.seed));
            known.runs.push_back(Run { id, name, seed, pace: wishes.pace, state });
            if known.runs.len() > KEPT {
                known.runs.pop_front();
            }
            id
        };
        let held = stage.hold().await?;
        let experiment = Experiment { id, stage: stage.clone(), runs: self.clone(), held };
        let (services, runtime) = (services.clone(), tokio::runtime::Handle::current());
        // On a thread of its own: what it awaits borrows too much to move from one to another.
        let task = tokio::task::spawn_blocking(move || {
            runtime.block_on(experiment.run(scenario, services, wishes, stopped));
        });
        if let Some(State::Running { task: place, .. }) = self.known().state(id) {
            *place = Some(task);
        }
        self.one(id)
    }

    /// What is known of all, the newest first.
    pub(crate) fn all(&self) -> Vec<dto::Run> {
        self.known().runs.iter().rev().map(Run::shown).collect()
    }

    /// What is known of one.
    pub(crate) fn one(&self, id: u64) -> Result<dto::Run, Refusal> {
        self.known().run(id).map(|run| run.shown())
    }

    /// The document of one that has come to its end.
    pub(crate) fn document(&self, id: u64) -> Result<Document, Refusal> {
        match &self.known().run(id)?.state {
            State::Ended(document) => Ok((**document).clone()),
            State::Running { .. } => {
                Err(conflict(format!("run {id} is under way: its report comes at its end")))
            }
            State::Stopped(_) => {
                Err(conflict(format!("run {id} was stopped before its end, and has no report")))
            }
            State::Broken(error) => Err(conflict(format!("run {id} has no report: {error}"))),
        }
    }

    /// Stops one and waits until it has stopped; one that has ended stays as it is.
    pub(crate) async fn stop(&self, id: u64) -> Result<dto::Run, Refusal> {
        let task = match &mut self.known().run_mut(id)?.state {
            State::Running { stop, task, .. } => {
                drop(stop.take());
                task.take()
            }
            _ => None,
        };
        if let Some(task) = task {
            // What it ended by is in its state.
            let _ = task.await;
        }
        self.one(id)
    }

    /// Stops whichever is under way.
    pub(crate) async fn stop_all(&self) {
        let running =
            self.known().runs.iter().find(|run| matches!(run.state, State::Running { .. })).map(|run| run.id);
        if let Some(id) = running {
            let _ = self.stop(id).await;
        }
    }

    /// Forgets one that has ended.
    pub(crate) fn forget(&self, id: u64) -> Result<(), Refusal> {
        let mut known = self.known();
        if let State::Running { .. } = known.run(id)?.state {
            return Err(conflict(format!("run {id} is under way: stop it first (POST /runs/{id}/stop)")));
        }
        known.runs.retain(|run| run.id != id);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that is done with it can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn conflict(text: String) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, text)
}

impl Known {
    fn run(&self, id: u64) -> Result<&Run, Refusal> {
        self.runs.iter().find(|run| run.id == id).ok_or_else(|| no_run(&id.to_string()))
    }

    fn run_mut(&mut self, id: u64) -> Result<&mut Run, Refusal> {
        self.runs.iter_mut().find(|run| run.id == id).ok_or_else(|| no_run(&id.to_string()))
    }

    fn state(&mut self, id: u64) -> Option<&mut State> {
        self.run_mut(id).ok().map(|run| &mut run.state)
    }
}

/// There is no such run.
pub(crate) fn no_run(id: &str) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("there is no run {id}: GET /runs lists those that are remembered"),
    )
}

impl Run {
    fn shown(&self) -> dto::Run {
        let mut shown = dto::Run {
            id: self.id,
            name: self.name.clone(),
            seed: self.seed,
            pace: self.pace.to_string(),
            state: "running".to_owned(),
            progress: 1.0,
            ..dto::Run::default()
        };
        match &self.state {
            State::Running { progress, .. } => (shown.doing, shown.progress) = told(*progress),
            State::Ended(document) => {
                shown.state = if document.passed { "passed" } else { "failed" }.to_owned();
                shown.digest = Some(document.digest.clone());
                shown.simulated_seconds = Some(document.simulated_seconds);
                shown.wall_seconds = Some(document.wall_seconds);
                let outcomes = document.expectations.iter().map(|outcome| dto::Outcome {
                    name: outcome.name.clone(),
                    passed: outcome.passed,
                    detail: outcome.detail.clone(),
                });
                shown.expectations = outcomes.collect();
            }
            State::Stopped(how) => (shown.state, shown.error) = ("stopped".to_owned(), Some(how.clone())),
            State::Broken(error) => (shown.state, shown.error) = ("broken".to_owned(), Some(error.clone())),
        }
        shown
    }
}

/// What is being done, and how much of the run that is: setting up is a tenth of it.
fn told(progress: Progress) -> (String, f64) {
    let share = |done: f64, of: f64| if of > 0.0 { done / of } else { 1.0 };
    match progress {
        Progress::Creating { done, of } => {
            (format!("creating {of} nodes"), 0.05 * share(done as f64, of as f64))
        }
        Progress::Starting { nodes } => (format!("starting {nodes} nodes"), 0.05),
        Progress::Connecting { connections } => (format!("making {connections} connections"), 0.08),
        Progress::Passing { done, of } => {
            let text = format!("{done:?} of {of:?}");
            (text, 0.1 + 0.9 * share(done.as_secs_f64(), of.as_secs_f64()))
        }
    }
}

/// A run under way.
struct Experiment {
    id: u64,
    stage: Stage,
    runs: Runs,
    /// Whether the server's own network was made to stand still for it.
    held: bool,
}

impl Experiment {
    async fn run(
        self,
        scenario: Scenario,
        services: Services,
        wishes: Wishes,
        stopped: oneshot::Receiver<()>,
    ) {
        let begun = Instant::now();
        let options = RunOptions { seed: wishes.seed, services, ..RunOptions::default() };
        let start = |config: NetworkConfig| -> Result<_, NetworkError> {
            let network = simnet::start(NetworkConfig { pace: wishes.pace, ..config })?;
            self.stage.put_on(network.clone(), &self.id.to_string());
            // Whoever watches may pause it.
            Ok(network.through_pauses())
        };
        let stop = async { drop(stopped.await) };
        let ran = run_on(&scenario, options, start, stop, |progress| self.progress(progress)).await;
        let state = match ran {
            Ok(report) => State::Ended(Box::new(self.document(&scenario, &report, begun))),
            Err(error @ RunError::Interrupted { .. }) => State::Stopped(error.to_string()),
            Err(error) => State::Broken(error.to_string()),
        };
        if let Some(place) = self.runs.known().state(self.id) {
            *place = state;
        }
        self.stage.clear();
        if self.held
            && let Err(error) = self.stage.let_go().await
        {
            tracing::warn!(target: "api", %error, "the server's own network stays as it is");
        }
    }

    fn progress(&self, now: Progress) {
        if let Some(State::Running { progress, .. }) = self.runs.known().state(self.id) {
            *progress = now;
        }
    }

    fn document(&self, scenario: &Scenario, report: &RunReport, begun: Instant) -> Document {
        let origin = Origin {
            question: scenario.question.clone(),
            command: format!("p2psim run {}.toml --seed {}", scenario.name, report.seed),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parameters: scenario.parameters.clone().into_iter().collect(),
            text: scenario.text().to_owned(),
            wall: begun.elapsed(),
        };
        Document::new(report, &origin)
    }
}
