//! Which plots a run's document has.

use super::document::{Document, QuantityRow, Series};
use crate::plot::{Axis, Curve, Plot, Unit};

/// Curves of one kind that a plot shows at most; the largest.
const CURVES: usize = 8;
/// Times at which nodes were stopped or crashed that are marked one by one.
const FAULTS: usize = 12;

/// The plots of a run, each with the name of its file.
pub(super) fn of_run(document: &Document) -> Vec<(String, Plot)> {
    let mut plots = Vec::new();
    for (name, quantity) in quantities(document, |name| name.ends_with("/arrival")) {
        plots.push((name.clone(), distribution(&name, &[("", quantity)])));
    }
    plots.extend(over_time(document));
    if let Some(degree) = document.quantities.get("degree").filter(|degree| degree.count > 0) {
        plots.push(("degree".to_owned(), histogram("degree distribution", "peers", "nodes", degree)));
    }
    for (name, quantity) in quantities(document, |name| !name.ends_with("/arrival") && name != "degree") {
        let is_whole = matches!(quantity.unit.as_str(), "links" | "peers" | "nodes");
        plots.push((
            name.clone(),
            match is_whole && !quantity.values.is_empty() {
                true => histogram(&name, &quantity.unit, "samples", quantity),
                false => distribution(&name, &[("", quantity)]),
            },
        ));
    }
    plots.into_iter().map(|(name, plot)| (name.replace(['/', '#', ' '], "-"), plot)).collect()
}

/// Quantities that have a distribution: more than one value.
fn quantities(document: &Document, which: impl Fn(&str) -> bool) -> Vec<(String, &QuantityRow)> {
    let has = |quantity: &QuantityRow| quantity.count > 1 && quantity.cdf.len() > 1;
    let chosen = document.quantities.iter().filter(|(name, quantity)| which(name) && has(quantity));
    chosen.map(|(name, quantity)| (name.clone(), quantity)).collect()
}

/// Cumulative distributions; one alone has its percentiles marked.
pub(super) fn distribution(name: &str, curves: &[(&str, &QuantityRow)]) -> Plot {
    let unit = Unit::named(curves.first().map_or("", |(_, quantity)| &quantity.unit));
    let (title, x) = match name.strip_suffix("/arrival") {
        Some(protocol) => (format!("{protocol}: propagation"), "time since publication"),
        None => (name.to_owned(), name),
    };
    let share = Axis::new("share of samples", Unit::Share).domain(0.0, 1.0);
    let mut x = Axis::new(x, unit.clone());
    let least = curves.iter().map(|(_, quantity)| quantity.min).fold(f64::INFINITY, f64::min);
    let most = curves.iter().map(|(_, quantity)| quantity.max).fold(0.0, f64::max);
    if unit == Unit::Share {
        x = x.domain(0.0, 1.0);
    } else if least >= 0.0 && least < 0.4 * most {
        // Where the values come near to it, zero is in sight.
        x = x.domain(0.0, most);
    }
    let mut plot = Plot::new(title, x, share);
    for (of, quantity) in curves {
        let first = quantity.cdf.first().map(|(value, _)| (*value, 0.0));
        let points = first.into_iter().chain(quantity.cdf.iter().copied());
        let name = if of.is_empty() { name } else { of };
        plot = plot.curve(Curve::step(name, points));
    }
    if let [(_, quantity)] = curves {
        for (name, value) in [("p50", quantity.p50), ("p95", quantity.p95), ("p99", quantity.p99)] {
            if let Some(value) = value {
                plot = plot.mark(value, format!("{name} {}", unit.write(value)));
            }
        }
    }
    plot
}

fn histogram(title: &str, unit: &str, what: &str, quantity: &QuantityRow) -> Plot {
    let points = quantity.values.iter().map(|(value, count)| (*value, *count as f64));
    let x = Axis::new(unit, Unit::named(unit));
    Plot::new(title, x, Axis::new(what, Unit::Plain)).curve(Curve::bars(what, points))
}

/// Series against simulated time, with marks where something was done to the network.
fn over_time(document: &Document) -> Vec<(String, Plot)> {
    let Some(more) = &document.more else { return Vec::new() };
    let starting = |start: &str| -> Vec<&Series> {
        more.series.iter().filter(|series| series.name.starts_with(start)).collect()
    };
    let groups = [
        ("nodes", "nodes up", "nodes", starting("nodes up")),
        ("connections", "connections up", "connections", starting("connections up")),
        ("arrivals", "first arrivals", "arrivals per second", starting("arrivals")),
        ("lost", "peers lost", "peers per second", starting("peers lost")),
        ("messages", "messages sent", "messages per second", busiest(starting("messages "))),
        ("bytes", "bytes on the wire", "bytes per second", busiest(starting("bytes "))),
    ];
    let drawn = groups.into_iter().filter(|(_, _, _, series)| !series.is_empty());
    drawn
        .map(|(name, title, axis, series)| (name.to_owned(), timeline(document, title, axis, &series)))
        .collect()
}

fn busiest(mut series: Vec<&Series>) -> Vec<&Series> {
    let sum = |series: &Series| series.values.iter().sum::<f64>();
    series.sort_by(|one, other| sum(other).total_cmp(&sum(one)));
    series.truncate(CURVES);
    series
}

fn timeline(document: &Document, title: &str, axis: &str, series: &[&Series]) -> Plot {
    let unit = match series.first().map_or("", |series| series.unit.as_str()) {
        "B/s" => Unit::ByteRate,
        _ => Unit::Plain,
    };
    let mut plot = Plot::new(title, Axis::new("simulated time", Unit::Seconds), Axis::new(axis, unit));
    for series in series {
        let points =
            series.values.iter().enumerate().map(|(bin, value)| (bin as f64 * series.bin_seconds, *value));
        // What stands at the end of a bin holds from there on; a rate belongs to the bin it is of.
        let name = series
            .name
            .strip_prefix("messages ")
            .or(series.name.strip_prefix("bytes "))
            .unwrap_or(&series.name);
        plot = plot.curve(Curve::step(name, points));
    }
    for (at, text) in faults(document) {
        plot = plot.mark(at, text);
    }
    plot
}

/// What was done to the network once it stood, in order.
pub(super) fn faults(document: &Document) -> Vec<(f64, String)> {
    let Some(more) = &document.more else { return Vec::new() };
    let mut all: Vec<(f64, String)> = more
        .marks
        .iter()
        .filter(|mark| mark.at_seconds > 0.0)
        .map(|mark| (mark.at_seconds, mark.text.clone()))
        .collect();
    for (name, word) in [("nodes stopped", "stop"), ("nodes crashed", "crash")] {
        let Some(series) = more.series.iter().find(|series| series.name == name) else { continue };
        let bins = series.values.iter().enumerate().filter(|(_, rate)| **rate > 0.0);
        let bins: Vec<(f64, f64)> = bins
            .map(|(bin, rate)| (bin as f64 * series.bin_seconds, (rate * series.bin_seconds).round()))
            .collect();
        if bins.len() <= FAULTS {
            let text = |count: f64| if count > 1.0 { format!("{word} ×{count}") } else { word.to_owned() };
            all.extend(bins.into_iter().map(|(at, count)| (at, text(count))));
        }
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all
}
