//! Setting a scenario's network up: nodes, links, lines, regions, connections.

use super::{Progress, Run, RunError, while_};
use crate::condition::Condition;
use crate::error::NetworkError;
use crate::scenario::places::{self, Access};
use crate::scenario::select::Member;
use crate::scenario::shape::{LinkBetween, Shape, taking_part};
use crate::scenario::{Group, Scenario};
use crate::view::NodeSpec;
use devp2p::NodeId;
use std::collections::BTreeMap;
use world::Entropy;
use world::sim::Link;

impl<P: FnMut(Progress)> Run<'_, P> {
    /// All that is there before time zero.
    pub(super) async fn set_up(&mut self) -> Result<(), RunError> {
        self.check_room().await?;
        self.create().await?;
        self.lay_links().await?;
        let up = |member: &Member| self.scenario.groups[member.group].up;
        let members = self.cast.members().iter().zip(&self.ids);
        let ids: Vec<NodeId> = members.filter(|(member, _)| up(member)).map(|(_, id)| *id).collect();
        (self.progress)(Progress::Starting { nodes: ids.len() });
        self.handle.start_nodes(ids).await.map_err(while_("starting the nodes"))?;
        self.connect().await
    }

    /// What cannot fit is not begun.
    async fn check_room(&self) -> Result<(), RunError> {
        let nodes = self.cast.members().len();
        let connections = match &self.scenario.topology {
            Shape::Listed(pairs) => pairs.len() as u64,
            Shape::Of(topology) => topology.most_connections(nodes),
        };
        self.handle.check_room(nodes, connections).await.map_err(while_("making room for the network"))
    }

    async fn create(&mut self) -> Result<(), RunError> {
        let of = self.cast.members().len();
        for place in 0..of {
            if place.is_multiple_of(100) {
                (self.progress)(Progress::Creating { done: place, of });
            }
            let member = &self.cast.members()[place];
            let spec = spec(&self.scenario.groups[member.group], member);
            let node = self.handle.create_node(spec).await;
            self.ids.push(node.map_err(while_("creating the nodes"))?.config.id);
        }
        Ok(())
    }

    /// Regions, lines and links, where the adapter has any.
    async fn lay_links(&mut self) -> Result<(), RunError> {
        let capabilities = self.handle.capabilities().await.map_err(while_("laying the links"))?;
        if !capabilities.links {
            return Ok(());
        }
        let mut conditions = zones(self.scenario, self.cast.members(), &self.ids);
        for (member, id) in self.cast.members().iter().zip(&self.ids) {
            if let Some(line) = access(self.scenario, member).line {
                conditions.push(Condition::Line { node: *id, line });
            }
        }
        let mut entropy = Entropy::derive(self.seed, 0, 0, "scenario/links");
        for LinkBetween { from, to, both_ways, link } in &self.scenario.links {
            let (from, to) = (self.cast.select(from, &mut entropy), self.cast.select(to, &mut entropy));
            let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
            conditions.extend(pairs.filter(|(from, to)| from != to).map(|(from, to)| Condition::Link {
                from: self.ids[from],
                to: self.ids[to],
                both_ways: *both_ways,
                link: Some(*link),
            }));
        }
        self.handle.set_conditions(conditions).await.map_err(while_("laying the links"))
    }

    async fn connect(&mut self) -> Result<(), RunError> {
        let names = taking_part(&self.scenario.groups, &self.scenario.among);
        let places: BTreeMap<&str, usize> = self
            .cast
            .members()
            .iter()
            .enumerate()
            .map(|(place, member)| (member.name.as_str(), place))
            .collect();
        let part: Vec<usize> = names.iter().map(|name| places[name.as_str()]).collect();
        let edges = match &self.scenario.topology {
            Shape::Listed(pairs) => pairs.clone(),
            Shape::Of(topology) => {
                let mut entropy = Entropy::derive(self.seed, 0, 0, "scenario/topology");
                let edges = topology.edges(part.len(), &mut entropy);
                let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()));
                edges.map_err(while_("laying out the topology"))?
            }
        };
        let edges: Vec<(usize, usize)> =
            edges.into_iter().map(|(one, other)| (part[one], part[other])).collect();
        (self.progress)(Progress::Connecting { connections: edges.len() });
        for (one, other) in &edges {
            self.befriend(*one, *other);
        }
        let pairs = edges.into_iter().map(|(one, other)| (self.ids[one], self.ids[other])).collect();
        self.handle.connect_all(pairs).await.map_err(while_("connecting the nodes"))
    }

    /// The two know each other from now on.
    pub(super) fn befriend(&mut self, one: usize, other: usize) {
        self.friends.entry(one).or_default().insert(other);
        self.friends.entry(other).or_default().insert(one);
    }
}

fn access(scenario: &Scenario, member: &Member) -> Access {
    let group = &scenario.groups[member.group];
    member.variant.map_or(group.access, |variant| group.mix[variant].access)
}

/// Which zone of the world each node is in, and what lies between them. Nodes of one zone are in one region and connected
/// to the network alike; where nobody's own connection adds to a link, the zones are the regions.
fn zones(scenario: &Scenario, members: &[Member], ids: &[NodeId]) -> Vec<Condition> {
    let mut links: Vec<Option<Link>> = vec![None];
    let mut keys = Vec::with_capacity(members.len());
    for member in members {
        let link = access(scenario, member).link;
        let place = links.iter().position(|known| *known == link).unwrap_or_else(|| {
            links.push(link);
            links.len() - 1
        });
        keys.push((place, member.region));
    }
    let adds = links.len() > 1;
    let mut zones: BTreeMap<(usize, Option<usize>), u16> = BTreeMap::new();
    for region in 0..scenario.regions.len() {
        zones.insert((0, Some(region)), region as u16);
    }
    let mut conditions = Vec::new();
    for (key, id) in keys.into_iter().zip(ids) {
        if key.1.is_none() && !adds {
            continue;
        }
        let next = zones.len() as u16;
        let zone = *zones.entry(key).or_insert(next);
        conditions.push(Condition::Region { node: *id, region: Some(zone) });
    }
    let inhabited: std::collections::BTreeSet<u16> = conditions
        .iter()
        .filter_map(|condition| if let Condition::Region { region, .. } = condition { *region } else { None })
        .collect();
    let zones: Vec<_> = zones.into_iter().filter(|(_, zone)| inhabited.contains(zone)).collect();
    for ((from_access, from_region), from) in &zones {
        for ((to_access, to_region), to) in &zones {
            let between = match (from_region, to_region) {
                (Some(from), Some(to)) => scenario.regions[*from].links[*to],
                _ => scenario.link,
            };
            let link = places::along([links[*from_access], links[*to_access]], between);
            conditions.push(Condition::RegionLink { from: *from, to: *to, link: Some(link) });
        }
    }
    conditions
}

fn spec(group: &Group, member: &Member) -> NodeSpec {
    let variant = member.variant.map(|variant| &group.mix[variant]);
    let (services, settings) = match variant {
        Some(variant) => (&variant.services, &variant.settings),
        None => (&group.services, &group.settings),
    };
    NodeSpec {
        name: Some(member.name.clone()),
        adapter: group.adapter.map(str::to_owned),
        services: services.clone(),
        enable_msg_events: Some(group.msg_events),
        settings: settings.clone(),
        ..NodeSpec::default()
    }
}
