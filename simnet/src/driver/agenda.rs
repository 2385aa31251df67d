//! What is to be done at a time to come: the end of a partition, the next node that leaves.
//!
//! Time stops at each of them, at any pace and within a step, so they are done to the nanosecond whatever the wall's clock
//! says. They do not make time pass: with an unbounded pace, that is for those who wait.

use super::Driver;
use std::collections::BTreeMap;
use std::time::Duration;

/// Done once, at its time.
type Entry = Box<dyn FnOnce(&mut Driver)>;

/// See the module.
#[derive(Default)]
pub(super) struct Agenda {
    /// By time, and by the order in which they were put there.
    entries: BTreeMap<(Duration, u64), Entry>,
    put: u64,
}

impl Agenda {
    /// When the next is to be done.
    pub(super) fn next(&self) -> Option<Duration> {
        self.entries.keys().next().map(|(time, _)| *time)
    }

    fn take(&mut self, now: Duration) -> Option<Entry> {
        let first = self.entries.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

impl Driver {
    /// Has something done when so much more of the network's time has passed.
    pub(super) fn plan(&mut self, after: Duration, entry: impl FnOnce(&mut Self) + 'static) {
        let time = self.network.now().saturating_add(after);
        self.agenda.entries.insert((time, self.agenda.put), Box::new(entry));
        self.agenda.put += 1;
    }

    /// Does what is due.
    pub(super) fn keep_agenda(&mut self) {
        while let Some(entry) = self.agenda.take(self.network.now()) {
            entry(self);
        }
    }
}
