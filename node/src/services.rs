//! The services a program knows by name, and the two that come with it.

mod noop;
mod ping_pong;

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::service::{Service, ServiceContext, ServiceError};

pub use noop::Noop;
pub use ping_pong::{PingPong, PingPongSettings};

/// Makes a service for one start of one node.
type Init = Arc<dyn Fn(&ServiceContext<'_>) -> Result<Rc<dyn Service>, ServiceError> + Send + Sync>;

/// There is a service of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node service already exists: {0:?}")]
pub struct DuplicateService(pub String);

/// The services a program knows, by name. A value: it is handed to whoever starts nodes, on whatever thread.
#[derive(Clone, Default)]
pub struct Services(BTreeMap<String, Init>);

impl Services {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// `ping-pong` and `noop`.
    pub fn builtin() -> Self {
        Self::new()
            .register("ping-pong", PingPong::new)
            .and_then(|services| services.register("noop", |_| Ok(Noop)))
            .expect("two names")
    }

    /// Adds a service; `init` makes it anew at each start of each node.
    ///
    /// # Errors
    /// The name is taken.
    pub fn register<S: Service>(
        mut self,
        name: impl Into<String>,
        init: impl Fn(&ServiceContext<'_>) -> Result<S, ServiceError> + Send + Sync + 'static,
    ) -> Result<Self, DuplicateService> {
        let name = name.into();
        if self.0.contains_key(&name) {
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
        assert_eq!(services.names().collect::<Vec<_>>(), ["noop", "ping-pong"]);
        assert!(services.contains("noop") && !services.contains("nope"));
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
