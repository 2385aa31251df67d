//! Connecting nodes in shapes, and stopping and starting them at random.
//!
//! Nodes that are connected already stay so: a shape is what is there in the end, not what is dialled.

use super::error::TestResult;
use super::net::Net;
use super::node::Node;
use crate::error::NetworkError;
use crate::state::State;
use crate::topology::Topology;
use devp2p::NodeId;

impl Net {
    /// Connects `nodes` in a shape, and waits until all its connections are up at both ends.
    ///
    /// # Errors
    /// The shape cannot be had with so many nodes; a node is down; a connection did not come to be.
    pub async fn connect(&self, shape: Topology, nodes: &[Node]) -> TestResult {
        let edges = shape.edges(nodes.len(), &mut self.0.entropy.borrow_mut());
        let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()))?;
        self.connect_pairs(
            edges.into_iter().map(|(one, other)| (nodes[one].id(), nodes[other].id())).collect(),
        )
        .await
    }

    /// Whether `nodes` are all there are and have exactly the connections of a shape among them, up at both ends.
    ///
    /// # Errors
    /// They have others, which the text names; a shape that is drawn, whose pairs [`Handle::verify`] takes.
    ///
    /// [`Handle::verify`]: crate::Handle::verify
    pub async fn verify(&self, shape: Topology, nodes: &[Node]) -> TestResult {
        if shape.is_drawn() {
            return self
                .refuse(format_args!("{shape} is drawn anew each time: keep its pairs and verify those"));
        }
        let edges = shape.edges(nodes.len(), &mut self.0.entropy.borrow_mut());
        let edges = edges.map_err(|error| NetworkError::BadTopology(error.to_string()))?;
        let pairs = edges.into_iter().map(|(one, other)| (nodes[one].id(), nodes[other].id())).collect();
        Ok(self.handle().verify(pairs).await??)
    }

    async fn connect_pairs(&self, pairs: Vec<(NodeId, NodeId)>) -> TestResult {
        let missing = move |state: &State| -> Vec<_> {
            let is_up = |(one, other): &(NodeId, NodeId)| state.conn(one, other).is_some_and(|conn| conn.up);
            pairs.into_iter().filter(|pair| !is_up(pair)).collect()
        };
        let missing = self.handle().read(missing).await?;
        Ok(self.handle().connect_all(missing).await?)
    }

    /// Adds nodes and connects them among each other in a shape. A chain goes on from the last node that was up before.
    ///
    /// # Errors
    /// Fewer than two nodes; see [`add`](Self::add) and [`connect`](Self::connect).
    pub async fn add_connected(&self, count: usize, shape: Topology) -> TestResult<Vec<Node>> {
        if count < 2 {
            return self.refuse(format_args!("count of nodes must be at least 2, not {count}"));
        }
        let last = self.up_nodes().await?.pop();
        let added = self.add(count).await?;
        match (shape, last) {
            (Topology::Chain, Some(last)) => {
                let longer: Vec<Node> = [last].into_iter().chain(added.iter().cloned()).collect();
                self.connect(shape, &longer).await?;
            }
            _ => self.connect(shape, &added).await?,
        }
        Ok(added)
    }

    /// Connects a node to the last other one that is up; does nothing if there is none.
    ///
    /// # Errors
    /// The node is down, or the connection did not come to be.
    pub async fn connect_to_last(&self, node: &Node) -> TestResult {
        match self.up_nodes().await?.iter().rfind(|other| *other != node) {
            Some(last) => self.connect_pairs(vec![(last.id(), node.id())]).await,
            None => Ok(()),
        }
    }

    /// Connects a node to some other one that is up.
    ///
    /// # Errors
    /// There is none; the node is down, or the connection did not come to be.
    pub async fn connect_to_random(&self, node: &Node) -> TestResult<Node> {
        let others: Vec<Node> = self.up_nodes().await?.into_iter().filter(|other| other != node).collect();
        let Some(other) = self.pick(1, others).pop() else {
            return self
                .refuse(format_args!("there is no other node that is up for {} to connect to", node.name()));
        };
        self.connect_pairs(vec![(other.id(), node.id())]).await?;
        Ok(other)
    }

    /// Stops so many nodes, chosen at random among those that are up and not in `protect`. Answers which.
    ///
    /// # Errors
    /// There are not so many; none is stopped then.
    pub async fn stop_random(&self, count: usize, protect: &[Node]) -> TestResult<Vec<Node>> {
        let up = self.up_nodes().await?;
        let total = up.len();
        let free: Vec<Node> = up.into_iter().filter(|node| !protect.contains(node)).collect();
        if free.len() < count {
            return self.refuse(format_args!(
                "cannot stop {count} nodes: {total} are up, {} of them protected",
                total - free.len()
            ));
        }
        let picked = self.pick(count, free);
        for node in &picked {
            node.stop().await?;
        }
        Ok(picked)
    }

    /// Starts so many nodes, chosen at random among those that are down. Answers which.
    ///
    /// # Errors
    /// There are not so many; none is started then. One that could not be started.
    pub async fn start_random(&self, count: usize) -> TestResult<Vec<Node>> {
        let down = self.down_nodes().await?;
        if down.len() < count {
            return self.refuse(format_args!("cannot start {count} nodes: only {} are down", down.len()));
        }
        let picked = self.pick(count, down);
        for node in &picked {
            node.start().await?;
        }
        Ok(picked)
    }
}
