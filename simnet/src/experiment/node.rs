//! One node of a network, in a test's hands.

use super::bucket::Bucket;
use super::error::TestResult;
use super::net::Net;
use crate::error::NetworkError;
use crate::handle::{CallError, Until};
use crate::view::NodeView;
use devp2p::NodeId;
use node::{Params, RpcError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::rc::Rc;

/// A node, up or down. Clones are the same node.
#[derive(Clone)]
pub struct Node {
    net: Net,
    id: NodeId,
    name: Rc<str>,
}

/// Why a call of a method brought nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallFailed {
    /// It never reached the node, or took too long.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The node answered with an error.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A parameter, or the result, is something else than expected.
    #[error("{what} of {method}: {error}")]
    Shape {
        /// `parameters` or `result`.
        what: &'static str,
        /// Which method.
        method: String,
        /// What does not fit.
        error: String,
    },
}

impl From<CallError> for CallFailed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Network(error) => Self::Network(error),
            CallError::Rpc(error) => Self::Rpc(error),
        }
    }
}

impl Node {
    pub(super) fn new(net: Net, id: NodeId, name: Rc<str>) -> Self {
        Self { net, id, name }
    }

    /// Its id.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network it is part of.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// What its services share with the test.
    pub fn bucket(&self) -> Bucket {
        self.net.0.buckets.of(self.id)
    }

    fn key(&self) -> String {
        self.id.to_string()
    }

    /// Calls a method of its RPC: `node.call::<usize>("gossip_seen", ()).await`. A list or a tuple is the parameters,
    /// `()` is none, anything else the only one.
    ///
    /// # Errors
    /// The method's own error; the node is down; the result is something else.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T, CallFailed> {
        let shape = |what, error: serde_json::Error| {
            let (method, error) = (method.to_owned(), error.to_string());
            CallFailed::Shape { what, method, error }
        };
        let params = serde_json::to_value(params).map_err(|error| shape("parameters", error))?;
        let params = Params::from(params).values().to_vec();
        let result = self.net.handle().call(&self.key(), method, params).await?;
        serde_json::from_value(result).map_err(|error| shape("result", error))
    }

    /// Whether it is up.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn is_up(&self) -> TestResult<bool> {
        let id = self.id;
        Ok(self.net.handle().read(move |state| state.node(&id).is_some_and(|node| node.up)).await?)
    }

    /// How many peers it has.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn peer_count(&self) -> TestResult<usize> {
        let id = self.id;
        Ok(self.net.handle().read(move |state| state.node(&id).map_or(0, |node| node.peers)).await?)
    }

    /// All that it shows of itself.
    ///
    /// # Errors
    /// There is no such node any more.
    pub async fn view(&self) -> TestResult<NodeView> {
        Ok(self.net.handle().node(&self.key()).await?)
    }

    /// Starts it.
    ///
    /// # Errors
    /// It is up already, or a service of its failed.
    pub async fn start(&self) -> TestResult {
        self.net.handle().start_node(&self.key()).await?;
        Ok(())
    }

    /// Stops it.
    ///
    /// # Errors
    /// It is down already.
    pub async fn stop(&self) -> TestResult {
        self.net.handle().stop_node(&self.key()).await?;
        Ok(())
    }

    /// Has it connect to another, and waits until both have the peer.
    ///
    /// # Errors
    /// They are connected already, one of them is down, or the connection did not come to be.
    pub async fn connect(&self, other: &Self) -> TestResult {
        self.net.handle().connect(&self.key(), &other.key(), Until::Done).await?;
        Ok(())
    }

    /// Ends its connection with another, and waits until both have lost the peer.
    ///
    /// # Errors
    /// They are not connected.
    pub async fn disconnect(&self, other: &Self) -> TestResult {
        self.net.handle().disconnect(&self.key(), &other.key(), Until::Done).await?;
        Ok(())
    }
}

/// Nodes of one network are the same if their ids are.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Node {}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.id.short())
    }
}
