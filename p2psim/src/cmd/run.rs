//! `run`: a scenario, from its file to its report.

use super::report::show;
use super::{bring, interrupt, leave, print, print_json, runtime, source, sweep, to_line, verify};
use crate::args::{AdapterName, Run, fidelity_name};
use crate::clock::Stopwatch;
use crate::failure::{Code, Failure, code_of};
use crate::progress::Bar;
use ::node::Services;
use simnet::log::Form;
use simnet::report::{Document, Origin};
use simnet::scenario::{self, RunError, RunOptions, RunReport, Scenario};
use std::fmt;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) fn run(args: &Run, services: Services) -> Result<Code, Failure> {
    let path = args.scenario.as_deref().expect("the command line has a scenario where it has no journal");
    if args.is_sweep() {
        return sweep::sweep(args, path, &services);
    }
    let mut scenario = source::read(path, &args.set, &services)?;
    let adapter = bring::for_scenario(args.adapter, &scenario);
    bring::name_usual(args.adapter, &mut scenario);
    let simulated = [
        ("--verify", args.verify),
        ("--fidelity", args.fidelity.is_some()),
        ("--pcap", !args.pcap.is_empty()),
    ];
    bring::check(adapter, &simulated)?;
    let capture = leave::prepare(args, &scenario)?;
    // The first log of a comparison is kept only if it was asked for.
    let scratch = args
        .verify
        .then(tempfile::tempdir)
        .transpose()
        .map_err(|error| no_directory("a temporary", error))?;
    let directory = args.out.as_deref().or(scratch.as_ref().map(|scratch| scratch.path()));
    let form = args.log_format.into();
    let log = directory.map(|directory| log_in(directory, form)).transpose()?;
    let options = RunOptions {
        seed: args.seed,
        fidelity: args.fidelity.map(Into::into),
        threads: args.threads.get(),
        memory: args.memory.map(|memory| memory.0),
        log_file: log.clone(),
        log_form: form,
        capture,
        services,
        moment: None,
    };
    let (report, wall) = run_scenario(&scenario, options, adapter, args.json, args.out.as_deref())?;
    let document = Document::new(&report, &origin(path, args, &scenario, &report, wall));
    leave::leave(args, &document, &report)?;
    let document = document.short();
    if let Some(out) = &args.out {
        write(&out.join("result.json"), &to_line(&document))?;
        for (name, snapshot) in &report.snapshots {
            write(&out.join(format!("{name}.snapshot.json")), &to_line(&api::dto::Snapshot::from(snapshot)))?;
        }
    }
    if args.json {
        print_json(&document)?;
    } else {
        // Without latency there is nothing by which shards could run apart.
        let threads = if scenario.link.latency.is_zero() { 1 } else { args.threads.get() };
        print(&show(&scenario, &report, wall, threads))?;
    }
    if !report.passed {
        eprintln!("to see it again: {}", again(path, args, &report));
    }
    let equal = match log {
        Some(log) if args.verify => verify::verify(path, args, &report, &log)?,
        _ => true,
    };
    Ok(if report.passed && equal { Code::Done } else { Code::Failed })
}

/// Runs a scenario, and shows how far it is unless the output is for a program.
pub(super) fn run_scenario(
    scenario: &Scenario,
    options: RunOptions,
    adapter: AdapterName,
    json: bool,
    out: Option<&Path>,
) -> Result<(RunReport, Duration), Failure> {
    let watch = Stopwatch::start();
    let start = |config| bring::start(adapter, config);
    let bar = Bar::new(!json && std::io::stderr().is_terminal());
    let ran = runtime().block_on(async {
        scenario::run_on(scenario, options, start, interrupt::asked(), |progress| bar.show(progress)).await
    });
    drop(bar);
    let report = ran.map_err(|error| match error {
        RunError::Scenario(error) => Failure::Scenario(error),
        RunError::Network { ref error, .. } if code_of(error) != Code::Failed => {
            Failure::new(code_of(error), error)
        }
        RunError::Network { .. } => Failure::new(Code::Failed, error),
        RunError::Interrupted { .. } => {
            let failure = Failure::new(Code::Interrupted, error);
            match out {
                Some(out) => failure.remedy(format!("the log up to there is in {}", out.display())),
                None => failure,
            }
        }
    })?;
    Ok((report, watch.elapsed()))
}

/// What of a run its report does not know.
fn origin(path: &Path, args: &Run, scenario: &Scenario, report: &RunReport, wall: Duration) -> Origin {
    let threads = ("threads".to_owned(), args.threads.to_string());
    Origin {
        question: scenario.question.clone(),
        command: again(path, args, report),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parameters: scenario.parameters.clone().into_iter().chain([threads]).collect(),
        text: scenario.text().to_owned(),
        wall,
    }
}

/// The line that runs exactly this again.
fn again(path: &Path, args: &Run, report: &RunReport) -> String {
    let mut line = format!("p2psim run {} --seed {}", path.display(), report.seed);
    for setting in &args.set {
        line.push_str(&format!(" --set '{setting}'"));
    }
    if args.adapter != AdapterName::Sim {
        line.push_str(&format!(" --adapter {}", args.adapter));
    }
    if args.fidelity.is_some() {
        line.push_str(&format!(" --fidelity {}", fidelity_name(report.fidelity)));
    }
    line
}

/// The path of a log in a directory, which is created. A log of another form that was there goes: of one run there is
/// one.
pub(super) fn log_in(directory: &Path, form: Form) -> Result<PathBuf, Failure> {
    create_directory(directory)?;
    for other in Form::ALL.into_iter().filter(|other| *other != form) {
        // Mostly there is none; one that cannot be removed is no worse than before.
        let _ = fs::remove_file(directory.join(other.file_name()));
    }
    Ok(directory.join(form.file_name()))
}

pub(super) fn create_directory(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| no_directory(directory.display(), error))
}

fn no_directory(directory: impl fmt::Display, error: std::io::Error) -> Failure {
    Failure::new(Code::BadFile, format_args!("cannot create {directory} directory: {error}"))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        Failure::new(Code::BadFile, format_args!("cannot write {}: {error}", path.display()))
    })
}
