//! `link`, `line`, `region`, `partition`, `heal` and `churn`: what makes a server's network worse, or better again.

use super::{Remote, print, print_json};
use crate::args::{
    self, Churn, ChurnStart, Line, Link, Partition, PartitionCommand, Region, SetLine, SetLink,
};
use crate::failure::{Code, Failure};
use crate::table::table;
use api::dto::{self, Parts, Words};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn link(remote: &Remote, command: Link) -> Result<Code, Failure> {
    let client = &remote.client;
    match command {
        Link::List(listing) => {
            let links = remote.wait(client.links())?;
            if listing.json {
                print_json(&links)?;
            } else {
                let own = |one: String, other: String, link: String| [one, other, link];
                let mut rows = vec![own("FROM".into(), "TO".into(), "LINK".into())];
                rows.extend(links.pairs.into_iter().map(|pair| own(pair.from, pair.to, pair.link)));
                rows.extend(links.regions.into_iter().map(|between| {
                    own(format!("region:{}", between.from), format!("region:{}", between.to), between.link)
                }));
                rows.push(own("(others)".into(), "(others)".into(), links.default));
                print(&table(&rows))?;
            }
        }
        Link::Show { from, to, listing } => {
            let link = remote.wait(client.link(&from, &to))?;
            match listing.json {
                true => print_json(&link)?,
                false => print(&table(&[["THERE", &link.there], ["BACK", &link.back]]))?,
            }
        }
        Link::Set(set) => {
            let changed = remote.wait(client.set_link(&wanted_link(set)?))?;
            print(&match (changed.links, changed.default) {
                (_, Some(default)) => format!("Links are {default} where nothing else is set\n"),
                (links, None) => format!("Set {} links\n", links.unwrap_or_default()),
            })?;
        }
    }
    Ok(Code::Done)
}

fn wanted_link(set: SetLink) -> Result<dto::SetLink, Failure> {
    let SetLink { from, to, default: _, one_way, reset, parts } = set;
    let args::LinkParts { latency, jitter, loss, reorder, duplicate, mtu } = parts;
    let parts = object([
        ("latency", latency),
        ("jitter", jitter),
        ("loss", loss),
        ("reorder", reorder),
        ("duplicate", duplicate),
        ("mtu", mtu),
    ]);
    if parts.is_none() && !reset {
        let failure = Failure::new(Code::Usage, "nothing is said of the link");
        return Err(failure.remedy("--latency 50ms, --loss 1%, …, or --reset"));
    }
    Ok(dto::SetLink { from, to, both: !one_way, link: parts })
}

/// What was said; nothing if nothing was.
fn object<const N: usize>(parts: [(&str, Option<String>); N]) -> Option<Parts> {
    let said = parts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Value::String(text?))));
    let said: BTreeMap<_, _> = said.collect();
    (!said.is_empty()).then_some(Parts::Object(said))
}

pub(super) fn line(remote: &Remote, command: Line) -> Result<Code, Failure> {
    let client = &remote.client;
    match command {
        Line::List(listing) => {
            let lines = remote.wait(client.lines())?;
            if listing.json {
                print_json(&lines)?;
            } else {
                let mut rows = vec![["NODE".to_owned(), "LINE".to_owned()]];
                rows.extend(lines.into_iter().map(|line| [line.node, line.line]));
                print(&table(&rows))?;
            }
        }
        Line::Set(SetLine { nodes, up, down, queue, reset: _ }) => {
            let line = object([("up", up), ("down", down), ("queue", queue)]);
            let set = dto::SetLine { nodes: Words(vec![nodes]), line };
            print(&format!("Set the lines of {}\n", counted(remote.wait(client.set_line(&set))?)))?;
        }
    }
    Ok(Code::Done)
}

pub(super) fn region(remote: &Remote, command: Region) -> Result<Code, Failure> {
    let client = &remote.client;
    match command {
        Region::List(listing) => {
            let regions = remote.wait(client.regions())?;
            if listing.json {
                print_json(&regions)?;
            } else {
                let mut rows = vec![["REGION".to_owned(), "NODES".to_owned()]];
                let row = |of: dto::Region| [of.region.to_string(), of.nodes.len().to_string()];
                rows.extend(regions.into_iter().map(row));
                print(&table(&rows))?;
            }
        }
        Region::Set { nodes, region } => {
            let number = match region.as_str() {
                "none" => None,
                text => Some(text.parse().map_err(|_| {
                    Failure::new(Code::Usage, format_args!("{text:?} is no region"))
                        .remedy("a number from 0 to 65535, or none")
                })?),
            };
            let set = dto::SetRegion { nodes: Words(vec![nodes]), region: number };
            let moved = counted(remote.wait(client.set_region(&set))?);
            print(&format!("Put {moved} into region {region}\n"))?;
        }
    }
    Ok(Code::Done)
}

fn counted(nodes: usize) -> String {
    format!("{nodes} node{}", if nodes == 1 { "" } else { "s" })
}

pub(super) fn partition(remote: &Remote, args: Partition) -> Result<Code, Failure> {
    let client = &remote.client;
    if let Some(PartitionCommand::List(listing)) = args.command {
        let standing = remote.wait(client.partitions())?;
        if listing.json {
            print_json(&standing)?;
        } else {
            let mut rows = vec![["ID".to_owned(), "PARTITION".to_owned()]];
            rows.extend(standing.into_iter().map(|partition| [partition.id.to_string(), partition.text]));
            print(&table(&rows))?;
        }
        return Ok(Code::Done);
    }
    let Partition { a, b, one_way, heal, delay, loss, command: _ } = args;
    let a = Words(vec![a.expect("required where there is no subcommand")]);
    let b = b.map(|b| Words(vec![b]));
    let partition = remote.wait(client.cut(&dto::Cut { a, b, one_way, heal, delay, loss }))?;
    print(&format!("Partition {}: {}\n", partition.id, partition.text))?;
    Ok(Code::Done)
}

pub(super) fn heal(remote: &Remote, partitions: &[String]) -> Result<Code, Failure> {
    let client = &remote.client;
    if partitions.is_empty() {
        let healed = remote.wait(client.heal_all())?;
        let ids: Vec<String> = healed.iter().map(u64::to_string).collect();
        print(&match ids.as_slice() {
            [] => "There was nothing to heal\n".to_owned(),
            ids => format!("Healed {}\n", ids.join(", ")),
        })?;
    }
    for partition in partitions {
        remote.wait(client.heal(partition))?;
        print(&format!("Healed {partition}\n"))?;
    }
    Ok(Code::Done)
}

pub(super) fn churn(remote: &Remote, command: Churn) -> Result<Code, Failure> {
    let client = &remote.client;
    match command {
        Churn::Show(listing) => {
            let churn = remote.wait(client.churn())?;
            match (listing.json, churn) {
                (true, churn) => print_json(&churn)?,
                (false, None) => print("No churn goes on\n")?,
                (false, Some(churn)) => print(&table(&[
                    ["RATE", &churn.rate],
                    ["DOWN", &churn.down],
                    ["NODES", if churn.nodes.is_empty() { "any" } else { "some" }],
                    ["LEFT", &churn.left.to_string()],
                    ["AWAY", &churn.away.to_string()],
                ]))?,
            }
        }
        Churn::Start(ChurnStart { rate, down, nodes, crash, seed }) => {
            let nodes = nodes.map(|nodes| Words(vec![nodes]));
            let churn = dto::SetChurn { rate, down: Some(down), nodes, crash, seed };
            let churn = remote.wait(client.start_churn(&churn))?;
            print(&format!("Churn is on: {}, down for {}\n", churn.rate, churn.down))?;
        }
        Churn::Stop => {
            let churn = remote.wait(client.stop_churn())?;
            print(&format!("Churn is off: {} left, {} of them were brought back\n", churn.left, churn.away))?;
        }
    }
    Ok(Code::Done)
}
