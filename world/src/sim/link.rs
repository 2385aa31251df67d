//! What lies between two hosts, and how it is found.
//!
//! A link has a latency: the hard minimum of what anything takes from one host to the other, and the look-ahead by
//! which shards may run apart. It may have conditions besides; [`physics`](super::physics) tells what they mean.
//! Links are directed and sparse: a pair has its own link, or that of its zones, or the default one.

use super::physics::{Bandwidth, Chance, HostLink, Jitter, Loss, Path};
use super::placement::Placement;
use super::rule::{Rule, RuleId, Rules};
use std::collections::BTreeMap;
use std::time::Duration;

/// The condition of one direction between two hosts.
///
/// A link that only delays is *plain*: a stream's parcels take its latency, however large they are. Any condition
/// besides makes streams what TCP is: segments, a window, losses made good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Time from one end to the other; nothing is ever faster.
    pub latency: Duration,
    /// What comes on top of the latency, drawn for each packet.
    pub jitter: Jitter,
    /// How packets get lost.
    pub loss: Loss,
    /// How likely a packet is held back by `reorder_by`, so that later ones overtake it.
    pub reorder: Chance,
    /// How much later a packet comes that is reordered.
    pub reorder_by: Duration,
    /// How likely a datagram arrives twice.
    pub duplicate: Chance,
    /// The greatest packet in bytes, headers included: greater datagrams are dropped, streams cut theirs to measure.
    pub mtu: Option<u32>,
    /// Whether streams have a congestion window even if nothing else of the link asks for it.
    pub window: bool,
}

impl Link {
    /// A link that only delays.
    pub const fn latency(latency: Duration) -> Self {
        Self {
            latency,
            jitter: Jitter::None,
            loss: Loss::None,
            reorder: Chance::NEVER,
            reorder_by: Duration::ZERO,
            duplicate: Chance::NEVER,
            mtu: None,
            window: false,
        }
    }

    /// The same link with jitter.
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// The same link with losses.
    pub const fn loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same link, on which a packet comes later by `by` with this chance.
    pub const fn reorder(self, chance: Chance, by: Duration) -> Self {
        Self { reorder: chance, reorder_by: by, ..self }
    }

    /// The same link, on which a datagram comes twice with this chance.
    pub const fn duplicate(self, chance: Chance) -> Self {
        Self { duplicate: chance, ..self }
    }

    /// The same link for packets up to `bytes`.
    pub const fn mtu(self, bytes: u32) -> Self {
        Self { mtu: Some(bytes), ..self }
    }

    /// The same link, on which streams start slowly and have a window.
    pub const fn window(self) -> Self {
        Self { window: true, ..self }
    }

    /// Whether it only delays.
    pub fn is_plain(&self) -> bool {
        *self == Self::latency(self.latency)
    }

    /// Whether anything is drawn for its packets.
    pub(crate) fn is_random(&self) -> bool {
        self.jitter != Jitter::None
            || self.loss != Loss::None
            || !self.reorder.is_never()
            || !self.duplicate.is_never()
    }
}

/// All links of a world; each shard has a copy, changed at barriers only.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    default: Link,
    own: BTreeMap<(u32, u32), Link>,
    /// The zone of each host that is in one, and the links from zone to zone.
    zones: BTreeMap<u32, u16>,
    between_zones: BTreeMap<(u16, u16), Link>,
    host_default: HostLink,
    host_links: BTreeMap<u32, HostLink>,
    rules: Rules,
    /// How many of the links, lines and rules do more than delay. With none of them what costs more is not looked at.
    conditions: usize,
    /// Raised at each change, so that connections notice that what they remember is old.
    pub(crate) version: u32,
}

impl Links {
    pub(crate) fn new(default: Link) -> Self {
        Self {
            conditions: usize::from(!default.is_plain()),
            default,
            own: BTreeMap::new(),
            zones: BTreeMap::new(),
            between_zones: BTreeMap::new(),
            host_default: HostLink::UNLIMITED,
            host_links: BTreeMap::new(),
            rules: Rules::default(),
            version: 0,
        }
    }

    pub(crate) fn between(&self, from: u32, to: u32) -> &Link {
        if let Some(link) = self.own.get(&(from, to)) {
            return link;
        }
        if !self.between_zones.is_empty()
            && let (Some(from), Some(to)) = (self.zones.get(&from), self.zones.get(&to))
            && let Some(link) = self.between_zones.get(&(*from, *to))
        {
            return link;
        }
        &self.default
    }

    /// Whether nothing anywhere does more than delay.
    pub(crate) fn all_plain(&self) -> bool {
        self.conditions == 0
    }

    /// What a packet from `from` to `to` meets on its way. What a host sends to itself meets the latency alone.
    pub(crate) fn path(&self, from: u32, to: u32) -> Path {
        let link = *self.between(from, to);
        if self.all_plain() || from == to {
            return Path::plain(link.latency);
        }
        Path {
            link,
            ruling: self.rules.rule_on(from, to),
            up: self.host_link(from),
            down: self.host_link(to).down,
        }
    }

    /// Whether either way between the two does more than delay: then streams between them are TCP.
    pub(crate) fn needs_window(&self, one: u32, other: u32) -> bool {
        !(self.all_plain() || (self.path(one, other).is_plain() && self.path(other, one).is_plain()))
    }

    pub(crate) fn host_link(&self, host: u32) -> HostLink {
        self.host_links.get(&host).copied().unwrap_or(self.host_default)
    }

    pub(crate) fn set(&mut self, from: u32, to: u32, link: Link) {
        let before = self.own.insert((from, to), link);
        self.count(before.is_some_and(|link| !link.is_plain()), !link.is_plain());
    }

    pub(crate) fn unset(&mut self, from: u32, to: u32) {
        if let Some(before) = self.own.remove(&(from, to)) {
            self.count(!before.is_plain(), false);
        }
    }

    pub(crate) fn set_default(&mut self, link: Link) {
        let before = std::mem::replace(&mut self.default, link);
        self.count(!before.is_plain(), !link.is_plain());
    }

    pub(crate) fn set_zone(&mut self, host: u32, zone: Option<u16>) {
        match zone {
            Some(zone) => self.zones.insert(host, zone),
            None => self.zones.remove(&host),
        };
        self.count(false, false);
    }

    pub(crate) fn unset_between_zones(&mut self, from: u16, to: u16) {
        if let Some(before) = self.between_zones.remove(&(from, to)) {
            self.count(!before.is_plain(), false);
        }
    }

    pub(crate) fn set_between_zones(&mut self, from: u16, to: u16, link: Link) {
        let before = self.between_zones.insert((from, to), link);
        self.count(before.is_some_and(|link| !link.is_plain()), !link.is_plain());
    }

    pub(crate) fn set_host(&mut self, host: u32, line: HostLink) {
        let before = self.host_links.insert(host, line);
        self.count(before.is_some_and(HostLink::is_limited), line.is_limited());
    }

    pub(crate) fn unset_host(&mut self, host: u32) {
        if let Some(before) = self.host_links.remove(&host) {
            self.count(before.is_limited(), false);
        }
    }

    pub(crate) fn set_default_host(&mut self, line: HostLink) {
        let before = std::mem::replace(&mut self.host_default, line);
        self.count(before.is_limited(), line.is_limited());
    }

    pub(crate) fn install(&mut self, id: RuleId, rule: Rule) {
        self.rules.install(id, rule);
        self.count(false, true);
    }

    pub(crate) fn remove(&mut self, id: RuleId) {
        if self.rules.remove(id) {
            self.count(true, false);
        }
    }

    pub(crate) fn has_rule(&self, id: RuleId) -> bool {
        self.rules.has(id)
    }

    /// Notes a change, and whether what it took away and what it brought did more than delay.
    fn count(&mut self, took: bool, brought: bool) {
        self.version = self.version.wrapping_add(1);
        self.conditions = self.conditions + usize::from(brought) - usize::from(took);
    }

    pub(crate) fn zone(&self, host: u32) -> Option<u16> {
        self.zones.get(&host).copied()
    }

    /// The least latency of any link that leads from one shard to another; for ever, if none does.
    pub(crate) fn look_ahead(&self, placement: &Placement) -> u64 {
        let crosses = |from, to| placement.shard_of(from) != placement.shard_of(to);
        let own = self.own.iter().filter(|((from, to), _)| crosses(*from, *to)).map(|(_, link)| link);
        let crossings = placement.crossings(|host| self.zone(host));
        let zones: Vec<_> = crossings.zones().collect();
        let pairs = zones.iter().flat_map(|from| zones.iter().map(move |to| (*from, *to)));
        let of_zones = pairs.filter(|(from, to)| crossings.between(*from, *to)).map(|(from, to)| {
            let zones = from.zip(to);
            zones.and_then(|zones| self.between_zones.get(&zones)).unwrap_or(&self.default)
        });
        own.chain(of_zones).map(|link| nanos(link.latency)).min().unwrap_or(u64::MAX)
    }
}

impl Path {
    fn plain(latency: Duration) -> Self {
        Self {
            link: Link::latency(latency),
            ruling: super::rule::Ruling::default(),
            up: HostLink::UNLIMITED,
            down: Bandwidth::UNLIMITED,
        }
    }
}

/// A duration as the simulated clock counts it; five centuries at most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
