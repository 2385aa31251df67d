//! `[[expect]]`: what should be true, as the file says it.

use super::error::Fallible;
use super::expect::{Bounds, Direction, Expectation, PerNode, Statistic, Subject, Total, When, Which, Whose};
use super::keys::EXPECT;
use super::section::{Located, Section};
use super::select::Names;
use std::time::Duration;

/// From look to look if the file does not say.
const USUAL_LOOK: Duration = Duration::from_millis(100);

/// The shortest: waiting for something is done on a grid of this.
const SHORTEST_LOOK: Duration = Duration::from_millis(1);

/// What an expectation can be about.
const SUBJECTS: [&str; 4] = ["total", "every_node", "answer", "quantity"];

pub(super) fn expectations(
    file: &Section<'_>,
    names: &Names<'_>,
    duration: Duration,
) -> Fallible<Vec<Expectation>> {
    let sections = file.sections("expect", &EXPECT)?;
    sections.iter().map(|section| expectation(section, names, duration)).collect()
}

fn expectation(section: &Section<'_>, names: &Names<'_>, duration: Duration) -> Fallible<Expectation> {
    let given: Vec<&str> = SUBJECTS.into_iter().filter(|key| section.has(key)).collect();
    let subject = match given[..] {
        ["total"] => total_of(section)?,
        ["quantity"] => quantity_of(section)?,
        [_] => every_node_of(section, names)?,
        [] => {
            let example =
                "total = \"connections\", or every_node = \"peers\", or quantity = \"gossip/arrival\"";
            return Err(section.missing("total", example));
        }
        [one, other, ..] => {
            let message = format!("an expectation is about `{one}` or about `{other}`, not both");
            return Err(section.source.wrong(&section.key_span(other), message).help("make it two"));
        }
    };
    let measured = matches!(subject, Subject::Quantity { .. });
    if !measured {
        section.refuse("of", "only a `quantity` has statistics")?;
    }
    let bounds = bounds(section, measured)?;
    let when = when(section, measured, duration)?;
    let name = match section.text("name")? {
        Some(name) => name.value,
        None => format!("{subject}: {bounds}{when}"),
    };
    Ok(Expectation { name, subject, bounds, when, span: section.span.clone() })
}

fn total_of(section: &Section<'_>) -> Fallible<Subject> {
    let total = section.word("total")?.expect("it is given");
    let protocol = section.text("protocol")?;
    let code = section.whole("code")?.map(|code| code.value);
    section.refuse("group", "only `every_node` and `answer` have a group")?;
    section.refuse("up_only", "only `every_node` and `answer` are about certain nodes")?;
    let direction = match total {
        "sent" => Direction::Sent,
        "received" => Direction::Received,
        other => {
            section.refuse("protocol", "only messages, `sent` or `received`, have a protocol")?;
            section.refuse("code", "only messages, `sent` or `received`, have a code")?;
            return Ok(Subject::Total(match other {
                "nodes" => Total::Nodes,
                "connections" => Total::Connections,
                "drops" => Total::Drops,
                "calls" => Total::Calls,
                "failed_calls" => Total::FailedCalls,
                _ => Total::FailedDials,
            }));
        }
    };
    if code.is_some() && protocol.is_none() {
        let message = "a code means something only within a protocol";
        return Err(section.wrong_value("code", message).help("name the protocol too"));
    }
    let (protocol, span) = protocol.map_or((None, 0..0), |protocol| (Some(protocol.value), protocol.span));
    Ok(Subject::Total(Total::Messages { direction, protocol, span, code }))
}

fn every_node_of(section: &Section<'_>, names: &Names<'_>) -> Fallible<Subject> {
    section.refuse("protocol", "what every node has is not counted by protocol")?;
    section.refuse("code", "what every node has is not counted by code")?;
    let group = section.text("group")?;
    let group = group.map(|group| names.select(section.source, &group)).transpose()?;
    let what = match section.word("every_node")? {
        Some("peers") => PerNode::Peers,
        Some("drops") => PerNode::Drops,
        Some("sent") => PerNode::Messages(Direction::Sent),
        Some(_) => PerNode::Messages(Direction::Received),
        None => {
            let Located { value: call, span } = section.text("answer")?.expect("it is given");
            PerNode::Answer { call, span }
        }
    };
    let up_only = section.flag("up_only")?.unwrap_or(false);
    Ok(Subject::EveryNode { what, whose: Whose { group, up_only } })
}

fn quantity_of(section: &Section<'_>) -> Fallible<Subject> {
    for key in ["group", "up_only", "protocol", "code"] {
        section.refuse(key, "a quantity is of the whole network")?;
    }
    let Located { value: name, span } = section.text("quantity")?.expect("it is given");
    let of = section.parsed::<Statistic>("of")?.map_or(Statistic::Mean, |of| of.value);
    Ok(Subject::Quantity { name, span, of })
}

impl std::str::FromStr for Statistic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "count" => Self::Count,
            "median" => Self::Quantile(0.5),
            _ => {
                let percent = text.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                let wrong = || {
                    format!(
                        "{text:?} is no statistic: there are mean, median, min, max, count, and p0 to p100"
                    )
                };
                Self::Quantile(percent.ok_or_else(wrong)? / 100.0)
            }
        })
    }
}

fn bounds(section: &Section<'_>, measured: bool) -> Fallible<Bounds> {
    let number = |key| match measured {
        true => section.amount(key),
        false => Ok(section.whole(key)?.map(|Located { value, span }| Located { value: value as f64, span })),
    };
    let (equals, least, most) = (number("equals")?, number("at_least")?, number("at_most")?);
    match (equals, least, most) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            let message = "`equals` leaves no room for `at_least` or `at_most`";
            Err(section.source.wrong(&section.key_span("equals"), message))
        }
        (Some(exactly), None, None) => {
            Ok(Bounds { at_least: Some(exactly.value), at_most: Some(exactly.value) })
        }
        (None, None, None) => Err(section.missing("equals", "equals = 2, or at_least = 1, or at_most = 3")),
        (None, Some(least), Some(most)) if least.value > most.value => {
            let message = format!("nothing is at least {} and at most {}", least.value, most.value);
            Err(section.source.wrong(&most.span, message))
        }
        (None, Some(least), None) if least.value <= 0.0 && !measured => {
            let message = "everything is at least 0: this expectation cannot fail";
            Err(section.source.wrong(&least.span, message))
        }
        (None, least, most) => {
            Ok(Bounds { at_least: least.map(|least| least.value), at_most: most.map(|most| most.value) })
        }
    }
}

fn when(section: &Section<'_>, measured: bool, duration: Duration) -> Fallible<When> {
    let which = match section.word("when")? {
        None | Some("end") => {
            for key in ["after", "within", "every"] {
                section.refuse(key, "with `when`: \"always\", \"never\" or \"eventually\"")?;
            }
            return Ok(When::End);
        }
        Some("always") => Which::Always,
        Some("never") => Which::Never,
        Some(_) => Which::Eventually,
    };
    if measured {
        return Err(
            section.wrong_value("when", "what is measured is looked at when all of it is, at the end")
        );
    }
    section.within("after", duration)?;
    let after = section.duration("after")?.map_or(Duration::ZERO, |after| after.value);
    let until = match section.duration("within")? {
        Some(within) if after + within.value > duration => {
            let message = format!(
                "this looks until {:?}, and the scenario ends after {duration:?}",
                after + within.value
            );
            return Err(section.source.wrong(&within.span, message));
        }
        Some(within) => after + within.value,
        None => duration,
    };
    let every = section.duration("every")?;
    if let Some(Located { span, .. }) = every.as_ref().filter(|every| every.value < SHORTEST_LOOK) {
        return Err(section.source.wrong(span, format!("the shortest is {SHORTEST_LOOK:?}")));
    }
    Ok(When::Looks { which, after, until, every: every.map_or(USUAL_LOOK, |every| every.value) })
}
