//! Which nodes are meant: how a file says so, and who that is in one run.
//!
//! | written | means |
//! |---|---|
//! | `all` | every node |
//! | `light` | the nodes of that group, or the node of that name |
//! | `light/new` | those of a group that are of one kind of its mix |
//! | `region europe` | the nodes there |
//! | `10% of light`, `5 of all` | so many of those, drawn |

use super::Scenario;
use super::error::{Fallible, meant};
use super::section::{Located, Source};
use std::collections::BTreeSet;
use world::Entropy;
use world::sim::Chance;

/// Which nodes are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// Every node.
    All,
    /// The node of that name.
    Node(String),
    /// The nodes of a group, by its place in the file.
    Group(usize),
    /// Those of a group that are of one kind of its mix, by their places in the file.
    Variant(usize, usize),
    /// The nodes of a region, by its place.
    Region(usize),
    /// That share of others, drawn, at least one.
    Share(Chance, Box<Self>),
    /// So many of others, drawn; all if there are not so many.
    Some(usize, Box<Self>),
}

/// Whom a file can name.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) groups: &'a [super::Group],
    pub(super) regions: &'a [super::Region],
    nodes: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(groups: &'a [super::Group], regions: &'a [super::Region]) -> Self {
        Self { groups, regions, nodes: groups.iter().flat_map(super::Group::names).collect() }
    }

    /// Reads a selection.
    pub(super) fn select(&self, source: Source<'_>, text: &Located<String>) -> Fallible<Selector> {
        self.read(text.value.trim()).map_err(|(message, help)| {
            let error = source.wrong(&text.span, message);
            if help.is_empty() { error } else { error.help(help) }
        })
    }

    fn read(&self, text: &str) -> Result<Selector, (String, String)> {
        if text == "all" {
            return Ok(Selector::All);
        }
        if let Some((how_many, of)) = text.split_once(" of ") {
            return self.read_part(how_many.trim(), of.trim());
        }
        if let Some(region) = text.strip_prefix("region ").map(str::trim) {
            let found = self.regions.iter().position(|known| known.name == region);
            let known: Vec<&str> = self.regions.iter().map(|region| region.name.as_str()).collect();
            return found.map(Selector::Region).ok_or_else(|| {
                let help =
                    if known.is_empty() { "the file has no [regions]".into() } else { meant(region, &known) };
                (format!("there is no region {region:?}"), help)
            });
        }
        if let Some((group, variant)) = text.split_once('/') {
            let place = self.group(group)?;
            let mix = &self.groups[place].mix;
            let known: Vec<&str> = mix.iter().map(|variant| variant.name.as_str()).collect();
            let found = mix.iter().position(|known| known.name == variant);
            return found.map(|variant| Selector::Variant(place, variant)).ok_or_else(|| {
                let help = if known.is_empty() { "it has no mix".into() } else { meant(variant, &known) };
                (format!("group {group:?} has no kind {variant:?}"), help)
            });
        }
        if self.nodes.contains(text) && !self.groups.iter().any(|group| group.name == text) {
            return Ok(Selector::Node(text.to_owned()));
        }
        self.group(text).map(Selector::Group)
    }

    fn read_part(&self, how_many: &str, of: &str) -> Result<Selector, (String, String)> {
        let whole = Box::new(self.read(of)?);
        if let Ok(count) = how_many.parse() {
            return match count {
                0 => Err(("0 nodes are none".into(), String::new())),
                _ => Ok(Selector::Some(count, whole)),
            };
        }
        match how_many.parse::<crate::condition::Text<Chance>>() {
            Ok(share) if share.0 != Chance::NEVER => Ok(Selector::Share(share.0, whole)),
            Ok(_) => Err(("0% of the nodes are none".into(), String::new())),
            Err(error) => Err((error.to_string(), "as in \"10% of all\" or \"5 of all\"".into())),
        }
    }

    fn group(&self, name: &str) -> Result<usize, (String, String)> {
        self.groups.iter().position(|group| group.name == name).ok_or_else(|| {
            let known: Vec<&str> =
                self.groups.iter().map(|group| group.name.as_str()).chain(["all"]).collect();
            (format!("there is no node or group {name:?}"), meant(name, &known))
        })
    }
}

/// A node of one run: what was drawn for it before it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its group, by place.
    pub group: usize,
    /// Its kind in the group's mix, by place.
    pub variant: Option<usize>,
    /// Its region, by place.
    pub region: Option<usize>,
}

/// Who is who in one run, in the order of creation: it follows from the scenario and the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast(pub(super) Vec<Member>);

impl Cast {
    /// Draws it.
    pub fn draw(scenario: &Scenario, seed: u64) -> Self {
        let weights: Vec<f64> = scenario.regions.iter().map(|region| region.weight as f64).collect();
        let drawn = weights.iter().any(|weight| *weight > 0.0);
        let mut members = Vec::with_capacity(scenario.node_count());
        for (place, group) in scenario.groups.iter().enumerate() {
            let mut entropy = Entropy::derive(seed, place as u32, 0, "scenario/mix");
            let shares: Vec<f64> = group.mix.iter().map(|variant| variant.share).collect();
            let variants = deal(group.count, &shares, &mut entropy);
            let mut entropy = Entropy::derive(seed, place as u32, 0, "scenario/regions");
            let regions = match group.region {
                Some(region) => vec![region; group.count],
                None if drawn => deal(group.count, &weights, &mut entropy),
                None => Vec::new(),
            };
            for (number, name) in group.names().enumerate() {
                let (variant, region) = (variants.get(number).copied(), regions.get(number).copied());
                members.push(Member { name, group: place, variant, region });
            }
        }
        Self(members)
    }

    /// All of them.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// Those that are meant, by place, in the order of creation.
    pub fn select(&self, selector: &Selector, entropy: &mut Entropy) -> Vec<usize> {
        let which = |is: &dyn Fn(&Member) -> bool| {
            self.0.iter().enumerate().filter(|(_, member)| is(member)).map(|(place, _)| place).collect()
        };
        match selector {
            Selector::All => (0..self.0.len()).collect(),
            Selector::Node(name) => which(&|member| member.name == *name),
            Selector::Group(group) => which(&|member| member.group == *group),
            Selector::Variant(group, variant) => {
                which(&|member| member.group == *group && member.variant == Some(*variant))
            }
            Selector::Region(region) => which(&|member| member.region == Some(*region)),
            Selector::Share(share, whole) => {
                let whole = self.select(whole, entropy);
                let count = (whole.len() as f64 * share.as_f64()).round() as usize;
                some_of(whole, count.max(1), entropy)
            }
            Selector::Some(count, whole) => {
                let whole = self.select(whole, entropy);
                some_of(whole, *count, entropy)
            }
        }
    }
}

impl Selector {
    /// Whether the same nodes may be meant by another, as far as the file alone can tell.
    pub(super) fn may_overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => true,
            (Self::Group(one), Self::Group(other) | Self::Variant(other, _))
            | (Self::Variant(one, _), Self::Group(other)) => one == other,
            (one, other) => one == other,
        }
    }
}

fn some_of(mut places: Vec<usize>, count: usize, entropy: &mut Entropy) -> Vec<usize> {
    entropy.shuffle(&mut places);
    places.truncate(count);
    places.sort_unstable();
    places
}

/// Deals out `count` cards of as many kinds as there are weights, as close to the weights as whole numbers come (largest
/// remainders), in random order.
pub(super) fn deal(count: usize, weights: &[f64], entropy: &mut Entropy) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    if weights.is_empty() || sum <= 0.0 {
        return Vec::new();
    }
    let exact: Vec<f64> = weights.iter().map(|weight| count as f64 * weight / sum).collect();
    let mut counts: Vec<usize> = exact.iter().map(|share| share.floor() as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|kind| weights[*kind] > 0.0).collect();
    // Stable: of equal remainders the first in the file is served first.
    order.sort_by(|a, b| (exact[*b] - exact[*b].floor()).total_cmp(&(exact[*a] - exact[*a].floor())));
    let left = count - counts.iter().sum::<usize>().min(count);
    for kind in order.iter().cycle().take(left) {
        counts[*kind] += 1;
    }
    let mut cards: Vec<usize> =
        counts.iter().enumerate().flat_map(|(kind, count)| std::iter::repeat_n(kind, *count)).collect();
    entropy.shuffle(&mut cards);
    cards
}
