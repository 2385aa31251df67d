//! `fork`: two futures from one past.
//!
//! The past is done again from the seed and what was asked, and held against the log that was kept of it: what would have
//! changed it is refused. From there on it is another story.

use super::diff::told;
use super::replay::{log_of, shown};
use super::report::show;
use super::run::{log_in, run_scenario};
use super::{bring, interrupt, print, print_json, runtime, source};
use crate::args::{AdapterName, Fork};
use crate::failure::{Code, Failure};
use crate::progress::Bar;
use ::node::Services;
use devp2p::Fidelity;
use serde::Serialize;
use simnet::log::{Form, LogError, LogReader, Past, Source};
use simnet::report::{Document, Origin};
use simnet::scenario::{Moment, RunOptions, Scenario};
use simnet::{NetworkConfig, Recording};
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `--json` prints of a scenario's fork.
#[derive(Debug, Serialize)]
struct Forked {
    past: Shared,
    /// `null` if nothing that was set made a difference.
    parts_at: Option<f64>,
    run: Document,
}

/// The past that both futures have.
#[derive(Debug, Serialize)]
struct Shared {
    /// The network's time, setting up included.
    seconds: f64,
    /// `null` where there is no log to count them in.
    records: Option<u64>,
    digest: String,
}

/// What `--json` prints of a session's fork.
#[derive(Debug, Serialize)]
struct ForkedSession {
    past: Shared,
    commands: usize,
    simulated_seconds: f64,
    nodes: usize,
    connections: usize,
    digest: String,
}

pub(super) fn fork(args: &Fork, services: Services) -> Result<Code, Failure> {
    let path = log_of(&args.file)?;
    match LogReader::open(&path) {
        Ok(log) => of_log(args, &path, &log, services),
        // A journal is no log either, and says so better.
        Err(LogError::NoLog { .. }) => of_journal(args, &path, services),
        Err(error) => Err(error.into()),
    }
}

// --- of a scenario -----------------------------------------------------------------------------------------------

fn of_log(args: &Fork, path: &Path, log: &LogReader, services: Services) -> Result<Code, Failure> {
    let network = &log.header().network;
    let this = env!("CARGO_PKG_VERSION");
    let bad = |what: String| Failure::new(Code::BadFile, format_args!("{}: {what}", log.path()));
    let Some(scenario) = &log.header().scenario else {
        return Err(bad("it is of a live session, and a log does not have all that was asked".to_owned())
            .remedy("fork its journal, which `serve --record FILE` writes"));
    };
    if network.p2psim != this {
        let what =
            format!("p2psim {} wrote it, this is {this}: its past may come out otherwise", network.p2psim);
        return Err(bad(what).remedy("fork it with the same version"));
    }
    if log.header().adapter != "sim-adapter" {
        return Err(bad("what processes did does not happen again".to_owned()));
    }
    let forked = compose(args, scenario, &services)?;
    if args.at > forked.duration {
        let what = format_args!("--at {:?}: the scenario ends after {:?}", args.at, forked.duration);
        return Err(Failure::new(Code::Usage, what));
    }
    let scratch = tempfile::tempdir();
    let scratch = scratch.map_err(|error| bad(format!("no temporary directory: {error}")))?;
    let (directory, form) = match &args.out {
        Some(out) => (out.as_path(), args.log_format.into()),
        None => (scratch.path(), Form::Binary),
    };
    let new = log_in(directory, form)?;
    if same_file(&new, path) {
        let what = format_args!("--out {}: there is the log that is forked", directory.display());
        return Err(Failure::new(Code::Usage, what).remedy("name another directory"));
    }
    let options = RunOptions {
        seed: Some(network.seed),
        fidelity: Some(if network.fidelity == "message" { Fidelity::Message } else { Fidelity::Wire }),
        threads: args.threads.get(),
        memory: None,
        log_file: Some(new.clone()),
        log_form: form,
        capture: None,
        services,
        moment: Some(args.at),
    };
    let (report, wall) = run_scenario(&forked, options, AdapterName::Sim, args.json, args.out.as_deref())?;
    let moment = report.moment.expect("it lies within the scenario's duration");
    let past = shared(path, &new, moment)?;
    let parts = simnet::log::diff(&mut LogReader::open(path)?, &mut LogReader::open(&new)?)?;
    let parts_at = parts.and_then(|found| {
        [found.one.record, found.other.record].into_iter().flatten().min_by_key(|record| record.time)
    });
    let parts_at = parts_at.map(|record| Duration::from_nanos(record.time));
    if args.json {
        let parts_at = parts_at.map(|at| at.as_secs_f64());
        let origin = Origin { version: this.to_owned(), wall, ..Origin::default() };
        print_json(&Forked { past, parts_at, run: Document::new(&report, &origin).short() })?;
    } else {
        let parts = match parts_at {
            Some(at) => format!("the futures part at {}", shown(at)),
            None => "the futures are the same: nothing that was set made a difference".to_owned(),
        };
        print(&format!("{}\n{parts}\n\n", past.told(moment.simulated)))?;
        print(&show(&forked, &report, wall, args.threads.get()))?;
    }
    Ok(if report.passed { Code::Done } else { Code::Failed })
}

/// The scenario with its other future.
fn compose(args: &Fork, scenario: &Source, services: &Services) -> Result<Scenario, Failure> {
    let mut text = scenario.text.clone();
    for deed in &args.then {
        let at = args.at.as_nanos();
        text.push_str(&format!("\n[[timeline]]\nat = \"{at}ns\"\n{deed}\n"));
    }
    if let Some(with) = &args.with {
        text.push('\n');
        text.push_str(&source::text(with)?);
    }
    let path = PathBuf::from(scenario.path.split(" (as ").next().unwrap_or_default());
    source::understand(&path, &text, &args.set, services)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// The past that the old log and the new one have in common, up to a moment; or where they differ.
fn shared(old: &Path, new: &Path, moment: Moment) -> Result<Shared, Failure> {
    let mut log = LogReader::open(old)?;
    let mut past = Past::default();
    // What is stamped with the moment belongs to the future.
    let last = moment.simulated.checked_sub(Duration::from_nanos(1));
    if last.is_some() {
        past.read(&mut log, last)?;
    }
    let (digest, seconds) = (log.digest(), moment.simulated.as_secs_f64());
    if digest == moment.digest {
        return Ok(Shared { seconds, records: Some(past.records()), digest: digest.to_string() });
    }
    let ends = log.ending().is_some();
    let found = simnet::log::diff(&mut LogReader::open(old)?, &mut LogReader::open(new)?)?;
    let mut what = format!("before {} the fork is not what {} tells", shown(moment.simulated), log.path());
    if ends {
        what.push_str(", which ends sooner");
    }
    if let Some(found) = found {
        eprint!("{}", told(&found, ["as it was", "as it would have been"]));
    }
    let remedy =
        "what is set may change only what comes later: --then, a duration, something that begins after it";
    Err(Failure::new(Code::Failed, what).remedy(remedy))
}

impl Shared {
    fn told(&self, until: Duration) -> String {
        let Self { records, digest, .. } = self;
        let records = records.map_or(String::new(), |records| format!("{records} records, "));
        format!("one past up to {}: {records}digest {digest}", shown(until))
    }
}

// --- of a session ------------------------------------------------------------------------------------------------

fn of_journal(args: &Fork, path: &Path, services: Services) -> Result<Code, Failure> {
    if !args.set.is_empty() || !args.then.is_empty() {
        let what = "--set and --then are about a scenario, and this is the journal of a session";
        return Err(Failure::new(Code::Usage, what).remedy("give more lines of the journal by --with FILE"));
    }
    let mut recording = Recording::open(path)?;
    let form = args.log_format.into();
    let log_file = args.out.as_deref().map(|out| log_in(out, form)).transpose()?;
    let config = NetworkConfig {
        services,
        shards: args.threads.get(),
        log_file,
        log_form: form,
        ..NetworkConfig::default()
    };
    let config = recording.config(config)?;
    let bar = Bar::new(!args.json && std::io::stderr().is_terminal());
    let document = runtime().block_on(async {
        let network = bring::start(AdapterName::Sim, config)?;
        let play = async {
            let mut commands =
                recording.play(&network, Some(args.at), |now| bar.passed(now, args.at)).await?;
            let digest = network.digest().await?.to_string();
            recording.fork(args.at, args.with.as_deref(), args.anew)?;
            let end = recording.end();
            commands += recording.play(&network, None, |now| bar.passed(now, end)).await?;
            let past = Shared { seconds: args.at.as_secs_f64(), records: None, digest };
            Ok::<_, Failure>((past, commands))
        };
        let played = tokio::select! {
            played = play => Some(played),
            () = interrupt::asked() => None,
        };
        let (simulated, tally) = (network.now().await?, network.tally().await?);
        let digest = network.shut_down().await;
        let Some(played) = played else {
            let what = format!("interrupted after {simulated:?} of simulated time");
            return Err(Failure::new(Code::Interrupted, what));
        };
        let ((past, commands), digest) = (played?, digest?.to_string());
        let (nodes, connections) = (tally.nodes_up, tally.conns_up);
        let simulated_seconds = simulated.as_secs_f64();
        Ok(ForkedSession { past, commands, simulated_seconds, nodes, connections, digest })
    })?;
    drop(bar);
    if args.json {
        print_json(&document)?;
    } else {
        let ForkedSession { past, commands, simulated_seconds, nodes, connections, digest } = &document;
        print(&format!(
            "{}\n{commands} commands, {simulated_seconds} s; {nodes} nodes and {connections} connections up; digest {digest}\n",
            past.told(args.at)
        ))?;
    }
    Ok(Code::Done)
}
