//! Tasks of one shard: a first-in, first-out run queue over `async-task`.
//!
//! A woken task goes to the back; the queue is run dry before the next event. Wakes come from this thread only: a
//! simulated world awaits nothing outside itself.

use async_task::Runnable;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The tasks that are ready to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunQueue(Arc<Ready>);

#[derive(Debug, Default)]
struct Ready {
    tasks: Mutex<VecDeque<Runnable>>,
    /// How many they are: after nearly every event none, and seeing that takes no lock.
    count: AtomicUsize,
}

impl RunQueue {
    pub(crate) fn pop(&self) -> Option<Runnable> {
        if self.is_empty() {
            return None;
        }
        let runnable = self.0.tasks.lock().expect("no holder panics").pop_front();
        self.0.count.fetch_sub(usize::from(runnable.is_some()), Ordering::Relaxed);
        runnable
    }

    pub(crate) fn push(&self, runnable: Runnable) {
        let mut tasks = self.0.tasks.lock().expect("no holder panics");
        tasks.push_back(runnable);
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::Relaxed) == 0
    }
}
