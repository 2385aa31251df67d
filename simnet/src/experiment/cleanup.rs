//! What is done when an experiment is over: the last thing registered first, each of them whatever the others do.

use crate::collect::lock;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

type Cleanup = Box<dyn FnOnce() + Send>;

/// Functions to be called at the end. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Cleanups(Arc<Mutex<Vec<Cleanup>>>);

impl Cleanups {
    pub(super) fn add(&self, cleanup: impl FnOnce() + Send + 'static) {
        lock(&self.0).push(Box::new(cleanup));
    }

    /// Calls them all. Answers the first panic, when the last of them is done.
    pub(super) fn run(&self) -> Result<(), Box<dyn Any + Send>> {
        let mut outcome = Ok(());
        // Taken one by one: a cleanup may register another.
        while let Some(cleanup) = self.take() {
            let done = catch_unwind(AssertUnwindSafe(cleanup));
            outcome = outcome.and(done);
        }
        outcome
    }

    fn take(&self) -> Option<Cleanup> {
        lock(&self.0).pop()
    }
}

impl fmt::Debug for Cleanups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cleanups({})", lock(&self.0).len())
    }
}
