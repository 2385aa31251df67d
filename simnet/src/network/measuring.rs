//! Measuring: begun once, fed with each record, read at any moment.

use super::Network;
use crate::measure::{Measurements, Meter, Present};

impl Network {
    /// Begins to measure, if it has not yet.
    pub(crate) fn measure(&mut self) {
        if self.meter.is_none() {
            self.meter = Some(Box::new(Meter::new(&self.state, self.nanos(), self.seed)));
            self.adapter.want_traffic(true);
            self.tap_messages();
        }
    }

    /// What was measured so far; measuring begins with the first who asks.
    pub(crate) fn measurements(&mut self) -> Measurements {
        self.measure();
        let meter = self.meter.as_ref().expect("just begun");
        let (counts, traffic) = (self.adapter.counts(), self.adapter.traffic());
        meter.read(&Present { state: &self.state, now: self.nanos(), counts, traffic })
    }
}
