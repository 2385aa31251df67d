//! A spawned future that its scope can drop at once, in either dialect.
//!
//! Executors drop an aborted task when they next come by it. A killed scope is to be gone when the kill returns, so the
//! executor runs a shell around this and the scope holds the other end.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A future that can be dropped from outside.
pub(crate) struct Job {
    future: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    dead: Cell<bool>,
}

impl Job {
    pub(crate) fn new(future: impl Future<Output = ()> + 'static) -> Rc<Self> {
        Rc::new(Self { future: RefCell::new(Some(Box::pin(future))), dead: Cell::new(false) })
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Out of its cell while it runs: it may kill its own scope.
        let Some(mut future) = self.future.take() else { return Poll::Ready(()) };
        if future.as_mut().poll(cx).is_ready() || self.dead.get() {
            return Poll::Ready(());
        }
        self.future.replace(Some(future));
        Poll::Pending
    }

    /// Drops the future; one that is running now, as soon as it comes to its next wait.
    pub(crate) fn kill(&self) {
        self.dead.set(true);
        drop(self.future.take());
    }
}
