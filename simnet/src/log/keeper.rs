//! The log of one network while it runs: the experimenter's own chain, the file, the subscribers.
//!
//! The file has every record and is complete up to any moment at which the process may be killed, but for the last
//! record. Where the disk is slow, the simulation waits; where it is full, the run ends with the error. Subscribers are
//! offered events and never waited for.

use super::LogWriter;
use crate::error::NetworkError;
use crate::record::{Chain, Digest, Kind, Origin, Record};
use crate::subscribe::Subscriber;
use crate::view::Event;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Log {
    chain: Chain,
    file: Option<LogWriter>,
    subscribers: Vec<Subscriber>,
}

impl Log {
    /// A log that is also written to `file`, if there is one.
    pub(crate) fn new(file: Option<LogWriter>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Whether anyone wants records of messages.
    pub(crate) fn wants_messages(&self) -> bool {
        self.file.is_some()
            || self.subscribers.iter().any(|subscriber| !subscriber.filter.messages.is_empty())
    }

    /// Whether anyone wants records of what is measured.
    pub(crate) fn wants_measured(&self) -> bool {
        self.file.is_some()
    }

    pub(crate) fn has_subscribers(&self) -> bool {
        !self.subscribers.is_empty()
    }

    pub(crate) fn subscribe(&mut self, subscriber: Subscriber) {
        self.subscribers.push(subscriber);
    }

    /// A record of the experimenter's.
    pub(crate) fn record(&mut self, time: u64, kind: Kind) -> Record {
        let seq = self.chain.fold(time, &kind);
        Record { time, origin: Origin::EXPERIMENTER, seq, kind }
    }

    pub(crate) fn chain(&self) -> (Origin, Chain) {
        (Origin::EXPERIMENTER, self.chain)
    }

    pub(crate) fn write(&mut self, records: &[Record]) -> Result<(), NetworkError> {
        self.file.as_mut().map_or(Ok(()), |file| file.write(records))
    }

    /// Offers an event to whoever wants it. Those who have gone are forgotten.
    pub(crate) fn publish(&mut self, event: Event, wants: impl Fn(&Subscriber) -> bool) {
        let event = Arc::new(event);
        self.subscribers.retain(|subscriber| !wants(subscriber) || subscriber.offer(&event));
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&mut self) {
        self.subscribers.clear();
    }

    /// Writes the end of the file.
    pub(crate) fn end(&mut self, time: u64, digest: Digest) -> Result<(), NetworkError> {
        self.file.as_mut().map_or(Ok(()), |file| file.end(time, digest))
    }
}
