//! The streams of one host: a table of small values, found by id.

use super::core::Core;
use super::event::Event;
use super::host::Host;
use crate::endpoint::{Closed, ConnId, Parcel};
use std::collections::VecDeque;

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Dialled, not answered.
    Dialling,
    /// Answered, third leg outstanding: the endpoint has not heard of it.
    Accepting,
    /// Open.
    Open,
    /// Closed by this end, with parcels still waiting for the other to take them: the endpoint knows it no more.
    Closing,
}

/// One end of a stream.
#[derive(Debug)]
pub(crate) struct Conn {
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
    last_arrival: u64,
    pub(crate) slow: Option<Box<Slow>>,
}

/// What only a stream needs on which one end stopped taking parcels.
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
}

impl Slow {
    pub(crate) fn holds(&self) -> bool {
        self.paused || self.resuming
    }
}

impl Conn {
    /// Sends, or keeps for when the other end takes parcels again.
    pub(crate) fn send(&mut self, core: &Core, host: &Host, parcel: Parcel) {
        if let Some(slow) = &mut self.slow
            && slow.blocked
        {
            slow.backlog.push_back(parcel);
            return;
        }
        let Some(conn) = self.peer else { return };
        let time = self.arrival(core, host);
        core.post(host, time, self.host, Event::Parcel { host: self.host, conn, parcel });
    }

    pub(crate) fn send_close(&mut self, core: &Core, host: &Host, how: Closed) {
        let Some(conn) = self.peer else { return };
        let time = self.arrival(core, host);
        core.post(host, time, self.host, Event::Close { host: self.host, conn, how });
    }

    pub(crate) fn send_flow(&mut self, core: &Core, host: &Host, open: bool) {
        let Some(conn) = self.peer else { return };
        let time = self.arrival(core, host);
        core.post(host, time, self.host, Event::Flow { host: self.host, conn, open });
    }

    fn arrival(&mut self, core: &Core, host: &Host) -> u64 {
        let version = core.links.borrow().version;
        if version != self.links_version {
            self.links_version = version;
            self.latency = core.latency(host.id, self.host);
        }
        self.last_arrival = self.last_arrival.max(core.now() + self.latency);
        self.last_arrival
    }
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    conn: Option<Conn>,
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
        let conn =
            Conn { net, state, host, peer, local_port, remote_port, latency, links_version, last_arrival, slow: None };
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            u32::try_from(self.places.len() - 1).expect("a host has under 4 G connections")
        });
        let place = &mut self.places[index as usize];
        place.conn = Some(conn);
        ConnId { index, generation: place.generation }
    }

    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        let place = self.places.get_mut(id.index as usize)?;
        if place.generation == id.generation { place.conn.as_mut() } else { None }
    }

    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.get_mut(id)?;
        let place = &mut self.places[id.index as usize];
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.index);
        place.conn.take()
    }

    /// The ids of all streams that `belong`.
    pub(crate) fn ids(&self, belong: impl Fn(&Conn) -> bool) -> Vec<ConnId> {
        let places = self.places.iter().enumerate();
        let matching = places.filter(|(_, place)| place.conn.as_ref().is_some_and(&belong));
        matching.map(|(index, place)| ConnId { index: index as u32, generation: place.generation }).collect()
    }
}
