//! From the text of a scenario file to a [`Scenario`]. What contradicts itself across keys is `check`'s.

use super::error::{Fallible, ScenarioError, meant};
use super::expect::{Bounds, Direction, Expectation, PerNode, Subject, Total};
use super::section::{Kind, Located, Section, Source};
use super::{File, Group, Scenario, check};
use crate::topology::Topology;
use devp2p::Fidelity;
use std::time::Duration;
use toml::de::DeTable;

const FILE: Kind = Kind {
    title: "the top of the file",
    keys: &["name", "question", "seed", "duration", "network", "nodes", "topology", "link", "expect"],
};
const NETWORK: Kind = Kind { title: "[network]", keys: &["fidelity", "max_peers"] };
const NODES: Kind =
    Kind { title: "[[nodes]]", keys: &["name", "count", "services", "msg_events", "settings"] };
const TOPOLOGY: Kind = Kind { title: "[topology]", keys: &["kind", "center", "degree"] };
const LINK: Kind = Kind { title: "[link]", keys: &["latency"] };
const EXPECT: Kind = Kind {
    title: "[[expect]]",
    keys: &["name", "total", "every_node", "group", "protocol", "code", "equals", "at_least", "at_most"],
};
const KINDS: &[&Kind] = &[&FILE, &NETWORK, &NODES, &TOPOLOGY, &LINK, &EXPECT];

const FIDELITIES: &[&str] = &["wire", "message"];
const TOPOLOGIES: &[&str] = &["none", "chain", "ring", "star", "full", "random-regular"];
const TOTALS: &[&str] = &["nodes", "connections", "drops", "failed_dials", "sent", "received"];
const PER_NODE: &[&str] = &["peers", "drops", "sent", "received"];

/// Simulated hosts have distinct addresses in 10.0.0.0/8 and similar; beyond this nobody's memory follows.
const MOST_NODES: usize = 1_000_000;

/// What lies between two nodes if the file does not say.
const USUAL_LATENCY: Duration = Duration::from_millis(1);

impl Scenario {
    /// Reads a scenario file. `path` is what it is called in errors, `services` are those that nodes can run.
    pub fn parse(path: &str, text: &str, services: &[String]) -> Result<Self, Box<ScenarioError>> {
        let source = Source { path, text };
        let document = DeTable::parse(text).map_err(|error| {
            let message = error.message().trim().replace('\n', ", ");
            source.wrong(&error.span().unwrap_or(0..0), message)
        })?;
        // Something that is missing in the whole file is shown at its first line.
        let file = Section::new(source, 0..0, document.get_ref(), &FILE, KINDS)?;
        let name = file.text("name")?.ok_or_else(|| file.missing("name", "name = \"ping-pong\""))?.value;
        // In the order in which a file is written, so that the first mistake told is the first one made.
        let duration = duration(&file)?;
        let groups = groups(&file, services)?;
        let network = file.section("network", &NETWORK, KINDS)?;
        let topology = topology(&file)?;
        let scenario = Self {
            name,
            question: file.text("question")?.map(|question| question.value.trim().to_owned()),
            seed: file.whole("seed")?.map_or(0, |seed| seed.value),
            duration,
            fidelity: network.as_ref().map_or(Ok(Fidelity::default()), fidelity)?,
            max_peers: check::max_peers(network.as_ref(), topology.as_ref(), &groups)?,
            latency: latency(&file)?,
            expectations: expectations(&file, &groups)?,
            groups,
            topology: topology.map_or(Topology::None, |(topology, _)| topology),
            file: File { path: path.to_owned(), text: text.to_owned() },
        };
        Ok(scenario)
    }

    /// An error at a place in the file, found after it was read.
    pub(super) fn wrong(&self, span: std::ops::Range<usize>, message: String) -> Box<ScenarioError> {
        ScenarioError::new(&self.file.path, &self.file.text, span, message)
    }
}

fn duration(file: &Section<'_>) -> Fallible<Duration> {
    let duration =
        file.duration("duration")?.ok_or_else(|| file.missing("duration", "duration = \"60s\""))?;
    if duration.value.is_zero() {
        return Err(file.wrong_value("duration", "a scenario of no duration shows nothing"));
    }
    Ok(duration.value)
}

fn latency(file: &Section<'_>) -> Fallible<Duration> {
    let Some(link) = file.section("link", &LINK, KINDS)? else { return Ok(USUAL_LATENCY) };
    Ok(link.duration("latency")?.map_or(USUAL_LATENCY, |latency| latency.value))
}

/// The value of a key that is one of a few words.
fn word(section: &Section<'_>, key: &str, words: &'static [&'static str]) -> Fallible<Option<&'static str>> {
    let Some(Located { value, span }) = section.text(key)? else { return Ok(None) };
    match words.iter().find(|word| **word == value) {
        Some(word) => Ok(Some(word)),
        None => {
            Err(section.source.wrong(&span, format!("unknown {key} {value:?}")).help(meant(&value, words)))
        }
    }
}

fn fidelity(network: &Section<'_>) -> Fallible<Fidelity> {
    Ok(match word(network, "fidelity", FIDELITIES)? {
        Some("message") => Fidelity::Message,
        _ => Fidelity::Wire,
    })
}

fn groups(file: &Section<'_>, known: &[String]) -> Fallible<Vec<Group>> {
    let sections = file.sections("nodes", &NODES, KINDS)?;
    if sections.is_empty() {
        return Err(
            file.missing("[[nodes]]", "[[nodes]] name = \"node\" count = 10 services = [\"ping-pong\"]")
        );
    }
    let groups: Vec<Group> = sections.iter().map(|section| group(section, known)).collect::<Fallible<_>>()?;
    check::names(&sections, &groups)?;
    let all: usize = groups.iter().map(|group| group.count).sum();
    if all > MOST_NODES {
        let last = sections.last().expect("there is a group");
        return Err(last.wrong_value("count", format!("these are {all} nodes, and the most is {MOST_NODES}")));
    }
    Ok(groups)
}

fn group(section: &Section<'_>, known: &[String]) -> Fallible<Group> {
    let name = section.text("name")?.ok_or_else(|| section.missing("name", "name = \"node\""))?.value;
    let count = section.count("count", MOST_NODES)?.map_or(1, |count| count.value);
    if count == 0 {
        return Err(section
            .wrong_value("count", "a group of 0 nodes is no group")
            .help("leave the group out"));
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let services = section.texts("services")?;
    let services = services.ok_or_else(|| section.missing("services", "services = [\"ping-pong\"]"))?;
    let mut names: Vec<String> = Vec::new();
    for service in &services.value {
        let wrong = |message: String| section.source.wrong(&service.span, message);
        if !known.contains(&service.value.as_str()) {
            let message = format!("unknown service {:?}", service.value);
            return Err(wrong(message).help(meant(&service.value, &known)));
        }
        if names.contains(&service.value) {
            return Err(wrong(format!("service {:?} is named twice", service.value)));
        }
        names.push(service.value.clone());
    }
    if names.is_empty() {
        let message = "a node must have at least one service";
        return Err(section
            .wrong_value("services", message)
            .help(format!("known are: {}", known.join(", "))));
    }
    let settings = section.free("settings")?;
    for (service, _) in &settings {
        if !names.contains(&service.value) {
            let message = format!("settings for {:?}, which these nodes do not run", service.value);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(section.source.wrong(&service.span, message).help(meant(&service.value, &names)));
        }
    }
    Ok(Group {
        name,
        count,
        services: names,
        msg_events: section.flag("msg_events")?.unwrap_or(true),
        settings: settings.into_iter().map(|(service, value)| (service.value, value)).collect(),
    })
}

fn topology<'a>(file: &Section<'a>) -> Fallible<Option<(Topology, Section<'a>)>> {
    let Some(section) = file.section("topology", &TOPOLOGY, KINDS)? else { return Ok(None) };
    let kind =
        word(&section, "kind", TOPOLOGIES)?.ok_or_else(|| section.missing("kind", "kind = \"ring\""))?;
    let center = section.count("center", usize::MAX)?;
    let degree = section.count("degree", usize::MAX)?;
    for (key, given, of) in
        [("center", center.is_some(), "star"), ("degree", degree.is_some(), "random-regular")]
    {
        if given && kind != of {
            let message = format!("a topology of kind {kind:?} has no {key}");
            return Err(section
                .source
                .wrong(&section.key_span(key), message)
                .help(format!("{of:?} has one")));
        }
    }
    let topology = match kind {
        "chain" => Topology::Chain,
        "ring" => Topology::Ring,
        "star" => Topology::Star { center: center.map_or(0, |center| center.value) },
        "full" => Topology::Full,
        "random-regular" => {
            let degree = degree.ok_or_else(|| section.missing("degree", "degree = 8"))?;
            Topology::RandomRegular { degree: degree.value }
        }
        _ => Topology::None,
    };
    Ok(Some((topology, section)))
}

fn expectations(file: &Section<'_>, groups: &[Group]) -> Fallible<Vec<Expectation>> {
    let sections = file.sections("expect", &EXPECT, KINDS)?;
    sections.iter().map(|section| expectation(section, groups)).collect()
}

fn expectation(section: &Section<'_>, groups: &[Group]) -> Fallible<Expectation> {
    let total = word(section, "total", TOTALS)?;
    let every_node = word(section, "every_node", PER_NODE)?;
    let subject = match (total, every_node) {
        (Some(total), None) => total_of(section, total)?,
        (None, Some(every)) => every_node_of(section, every, groups)?,
        (Some(_), Some(_)) => {
            let message = "an expectation is about a `total` or about `every_node`, not both";
            return Err(section.source.wrong(&section.key_span("every_node"), message).help("make it two"));
        }
        (None, None) => {
            return Err(section.missing("total", "total = \"connections\", or every_node = \"peers\""));
        }
    };
    let bounds = bounds(section)?;
    let name = match section.text("name")? {
        Some(name) => name.value,
        None => format!("{subject}: {bounds}"),
    };
    Ok(Expectation { name, subject, bounds, span: section.span.clone() })
}

fn total_of(section: &Section<'_>, total: &str) -> Fallible<Subject> {
    let protocol = section.text("protocol")?;
    let code = section.whole("code")?.map(|code| code.value);
    refuse(section, "group", "only `every_node` has a group")?;
    let direction = match total {
        "sent" => Direction::Sent,
        "received" => Direction::Received,
        other => {
            refuse(section, "protocol", "only messages, `sent` or `received`, have a protocol")?;
            refuse(section, "code", "only messages, `sent` or `received`, have a code")?;
            return Ok(Subject::Total(match other {
                "nodes" => Total::Nodes,
                "connections" => Total::Connections,
                "drops" => Total::Drops,
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

fn every_node_of(section: &Section<'_>, every: &str, groups: &[Group]) -> Fallible<Subject> {
    refuse(section, "protocol", "what every node has is not counted by protocol")?;
    refuse(section, "code", "what every node has is not counted by code")?;
    let group = section.text("group")?;
    if let Some(group) = &group
        && !groups.iter().any(|known| known.name == group.value)
    {
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let message = format!("there is no group {:?}", group.value);
        return Err(section.source.wrong(&group.span, message).help(meant(&group.value, &names)));
    }
    let what = match every {
        "peers" => PerNode::Peers,
        "drops" => PerNode::Drops,
        "sent" => PerNode::Messages(Direction::Sent),
        _ => PerNode::Messages(Direction::Received),
    };
    Ok(Subject::EveryNode { what, group: group.map(|group| group.value) })
}

/// A key that means nothing here.
fn refuse(section: &Section<'_>, key: &str, why: &str) -> Fallible<()> {
    if section.has(key) {
        return Err(section
            .source
            .wrong(&section.key_span(key), format!("`{key}` means nothing here"))
            .help(why));
    }
    Ok(())
}

fn bounds(section: &Section<'_>) -> Fallible<Bounds> {
    let equals = section.whole("equals")?;
    let (least, most) = (section.whole("at_least")?, section.whole("at_most")?);
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
        (None, Some(least), None) if least.value == 0 => {
            let message = "everything is at least 0: this expectation cannot fail";
            Err(section.source.wrong(&least.span, message))
        }
        (None, least, most) => {
            Ok(Bounds { at_least: least.map(|least| least.value), at_most: most.map(|most| most.value) })
        }
    }
}
