//! What can happen to a host, and what the fabric makes of it.
//!
//! A stream opens in three legs, as TCP does: the dialling end is open after one round trip, the accepting end when the
//! third leg arrives. Everything after travels one leg. A host that knows nothing of a connection it gets an answer for
//! says so with a reset, so no half-open connection is left behind. Over links with conditions the legs may get lost and
//! are asked again, and what travels then is segments: see [`tcp`](super::tcp).

use super::conn::{State, send_packet};
use super::core::Core;
use super::host::{Host, address};
use super::physics;
use super::tcp::{self, Ack, Item, Segment};
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
    /// Part of a stream.
    Segment { host: u32, conn: ConnId, segment: Box<Segment> },
    /// What has arrived of a stream at the other end.
    Ack { host: u32, conn: ConnId, ack: Box<Ack> },
    /// The other end knows nothing of this stream.
    Gone { host: u32, conn: ConnId },
    /// A stream has waited for an answer.
    Timer { host: u32, conn: ConnId },
    /// The send buffer of a stream takes more, or does not.
    Room { host: u32, conn: ConnId },
    /// A packet of so many bytes is at its receiver's line; `event` happens once it is through.
    Ingress { host: u32, size: u32, event: Box<Self> },
}

impl Event {
    /// The host it happens to, and the connection it is about.
    pub(crate) fn receiver(&self) -> Option<(u32, Option<ConnId>)> {
        match self {
            Self::Opened { host, conn, .. }
            | Self::Refused { host, conn, .. }
            | Self::Accepted { host, conn }
            | Self::Parcel { host, conn, .. }
            | Self::Close { host, conn, .. }
            | Self::Flow { host, conn, .. }
            | Self::Resume { host, conn }
            | Self::Segment { host, conn, .. }
            | Self::Ack { host, conn, .. }
            | Self::Gone { host, conn }
            | Self::Timer { host, conn }
            | Self::Room { host, conn } => Some((*host, Some(*conn))),
            Self::Alarm { host, .. } | Self::Open { host, .. } | Self::Datagram { host, .. } => {
                Some((*host, None))
            }
            Self::Ingress { event, .. } => event.receiver(),
            Self::Wake(_) => None,
        }
    }

    /// What it brings, if that is worth asking the memory for.
    pub(crate) fn content(&self) -> &[u8] {
        if let Self::Parcel { parcel, .. } = self { &parcel.bytes } else { &[] }
    }

    pub(crate) fn happen(self, core: &Rc<Core>) {
        match self {
            Self::Wake(waker) => waker.wake(),
            Self::Alarm { host, net } => core.at(host, |host| alarm(host, net)),
            Self::Open { host, port, from, from_port, from_conn } => {
                core.at(host, |host| open(core, host, port, from, from_port, from_conn));
            }
            Self::Opened { host, conn, from, peer } => {
                core.at(host, |host| opened(core, host, conn, from, peer))
            }
            Self::Refused { host, conn, to, reached } => {
                let error = if reached { DialError::Refused(to) } else { DialError::Unreachable(to) };
                core.at(host, |host| refused(host, conn, error));
            }
            Self::Accepted { host, conn } => core.at(host, |host| accepted(host, conn)),
            Self::Parcel { host, conn, parcel } => core.at(host, |host| arrived(host, conn, parcel)),
            Self::Close { host, conn, how } => core.at(host, |host| closed(host, conn, how)),
            Self::Flow { host, conn, open } => core.at(host, |host| flow(core, host, conn, open)),
            Self::Resume { host, conn } => core.at(host, |host| resume(host, conn)),
            Self::Datagram { host, port, from, bytes } => {
                core.at(host, |host| datagram(host, port, from, bytes))
            }
            Self::Segment { host, conn, segment } => {
                core.at(host, |host| segment_in(core, host, conn, *segment))
            }
            Self::Ack { host, conn, ack } => core.at(host, |host| tcp::acknowledged(core, host, conn, &ack)),
            Self::Gone { host, conn } => core.at(host, |host| gone(host, conn)),
            Self::Timer { host, conn } => core.at(host, |host| timer(core, host, conn)),
            Self::Room { host, conn } => core.at(host, |host| room(host, conn)),
            Self::Ingress { host, size, event } => {
                core.at(host, |host| physics::ingress(core, host, size, *event))
            }
        }
    }
}

fn alarm(host: &Host, net: u32) {
    if let Some(endpoint) = host.take_alarm(net) {
        endpoint.on_alarm();
    }
}

fn open(core: &Core, host: &Host, port: u16, from: u32, from_port: u16, from_conn: ConnId) {
    if tcp::asked_before(core, host, from, from_conn) {
        return;
    }
    let Some(net) = host.listener(port) else {
        let to = address(host.id, port);
        send_packet(core, host, from, Event::Refused { host: from, conn: from_conn, to, reached: true });
        return;
    };
    let mut conns = host.conns.borrow_mut();
    let conn = conns.insert(net, State::Accepting, from, port, from_port, Some(from_conn));
    conns.get_mut(conn).expect("just inserted").ask(core, host, conn);
}

fn opened(core: &Core, host: &Host, conn: ConnId, from: u32, peer: ConnId) {
    let (net, local) = {
        let mut conns = host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn) else {
            // The dialler has gone meanwhile, before it had anyone to tell.
            send_packet(core, host, from, Event::Close { host: from, conn: peer, how: Closed::Reset });
            return;
        };
        if c.state != State::Dialling {
            return; // answered twice
        }
        c.state = State::Open;
        c.peer = Some(peer);
        c.put(core, host, conn, Item::Hello);
        (c.net, address(host.id, c.local_port))
    };
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
                c.send(core, host, conn, parcel);
            }
            if closing {
                return conns.end(core, host, conn, Closed::ByRemote);
            }
            if c.is_full() {
                return; // it will be told when there is room
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

#[inline(never)]
fn segment_in(core: &Core, host: &Host, conn: ConnId, segment: Segment) {
    for item in tcp::take(core, host, conn, segment) {
        match item {
            Item::Hello => accepted(host, conn),
            Item::Parcel(parcel) => arrived(host, conn, parcel),
            Item::Flow(open) => flow(core, host, conn, open),
            Item::Close(how) => closed(host, conn, how),
        }
    }
}

#[inline(never)]
fn gone(host: &Host, conn: ConnId) {
    {
        let mut conns = host.conns.borrow_mut();
        if let Some(slow) = conns.get_mut(conn).and_then(|c| c.slow.as_mut())
            && slow.ended
        {
            slow.tcp = None; // the other end has closed in order, and what it sent is still held here
            return;
        }
    }
    closed(host, conn, Closed::Reset);
}

#[inline(never)]
fn timer(core: &Core, host: &Host, conn: ConnId) {
    match tcp::time_passed(core, host, conn) {
        tcp::Outcome::Alive => {}
        tcp::Outcome::NoAnswer(to) => {
            refused(host, conn, DialError::Failed(to, "no answer in 127 s".to_owned()))
        }
        tcp::Outcome::Dead => gone(host, conn),
    }
}

#[inline(never)]
fn room(host: &Host, conn: ConnId) {
    let told = {
        let mut conns = host.conns.borrow_mut();
        let Some(c) = conns.get_mut(conn).filter(|c| c.state == State::Open) else { return };
        let blocked = c.slow.as_ref().is_some_and(|slow| slow.blocked);
        (c.net, !blocked && !c.is_full())
    };
    if let Some(endpoint) = host.endpoint(told.0) {
        endpoint.on_flow(conn, told.1);
    }
}
