//! What can happen to a host, and what the fabric makes of it.
//!
//! A stream opens in three legs, as TCP does: the dialling end is open after one round trip, the accepting end when the
//! third leg arrives. Everything after travels one leg. A host that knows nothing of a connection it gets an answer for
//! says so with a reset, so no half-open connection is left behind.

use super::conn::State;
use super::core::Core;
use super::host::{Host, address};
use crate::endpoint::{Closed, ConnId, DialError, Parcel};
use bytes::Bytes;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Waker;

/// An event and the host it happens to.
#[derive(Debug)]
pub(crate) enum Event {
    /// A sleep is over.
    Wake(Waker),
    /// A network stack wanted to be called.
    Alarm { host: u32, net: u32 },
    /// First leg of a stream: someone dials.
    Open { host: u32, port: u16, from: u32, from_port: u16, from_conn: ConnId },
    /// Second leg: accepted by `peer`.
    Opened { host: u32, conn: ConnId, from: u32, peer: ConnId },
    /// Second leg: not accepted.
    Refused { host: u32, conn: ConnId, to: SocketAddr, reached: bool },
    /// Third leg: the dialling end is open.
    Accepted { host: u32, conn: ConnId },
    /// Content.
    Parcel { host: u32, conn: ConnId, parcel: Parcel },
    /// The end of a stream.
    Close { host: u32, conn: ConnId, how: Closed },
    /// The other end takes parcels, or does not.
    Flow { host: u32, conn: ConnId, open: bool },
    /// This end takes parcels again: those held are due.
    Resume { host: u32, conn: ConnId },
    /// A datagram.
    Datagram { host: u32, port: u16, from: SocketAddr, bytes: Bytes },
}

impl Event {
    pub(crate) fn happen(self, core: &Rc<Core>) {
        match self {
            Self::Wake(waker) => waker.wake(),
            Self::Alarm { host, net } => on(core, host, |host| alarm(host, net)),
            Self::Open { host, port, from, from_port, from_conn } => {
                on(core, host, |host| open(core, host, port, from, from_port, from_conn));
            }
            Self::Opened { host, conn, from, peer } => on(core, host, |host| opened(core, host, conn, from, peer)),
            Self::Refused { host, conn, to, reached } => {
                let error = if reached { DialError::Refused(to) } else { DialError::Unreachable(to) };
                on(core, host, |host| refused(host, conn, error));
            }
            Self::Accepted { host, conn } => on(core, host, |host| accepted(host, conn)),
            Self::Parcel { host, conn, parcel } => on(core, host, |host| arrived(host, conn, parcel)),
            Self::Close { host, conn, how } => on(core, host, |host| closed(host, conn, how)),
            Self::Flow { host, conn, open } => on(core, host, |host| flow(core, host, conn, open)),
            Self::Resume { host, conn } => on(core, host, |host| resume(host, conn)),
            Self::Datagram { host, port, from, bytes } => on(core, host, |host| datagram(host, port, from, bytes)),
        }
    }
}

fn on(core: &Rc<Core>, host: u32, act: impl FnOnce(&Rc<Host>)) {
    let host = core.host(host).expect("events are posted to hosts that exist, on their shard");
    act(&host);
}

fn alarm(host: &Host, net: u32) {
    if let Some(endpoint) = host.take_alarm(net) {
        endpoint.on_alarm();
    }
}

fn open(core: &Core, host: &Host, port: u16, from: u32, from_port: u16, from_conn: ConnId) {
    let back = core.latency(host.id, from);
    let time = core.now() + back;
    let Some(net) = host.listener(port) else {
        let to = address(host.id, port);
        core.post(host, time, from, Event::Refused { host: from, conn: from_conn, to, reached: true });
        return;
    };
    let conn = host.conns.borrow_mut().insert(net, State::Accepting, from, port, from_port, Some(from_conn));
    core.post(host, time, from, Event::Opened { host: from, conn: from_conn, from: host.id, peer: conn });
}

fn opened(core: &Core, host: &Host, conn: ConnId, from: u32, peer: ConnId) {
    let time = core.now() + core.latency(host.id, from);
    let dialling = {
        let mut conns = host.conns.borrow_mut();
        conns.get_mut(conn).map(|c| {
            c.state = State::Open;
            c.peer = Some(peer);
            (c.net, address(host.id, c.local_port))
        })
    };
    let Some((net, local)) = dialling else {
        // The dialler has gone meanwhile, before it had anyone to tell.
        core.post(host, time, from, Event::Close { host: from, conn: peer, how: Closed::Reset });
        return;
    };
    core.post(host, time, from, Event::Accepted { host: from, conn: peer });
    if let Some(endpoint) = host.endpoint(net) {
        endpoint.on_connected(conn, local);
    }
}

fn refused(host: &Host, conn: ConnId, error: DialError) {
    let removed = host.conns.borrow_mut().remove(conn);
    if let Some(endpoint) = removed.and_then(|c| host.endpoint(c.net)) {
        endpoint.on_dial_failed(conn, error);
    }
}

fn accepted(host: &Host, conn: ConnId) {
    let accepted = {
        let mut conns = host.conns.borrow_mut();
        conns.get_mut(conn).map(|c| {
            c.state = State::Open;
            (c.net, address(host.id, c.local_port), address(c.host, c.remote_port))
        })
    };
    if let Some((net, local, remote)) = accepted
        && let Some(endpoint) = host.endpoint(net)
    {
        endpoint.on_accepted(conn, local, remote);
    }
}

fn arrived(host: &Host, conn: ConnId, parcel: Parcel) {
    let net = {
        let mut conns = host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn) else { return };
        match &mut c.slow {
            Some(slow) if slow.holds() => {
                slow.held.push_back(parcel);
                return;
            }
            _ if c.state == State::Open => c.net,
            _ => return,
        }
    };
    if let Some(endpoint) = host.endpoint(net) {
        endpoint.on_parcel(conn, parcel);
    }
}

fn closed(host: &Host, conn: ConnId, how: Closed) {
    let removed = {
        let mut conns = host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn) else { return };
        match &mut c.slow {
            // What came before the close is still to be taken; a reset takes it along.
            Some(slow) if slow.holds() && how == Closed::ByRemote => {
                slow.ended = true;
                return;
            }
            _ => conns.remove(conn).expect("just seen"),
        }
    };
    if removed.state == State::Open
        && let Some(endpoint) = host.endpoint(removed.net)
    {
        endpoint.on_closed(conn, how);
    }
}

fn flow(core: &Core, host: &Host, conn: ConnId, open: bool) {
    let net = {
        let mut conns = host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn) else { return };
        let slow = c.slow.get_or_insert_default();
        slow.blocked = !open;
        if open {
            let waiting = std::mem::take(&mut slow.backlog);
            let closing = slow.closing;
            for parcel in waiting {
                c.send(core, host, parcel);
            }
            if closing {
                c.send_close(core, host, Closed::ByRemote);
                conns.remove(conn);
                return;
            }
        } else if c.state == State::Closing {
            return;
        }
        c.net
    };
    if let Some(endpoint) = host.endpoint(net) {
        endpoint.on_flow(conn, open);
    }
}

fn resume(host: &Host, conn: ConnId) {
    loop {
        let (net, parcel, ended) = {
            let mut conns = host.conns.borrow_mut();
            let Some(c) = conns.get_mut(conn) else { return };
            let Some(slow) = &mut c.slow else { return };
            if slow.paused {
                return; // paused again by what was just delivered
            }
            let parcel = slow.held.pop_front();
            if parcel.is_none() {
                slow.resuming = false;
            }
            (c.net, parcel, slow.ended)
        };
        match parcel {
            Some(parcel) => {
                if let Some(endpoint) = host.endpoint(net) {
                    endpoint.on_parcel(conn, parcel);
                }
            }
            None if ended => return closed(host, conn, Closed::ByRemote),
            None => return,
        }
    }
}

fn datagram(host: &Host, port: u16, from: SocketAddr, bytes: Bytes) {
    if let Some(endpoint) = host.datagram_port(port).and_then(|net| host.endpoint(net)) {
        endpoint.on_datagram(address(host.id, port), from, bytes);
    }
}
