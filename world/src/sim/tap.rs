//! Taps: what a host's stacks do and hear on the network, told to whoever listens in.
//!
//! A tap stands where a stack meets the network. What it is told has the time at which it happened there: a parcel when
//! it is handed over and when it is delivered, not when packets of it pass a line. A listener hears of a stream with its
//! third leg. The hosts of other taps, and those without one, notice nothing.

use super::core::Core;
use super::host::Host;
use super::net::SimNet;
use crate::endpoint::{Closed, ConnId, DialError, Endpoint, Parcel};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Something that passed a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, in simulated time.
    pub at: Duration,
    /// The near end.
    pub local: SocketAddr,
    /// The far end.
    pub remote: SocketAddr,
    /// What.
    pub what: Passing,
}

/// What passes a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// A stream is dialled.
    Dial,
    /// The stream that was dialled is open.
    Connected,
    /// It never came to be.
    DialFailed,
    /// A stream came in, and is open.
    Accepted,
    /// A parcel of a stream, on its way out.
    Sent(Parcel),
    /// A parcel of a stream has come.
    Received(Parcel),
    /// The near end closes a stream.
    Close,
    /// A stream was ended by the far end, or by what lies between.
    Closed(Closed),
    /// A datagram, on its way out.
    DatagramSent(Bytes),
    /// A datagram has come.
    DatagramReceived(Bytes),
}

/// Who listens in at a host. Called from within what passes, so it may do nothing to the world.
#[derive(Clone)]
pub struct Wiretap(Rc<dyn Fn(Seen)>);

impl Wiretap {
    /// Tells `listen` of everything.
    pub fn new(listen: impl Fn(Seen) + 'static) -> Self {
        Self(Rc::new(listen))
    }
}

impl fmt::Debug for Wiretap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiretap")
    }
}

/// A stack that is tapped: knows its streams' ends, also once they are gone.
pub(crate) struct Line {
    tap: Wiretap,
    core: Rc<Core>,
    ends: RefCell<BTreeMap<ConnId, (SocketAddr, SocketAddr)>>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    pub(crate) fn tell(&self, (local, remote): (SocketAddr, SocketAddr), what: Passing) {
        let at = Duration::from_nanos(self.core.now());
        (self.tap.0)(Seen { at, local, remote, what });
    }

    /// Tells of a stream whose ends are known from now on.
    pub(crate) fn begin(&self, conn: ConnId, ends: (SocketAddr, SocketAddr), what: Passing) {
        self.ends.borrow_mut().insert(conn, ends);
        self.tell(ends, what);
    }

    pub(crate) fn of_stream(&self, conn: ConnId, what: Passing) {
        let ends = self.ends.borrow().get(&conn).copied();
        if let Some(ends) = ends {
            self.tell(ends, what);
        }
    }

    pub(crate) fn end(&self, conn: ConnId, what: Passing) {
        let ends = self.ends.borrow_mut().remove(&conn);
        if let Some(ends) = ends {
            self.tell(ends, what);
        }
    }
}

/// Attaches a stack to its host by way of the host's tap, if it has one.
pub(crate) fn attach(core: &Rc<Core>, host: &Rc<Host>, endpoint: Rc<dyn Endpoint>) -> SimNet {
    let line = host
        .tap
        .borrow()
        .clone()
        .map(|tap| Rc::new(Line { tap, core: Rc::clone(core), ends: RefCell::default() }));
    let endpoint = match &line {
        Some(line) => Rc::new(Tapped { line: Rc::clone(line), stack: endpoint }) as Rc<dyn Endpoint>,
        None => endpoint,
    };
    let net = host.attach(endpoint);
    SimNet::new(Rc::clone(core), Rc::clone(host), net, line)
}

/// What the fabric calls instead of the stack.
struct Tapped {
    line: Rc<Line>,
    stack: Rc<dyn Endpoint>,
}

impl Endpoint for Tapped {
    fn on_accepted(&self, conn: ConnId, local: SocketAddr, remote: SocketAddr) {
        self.line.begin(conn, (local, remote), Passing::Accepted);
        self.stack.on_accepted(conn, local, remote);
    }

    fn on_connected(&self, conn: ConnId, local: SocketAddr) {
        self.line.of_stream(conn, Passing::Connected);
        self.stack.on_connected(conn, local);
    }

    fn on_dial_failed(&self, conn: ConnId, error: DialError) {
        self.line.end(conn, Passing::DialFailed);
        self.stack.on_dial_failed(conn, error);
    }

    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        self.line.of_stream(conn, Passing::Received(parcel.clone()));
        self.stack.on_parcel(conn, parcel);
    }

    fn on_closed(&self, conn: ConnId, how: Closed) {
        self.line.end(conn, Passing::Closed(how));
        self.stack.on_closed(conn, how);
    }

    fn on_flow(&self, conn: ConnId, open: bool) {
        self.stack.on_flow(conn, open);
    }

    fn on_alarm(&self) {
        self.stack.on_alarm();
    }

    fn on_datagram(&self, local: SocketAddr, from: SocketAddr, bytes: Bytes) {
        self.line.tell((local, from), Passing::DatagramReceived(bytes.clone()));
        self.stack.on_datagram(local, from, bytes);
    }
}
