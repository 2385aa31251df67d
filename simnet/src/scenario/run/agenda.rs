//! What is due, and when: the timeline, the workload's calls, looks at what is expected, the ticks of a progress bar.
//!
//! Of what is due at the same instant, what happens to the network comes first, then calls, then looks; of each, what
//! was put down first.

use crate::condition::Condition;
use crate::scenario::Scenario;
use crate::scenario::expect::When;
use std::collections::BTreeMap;
use std::time::Duration;

/// Steps in which a scenario's time passes: what a progress bar can show.
const TICKS: u32 = 100;

/// Something to do. Entries, workloads, expectations and nodes are named by their places.
#[derive(Debug)]
pub(super) enum Due {
    /// An entry of the timeline begins.
    Entry(usize),
    /// What it imposed ends.
    Undo(usize),
    /// A node that the entry starts.
    Arrive { entry: usize, node: usize },
    /// A node that the entry ends.
    Leave { entry: usize, node: usize },
    /// A node that the entry ended comes back.
    Return { entry: usize, node: usize },
    /// Links and lines are again what they were.
    Restore(Vec<Condition>),
    /// A call of a workload.
    Call(usize),
    /// A look at what is expected.
    Look(usize),
    /// Time has passed.
    Tick,
}

impl Due {
    fn rank(&self) -> u8 {
        match self {
            Self::Call(_) => 1,
            Self::Look(_) => 2,
            Self::Tick => 3,
            _ => 0,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Agenda {
    due: BTreeMap<(Duration, u8, u64), Due>,
    count: u64,
    end: Duration,
}

impl Agenda {
    /// The timeline, the first looks, and the ticks.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mut agenda = Self { due: BTreeMap::new(), count: 0, end: scenario.duration };
        for (place, entry) in scenario.timeline.iter().enumerate() {
            agenda.put(entry.at, Due::Entry(place));
        }
        for (place, expectation) in scenario.expectations.iter().enumerate() {
            if let When::Looks { after, .. } = expectation.when {
                agenda.put(after, Due::Look(place));
            }
        }
        for tick in 0..=TICKS {
            // From the whole, so that no step's rounding adds up.
            let at = scenario.duration.mul_f64(f64::from(tick) / f64::from(TICKS));
            agenda.put(if tick == TICKS { scenario.duration } else { at }, Due::Tick);
        }
        agenda
    }

    /// Puts something down. What would be due after the end is not done.
    pub(super) fn put(&mut self, at: Duration, due: Due) {
        if at <= self.end {
            self.due.insert((at, due.rank(), self.count), due);
            self.count += 1;
        }
    }

    /// What is due next, and when.
    pub(super) fn next(&mut self) -> Option<(Duration, Due)> {
        self.due.pop_first().map(|((at, ..), due)| (at, due))
    }
}
