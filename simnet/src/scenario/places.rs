//! Conditions by name, and regions: what the file says of them, what it includes, what is shipped.
//!
//! Data comes in layers: the shipped conditions, then what the file includes in the order in which it does, then the
//! file's own. A later layer's condition replaces an earlier one of that name; a region is changed in what the later layer
//! says of it.

use super::error::{Fallible, ScenarioError, meant};
use super::keys::{CONDITION, DATA, DATA_KINDS, REGION};
use super::section::{Located, Section, Source};
use crate::condition::Text;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use world::sim::{Chance, HostLink, Jitter, Link, Loss};

/// Conditions that every scenario knows.
const CONDITIONS: &str = "conditions";

/// What comes with the program, by name.
pub(super) const SHIPPED: [(&str, &str); 2] = [
    (CONDITIONS, include_str!("../../../scenarios/data/conditions.toml")),
    ("mainnet", include_str!("../../../scenarios/data/mainnet.toml")),
];

/// How a node is connected to the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Access {
    /// What it adds to every link of the node's, both ways.
    pub link: Option<Link>,
    /// The node's line.
    pub line: Option<HostLink>,
}

/// A place where nodes are.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// How many of the nodes that name no region are here, in proportion.
    pub weight: u64,
    /// The link from here to each region, in the order of the regions.
    pub links: Vec<Link>,
}

/// Reads the text of a file that a scenario names, or says why it cannot be read.
pub type Files<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

/// What a layer says of a region.
struct Draft {
    weight: u64,
    links: BTreeMap<String, (Link, Place)>,
    place: Place,
}

/// A place in one of the files.
#[derive(Clone)]
struct Place {
    file: usize,
    span: Range<usize>,
}

/// All that has a name, and what it means.
#[derive(Default)]
pub(super) struct Atlas {
    conditions: BTreeMap<String, Access>,
    drafts: Vec<(String, Draft)>,
}

impl Atlas {
    /// Reads all layers, the scenario's own last.
    pub(super) fn read(file: &Section<'_>, files: &Files<'_>) -> Fallible<(Self, Vec<Region>)> {
        let layers = included(file, files)?;
        let mut atlas = Self::default();
        for (number, (path, text)) in layers.iter().enumerate() {
            let source = Source { path, text };
            let document = super::file::document(source)?;
            let section = Section::new(source, 0..0, &document, &DATA, DATA_KINDS)?;
            atlas.layer(&section, number)?;
        }
        atlas.layer(file, layers.len())?;
        let own = (file.source.path.to_owned(), file.source.text.to_owned());
        let sources: Vec<(String, String)> = layers.into_iter().chain([own]).collect();
        let regions = atlas.regions(&sources)?;
        Ok((atlas, regions))
    }

    fn layer(&mut self, section: &Section<'_>, number: usize) -> Fallible<()> {
        for (name, condition) in section.named("conditions", &CONDITION)? {
            let link = condition.parsed::<Text<Link>>("link")?.map(|link| link.value.0);
            let line = condition.parsed::<Text<HostLink>>("line")?.map(|line| line.value.0);
            if link.is_none() && line.is_none() {
                let example = "link = \"20ms, loss 0.1%\", or line = \"up 15 Mbit/s, down 50 Mbit/s\"";
                return Err(condition.missing("link", example));
            }
            self.conditions.insert(name.value, Access { link, line });
        }
        for (name, region) in section.named("regions", &REGION)? {
            let place = |span| Place { file: number, span };
            let links = region.named_texts("links")?.into_iter().map(|(to, link)| {
                let link = self.link(region.source, &link)?;
                Ok((to.value, (link, place(to.span))))
            });
            let links: Vec<_> = links.collect::<Fallible<_>>()?;
            let known = self.drafts.iter().position(|(known, _)| *known == name.value);
            let known = known.unwrap_or_else(|| {
                self.drafts
                    .push((name.value, Draft { weight: 0, links: BTreeMap::new(), place: place(0..0) }));
                self.drafts.len() - 1
            });
            let draft = &mut self.drafts[known].1;
            draft.place = place(name.span);
            draft.links.extend(links);
            if let Some(weight) = region.whole("weight")? {
                draft.weight = weight.value;
            }
        }
        Ok(())
    }

    /// The regions, each with its link to every other: what one says of a pair holds both ways unless both say it.
    fn regions(&self, sources: &[(String, String)]) -> Fallible<Vec<Region>> {
        let wrong = |place: &Place, message: String| {
            let (path, text) = &sources[place.file];
            ScenarioError::new(path, text, place.span.clone(), message)
        };
        let names: Vec<&str> = self.drafts.iter().map(|(name, _)| name.as_str()).collect();
        for (_, draft) in &self.drafts {
            if let Some((to, (_, place))) = draft.links.iter().find(|(to, _)| !names.contains(&to.as_str())) {
                return Err(wrong(place, format!("there is no region {to:?}")).help(meant(to, &names)));
            }
        }
        let regions = self.drafts.iter().map(|(name, draft)| {
            let links = self.drafts.iter().map(|(to, other)| {
                let said = draft.links.get(to).or_else(|| other.links.get(name));
                said.map(|(link, _)| *link).ok_or_else(|| {
                    let message = format!("nothing says how far it is from region {name:?} to region {to:?}");
                    wrong(&draft.place, message).help(format!("for example: links.{to} = \"50ms\""))
                })
            });
            Ok(Region { name: name.clone(), weight: draft.weight, links: links.collect::<Fallible<_>>()? })
        });
        regions.collect()
    }

    /// A link in text: what it is, or the name of a condition that has one.
    pub(super) fn link(&self, source: Source<'_>, text: &Located<String>) -> Fallible<Link> {
        if let Some(access) = self.conditions.get(text.value.trim()) {
            let none =
                || source.wrong(&text.span, format!("condition {:?} says nothing of a link", text.value));
            return access.link.ok_or_else(none);
        }
        self.no_name(source, text, text.value.parse::<Text<Link>>().map(|link| link.0))
    }

    /// A line in text: what it is, or the name of a condition that has one.
    pub(super) fn line(&self, source: Source<'_>, text: &Located<String>) -> Fallible<HostLink> {
        if let Some(access) = self.conditions.get(text.value.trim()) {
            let none =
                || source.wrong(&text.span, format!("condition {:?} says nothing of a line", text.value));
            return access.line.ok_or_else(none);
        }
        self.no_name(source, text, text.value.parse::<Text<HostLink>>().map(|line| line.0))
    }

    /// What is one word was probably meant to be a name.
    fn no_name<T>(
        &self,
        source: Source<'_>,
        text: &Located<String>,
        read: Result<T, crate::condition::BadText>,
    ) -> Fallible<T> {
        read.map_err(|error| {
            let is_word = text.value.starts_with(char::is_alphabetic) && !text.value.contains(' ');
            if is_word { self.unknown(source, text) } else { source.wrong(&text.span, error.to_string()) }
        })
    }

    fn unknown(&self, source: Source<'_>, name: &Located<String>) -> Box<ScenarioError> {
        let known: Vec<&str> = self.conditions.keys().map(String::as_str).collect();
        let message = format!("there is no condition {:?}", name.value);
        source.wrong(&name.span, message).help(meant(&name.value, &known))
    }

    /// The condition of that name.
    pub(super) fn condition(&self, source: Source<'_>, name: &Located<String>) -> Fallible<Access> {
        self.conditions.get(&name.value).copied().ok_or_else(|| self.unknown(source, name))
    }
}

/// The texts of what a file includes, the shipped conditions first.
fn included(file: &Section<'_>, files: &Files<'_>) -> Fallible<Vec<(String, String)>> {
    let shipped = |name: &str| {
        let found = SHIPPED.iter().find(|(known, _)| *known == name);
        found.map(|(name, text)| (format!("scenarios/data/{name}.toml"), (*text).to_owned()))
    };
    let mut layers = vec![shipped(CONDITIONS).expect("it is shipped")];
    let Some(include) = file.texts("include")? else { return Ok(layers) };
    for Located { value: name, span } in include.value {
        if name.ends_with(".toml") {
            let text = files(&name)
                .map_err(|why| file.source.wrong(&span, format!("cannot include {name:?}: {why}")))?;
            layers.push((name, text));
            continue;
        }
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        layers.push(shipped(&name).ok_or_else(|| {
            let message =
                format!("nothing of the name {name:?} is shipped, and the name of a file ends in .toml");
            file.source.wrong(&span, message).help(meant(&name, &known))
        })?);
    }
    Ok(layers)
}

/// The link between two nodes: what lies between, and what their own connections add at either end.
///
/// Latencies add up, and what is lost, comes later or comes twice does so at each of the three. Jitters that are not
/// alone become normal, of the same mean and deviation as their sum.
pub(super) fn along(ends: [Option<Link>; 2], between: Link) -> Link {
    ends.into_iter().flatten().fold(between, join)
}

fn join(one: Link, other: Link) -> Link {
    let either = |a: Chance, b: Chance| match (a, b) {
        // What needs no arithmetic stays as it was written.
        (Chance::NEVER, one) | (one, Chance::NEVER) => one,
        (a, b) => Chance::of(1.0 - (1.0 - a.as_f64()) * (1.0 - b.as_f64())),
    };
    let jitter = match (one.jitter, other.jitter) {
        (Jitter::None, jitter) | (jitter, Jitter::None) => jitter,
        (one, other) => {
            let [(mean_a, deviation_a), (mean_b, deviation_b)] = [one, other].map(moments);
            let deviation = (deviation_a.powi(2) + deviation_b.powi(2)).sqrt();
            let [mean, deviation] = [mean_a + mean_b, deviation].map(Duration::from_secs_f64);
            Jitter::Normal { mean, deviation }
        }
    };
    let loss = match (one.loss, other.loss) {
        (Loss::None, loss) | (loss, Loss::None) => loss,
        (Loss::Independent(one), Loss::Independent(other)) => Loss::Independent(either(one, other)),
        // Bursts stay bursts: what is lost besides is lost in good times and bad.
        (Loss::Bursts { worsens, recovers, while_good, while_bad }, rest)
        | (rest, Loss::Bursts { worsens, recovers, while_good, while_bad }) => {
            let rest = Chance::of(rest.rate());
            Loss::Bursts {
                worsens,
                recovers,
                while_good: either(while_good, rest),
                while_bad: either(while_bad, rest),
            }
        }
    };
    Link {
        latency: one.latency + other.latency,
        jitter,
        loss,
        reorder: either(one.reorder, other.reorder),
        reorder_by: one.reorder_by.max(other.reorder_by),
        duplicate: either(one.duplicate, other.duplicate),
        mtu: one.mtu.into_iter().chain(other.mtu).min(),
        window: one.window || other.window,
    }
}

/// Mean and deviation of a jitter, seconds.
fn moments(jitter: Jitter) -> (f64, f64) {
    match jitter {
        Jitter::None => (0.0, 0.0),
        Jitter::Uniform(most) => (most.as_secs_f64() / 2.0, most.as_secs_f64() / 12f64.sqrt()),
        Jitter::Normal { mean, deviation } => (mean.as_secs_f64(), deviation.as_secs_f64()),
        // Lomax has no deviation below a shape of 2; its bound stands in for the tail.
        Jitter::LongTail { scale, shape, most } => {
            let (scale, shape, most) =
                (scale.as_secs_f64(), f64::from(shape.max(1)) / 10.0, most.as_secs_f64());
            let mean = if shape > 1.0 { (scale / (shape - 1.0)).min(most) } else { most / 2.0 };
            let deviation =
                if shape > 2.0 { (mean * (shape / (shape - 2.0)).sqrt()).min(most) } else { most / 2.0 };
            (mean, deviation)
        }
    }
}
