//! The clock in the experimenter's hands: pace, pause, steps, and running until something holds.
//!
//! None of it is a command of the log: how fast time passed leaves no trace in what happened.

use crate::error::NetworkError;
use crate::handle::Handle;
use crate::state::State;
use std::time::Duration;
use world::sim::Pace;

/// The time of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockView {
    /// Since its start.
    pub now: Duration,
    /// How fast it passes; of real time, 1.
    pub pace: Pace,
    /// Whether it is simulated, and so can be paused, paced and stepped.
    pub is_virtual: bool,
}

impl Handle {
    /// What time it is, and how fast it passes.
    pub async fn clock(&self) -> Result<ClockView, NetworkError> {
        self.ask(|driver| driver.clock()).await
    }

    /// Simulated time.
    pub async fn now(&self) -> Result<Duration, NetworkError> {
        self.ask(|driver| driver.network().now()).await
    }

    /// Changes how fast simulated time passes. Where it is paused, whoever waits for something is told so, but for
    /// those who [wait through pauses](Self::through_pauses).
    pub async fn set_pace(&self, pace: Pace) -> Result<(), NetworkError> {
        self.ask(move |driver| driver.set_pace(pace)).await?
    }

    /// Has time pass again as it did before it was paused; in real time if it never did. Elsewhere nothing changes.
    pub async fn resume(&self) -> Result<ClockView, NetworkError> {
        self.ask(|driver| driver.resume()).await?
    }

    /// Lets simulated time pass.
    pub async fn advance(&self, by: Duration) -> Result<(), NetworkError> {
        self.ask_and_wait(move |driver| driver.advance(by)).await
    }

    /// Lets simulated time pass until it is so late; at once if it is.
    pub async fn advance_to(&self, at: Duration) -> Result<(), NetworkError> {
        self.ask_and_wait(move |driver| driver.advance_to(at)).await
    }

    /// Lets so much simulated time pass as fast as the machine can, whatever the pace, also when it is paused; then the
    /// pace holds again from there.
    pub async fn step(&self, by: Duration) -> Result<ClockView, NetworkError> {
        self.ask_and_wait(move |driver| driver.step(by)).await
    }

    /// The same up to the next `instants` instants at which anything happens; all of an instant happens. Where nothing
    /// ever will, time stays where it is.
    pub async fn step_events(&self, instants: u64) -> Result<ClockView, NetworkError> {
        self.ask_and_wait(move |driver| driver.step_events(instants)).await
    }

    /// The same up to a time; a time that has gone by is the caller's mistake.
    pub async fn step_to(&self, time: Duration) -> Result<ClockView, NetworkError> {
        self.ask_and_wait(move |driver| driver.step_to(time)).await
    }

    /// The same until `holds` says so of the network, or `within` has passed.
    pub async fn step_until(
        &self,
        what: &str,
        within: Duration,
        holds: impl FnMut(&State) -> bool + Send + 'static,
    ) -> Result<ClockView, NetworkError> {
        let what = what.to_owned();
        self.ask_and_wait(move |driver| driver.step_until(what, within, holds)).await
    }

    /// Waits until `holds` says so of the network, in simulated time.
    pub async fn until(
        &self,
        what: &str,
        within: Duration,
        holds: impl FnMut(&State) -> bool + Send + 'static,
    ) -> Result<(), NetworkError> {
        let what = what.to_owned();
        self.ask_and_wait(move |driver| driver.until(what, within, holds)).await
    }
}
