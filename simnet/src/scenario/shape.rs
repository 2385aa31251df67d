//! `[topology]`, `[link]` and `[[links]]`: who is connected to whom, and what lies between.

use super::Group;
use super::error::{Fallible, ScenarioError};
use super::keys::{LINK, LINKS, TOPOLOGY};
use super::places::{Atlas, Files};
use super::section::{Located, Section};
use super::select::{Names, Selector};
use crate::condition::{LinkChange, Text};
use crate::topology::{Topology, listed};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use world::sim::{Chance, Link};

/// What lies between two nodes if the file does not say.
const USUAL_LINK: Link = Link::latency(Duration::from_millis(1));

/// Who is connected to whom at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A shape of this kind.
    Of(Topology),
    /// Pairs from a file: places among the nodes that take part, in the order of their creation.
    Listed(Vec<(usize, usize)>),
}

/// A link between nodes or groups that is not what it would be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkBetween {
    /// From these.
    pub from: Selector,
    /// To those.
    pub to: Selector,
    /// Whether the way back has it, too.
    pub both_ways: bool,
    /// The link.
    pub link: Link,
}

// --- links -------------------------------------------------------------------------------------------------------

pub(super) fn default_link(file: &Section<'_>, atlas: &Atlas) -> Fallible<Link> {
    let Some(section) = file.section("link", &LINK)? else { return Ok(USUAL_LINK) };
    let base = match section.text("condition")? {
        Some(name) => atlas.link(section.source, &name)?,
        None => USUAL_LINK,
    };
    let mut change = LinkChange::default();
    for key in LinkChange::KEYS {
        let text = if key == "window" {
            section.flag(key)?.map(|flag| Located { value: flag.to_string(), span: section.key_span(key) })
        } else {
            section.text(key)?
        };
        if let Some(Located { value, span }) = text {
            change.say(key, &value).map_err(|error| section.source.wrong(&span, error.to_string()))?;
        }
    }
    Ok(change.of(base))
}

pub(super) fn links(file: &Section<'_>, names: &Names<'_>, atlas: &Atlas) -> Fallible<Vec<LinkBetween>> {
    let sections = file.sections("links", &LINKS)?;
    let links = sections.iter().map(|section| {
        let text = section.text("link")?;
        let text = text.ok_or_else(|| section.missing("link", "link = \"200ms, loss 1%\""))?;
        let link = atlas.link(section.source, &text)?;
        let select = |text: &Located<String>| names.select(section.source, text);
        if let Some(between) = section.texts("between")? {
            section.refuse("from", "`between` names both")?;
            section.refuse("to", "`between` names both")?;
            let [from, to] = &between.value[..] else {
                return Err(section.wrong_value("between", "a link is between two"));
            };
            return Ok(LinkBetween { from: select(from)?, to: select(to)?, both_ways: true, link });
        }
        let from = section.text("from")?;
        let from = from.ok_or_else(|| {
            section.missing("between", "between = [\"a\", \"b\"], or from = \"a\" and to = \"b\"")
        })?;
        let to = section.text("to")?.ok_or_else(|| section.missing("to", "to = \"b\""))?;
        Ok(LinkBetween { from: select(&from)?, to: select(&to)?, both_ways: false, link })
    });
    links.collect()
}

// --- topology ----------------------------------------------------------------------------------------------------

/// The shape, and the groups it is made of.
pub(super) fn topology(
    file: &Section<'_>,
    names: &Names<'_>,
    files: &Files<'_>,
) -> Fallible<(Shape, Vec<Selector>)> {
    let Some(section) = file.section("topology", &TOPOLOGY)? else {
        return Ok((Shape::Of(Topology::None), Vec::new()));
    };
    let kind = section.word("kind")?.ok_or_else(|| section.missing("kind", "kind = \"ring\""))?;
    for (key, of) in [
        ("center", &["star"][..]),
        ("degree", &["random-regular", "small-world"]),
        ("rewire", &["small-world"]),
        ("links", &["scale-free"]),
        ("bucket", &["kademlia"]),
        ("file", &["file"]),
    ] {
        if section.has(key) && !of.contains(&kind) {
            let message = format!("a topology of kind {kind:?} has no {key}");
            let help = format!("{:?} has one", of.join(" and "));
            return Err(section.source.wrong(&section.key_span(key), message).help(help));
        }
    }
    let among = section.text_or_texts("among")?.map_or(Vec::new(), |among| among.value);
    let among: Vec<Selector> =
        among.iter().map(|name| names.select(section.source, name)).collect::<Fallible<_>>()?;
    let members = taking_part(names.groups, &among);
    if kind == "file" {
        return Ok((Shape::Listed(pairs(&section, &members, files)?), among));
    }
    let number = |key: &str, example: &str| {
        let count = section.count(key, usize::MAX)?;
        count.map(|count| count.value).ok_or_else(|| section.missing(key, example))
    };
    let topology = match kind {
        "chain" => Topology::Chain,
        "ring" => Topology::Ring,
        "star" => {
            Topology::Star { center: section.count("center", usize::MAX)?.map_or(0, |center| center.value) }
        }
        "full" => Topology::Full,
        "random-regular" => Topology::RandomRegular { degree: number("degree", "degree = 8")? },
        "small-world" => {
            let rewire = section.parsed::<Text<Chance>>("rewire")?;
            let rewire = rewire.ok_or_else(|| section.missing("rewire", "rewire = \"10%\""))?;
            Topology::SmallWorld { degree: number("degree", "degree = 8")?, rewire: rewire.value.0 }
        }
        "scale-free" => Topology::ScaleFree { links: number("links", "links = 4")? },
        "kademlia" => Topology::Kademlia { bucket: number("bucket", "bucket = 3")? },
        _ => Topology::None,
    };
    Ok((Shape::Of(topology), among))
}

/// The names of the nodes that a topology is made of: those of the groups it names, or of all that are up at the start.
pub(super) fn taking_part(groups: &[Group], among: &[Selector]) -> Vec<String> {
    let takes_part = |(place, group): (usize, &Group)| match among {
        [] => group.up,
        among => among.contains(&Selector::All) || among.contains(&Selector::Group(place)),
    };
    let chosen = groups.iter().enumerate().filter(|(place, group)| takes_part((*place, group)));
    chosen.flat_map(|(_, group)| group.names()).collect()
}

/// The pairs of a file. Its names are those of nodes, or, if none of them is, the nodes in the order in which it first
/// mentions them.
fn pairs(section: &Section<'_>, members: &[String], files: &Files<'_>) -> Fallible<Vec<(usize, usize)>> {
    let file = section.text("file")?;
    let Located { value: path, span } =
        file.ok_or_else(|| section.missing("file", "file = \"edges.txt\""))?;
    let text =
        files(&path).map_err(|why| section.source.wrong(&span, format!("cannot read {path:?}: {why}")))?;
    let there =
        |span: &Range<usize>, message: String| ScenarioError::new(&path, &text, span.clone(), message);
    let listed = listed::read(&text).map_err(|error| there(&error.span, error.message))?;
    let known: BTreeMap<&str, usize> =
        members.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let ends = || listed.pairs.iter().flat_map(|(one, other)| [one, other]);
    let named: Vec<&listed::Name> = listed.nodes.iter().chain(ends()).collect();
    let are_ours = named.iter().any(|name| known.contains_key(name.text.as_str()));
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for name in named {
        let place = if are_ours {
            known.get(name.text.as_str()).copied().ok_or_else(|| {
                there(
                    &name.span,
                    format!("{:?} is none of the {} nodes of the topology", name.text, members.len()),
                )
            })?
        } else {
            let next = places.len();
            places.get(name.text.as_str()).copied().unwrap_or(next)
        };
        if place >= members.len() {
            let message = format!(
                "{:?} is the node number {}, and the topology has {}",
                name.text,
                place + 1,
                members.len()
            );
            return Err(there(&name.span, message).help("make the scenario's groups larger"));
        }
        places.insert(&name.text, place);
    }
    Ok(listed
        .pairs
        .iter()
        .map(|(one, other)| (places[one.text.as_str()], places[other.text.as_str()]))
        .collect())
}

/// Checks that the topology can be built, and that the bound on a node's peers, if there is one, has room for it.
pub(super) fn max_peers(
    file: &Section<'_>,
    network: Option<&Section<'_>>,
    shape: &Shape,
    groups: &[Group],
    among: &[Selector],
) -> Fallible<Option<usize>> {
    let nodes = taking_part(groups, among);
    let needed = match (shape, file.section("topology", &TOPOLOGY)?) {
        (_, None) => 0,
        (Shape::Of(topology), Some(section)) => most_peers(topology, &section, nodes.len())?,
        (Shape::Listed(pairs), Some(_)) => {
            let mut degrees = vec![0usize; nodes.len()];
            for place in pairs.iter().flat_map(|(one, other)| [one, other]) {
                degrees[*place] += 1;
            }
            degrees.into_iter().max().unwrap_or(0)
        }
    };
    let given = match network {
        Some(network) => network.count("max_peers", u16::MAX.into())?,
        None => None,
    };
    match (given, network) {
        (Some(given), Some(network)) if given.value < needed => {
            let message =
                format!("max_peers is {}, but in this topology a node has {needed} peers", given.value);
            Err(network.wrong_value("max_peers", message))
        }
        (given, _) => Ok(given.map(|given| given.value)),
    }
}

/// The most peers that a node has in a topology of `nodes` nodes, if that can be built at all.
fn most_peers(topology: &Topology, section: &Section<'_>, nodes: usize) -> Fallible<usize> {
    let wrong = |key, message| Err(section.wrong_value(key, message));
    let kind = |message| Err(section.wrong_value("kind", message));
    match *topology {
        Topology::None => Ok(0),
        Topology::Chain if nodes < 2 => kind(format!("a chain needs 2 nodes, and there is {nodes}")),
        Topology::Chain => Ok(2),
        Topology::Ring if nodes < 3 => kind(format!("a ring needs 3 nodes, and the scenario has {nodes}")),
        Topology::Ring => Ok(2),
        Topology::Star { .. } if nodes < 2 => kind(format!("a star needs 2 nodes, and there is {nodes}")),
        Topology::Star { center } if center >= nodes => {
            wrong("center", format!("there is no node {center}: the {nodes} nodes are numbered from 0"))
        }
        Topology::Full if nodes < 2 => kind(format!("connecting all needs 2 nodes, and there is {nodes}")),
        Topology::Star { .. } | Topology::Full => Ok(nodes - 1),
        Topology::RandomRegular { degree: 0 } | Topology::SmallWorld { degree: 0, .. } => Err(section
            .wrong_value("degree", "a degree of 0 connects nobody")
            .help("kind = \"none\" says that")),
        Topology::RandomRegular { degree } | Topology::SmallWorld { degree, .. } if degree >= nodes => wrong(
            "degree",
            format!("a node cannot have {degree} peers among {nodes} nodes: at most {}", nodes - 1),
        ),
        Topology::RandomRegular { degree } if degree * nodes % 2 == 1 => {
            let message = format!("{nodes} nodes cannot have {degree} peers each: {nodes} × {degree} is odd");
            Err(section.wrong_value("degree", message).help("make one of the two even"))
        }
        Topology::RandomRegular { degree } => Ok(degree),
        Topology::SmallWorld { degree, .. } if degree % 2 == 1 => {
            let message =
                format!("half of a small world's {degree} neighbours are on each side: make it even");
            Err(section.wrong_value("degree", message))
        }
        Topology::ScaleFree { links: 0 } => Err(section.wrong_value("links", "0 links connect nobody")),
        Topology::ScaleFree { links } if links >= nodes => {
            wrong("links", format!("a newcomer cannot make {links} connections among {nodes} nodes"))
        }
        Topology::Kademlia { bucket: 0 } => {
            Err(section.wrong_value("bucket", "a bucket of 0 connects nobody"))
        }
        // Drawn with the seed.
        Topology::SmallWorld { .. } | Topology::ScaleFree { .. } | Topology::Kademlia { .. } => Ok(0),
    }
}
