//! Which network is shown: the server's own, or that of an experiment while it runs.
//!
//! Every route asks the network that is on stage. While an experiment's is, the server's own stands still, as far as its
//! time is simulated, and goes on afterwards.

use simnet::{Handle, NetworkError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use world::sim::Pace;

/// The stage. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    own: Showing,
    guest: Arc<Mutex<Option<Showing>>>,
    changes: watch::Sender<u64>,
}

/// A network, and what tells it from others: a page that comes back to another begins anew.
#[derive(Clone, Debug)]
pub(crate) struct Showing {
    pub(crate) network: Handle,
    pub(crate) run: Arc<str>,
}

impl Stage {
    pub(crate) fn new(own: Handle, run: &str) -> Self {
        let own = Showing { network: own, run: run.into() };
        Self { own, guest: Arc::default(), changes: watch::Sender::new(0) }
    }

    /// What is on.
    pub(crate) fn now(&self) -> Showing {
        self.guest().clone().unwrap_or_else(|| self.own.clone())
    }

    /// Ready when something else is on than that.
    pub(crate) fn changed(&self, than: &Showing) -> impl Future<Output = ()> + Send + 'static {
        let (stage, run, mut changes) = (self.clone(), Arc::clone(&than.run), self.changes.subscribe());
        async move {
            // The stage holds the sender, so there is no error.
            while stage.now().run == run && changes.changed().await.is_ok() {}
        }
    }

    /// Whether that is not the server's own network.
    pub(crate) fn is_guest(&self, showing: &Showing) -> bool {
        showing.run != self.own.run
    }

    /// Puts an experiment's network on, in the place of the server's own.
    pub(crate) fn put_on(&self, network: Handle, name: &str) {
        let run = format!("{}/{name}", self.own.run).into();
        *self.guest() = Some(Showing { network, run });
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Has the server's own on again.
    pub(crate) fn clear(&self) {
        *self.guest() = None;
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Has the server's own network stand still. Answers whether that is a change.
    pub(crate) async fn hold(&self) -> Result<bool, NetworkError> {
        let clock = self.own.network.clock().await?;
        let moves = clock.is_virtual && clock.pace != Pace::Paused;
        if moves {
            self.own.network.set_pace(Pace::Paused).await?;
        }
        Ok(moves)
    }

    /// Has it go on.
    pub(crate) async fn let_go(&self) -> Result<(), NetworkError> {
        self.own.network.resume().await.map(drop)
    }

    fn guest(&self) -> MutexGuard<'_, Option<Showing>> {
        // Nothing that is done with it can be left half done.
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
