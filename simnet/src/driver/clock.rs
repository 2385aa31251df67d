//! What can be asked of time: how fast it passes, that it passes at all, and step by step.
//!
//! A step lets exactly so much time pass, as fast as the machine can, whatever the pace; after it the pace holds again
//! from there. It is how time passes in a network that is paused.

use super::wait::Moment;
use super::{Driver, SLICE, Wait, grid_after};
use crate::clock::ClockView;
use crate::error::NetworkError;
use crate::state::State;
use std::time::Duration;
use world::sim::{Pace, Pacer};

/// What is left of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stride {
    /// Up to this time.
    To(Duration),
    /// So many more instants at which something happens.
    Instants(u64),
}

impl Driver {
    pub(crate) fn clock(&self) -> ClockView {
        let (now, pace) = (self.network.now(), self.pacer.pace());
        ClockView { now, pace, is_virtual: self.is_virtual() }
    }

    fn only_if_virtual(&self, what: &'static str) -> Result<(), NetworkError> {
        let adapter = self.network.adapter().name();
        if self.is_virtual() { Ok(()) } else { Err(NetworkError::Unsupported { adapter, what }) }
    }

    pub(crate) fn set_pace(&mut self, pace: Pace) -> Result<(), NetworkError> {
        self.only_if_virtual("change the pace of real time")?;
        if self.pacer.pace() != Pace::Paused {
            self.before_pause = self.pacer.pace();
        }
        self.pacer = Pacer::new(pace, self.wall.elapsed(), self.network.now());
        if pace == Pace::Paused {
            self.stride = None;
            self.look_at(&Moment::Paused);
        }
        Ok(())
    }

    pub(crate) fn resume(&mut self) -> Result<ClockView, NetworkError> {
        self.only_if_virtual("resume real time, which cannot be paused")?;
        if self.pacer.pace() == Pace::Paused {
            self.set_pace(self.before_pause)?;
        }
        Ok(self.clock())
    }

    pub(crate) fn advance(&mut self, by: Duration) -> Result<Wait<()>, NetworkError> {
        self.advance_to(self.network.now().saturating_add(by))
    }

    pub(crate) fn advance_to(&mut self, target: Duration) -> Result<Wait<()>, NetworkError> {
        let by = target.saturating_sub(self.network.now());
        let check = Box::new(move |driver: &mut Self| (driver.network.now() >= target).then_some(Ok(())));
        let what = format!("{by:?} to pass");
        Ok(Wait { what, deadline: target, patience: by, clock_only: true, while_paused: false, check })
    }

    pub(crate) fn step(&mut self, by: Duration) -> Result<Wait<ClockView>, NetworkError> {
        self.begin_stride(Stride::To(self.network.now().saturating_add(by)))
    }

    pub(crate) fn step_events(&mut self, instants: u64) -> Result<Wait<ClockView>, NetworkError> {
        self.begin_stride(Stride::Instants(instants))
    }

    pub(crate) fn step_to(&mut self, time: Duration) -> Result<Wait<ClockView>, NetworkError> {
        let now = self.network.now();
        if time < now {
            return Err(NetworkError::Past { time, now });
        }
        self.begin_stride(Stride::To(time))
    }

    pub(crate) fn step_until(
        &mut self,
        what: String,
        within: Duration,
        mut holds: impl FnMut(&State) -> bool + 'static,
    ) -> Result<Wait<ClockView>, NetworkError> {
        self.only_if_virtual("step real time")?;
        if holds(self.network.state()) {
            return Ok(Wait::ready(self.clock()));
        }
        let deadline = self.network.now().saturating_add(within);
        let stepping = self.begin_stride(Stride::To(deadline))?;
        let late = NetworkError::TimedOut { what: what.clone(), after: within, simulated: true };
        let check = Box::new(move |driver: &mut Self| {
            if holds(driver.network.state()) {
                driver.end_stride();
                return Some(Ok(driver.clock()));
            }
            let ended = driver.stride.is_none();
            let out_of_time = driver.network.now() >= deadline;
            ended.then(|| Err(if out_of_time { late.clone() } else { NetworkError::ClockPaused }))
        });
        Ok(Wait { what, clock_only: false, check, ..stepping })
    }

    fn begin_stride(&mut self, stride: Stride) -> Result<Wait<ClockView>, NetworkError> {
        self.only_if_virtual("step real time")?;
        if self.stride.is_some() {
            return Err(NetworkError::Stepping);
        }
        self.stride = Some(stride);
        Ok(Wait::while_paused(|driver| driver.stride.is_none().then(|| Ok(driver.clock()))))
    }

    /// Goes on with a step, as far as a slice.
    pub(super) fn stride(&mut self) {
        let Some(stride) = self.stride else { return };
        let now = self.network.now();
        let planned = self.agenda.next();
        let next = self.network.adapter().next_event().into_iter().chain(planned).min();
        let (end, left) = match (stride, next) {
            (Stride::To(target), _) if target <= now => (now, None),
            (Stride::To(target), next) => {
                // Where nothing happens time need not stop; where somebody waits, it is looked at on the grid.
                let slice = next.map_or(target, |next| (now + SLICE).max(next + Duration::from_nanos(1)));
                let looked = !self.waiters.iter().all(|waiter| waiter.clock_only);
                let slice = if looked { slice.min(grid_after(next.unwrap_or(now).max(now))) } else { slice };
                (target.min(slice), Some(stride))
            }
            (Stride::Instants(0), _) | (Stride::Instants(_), None) => (now, None),
            (Stride::Instants(left), Some(next)) => {
                (next.max(now) + Duration::from_nanos(1), Some(Stride::Instants(left - 1)))
            }
        };
        // What is planned is done at its time, with what happens then still to come.
        let end = planned.map_or(end, |planned| end.min(planned));
        self.stride = left;
        if end > now
            && let Err(error) = self.network.run_until(end)
        {
            return self.fail(error);
        }
        self.keep_agenda();
        if left.is_none() {
            self.end_stride();
        }
        self.look();
    }

    /// From here on the pace holds again.
    fn end_stride(&mut self) {
        self.stride = None;
        self.pacer = Pacer::new(self.pacer.pace(), self.wall.elapsed(), self.network.now());
    }
}
