//! The threads that run a sweep's runs, each one run after the other.

use super::super::{interrupt, runtime};
use super::plan::Plan;
use super::sum::Sample;
use crate::args::Run;
use crate::failure::{Code, Failure};
use ::node::Services;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use simnet::scenario::{self, RunError, RunOptions, RunReport};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A run that is done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) point: usize,
    pub(super) seed: u64,
    pub(super) passed: bool,
    /// The names of expectations that did not hold.
    pub(super) missed: Vec<String>,
    /// Whether another process came to the same digest, if that was asked.
    pub(super) verified: bool,
    pub(super) digest: String,
    /// What was measured.
    pub(super) sample: Sample,
}

/// What became of all.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Those that are done, in the order of the plan.
    pub(super) runs: Vec<Done>,
    pub(super) interrupted: bool,
}

/// Runs them.
///
/// # Errors
/// The first run that could not be done ends all.
pub(super) fn run(plan: &Plan, args: &Run, services: &Services) -> Result<Outcome, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = args.jobs.map_or(cores, NonZeroUsize::get).min(plan.runs.len());
    let (stop, stopped) = watch::channel(false);
    let (news, mut arriving) = mpsc::unbounded_channel();
    let next = AtomicUsize::new(0);
    let bar = bar(plan.runs.len(), args);
    let outcome = Mutex::new((Vec::new(), None::<Failure>));
    let mut interrupted = false;
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (news, stopped, next, outcome) = (news.clone(), stopped.clone(), &next, &outcome);
            scope.spawn(move || {
                while !*stopped.borrow() {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(point, seed)) = plan.runs.get(place) else { break };
                    let done = one(plan, args, services, (point, seed), stopped.clone());
                    let mut outcome = outcome.lock().expect("nobody panics while holding it");
                    match done {
                        Ok(done) => outcome.0.push((place, done)),
                        Err(RunFailed::Stopped) => break,
                        // The first is told; that others end after it is its own doing.
                        Err(RunFailed::Failed(failure)) => drop(outcome.1.get_or_insert(failure)),
                    }
                    let _ = news.send(outcome.1.is_some());
                }
            });
        }
        drop(news);
        interrupted = runtime().block_on(async {
            let asked = interrupt::asked();
            tokio::pin!(asked);
            loop {
                tokio::select! {
                    biased;
                    told = arriving.recv() => match told {
                        Some(false) => bar.inc(1),
                        Some(true) => drop(stop.send(true)),
                        None => return false,
                    },
                    () = &mut asked => {
                        let _ = stop.send(true);
                        return true;
                    }
                }
            }
        });
    });
    bar.finish_and_clear();
    let (mut runs, failure) = outcome.into_inner().expect("nobody panicked while holding it");
    if let Some(failure) = failure {
        return Err(failure);
    }
    runs.sort_by_key(|(place, _)| *place);
    Ok(Outcome { runs: runs.into_iter().map(|(_, run)| run).collect(), interrupted })
}

fn bar(runs: usize, args: &Run) -> ProgressBar {
    let shown = !args.json && std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(runs as u64), target);
    let style = ProgressStyle::with_template("{pos} of {len} runs [{bar:30}] {elapsed}, {eta} to go");
    bar.set_style(style.expect("the template is constant").progress_chars("=> "));
    if shown {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

enum RunFailed {
    Stopped,
    Failed(Failure),
}

fn one(
    plan: &Plan,
    args: &Run,
    services: &Services,
    (point, seed): (usize, u64),
    mut stopped: watch::Receiver<bool>,
) -> Result<Done, RunFailed> {
    let options = RunOptions {
        seed: Some(seed),
        fidelity: args.fidelity.map(Into::into),
        threads: args.threads.get(),
        memory: args.memory.map(|memory| memory.0),
        services: services.clone(),
        ..RunOptions::default()
    };
    let stop = async move {
        // Whoever could say so has gone only when all is done.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let ran = runtime().block_on(scenario::run(&plan.points[point].scenario, options, stop, |_| {}));
    let report = ran.map_err(|error| match error {
        RunError::Interrupted { .. } => RunFailed::Stopped,
        RunError::Scenario(error) => RunFailed::Failed(Failure::Scenario(error)),
        RunError::Network { .. } => {
            let values = plan.varied.iter().zip(&plan.points[point].values);
            let at: String = values.map(|(name, value)| format!("{name} {value}, ")).collect();
            RunFailed::Failed(Failure::new(Code::Failed, format_args!("{at}seed {seed}: {error}")))
        }
    })?;
    let verified = !args.verify || verify(plan, args, point, &report).map_err(RunFailed::Failed)?;
    let missed = report.expectations.iter().filter(|outcome| !outcome.passed);
    Ok(Done {
        point,
        seed,
        passed: report.passed,
        missed: missed.map(|outcome| outcome.name.clone()).collect(),
        verified,
        digest: report.digest.to_string(),
        sample: Sample::of(&report),
    })
}

/// Whether another process comes to the same digest: what breaks a seed's promise is mostly the same within one.
fn verify(plan: &Plan, args: &Run, point: usize, report: &RunReport) -> Result<bool, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(Code::Failed, format_args!("verifying: {why}"));
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let again = Command::new(program)
        .arg("run")
        .arg(args.scenario.as_deref().expect("a sweep has a scenario"))
        .args(plan.options(args, point))
        .args(["--seed", &report.seed.to_string(), "--threads", &args.threads.to_string(), "--json"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(&error))?;
    let second: serde_json::Value = serde_json::from_slice(&again.stdout).map_err(|_| {
        failed(&format_args!("the second run failed: {}", String::from_utf8_lossy(&again.stderr)))
    })?;
    Ok(second["digest"] == report.digest.to_string().as_str())
}
