//! Waiting: for something to show in the log, for an adapter's answer, for the clock.

use super::Driver;
use crate::error::NetworkError;
use crate::network::Asking;
use std::time::Duration;
use tokio::sync::oneshot;
use world::sim::Pace;

/// Looks whether what is waited for has happened, or cannot.
type Check<R> = Box<dyn FnMut(&mut Driver) -> Option<Result<R, NetworkError>>>;

/// Looks at a moment and answers whether the waiter is done.
type Look = Box<dyn FnMut(&mut Driver, &Moment) -> bool>;

/// What is waited for.
pub(crate) struct Wait<R> {
    pub(super) what: String,
    /// The network's time after which it has not happened.
    pub(super) deadline: Duration,
    /// The time that was granted for it, to say so.
    pub(super) patience: Duration,
    /// Waits for the clock alone.
    pub(super) clock_only: bool,
    /// Whether it can happen in a network that is paused.
    pub(super) while_paused: bool,
    pub(super) check: Check<R>,
}

impl<R: 'static> Wait<R> {
    /// It has already happened.
    pub(super) fn ready(value: R) -> Self {
        let mut value = Some(value);
        Self {
            what: String::new(),
            deadline: Duration::MAX,
            patience: Duration::MAX,
            clock_only: false,
            while_paused: false,
            check: Box::new(move |_| value.take().map(Ok)),
        }
    }

    /// It has happened when `check` says so. Whoever answers has a deadline of their own.
    pub(super) fn until(check: impl FnMut(&mut Driver) -> Option<Result<R, NetworkError>> + 'static) -> Self {
        let (deadline, patience) = (Duration::MAX, Duration::MAX);
        let check = Box::new(check);
        Self { what: String::new(), deadline, patience, clock_only: false, while_paused: false, check }
    }

    /// The same for what happens in a network that is paused, too.
    pub(super) fn while_paused(
        check: impl FnMut(&mut Driver) -> Option<Result<R, NetworkError>> + 'static,
    ) -> Self {
        Self { clock_only: true, while_paused: true, ..Self::until(check) }
    }

    /// The same, if so, for somebody who waits through pauses.
    pub(crate) fn through_pauses_if(self, patient: bool) -> Self {
        Self { while_paused: self.while_paused || patient, ..self }
    }

    pub(super) fn timed_out(&self, simulated: bool) -> NetworkError {
        NetworkError::TimedOut { what: self.what.clone(), after: self.patience, simulated }
    }

    /// When adapters have answered, `then` is done and is the answer.
    pub(super) fn after(
        mut askings: Vec<Asking<()>>,
        then: impl FnOnce(&mut Driver) -> Result<R, NetworkError> + 'static,
    ) -> Self {
        let mut then = Some(then);
        Self::until(move |driver| {
            let answered = Asking::all(&mut askings)?;
            let then = then.take().expect("looked at until done");
            Some(answered.and_then(|()| then(driver)))
        })
    }
}

/// A waiter, whatever it waits for.
pub(super) struct Waiter {
    pub(super) deadline: Duration,
    pub(super) clock_only: bool,
    look: Look,
}

/// The moment a waiter looks at.
pub(super) enum Moment {
    /// Time has passed.
    Passed(Duration),
    /// No time passes until somebody lets it.
    Paused,
    /// No more time will pass.
    Last(NetworkError),
}

impl Driver {
    pub(super) fn look(&mut self) {
        self.look_at(&Moment::Passed(self.network.now()));
    }

    pub(super) fn look_at(&mut self, moment: &Moment) {
        let mut waiters = std::mem::take(&mut self.waiters);
        waiters.retain_mut(|waiter| !(waiter.look)(self, moment));
        waiters.append(&mut self.waiters);
        self.waiters = waiters;
    }

    /// Leaves a waiter that answers through `reply`.
    pub(crate) fn wait<R: Send + 'static>(
        &mut self,
        mut wait: Wait<R>,
        reply: oneshot::Sender<Result<R, NetworkError>>,
    ) {
        if let Some(outcome) = (wait.check)(self) {
            let _ = reply.send(outcome);
            return;
        }
        if let Some(error) = &self.failed {
            let _ = reply.send(Err(error.clone()));
            return;
        }
        if self.pacer.pace() == Pace::Paused && !wait.while_paused {
            let _ = reply.send(Err(NetworkError::ClockPaused));
            return;
        }
        let mut reply = Some(reply);
        let (deadline, clock_only) = (wait.deadline, wait.clock_only);
        let simulated = self.is_virtual();
        let look = Box::new(move |driver: &mut Self, moment: &Moment| {
            if reply.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return true; // whoever waited has gone
            }
            let outcome = (wait.check)(driver).or_else(|| match moment {
                Moment::Passed(now) if *now >= deadline => Some(Err(wait.timed_out(simulated))),
                Moment::Paused if !wait.while_paused => Some(Err(NetworkError::ClockPaused)),
                Moment::Passed(_) | Moment::Paused => None,
                Moment::Last(error) => Some(Err(error.clone())),
            });
            match outcome {
                Some(outcome) => {
                    let _ = reply.take().expect("looked at until done").send(outcome);
                    true
                }
                None => false,
            }
        });
        self.waiters.push(Waiter { deadline, clock_only, look });
    }

    pub(super) fn patient<R>(
        &self,
        what: String,
        patience: Duration,
        check: impl FnMut(&mut Self) -> Option<Result<R, NetworkError>> + 'static,
    ) -> Wait<R> {
        let deadline = self.network.now().saturating_add(patience);
        Wait { what, deadline, patience, clock_only: false, while_paused: false, check: Box::new(check) }
    }
}
