//! A run as one document: what `result.json` and `report.json` hold, and what pages and comparisons are made from.

use crate::measure::{Bins, Flow, Measurements, Quantity};
use crate::record::Digest;
use crate::scenario::RunReport;
use crate::tally::{Count, MessageCount};
use devp2p::Fidelity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the documents say they are; another number is another shape.
pub const FORMAT: &str = "p2psim-result/1";
/// Points of a distribution that are written down at most.
const POINTS: usize = 240;

/// What of a run its report does not know.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// What the scenario asks, in its own words.
    pub question: Option<String>,
    /// The line that runs exactly this again.
    pub command: String,
    /// The version of the program.
    pub version: String,
    /// What else was chosen, by name.
    pub parameters: Vec<(String, String)>,
    /// The scenario's text.
    pub text: String,
    /// How long it took, on the wall's clock.
    pub wall: Duration,
}

/// A run. See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// [`FORMAT`].
    pub format: String,
    /// Its name.
    pub scenario: String,
    /// What it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The seed in force.
    pub seed: u64,
    /// `wire` or `message`.
    pub fidelity: String,
    /// Of the whole log; `none` where another run comes to another one.
    pub digest: String,
    /// Whether every expectation held.
    pub passed: bool,
    /// Simulated time, setting up included.
    pub simulated_seconds: f64,
    /// Time on the wall.
    pub wall_seconds: f64,
    /// Nodes that were up at the end.
    pub nodes: usize,
    /// Connections that were up at the end.
    pub connections: usize,
    /// Peers lost, seen from either end.
    pub drops: u64,
    /// Messages by protocol, version and code.
    pub messages: Vec<MessageRow>,
    /// How each expectation came out.
    pub expectations: Vec<OutcomeRow>,
    /// What was measured, by name.
    pub quantities: BTreeMap<String, QuantityRow>,
    /// The line that runs exactly this again; empty where nobody said.
    pub command: String,
    /// The version of the program.
    pub p2psim: String,
    /// What a report says beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// What is left out where a document is printed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct More {
    /// What else was chosen, by name.
    pub parameters: Vec<(String, String)>,
    /// The scenario's text.
    pub scenario_text: String,
    /// How often things happened.
    pub counts: BTreeMap<String, u64>,
    /// Numbers by simulated time.
    pub series: Vec<Series>,
    /// The busiest links.
    pub links: Vec<LinkRow>,
    /// What was done to links, lines and partitions.
    pub marks: Vec<MarkRow>,
}

/// Messages of one protocol, version and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// The protocol.
    pub protocol: String,
    /// Its version.
    pub version: u32,
    /// The code.
    pub code: u64,
    /// How many were sent.
    pub sent: u64,
    /// How many were received.
    pub received: u64,
    /// Bytes of the payloads sent, uncompressed.
    pub bytes: u64,
    /// Bytes of the frames sent.
    pub wire_bytes: u64,
}

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    /// Its name.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What there was.
    pub detail: String,
}

/// A measured quantity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuantityRow {
    /// Its unit, if it has one.
    #[serde(default)]
    pub unit: String,
    /// Samples.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The quantiles at 0.5, 0.9, 0.95 and 0.99, by the nearest rank; nothing of nothing.
    pub p50: Option<f64>,
    /// See `p50`.
    pub p90: Option<f64>,
    /// See `p50`.
    pub p95: Option<f64>,
    /// See `p50`.
    pub p99: Option<f64>,
    /// The greatest.
    pub max: f64,
    /// Points of its cumulative distribution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cdf: Vec<(f64, f64)>,
    /// Each value and how often it came, where there are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(f64, u64)>,
}

/// Numbers by simulated time, in bins from time 0 on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What is counted.
    pub name: String,
    /// `nodes`, `connections`, `1/s`, `B/s`…
    pub unit: String,
    /// Seconds of a bin.
    pub bin_seconds: f64,
    /// The number of each bin: a rate over it, or what stood at its end.
    pub values: Vec<f64>,
}

/// What was sent over a link, one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// Who sent.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Messages.
    pub messages: u64,
    /// Bytes of their frames.
    pub wire_bytes: u64,
}

/// Something that was done to the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkRow {
    /// When, in simulated seconds.
    pub at_seconds: f64,
    /// What.
    pub text: String,
}

impl Document {
    /// The document of a run, whole.
    pub fn new(report: &RunReport, origin: &Origin) -> Self {
        let outcomes = report.expectations.iter().map(|outcome| OutcomeRow {
            name: outcome.name.clone(),
            passed: outcome.passed,
            detail: outcome.detail.clone(),
        });
        let quantities = report.measurements.quantities();
        Self {
            format: FORMAT.to_owned(),
            scenario: report.scenario.clone(),
            question: origin.question.clone(),
            seed: report.seed,
            fidelity: fidelity(report.fidelity).to_owned(),
            digest: shown(report.digest, report.deterministic),
            passed: report.passed,
            simulated_seconds: report.simulated.as_secs_f64(),
            wall_seconds: origin.wall.as_secs_f64(),
            nodes: report.nodes,
            connections: report.connections,
            drops: report.drops,
            messages: report.messages.iter().map(MessageRow::from).collect(),
            expectations: outcomes.collect(),
            quantities: quantities
                .map(|(name, quantity)| (name.to_owned(), QuantityRow::from(quantity)))
                .collect(),
            command: origin.command.clone(),
            p2psim: origin.version.clone(),
            more: Some(More::new(&report.measurements, origin)),
        }
    }

    /// The same without what only a report needs.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.more = None;
        for quantity in self.quantities.values_mut() {
            quantity.cdf.clear();
            quantity.values.clear();
        }
        self
    }

    /// Reads one.
    ///
    /// # Errors
    /// The text is no such document, and why.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Self =
            serde_json::from_str(text).map_err(|error| format!("it is no result of a run: {error}"))?;
        match document.format == FORMAT {
            true => Ok(document),
            false => Err(format!("it is of the format {:?}, this program reads {FORMAT:?}", document.format)),
        }
    }
}

/// A digest as it is shown: what does not come again is of no use to anyone.
fn shown(digest: Digest, deterministic: bool) -> String {
    if deterministic { digest.to_string() } else { "none".to_owned() }
}

fn fidelity(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Wire => "wire",
        Fidelity::Message => "message",
    }
}

impl From<&MessageCount> for MessageRow {
    fn from(count: &MessageCount) -> Self {
        Self {
            protocol: count.protocol.clone(),
            version: count.version,
            code: count.code,
            sent: count.sent.messages,
            received: count.received.messages,
            bytes: count.sent.bytes,
            wire_bytes: count.sent.wire_bytes,
        }
    }
}

impl From<&Quantity> for QuantityRow {
    fn from(quantity: &Quantity) -> Self {
        let few = quantity.values().nth(POINTS).is_none();
        let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|q| quantity.quantile(q));
        Self {
            unit: quantity.unit().to_owned(),
            count: quantity.count(),
            mean: quantity.mean(),
            min: quantity.min(),
            p50,
            p90,
            p95,
            p99,
            max: quantity.max(),
            cdf: quantity.cdf(POINTS),
            values: if few { quantity.values().collect() } else { Vec::new() },
        }
    }
}

impl More {
    fn new(measured: &Measurements, origin: &Origin) -> Self {
        let counts = &measured.counts;
        let counts = [
            ("nodes came up", counts.ups),
            ("nodes went down", counts.downs),
            ("connections came up", counts.connected),
            ("connections went down", counts.disconnected),
            ("peers lost", counts.drops),
            ("failed dials", counts.failed_dials),
            ("items published", counts.published),
            ("packets without room", measured.packets_dropped),
            ("changes of conditions not told", measured.marks_beyond),
        ];
        let links = measured.links.iter().map(|link| LinkRow {
            from: link.from.clone(),
            to: link.to.clone(),
            messages: link.sent.messages,
            wire_bytes: link.sent.wire_bytes,
        });
        let marks = measured.marks.iter().map(|mark| {
            let times =
                if mark.times > 1 { format!(" (and {} more)", mark.times - 1) } else { String::new() };
            MarkRow { at_seconds: mark.at.as_secs_f64(), text: format!("{}{times}", mark.text) }
        });
        Self {
            parameters: origin.parameters.clone(),
            scenario_text: origin.text.clone(),
            counts: counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            series: series(measured),
            links: links.collect(),
            marks: marks.collect(),
        }
    }
}

fn series(measured: &Measurements) -> Vec<Series> {
    let course = &measured.course;
    let level = |name: &str, unit: &str, bins: &Bins<i64>| Series {
        name: name.to_owned(),
        unit: unit.to_owned(),
        bin_seconds: bins.width().as_secs_f64(),
        values: bins.levels().map(|level| level as f64).collect(),
    };
    let mut all = vec![
        level("nodes up", "nodes", &course.nodes),
        level("connections up", "connections", &course.conns),
    ];
    for (name, bins) in [
        ("arrivals", &course.arrivals),
        ("peers lost", &course.drops),
        ("nodes started", &course.started),
        ("nodes stopped", &course.stopped),
        ("nodes crashed", &course.crashed),
    ] {
        if bins.values().iter().any(|count| *count > 0) {
            all.push(rate(name.to_owned(), "1/s", bins, |count| *count));
        }
    }
    for flow in &measured.flows {
        let Flow { protocol, code, sent } = flow;
        let name = |what: &str| format!("{} {}/{} code {code}", what, protocol.name, protocol.version);
        all.push(rate(name("messages"), "1/s", sent, |count: &Count| count.messages));
        all.push(rate(name("bytes"), "B/s", sent, |count: &Count| count.wire_bytes));
    }
    all
}

fn rate<T: Copy + Default + std::ops::AddAssign>(
    name: String,
    unit: &str,
    bins: &Bins<T>,
    count: impl Fn(&T) -> u64,
) -> Series {
    let bin_seconds = bins.width().as_secs_f64();
    let values = bins.values().iter().map(|value| count(value) as f64 / bin_seconds).collect();
    Series { name, unit: unit.to_owned(), bin_seconds, values }
}
