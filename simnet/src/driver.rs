//! The thread a network lives on: jobs in, simulated time on.
//!
//! A job is done between two events, at the network's present time. A job that waits for something leaves a waiter;
//! waiters are looked at whenever the log grew. How far time goes is the pace's business: unbounded, it goes on only
//! while somebody waits; at n × real time it follows the wall's clock; paused, not at all.
//!
//! So that what a caller sees does not depend on the machine or the number of threads, waiters are looked at on a grid
//! of simulated time ([`GRID`]) while there are any, and time stops at the first point of it where one is content.
//!
//! Where nodes live in real time there is nothing to drive: the thread sleeps until a job or a nudge of the adapter's
//! comes or a waiter's deadline is there, takes in what has happened, and looks. Nodes in memory beside them go along:
//! their next event wakes it, too.
//!
//! | module | holds |
//! |---|---|
//! | `wait` | what is waited for, and who waits |
//! | `jobs` | what can be asked |
//! | `conditions` | the same of links, lines and partitions |
//! | `clock` | the same of time: pace, advance, step |
//! | `agenda` | what is to be done at a time to come |
//! | `churn` | nodes that come and go by a plan |
//! | `watching` | what watchers ask |

mod agenda;
mod churn;
mod clock;
mod conditions;
mod jobs;
mod wait;
mod watching;

pub(crate) use wait::Wait;

use crate::error::NetworkError;
use crate::journal::Journal;
use crate::network::Network;
use agenda::Agenda;
use churn::Churning;
use clock::Stride;
use devp2p::NodeId;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use wait::{Moment, Waiter};
use world::real::WallClock;
use world::sim::{Pace, Pacer};

/// Something to do at the network.
pub(crate) type Job = Box<dyn FnOnce(&mut Driver) + Send>;

/// Waiters are looked at when simulated time passes a multiple of this.
pub(crate) const GRID: Duration = Duration::from_millis(1);

/// Simulated time passes in slices no longer than this, so that jobs get their turn and the log stays short in memory.
const SLICE: Duration = Duration::from_millis(100);

/// At a pace, time is moved on at least this often (wall time), even when nothing happens.
const TICK: Duration = Duration::from_millis(20);

/// How far simulated time may fall behind its pace before that is said.
const SLIP: Duration = Duration::from_secs(1);

/// A network and its time. See the module.
pub(crate) struct Driver {
    network: Network,
    pacer: Pacer,
    wall: WallClock,
    waiters: Vec<Waiter>,
    journal: Option<Journal>,
    /// Nodes of open RPC conversations.
    lines: BTreeMap<u64, NodeId>,
    next_line: u64,
    /// Time that passes whatever the pace.
    stride: Option<Stride>,
    agenda: Agenda,
    churn: Option<Churning>,
    /// How many there have been.
    churns: u64,
    /// The pace that a pause interrupts.
    before_pause: Pace,
    slipped: bool,
    /// Why time does not pass any more, if the log cannot be written or the world does not move.
    failed: Option<NetworkError>,
    ended: bool,
}

impl Driver {
    pub(crate) fn new(network: Network, pace: Pace, journal: Option<Journal>) -> Self {
        let wall = WallClock::start();
        Self {
            pacer: Pacer::new(pace, Duration::ZERO, network.now()),
            network,
            wall,
            waiters: Vec::new(),
            journal,
            lines: BTreeMap::new(),
            next_line: 0,
            stride: None,
            agenda: Agenda::default(),
            churn: None,
            churns: 0,
            before_pause: if pace == Pace::Paused { Pace::Times(1.0) } else { pace },
            slipped: false,
            failed: None,
            ended: false,
        }
    }

    /// Does jobs and lets time pass until the network is shut down or nobody holds a handle any more.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while !self.ended {
            let patience = self.pass();
            let job = match patience {
                Some(Duration::ZERO) => {
                    jobs.try_recv().map_err(|error| error == std::sync::mpsc::TryRecvError::Disconnected)
                }
                Some(patience) => {
                    jobs.recv_timeout(patience).map_err(|error| error == RecvTimeoutError::Disconnected)
                }
                None => jobs.recv().map_err(|_| true),
            };
            match job {
                Ok(job) => {
                    self.catch_up();
                    job(&mut self);
                }
                Err(true) => {
                    let _ = self.shut_down();
                }
                Err(false) => {}
            }
        }
    }

    /// Lets a slice of time pass. Answers how long (wall time) the next job may be waited for; `None`: for ever.
    fn pass(&mut self) -> Option<Duration> {
        if !self.is_virtual() {
            return self.pass_really();
        }
        if self.stride.is_some() {
            self.stride();
            return Some(Duration::ZERO);
        }
        if self.pacer.pace() == Pace::Paused || (self.pacer.pace() == Pace::Max && self.waiters.is_empty()) {
            return None;
        }
        let due = self.pacer.due(self.wall.elapsed());
        let behind = self.slice(due);
        if behind {
            return Some(Duration::ZERO);
        }
        let next = self.network.adapter().next_event().into_iter().chain(self.agenda.next()).min();
        let next = next.unwrap_or(Duration::MAX);
        let wait = self.pacer.wait_for(next, self.wall.elapsed()).unwrap_or(TICK);
        Some(wait.clamp(Duration::from_micros(100), TICK))
    }

    /// Takes in what has happened, looks at the waiters, and answers when the first of them will have waited enough, or
    /// something is to happen.
    fn pass_really(&mut self) -> Option<Duration> {
        self.take_in();
        self.keep_agenda();
        self.look();
        let deadlines = self.waiters.iter().map(|waiter| waiter.deadline);
        let next = self.network.adapter().next_event().filter(|_| self.failed.is_none());
        let first = deadlines.chain(self.agenda.next()).chain(next).min()?;
        Some(first.saturating_sub(self.network.now()))
    }

    fn take_in(&mut self) {
        match self.network.run_until(self.network.now()) {
            Err(error) if self.failed.is_none() => self.fail(error),
            _ => {}
        }
    }

    /// No more time will pass.
    fn fail(&mut self, error: NetworkError) {
        tracing::error!(target: "simnet", %error, "the network has stopped");
        self.failed = Some(error.clone());
        self.look_at(&Moment::Last(error));
        self.stride = None;
        self.pacer = Pacer::new(Pace::Paused, self.wall.elapsed(), self.network.now());
    }

    fn is_virtual(&self) -> bool {
        self.network.adapter().capabilities().virtual_time
    }

    /// Before a job is done, time is where the pace has it, as far as that is within a slice.
    fn catch_up(&mut self) {
        if !self.is_virtual() {
            self.take_in();
        } else if self.stride.is_none()
            && let Pace::Times(_) = self.pacer.pace()
        {
            self.slice(self.pacer.due(self.wall.elapsed()));
        }
    }

    /// Runs one slice, at most up to `due`; looks at the waiters. Answers whether time is still behind.
    fn slice(&mut self, due: Option<Duration>) -> bool {
        let now = self.network.now();
        let next = self.network.adapter().next_event();
        let mut end = match next {
            Some(next) => (now + SLICE).max(next + Duration::from_nanos(1)),
            None => Duration::MAX,
        };
        for time in self.waiters.iter().map(|waiter| waiter.deadline).chain(self.agenda.next()) {
            end = end.min(time);
        }
        if self.waiters.iter().any(|waiter| !waiter.clock_only) {
            end = end.min(grid_after(next.unwrap_or(now).max(now)));
        }
        let end = match due {
            Some(due) => end.min(due.max(now)),
            None if end == Duration::MAX => now,
            None => end,
        };
        if end > now {
            if let Err(error) = self.network.run_until(end) {
                self.fail(error);
                return false;
            }
            self.note_slip(due);
        }
        self.keep_agenda();
        self.look();
        due.map_or(!self.waiters.is_empty(), |due| self.network.now() < due)
    }

    fn note_slip(&mut self, due: Option<Duration>) {
        let behind = due.map_or(Duration::ZERO, |due| due.saturating_sub(self.network.now()));
        if behind > SLIP && !self.slipped {
            self.slipped = true;
            let pace = self.pacer.pace();
            tracing::warn!(target: "simnet", %pace, ?behind, "simulated time cannot keep its pace");
        } else if behind.is_zero() {
            self.slipped = false;
        }
    }
}

/// The first point of the grid after `time`.
fn grid_after(time: Duration) -> Duration {
    let grid = GRID.as_nanos() as u64;
    Duration::from_nanos((time.as_nanos() as u64 / grid + 1) * grid)
}
