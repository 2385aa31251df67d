//! Picking nodes: by what they are, or at random.

use super::error::TestResult;
use super::net::Net;
use super::node::Node;
use crate::view::NodeQuery;
use devp2p::NodeId;
use std::collections::BTreeSet;

impl Net {
    /// The nodes that a query means, in the order of their creation.
    ///
    /// # Errors
    /// A word of it fits no node.
    pub async fn nodes_that(&self, query: NodeQuery) -> TestResult<Vec<Node>> {
        let meant = self.handle().nodes_that(query).await?;
        let meant: BTreeSet<NodeId> = meant.into_iter().map(|node| node.config.id).collect();
        Ok(self.nodes().into_iter().filter(|node| meant.contains(&node.id())).collect())
    }

    /// The nodes that any of `words` fits, as [`Handle::select`](crate::Handle::select) has it: `group:bootnode` are
    /// those with that property.
    ///
    /// # Errors
    /// One of them fits no node.
    pub async fn select(&self, words: &[&str]) -> TestResult<Vec<Node>> {
        let only = words.iter().map(|word| (*word).to_owned()).collect();
        self.nodes_that(NodeQuery { only, ..NodeQuery::default() }).await
    }

    /// One of all nodes but those in `except`; nothing if there is none.
    pub fn random_node(&self, except: &[Node]) -> Option<Node> {
        self.draw(self.nodes(), except)
    }

    /// The same of those that are up.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn random_up_node(&self, except: &[Node]) -> TestResult<Option<Node>> {
        Ok(self.draw(self.up_nodes().await?, except))
    }

    /// The same of those that are down.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn random_down_node(&self, except: &[Node]) -> TestResult<Option<Node>> {
        Ok(self.draw(self.down_nodes().await?, except))
    }

    fn draw(&self, mut nodes: Vec<Node>, except: &[Node]) -> Option<Node> {
        nodes.retain(|node| !except.contains(node));
        self.pick(1, nodes).pop()
    }

    /// So many of `nodes`, in random order; all of them if they are fewer.
    pub(super) fn pick(&self, count: usize, mut nodes: Vec<Node>) -> Vec<Node> {
        self.0.entropy.borrow_mut().shuffle(&mut nodes);
        nodes.truncate(count);
        nodes
    }
}
