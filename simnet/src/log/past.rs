//! What a log adds up to: the network at a moment that has gone by, as far as its records tell.
//!
//! Nodes, connections, conditions and counts come from records alone; what goes on inside of nodes does not, and is had
//! by doing it all again.

use super::{LogError, LogReader};
use crate::record::{Kind, Message, Record};
use crate::state::State;
use crate::tally::{Count, NodeCounts, ProtocolTally, Tally};
use std::io::BufRead;
use std::time::Duration;

/// A network up to some record. Begins before the first.
#[derive(Debug, Default)]
pub struct Past {
    state: State,
    /// By the node's number.
    counts: Vec<NodeCounts>,
    time: Duration,
    records: u64,
    messages: u64,
    /// Names and outcomes of the expectations that were checked.
    expectations: Vec<(String, bool)>,
}

impl Past {
    /// Reads on up to and with everything that is stamped `until`, or to the end.
    ///
    /// # Errors
    /// The log is damaged. What came before stays taken in.
    pub fn read<R: BufRead>(
        &mut self,
        log: &mut LogReader<R>,
        until: Option<Duration>,
    ) -> Result<(), LogError> {
        let later = |record: &Record| until.is_some_and(|until| Duration::from_nanos(record.time) > until);
        while log.peek()?.is_some_and(|record| !later(record)) {
            let record = log.next_record()?.expect("it has been seen");
            self.fold(&record);
        }
        Ok(())
    }

    /// Takes in the next record.
    pub fn fold(&mut self, record: &Record) {
        self.state.fold(record, &mut Vec::new());
        self.records += 1;
        self.time = self.time.max(Duration::from_nanos(record.time));
        match (&record.kind, record.origin.index()) {
            (Kind::Message(message), Some(node)) => self.count(node, message),
            (Kind::Expectation { name, passed, .. }, _) => self.expectations.push((name.clone(), *passed)),
            _ => {}
        }
    }

    fn count(&mut self, node: usize, message: &Message) {
        while self.counts.len() <= node {
            self.counts.push(NodeCounts { index: self.counts.len() as u32, protocols: Vec::new() });
        }
        self.messages += 1;
        let protocols = &mut self.counts[node].protocols;
        let place = protocols.iter().position(|known| known.name == message.protocol);
        let place = place.unwrap_or_else(|| {
            protocols.push(ProtocolTally::new(message.protocol.clone()));
            protocols.len() - 1
        });
        let one = Count::one(message.size, message.wire_len);
        protocols[place].count(message.code, message.received, one);
    }

    /// Nodes, connections and conditions.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Counts, of messages too.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.state, self.counts.iter())
    }

    /// The time of the last record that was taken in.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// Records that were taken in.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Those of them that are of messages: each message at each of its ends.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The expectations that were checked so far, and whether they held.
    pub fn expectations(&self) -> &[(String, bool)] {
        &self.expectations
    }
}
