//! A sweep as it is read: a table of text, CSV, JSON, and one plot.

use super::super::to_line;
use super::crew::{Done, Outcome};
use super::plan::Plan;
use super::sum::Summary;
use crate::args::Column;
use crate::failure::{Code, Failure};
use crate::table::table;
use serde_json::{Map, Value, json};
use simnet::plot::{Axis, Curve, Plot, Unit};
use simnet::scenario::{Scenario, Statistic, Subject};
use std::collections::BTreeSet;

/// What a table shows of every protocol if nobody says.
const USUAL: [&str; 6] =
    ["/arrival p50", "/arrival p95", "/reach mean", "/duplicates mean", "/messages mean", "/bytes mean"];

/// Runs, grouped by point, and what is shown of them.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    plan: &'a Plan,
    runs: &'a [Done],
    /// Everything that was measured, with its unit.
    all: Vec<(String, String)>,
    /// What the table of text shows, by place.
    shown: Vec<usize>,
}

impl<'a> Sweep<'a> {
    /// `columns` are those asked for.
    ///
    /// # Errors
    /// One of them was not measured.
    pub(super) fn new(plan: &'a Plan, outcome: &'a Outcome, columns: &[Column]) -> Result<Self, Failure> {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, number) in outcome.runs.iter().flat_map(|run| &run.sample.0) {
            if !all.iter().any(|(known, _)| known == name) {
                all.push((name.clone(), number.unit.clone()));
            }
        }
        all.sort();
        let place = |name: &str| all.iter().position(|(known, _)| known == name);
        let shown = match columns {
            [] => usual(&plan.points[0].scenario, &all),
            columns => {
                let places = columns.iter().map(|column| {
                    let name = column.to_string();
                    let known: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                    place(&name).or_else(|| place(&column.quantity)).ok_or_else(|| {
                        let what = format!("nobody measured {name}; there are {}", known.join(", "));
                        Failure::new(Code::Usage, what)
                    })
                });
                places.collect::<Result<_, _>>()?
            }
        };
        Ok(Self { plan, runs: &outcome.runs, all, shown })
    }

    fn of_point(&self, point: usize) -> impl Iterator<Item = &Done> {
        self.runs.iter().filter(move |run| run.point == point)
    }

    fn summary(&self, point: usize, name: &str) -> Option<Summary> {
        Summary::of(
            self.of_point(point)
                .filter_map(|run| run.sample.0.get(name))
                .map(|number| number.value)
                .collect(),
        )
    }

    fn passed(&self, point: usize) -> (usize, usize) {
        (self.of_point(point).filter(|run| run.passed && run.verified).count(), self.of_point(point).count())
    }

    /// The table: what held at each point, then each quantity at each.
    pub(super) fn to_text(&self) -> String {
        let head = |rest: &[&str]| -> Vec<String> {
            self.plan
                .varied
                .iter()
                .map(|name| name.to_uppercase())
                .chain(rest.iter().map(|word| (*word).to_owned()))
                .collect()
        };
        let mut rows = vec![head(&["PASSED", "MISSED"])];
        for (place, point) in self.plan.points.iter().enumerate() {
            let (passed, of) = self.passed(place);
            let mut row = point.values.clone();
            row.extend([format!("{passed} of {of}"), self.missed(place)]);
            rows.push(row);
        }
        let mut page = format!("{}: {} runs\n\n{}", self.plan.name, self.runs.len(), table(&rows));
        for place in &self.shown {
            let (name, unit) = &self.all[*place];
            let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
            let mut rows = vec![head(&["MEAN", "95 % CONFIDENCE", "MEDIAN", "MIN", "MAX"])];
            for (place, point) in self.plan.points.iter().enumerate() {
                let mut row = point.values.clone();
                row.extend(self.summary(place, name).map_or(vec!["-".into()], |summary| {
                    let margin = summary.margin.map_or("-".into(), |margin| format!("± {}", short(margin)));
                    let [mean, median, min, max] =
                        [summary.mean, summary.median, summary.min, summary.max].map(short);
                    vec![mean, margin, median, min, max]
                }));
                rows.push(row);
            }
            page.push_str(&format!("\n{name}{unit}\n{}", table(&rows)));
        }
        page
    }

    /// What was missed at a point, and how often.
    fn missed(&self, point: usize) -> String {
        let missed: Vec<&str> =
            self.of_point(point).flat_map(|run| run.missed.iter().map(String::as_str)).collect();
        let names: BTreeSet<&str> = missed.iter().copied().collect();
        let counted = names.into_iter().map(|name| {
            let times = missed.iter().filter(|missed| **missed == name).count();
            format!("{name} ({times})")
        });
        let unverified = self.of_point(point).filter(|run| !run.verified).count();
        let unverified =
            (unverified > 0).then(|| format!("another digest in a second process ({unverified})"));
        counted.chain(unverified).collect::<Vec<_>>().join(", ")
    }

    /// One row for each point and quantity (RFC 4180).
    pub(super) fn to_csv(&self) -> String {
        let columns = ["quantity", "unit", "runs", "mean", "margin95", "median", "min", "max", "passed"];
        let head: Vec<&str> = self.plan.varied.iter().map(String::as_str).chain(columns).collect();
        let mut text = line(&head);
        for (place, point) in self.plan.points.iter().enumerate() {
            let passed = self.passed(place).0.to_string();
            for (name, unit) in &self.all {
                let Some(summary) = self.summary(place, name) else { continue };
                let margin = summary.margin.map_or(String::new(), |margin| margin.to_string());
                let numbers = [summary.runs.to_string(), summary.mean.to_string(), margin]
                    .into_iter()
                    .chain([summary.median, summary.min, summary.max].map(|number| number.to_string()));
                let row: Vec<String> = point
                    .values
                    .iter()
                    .cloned()
                    .chain([name.clone(), unit.clone()])
                    .chain(numbers)
                    .chain([passed.clone()])
                    .collect();
                text.push_str(&line(&row));
            }
        }
        text
    }

    /// Everything, each run included.
    pub(super) fn to_json(&self) -> String {
        let values = |point: usize| -> Map<String, Value> {
            let varied = self.plan.varied.iter().zip(&self.plan.points[point].values);
            varied.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
        };
        let points = (0..self.plan.points.len()).map(|point| {
            let quantities: Map<String, Value> = self
                .all
                .iter()
                .filter_map(|(name, unit)| {
                    let Summary { runs, mean, margin, median, min, max } = self.summary(point, name)?;
                    let summary = json!({
                        "unit": unit, "runs": runs, "mean": mean, "margin95": margin,
                        "median": median, "min": min, "max": max,
                    });
                    Some((name.clone(), summary))
                })
                .collect();
            let (passed, runs) = self.passed(point);
            json!({ "values": values(point), "runs": runs, "passed": passed, "quantities": quantities })
        });
        let runs = self.runs.iter().map(|run| {
            let sample: Map<String, Value> =
                run.sample.0.iter().map(|(name, number)| (name.clone(), number.value.into())).collect();
            json!({
                "values": values(run.point), "seed": run.seed, "digest": run.digest, "passed": run.passed,
                "verified": run.verified, "missed": run.missed, "quantities": sample,
            })
        });
        to_line(&json!({
            "scenario": self.plan.name,
            "varied": self.plan.varied,
            "points": points.collect::<Vec<_>>(),
            "runs": runs.collect::<Vec<_>>(),
        }))
    }

    /// The first quantity that is shown and not the same everywhere, over what varies; nothing if that is not one number.
    pub(super) fn to_svg(&self) -> Option<String> {
        let means = |place: &usize| {
            let name = &self.all[*place].0;
            (0..self.plan.points.len()).filter_map(move |point| Some(self.summary(point, name)?.mean))
        };
        let differs = |place: &&usize| means(place).any(|mean| Some(mean) != means(place).next());
        let plotted = self.shown.iter().find(differs).or(self.shown.first())?;
        let (name, unit) = &self.all[*plotted];
        let [varied] = &self.plan.varied[..] else { return None };
        let xs: Vec<f64> =
            self.plan.points.iter().map(|point| point.values[0].parse().ok()).collect::<Option<_>>()?;
        let summaries: Vec<(f64, Summary)> = xs
            .into_iter()
            .enumerate()
            .filter_map(|(place, x)| Some((x, self.summary(place, name)?)))
            .collect();
        let plot = Plot::new(
            format!("{}: {name}", self.plan.name),
            Axis::new(varied.clone(), Unit::Plain),
            Axis::new(name.clone(), Unit::named(unit)),
        );
        let mean =
            Curve::line("mean, 95 % confidence", summaries.iter().map(|(x, summary)| (*x, summary.mean)))
                .band(summaries.iter().map(|(x, summary)| {
                    let margin = summary.margin.unwrap_or(0.0);
                    (*x, summary.mean - margin, summary.mean + margin)
                }));
        let median = Curve::line("median", summaries.iter().map(|(x, summary)| (*x, summary.median)));
        Some(plot.curve(mean).curve(median).to_svg())
    }
}

/// What a scenario's expectations are about, then what is usual of every protocol.
fn usual(scenario: &Scenario, all: &[(String, String)]) -> Vec<usize> {
    let place = |name: &str| all.iter().position(|(known, _)| known == name);
    let expected = scenario.expectations.iter().filter_map(|expectation| match &expectation.subject {
        Subject::Quantity { name, of, .. } if *of != Statistic::Count => place(&format!("{name} {of}")),
        _ => None,
    });
    let usual = USUAL.iter().flat_map(|ending| {
        all.iter().enumerate().filter(move |(_, (name, _))| name.ends_with(ending)).map(|(place, _)| place)
    });
    let mut shown: Vec<usize> = Vec::new();
    for place in expected.chain(usual) {
        if !shown.contains(&place) {
            shown.push(place);
        }
    }
    shown
}

fn line<C: AsRef<str>>(cells: &[C]) -> String {
    let cells = cells.iter().map(|cell| match cell.as_ref() {
        cell if cell.contains([',', '"', '\n', '\r']) => format!("\"{}\"", cell.replace('"', "\"\"")),
        cell => cell.to_owned(),
    });
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Four digits that matter.
fn short(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let digits = (3 - number.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{number:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_cells_are_quoted() {
        for (number, text) in
            [(0.0, "0"), (0.123_456, "0.1235"), (1234.56, "1235"), (2.0, "2"), (-0.05, "-0.05")]
        {
            assert_eq!(short(number), text);
        }
        assert_eq!(line(&["a", "b,c", "d\"e"]), "a,\"b,c\",\"d\"\"e\"\r\n");
    }
}
