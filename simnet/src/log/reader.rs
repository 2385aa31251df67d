//! Logs that are read: record by record, in constant memory, whichever form they have.

use super::input::{Input, Trouble};
use super::{End, Form, Header, LogError, VERSION, binary, text};
use crate::record::{Chain, Digest, Kind, Origin, Record};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

/// A log that is being read. Each record is checked as it comes: that it is its origin's next, and at the end that all
/// of them together are what was written.
#[derive(Debug)]
pub struct LogReader<R = BufReader<File>> {
    path: String,
    header: Header,
    input: Input<R>,
    decoder: Decoder,
    line: Vec<u8>,
    lines: u64,
    chains: Chains,
    records: u64,
    /// Read, and not taken in yet.
    ahead: Option<(Record, Place)>,
    ending: Option<Ending>,
}

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order: when, and with which digest, which is that of its records.
    Whole {
        /// Simulated time.
        time: Duration,
        /// Of all records.
        digest: Digest,
    },
    /// In the midst of things: whoever wrote it was killed, or had no room left.
    Cut {
        /// Bytes of the last record that is whole and all before it.
        byte: u64,
    },
}

#[derive(Debug)]
enum Decoder {
    Ndjson(text::Decoder),
    Binary(binary::Decoder),
}

impl LogReader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// It cannot be read, or it is no log that this program reads.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let shown = path.display().to_string();
        let file = File::open(path);
        let file = file.map_err(|error| LogError::Read { path: shown.clone(), error: error.to_string() })?;
        Self::new(shown, BufReader::with_capacity(1 << 16, file))
    }
}

impl<R: BufRead> LogReader<R> {
    /// Begins to read what is called `path` in errors.
    ///
    /// # Errors
    /// As for [`open`](LogReader::open).
    pub fn new(path: String, read: R) -> Result<Self, LogError> {
        let (mut input, mut line) = (Input::new(read), Vec::new());
        let begun = begin(&mut input, &mut line);
        let (decoder, header) = begun.map_err(|trouble| {
            let why = match trouble {
                Trouble::Io(error) => return LogError::Read { path: path.clone(), error: error.to_string() },
                Trouble::Cut => "it ends within its header".to_owned(),
                Trouble::Bad(why) => why,
            };
            LogError::NoLog { path: path.clone(), why }
        })?;
        if header.log != VERSION {
            return Err(LogError::Version { path, found: header.log, by: header.network.p2psim });
        }
        let (chains, ahead, ending) = (Chains::default(), None, None);
        Ok(Self { path, header, input, decoder, line, lines: 1, chains, records: 0, ahead, ending })
    }

    /// What it is called.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it begins with.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its form.
    pub fn form(&self) -> Form {
        match self.decoder {
            Decoder::Ndjson(_) => Form::Ndjson,
            Decoder::Binary(_) => Form::Binary,
        }
    }

    /// Records so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest of the records so far.
    pub fn digest(&self) -> Digest {
        self.chains.digest()
    }

    /// How it ends, once there is no next record.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The next record, or nothing when there is none, whether it ended in order or was cut.
    ///
    /// # Errors
    /// What follows is no record, not the one that is due, or not what was written.
    pub fn next_record(&mut self) -> Result<Option<Record>, LogError> {
        self.peek()?;
        let Some((record, place)) = self.ahead.take() else { return Ok(None) };
        self.chains.fold(&record).map_err(|error| self.damaged(place, error))?;
        self.records += 1;
        Ok(Some(record))
    }

    /// The same, which stays the next one.
    ///
    /// # Errors
    /// As for [`next_record`](Self::next_record).
    pub fn peek(&mut self) -> Result<Option<&Record>, LogError> {
        if self.ahead.is_none() && self.ending.is_none() {
            let place = Place { line: self.lines + 1, byte: self.input.at() };
            match self.item() {
                Ok(Item::Record(record)) => self.ahead = Some((record, place)),
                Ok(Item::End(end)) => self.ending = Some(self.whole(end, place)?),
                Err(Trouble::Cut) => self.ending = Some(Ending::Cut { byte: place.byte }),
                Err(Trouble::Bad(error)) => return Err(self.damaged(place, error)),
                Err(Trouble::Io(error)) => {
                    return Err(LogError::Read { path: self.path.clone(), error: error.to_string() });
                }
            }
        }
        Ok(self.ahead.as_ref().map(|(record, _)| record))
    }

    fn damaged(&self, at: Place, error: String) -> LogError {
        let place = match self.form() {
            Form::Ndjson => format!("line {}", at.line),
            Form::Binary => format!("byte {}", at.byte),
        };
        LogError::Damaged { path: self.path.clone(), place, error }
    }

    fn item(&mut self) -> Result<Item, Trouble> {
        match &mut self.decoder {
            Decoder::Ndjson(decoder) => {
                self.input.line(&mut self.line)?;
                self.lines += 1;
                Ok(match decoder.line(&self.line)? {
                    text::Line::Record(record) => Item::Record(record),
                    text::Line::End(end) => Item::End(end),
                })
            }
            Decoder::Binary(decoder) => Ok(match decoder.item(&mut self.input)? {
                binary::Item::Record { time, origin, kind } => {
                    Item::Record(Record { time, origin, seq: self.chains.next(origin), kind })
                }
                binary::Item::End(end) => Item::End(end),
            }),
        }
    }

    fn whole(&mut self, end: End, place: Place) -> Result<Ending, LogError> {
        if end.records != self.records {
            let error = format!("{} records end here, {} stand before", end.records, self.records);
            return Err(self.damaged(place, error));
        }
        if !matches!(self.input.is_empty(), Ok(true)) {
            return Err(self.damaged(place, "something follows the end".to_owned()));
        }
        let (found, written) = (self.digest(), end.digest);
        if found != written {
            return Err(LogError::Changed { path: self.path.clone(), found, written });
        }
        Ok(Ending::Whole { time: Duration::from_nanos(end.time), digest: written })
    }
}

/// Where a record begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: u64,
    byte: u64,
}

enum Item {
    Record(Record),
    End(End),
}

/// Finds out the form and reads the header.
fn begin<R: BufRead>(input: &mut Input<R>, line: &mut Vec<u8>) -> Result<(Decoder, Header), Trouble> {
    let first = input.peek()?.ok_or_else(|| "it is empty".to_owned())?;
    if first == binary::MAGIC[0] {
        return Ok((Decoder::Binary(binary::Decoder::default()), binary::take_header(input)?));
    }
    if first != b'{' {
        return Err(Trouble::Bad("it begins neither as a binary log nor as lines of JSON".to_owned()));
    }
    input.line(line)?;
    let header = serde_json::from_slice(line).map_err(|error| {
        let is_journal = serde_json::from_slice::<crate::journal::Header>(line).is_ok();
        Trouble::Bad(if is_journal {
            "it is a journal, which says what was asked and not what happened".to_owned()
        } else {
            format!("no log begins so: {error}")
        })
    })?;
    Ok((Decoder::Ndjson(text::Decoder::default()), header))
}

/// The chains of all origins, folded again.
#[derive(Debug, Default)]
struct Chains {
    by_origin: Vec<Chain>,
    /// Nodes so far, which are numbered as they are created.
    created: usize,
}

impl Chains {
    /// The sequence number that an origin's next record has.
    fn next(&self, origin: Origin) -> u64 {
        self.by_origin.get(origin.0 as usize).map_or(0, Chain::records)
    }

    fn fold(&mut self, record: &Record) -> Result<(), String> {
        let (origin, due) = (record.origin.0 as usize, self.next(record.origin));
        if origin > self.created {
            return Err(format!("a record of node {origin}, and {} were created so far", self.created));
        }
        if record.seq != due {
            return Err(format!("record {} of origin {origin}, where its record {due} is due", record.seq));
        }
        if self.by_origin.len() <= origin {
            self.by_origin.resize(origin + 1, Chain::default());
        }
        self.by_origin[origin].fold(record.time, &record.kind);
        if let Kind::Asked(crate::record::Asked::Create { .. }) = record.kind {
            self.created += 1;
        }
        Ok(())
    }

    fn digest(&self) -> Digest {
        let chains = self.by_origin.iter().enumerate();
        Digest::of(chains.map(|(origin, chain)| (Origin(origin as u32), *chain)))
    }
}
