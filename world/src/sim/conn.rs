//! The streams of one host: a table of small values, found by id.

use super::core::Core;
use super::event::Event;
use super::host::{Host, address};
use super::tcp::{HEADER, Item, Tcp};
use crate::endpoint::{Closed, ConnId, Generation, Parcel};
use crate::prefetch;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Dialled, not answered.
    Dialling,
    /// Answered, third leg outstanding: the endpoint has not heard of it.
    Accepting,
    /// Open.
    Open,
    /// Closed by this end, with parcels still waiting for the other to take them, or not known to have arrived: the
    /// endpoint knows it no more.
    Closing,
}

/// One end of a stream.
#[derive(Debug)]
pub(crate) struct Conn {
    generation: Generation,
    pub(crate) net: u32,
    pub(crate) state: State,
    /// The host at the other end, and what it calls this stream once that is known.
    pub(crate) host: u32,
    pub(crate) peer: Option<ConnId>,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    /// Latency towards the other end and the version of the links it was read from.
    latency: u64,
    links_version: u32,
    /// Nothing sent later arrives before this.
    pub(crate) last_arrival: u64,
    pub(crate) slow: Option<Box<Slow>>,
}

/// What only a stream needs on which one end stopped taking parcels, or that leads over links with conditions.
#[derive(Debug, Default)]
pub(crate) struct Slow {
    /// This end does not take parcels; those that arrive are held.
    pub(crate) paused: bool,
    /// It does again, and those held are on their way up.
    pub(crate) resuming: bool,
    pub(crate) held: VecDeque<Parcel>,
    /// The other end has closed behind what is held.
    pub(crate) ended: bool,
    /// The other end does not take parcels; those sent wait here.
    pub(crate) blocked: bool,
    pub(crate) backlog: VecDeque<Parcel>,
    /// This end closes behind the backlog.
    pub(crate) closing: bool,
    /// Over links that do more than delay.
    pub(crate) tcp: Option<Box<Tcp>>,
}

impl Slow {
    pub(crate) fn holds(&self) -> bool {
        self.paused || self.resuming
    }
}

impl Conn {
    /// Sends, or keeps for when the other end takes parcels again.
    pub(crate) fn send(&mut self, core: &Core, host: &Host, id: ConnId, parcel: Parcel) {
        // Nearly always: the links are as they were and only delay, and nobody has stopped anything.
        if self.slow.is_none()
            && core.links.borrow().version == self.links_version
            && let Some(conn) = self.peer
        {
            self.last_arrival = self.last_arrival.max(core.now() + self.latency);
            return core.post(
                host,
                self.last_arrival,
                self.host,
                Event::Parcel { host: self.host, conn, parcel },
            );
        }
        self.send_slowly(core, host, id, parcel);
    }

    #[cold]
    fn send_slowly(&mut self, core: &Core, host: &Host, id: ConnId, parcel: Parcel) {
        if let Some(slow) = &mut self.slow
            && slow.blocked
        {
            slow.backlog.push_back(parcel);
            return;
        }
        self.put(core, host, id, Item::Parcel(parcel));
    }

    /// Puts something into the stream: posts it, or where links do more than delay leaves it to TCP.
    pub(crate) fn put(&mut self, core: &Core, host: &Host, id: ConnId, item: Item) {
        let Some(peer) = self.peer else { return };
        let links_version = core.links.borrow().version;
        if let Some(tcp) = self.tcp_if_needed(core, host, links_version)
            && !tcp.is_plain_now()
        {
            tcp.push(core.now(), item);
            return self.pump(core, host, id);
        }
        self.last_arrival = self.last_arrival.max(core.now() + self.latency);
        let to = self.host;
        let event = match item {
            Item::Hello => Event::Accepted { host: to, conn: peer },
            Item::Parcel(parcel) => Event::Parcel { host: to, conn: peer, parcel },
            Item::Flow(open) => Event::Flow { host: to, conn: peer, open },
            Item::Close(how) => Event::Close { host: to, conn: peer, how },
        };
        core.post(host, self.last_arrival, to, event);
    }

    /// What drives this stream if it is, or by now has to be, TCP.
    fn tcp_if_needed(&mut self, core: &Core, host: &Host, links_version: u32) -> Option<&mut Tcp> {
        if links_version != self.links_version {
            self.links_version = links_version;
            self.latency = core.latency(host.id, self.host);
            if core.links.borrow().needs_window(host.id, self.host) {
                return Some(self.tcp(core, host));
            }
        }
        if self.slow.as_ref()?.tcp.is_some() { Some(self.tcp(core, host)) } else { None }
    }

    /// Asks the other end to open, or says that this one has: the first two legs.
    pub(crate) fn ask(&mut self, core: &Core, host: &Host, id: ConnId) {
        let event = match self.peer {
            None => {
                let (port, from_port) = (self.remote_port, self.local_port);
                Event::Open { host: self.host, port, from: host.id, from_port, from_conn: id }
            }
            Some(conn) => Event::Opened { host: self.host, conn, from: host.id, peer: id },
        };
        send_packet(core, host, self.host, event);
        if core.links.borrow().needs_window(host.id, self.host) {
            self.ask_again_later(core, host, id);
        }
    }

    /// The address of the other end.
    pub(crate) fn remote(&self) -> SocketAddr {
        address(self.host, self.remote_port)
    }

    /// Whether this end has put in more than the send buffer takes.
    pub(crate) fn is_full(&self) -> bool {
        self.slow.as_ref().and_then(|slow| slow.tcp.as_ref()).is_some_and(|tcp| tcp.full)
    }
}

/// Sends a packet that belongs to no stream that is open: it may get lost.
pub(crate) fn send_packet(core: &Core, host: &Host, to: u32, event: Event) {
    if core.links.borrow().all_plain() {
        return core.post(host, core.now() + core.latency(host.id, to), to, event);
    }
    let path = core.links.borrow().path(host.id, to);
    if let Some(underway) = path.send(core, host, to, HEADER) {
        path.deliver(core, host, to, HEADER, underway.at, event);
    }
}

/// A place for a stream. The generation goes on counting while nobody has it.
#[derive(Debug)]
enum Place {
    Free(Generation),
    Taken(Conn),
}

impl Place {
    fn conn(&self) -> Option<&Conn> {
        if let Self::Taken(conn) = self { Some(conn) } else { None }
    }
}

/// The streams of one host, by id.
#[derive(Debug, Default)]
pub(crate) struct Conns {
    places: Vec<Place>,
    free: Vec<u32>,
}

impl Conns {
    pub(crate) fn insert(
        &mut self,
        net: u32,
        state: State,
        host: u32,
        local_port: u16,
        remote_port: u16,
        peer: Option<ConnId>,
    ) -> ConnId {
        // No version of the links is u32::MAX, so the first parcel looks the latency up.
        let (latency, links_version, last_arrival) = (0, u32::MAX, 0);
        let index = self.free.pop().unwrap_or_else(|| {
            if self.places.len() == self.places.capacity() {
                // Doubling would waste as much as they take, on each of many hosts.
                self.places.reserve_exact((self.places.len() / 6).max(2));
            }
            self.places.push(Place::Free(Generation::FIRST));
            u32::try_from(self.places.len() - 1).expect("a host has under 4 G connections")
        });
        let place = &mut self.places[index as usize];
        let Place::Free(generation) = *place else { unreachable!("a place that is free") };
        *place = Place::Taken(Conn {
            generation,
            net,
            state,
            host,
            peer,
            local_port,
            remote_port,
            latency,
            links_version,
            last_arrival,
            slow: None,
        });
        ConnId { index, generation }
    }

    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        match self.places.get_mut(id.index as usize)? {
            Place::Taken(conn) if conn.generation == id.generation => Some(conn),
            _ => None,
        }
    }

    /// Asks the memory for one.
    pub(crate) fn prefetch(&self, id: ConnId) {
        if let Some(place) = self.places.get(id.index as usize) {
            prefetch(place);
        }
    }

    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.get_mut(id)?;
        let next = Place::Free(id.generation.next());
        let Place::Taken(conn) = std::mem::replace(&mut self.places[id.index as usize], next) else {
            unreachable!("just seen");
        };
        self.free.push(id.index);
        Some(conn)
    }

    /// Ends a stream from this side. It stays in the table as long as its end has to be seen to.
    pub(crate) fn end(&mut self, core: &Core, host: &Host, id: ConnId, how: Closed) {
        let Some(c) = self.get_mut(id) else { return };
        if c.state == State::Accepting && c.is_tcp() {
            self.remove(id); // the dialling end will ask again and hear that nobody listens
            return;
        }
        c.discard_unsent(how);
        c.put(core, host, id, Item::Close(how));
        if c.is_tcp_busy() {
            c.state = State::Closing;
        } else {
            self.remove(id);
        }
    }

    /// The ids of all streams that `belong`.
    pub(crate) fn ids(&self, belong: impl Fn(&Conn) -> bool) -> Vec<ConnId> {
        let taken = self.places.iter().enumerate().filter_map(|(index, place)| Some((index, place.conn()?)));
        let matching = taken.filter(|(_, conn)| belong(conn));
        matching.map(|(index, conn)| ConnId { index: index as u32, generation: conn.generation }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_only_delays_is_small() {
        assert!(size_of::<Place>() <= 56, "{} bytes", size_of::<Place>());
    }
}
