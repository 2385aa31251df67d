//! A run as a page: one file that needs nothing else and opens from a disk.

use super::document::{Document, More, QuantityRow};
use super::plots;
use crate::markup::{escape, json_in_html};
use crate::plot::{self, Plot, Unit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What surrounds the content of a page.
pub(super) struct Shell<'a, T> {
    pub(super) title: &'a str,
    pub(super) question: Option<&'a str>,
    /// The word beside the title, and whether it is a good one.
    pub(super) verdict: Option<(&'a str, bool)>,
    pub(super) body: String,
    pub(super) plots: Vec<&'a Plot>,
    pub(super) data: &'a T,
}

impl<T: Serialize> Shell<'_, T> {
    pub(super) fn page(&self) -> String {
        let hash = STANDARD.encode(Sha256::digest(SCRIPT));
        let title = escape(self.title);
        let verdict = self.verdict.map_or(String::new(), |(word, is_good)| {
            format!("<span class=\"verdict {}\">{word}</span>", if is_good { "good" } else { "bad" })
        });
        let question = self.question.map_or(String::new(), |text| format!("<p>{}</p>", escape(text)));
        let curves: Vec<_> = self.plots.iter().map(|plot| plot.script_data()).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>\n{}\n{STYLE}</style>\n</head>\n<body>\n\
             <header><h1>{title}</h1>{verdict}<span class=\"tools\"><button id=\"json\">JSON</button>\
             <button id=\"theme\">light / dark</button></span>{question}</header>\n{}\
             <script type=\"application/json\" id=\"report\">{}</script>\n\
             <script type=\"application/json\" id=\"plots\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            plot::PARTS,
            self.body,
            json_in_html(self.data),
            json_in_html(&curves),
        )
    }
}

/// The page of a run.
pub fn html(document: &Document) -> String {
    let plots = plots::of_run(document);
    let mut body = facts(document);
    body.push_str(&again(&document.command));
    section(&mut body, "expectations", &expectations(document));
    let figures: String = plots.iter().map(|(_, plot)| figure(plot)).collect();
    section(&mut body, "plots", &format!("<div class=\"plots\">{figures}</div>"));
    section(&mut body, "measured", &quantities(document));
    section(&mut body, "messages", &messages(document));
    if let Some(more) = &document.more {
        section(&mut body, "what was done to the network", &marks(document));
        section(&mut body, "counts", &counts(more));
        section(&mut body, "busiest links", &links(more));
        if !more.scenario_text.is_empty() {
            let text = escape(&more.scenario_text);
            let _ = writeln!(body, "<details><summary>the scenario</summary><pre>{text}</pre></details>");
        }
    }
    let _ = writeln!(
        body,
        "<footer>p2psim {}, digest {}</footer>",
        escape(&document.p2psim),
        escape(&document.digest)
    );
    let verdict = if document.passed { "passed" } else { "FAILED" };
    let shell = Shell {
        title: &document.scenario,
        question: document.question.as_deref(),
        verdict: Some((verdict, document.passed)),
        body,
        plots: plots.iter().map(|(_, plot)| plot).collect(),
        data: document,
    };
    shell.page()
}

pub(super) fn section(body: &mut String, title: &str, content: &str) {
    if !content.is_empty() {
        let _ = writeln!(body, "<section><h2>{title}</h2>{content}</section>");
    }
}

/// A plot with its readout, its buttons and its legend.
pub(super) fn figure(plot: &Plot) -> String {
    let title = escape(plot.title());
    let tools = format!(
        "<button aria-label=\"{title} as SVG\">SVG</button><button aria-label=\"{title} as CSV\">CSV</button>"
    );
    format!(
        "<figure><figcaption>{title}<output></output><span>{tools}</span></figcaption>{}{}</figure>\n",
        plot.to_inline(),
        plot.legend()
    )
}

fn facts(document: &Document) -> String {
    let seconds = |value: f64| Unit::Seconds.write(value);
    let sent = |of: fn(&super::MessageRow) -> u64| document.messages.iter().map(of).sum::<u64>();
    let mut facts = vec![
        ("nodes", document.nodes.to_string()),
        ("connections", document.connections.to_string()),
        ("peers lost", document.drops.to_string()),
        ("messages sent", grouped(sent(|row| row.sent))),
        ("on the wire", Unit::Bytes.write(sent(|row| row.wire_bytes) as f64)),
        ("simulated", seconds(document.simulated_seconds)),
        ("on the wall", seconds(document.wall_seconds)),
        ("seed", document.seed.to_string()),
        ("fidelity", document.fidelity.clone()),
    ];
    let parameters = document.more.iter().flat_map(|more| &more.parameters);
    facts.extend(parameters.map(|(name, value)| (name.as_str(), value.clone())));
    let cells: String = facts
        .into_iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(&value)))
        .collect();
    format!("<dl class=\"facts\">{cells}</dl>\n")
}

fn again(command: &str) -> String {
    if command.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"again\"><pre id=\"again\" aria-label=\"the line that repeats it\">{}</pre><button id=\"copy\">copy</button></div>\n",
        escape(command)
    )
}

fn expectations(document: &Document) -> String {
    if document.expectations.is_empty() {
        return "<p class=\"none\">The scenario expects nothing.</p>".to_owned();
    }
    let rows = document.expectations.iter().map(|outcome| {
        let (class, word) = if outcome.passed { ("good", "ok") } else { ("bad", "FAILED") };
        let (name, detail) = (escape(&outcome.name), escape(&outcome.detail));
        format!("<tr><td class=\"{class}\">{word}</td><td class=\"text\">{name}</td><td class=\"text\">{detail}</td></tr>")
    });
    table("<th></th><th>expected</th><th>found</th>", rows)
}

fn quantities(document: &Document) -> String {
    if document.quantities.is_empty() {
        return "<p class=\"none\">Nothing was measured.</p>".to_owned();
    }
    let head = "<th>quantity</th><th class=\"n\">samples</th><th class=\"n\">mean</th><th class=\"n\">min</th><th class=\"n\">p50</th>\
                <th class=\"n\">p90</th><th class=\"n\">p95</th><th class=\"n\">p99</th><th class=\"n\">max</th><th>unit</th>";
    let rows = document.quantities.iter().map(|(name, quantity)| {
        let QuantityRow { mean, min, p50, p90, p95, p99, max, .. } = quantity;
        let unit = Unit::named(&quantity.unit);
        let values = [Some(*mean), Some(*min), *p50, *p90, *p95, *p99, Some(*max)];
        let cells = values.map(|value| {
            let text =
                value.filter(|_| quantity.count > 0).map_or("–".to_owned(), |value| unit.write(value));
            format!("<td class=\"n\">{text}</td>")
        });
        let shown = match unit {
            Unit::Named(name) => name,
            _ => String::new(),
        };
        format!(
            "<tr><td>{}</td><td class=\"n\">{}</td>{}<td>{}</td></tr>",
            escape(name),
            grouped(quantity.count),
            cells.concat(),
            escape(&shown)
        )
    });
    table(head, rows)
}

fn messages(document: &Document) -> String {
    if document.messages.is_empty() {
        return "<p class=\"none\">No messages.</p>".to_owned();
    }
    let head = "<th>protocol</th><th class=\"n\">code</th><th class=\"n\">sent</th><th class=\"n\">received</th>\
                <th class=\"n\">payload</th><th class=\"n\">on the wire</th>";
    let rows = document.messages.iter().map(|row| {
        let name = format!("{}/{}", row.protocol, row.version);
        let numbers = [
            row.code.to_string(),
            grouped(row.sent),
            grouped(row.received),
            Unit::Bytes.write(row.bytes as f64),
            Unit::Bytes.write(row.wire_bytes as f64),
        ];
        let cells = numbers.map(|text| format!("<td class=\"n\">{text}</td>"));
        format!("<tr><td>{}</td>{}</tr>", escape(&name), cells.concat())
    });
    table(head, rows)
}

fn marks(document: &Document) -> String {
    let faults = plots::faults(document);
    if faults.is_empty() {
        return String::new();
    }
    let rows = faults.iter().map(|(at, text)| {
        format!(
            "<tr><td class=\"n\">{}</td><td class=\"text\">{}</td></tr>",
            Unit::Seconds.write(*at),
            escape(text)
        )
    });
    table("<th class=\"n\">at</th><th>what</th>", rows)
}

fn counts(more: &More) -> String {
    let there = more.counts.iter().filter(|(_, count)| **count > 0);
    let rows: Vec<String> = there
        .map(|(name, count)| {
            format!("<tr><td>{}</td><td class=\"n\">{}</td></tr>", escape(name), grouped(*count))
        })
        .collect();
    if rows.is_empty() {
        String::new()
    } else {
        table("<th>what</th><th class=\"n\">times</th>", rows.into_iter())
    }
}

fn links(more: &More) -> String {
    const SHOWN: usize = 20;
    if more.links.is_empty() {
        return String::new();
    }
    let rows = more.links.iter().take(SHOWN).map(|link| {
        format!(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(&link.from),
            escape(&link.to),
            grouped(link.messages),
            Unit::Bytes.write(link.wire_bytes as f64)
        )
    });
    table("<th>from</th><th>to</th><th class=\"n\">messages</th><th class=\"n\">on the wire</th>", rows)
}

pub(super) fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.collect();
    format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
}

/// 1,234,567.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
