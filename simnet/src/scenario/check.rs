//! What makes no sense although each key does: names that collide, topologies that cannot be, more peers than allowed.

use super::Group;
use super::error::Fallible;
use super::section::Section;
use crate::topology::Topology;
use std::collections::BTreeSet;

/// The longest name of a node.
const LONGEST_NAME: usize = 64;

/// Names can stand in a path, and no two nodes share one.
pub(super) fn names(sections: &[Section<'_>], groups: &[Group]) -> Fallible<()> {
    for (section, group) in sections.iter().zip(groups) {
        let wrong = |why: &str| Err(section.wrong_value("name", format!("{:?} {why}", group.name)));
        if group.name.is_empty() {
            return wrong("is no name");
        }
        if group
            .name
            .contains(|c: char| matches!(c, '/' | '?' | '#' | '%') || c.is_whitespace() || c.is_control())
        {
            return wrong("cannot be a node's name: it must do without '/', '?', '#', '%' and spaces");
        }
        let longest = group.names().last().expect("a group has a node");
        if longest.chars().count() > LONGEST_NAME {
            return wrong("is too long: the name of a node has 64 characters at most");
        }
        let digits = longest.strip_prefix("0x").unwrap_or(&longest);
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return wrong("looks like the id of a node");
        }
    }
    let mut taken = BTreeSet::new();
    for (section, group) in sections.iter().zip(groups) {
        for name in group.names() {
            if let Some(name) = taken.replace(name) {
                let message = format!("two nodes would be called {name:?}");
                return Err(section.wrong_value("name", message).help("give the groups different names"));
            }
        }
    }
    Ok(())
}

/// Checks that the topology can be built, and that the bound on a node's peers, if there is one, has room for it.
pub(super) fn max_peers(
    network: Option<&Section<'_>>,
    topology: Option<&(Topology, Section<'_>)>,
    groups: &[Group],
) -> Fallible<Option<usize>> {
    let nodes = groups.iter().map(|group| group.count).sum();
    let needed = match topology {
        Some((topology, section)) => most_peers(topology, section, nodes)?,
        None => 0,
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
        Topology::RandomRegular { degree: 0 } => Err(section
            .wrong_value("degree", "a degree of 0 connects nobody")
            .help("kind = \"none\" says that")),
        Topology::RandomRegular { degree } if degree >= nodes => wrong(
            "degree",
            format!("a node cannot have {degree} peers among {nodes} nodes: at most {}", nodes - 1),
        ),
        Topology::RandomRegular { degree } if degree * nodes % 2 == 1 => {
            let message = format!("{nodes} nodes cannot have {degree} peers each: {nodes} × {degree} is odd");
            Err(section.wrong_value("degree", message).help("make one of the two even"))
        }
        Topology::RandomRegular { degree } => Ok(degree),
        // Drawn with the seed.
        Topology::SmallWorld { .. } | Topology::ScaleFree { .. } | Topology::Kademlia { .. } => Ok(0),
    }
}
