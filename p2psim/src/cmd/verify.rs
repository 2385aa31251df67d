//! `run --verify`: the same run in another process, and both logs held against each other line by line.
//!
//! Another process, because what breaks a seed's promise (an address, a hasher's key, the environment) is mostly the
//! same within one.

use super::run::LOG;
use crate::args::{Run, fidelity_name};
use crate::failure::{Code, Failure};
use serde_json::Value;
use simnet::scenario::RunReport;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
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
        .args(["--seed", &first.seed.to_string()])
        .args(["--fidelity", fidelity_name(first.fidelity)])
        .args(["--threads", &args.threads.to_string()])
        .arg("--json")
        .arg("--out")
        .arg(scratch.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed("start the second run", error))?;
    let Ok(second) = serde_json::from_slice::<Value>(&again.stdout) else {
        let said = String::from_utf8_lossy(&again.stderr);
        return Err(Failure::new(Code::Failed, format_args!("verifying: the second run failed: {said}")));
    };
    let compared =
        compare(first_log, &scratch.path().join(LOG)).map_err(|error| failed("read the logs", error))?;
    let digests = [first.digest.to_string(), second["digest"].as_str().unwrap_or("none").to_owned()];
    let (text, equal) = judge(&compared, &digests);
    eprint!("{text}");
    Ok(equal)
}

/// How two logs compare.
#[derive(Debug, PartialEq, Eq)]
enum Compared {
    /// Equal, with so many lines.
    Equal(u64),
    /// Different from this line on, counted from 1; `None` where a log had ended.
    Different { line: u64, first: Option<String>, second: Option<String> },
}

fn judge(compared: &Compared, [first, second]: &[String; 2]) -> (String, bool) {
    match compared {
        Compared::Equal(lines) if first == second => {
            (format!("verified: two runs, {lines} lines of log each, are equal; digest {first}\n"), true)
        }
        Compared::Equal(lines) => {
            let text = "the logs are equal, the digests are not";
            (format!("p2psim: {text} ({lines} lines)\n  first:  {first}\n  second: {second}\n"), false)
        }
        Compared::Different { line, first, second } => {
            let end = || "(the log has ended)".to_owned();
            let [first, second] = [first, second].map(|line| line.clone().unwrap_or_else(end));
            let text = format!("p2psim: two runs of one seed differ from line {line} of the log on");
            (format!("{text}\n  first:  {first}\n  second: {second}\n"), false)
        }
    }
}

fn compare(first: &Path, second: &Path) -> io::Result<Compared> {
    compare_lines(BufReader::new(File::open(first)?), BufReader::new(File::open(second)?))
}

fn compare_lines(mut first: impl BufRead, mut second: impl BufRead) -> io::Result<Compared> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let shown = |line: &[u8]| (!line.is_empty()).then(|| String::from_utf8_lossy(line).trim_end().to_owned());
    for line in 1.. {
        one.clear();
        other.clear();
        first.read_until(b'\n', &mut one)?;
        second.read_until(b'\n', &mut other)?;
        if one != other {
            return Ok(Compared::Different { line, first: shown(&one), second: shown(&other) });
        }
        if one.is_empty() {
            return Ok(Compared::Equal(line - 1));
        }
    }
    unreachable!("no file has 2^64 lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found() {
        let different = |line, first: Option<&str>, second: Option<&str>| Compared::Different {
            line,
            first: first.map(String::from),
            second: second.map(String::from),
        };
        for (first, second, compared) in [
            ("", "", Compared::Equal(0)),
            ("a\nb\n", "a\nb\n", Compared::Equal(2)),
            ("a\nb\n", "a\nc\n", different(2, Some("b"), Some("c"))),
            ("a\n", "a\nb\n", different(2, None, Some("b"))),
            ("a\nb\n", "a\nb", different(2, Some("b"), Some("b"))),
        ] {
            assert_eq!(compare_lines(first.as_bytes(), second.as_bytes()).unwrap(), compared);
        }
    }

    #[test]
    fn equal_logs_with_different_digests_do_not_pass() {
        let digests = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        assert!(judge(&Compared::Equal(7), &digests("x", "x")).1);
        assert!(!judge(&Compared::Equal(7), &digests("x", "y")).1);
        let (text, equal) = judge(
            &Compared::Different { line: 3, first: Some("p".into()), second: None },
            &digests("x", "x"),
        );
        assert!(!equal && text.contains("line 3") && text.contains("  first:  p\n"), "{text}");
        assert!(text.contains("  second: (the log has ended)\n"), "{text}");
    }
}
