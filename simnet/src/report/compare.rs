//! Two runs side by side: what differs, in numbers and in pictures.

use super::document::{Document, QuantityRow};
use super::html::{Shell, figure, section, table};
use super::plots::distribution;
use crate::markup::escape;
use crate::plot::{Plot, Unit};
use serde::Serialize;

/// One number of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delta {
    /// What it is of.
    pub name: String,
    /// Which number: `p50`, `sent`…
    pub what: &'static str,
    /// Its unit, if it has one.
    pub unit: String,
    /// The first run's; nothing where it has none.
    pub first: Option<f64>,
    /// The second run's.
    pub second: Option<f64>,
}

impl Delta {
    /// By how much the second is larger, as a share of the first; nothing where that says nothing.
    pub fn change(&self) -> Option<f64> {
        let (first, second) = (self.first?, self.second?);
        (first != 0.0).then(|| (second - first) / first.abs())
    }

    /// The three as they are shown: first, second, change.
    pub fn shown(&self) -> [String; 3] {
        let unit = Unit::named(&self.unit);
        let of = |value: Option<f64>| value.map_or("–".to_owned(), |value| unit.write(value));
        let change = match (self.first, self.second, self.change()) {
            (Some(first), Some(second), _) if first == second => "=".to_owned(),
            (_, _, Some(change)) => format!("{:+.1} %", change * 100.0),
            _ => String::new(),
        };
        [of(self.first), of(self.second), change]
    }
}

/// Two runs, compared.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What the two are called.
    pub names: [String; 2],
    /// Whether both have the same digest: then they are the same run.
    pub same: bool,
    /// The numbers.
    pub deltas: Vec<Delta>,
    /// Expectations that came out differently, or that one of them does not have: name, and how it came out in each.
    pub verdicts: Vec<(String, [Option<bool>; 2])>,
}

/// Compares two runs.
pub fn compare(first: (&str, &Document), second: (&str, &Document)) -> Comparison {
    let (names, documents) = ([first.0.to_owned(), second.0.to_owned()], [first.1, second.1]);
    let mut deltas = totals(documents);
    for name in both(documents, |document| document.quantities.keys()) {
        let rows = documents.map(|document| document.quantities.get(name).filter(|row| row.count > 0));
        let unit = rows.into_iter().flatten().next().map_or(String::new(), |row| row.unit.clone());
        let of = |what, value: fn(&QuantityRow) -> Option<f64>| {
            let [first, second] = rows.map(|row| row.and_then(value));
            Delta { name: name.clone(), what, unit: unit.clone(), first, second }
        };
        let single = rows.into_iter().flatten().all(|row| row.count == 1);
        deltas.push(of(if single { "value" } else { "p50" }, |row| row.p50));
        if !single {
            deltas.extend([
                of("p95", |row| row.p95),
                of("p99", |row| row.p99),
                of("mean", |row| Some(row.mean)),
            ]);
        }
    }
    let [one, other] = documents;
    let same = one.digest == other.digest && one.digest != "none";
    Comparison { names, same, deltas, verdicts: verdicts(documents) }
}

/// The names that either has, once each, those of the first first.
fn both<'a, I: Iterator<Item = &'a String>>(
    documents: [&'a Document; 2],
    names: impl Fn(&'a Document) -> I,
) -> Vec<&'a String> {
    let mut all: Vec<&String> = documents.into_iter().flat_map(names).collect();
    all.sort();
    all.dedup();
    all
}

fn totals(documents: [&Document; 2]) -> Vec<Delta> {
    let delta = |name: &str, what, unit: &str, of: fn(&Document) -> f64| {
        let [first, second] = documents.map(|document| Some(of(document)));
        Delta { name: name.to_owned(), what, unit: unit.to_owned(), first, second }
    };
    vec![
        delta("nodes", "up", "", |document| document.nodes as f64),
        delta("connections", "up", "", |document| document.connections as f64),
        delta("peers", "lost", "", |document| document.drops as f64),
        delta("messages", "sent", "", |document| {
            document.messages.iter().map(|row| row.sent).sum::<u64>() as f64
        }),
        delta("bytes", "sent", "B", |document| {
            document.messages.iter().map(|row| row.wire_bytes).sum::<u64>() as f64
        }),
        delta("time", "simulated", "s", |document| document.simulated_seconds),
    ]
}

fn verdicts([first, second]: [&Document; 2]) -> Vec<(String, [Option<bool>; 2])> {
    let verdict = |document: &Document, name: &str| {
        document.expectations.iter().find(|outcome| outcome.name == name).map(|outcome| outcome.passed)
    };
    let mut names: Vec<&str> =
        first.expectations.iter().chain(&second.expectations).map(|outcome| outcome.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let of = names.into_iter().map(|name| (name.to_owned(), [verdict(first, name), verdict(second, name)]));
    of.filter(|(_, [one, other])| one != other).collect()
}

/// The page of a comparison.
pub fn html(comparison: &Comparison, documents: [&Document; 2]) -> String {
    let [first, second] = comparison.names.each_ref().map(|name| escape(name));
    let mut body = String::new();
    if comparison.same {
        body.push_str("<p>Both have the same digest: they are the same run.</p>");
    }
    section(&mut body, "expectations that came out differently", &verdict_rows(comparison));
    let plots = overlaid(comparison, documents);
    let figures: String = plots.iter().map(figure).collect();
    if !figures.is_empty() {
        section(&mut body, "distributions", &format!("<div class=\"plots\">{figures}</div>"));
    }
    let head = format!(
        "<th>quantity</th><th></th><th class=\"n\">{first}</th><th class=\"n\">{second}</th><th class=\"n\">change</th>"
    );
    let rows = comparison.deltas.iter().map(|delta| {
        let [one, other, change] = delta.shown();
        format!(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{one}</td><td class=\"n\">{other}</td><td class=\"n\">{change}</td></tr>",
            escape(&delta.name),
            delta.what
        )
    });
    section(&mut body, "numbers", &table(&head, rows));
    for (name, document) in comparison.names.iter().zip(documents) {
        let line = format!("<p>{}</p><pre>{}</pre>", escape(name), escape(&document.command));
        section(&mut body, "to repeat it", &line);
    }
    let title = format!("{} and {}", comparison.names[0], comparison.names[1]);
    let shell = Shell {
        title: &title,
        question: None,
        verdict: None,
        body,
        plots: plots.iter().collect(),
        data: comparison,
    };
    shell.page()
}

fn verdict_rows(comparison: &Comparison) -> String {
    if comparison.verdicts.is_empty() {
        return String::new();
    }
    let word = |passed: Option<bool>| match passed {
        Some(true) => "<td class=\"good\">ok</td>",
        Some(false) => "<td class=\"bad\">FAILED</td>",
        None => "<td class=\"none\">not there</td>",
    };
    let [first, second] = comparison.names.each_ref().map(|name| escape(name));
    let rows = comparison.verdicts.iter().map(|(name, [one, other])| {
        format!("<tr><td class=\"text\">{}</td>{}{}</tr>", escape(name), word(*one), word(*other))
    });
    table(&format!("<th>expected</th><th>{first}</th><th>{second}</th>"), rows)
}

/// The distributions of what both, or either, have measured, one plot for each quantity.
fn overlaid(comparison: &Comparison, documents: [&Document; 2]) -> Vec<Plot> {
    let names = both(documents, |document| document.quantities.keys());
    let plots = names.into_iter().filter_map(|name| {
        let rows = documents.map(|document| document.quantities.get(name).filter(|row| row.cdf.len() > 1));
        let curves: Vec<(&str, &QuantityRow)> =
            comparison.names.iter().zip(rows).filter_map(|(of, row)| Some((of.as_str(), row?))).collect();
        (!curves.is_empty()).then(|| distribution(name, &curves))
    });
    // How items spread is what most people look for.
    let (mut first, rest): (Vec<Plot>, Vec<Plot>) =
        plots.partition(|plot| plot.title().ends_with(": propagation"));
    first.extend(rest);
    first
}
