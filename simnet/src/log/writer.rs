//! Files of records that are being written.

use super::binary::Encoder;
use super::{End, Form, Header, binary, text};
use crate::error::NetworkError;
use crate::record::{Digest, Record};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// So many bytes are gathered before they are handed to the system in the midst of a batch of records.
const PIECE: usize = 1 << 18;

/// A log that is being written.
#[derive(Debug)]
pub(crate) struct LogWriter {
    out: Pieces,
    /// In the binary form.
    encoder: Option<Encoder>,
    records: u64,
}

impl LogWriter {
    /// A new file, or an old one emptied, with its header.
    pub(crate) fn create(path: &Path, form: Form, header: &Header) -> Result<Self, NetworkError> {
        let mut out = Pieces::create(path)?;
        let encoder = match form {
            Form::Ndjson => {
                text::put_header(&mut out.waiting, header);
                None
            }
            Form::Binary => {
                binary::put_header(&mut out.waiting, header);
                Some(Encoder::default())
            }
        };
        out.flush()?;
        Ok(Self { out, encoder, records: 0 })
    }

    /// Appends records; with the answer the system has them.
    pub(crate) fn write(&mut self, records: &[Record]) -> Result<(), NetworkError> {
        for record in records {
            match &mut self.encoder {
                Some(encoder) => encoder.put(&mut self.out.waiting, record),
                None => text::put(&mut self.out.waiting, record),
            }
            self.records += 1;
            if self.out.waiting.len() >= PIECE {
                self.out.flush()?;
            }
        }
        self.out.flush()
    }

    /// Appends the end: nothing comes after it.
    pub(crate) fn end(&mut self, time: u64, digest: Digest) -> Result<(), NetworkError> {
        let end = End { time, records: self.records, digest };
        match &mut self.encoder {
            Some(encoder) => encoder.put_end(&mut self.out.waiting, &end),
            None => text::put_end(&mut self.out.waiting, &end),
        }
        self.out.flush()
    }
}

/// A file of JSON lines.
#[derive(Debug)]
pub(crate) struct Lines(Pieces);

impl Lines {
    pub(crate) fn create(path: &Path) -> Result<Self, NetworkError> {
        Pieces::create(path).map(Self)
    }

    pub(crate) fn write(&mut self, line: &impl serde::Serialize) -> Result<(), NetworkError> {
        text::put_line(&mut self.0.waiting, line);
        self.0.flush()
    }
}

/// A file that is written piece by piece. After an error nothing more is: what is there is the beginning of what should
/// be.
#[derive(Debug)]
struct Pieces {
    path: PathBuf,
    file: File,
    waiting: Vec<u8>,
    failed: Option<NetworkError>,
}

impl Pieces {
    fn create(path: &Path) -> Result<Self, NetworkError> {
        let file = File::create(path).map_err(|error| failed(path, &error))?;
        Ok(Self { path: path.to_owned(), file, waiting: Vec::new(), failed: None })
    }

    fn flush(&mut self) -> Result<(), NetworkError> {
        let written = match self.failed.take() {
            None => self.file.write_all(&self.waiting).map_err(|error| failed(&self.path, &error)),
            Some(error) => Err(error),
        };
        self.waiting.clear();
        self.failed = written.clone().err();
        written
    }
}

fn failed(path: &Path, error: &std::io::Error) -> NetworkError {
    NetworkError::Write { path: path.display().to_string(), error: error.to_string() }
}
