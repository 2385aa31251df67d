//! Setting up a network from a snapshot: checked whole, then done.

use crate::adapter::Fabric;
use crate::error::NetworkError;
use crate::network::{Asking, Network};
use crate::view::{NodeSpec, Snapshot};
use devp2p::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// A snapshot whose nodes exist, and may still be starting.
pub(crate) struct Loading {
    starting: Vec<Asking<()>>,
    /// Which to connect when all nodes are up.
    conns: Vec<(NodeId, NodeId)>,
}

/// Creates the nodes of a snapshot and starts those that were up.
///
/// Nothing is done before everything has been checked: unknown services, ids in use, keys that do not fit,
/// connections of nodes that are not in it. A connection of a node that the snapshot has down is left out: it could not
/// come up, and the snapshot of a network never has one.
pub(crate) fn load(network: &mut Network, snapshot: Snapshot) -> Result<Loading, NetworkError> {
    let up = check(network, &snapshot)?;
    let mut starting = Vec::new();
    for node in snapshot.nodes {
        let id = network.create(node.spec)?;
        if node.up {
            starting.extend(network.start(id, node.services)?);
        }
    }
    let conns = snapshot.conns.iter();
    let conns = conns.filter(|conn| conn.up && up.contains(&conn.one) && up.contains(&conn.other));
    Ok(Loading { starting, conns: conns.map(|conn| (conn.one, conn.other)).collect() })
}

impl Loading {
    /// Once all nodes are up, asks for the connections and answers which to wait for.
    pub(crate) fn connect(
        &mut self,
        network: &mut Network,
    ) -> Option<Result<Vec<(NodeId, NodeId)>, NetworkError>> {
        let started = Asking::all(&mut self.starting)?;
        let pairs = std::mem::take(&mut self.conns);
        let asked =
            started.and_then(|()| pairs.iter().try_for_each(|&(one, other)| network.connect(one, other)));
        Some(asked.map(|()| pairs))
    }
}

/// Answers which nodes will be up.
fn check(network: &Network, snapshot: &Snapshot) -> Result<BTreeSet<NodeId>, NetworkError> {
    let bad = |text: String| Err(NetworkError::BadSnapshot(text));
    let known = network.adapter().services();
    let mut nodes: BTreeMap<NodeId, (bool, Fabric)> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (position, node) in snapshot.nodes.iter().enumerate() {
        let id = match identity(&node.spec) {
            Ok(id) => id,
            Err(why) => return bad(format!("node {position} {why}")),
        };
        if network.state().index(&id).is_some() {
            return Err(NetworkError::IdTaken(id));
        }
        let kind = network.kind(node.spec.adapter.as_deref())?;
        if nodes.insert(id, (node.up, kind.fabric)).is_some() {
            return bad(format!("node {position} has the id {id} of a node before it"));
        }
        if let Some(name) = node.spec.name.as_ref().filter(|name| !name.is_empty()) {
            if network.state().index_of_name(name).is_some() {
                return Err(NetworkError::NameTaken(name.clone()));
            }
            if !names.insert(name) {
                return bad(format!("node {position} has the name {name:?} of a node before it"));
            }
        }
        if let Some(name) = node.spec.services.iter().find(|name| !known.contains(name)) {
            return Err(NetworkError::UnknownService { name: name.clone(), known });
        }
    }
    let mut pairs = BTreeSet::new();
    for (position, conn) in snapshot.conns.iter().enumerate() {
        for end in [conn.one, conn.other] {
            if !nodes.contains_key(&end) {
                return bad(format!("connection {position} names node {end}, which is not in it"));
            }
        }
        if conn.one == conn.other {
            return bad(format!("connection {position} connects node {} to itself", conn.one));
        }
        let [one, other] = [conn.one, conn.other].map(|end| (end, nodes[&end].1));
        if one.1 != other.1 {
            return bad(format!("connection {position}: {}", NetworkError::OtherFabric { one, other }));
        }
        if !pairs.insert((conn.one.min(conn.other), conn.one.max(conn.other))) {
            return bad(format!("connection {position} connects {} and {} again", conn.one, conn.other));
        }
    }
    Ok(nodes.into_iter().filter(|(_, (up, _))| *up).map(|(id, _)| id).collect())
}

fn identity(spec: &NodeSpec) -> Result<NodeId, String> {
    let Some(key) = &spec.key else {
        return Err("has no private key: only snapshots with keys can be loaded".into());
    };
    let id = key.id();
    match spec.id {
        Some(given) if given != id => Err(format!("has the id {given}, but its private key is that of {id}")),
        _ => Ok(id),
    }
}
