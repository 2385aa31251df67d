//! How several shards advance together and still give what one would have given.
//!
//! Nothing crosses from one shard to another in less than the look-ahead: the least latency of any link between them. So
//! from the earliest event of all, every shard may run that far without hearing of the others. Then they swap what they
//! sent each other, ordered by the same key as everything else, and the next window begins. A window never reaches past
//! the time asked for: commands enter at its end, whatever the cut.

use super::core::Livelock;
use super::event::Event;
use super::queue::Key;
use super::shard::{Report, Shard};

/// What is on its way between shards, and when anything happens next, from window to window.
#[derive(Debug)]
pub(crate) struct Exchange {
    inboxes: Vec<Vec<(Key, Event)>>,
    next: Option<u64>,
}

impl Exchange {
    pub(crate) fn new(shards: usize) -> Self {
        Self { inboxes: (0..shards).map(|_| Vec::new()).collect(), next: None }
    }

    /// When anything happens next, on any shard or between them.
    pub(crate) fn next(&self) -> Option<u64> {
        self.next
    }

    /// Events on their way.
    pub(crate) fn len(&self) -> usize {
        self.inboxes.iter().map(Vec::len).sum()
    }

    /// Looks at how things stand after commands, which may have sent something abroad.
    pub(crate) fn look(&mut self, shards: &[Shard]) {
        let reports = Shard::all(shards, shards.iter().map(|_| Report::of));
        self.next = self.inboxes.iter().flatten().map(|(key, _)| key.time).min();
        // There was no window that could have failed.
        let _ = self.take(reports);
    }

    /// Runs all shards up to `until`.
    pub(crate) fn run(&mut self, shards: &[Shard], lookahead: u64, until: u64) -> Result<(), Livelock> {
        loop {
            let end = match self.next {
                Some(next) if next < until => next.saturating_add(lookahead).min(until),
                _ => until,
            };
            let windows = self.inboxes.iter_mut().map(|inbox| {
                let incoming = std::mem::take(inbox);
                move |core: &_| Report::of_window(core, incoming, end)
            });
            let reports = Shard::all(shards, windows);
            self.next = None;
            self.take(reports)?;
            if end == until {
                return Ok(());
            }
        }
    }

    fn take(&mut self, reports: Vec<Report>) -> Result<(), Livelock> {
        let mut result = Ok(());
        for report in reports {
            result = result.and(report.result);
            self.sooner(report.next);
            for (shard, key, event) in report.abroad {
                self.sooner(Some(key.time));
                self.inboxes[shard].push((key, event));
            }
        }
        result
    }

    fn sooner(&mut self, time: Option<u64>) {
        self.next = match (self.next, time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
    }
}
