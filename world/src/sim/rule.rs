//! Rules: what holds between sets of hosts for a while, on top of what their links say.
//!
//! A rule is installed and removed between two runs, so it holds from one instant on, for all shards alike. It looks
//! at what is *sent* while it stands: what left before a cut arrives. Rules only ever make things worse (no packet,
//! more delay, more loss), so none can undercut the look-ahead.

use super::physics::Chance;
use super::{HostId, link::nanos};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A set of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Every host, those added later included.
    All,
    /// These.
    Only(Arc<BTreeSet<u32>>),
    /// All but these.
    AllBut(Arc<BTreeSet<u32>>),
}

impl Hosts {
    /// Exactly these.
    pub fn only(hosts: impl IntoIterator<Item = HostId>) -> Self {
        Self::Only(Arc::new(hosts.into_iter().map(|host| host.0).collect()))
    }

    /// All the others.
    pub fn others(&self) -> Self {
        match self {
            Self::All => Self::Only(Arc::default()),
            Self::Only(these) => Self::AllBut(Arc::clone(these)),
            Self::AllBut(these) => Self::Only(Arc::clone(these)),
        }
    }

    /// Whether the set has this host.
    pub fn has(&self, host: HostId) -> bool {
        match self {
            Self::All => true,
            Self::Only(these) => these.contains(&host.0),
            Self::AllBut(these) => !these.contains(&host.0),
        }
    }
}

/// What a rule does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing passes.
    Cut,
    /// Everything takes longer and more is lost. Several such rules add up.
    Worsen {
        /// Added to the latency.
        delay: Duration,
        /// Lost besides what the link loses.
        loss: Chance,
    },
}

/// What holds from the hosts of one set to those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The senders it is about.
    pub from: Hosts,
    /// The receivers it is about.
    pub to: Hosts,
    /// Whether it is about the way back as well.
    pub both_ways: bool,
    /// What it does.
    pub effect: Effect,
}

impl Rule {
    /// Nothing passes from `from` to `to`; the way back stays open.
    pub fn cut(from: Hosts, to: Hosts) -> Self {
        Self { from, to, both_ways: false, effect: Effect::Cut }
    }

    /// Nothing passes between the two sets, either way.
    pub fn partition(one: Hosts, other: Hosts) -> Self {
        Self { from: one, to: other, both_ways: true, effect: Effect::Cut }
    }

    /// Nothing passes between these hosts and all others.
    pub fn isolate(hosts: Hosts) -> Self {
        let others = hosts.others();
        Self::partition(hosts, others)
    }

    /// Both ways between the two sets take `delay` longer, and `loss` more is lost.
    pub fn worsen(one: Hosts, other: Hosts, delay: Duration, loss: Chance) -> Self {
        Self { from: one, to: other, both_ways: true, effect: Effect::Worsen { delay, loss } }
    }

    fn applies(&self, from: u32, to: u32) -> bool {
        let (from, to) = (HostId(from), HostId(to));
        (self.from.has(from) && self.to.has(to)) || (self.both_ways && self.from.has(to) && self.to.has(from))
    }
}

/// Names an installed rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u64);

/// What the rules make of one direction between two hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) cut: bool,
    pub(crate) delay: u64,
    pub(crate) loss: Chance,
}

/// The rules that stand, in the order of their installation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Vec<(RuleId, Rule)>);

impl Rules {
    pub(crate) fn install(&mut self, id: RuleId, rule: Rule) {
        self.0.push((id, rule));
    }

    /// Whether there was such a rule.
    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        let before = self.0.len();
        self.0.retain(|(standing, _)| *standing != id);
        self.0.len() < before
    }

    pub(crate) fn has(&self, id: RuleId) -> bool {
        self.0.iter().any(|(standing, _)| *standing == id)
    }

    pub(crate) fn rule_on(&self, from: u32, to: u32) -> Ruling {
        let mut ruling = Ruling::default();
        for (_, rule) in self.0.iter().filter(|(_, rule)| rule.applies(from, to)) {
            match rule.effect {
                Effect::Cut => ruling.cut = true,
                Effect::Worsen { delay, loss } => {
                    ruling.delay = ruling.delay.saturating_add(nanos(delay));
                    // Lost by one or by the other.
                    let (before, more) = (ruling.loss.as_f64(), loss.as_f64());
                    ruling.loss = Chance::of((before + more - before * more).clamp(0.0, 1.0));
                }
            }
        }
        ruling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(hosts: &[u32]) -> Hosts {
        Hosts::only(hosts.iter().map(|&host| HostId(host)))
    }

    fn rules(all: impl IntoIterator<Item = Rule>) -> Rules {
        let mut rules = Rules::default();
        for (id, rule) in all.into_iter().enumerate() {
            rules.install(RuleId(id as u64), rule);
        }
        rules
    }

    #[test]
    fn sets_have_what_they_say() {
        for (hosts, expect) in [
            (Hosts::All, [true, true]),
            (Hosts::All.others(), [false, false]),
            (set(&[1]), [false, true]),
            (set(&[1]).others(), [true, false]),
            (set(&[1]).others().others(), [false, true]),
        ] {
            assert_eq!([hosts.has(HostId(0)), hosts.has(HostId(1))], expect, "{hosts:?}");
        }
    }

    #[test]
    fn a_cut_has_a_direction_and_a_partition_has_none() {
        let cut = |rule: Rule, from, to| rules([rule]).rule_on(from, to).cut;
        for (rule, there, back, elsewhere) in [
            (Rule::cut(set(&[1]), set(&[2])), true, false, false),
            (Rule::partition(set(&[1]), set(&[2])), true, true, false),
            (Rule::isolate(set(&[1])), true, true, false),
            (Rule::isolate(set(&[1, 2])), false, false, false),
            (Rule::partition(Hosts::All, Hosts::All), true, true, true),
        ] {
            let name = format!("{rule:?}");
            let got = (cut(rule.clone(), 1, 2), cut(rule.clone(), 2, 1), cut(rule, 3, 4));
            assert_eq!(got, (there, back, elsewhere), "{name}");
        }
    }

    #[test]
    fn what_worsens_adds_up_and_goes_with_its_rule() {
        let ms = Duration::from_millis;
        let mut rules = rules([
            Rule::worsen(set(&[1]), Hosts::All, ms(10), Chance::of(0.5)),
            Rule::worsen(Hosts::All, set(&[2]), ms(5), Chance::of(0.5)),
        ]);
        let ruling = rules.rule_on(1, 2);
        assert_eq!((ruling.cut, ruling.delay, ruling.loss), (false, 15_000_000, Chance::of(0.75)));
        assert!(rules.remove(RuleId(0)) && !rules.remove(RuleId(0)));
        assert_eq!(rules.rule_on(1, 2).delay, 5_000_000);
        assert!(rules.remove(RuleId(1)) && !rules.has(RuleId(1)));
        assert_eq!(rules.rule_on(1, 2), Ruling::default());
    }
}
