//! `[[workload]]`: calls to nodes' services, again and again.

use super::error::Fallible;
use super::keys::WORKLOAD;
use super::section::{Located, Section};
use super::select::{Names, Selector};
use crate::churn::Rate;
use serde_json::Value;
use std::ops::Range;
use std::time::Duration;

/// Calls that are made while a scenario's time passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// What reports call it.
    pub name: String,
    /// The method.
    pub call: String,
    /// What it is called with.
    pub params: Vec<Value>,
    /// Which nodes.
    pub from: Selector,
    /// Which of them.
    pub pick: Pick,
    /// When.
    pub beat: Beat,
    /// No call before.
    pub after: Duration,
    /// No call from then on.
    pub before: Duration,
    /// So many calls at most; without, as many as there is time for.
    pub times: Option<u64>,
    /// Where the file names the method.
    pub(super) span: Range<usize>,
}

/// Which of several nodes is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One that is up, each as likely as the other.
    Random,
    /// One after the other; whoever is down is passed over.
    InTurn,
    /// Each that is up.
    Each,
}

/// When calls are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beat {
    /// So far apart.
    Every(Duration),
    /// So often, at random.
    Rate(Rate),
    /// Once, at the beginning.
    Once,
}

pub(super) fn workload(file: &Section<'_>, names: &Names<'_>, duration: Duration) -> Fallible<Vec<Workload>> {
    file.sections("workload", &WORKLOAD)?.iter().map(|section| one(section, names, duration)).collect()
}

fn one(section: &Section<'_>, names: &Names<'_>, duration: Duration) -> Fallible<Workload> {
    let call = section.text("call")?.ok_or_else(|| section.missing("call", "call = \"gossip_publish\""))?;
    let from = section.text("from")?;
    let from = from.map(|text| names.select(section.source, &text)).transpose()?.unwrap_or(Selector::All);
    let (beat, at) = beat(section)?;
    let after = section.duration("after")?.map(|after| after.value).or(at).unwrap_or_default();
    let before = section.duration("before")?;
    for key in ["at", "after", "before"] {
        section.within(key, duration)?;
    }
    if let Some(before) = before.as_ref().filter(|before| before.value <= after) {
        let message = format!("no call is made between {after:?} and {:?}", before.value);
        return Err(section.source.wrong(&before.span, message));
    }
    let times = section.whole("times")?;
    if let Some(Located { value: 0, span }) = &times {
        return Err(section.source.wrong(span, "0 calls are no workload").help("leave it out"));
    }
    Ok(Workload {
        name: section.text("name")?.map_or_else(|| call.value.clone(), |name| name.value),
        call: call.value,
        params: section.list("params")?,
        from,
        pick: match section.word("pick")? {
            Some("in-turn") => Pick::InTurn,
            Some("each") => Pick::Each,
            _ => Pick::Random,
        },
        beat,
        after,
        before: before.map_or(duration, |before| before.value),
        times: times.map(|times| times.value),
        span: call.span,
    })
}

fn beat(section: &Section<'_>) -> Fallible<(Beat, Option<Duration>)> {
    let keys = ["every", "rate", "at"];
    let given: Vec<&str> = keys.into_iter().filter(|key| section.has(key)).collect();
    match given[..] {
        ["every"] => match section.duration("every")?.map(|every| every.value) {
            Some(Duration::ZERO) => Err(section.wrong_value("every", "calls every 0 s would never end")),
            every => Ok((Beat::Every(every.unwrap_or_default()), None)),
        },
        ["rate"] => {
            let rate = section.parsed::<Rate>("rate")?.expect("it is given").value;
            if let Rate::Each { .. } = rate {
                return Err(section
                    .wrong_value("rate", "calls are no share of anything")
                    .help("so many a time: rate = \"2/s\""));
            }
            Ok((Beat::Rate(rate), None))
        }
        ["at"] => {
            section.refuse("after", "`at` says when")?;
            section.refuse("before", "`at` says when")?;
            section.refuse("times", "`at` is once")?;
            Ok((Beat::Once, section.duration("at")?.map(|at| at.value)))
        }
        [] => Err(section.missing("every", "every = \"500ms\", or rate = \"2/s\", or at = \"5s\"")),
        _ => {
            let message = format!("calls are made by `{}` or by `{}`, not both", given[0], given[1]);
            Err(section.source.wrong(&section.key_span(given[1]), message).help("make it two"))
        }
    }
}
