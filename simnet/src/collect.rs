//! Events of a network, gathered for someone who looks now and then.
//!
//! A subscription has a bound. Whoever waits in simulated time may let the network's own thread empty it at each look,
//! so that it never fills however long the wait.

use crate::subscribe::{Notice, Subscription};
use crate::view::Event;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A subscription and what has been taken from it so far. Clones share both.
#[derive(Clone, Debug)]
pub(crate) struct Collector(Arc<Mutex<Gathered>>);

#[derive(Debug)]
struct Gathered {
    subscription: Subscription,
    events: Vec<Arc<Event>>,
    missed: u64,
}

impl Collector {
    pub(crate) fn new(subscription: Subscription) -> Self {
        Self(Arc::new(Mutex::new(Gathered { subscription, events: Vec::new(), missed: 0 })))
    }

    /// Takes everything that has come since the last time, in order.
    pub(crate) fn take(&self) -> Vec<Arc<Event>> {
        let mut gathered = self.lock();
        gathered.gather();
        std::mem::take(&mut gathered.events)
    }

    /// Empties the subscription; what was in it is kept.
    pub(crate) fn gather(&self) {
        self.lock().gather();
    }

    /// How many events came too fast to be kept.
    pub(crate) fn missed(&self) -> u64 {
        self.lock().missed
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        lock(&self.0)
    }
}

impl Gathered {
    fn gather(&mut self) {
        while let Some(notice) = self.subscription.try_recv() {
            match notice {
                Notice::Event(event) => self.events.push(event),
                Notice::Missed(more) => self.missed += more,
            }
        }
    }
}

/// A lock whose holder panicked is still a value: the panic itself is what fails the test.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
