//! The network stack under the streams: sorts what arrives into pipes and wakes whoever reads them.
//!
//! The world alone keeps a hub alive. When its scope is killed the hub goes, and its drop tells every stream left.

use super::{PAUSE_ABOVE, Stream};
use crate::{Closed, ConnId, DialError, Endpoint, Net, Parcel, World};
use bytes::Bytes;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

/// Streams that came in and were not accepted yet; those beyond are closed at once.
const BACKLOG: usize = 1024;

/// One stack with any number of streams.
#[derive(Debug)]
pub(super) struct Hub {
    world: World,
    net: OnceCell<Net>,
    pub(super) backlog: Rc<Backlog>,
    /// By index of the id: what this end has closed is not heard of again, and makes way when the index is used anew.
    pipes: RefCell<BTreeMap<usize, Place>>,
}

/// A pipe lives as long as its stream.
#[derive(Debug)]
struct Place {
    id: ConnId,
    pipe: Weak<RefCell<Pipe>>,
}

impl Hub {
    pub(super) fn attach(world: &World) -> (Rc<Self>, Net) {
        let hub = Rc::new(Self {
            world: world.clone(),
            net: OnceCell::new(),
            backlog: Rc::default(),
            pipes: RefCell::default(),
        });
        let net = world.attach(Rc::clone(&hub) as Rc<dyn Endpoint>);
        hub.net.set(net.clone()).expect("set here alone");
        (hub, net)
    }

    pub(super) fn add(&self, id: ConnId, open: bool) -> Rc<RefCell<Pipe>> {
        let pipe =
            Rc::new(RefCell::new(Pipe { dialled: open.then_some(Ok(())), flows: true, ..Pipe::default() }));
        self.pipes.borrow_mut().insert(id.index(), Place { id, pipe: Rc::downgrade(&pipe) });
        pipe
    }

    fn pipe(&self, id: ConnId) -> Option<Rc<RefCell<Pipe>>> {
        let pipes = self.pipes.borrow();
        pipes.get(&id.index()).filter(|place| place.id == id)?.pipe.upgrade()
    }

    fn take_pipe(&self, id: ConnId) -> Option<Rc<RefCell<Pipe>>> {
        let pipe = self.pipe(id)?;
        self.pipes.borrow_mut().remove(&id.index());
        Some(pipe)
    }

    fn net(&self) -> &Net {
        self.net.get().expect("set before anything can be called")
    }
}

impl Endpoint for Hub {
    fn on_accepted(&self, conn: ConnId, local: SocketAddr, remote: SocketAddr) {
        let pipe = self.add(conn, true);
        self.backlog.push(Stream::new(&self.world, self.net(), conn, &pipe, local, remote));
    }

    fn on_connected(&self, conn: ConnId, _local: SocketAddr) {
        if let Some(pipe) = self.pipe(conn) {
            pipe.borrow_mut().dialled(Ok(()));
        }
    }

    fn on_dial_failed(&self, conn: ConnId, error: DialError) {
        if let Some(pipe) = self.take_pipe(conn) {
            pipe.borrow_mut().dialled(Err(error));
        }
    }

    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        let Some(pipe) = self.pipe(conn) else { return };
        let mut pipe = pipe.borrow_mut();
        pipe.unread += parcel.bytes.len();
        if !parcel.bytes.is_empty() {
            pipe.inbox.push_back(parcel.bytes);
        }
        wake(&mut pipe.reader);
        if pipe.unread > PAUSE_ABOVE && !pipe.paused {
            pipe.paused = true;
            self.net().pause(conn, true);
        }
    }

    fn on_closed(&self, conn: ConnId, how: Closed) {
        if let Some(pipe) = self.take_pipe(conn) {
            pipe.borrow_mut().ended(how);
        }
    }

    fn on_flow(&self, conn: ConnId, open: bool) {
        let Some(pipe) = self.pipe(conn) else { return };
        let mut pipe = pipe.borrow_mut();
        pipe.flows = open;
        if open {
            wake(&mut pipe.writer);
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for pipe in
            std::mem::take(self.pipes.get_mut()).into_values().filter_map(|place| place.pipe.upgrade())
        {
            pipe.borrow_mut().ended(Closed::Reset);
        }
    }
}

/// What a stream and its hub share.
#[derive(Default)]
pub(super) struct Pipe {
    pub(super) inbox: VecDeque<Bytes>,
    /// Bytes in the inbox.
    pub(super) unread: usize,
    /// The other end has been asked to wait.
    pub(super) paused: bool,
    /// The other end takes what is sent.
    pub(super) flows: bool,
    /// Closed by this end.
    pub(super) shut: bool,
    pub(super) end: Option<Closed>,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    dialled: Option<Result<(), DialError>>,
}

impl Pipe {
    pub(super) fn poll_dialled(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        match self.dialled.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn dialled(&mut self, outcome: Result<(), DialError>) {
        if outcome.is_err() {
            self.shut = true;
        }
        self.dialled = Some(outcome);
        wake(&mut self.reader);
    }

    fn ended(&mut self, how: Closed) {
        self.end = Some(how);
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("unread", &self.unread).field("end", &self.end).finish_non_exhaustive()
    }
}

/// Streams that came in and wait to be accepted.
#[derive(Debug, Default)]
pub(super) struct Backlog(RefCell<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    streams: VecDeque<Stream>,
    acceptor: Option<Waker>,
    closed: bool,
}

impl Backlog {
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Stream> {
        let mut waiting = self.0.borrow_mut();
        match waiting.streams.pop_front() {
            Some(stream) => Poll::Ready(stream),
            None => {
                waiting.acceptor = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn push(&self, stream: Stream) {
        let mut waiting = self.0.borrow_mut();
        if waiting.closed || waiting.streams.len() >= BACKLOG {
            drop(waiting);
            drop(stream); // which closes it
            return;
        }
        waiting.streams.push_back(stream);
        wake(&mut waiting.acceptor);
    }

    /// Nobody will accept any more.
    pub(super) fn close(&self) {
        let mut waiting = self.0.borrow_mut();
        waiting.closed = true;
        let left = std::mem::take(&mut waiting.streams);
        drop(waiting);
        drop(left);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
