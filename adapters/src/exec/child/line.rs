//! The line to the parent: standard input, which is a socket. Both sides write a text per line.
//!
//! A thread of its own watches for the parent's end, so that a node that hangs goes all the same.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use node::Node;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};

use super::teller::Teller;
use crate::exec::base;
use crate::exec::wire::{Ask, Said};

/// What may wait to be told, bytes; messages beyond it are only counted.
const WAITING: usize = 32 << 20;

/// How long the node has to stop by itself when the parent is gone.
const GRACE: Duration = Duration::from_secs(5);

/// The line, opened once.
#[derive(Debug)]
pub(super) struct Line {
    socket: RefCell<Option<UnixStream>>,
    talk: RefCell<Option<JoinHandle<()>>>,
    outbox: Rc<Outbox>,
}

/// What waits to be told.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    lines: RefCell<VecDeque<String>>,
    bytes: Cell<usize>,
    /// Nothing comes after what waits.
    ending: Cell<bool>,
    more: Notify,
}

impl Outbox {
    /// Says something.
    pub(super) fn say(&self, said: &Said) {
        self.push(said.line());
    }

    fn push(&self, line: String) {
        self.bytes.set(self.bytes.get() + line.len());
        self.lines.borrow_mut().push_back(line);
        self.more.notify_one();
    }

    /// Whether the parent does not keep up.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.get() > WAITING
    }

    /// All that waits, as one text.
    fn take(&self) -> String {
        let mut text = String::with_capacity(self.bytes.get() + self.lines.borrow().len());
        for line in self.lines.take() {
            text.push_str(&line);
            text.push('\n');
        }
        self.bytes.set(0);
        text
    }
}

impl Line {
    /// Takes over standard input. From now on the parent's end is this process's end; `dir` goes with it.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let line = StdStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        line.set_nonblocking(true)?;
        watch(line.try_clone()?.into(), dir.to_owned())?;
        let socket = RefCell::new(Some(UnixStream::from_std(line)?));
        Ok(Self { socket, talk: RefCell::default(), outbox: Rc::default() })
    }

    pub(super) fn outbox(&self) -> Rc<Outbox> {
        Rc::clone(&self.outbox)
    }

    /// Talks from now on, and listens until the parent is gone, which is when it returns.
    pub(super) async fn serve(&self, node: &Rc<Node>, teller: &Teller) {
        let socket = self.socket.borrow_mut().take().expect("served once");
        let (read, write) = socket.into_split();
        *self.talk.borrow_mut() = Some(spawn_local(talk(write, self.outbox())));
        let said = self.outbox();
        let session = node.session(move |text| {
            said.say(&Said::Rpc(text));
            true
        });
        let mut asked = BufReader::new(read).lines();
        while let Ok(Some(line)) = asked.next_line().await {
            match Ask::read(&line) {
                Some(Ask::Rpc(text)) => session.handle(&text),
                Some(Ask::Messages(wanted)) => teller.want_messages(wanted),
                Some(Ask::Condition) => teller.tell_condition(node),
                None => tracing::warn!(target: "exec", line, "Parent said something odd"),
            }
        }
    }

    /// Says what is left to say, to a parent that may or may not still be there.
    pub(super) async fn finish(&self, patience: Duration) {
        self.outbox.ending.set(true);
        self.outbox.more.notify_one();
        let talk = self.talk.borrow_mut().take();
        if let Some(talk) = talk {
            // Nobody listens, or not fast enough: then so be it.
            let _ = tokio::time::timeout(patience, talk).await;
        }
    }
}

async fn talk(mut write: OwnedWriteHalf, outbox: Rc<Outbox>) {
    loop {
        let text = outbox.take();
        if !text.is_empty() {
            if write.write_all(text.as_bytes()).await.is_err() {
                return; // whoever listens finds out, too
            }
        } else if outbox.ending.get() {
            return;
        } else {
            outbox.more.notified().await;
        }
    }
}

/// Ends this process some time after the other end of `line` has gone.
fn watch(line: OwnedFd, dir: PathBuf) -> io::Result<()> {
    let watch = move || {
        let mut watched = [PollFd::new(&line, PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut watched, None) {}
        // The node has noticed, too. If it can, it is faster.
        std::thread::park_timeout(GRACE);
        base::leave(&dir);
        std::process::exit(1);
    };
    std::thread::Builder::new().name("parent".into()).stack_size(64 << 10).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_waits_in_order_and_is_weighed() {
        let outbox = Outbox::default();
        assert_eq!(outbox.take(), "");
        outbox.say(&Said::Rpc("[1]".into()));
        outbox.say(&Said::Rpc("x".repeat(WAITING)));
        assert!(outbox.is_full());
        let text = outbox.take();
        assert!(text.starts_with("r[1]\nrx") && text.ends_with("x\n"));
        assert!(!outbox.is_full());
    }
}
