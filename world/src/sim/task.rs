//! Tasks of one shard: a first-in, first-out run queue over `async-task`.
//!
//! A woken task goes to the back; the queue is run dry before the next event. Wakes come from this thread only: a
//! simulated world awaits nothing outside itself.

use async_task::Runnable;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The tasks that are ready to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunQueue(Arc<Mutex<VecDeque<Runnable>>>);

impl RunQueue {
    pub(crate) fn pop(&self) -> Option<Runnable> {
        self.0.lock().expect("no holder panics").pop_front()
    }

    pub(crate) fn push(&self, runnable: Runnable) {
        self.0.lock().expect("no holder panics").push_back(runnable);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().expect("no holder panics").is_empty()
    }
}
