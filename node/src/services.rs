//! The services a program knows by name, and the three that come with it.

mod gossip;
mod noop;
mod ping_pong;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::service::{Service, ServiceContext, ServiceError};

pub use gossip::{Gossip, GossipSettings, Mode};
pub use noop::Noop;
pub use ping_pong::{PingPong, PingPongSettings};

/// Makes a service for one start of one node.
type Init = Arc<dyn Fn(&ServiceContext<'_>) -> Result<Rc<dyn Service>, ServiceError> + Send + Sync>;

/// There is a service of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node service already exists: {0:?}")]
pub struct DuplicateService(pub String);

/// The services a program knows, by name, and which of them came with it. A value: it is handed to whoever starts nodes, on whatever thread.
#[derive(Clone, Default)]
pub struct Services(BTreeMap<String, Init>, BTreeSet<String>);

impl Services {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// `gossip`, `noop` and `ping-pong`.
    pub fn builtin() -> Self {
        let mut services = Self::new()
            .register("ping-pong", PingPong::new)
            .and_then(|services| services.register("gossip", Gossip::new))
            .and_then(|services| services.register("noop", |_| Ok(Noop)))
            .expect("three names");
        services.1 = services.names().map(str::to_owned).collect();
        services
    }

    /// Adds a service; `init` makes it anew at each start of each node. A built-in one of that name gives way to it.
    ///
    /// # Errors
    /// The name is taken.
    pub fn register<S: Service>(
        mut self,
        name: impl Into<String>,
        init: impl Fn(&ServiceContext<'_>) -> Result<S, ServiceError> + Send + Sync + 'static,
    ) -> Result<Self, DuplicateService> {
        let name = name.into();
        let gives_way = self.1.remove(&name);
        if self.0.contains_key(&name) && !gives_way {
            return Err(DuplicateService(name));
        }
        self.0.insert(name, Arc::new(move |context| Ok(Rc::new(init(context)?))));
        Ok(self)
    }

    /// Whether there is a service of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn init(&self, name: &str) -> Option<&Init> {
        self.0.get(name)
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Services").field(&self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_once() {
        let services = Services::builtin();
        assert_eq!(services.names().collect::<Vec<_>>(), ["gossip", "noop", "ping-pong"]);
        assert!(services.contains("noop") && !services.contains("nope"));
        let services = services.register("noop", |_| Ok(Noop)).expect("the built-in one gives way");
        assert_eq!(services.names().count(), 3);
        let error = services.register("noop", |_| Ok(Noop)).unwrap_err();
        assert_eq!(error.to_string(), "node service already exists: \"noop\"");
    }

    #[test]
    fn services_cross_threads() {
        fn check<T: Send + Sync + Clone>() {}
        check::<Services>();
        check::<crate::config::NodeConfig>();
    }
}
