//! Why a node does not start, or has no snapshot.

use std::error::Error;

use world::ListenError;

use crate::rpc::methods::MethodError;
use crate::service::ServiceError;

/// Why a node does not start, or has no snapshot. Texts follow geth's where it has one.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration names no service.
    #[error("node must have at least one service")]
    NoService,
    /// Nobody has registered a service of that name.
    #[error("unknown node service {0:?}")]
    UnknownService(String),
    /// The configuration names a service twice.
    #[error("duplicate service: {0}")]
    DuplicateService(String),
    /// Two services have an RPC method of one name, or one has a name that cannot be.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// A service failed, the text says at what.
    #[error("{doing} service {service:?}: {error}")]
    Service {
        /// What the node was doing with it.
        doing: &'static str,
        /// The name of the service.
        service: String,
        /// What it said.
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    /// The p2p stack did not start.
    #[error(transparent)]
    Server(#[from] devp2p::StartError),
    /// The RPC's port is not to be had.
    #[error("RPC: {0}")]
    Rpc(#[from] ListenError),
}

impl NodeError {
    pub(super) fn make(service: &str, error: ServiceError) -> Self {
        Self::service("making", service, error)
    }

    pub(super) fn start(service: &str, error: ServiceError) -> Self {
        Self::service("starting", service, error)
    }

    pub(super) fn snapshot(service: &str, error: ServiceError) -> Self {
        Self::service("saving", service, error)
    }

    fn service(doing: &'static str, service: &str, error: ServiceError) -> Self {
        Self::Service { doing, service: service.to_owned(), error: error.into_inner() }
    }
}
