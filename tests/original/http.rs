//! HTTP/1.1 as bytes over a socket: no client library stands between a test and what is on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long anything may take before it counts as hung. What works takes a thousandth.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(has, value)| has.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }

    /// The body, which has to be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same answer, once its status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// A refusal that blames the caller and says why.
    #[track_caller]
    pub(crate) fn expect_refusal(self, word: &str) -> Self {
        assert!((400..500).contains(&self.status), "whose fault it is: {self:?}");
        assert!(self.body.contains(word), "no {word:?} in {self:?}");
        self
    }
}

pub(crate) fn connect(address: &str) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// One request on a connection of its own. An error is a server that hung up without an answer, or did not answer in
/// time.
pub(crate) fn ask(address: &str, line: &str, headers: &[&str], body: &str) -> std::io::Result<Answer> {
    let mut socket = connect(address)?;
    let mut text = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        text += &format!("Host: {address}\r\n");
    }
    headers.iter().for_each(|header| text += &format!("{header}\r\n"));
    // A server that refuses a long body may hang up before it has read all of it.
    let sent = socket.write_all(format!("{text}\r\n{body}").as_bytes());
    let mut from = BufReader::new(socket);
    let answer = if line.starts_with("HEAD ") { read_head(&mut from) } else { read_answer(&mut from) };
    if answer.is_err() {
        sent?;
    }
    answer
}

/// Reads an answer off a connection and leaves what comes after it.
pub(crate) fn read_answer(from: &mut impl BufRead) -> std::io::Result<Answer> {
    let mut answer = read_head(from)?;
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    answer.body = match length {
        Some(length) => {
            let mut bytes = vec![0; length];
            from.read_exact(&mut bytes)?;
            text(bytes)?
        }
        None if answer.header("transfer-encoding").is_some() => {
            let mut body = String::new();
            Chunks::new(from).read_to_string(&mut body)?;
            body
        }
        None => String::new(),
    };
    Ok(answer)
}

/// Reads status and headers.
pub(crate) fn read_head(from: &mut impl BufRead) -> std::io::Result<Answer> {
    let status = line(from)?;
    let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = code.ok_or_else(|| broken(format!("no status line: {status:?}")))?;
    let mut headers = Vec::new();
    loop {
        let header = line(from)?;
        if header.is_empty() {
            return Ok(Answer { status, headers, body: String::new() });
        }
        let (name, value) =
            header.split_once(": ").ok_or_else(|| broken(format!("no header: {header:?}")))?;
        headers.push((name.to_owned(), value.to_owned()));
    }
}

fn line(from: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    match from.read_line(&mut line)? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

fn text(bytes: Vec<u8>) -> std::io::Result<String> {
    String::from_utf8(bytes).map_err(|error| broken(error.to_string()))
}

fn broken(what: String) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

/// A body that comes in chunks, as one piece.
#[derive(Debug)]
pub(crate) struct Chunks<R> {
    from: R,
    left: usize,
    ended: bool,
}

impl<R: BufRead> Chunks<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, left: 0, ended: false }
    }
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 && !self.ended {
            let size = line(&mut self.from)?;
            self.left =
                usize::from_str_radix(&size, 16).map_err(|_| broken(format!("no chunk: {size:?}")))?;
            if self.left == 0 {
                self.ended = true;
                line(&mut self.from)?;
            }
        }
        if self.ended {
            return Ok(0);
        }
        let most = into.len().min(self.left);
        let read = self.from.read(&mut into[..most])?;
        self.left -= read;
        if self.left == 0 {
            line(&mut self.from)?;
        }
        Ok(read)
    }
}

/// A stream of events, read line by line as the original's client does.
#[derive(Debug)]
pub(crate) struct Events {
    lines: BufReader<Chunks<BufReader<TcpStream>>>,
}

impl Events {
    /// Opens it; the answer if it is none.
    pub(crate) fn open(address: &str, query: &str) -> Result<Self, Answer> {
        let mut socket = connect(address).unwrap();
        let request =
            format!("GET /events{query} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut from = BufReader::new(socket);
        let mut head = read_head(&mut from).unwrap();
        if head.status != 200 {
            let length: u64 = head.header("content-length").unwrap().parse().unwrap();
            from.take(length).read_to_string(&mut head.body).unwrap();
            return Err(head);
        }
        Ok(Self { lines: BufReader::new(Chunks::new(from)) })
    }

    /// The next line, whatever it says; nothing when the server has ended the stream.
    pub(crate) fn line(&mut self) -> Option<String> {
        match line(&mut self.lines) {
            Ok(line) => Some(line),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => None,
            Err(error) => panic!("the stream broke: {error}"),
        }
    }

    /// The next event as it came.
    pub(crate) fn line_of_data(&mut self) -> String {
        loop {
            let line = self.line().expect("the stream goes on");
            if let Some(data) = line.strip_prefix("data:") {
                return data.trim().to_owned();
            }
        }
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Value {
        let line = self.line_of_data();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next event of which `is` says so.
    pub(crate) fn find(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next();
            if is(&event) {
                return event;
            }
        }
    }
}
