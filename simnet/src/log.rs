//! The log of one network: the experimenter's own chain, the file, the subscribers.
//!
//! The file has every record, one JSON object a line, and is complete up to any moment at which the process may be
//! killed, but for the last line. Where the disk is slow, the simulation waits; where it is full, the run ends with the
//! error. Subscribers are offered events and never waited for.

use crate::error::NetworkError;
use crate::record::{Chain, Kind, Origin, Record};
use crate::subscribe::Subscriber;
use crate::view::Event;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Log {
    chain: Chain,
    file: Option<LogFile>,
    subscribers: Vec<Subscriber>,
}

impl Log {
    /// A log that is also written to `path`, if there is one.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, NetworkError> {
        Ok(Self { file: path.map(LogFile::create).transpose()?, ..Self::default() })
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
}

/// A file of JSON lines.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl LogFile {
    pub(crate) fn create(path: &Path) -> Result<Self, NetworkError> {
        let file = File::create(path).map_err(|error| failed(path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(1 << 16, file) })
    }

    pub(crate) fn write<T: serde::Serialize>(&mut self, lines: &[T]) -> Result<(), NetworkError> {
        let mut write = || -> std::io::Result<()> {
            for line in lines {
                serde_json::to_writer(&mut self.file, line)?;
                self.file.write_all(b"\n")?;
            }
            self.file.flush()
        };
        write().map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> NetworkError {
    NetworkError::Write { path: path.display().to_string(), error: error.to_string() }
}
