//! Bytes of a file that may end anywhere.

use std::io::{self, BufRead, Read};

/// No part of a record is longer, so that a damaged length takes no memory to speak of.
const LONGEST: u64 = 64 << 20;

/// Why there is no next part.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The file ends before the end of it.
    Cut,
    /// It is none.
    Bad(String),
    /// The system did not bring it.
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ => Self::Io(error),
        }
    }
}

impl From<String> for Trouble {
    fn from(error: String) -> Self {
        Self::Bad(error)
    }
}

/// A reader that knows how far it is.
#[derive(Debug)]
pub(super) struct Input<R> {
    read: R,
    at: u64,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(read: R) -> Self {
        Self { read, at: 0 }
    }

    /// Bytes taken so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether nothing more comes.
    pub(super) fn is_empty(&mut self) -> Result<bool, Trouble> {
        Ok(self.read.fill_buf()?.is_empty())
    }

    /// The next byte, which stays where it is.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Trouble> {
        Ok(self.read.fill_buf()?.first().copied())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Trouble> {
        let byte = self.peek()?.ok_or(Trouble::Cut)?;
        self.read.consume(1);
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let mut bytes = [0; N];
        self.read.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Trouble> {
        if count > LONGEST {
            return Err(Trouble::Bad(format!("{count} bytes in one piece, {LONGEST} at most")));
        }
        let mut bytes = Vec::with_capacity(count.min(4096) as usize);
        (&mut self.read).take(count).read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(Trouble::Cut) }
    }

    /// The next line, without its end, into `line`.
    pub(super) fn line(&mut self, line: &mut Vec<u8>) -> Result<(), Trouble> {
        line.clear();
        (&mut self.read).take(LONGEST).read_until(b'\n', line)?;
        self.at += line.len() as u64;
        match line.pop() {
            Some(b'\n') => Ok(()),
            _ if line.len() as u64 + 1 >= LONGEST => {
                Err(Trouble::Bad(format!("a line of more than {LONGEST} bytes")))
            }
            _ => Err(Trouble::Cut),
        }
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    pub(super) fn number(&mut self) -> Result<u64, Trouble> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if place == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * place);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Trouble::Bad("a number of more than 64 bits".to_owned()))
    }

    pub(super) fn number_as<T: TryFrom<u64>>(&mut self, what: &str) -> Result<T, Trouble> {
        let value = self.number()?;
        T::try_from(value).map_err(|_| Trouble::Bad(format!("{value} is too large for {what}")))
    }

    /// A text with its length before it.
    pub(super) fn text(&mut self) -> Result<String, Trouble> {
        let count = self.number()?;
        let bytes = self.bytes(count)?;
        String::from_utf8(bytes).map_err(|_| Trouble::Bad("a text that is not UTF-8".to_owned()))
    }
}
