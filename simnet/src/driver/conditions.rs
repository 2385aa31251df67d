//! What can be asked about links, lines and partitions.

use super::Driver;
use crate::condition::{Condition, LinkChange, Restraint, RestraintId};
use crate::error::NetworkError;
use crate::journal::Command;
use devp2p::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use world::sim::Link;

/// Links of pairs that one command sets at most.
const MOST_LINKS: usize = 100_000;

impl Driver {
    pub(crate) fn set_condition(&mut self, condition: Condition) -> Result<(), NetworkError> {
        self.journal(|| Command::Condition(Box::new(condition.clone())))?;
        self.network.set_condition(condition)
    }

    /// Several, in their order; the first error ends it.
    pub(crate) fn set_conditions(&mut self, conditions: Vec<Condition>) -> Result<(), NetworkError> {
        conditions.into_iter().try_for_each(|condition| self.set_condition(condition))
    }

    /// Changes the links of these pairs, that way only. Answers what brings back what was set before.
    pub(crate) fn change_links_of(
        &mut self,
        pairs: Vec<(NodeId, NodeId)>,
        change: LinkChange,
    ) -> Result<Vec<Condition>, NetworkError> {
        let own: BTreeMap<(NodeId, NodeId), Link> = self.network.state().conditions().links().collect();
        let set = |(from, to), link| Condition::Link { from, to, both_ways: false, link };
        for pair in &pairs {
            let link = change.of(self.network.link(&pair.0, &pair.1)?);
            self.set_condition(set(*pair, Some(link)))?;
        }
        Ok(pairs.into_iter().map(|pair| set(pair, own.get(&pair).copied())).collect())
    }

    pub(crate) fn set_link(
        &mut self,
        from: &str,
        to: &str,
        both_ways: bool,
        link: Option<Link>,
    ) -> Result<(), NetworkError> {
        let (from, to) = (self.network.find(from)?, self.network.find(to)?);
        self.set_condition(Condition::Link { from, to, both_ways, link })
    }

    pub(crate) fn change_link(
        &mut self,
        from: &str,
        to: &str,
        both_ways: bool,
        change: LinkChange,
    ) -> Result<[Link; 2], NetworkError> {
        let (from, to) = (self.network.find(from)?, self.network.find(to)?);
        let there = change.of(self.network.link(&from, &to)?);
        let back = self.network.link(&to, &from)?;
        let back = if both_ways { change.of(back) } else { back };
        if both_ways && there != back {
            self.set_condition(Condition::Link { from, to, both_ways: false, link: Some(there) })?;
            self.set_condition(Condition::Link { from: to, to: from, both_ways: false, link: Some(back) })?;
        } else {
            self.set_condition(Condition::Link { from, to, both_ways, link: Some(there) })?;
        }
        Ok([there, back])
    }

    pub(crate) fn change_default_link(&mut self, change: LinkChange) -> Result<Link, NetworkError> {
        let link = change.of(self.network.default_link());
        self.set_condition(Condition::DefaultLink(link)).map(|()| link)
    }

    pub(crate) fn change_links(
        &mut self,
        from: &str,
        to: &str,
        both_ways: bool,
        change: Option<LinkChange>,
    ) -> Result<usize, NetworkError> {
        let region = |word: &str| word.strip_prefix("region:").and_then(|number| number.parse::<u16>().ok());
        if let Some((from, to)) = region(from).zip(region(to)) {
            return self.change_region_links(from, to, both_ways, change);
        }
        let (from, to) = (self.network.select(&[from.to_owned()])?, self.network.select(&[to.to_owned()])?);
        let pairs: BTreeSet<_> = from.iter().flat_map(|one| to.iter().map(|other| (*one, *other))).collect();
        let back = pairs.iter().filter(|_| both_ways).map(|(from, to)| (*to, *from));
        let pairs: BTreeSet<_> = pairs.iter().copied().chain(back).collect();
        let pairs: Vec<_> = match (from.as_slice(), to.as_slice()) {
            // To itself: refused where it is all that was asked for.
            ([one], [other]) if one == other => pairs.into_iter().collect(),
            _ => pairs.into_iter().filter(|(from, to)| from != to).collect(),
        };
        if pairs.len() > MOST_LINKS {
            let many = format!("{} links at once are too many: {MOST_LINKS} at most", pairs.len());
            return Err(NetworkError::BadCondition(
                many + "; regions and the default link are for all pairs",
            ));
        }
        for (from, to) in &pairs {
            let before = self.network.link(from, to)?;
            let link = change.map(|change| change.of(before));
            self.set_condition(Condition::Link { from: *from, to: *to, both_ways: false, link })?;
        }
        Ok(pairs.len())
    }

    fn change_region_links(
        &mut self,
        from: u16,
        to: u16,
        both_ways: bool,
        change: Option<LinkChange>,
    ) -> Result<usize, NetworkError> {
        let ways: BTreeSet<_> = [(from, to)].into_iter().chain(both_ways.then_some((to, from))).collect();
        for &(from, to) in &ways {
            let conditions = self.network.state().conditions();
            let set =
                conditions.region_links().find(|(regions, _)| *regions == (from, to)).map(|(_, link)| link);
            let before = set.unwrap_or_else(|| self.network.default_link());
            let link = change.map(|change| change.of(before));
            self.set_condition(Condition::RegionLink { from, to, link })?;
        }
        Ok(ways.len())
    }

    pub(crate) fn reset_default_link(&mut self) -> Result<Link, NetworkError> {
        let link = self.network.adapter().default_link();
        self.set_condition(Condition::DefaultLink(link)).map(|()| link)
    }

    pub(crate) fn impose_for(
        &mut self,
        restraint: Restraint,
        time: Duration,
    ) -> Result<RestraintId, NetworkError> {
        let id = self.impose(restraint)?;
        self.plan(time, move |driver| {
            // Somebody may have lifted it before.
            if driver.network.state().conditions().has_restraint(id)
                && let Err(error) = driver.set_condition(Condition::Lift(id))
            {
                tracing::warn!(target: "simnet", %error, restraint = %id, "a restraint stays in force");
            }
        });
        Ok(id)
    }

    pub(crate) fn impose(&mut self, restraint: Restraint) -> Result<RestraintId, NetworkError> {
        let id = self.network.next_restraint();
        self.set_condition(Condition::impose(id, restraint)).map(|()| id)
    }

    /// Lifts all restraints that stand; answers which.
    pub(crate) fn lift_all(&mut self) -> Result<Vec<RestraintId>, NetworkError> {
        let standing = self.network.state().conditions().restraints();
        let standing: Vec<RestraintId> = standing.map(|(id, _)| id).collect();
        for id in &standing {
            self.set_condition(Condition::Lift(*id))?;
        }
        Ok(standing)
    }
}
