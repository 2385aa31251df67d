//! Where an experiment begins and ends: one seed, and the networks that grow from it.

use super::builder::NetworkBuilder;
use super::cleanup::Cleanups;
use super::error::TestResult;
use super::span::Span;
use crate::error::NetworkError;
use crate::handle::Handle;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
use world::Entropy;

/// An experiment: a seed, and all that is made from it. Clones are the same experiment.
///
/// Its networks are shut down and its cleanups called by [`end`](Self::end), or when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Sim(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    seed: u64,
    networks: RefCell<Vec<(String, Handle)>>,
    cleanups: Cleanups,
    ended: Cell<bool>,
}

impl Sim {
    /// An experiment on a seed: the same seed, the same course.
    pub fn new(seed: u64) -> Self {
        let (networks, cleanups) = (RefCell::default(), Cleanups::default());
        Self(Rc::new(Inner { seed, networks, cleanups, ended: Cell::new(false) }))
    }

    /// Its seed.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// A stream of entropy of the test's own, from the seed and a name.
    pub fn entropy(&self, purpose: &str) -> Entropy {
        Entropy::derive(self.0.seed, 0, 0, &format!("test/{purpose}"))
    }

    /// A network to be described and brought [up](NetworkBuilder::up). Several networks of one experiment do not see
    /// each other; each has its own name.
    pub fn network(&self, name: &str) -> NetworkBuilder {
        NetworkBuilder::new(self.clone(), name)
    }

    /// Lets time pass in all networks, in the order they came up.
    ///
    /// # Errors
    /// A text that is no length of time; a network that failed.
    pub async fn advance(&self, by: impl Span) -> TestResult {
        let by = by.span()?;
        for handle in self.handles() {
            handle.advance(by).await?;
        }
        Ok(())
    }

    /// Has something done when the experiment is over and its networks are gone; the last thing registered first.
    pub fn cleanup(&self, cleanup: impl FnOnce() + Send + 'static) {
        self.0.cleanups.add(cleanup);
    }

    /// Ends the experiment: shuts the networks down, then calls the cleanups. Ending twice is ending once.
    ///
    /// # Errors
    /// The first network that failed to shut down; all others have been, and the cleanups have been called.
    ///
    /// # Panics
    /// With the first panic of a cleanup, after all of them.
    pub async fn end(&self) -> TestResult {
        let (shut_down, cleaned) = self.0.end().await;
        if let Err(panic) = cleaned {
            resume_unwind(panic);
        }
        Ok(shut_down?)
    }

    pub(super) fn cleanups(&self) -> &Cleanups {
        &self.0.cleanups
    }

    pub(super) fn has_network(&self, name: &str) -> bool {
        self.0.networks.borrow().iter().any(|(known, _)| known == name)
    }

    pub(super) fn add_network(&self, name: String, handle: Handle) {
        self.0.networks.borrow_mut().push((name, handle));
    }

    fn handles(&self) -> Vec<Handle> {
        self.0.networks.borrow().iter().map(|(_, handle)| handle.clone()).collect()
    }
}

impl Inner {
    async fn end(&self) -> (Result<(), NetworkError>, Result<(), Box<dyn Any + Send>>) {
        if self.ended.replace(true) {
            return (Ok(()), Ok(()));
        }
        let shut_down = shut_down(self.networks.take()).await;
        (shut_down, self.cleanups.run())
    }
}

/// Shuts networks down, the last that came up first.
async fn shut_down(networks: Vec<(String, Handle)>) -> Result<(), NetworkError> {
    let mut outcome = Ok(());
    for (_, handle) in networks.into_iter().rev() {
        // One that has gone already needs no shutting down.
        match handle.shut_down().await {
            Ok(_) | Err(NetworkError::Gone) => {}
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.ended.replace(true) {
            return;
        }
        // On a thread of its own: a runtime that this one is in the middle of would hold its wakers back until later. What
        // cannot be told to anyone has been told by whoever panicked before.
        let networks = self.networks.take();
        let _ = thread::spawn(move || block_on(shut_down(networks))).join();
        let _ = self.cleanups.run();
    }
}

/// Waits for a future whose progress is made on other threads, or at each poll.
fn block_on<R>(future: impl Future<Output = R>) -> R {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut future, mut cx) = (pin!(future), Context::from_waker(&waker));
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

/// How long waits of an experiment look away between two looks at what only a call can tell.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);
