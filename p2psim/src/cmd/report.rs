//! A run's report, as it is printed.

use super::bring;
use crate::args::fidelity_name;
use crate::table::table;
use simnet::plot::Unit;
use simnet::report::MessageRow;
use simnet::scenario::{Calls, Outcome, RunReport, Scenario};
use simnet::{Measurements, MessageCount};
use std::fmt::Write;
use std::time::Duration;

pub(super) fn message_rows(counts: &[MessageCount]) -> Vec<MessageRow> {
    counts.iter().map(MessageRow::from).collect()
}

/// The page.
pub(super) fn show(scenario: &Scenario, report: &RunReport, wall: Duration, threads: usize) -> String {
    let mut page = report.scenario.clone();
    if let Some(question) = &scenario.question {
        write!(page, ": {question}").expect("a String takes all");
    }
    page.push_str("\n\n");
    let fidelity = fidelity_name(report.fidelity);
    let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    let row = |name: &str, value: String| [name.to_owned(), value];
    let mut facts = vec![
        row("NODES", report.nodes.to_string()),
        row("CONNECTIONS", report.connections.to_string()),
        row("DROPS", report.drops.to_string()),
        // Processes live in real time.
        row(if report.deterministic { "SIMULATED" } else { "TIME" }, seconds(report.simulated)),
        row("WALL", format!("{} on {threads}", seconds(wall))),
        row("SEED", format!("{}, {fidelity} fidelity", report.seed)),
        row("DIGEST", bring::shown(report.digest, report.deterministic)),
    ];
    if !scenario.workload.is_empty() {
        facts.push(row("CALLS", calls(&report.calls)));
    }
    if !scenario.parameters.is_empty() {
        let parameters = scenario.parameters.iter().map(|(name, value)| format!("{name} = {value}"));
        facts.push(row("PARAMETERS", parameters.collect::<Vec<_>>().join(", ")));
    }
    page.push_str(&table(&facts));
    page.push('\n');
    page.push_str(&messages(&report.messages));
    page.push_str(&measured(&report.measurements));
    if !report.expectations.is_empty() {
        page.push('\n');
        page.push_str(&expectations(&report.expectations));
    }
    page
}

/// What became of a workload's calls.
fn calls(calls: &Calls) -> String {
    let mut text = calls.made.to_string();
    if calls.failed > 0 {
        let first = calls.first_error.as_deref().unwrap_or_default();
        write!(text, ", {} of them failed, the first by {first}", calls.failed).expect("a String takes all");
    }
    if calls.passed_over > 0 {
        write!(text, "; {} times nobody was up to be called", calls.passed_over).expect("a String takes all");
    }
    text
}

/// Messages by protocol and code, and their sum.
pub(super) fn messages(counts: &[MessageCount]) -> String {
    if counts.is_empty() {
        return "no messages\n".into();
    }
    let mut rows = vec![["PROTOCOL", "CODE", "SENT", "RECEIVED", "PAYLOAD", "ON THE WIRE"].map(String::from)];
    let [mut sent, mut received, mut bytes, mut wire] = [0; 4];
    for row in message_rows(counts) {
        (sent, received) = (sent + row.sent, received + row.received);
        (bytes, wire) = (bytes + row.bytes, wire + row.wire_bytes);
        rows.push([
            format!("{}/{}", row.protocol, row.version),
            row.code.to_string(),
            row.sent.to_string(),
            row.received.to_string(),
            size(row.bytes),
            size(row.wire_bytes),
        ]);
    }
    if counts.len() > 1 {
        rows.push([
            "all".into(),
            String::new(),
            sent.to_string(),
            received.to_string(),
            size(bytes),
            size(wire),
        ]);
    }
    table(&rows)
}

/// What protocols did, and what keeps them from it; a report has the rest.
fn measured(measurements: &Measurements) -> String {
    let shown = |name: &str| name.contains('/') || matches!(name, "queueing-delay" | "path-length");
    let chosen = measurements.quantities().filter(|(name, quantity)| shown(name) && quantity.count() > 0);
    let mut rows = vec![["MEASURED", "SAMPLES", "P50", "P95", "P99", "MAX", "UNIT"].map(String::from)];
    for (name, quantity) in chosen {
        let unit = Unit::named(quantity.unit());
        let [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1.0]
            .map(|q| quantity.quantile(q).map_or(String::new(), |value| unit.write(value)));
        let named = match unit {
            Unit::Named(name) => name,
            _ => String::new(),
        };
        rows.push([name.to_owned(), quantity.count().to_string(), p50, p95, p99, max, named]);
    }
    if rows.len() == 1 { String::new() } else { format!("\n{}", table(&rows)) }
}

fn expectations(outcomes: &[Outcome]) -> String {
    let row = |outcome: &Outcome| {
        let word = if outcome.passed { "ok" } else { "FAILED" };
        [word.to_owned(), outcome.name.clone(), outcome.detail.clone()]
    };
    table(&outcomes.iter().map(row).collect::<Vec<_>>())
}

/// Seconds, with the digits that matter.
pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s >= 100.0 => format!("{s:.1} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s => format!("{:.1} ms", s * 1e3),
    }
}

/// Bytes, with the digits that matter.
fn size(bytes: u64) -> String {
    const STEPS: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let count = bytes as f64;
    match STEPS.iter().find(|(step, _)| count >= *step) {
        Some((step, unit)) => format!("{:.1} {unit}", count / step),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simnet::tally::Count;

    #[test]
    fn sizes_and_times() {
        for (bytes, text) in
            [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_234_567, "1.2 MB"), (5_000_000_000, "5.0 GB")]
        {
            assert_eq!(size(bytes), text);
        }
        for (nanos, text) in
            [(1_500_000, "1.5 ms"), (60_150_000_000, "60.15 s"), (3_600_000_000_000, "3600.0 s")]
        {
            assert_eq!(seconds(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn messages_are_summed() {
        let count = |messages, bytes, wire_bytes| Count { messages, bytes, wire_bytes };
        let row = |code, sent, received| MessageCount {
            protocol: "ping-pong".into(),
            version: 1,
            code,
            sent,
            received,
        };
        let counts =
            [row(0, count(10, 50, 480), count(9, 45, 432)), row(1, count(9, 45, 432), count(9, 45, 432))];
        assert_eq!(
            messages(&counts),
            "PROTOCOL     CODE  SENT  RECEIVED  PAYLOAD  ON THE WIRE\n\
             ping-pong/1  0     10    9         50 B     480 B\n\
             ping-pong/1  1     9     9         45 B     432 B\n\
             all                19    18        95 B     912 B\n"
        );
        assert_eq!(messages(&[]), "no messages\n");
    }

    #[test]
    fn outcomes_line_up() {
        let outcome =
            |name: &str, passed, detail: &str| Outcome { name: name.into(), passed, detail: detail.into() };
        assert_eq!(
            expectations(&[outcome("a", true, "1"), outcome("longer", false, "2, wanted exactly 3")]),
            "ok      a       1\nFAILED  longer  2, wanted exactly 3\n"
        );
    }
}
