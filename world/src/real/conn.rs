//! One end of a TCP connection, and the task that moves its bytes.
//!
//! The socket is owned by the table of its stack and borrowed by the task for moments, so that a kill closes it there
//! and then. What is sent is queued and goes out in vectored writes from the task.

use super::net::Stack;
use super::{Place, READ_PIECE};
use crate::endpoint::{Closed, ConnId, Parcel};
use bytes::{Buf, Bytes};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

/// The endpoint is told to stop when more than this many bytes wait unsent.
const HOLD_ABOVE: usize = 1024 * 1024;
/// And to go on when fewer than this are left.
const GO_ON_BELOW: usize = 256 * 1024;
/// Parcels per vectored write.
const WRITE_PARTS: usize = 64;
/// How long a closed connection may take to send what was queued and see the other end close too.
const CLOSE_BOUND: Duration = Duration::from_secs(1);

/// One end of a connection.
pub(super) struct Conn {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    place: Rc<Place>,
    /// `None` once it has been cut.
    socket: RefCell<Option<TcpStream>>,
    queue: RefCell<Queue>,
    paused: Cell<bool>,
    closing: Cell<bool>,
    /// The endpoint has been told to stop.
    held: Cell<bool>,
    /// Nothing can be sent any more; what has arrived is still read.
    broken: Cell<bool>,
    task: RefCell<Option<Waker>>,
}

/// What the task has to tell.
enum Step {
    Arrived(Bytes),
    Flow(bool),
    Ended(Closed),
    Closing,
    Cut,
}

impl Conn {
    pub(super) fn new(
        place: Rc<Place>,
        socket: TcpStream,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Rc<Self> {
        // Frames are small and wait for answers; an error here means a dead socket, which reading will find.
        let _ = socket.set_nodelay(true);
        Rc::new(Self {
            local,
            remote,
            place,
            socket: RefCell::new(Some(socket)),
            queue: RefCell::default(),
            paused: Cell::new(false),
            closing: Cell::new(false),
            held: Cell::new(false),
            broken: Cell::new(false),
            task: RefCell::new(None),
        })
    }

    pub(super) fn send(&self, bytes: Bytes) {
        if bytes.is_empty() || self.broken.get() {
            return;
        }
        self.queue.borrow_mut().push(bytes);
        self.wake();
    }

    pub(super) fn pause(&self, paused: bool) {
        self.paused.set(paused);
        self.wake();
    }

    /// Leaves the rest to the task: send what is queued, then close.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.wake();
    }

    /// Cuts: the other end sees a reset, after what could still be handed to the kernel. One that was already closing
    /// and gets rid of everything it had queued ends in order instead, which outlives this end for a moment.
    pub(super) fn cut(&self) {
        let Some(mut socket) = self.socket.take() else { return };
        let flushed = !self.broken.get() && self.queue.borrow_mut().hand_over(&socket);
        let in_order = self.closing.get() && flushed && shut_down(&mut socket);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if in_order => drop(runtime.spawn(linger(socket))),
            _ if in_order => drop(socket),
            _ => {
                let _ = socket.set_zero_linger();
            }
        }
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.task.take() {
            waker.wake();
        }
    }

    /// The next thing to tell while the connection is open.
    fn poll_step(&self, cx: &mut Context<'_>) -> Poll<Step> {
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref() else { return Poll::Ready(Step::Cut) };
        if self.closing.get() {
            return Poll::Ready(Step::Closing);
        }
        self.task.replace(Some(cx.waker().clone()));
        self.write(socket, cx);
        let waiting = self.queue.borrow().bytes;
        if self.held.get() && waiting < GO_ON_BELOW {
            self.held.set(false);
            return Poll::Ready(Step::Flow(true));
        }
        if !self.held.get() && waiting > HOLD_ABOVE {
            self.held.set(true);
            return Poll::Ready(Step::Flow(false));
        }
        if self.paused.get() {
            // A reset takes along what is held.
            return if self.broken.get() { Poll::Ready(Step::Ended(Closed::Reset)) } else { Poll::Pending };
        }
        self.poll_read(socket, cx)
    }

    /// Writes what the kernel takes. Its failure is left for reading to report, after what arrived before it.
    fn write(&self, socket: &TcpStream, cx: &mut Context<'_>) {
        let mut queue = self.queue.borrow_mut();
        if let Poll::Ready(Err(_)) = queue.poll_write(socket, cx) {
            *queue = Queue::default();
            self.broken.set(true);
        }
    }

    fn poll_read(&self, socket: &TcpStream, cx: &mut Context<'_>) -> Poll<Step> {
        let mut scratch = self.place.scratch.borrow_mut();
        loop {
            let read = match ready!(socket.poll_read_ready(cx)) {
                Ok(()) => socket.try_read(&mut scratch[..READ_PIECE]),
                Err(error) => Err(error),
            };
            return Poll::Ready(match read {
                Ok(0) if self.broken.get() => Step::Ended(Closed::Reset),
                Ok(0) => Step::Ended(Closed::ByRemote),
                Ok(n) => Step::Arrived(Bytes::copy_from_slice(&scratch[..n])),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    continue;
                }
                Err(_) => Step::Ended(Closed::Reset),
            });
        }
    }

    /// Sends what is queued. Ready with false when the other end cannot be reached any more, or this end was cut.
    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut socket = self.socket.borrow_mut();
        let Some(socket) = socket.as_mut() else { return Poll::Ready(false) };
        self.task.replace(Some(cx.waker().clone()));
        let flushed = !self.broken.get() && ready!(self.queue.borrow_mut().poll_write(socket, cx)).is_ok();
        Poll::Ready(flushed && shut_down(socket))
    }

    /// Reads and forgets until the other end closes as well: a socket closed over unread bytes would send a reset,
    /// and that may take along what is still on its way.
    fn poll_last(&self, cx: &mut Context<'_>) -> Poll<()> {
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref() else { return Poll::Ready(()) };
        self.task.replace(Some(cx.waker().clone()));
        loop {
            if let Step::Ended(_) = ready!(self.poll_read(socket, cx)) {
                return Poll::Ready(());
            }
        }
    }

    async fn finish(&self) {
        match tokio::time::timeout(CLOSE_BOUND, poll_fn(|cx| self.poll_flush(cx))).await {
            Ok(true) => {
                // The end was announced; how the other end takes it is not awaited for long.
                let _ = tokio::time::timeout(CLOSE_BOUND, poll_fn(|cx| self.poll_last(cx))).await;
                self.socket.take();
            }
            Ok(false) => {
                self.socket.take();
            }
            Err(_) => {
                self.closing.set(false);
                self.cut();
            }
        }
    }
}

/// Reads and forgets what still comes, as [`Conn::poll_last`] does, where nothing else is left of the connection.
async fn linger(socket: TcpStream) {
    let last = async {
        let mut piece = [0; 4096];
        while socket.readable().await.is_ok() {
            match socket.try_read(&mut piece) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    };
    let _ = tokio::time::timeout(CLOSE_BOUND, last).await;
}

/// Announces the end of what this end sends.
fn shut_down(socket: &mut TcpStream) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    matches!(Pin::new(socket).poll_shutdown(&mut cx), Poll::Ready(Ok(())))
}

/// The task of one connection, from when it is open until its socket is closed.
pub(super) async fn run(stack: Rc<Stack>, id: ConnId, conn: Rc<Conn>) {
    loop {
        match poll_fn(|cx| conn.poll_step(cx)).await {
            Step::Arrived(bytes) => stack.tell(id, |endpoint| endpoint.on_parcel(id, Parcel::plain(bytes))),
            Step::Flow(open) => stack.tell(id, |endpoint| endpoint.on_flow(id, open)),
            Step::Ended(how) => {
                conn.socket.take();
                return stack.ended(id, how);
            }
            Step::Closing => {
                conn.finish().await;
                return stack.finished(&conn);
            }
            Step::Cut => return,
        }
    }
}

/// What waits to be written.
#[derive(Default)]
struct Queue {
    parts: VecDeque<Bytes>,
    bytes: usize,
}

impl Queue {
    fn push(&mut self, part: Bytes) {
        self.bytes += part.len();
        self.parts.push_back(part);
    }

    /// Ready when all is written, or cannot be.
    fn poll_write(&mut self, socket: &TcpStream, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while !self.parts.is_empty() {
            ready!(socket.poll_write_ready(cx))?;
            match self.write_some(socket) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                result => result?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the kernel what it takes at once; true if that was all.
    fn hand_over(&mut self, socket: &TcpStream) -> bool {
        while !self.parts.is_empty() {
            if self.write_some(socket).is_err() {
                return false;
            }
        }
        true
    }

    fn write_some(&mut self, socket: &TcpStream) -> std::io::Result<()> {
        let mut slices = [IoSlice::new(&[]); WRITE_PARTS];
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        let written = socket.try_write_vectored(&slices[..count])?;
        self.advance(written);
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(front) = self.parts.front_mut() {
            if front.len() > written {
                return front.advance(written);
            }
            written -= front.len();
            self.parts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_advances_through_its_parts() {
        let mut queue = Queue::default();
        for part in ["abc", "de", "f"] {
            queue.push(Bytes::from_static(part.as_bytes()));
        }
        for (written, left) in [(0, "abcdef"), (2, "cdef"), (1, "def"), (2, "f"), (1, "")] {
            queue.advance(written);
            let rest: Vec<u8> = queue.parts.iter().flatten().copied().collect();
            assert_eq!((rest.as_slice(), queue.bytes), (left.as_bytes(), left.len()));
        }
    }
}
