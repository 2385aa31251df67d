//! The handle's part in conditions.
//!
//! Each of these is done between two events, holds from that moment on, stands in the log as what was asked, and in the
//! journal. A node is given by id or name.
//!
//! Each fails where the adapter's links cannot be set ([`Capabilities`](crate::adapter::Capabilities)`::links`), a node
//! is not there, or what is set makes no sense.

use super::{Condition, Conditions, LinkChange, Restraint, RestraintId};
use crate::error::NetworkError;
use crate::handle::Handle;
use devp2p::NodeId;
use std::time::Duration;
use world::sim::{HostLink, Link};

impl Handle {
    /// Sets a condition.
    pub async fn set_condition(&self, condition: Condition) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.set_condition(condition)).await?
    }

    /// Sets several, in their order; the first error ends it.
    pub async fn set_conditions(&self, conditions: Vec<Condition>) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.set_conditions(conditions)).await?
    }

    /// Sets the link of all pairs that have none of their own and none of their regions.
    pub async fn set_default_link(&self, link: Link) -> Result<(), NetworkError> {
        self.set_condition(Condition::DefaultLink(link)).await
    }

    /// Changes that link in part; answers what it is now.
    pub async fn change_default_link(&self, change: LinkChange) -> Result<Link, NetworkError> {
        self.ask(move |driver| driver.change_default_link(change)).await?
    }

    /// Sets the link from one node to another, or both ways; without one it is again what it was before it was set.
    pub async fn set_link(
        &self,
        from: &str,
        to: &str,
        both_ways: bool,
        link: Option<Link>,
    ) -> Result<(), NetworkError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.ask(move |driver| driver.set_link(&from, &to, both_ways, link)).await?
    }

    /// Changes that link in part; answers what it is now, there and back.
    pub async fn change_link(
        &self,
        from: &str,
        to: &str,
        both_ways: bool,
        change: LinkChange,
    ) -> Result<[Link; 2], NetworkError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.ask(move |driver| driver.change_link(&from, &to, both_ways, change)).await?
    }

    /// Changes in part, or without a change takes back, the links from each of some nodes to each of others, chosen as
    /// [`select`](Self::select) has it; where both are one region (`region:1`), the link between regions. Answers how
    /// many links that is, a way back counted too.
    pub async fn change_links(
        &self,
        from: String,
        to: String,
        both_ways: bool,
        change: Option<LinkChange>,
    ) -> Result<usize, NetworkError> {
        self.ask(move |driver| driver.change_links(&from, &to, both_ways, change)).await?
    }

    /// Has the link of all pairs that have no other be what the network began with.
    pub async fn reset_default_link(&self) -> Result<Link, NetworkError> {
        self.ask(|driver| driver.reset_default_link()).await?
    }

    /// Changes the links of these pairs in part, that way only. Answers what brings back what was set before.
    pub(crate) async fn change_links_of(
        &self,
        pairs: Vec<(NodeId, NodeId)>,
        change: LinkChange,
    ) -> Result<Vec<Condition>, NetworkError> {
        self.ask(move |driver| driver.change_links_of(pairs, change)).await?
    }

    /// The link from one node to another, as it is now; restraints come on top of it.
    pub async fn link(&self, from: &str, to: &str) -> Result<Link, NetworkError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.ask(move |driver| {
            let network = driver.network();
            network.link(&network.find(&from)?, &network.find(&to)?)
        })
        .await?
    }

    /// The link of all pairs that have no other, as it is now.
    pub async fn default_link(&self) -> Result<Link, NetworkError> {
        self.ask(|driver| driver.network().default_link()).await
    }

    /// Sets a node's own line; [`HostLink::UNLIMITED`] takes it away.
    pub async fn set_line(&self, node: &str, line: HostLink) -> Result<(), NetworkError> {
        let node = node.to_owned();
        self.ask(move |driver| {
            let node = driver.network().find(&node)?;
            driver.set_condition(Condition::Line { node, line })
        })
        .await?
    }

    /// Puts a node into a region, or into none.
    pub async fn set_region(&self, node: &str, region: Option<u16>) -> Result<(), NetworkError> {
        let node = node.to_owned();
        self.ask(move |driver| {
            let node = driver.network().find(&node)?;
            driver.set_condition(Condition::Region { node, region })
        })
        .await?
    }

    /// Sets the link from the nodes of one region to those of another (or the same), that direction only. A pair's own
    /// link goes before it.
    pub async fn set_region_link(&self, from: u16, to: u16, link: Link) -> Result<(), NetworkError> {
        self.set_condition(Condition::RegionLink { from, to, link: Some(link) }).await
    }

    /// Has a restraint hold from now on, until it is lifted.
    pub async fn impose(&self, restraint: Restraint) -> Result<RestraintId, NetworkError> {
        self.ask(move |driver| driver.impose(restraint)).await?
    }

    /// The same, until it is lifted or so much simulated time has passed.
    pub async fn impose_for(
        &self,
        restraint: Restraint,
        time: Duration,
    ) -> Result<RestraintId, NetworkError> {
        self.ask(move |driver| driver.impose_for(restraint, time)).await?
    }

    /// Ends a restraint.
    pub async fn lift(&self, id: RestraintId) -> Result<(), NetworkError> {
        self.set_condition(Condition::Lift(id)).await
    }

    /// Ends all restraints that stand, in the order in which they were imposed; answers which.
    pub async fn lift_all(&self) -> Result<Vec<RestraintId>, NetworkError> {
        self.ask(|driver| driver.lift_all()).await?
    }

    /// The restraints that stand, in the order in which they were imposed.
    pub async fn restraints(&self) -> Result<Vec<(RestraintId, Restraint)>, NetworkError> {
        let copied = |(id, restraint): (RestraintId, &Restraint)| (id, restraint.clone());
        self.read(move |state| state.conditions().restraints().map(copied).collect()).await
    }

    /// Everything about links and lines that has been set and stands.
    pub async fn conditions(&self) -> Result<Conditions, NetworkError> {
        self.read(|state| state.conditions().clone()).await
    }

    /// The ids of the nodes that any of `words` fits, in the order of creation: a name or id, a pattern such as `light*`,
    /// `region:1`, `service:gossip`, `group:light` (those with that property); several of them apart by commas.
    ///
    /// # Errors
    /// One of them fits no node.
    pub async fn select(&self, words: Vec<String>) -> Result<Vec<NodeId>, NetworkError> {
        self.ask(move |driver| driver.network().select(&words)).await?
    }
}
