//! `[[nodes]]`: groups of nodes, and the kinds among them.

use super::Group;
use super::error::{Fallible, meant};
use super::keys::{MIX, NODES};
use super::places::{Access, Atlas, Region};
use super::section::{Located, Section};
use crate::condition::Text;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use world::sim::Chance;

/// Simulated hosts have distinct addresses in 10.0.0.0/8 and similar; beyond this nobody's memory follows.
const MOST_NODES: usize = 1_000_000;

/// The longest name of a node.
const LONGEST_NAME: usize = 64;

/// How far shares may be from a whole: what a reader rounds.
const ROUNDING: f64 = 1e-6;

/// One kind of node among those of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name within the group.
    pub name: String,
    /// How many of the group are of it, of 1.
    pub share: f64,
    /// What they run.
    pub services: Vec<String>,
    /// Settings by service.
    pub settings: BTreeMap<String, Value>,
    /// How they are connected to the network.
    pub access: Access,
}

pub(super) fn groups(
    file: &Section<'_>,
    services: &[String],
    atlas: &Atlas,
    regions: &[Region],
) -> Fallible<Vec<Group>> {
    let sections = file.sections("nodes", &NODES)?;
    if sections.is_empty() {
        return Err(
            file.missing("[[nodes]]", "[[nodes]] name = \"node\" count = 10 services = [\"ping-pong\"]")
        );
    }
    let reader = Reader { services: services.iter().map(String::as_str).collect(), atlas, regions };
    let groups: Vec<Group> = sections.iter().map(|section| reader.group(section)).collect::<Fallible<_>>()?;
    check_names(&sections, &groups)?;
    let all: usize = groups.iter().map(|group| group.count).sum();
    if all > MOST_NODES {
        let last = sections.last().expect("there is a group");
        return Err(last.wrong_value("count", format!("these are {all} nodes, and the most is {MOST_NODES}")));
    }
    Ok(groups)
}

struct Reader<'a> {
    services: Vec<&'a str>,
    atlas: &'a Atlas,
    regions: &'a [Region],
}

impl Reader<'_> {
    fn group(&self, section: &Section<'_>) -> Fallible<Group> {
        let name = section.text("name")?.ok_or_else(|| section.missing("name", "name = \"node\""))?.value;
        let count = section.count("count", MOST_NODES)?.map_or(1, |count| count.value);
        if count == 0 {
            return Err(section
                .wrong_value("count", "a group of 0 nodes is no group")
                .help("leave the group out"));
        }
        let services = self.services(section)?;
        let services = services.ok_or_else(|| section.missing("services", "services = [\"ping-pong\"]"))?;
        let settings = settings(section, &services)?;
        let mut access = self.access(section)?.unwrap_or_default();
        if let Some(line) = section.text("line")? {
            access.line = Some(self.atlas.line(section.source, &line)?);
        }
        let mut group = Group {
            name,
            count,
            services,
            msg_events: section.flag("msg_events")?.unwrap_or(true),
            up: section.flag("up")?.unwrap_or(true),
            adapter: section.word("adapter")?,
            region: self.region(section)?,
            access,
            mix: Vec::new(),
            settings,
        };
        group.mix = self.mix(section, &group)?;
        Ok(group)
    }

    fn services(&self, section: &Section<'_>) -> Fallible<Option<Vec<String>>> {
        let Some(services) = section.texts("services")? else { return Ok(None) };
        let mut names: Vec<String> = Vec::new();
        for service in services.value {
            let wrong = |message: String| section.source.wrong(&service.span, message);
            if !self.services.contains(&service.value.as_str()) {
                let message = format!("unknown service {:?}", service.value);
                return Err(wrong(message).help(meant(&service.value, &self.services)));
            }
            if names.contains(&service.value) {
                return Err(wrong(format!("service {:?} is named twice", service.value)));
            }
            names.push(service.value);
        }
        if names.is_empty() {
            let message = "a node must have at least one service";
            let known = self.services.join(", ");
            return Err(section.wrong_value("services", message).help(format!("known are: {known}")));
        }
        Ok(Some(names))
    }

    fn access(&self, section: &Section<'_>) -> Fallible<Option<Access>> {
        let condition = section.text("condition")?;
        condition.map(|name| self.atlas.condition(section.source, &name)).transpose()
    }

    fn region(&self, section: &Section<'_>) -> Fallible<Option<usize>> {
        let Some(Located { value, span }) = section.text("region")? else { return Ok(None) };
        let found = self.regions.iter().position(|region| region.name == value);
        let known: Vec<&str> = self.regions.iter().map(|region| region.name.as_str()).collect();
        let help = || match known.is_empty() {
            true => "include = [\"mainnet\"] has some, or write [regions.NAME]".to_owned(),
            false => meant(&value, &known),
        };
        let none = || section.source.wrong(&span, format!("there is no region {value:?}")).help(help());
        found.map(Some).ok_or_else(none)
    }

    fn mix(&self, section: &Section<'_>, group: &Group) -> Fallible<Vec<Variant>> {
        let sections = section.sections("mix", &MIX)?;
        if sections.is_empty() {
            return Ok(Vec::new());
        }
        let mut mix: Vec<(Variant, bool)> = Vec::new();
        for section in &sections {
            let variant = self.variant(section, group)?;
            if mix.iter().any(|(known, _)| known.name == variant.0.name) {
                let message = format!("group {:?} has two kinds called {:?}", group.name, variant.0.name);
                return Err(section.wrong_value("name", message));
            }
            mix.push(variant);
        }
        let said: f64 = mix.iter().filter(|(_, rest)| !rest).map(|(variant, _)| variant.share).sum();
        let rests = mix.iter().filter(|(_, rest)| *rest).count();
        let last = sections.last().expect("there is one");
        let percent = (said * 1e8).round() / 1e6;
        if said > 1.0 + ROUNDING {
            return Err(
                last.wrong_value("share", format!("the shares of {:?} add up to {percent}%", group.name))
            );
        }
        match rests {
            0 if said < 1.0 - ROUNDING => {
                let message = format!("the shares of {:?} add up to {percent}% only", group.name);
                return Err(last
                    .wrong_value("share", message)
                    .help("share = \"rest\" takes whoever is left"));
            }
            0 | 1 => {}
            _ => return Err(last.wrong_value("share", "two kinds cannot both be the rest")),
        }
        let rest = (1.0 - said).max(0.0);
        Ok(mix
            .into_iter()
            .map(|(variant, is_rest)| Variant {
                share: if is_rest { rest } else { variant.share },
                ..variant
            })
            .collect())
    }

    /// One kind, and whether it is the rest.
    fn variant(&self, section: &Section<'_>, group: &Group) -> Fallible<(Variant, bool)> {
        let name = section.text("name")?.ok_or_else(|| section.missing("name", "name = \"new\""))?.value;
        let share = section.text("share")?.ok_or_else(|| section.missing("share", "share = \"30%\""))?;
        let is_rest = share.value.trim() == "rest";
        let share = match is_rest {
            true => 0.0,
            false => section.parsed::<Text<Chance>>("share")?.map_or(0.0, |share| share.value.0.as_f64()),
        };
        let services = self.services(section)?.unwrap_or_else(|| group.services.clone());
        let mut merged = group.settings.clone();
        merged.retain(|service, _| services.contains(service));
        for (service, own) in settings(section, &services)? {
            match (merged.get_mut(&service), own) {
                (Some(Value::Object(theirs)), Value::Object(own)) => theirs.extend(own),
                (_, own) => drop(merged.insert(service, own)),
            }
        }
        let access = self.access(section)?.unwrap_or(group.access);
        Ok((Variant { name, share, services, settings: merged, access }, is_rest))
    }
}

fn settings(section: &Section<'_>, services: &[String]) -> Fallible<BTreeMap<String, Value>> {
    let settings = section.free("settings")?;
    for (service, _) in &settings {
        if !services.contains(&service.value) {
            let message = format!("settings for {:?}, which these nodes do not run", service.value);
            let names: Vec<&str> = services.iter().map(String::as_str).collect();
            return Err(section.source.wrong(&service.span, message).help(meant(&service.value, &names)));
        }
    }
    Ok(settings.into_iter().map(|(service, value)| (service.value, value)).collect())
}

/// Names can stand in a path and in a selection, and no two nodes share one.
fn check_names(sections: &[Section<'_>], groups: &[Group]) -> Fallible<()> {
    for (section, group) in sections.iter().zip(groups) {
        let wrong = |why: &str| Err(section.wrong_value("name", format!("{:?} {why}", group.name)));
        match group.name.as_str() {
            "" => return wrong("is no name"),
            "all" | "default" => return wrong("means something else where nodes are selected"),
            _ => {}
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
