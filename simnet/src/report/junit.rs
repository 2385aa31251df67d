//! A run as JUnit XML, which continuous integration shows: the scenario is a suite, each expectation a test.

use super::document::Document;
use crate::markup::escape;
use std::fmt::Write;

/// The file's text.
pub fn junit(document: &Document) -> String {
    let name = escape(&document.scenario);
    let seconds = format!("{:.3}", document.wall_seconds);
    let failures = document.expectations.iter().filter(|outcome| !outcome.passed).count();
    let tests = document.expectations.len().max(1);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"p2psim\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds}\">\n  \
         <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds}\">\n    \
         <properties>\n"
    );
    for (key, value) in [
        ("seed", document.seed.to_string().as_str()),
        ("digest", &document.digest),
        ("command", &document.command),
    ] {
        let _ = writeln!(xml, "      <property name=\"{key}\" value=\"{}\"/>", escape(value));
    }
    xml.push_str("    </properties>\n");
    if document.expectations.is_empty() {
        let _ =
            writeln!(xml, "    <testcase classname=\"{name}\" name=\"runs to its end\" time=\"{seconds}\"/>");
    }
    for outcome in &document.expectations {
        // The time is the run's: what is expected of its end takes all of it.
        let _ = write!(
            xml,
            "    <testcase classname=\"{name}\" name=\"{}\" time=\"{seconds}\"",
            escape(&outcome.name)
        );
        if outcome.passed {
            xml.push_str("/>\n");
            continue;
        }
        let (detail, command) = (escape(&outcome.detail), escape(&document.command));
        let _ = write!(
            xml,
            ">\n      <failure type=\"expectation\" message=\"{detail}\">{detail}\nto see it again: {command}</failure>\n    </testcase>\n"
        );
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}
