//! What one side has seen, line by line, and waiting for the line that must come.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;

/// Longer than anything takes on the slowest machine; only a failing test waits that long.
const LIMIT: Duration = Duration::from_secs(30);

/// Lines that come in, and how far they have been read.
#[derive(Debug)]
pub(crate) struct Transcript {
    of: String,
    lines: RefCell<Vec<String>>,
    read: Cell<usize>,
    ended: Cell<bool>,
    changed: Notify,
}

impl Transcript {
    pub(crate) fn new(of: impl Into<String>) -> Self {
        Self {
            of: of.into(),
            lines: RefCell::default(),
            read: Cell::new(0),
            ended: Cell::new(false),
            changed: Notify::new(),
        }
    }

    pub(crate) fn write(&self, line: impl Into<String>) {
        self.lines.borrow_mut().push(line.into());
        self.changed.notify_one();
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        self.changed.notify_one();
    }

    /// Reads on to the next line that begins with these words, and returns what follows them.
    ///
    /// # Panics
    /// If it does not come, or an error is reported before it.
    pub(crate) async fn sees(&self, words: &str) -> String {
        match tokio::time::timeout(LIMIT, self.find(words)).await {
            Ok(Some(rest)) => rest,
            Ok(None) => panic!("{}: \"{words}\" never came: {:#?}", self.of, self.lines.borrow()),
            Err(_) => panic!("{}: \"{words}\" not within {LIMIT:?}: {:#?}", self.of, self.lines.borrow()),
        }
    }

    /// The lines so far that begin with these words, read or not.
    pub(crate) fn count(&self, words: &str) -> usize {
        self.lines.borrow().iter().filter(|line| rest(line, words).is_some()).count()
    }

    async fn find(&self, words: &str) -> Option<String> {
        loop {
            while let Some(line) = self.next() {
                if let Some(rest) = rest(&line, words) {
                    return Some(rest.to_owned());
                }
                if line.starts_with("error") {
                    return None;
                }
            }
            if self.ended.get() {
                return None;
            }
            self.changed.notified().await;
        }
    }

    fn next(&self) -> Option<String> {
        let line = self.lines.borrow().get(self.read.get())?.clone();
        self.read.set(self.read.get() + 1);
        Some(line)
    }
}

/// What follows these words in a line, if it begins with them.
fn rest<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(words)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}
