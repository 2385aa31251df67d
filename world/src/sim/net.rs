//! The simulated side of [`Net`](crate::Net): what a stack asks of the fabric.

use super::conn::{Slow, State, send_packet};
use super::core::Core;
use super::event::Event;
use super::host::{Host, address, id_of};
use super::link::nanos;
use super::physics;
use super::tap::{Line, Passing};
use super::tcp::Item;
use crate::endpoint::{Closed, ConnId, ListenError, Parcel};
use bytes::Bytes;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Where the search for a free port begins: devp2p's own.
const FIRST_PORT: u16 = 30303;

/// One stack's way into the fabric.
#[derive(Clone, Debug)]
pub(crate) struct SimNet {
    core: Rc<Core>,
    host: Rc<Host>,
    net: u32,
    tap: Option<Rc<Line>>,
}

impl SimNet {
    pub(crate) fn new(core: Rc<Core>, host: Rc<Host>, net: u32, tap: Option<Rc<Line>>) -> Self {
        Self { core, host, net, tap }
    }

    /// Its number at its host.
    pub(crate) fn number(&self) -> u32 {
        self.net
    }

    pub(crate) fn listen(&self, port: u16) -> Result<SocketAddr, ListenError> {
        self.take_port(port, false)
    }

    pub(crate) fn bind_datagrams(&self, port: u16) -> Result<SocketAddr, ListenError> {
        self.take_port(port, true)
    }

    fn take_port(&self, port: u16, datagrams: bool) -> Result<SocketAddr, ListenError> {
        if self.host.endpoint(self.net).is_none() {
            let at = address(self.host.id, port);
            return Err(ListenError::Failed(at, "its scope has been killed".to_owned()));
        }
        let mut ports = self.host.ports(datagrams).borrow_mut();
        let port = match port {
            0 => (FIRST_PORT..=u16::MAX).find(|p| !ports.contains_key(p)).ok_or(ListenError::Exhausted)?,
            taken if ports.contains_key(&taken) => return Err(ListenError::Taken(taken)),
            free => free,
        };
        ports.insert(port, self.net);
        Ok(address(self.host.id, port))
    }

    pub(crate) fn dial(&self, to: SocketAddr) -> ConnId {
        let known = id_of(to.ip()).filter(|id| (*id as usize) < self.core.host_count());
        let target = known.unwrap_or(self.host.id);
        let port = self.host.ephemeral_port();
        let conn =
            self.host.conns.borrow_mut().insert(self.net, State::Dialling, target, port, to.port(), None);
        if self.host.endpoint(self.net).is_none() {
            self.host.conns.borrow_mut().remove(conn); // the scope has ended: an id that was never alive
            return conn;
        }
        if let Some(tap) = &self.tap {
            tap.begin(conn, (address(self.host.id, port), to), Passing::Dial);
        }
        if known.is_some() {
            let mut conns = self.host.conns.borrow_mut();
            conns.get_mut(conn).expect("just inserted").ask(&self.core, &self.host, conn);
        } else {
            // The router on the way says so.
            let refused = Event::Refused { host: self.host.id, conn, to, reached: false };
            send_packet(&self.core, &self.host, self.host.id, refused);
        }
        conn
    }

    pub(crate) fn send(&self, conn: ConnId, parcel: Parcel) {
        let mut conns = self.host.conns.borrow_mut();
        if let Some(c) = conns.get_mut(conn)
            && c.state == State::Open
        {
            if let Some(tap) = &self.tap {
                tap.of_stream(conn, Passing::Sent(parcel.clone()));
            }
            c.send(&self.core, &self.host, conn, parcel);
        }
    }

    pub(crate) fn expect(&self, conn: ConnId) {
        self.host.conns.borrow().prefetch(conn);
    }

    pub(crate) fn close(&self, conn: ConnId) {
        let mut conns = self.host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn) else { return };
        if let Some(tap) = &self.tap {
            tap.end(conn, Passing::Close);
        }
        match &mut c.slow {
            Some(slow) if slow.blocked && !slow.backlog.is_empty() => {
                slow.closing = true;
                c.state = State::Closing;
            }
            _ => conns.end(&self.core, &self.host, conn, Closed::ByRemote),
        }
    }

    pub(crate) fn pause(&self, conn: ConnId, paused: bool) {
        let mut conns = self.host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn).filter(|c| c.state == State::Open) else { return };
        let slow: &mut Slow = c.slow.get_or_insert_default();
        if slow.paused == paused {
            return;
        }
        slow.paused = paused;
        if !paused && !slow.resuming {
            slow.resuming = true;
        }
        let resume = !paused;
        c.put(&self.core, &self.host, conn, Item::Flow(!paused));
        if resume {
            self.core.schedule(&self.host, self.core.now(), Event::Resume { host: self.host.id, conn });
        }
    }

    pub(crate) fn set_alarm(&self, at: Option<Duration>) {
        let wanted = at.map(nanos);
        let standing = self.host.alarm(self.net);
        if standing.map(|(time, _)| time) == wanted {
            return;
        }
        if let Some((_, ticket)) = standing {
            self.core.cancel(ticket);
        }
        if self.host.endpoint(self.net).is_none() {
            return; // the scope has ended
        }
        let armed = wanted.map(|time| {
            let event = Event::Alarm { host: self.host.id, net: self.net };
            (time, self.core.schedule(&self.host, time, event))
        });
        self.host.swap_alarm(self.net, armed);
    }

    pub(crate) fn send_datagram(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let Some(target) = id_of(to.ip()).filter(|id| (*id as usize) < self.core.host_count()) else {
            return;
        };
        if self.host.datagram_port(from.port()) != Some(self.net) {
            return;
        }
        let (from, port) = (address(self.host.id, from.port()), to.port());
        if let Some(tap) = &self.tap {
            tap.tell((from, to), Passing::DatagramSent(bytes.clone()));
        }
        if self.core.links.borrow().all_plain() {
            let time = self.core.now() + self.core.latency(self.host.id, target);
            self.core.post(&self.host, time, target, Event::Datagram { host: target, port, from, bytes });
        } else {
            let path = self.core.links.borrow().path(self.host.id, target);
            physics::send_datagram(&self.core, &self.host, &path, target, port, from, bytes);
        }
    }

    pub(crate) fn addresses(&self, conn: ConnId) -> Option<(SocketAddr, SocketAddr)> {
        let mut conns = self.host.conns.borrow_mut();
        let c = conns.get_mut(conn).filter(|c| c.state != State::Closing)?;
        Some((address(self.host.id, c.local_port), address(c.host, c.remote_port)))
    }
}
