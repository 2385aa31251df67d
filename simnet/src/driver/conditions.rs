//! What can be asked about links, lines and partitions.

use super::Driver;
use crate::condition::{Condition, LinkChange, Restraint, RestraintId};
use crate::error::NetworkError;
use crate::journal::Command;
use devp2p::NodeId;
use world::sim::Link;

impl Driver {
    pub(crate) fn set_condition(&mut self, condition: Condition) -> Result<(), NetworkError> {
        self.journal(|| Command::Condition(Box::new(condition.clone())))?;
        self.network.set_condition(condition)
    }

    /// Nodes given by id or name.
    pub(crate) fn find_all(&self, nodes: &[String]) -> Result<Vec<NodeId>, NetworkError> {
        nodes.iter().map(|node| self.network.find(node)).collect()
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
