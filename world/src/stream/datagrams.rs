//! A datagram socket to await on.

use crate::{Closed, ConnId, DialError, Endpoint, ListenError, Net, Parcel, World};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Datagrams that wait to be received; those beyond are lost.
const INBOX: usize = 1024;

/// One bound port for datagrams. Received ones wait in a bounded queue; what does not fit is lost.
#[derive(Debug)]
pub struct Datagrams {
    local: SocketAddr,
    net: Net,
    inbox: Rc<Inbox>,
}

impl Datagrams {
    /// Binds `port`; 0 takes a free one. It is held until the scope of `world` dies.
    pub fn bind(world: &World, port: u16) -> Result<Self, ListenError> {
        let inbox = Rc::new(Inbox::default());
        let net = world.attach(Rc::clone(&inbox) as Rc<dyn Endpoint>);
        let local = net.bind_datagrams(port)?;
        Ok(Self { local, net, inbox })
    }

    /// The address it is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The next datagram, and where it comes from. Waits forever once the scope is dead.
    pub async fn recv_from(&mut self) -> (Bytes, SocketAddr) {
        poll_fn(|cx| {
            let mut inbox = self.inbox.0.borrow_mut();
            if let Some(datagram) = inbox.waiting.pop_front() {
                return Poll::Ready(datagram);
            }
            inbox.reader = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Sends one datagram; nobody learns whether it arrives.
    pub fn send_to(&self, bytes: Bytes, to: SocketAddr) {
        self.net.send_datagram(self.local, to, bytes);
    }
}

#[derive(Debug, Default)]
struct Inbox(RefCell<Received>);

#[derive(Debug, Default)]
struct Received {
    waiting: VecDeque<(Bytes, SocketAddr)>,
    reader: Option<Waker>,
}

impl Endpoint for Inbox {
    // Never listens and never dials: no connection can come to be.
    fn on_accepted(&self, _conn: ConnId, _local: SocketAddr, _remote: SocketAddr) {}
    fn on_connected(&self, _conn: ConnId, _local: SocketAddr) {}
    fn on_dial_failed(&self, _conn: ConnId, _error: DialError) {}
    fn on_parcel(&self, _conn: ConnId, _parcel: Parcel) {}
    fn on_closed(&self, _conn: ConnId, _how: Closed) {}

    fn on_datagram(&self, _local: SocketAddr, from: SocketAddr, bytes: Bytes) {
        let mut inbox = self.0.borrow_mut();
        if inbox.waiting.len() < INBOX {
            inbox.waiting.push_back((bytes, from));
        }
        if let Some(reader) = inbox.reader.take() {
            reader.wake();
        }
    }
}
