//! The wall clock, and the one queue of all that waits for it on a host.
//!
//! Sleeps and alarms end in the order of their times, however close these are, then in the order they were asked for.
//! Tokio's timer only says that it is time to look: up to a millisecond late, never early.

// The real dialect is where the wall clock enters; everyone else asks the World.
#![allow(clippy::disallowed_methods)]

use super::net::Stack;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;
use tokio::task::yield_now;

/// Wall time since a start; what a pace is measured with.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    start: Instant,
}

impl WallClock {
    /// Starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Wall time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that starts now, and what the calendar says at that moment.
pub(super) fn start() -> (WallClock, SystemTime) {
    (WallClock::start(), SystemTime::now())
}

/// When, and before which of those at the same time.
pub(super) type Key = (Duration, u64);

/// What is done when the time has come.
enum Due {
    Wake(Waker),
    Ring(Weak<Stack>),
}

/// What waits on one host.
pub(super) struct Timers {
    clock: WallClock,
    state: RefCell<State>,
    /// Tells the driver that there is something earlier to wait for, or nobody left to wait for.
    changed: Rc<Notify>,
}

#[derive(Default)]
struct State {
    due: BTreeMap<Key, Due>,
    sequence: u64,
    driven: bool,
}

impl Timers {
    pub(super) fn new(clock: WallClock) -> Rc<Self> {
        Rc::new(Self { clock, state: RefCell::default(), changed: Rc::default() })
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Has the alarm of `stack` ring at `at`.
    pub(super) fn ring_at(self: &Rc<Self>, at: Duration, stack: Weak<Stack>) -> Key {
        self.insert(at, Due::Ring(stack))
    }

    /// Takes something back; nothing happens if it has been done.
    pub(super) fn cancel(&self, key: Key) {
        let taken = self.state.borrow_mut().due.remove(&key);
        drop(taken); // a waker's drop may run anything: not under the borrow
    }

    fn insert(self: &Rc<Self>, at: Duration, due: Due) -> Key {
        let mut state = self.state.borrow_mut();
        let key = (at, state.sequence);
        state.sequence += 1;
        state.due.insert(key, due);
        let first = state.due.first_key_value().is_some_and(|(first, _)| *first == key);
        let driven = std::mem::replace(&mut state.driven, true);
        drop(state);
        if !driven {
            tokio::task::spawn_local(drive(Rc::downgrade(self), Rc::clone(&self.changed)));
        } else if first {
            self.changed.notify_one();
        }
        key
    }

    /// Puts another waker in the place of the one under `key`; false if that has been woken.
    fn rewake(&self, key: Key, waker: &Waker) -> bool {
        let old = match self.state.borrow_mut().due.get_mut(&key) {
            Some(Due::Wake(known)) => std::mem::replace(known, waker.clone()),
            _ => return false,
        };
        drop(old); // as in `cancel`
        true
    }

    fn first(&self) -> Option<Duration> {
        self.state.borrow().due.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next that is due by `now`. With `alarms` false, none if that is an alarm.
    fn pop(&self, now: Duration, alarms: bool) -> Popped {
        let mut state = self.state.borrow_mut();
        match state.due.first_entry() {
            Some(first) if first.key().0 <= now => match first.get() {
                Due::Ring(_) if !alarms => Popped::AlarmNext,
                _ => {
                    let (key, due) = first.remove_entry();
                    Popped::Due(key, due)
                }
            },
            _ => Popped::Nothing,
        }
    }
}

enum Popped {
    Due(Key, Due),
    AlarmNext,
    Nothing,
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// Longest the driver sleeps before it looks again; keeps far times within what tokio can express.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// Does what is due, until its host is gone.
async fn drive(timers: Weak<Timers>, changed: Rc<Notify>) {
    loop {
        let Some(next) = timers.upgrade().map(|timers| (timers.first(), timers.now())) else { return };
        match next {
            (None, _) => changed.notified().await,
            (Some(at), now) if at > now => tokio::select! {
                biased;
                () = changed.notified() => {}
                () = tokio::time::sleep((at - now).min(LOOK_AGAIN)) => {}
            },
            (Some(_), now) => do_due(&timers, now).await,
        }
    }
}

async fn do_due(timers: &Weak<Timers>, now: Duration) {
    // Whoever was woken runs before a later alarm rings: both happen in the order of their times.
    let mut woke = false;
    loop {
        let Some(popped) = timers.upgrade().map(|timers| timers.pop(now, !woke)) else { return };
        match popped {
            Popped::Due(_, Due::Wake(waker)) => {
                waker.wake();
                woke = true;
            }
            Popped::Due(key, Due::Ring(stack)) => {
                if let Some(stack) = stack.upgrade() {
                    stack.ring(key);
                }
                woke = true;
            }
            Popped::AlarmNext => {
                yield_now().await;
                woke = false;
            }
            Popped::Nothing => return,
        }
    }
}

/// The real side of [`Sleep`](crate::Sleep).
pub(crate) struct RealSleep {
    timers: Rc<Timers>,
    at: Duration,
    waiting: Option<Key>,
    over: bool,
}

impl RealSleep {
    pub(super) fn until(timers: &Rc<Timers>, at: Duration) -> Self {
        Self { timers: Rc::clone(timers), at, waiting: None, over: false }
    }
}

impl Future for RealSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.over {
            return Poll::Ready(());
        }
        match self.waiting {
            Some(key) if self.timers.rewake(key, cx.waker()) => return Poll::Pending,
            Some(_) => {}
            // Past already; but whoever waits for an earlier time comes first.
            None if self.at <= self.timers.now()
                && self.timers.first().is_none_or(|first| first > self.at) => {}
            None => {
                self.waiting = Some(self.timers.insert(self.at, Due::Wake(cx.waker().clone())));
                return Poll::Pending;
            }
        }
        self.waiting = None;
        self.over = true;
        Poll::Ready(())
    }
}

impl Drop for RealSleep {
    fn drop(&mut self) {
        if let Some(key) = self.waiting.take() {
            self.timers.cancel(key);
        }
    }
}

impl fmt::Debug for RealSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealSleep").field("at", &self.at).finish_non_exhaustive()
    }
}
