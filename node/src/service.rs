//! What runs on a node: the trait a service implements, and what it is given when it is made.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use bytes::Bytes;
use devp2p::Protocol;
use serde::de::DeserializeOwned;
use serde_json::Value;
use world::World;

use crate::config::NodeConfig;
use crate::data_dir::DataDir;
use crate::node::Node;
use crate::rpc::client::Directory;
use crate::rpc::methods::Methods;

/// Something that runs on a node: protocols it speaks with other nodes, methods it offers to people.
///
/// One object is made for each start of a node. It shares what it knows with its handlers and methods through an
/// `Rc<RefCell<..>>`; a node lives on one thread, so nothing here need be `Send`. The [crate's page](crate) shows a
/// whole one.
///
/// With geth's form of a protocol, one future for each peer, it can be this short:
///
/// ```
/// use node::{Protocol, Service};
///
/// /// Says each message back.
/// struct Echo;
///
/// impl Service for Echo {
///     fn protocols(&self) -> Vec<Protocol> {
///         vec![Protocol::run("echo", 1, 1, |_peer, mut io| async move {
///             loop {
///                 let message = io.read().await?; // the peer's end is this future's end
///                 io.write_payload(message.code, &message.payload).await?;
///             }
///         })]
///     }
/// }
///
/// let services = node::Services::builtin().register("echo", |_| Ok(Echo))?;
/// # assert!(services.contains("echo"));
/// # Ok::<(), node::DuplicateService>(())
/// ```
///
/// A node makes all its services, then its server with their protocols, and then calls [`start`](Self::start) in the
/// order of its configuration; it calls [`stop`](Self::stop) in reverse.
pub trait Service: Any {
    /// The protocols it speaks. Called once.
    fn protocols(&self) -> Vec<Protocol> {
        Vec::new()
    }

    /// Adds its RPC methods and subscriptions. Called once.
    fn methods(&self, _table: &mut Methods) {}

    /// The node's server runs and listens. Who keeps the node keeps it as a [`Weak`](std::rc::Weak).
    ///
    /// # Errors
    /// The node does not start: what was started before is stopped again.
    fn start(&self, _node: &Rc<Node>) -> Result<(), ServiceError> {
        Ok(())
    }

    /// The node stops; its server still runs. Not called where the node is killed.
    fn stop(&self) {}

    /// What it wants to find in [`ServiceContext::snapshot`] in its next life.
    ///
    /// # Errors
    /// There is no snapshot of the node then.
    fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(None)
    }
}

/// What a service is made from.
#[derive(Debug)]
pub struct ServiceContext<'a> {
    /// The name it runs under.
    pub name: &'a str,
    /// The node it runs on.
    pub config: &'a NodeConfig,
    /// What it saved in a former life.
    pub snapshot: Option<Bytes>,
    /// The time, entropy, sleep, tasks.
    pub world: &'a World,
    /// The RPC of the other nodes.
    pub nodes: Directory,
    /// Its settings, an empty object if there are none.
    pub settings: &'a Value,
    pub(crate) data_dir: &'a DataDir,
}

impl ServiceContext<'_> {
    /// A directory of the service's own, for a database say. What it keeps there it finds in the node's later lives, also
    /// after a crash; it is gone with the node. Where it is differs from run to run, so nothing said to others should
    /// depend on that.
    ///
    /// # Errors
    /// It cannot be made, or the node keeps no files at all.
    pub fn dir(&self) -> Result<PathBuf, ServiceError> {
        let made = self.data_dir.of(self.name);
        made.map_err(|error| ServiceError::new(format_args!("directory of service {:?}: {error}", self.name)))
    }

    /// The settings as a value of one's own, usually a struct with `#[serde(default, deny_unknown_fields)]`.
    ///
    /// # Errors
    /// They are something else; the text names the service and what does not fit.
    pub fn settings_as<T: DeserializeOwned>(&self) -> Result<T, ServiceError> {
        T::deserialize(self.settings)
            .map_err(|error| ServiceError::new(format_args!("settings of service {:?}: {error}", self.name)))
    }
}

/// Why a service failed: any error, or a text. `?` turns every error into one.
pub struct ServiceError(Box<dyn Error + Send + Sync>);

impl ServiceError {
    /// An error that is only a text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string().into())
    }

    /// The error inside, for a chain of sources.
    pub(crate) fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ServiceError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
