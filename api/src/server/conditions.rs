//! The routes that make a network worse, or better again: links, lines, regions, partitions, churn.

use super::clock::span;
use super::error::Refusal;
use super::routes::{Answer, created, json_answer, param, read_body};
use crate::dto::{self, Parts};
use axum::body::Body;
use axum::http::Uri;
use devp2p::NodeId;
use simnet::churn::Churn;
use simnet::condition::{LinkChange, Text};
use simnet::state::State;
use simnet::{Handle, Restraint, RestraintId};
use std::collections::BTreeMap;
use world::sim::{Chance, Effect, HostLink};

const LINK: (&str, &str) =
    ("link", r#"an object such as {"from":"node01","to":"region:2","link":{"latency":"50ms","loss":"1%"}}"#);
const LINE: (&str, &str) =
    ("line", r#"an object such as {"nodes":["node01"],"line":"up 10 Mbit/s, down 50 Mbit/s"}"#);
const REGION: (&str, &str) = ("region", r#"an object such as {"nodes":["node01","light*"],"region":2}"#);
const CUT: (&str, &str) =
    ("partition", r#"an object such as {"a":["node01"],"b":["region:2"],"heal":"30s"}"#);
const CHURN: (&str, &str) = ("churn", r#"an object such as {"rate":"10%/h","down":"30s"}"#);

/// How long a node stays down under churn, unless it is said.
const DOWN: &str = "30s";

/// `GET /links`; with `from` and `to`, the link between two nodes.
pub(super) async fn links(network: &Handle, uri: &Uri) -> Answer {
    match (param(uri, "from")?, param(uri, "to")?) {
        (None, None) => {}
        (Some(from), Some(to)) => {
            let (there, back) = (network.link(&from, &to).await?, network.link(&to, &from).await?);
            let [there, back] = [there, back].map(|link| Text(link).to_string());
            return Ok(json_answer(&dto::BothWays { there, back }));
        }
        _ => return Err(Refusal::invalid("links: from and to go together: name both nodes, or neither")),
    }
    let default = Text(network.default_link().await?).to_string();
    let links = network.read(move |state| {
        let conditions = state.conditions();
        let pairs = conditions.links().map(|((from, to), link)| dto::PairLink {
            from: name(state, &from),
            to: name(state, &to),
            link: Text(link).to_string(),
        });
        let regions = conditions.region_links().map(|((from, to), link)| dto::RegionLink {
            from,
            to,
            link: Text(link).to_string(),
        });
        dto::Links { default, pairs: pairs.collect(), regions: regions.collect() }
    });
    Ok(json_answer(&links.await?))
}

/// `POST /links`.
pub(super) async fn set_link(network: &Handle, body: Body) -> Answer {
    let dto::SetLink { from, to, both, link } = read_body(body, LINK).await?;
    let change = link.as_ref().map(change).transpose()?;
    let said = |end: Option<String>| end.filter(|end| !end.is_empty());
    let changed = match (said(from), said(to)) {
        (Some(from), Some(to)) => {
            let links = network.change_links(from, to, both, change).await?;
            dto::ChangedLinks { links: Some(links), default: None }
        }
        (None, None) => {
            let link = match change {
                Some(change) => network.change_default_link(change).await?,
                None => network.reset_default_link().await?,
            };
            dto::ChangedLinks { links: None, default: Some(Text(link).to_string()) }
        }
        _ => {
            let text = "link: from and to go together: name both ends, or neither for the link of all pairs";
            return Err(Refusal::invalid(text));
        }
    };
    Ok(json_answer(&changed))
}

fn change(parts: &Parts) -> Result<LinkChange, Refusal> {
    let invalid = |error: &dyn std::fmt::Display| Refusal::invalid(format!("link: {error}"));
    let change = match parts {
        Parts::Text(text) => text.parse::<Text<LinkChange>>().map_err(|error| invalid(&error))?.0,
        Parts::Object(parts) => {
            let mut change = LinkChange::default();
            for (key, text) in Parts::texts(parts) {
                if ["bandwidth", "up", "down", "queue"].contains(&key) {
                    return Err(invalid(&format_args!(
                        "{key} is a matter of a node's line, not of a link: POST /lines sets it"
                    )));
                }
                change.say(key, &text).map_err(|error| invalid(&error))?;
            }
            change
        }
    };
    if change.is_empty() {
        return Err(invalid(&"nothing is said of it; null has it be again what it was"));
    }
    Ok(change)
}

/// `GET /lines`.
pub(super) async fn lines(network: &Handle) -> Answer {
    let lines = network.read(|state| {
        let line = |(node, line)| dto::Line { node: name(state, &node), line: Text(line).to_string() };
        state.conditions().lines().map(line).collect::<Vec<_>>()
    });
    Ok(json_answer(&lines.await?))
}

/// `POST /lines`.
pub(super) async fn set_line(network: &Handle, body: Body) -> Answer {
    let dto::SetLine { nodes, line } = read_body(body, LINE).await?;
    let text = match line {
        None => None,
        Some(Parts::Text(text)) => Some(text),
        Some(Parts::Object(parts)) => {
            let parts: Vec<_> = Parts::texts(&parts).map(|(key, text)| format!("{key} {text}")).collect();
            Some(parts.join(", "))
        }
    };
    let line = text.map_or(Ok(Text(HostLink::UNLIMITED)), |text| text.parse());
    let Text(line) = line.map_err(|error| Refusal::invalid(format!("line: {error}")))?;
    let nodes = network.select(nodes.0).await?;
    for node in &nodes {
        network.set_line(&node.to_string(), line).await?;
    }
    Ok(json_answer(&dto::ChangedNodes { nodes: nodes.len() }))
}

/// `GET /regions`.
pub(super) async fn regions(network: &Handle) -> Answer {
    let regions = network.read(|state| {
        let mut regions: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for node in state.nodes() {
            if let Some(region) = state.conditions().region(&node.id) {
                regions.entry(region).or_default().push(node.name.clone());
            }
        }
        regions.into_iter().map(|(region, nodes)| dto::Region { region, nodes }).collect::<Vec<_>>()
    });
    Ok(json_answer(&regions.await?))
}

/// `POST /regions`.
pub(super) async fn set_region(network: &Handle, body: Body) -> Answer {
    let dto::SetRegion { nodes, region } = read_body(body, REGION).await?;
    let nodes = network.select(nodes.0).await?;
    for node in &nodes {
        network.set_region(&node.to_string(), region).await?;
    }
    Ok(json_answer(&dto::ChangedNodes { nodes: nodes.len() }))
}

/// `GET /partitions`.
pub(super) async fn partitions(network: &Handle) -> Answer {
    let standing = network.read(|state| {
        let restraints = state.conditions().restraints();
        restraints.map(|(id, restraint)| shown(state, id, restraint)).collect::<Vec<_>>()
    });
    Ok(json_answer(&standing.await?))
}

/// `POST /partitions`.
pub(super) async fn cut(network: &Handle, body: Body) -> Answer {
    let dto::Cut { a, b, one_way, heal, delay, loss } = read_body(body, CUT).await?;
    let heal = heal.map(|heal| span("partition: heal", &heal)).transpose()?;
    let effect = match (delay, loss) {
        (None, None) => Effect::Cut,
        (delay, loss) => {
            let delay = delay.map_or(Ok(Default::default()), |delay| span("partition: delay", &delay))?;
            let loss = loss.map_or(Ok(Text(Chance::NEVER)), |loss| loss.parse());
            let Text(loss) = loss.map_err(|error| Refusal::invalid(format!("partition: loss: {error}")))?;
            Effect::Worsen { delay, loss }
        }
    };
    let one = network.select(a.0).await?;
    let other = match b {
        Some(b) => Some(network.select(b.0).await?),
        None => None,
    };
    let restraint = Restraint { one, other, both_ways: !one_way, effect };
    let id = match heal {
        Some(heal) => network.impose_for(restraint.clone(), heal).await?,
        None => network.impose(restraint.clone()).await?,
    };
    Ok(created(&network.read(move |state| shown(state, id, &restraint)).await?))
}

/// `DELETE /partitions/:id`.
pub(super) async fn heal(network: &Handle, id: &str) -> Answer {
    let Ok(number) = id.parse() else {
        let text =
            format!("there is no partition {id:?}: partitions are numbers, and GET /partitions lists them");
        return Err(Refusal::new(axum::http::StatusCode::NOT_FOUND, text));
    };
    network.lift(RestraintId(number)).await?;
    super::routes::empty(Ok(()))
}

/// `DELETE /partitions`.
pub(super) async fn heal_all(network: &Handle) -> Answer {
    let healed = network.lift_all().await?;
    Ok(json_answer(&healed.into_iter().map(|id| id.0).collect::<Vec<_>>()))
}

/// `GET /churn`: `null` if there is none.
pub(super) async fn churn(network: &Handle) -> Answer {
    Ok(json_answer(&network.churn().await?.map(dto::Churn::from)))
}

/// `POST /churn`.
pub(super) async fn set_churn(network: &Handle, body: Body) -> Answer {
    let dto::SetChurn { rate, down, nodes, crash, seed } = read_body(body, CHURN).await?;
    let invalid = |error: String| Refusal::invalid(format!("churn: {error}"));
    // A number alone is so many a second.
    let rate = if rate.trim().parse::<f64>().is_ok() { format!("{rate}/s") } else { rate };
    let churn = Churn {
        rate: rate.parse().map_err(invalid)?,
        down: down.as_deref().unwrap_or(DOWN).parse().map_err(invalid)?,
        nodes: nodes.unwrap_or_default().0,
        crash,
        seed,
    };
    network.start_churn(churn).await?;
    let going_on = network.churn().await?;
    Ok(json_answer(&going_on.map(dto::Churn::from)))
}

/// `DELETE /churn`.
pub(super) async fn stop_churn(network: &Handle) -> Answer {
    Ok(json_answer(&dto::Churn::from(network.stop_churn().await?)))
}

/// A restraint, as it is shown.
fn shown(state: &State, id: RestraintId, restraint: &Restraint) -> dto::Partition {
    let names = |ids: &[NodeId]| ids.iter().map(|id| name(state, id)).collect::<Vec<_>>();
    let effect = match restraint.effect {
        Effect::Cut => "cut".to_owned(),
        Effect::Worsen { delay, loss } => format!("{} later, {} more lost", Text(delay), Text(loss)),
    };
    let count = |ids: &[NodeId]| format!("{} node{}", ids.len(), if ids.len() == 1 { "" } else { "s" });
    let other = restraint.other.as_deref().map_or_else(|| "everybody else".to_owned(), count);
    let arrow = if restraint.both_ways { "|" } else { "→" };
    let mut text = format!("{} {arrow} {other}", count(&restraint.one));
    if restraint.effect != Effect::Cut {
        text = format!("{text}: {effect}");
    }
    let (a, b) = (names(&restraint.one), restraint.other.as_deref().map(names));
    dto::Partition { id: id.0, text, a, b, one_way: !restraint.both_ways, effect }
}

fn name(state: &State, id: &NodeId) -> String {
    state.node(id).map_or_else(|| id.to_string(), |node| node.name.clone())
}
