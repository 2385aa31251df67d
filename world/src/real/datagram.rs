//! One bound UDP port, and the task that moves its datagrams.

use super::net::Stack;
use super::{Place, READ_PIECE};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// Datagrams that wait for the kernel; those beyond are lost, as in any full buffer.
const QUEUE_LIMIT: usize = 1024;

/// A port that takes and sends datagrams.
pub(super) struct Port {
    pub(super) local: SocketAddr,
    place: Rc<Place>,
    /// `None` once it has been closed.
    socket: RefCell<Option<UdpSocket>>,
    queue: RefCell<VecDeque<(SocketAddr, Bytes)>>,
    task: RefCell<Option<Waker>>,
}

impl Port {
    pub(super) fn new(place: Rc<Place>, socket: UdpSocket, local: SocketAddr) -> Rc<Self> {
        let (queue, task) = (RefCell::default(), RefCell::default());
        Rc::new(Self { local, place, socket: RefCell::new(Some(socket)), queue, task })
    }

    pub(super) fn send(&self, to: SocketAddr, bytes: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if queue.len() < QUEUE_LIMIT {
            queue.push_back((to, bytes));
        }
        drop(queue);
        self.wake();
    }

    pub(super) fn close(&self) {
        drop(self.socket.take());
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.task.take() {
            waker.wake();
        }
    }

    /// Sends what waits and takes the next datagram; `None` when the port is closed.
    fn poll_step(&self, cx: &mut Context<'_>) -> Poll<Option<(SocketAddr, Bytes)>> {
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref() else { return Poll::Ready(None) };
        self.task.replace(Some(cx.waker().clone()));
        let mut queue = self.queue.borrow_mut();
        while let Some((to, bytes)) = queue.front() {
            // An error means that this one is lost; nobody is told.
            if socket.poll_send_to(cx, bytes, *to).is_pending() {
                break;
            }
            queue.pop_front();
        }
        drop(queue);
        let mut scratch = self.place.scratch.borrow_mut();
        loop {
            let mut buffer = ReadBuf::new(&mut scratch[..READ_PIECE]);
            // An error tells of a datagram sent earlier that found nobody.
            if let Ok(from) = ready!(socket.poll_recv_from(cx, &mut buffer)) {
                return Poll::Ready(Some((from, Bytes::copy_from_slice(buffer.filled()))));
            }
        }
    }
}

/// The task of one port.
pub(super) async fn run(stack: Rc<Stack>, port: Rc<Port>) {
    while let Some((from, bytes)) = poll_fn(|cx| port.poll_step(cx)).await {
        let Some(endpoint) = stack.endpoint() else { return };
        endpoint.on_datagram(port.local, from, bytes);
    }
}
