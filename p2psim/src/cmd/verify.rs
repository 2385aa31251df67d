//! `run --verify`: the same run in another process, and both logs held against each other record by record.
//!
//! Another process, because what breaks a seed's promise (an address, a hasher's key, the environment) is mostly the
//! same within one.

use super::diff::told;
use crate::args::{Run, fidelity_name};
use crate::failure::{Code, Failure};
use serde_json::Value;
use simnet::log::{Form, LogReader};
use simnet::scenario::RunReport;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs again and compares; tells what it found, on standard error. True if all is equal.
pub(super) fn verify(
    scenario: &Path,
    args: &Run,
    first: &RunReport,
    first_log: &Path,
) -> Result<bool, Failure> {
    let failed = |doing: &str, error: io::Error| {
        Failure::new(Code::Failed, format_args!("verifying: cannot {doing}: {error}"))
    };
    let scratch = tempfile::tempdir().map_err(|error| failed("create a temporary directory", error))?;
    let program = std::env::current_exe().map_err(|error| failed("find this program", error))?;
    let again = Command::new(program)
        .arg("run")
        .arg(scenario)
        .args(args.set.iter().map(|setting| format!("--set={setting}")))
        .args(["--seed", &first.seed.to_string()])
        .args(["--fidelity", fidelity_name(first.fidelity)])
        .args(["--threads", &args.threads.to_string()])
        .args(["--json", "--log-format", "binary"])
        .arg("--out")
        .arg(scratch.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed("start the second run", error))?;
    let Ok(second) = serde_json::from_slice::<Value>(&again.stdout) else {
        let said = String::from_utf8_lossy(&again.stderr);
        return Err(Failure::new(Code::Failed, format_args!("verifying: the second run failed: {said}")));
    };
    let (mut one, mut other) =
        (LogReader::open(first_log)?, LogReader::open(&scratch.path().join(Form::Binary.file_name()))?);
    if let Some(difference) = simnet::log::diff(&mut one, &mut other)? {
        eprint!("p2psim: two runs of one seed differ\n{}", told(&difference, ["first", "second"]));
        return Ok(false);
    }
    let (first, second) = (first.digest.to_string(), second["digest"].as_str().unwrap_or("none"));
    let records = one.records();
    if first != second {
        eprintln!("p2psim: the logs are equal, the digests are not ({records} records)");
        eprintln!("  first:  {first}\n  second: {second}");
        return Ok(false);
    }
    eprintln!("verified: two runs, {records} records each, are equal; digest {first}");
    Ok(true)
}
