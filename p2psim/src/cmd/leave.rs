//! What a run leaves on disk beside its log: the report's files, captures, JUnit XML.
//!
//! What can be refused is refused before the run: nobody waits an hour to hear that a directory is not writable.

use super::run::{create_directory, write};
use crate::args::Run;
use crate::failure::{Code, Failure};
use simnet::capture::Capture;
use simnet::report::{self, Document, PAGE};
use simnet::scenario::{Group, RunReport, Scenario, nearest};
use std::fs::{self, File};
use std::path::Path;

/// Checks that everything asked for can be written, and answers what to capture.
pub(super) fn prepare(args: &Run, scenario: &Scenario) -> Result<Option<Capture>, Failure> {
    if let Some(directory) = &args.report {
        create_directory(&directory.join("plots"))?;
        touch(&directory.join(PAGE))?;
    }
    if let Some(file) = &args.junit {
        touch(file)?;
    }
    capture(args, scenario)
}

/// Makes sure that a file can be written: it is there afterwards.
fn touch(path: &Path) -> Result<(), Failure> {
    let opened = File::options().create(true).append(true).open(path).map(drop);
    opened.map_err(|error| {
        Failure::new(Code::BadFile, format_args!("cannot write {}: {error}", path.display()))
    })
}

fn capture(args: &Run, scenario: &Scenario) -> Result<Option<Capture>, Failure> {
    if args.pcap.is_empty() {
        return Ok(None);
    }
    let known: Vec<String> = scenario.groups.iter().flat_map(Group::names).collect();
    if let Some(name) = args.pcap.iter().find(|name| !known.contains(name)) {
        let what = format_args!("--pcap: the scenario has no node {name:?}");
        let remedy = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("its {} nodes are {} to {}", known.len(), known[0], known[known.len() - 1]),
        };
        return Err(Failure::new(Code::Usage, what).remedy(remedy));
    }
    let within = args.report.as_deref().or(args.out.as_deref()).unwrap_or(Path::new("."));
    Ok(Some(Capture { nodes: args.pcap.iter().cloned().collect(), directory: within.join("pcap") }))
}

/// Writes the report and the JUnit file, as far as they were asked for.
pub(super) fn leave(args: &Run, document: &Document, report: &RunReport) -> Result<(), Failure> {
    if let Some(directory) = &args.report {
        let files = report::files(document, &report.measurements.graph);
        for (name, text) in &files {
            write(&directory.join(name), text)?;
        }
        drop_stale(&directory.join("plots"), |name| files.iter().any(|(known, _)| known == name));
        eprintln!("report: {}", directory.join(PAGE).display());
    }
    if let Some(file) = &args.junit {
        write(file, &report::junit(document))?;
    }
    Ok(())
}

/// Removes plots of an earlier report that this one does not have.
fn drop_stale(plots: &Path, is_known: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(plots) else { return };
    for entry in entries.flatten() {
        let name = format!("plots/{}", entry.file_name().to_string_lossy());
        if name.ends_with(".svg") && !is_known(&name) {
            // It only confuses: no run fails for it.
            let _ = fs::remove_file(entry.path());
        }
    }
}
