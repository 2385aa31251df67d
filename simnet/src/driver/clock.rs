//! What can be asked of time: how fast it passes, that it passes at all, and step by step.
//!
//! A step lets exactly so much time pass, as fast as the machine can, whatever the pace; after it the pace holds again
//! from there. It is how time passes in a network that is paused.

use super::wait::Moment;
use super::{Driver, SLICE, Wait, grid_after};
use crate::error::NetworkError;
use crate::handle::ClockView;
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
        self.pacer = Pacer::new(pace, self.wall.elapsed(), self.network.now());
        if pace == Pace::Paused {
            self.stride = None;
            self.look_at(&Moment::Last(NetworkError::ClockPaused));
        }
        Ok(())
    }

    pub(crate) fn advance(&mut self, by: Duration) -> Result<Wait<()>, NetworkError> {
        let target = self.network.now().saturating_add(by);
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
        let next = self.network.adapter().next_event();
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
        self.stride = left;
        if end > now
            && let Err(error) = self.network.run_until(end)
        {
            return self.fail(error);
        }
        if left.is_none() {
            self.pacer = Pacer::new(self.pacer.pace(), self.wall.elapsed(), self.network.now());
        }
        self.look();
    }
}
