//! State that a test and its services share: per node, by key, outliving the node's restarts.
//!
//! A service runs on the network's thread and is made anew at each start. What is in its node's bucket is neither: it
//! belongs to the experiment. Values are shared, not copied; what changes is put into a `Mutex` or an atomic.

use super::cleanup::Cleanups;
use crate::collect::lock;
use devp2p::NodeId;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

type Item = Arc<dyn Any + Send + Sync>;

/// The buckets of all nodes. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Buckets {
    items: Arc<Mutex<BTreeMap<(NodeId, String), Item>>>,
    cleanups: Cleanups,
}

impl Buckets {
    pub(super) fn new(cleanups: Cleanups) -> Self {
        Self { items: Arc::default(), cleanups }
    }

    pub(super) fn of(&self, node: NodeId) -> Bucket {
        Bucket { node, all: self.clone() }
    }
}

/// One node's bucket. See the module.
#[derive(Clone)]
pub struct Bucket {
    node: NodeId,
    all: Buckets,
}

impl Bucket {
    /// Whose it is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Puts a value under a key, in the place of whatever was there.
    pub fn set<T: Any + Send + Sync>(&self, key: &str, value: T) {
        self.put(key, Arc::new(value));
    }

    fn put(&self, key: &str, item: Item) {
        lock(&self.all.items).insert((self.node, key.to_owned()), item);
    }

    /// The value under a key; none if there is none, or one of another type.
    pub fn item<T: Any + Send + Sync>(&self, key: &str) -> Option<Arc<T>> {
        let item = lock(&self.all.items).get(&(self.node, key.to_owned())).cloned();
        item?.downcast().ok()
    }

    /// The value under a key, put there now if there is none.
    ///
    /// # Panics
    /// There is a value of another type.
    pub fn item_or<T: Any + Send + Sync>(&self, key: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut items = lock(&self.all.items);
        let item = items.entry((self.node, key.to_owned())).or_insert_with(|| Arc::new(make()));
        let item = Arc::clone(item).downcast();
        drop(items);
        item.unwrap_or_else(|_| self.missing::<T>(key))
    }

    /// The value under a key.
    ///
    /// # Panics
    /// There is none, or one of another type.
    pub fn must<T: Any + Send + Sync>(&self, key: &str) -> Arc<T> {
        self.item(key).unwrap_or_else(|| self.missing::<T>(key))
    }

    fn missing<T>(&self, key: &str) -> ! {
        let (node, wanted) = (self.node.short(), std::any::type_name::<T>());
        panic!("the bucket of node {node} has no {wanted} under {key:?}")
    }

    /// Takes the value under a key out.
    pub fn remove(&self, key: &str) {
        lock(&self.all.items).remove(&(self.node, key.to_owned()));
    }

    /// Has something done when the experiment is over and its networks are gone; the last thing registered first.
    pub fn cleanup(&self, cleanup: impl FnOnce() + Send + 'static) {
        self.all.cleanups.add(cleanup);
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = lock(&self.all.items);
        let keys: Vec<_> = items.keys().filter(|(node, _)| *node == self.node).map(|(_, key)| key).collect();
        f.debug_struct("Bucket").field("node", &self.node).field("keys", &keys).finish()
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buckets({})", lock(&self.items).len())
    }
}
