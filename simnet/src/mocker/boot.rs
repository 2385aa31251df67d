//! The ring that every mocker begins with: created, started, connected.

use super::Stop;
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::topology::Topology;
use crate::view::NodeSpec;
use world::Entropy;

/// Brings up as many nodes as the mocker is not told to stop before, and answers their names. Two nodes make a ring of
/// one connection, one node a ring of none.
pub(super) async fn ring(net: &Handle, nodes: usize, stop: &mut Stop) -> Result<Vec<String>, NetworkError> {
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..nodes {
        if stop.is_asked() {
            return Ok(names);
        }
        let node = net.create_node(NodeSpec::default()).await?;
        net.start_node(&node.config.name).await?;
        ids.push(node.config.id);
        names.push(node.config.name);
    }
    // A ring draws nothing.
    let edges = Topology::Ring.edges(nodes, &mut Entropy::derive(0, 0, 0, "mocker"));
    let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()))?;
    let pairs = edges.into_iter().map(|(one, other)| (ids[one], ids[other])).collect();
    stop.or(net.connect_all(pairs)).await.transpose()?;
    Ok(names)
}
