//! The log of one network while it runs: the experimenter's own chain, the file, the subscribers.
//!
//! The file has every record and is complete up to any moment at which the process may be killed, but for the last
//! record. Where the disk is slow, the simulation waits; where it is full, the run ends with the error. Subscribers are
//! offered events and never waited for.

use super::LogWriter;
use crate::adapter::Tap;
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

    /// Which messages anyone wants records of.
    pub(crate) fn tap(&self) -> Tap {
        match &self.file {
            Some(_) => Tap::All,
            None => {
                let each = self.subscribers.iter().map(|subscriber| Tap::Shown(subscriber.filter.clone()));
                each.fold(Tap::Nothing, Tap::or)
            }
        }
    }

    /// Whether any subscriber wants messages of this protocol and code.
    pub(crate) fn is_heard(&self, protocol: &str, code: u64) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.filter.wants(protocol, code))
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

    /// Offers an event to whoever wants it.
    pub(crate) fn publish(&self, event: Event, wants: impl Fn(&Subscriber) -> bool) {
        let event = Arc::new(event);
        self.subscribers.iter().filter(|subscriber| wants(subscriber)).for_each(|one| one.offer(&event));
    }

    /// Forgets subscribers that have gone. Answers whether there were any.
    pub(crate) fn forget_gone(&mut self) -> bool {
        let before = self.subscribers.len();
        self.subscribers.retain(|subscriber| !subscriber.is_gone());
        self.subscribers.len() < before
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::EventFilter;

    #[test]
    fn whoever_has_gone_wants_nothing() {
        let mut log = Log::default();
        let filter = |name: &str| EventFilter { messages: vec![(name.to_owned(), None)] };
        let (one, _stays) = Subscriber::new(filter("eth"), vec![]);
        let (two, goes) = Subscriber::new(filter("gossip"), vec![]);
        log.subscribe(one);
        log.subscribe(two);
        assert!(log.tap().takes(true, "gossip", 0) && log.is_heard("eth", 1) && !log.forget_gone());
        drop(goes);
        assert!(log.forget_gone());
        assert!(!log.tap().takes(true, "gossip", 0) && log.tap().takes(true, "eth", 0));
    }
}
