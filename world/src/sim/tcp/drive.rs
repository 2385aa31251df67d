//! TCP in the fabric: what a stream's machines say becomes packets, and packets are put to its machines.

use super::{Ack, Flow, HEADER, Inbox, Item, Segment, Verdict, segment_size};
use crate::endpoint::{Closed, ConnId};
use crate::sim::conn::{Conn, Slow, State, send_packet};
use crate::sim::core::Core;
use crate::sim::event::Event;
use crate::sim::host::Host;
use crate::sim::link::Links;
use crate::sim::physics::Path;
use std::net::SocketAddr;

/// First legs are asked again after this, then twice this, …
const ASK_AGAIN: u64 = 1_000_000_000;

/// How often they are asked in all, by the dialling end and by the other.
const ASK: (u32, u32) = (7, 6);

/// What a stream has while it leads over links that do more than delay, and from then on.
#[derive(Debug)]
pub(crate) struct Tcp {
    flow: Flow,
    inbox: Inbox,
    path: Path,
    plain: bool,
    links_version: u32,
    /// When the one timer that counts comes.
    armed: Option<u64>,
    /// The endpoint has been told that its send buffer is full.
    pub(crate) full: bool,
    /// When to ask for the other end again, and how often that was done.
    ask_at: Option<u64>,
    asked: u32,
}

impl Tcp {
    fn new(links: &Links, here: u32, there: u32) -> Self {
        let (path, back) = (links.path(here, there), links.path(there, here));
        Self {
            flow: Flow::new(segment_size(path.link.mtu), path.latency().saturating_add(back.latency())),
            inbox: Inbox::default(),
            path,
            plain: !links.needs_window(here, there),
            links_version: links.version,
            armed: None,
            full: false,
            ask_at: None,
            asked: 0,
        }
    }

    fn reread(&mut self, links: &Links, here: u32, there: u32) {
        self.path = links.path(here, there);
        self.plain = !links.needs_window(here, there);
        self.links_version = links.version;
        self.flow.set_segment(segment_size(self.path.link.mtu));
    }

    /// Whether the links only delay by now and nothing is left to be made good: then parcels may be posted as they are.
    pub(crate) fn is_plain_now(&self) -> bool {
        self.plain && self.flow.is_done()
    }

    pub(crate) fn push(&mut self, now: u64, item: Item) {
        self.flow.push(now, item);
    }
}

/// What became of a stream that has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on.
    Alive,
    /// It was dialled and nobody ever answered.
    NoAnswer(SocketAddr),
    /// It is given up.
    Dead,
}

impl Conn {
    /// What drives this stream, made if it was not TCP yet; it knows the links as they are.
    pub(crate) fn tcp(&mut self, core: &Core, host: &Host) -> &mut Tcp {
        let (links, there) = (core.links.borrow(), self.host);
        let slow: &mut Slow = self.slow.get_or_insert_default();
        let tcp = slow.tcp.get_or_insert_with(|| Box::new(Tcp::new(&links, host.id, there)));
        if tcp.links_version != links.version {
            tcp.reread(&links, host.id, there);
        }
        tcp
    }

    fn known_tcp(&mut self) -> Option<&mut Tcp> {
        self.slow.as_mut()?.tcp.as_deref_mut()
    }

    pub(crate) fn is_tcp(&self) -> bool {
        self.slow.as_ref().is_some_and(|slow| slow.tcp.is_some())
    }

    /// Whether something put in has not arrived, as far as is known here.
    pub(crate) fn is_tcp_busy(&self) -> bool {
        self.slow.as_ref().and_then(|slow| slow.tcp.as_ref()).is_some_and(|tcp| !tcp.flow.is_done())
    }

    /// A stream that is cut takes with it what has not been sent.
    pub(crate) fn discard_unsent(&mut self, how: Closed) {
        if how == Closed::Reset
            && let Some(tcp) = self.known_tcp()
        {
            tcp.flow.discard_unsent();
        }
    }

    pub(crate) fn ask_again_later(&mut self, core: &Core, host: &Host, id: ConnId) {
        let tcp = self.tcp(core, host);
        tcp.ask_at = Some(core.now() + (ASK_AGAIN << tcp.asked));
        tcp.asked += 1;
        self.arm(core, host, id);
    }

    /// Sends what may be sent, and sees to it that it will be looked after.
    pub(crate) fn pump(&mut self, core: &Core, host: &Host, id: ConnId) {
        let Some(peer) = self.peer else { return };
        let (now, to, mut last_arrival) = (core.now(), self.host, self.last_arrival);
        let tcp = self.tcp(core, host);
        let mut next = tcp.flow.poll_segment(now, host.id, id);
        while let Some(mut segment) = next {
            next = tcp.flow.poll_segment(now, host.id, id);
            segment.last = next.is_none();
            let size = (segment.to - segment.from) as u32 + HEADER;
            let Some(underway) = tcp.path.send(core, host, to, size) else { continue };
            let at = underway.at.max(last_arrival);
            if !underway.held_back {
                last_arrival = at;
            }
            let event = Event::Segment { host: to, conn: peer, segment: Box::new(segment) };
            tcp.path.deliver(core, host, to, size, at, event);
        }
        self.last_arrival = last_arrival;
        self.tell_room(core, host, id);
        self.arm(core, host, id);
    }

    fn tell_room(&mut self, core: &Core, host: &Host, id: ConnId) {
        let open = self.state == State::Open;
        let Some(tcp) = self.known_tcp() else { return };
        let full = tcp.flow.is_full(tcp.full);
        if full != tcp.full {
            tcp.full = full;
            if open {
                core.schedule(host, core.now(), Event::Room { host: host.id, conn: id });
            }
        }
    }

    fn arm(&mut self, core: &Core, host: &Host, id: ConnId) {
        let Some(tcp) = self.known_tcp() else { return };
        let Some(at) = tcp.flow.deadline().into_iter().chain(tcp.ask_at).min() else { return };
        // A timer that comes too early is armed anew; one that comes too late is overtaken by another.
        if tcp.armed.is_none_or(|armed| at < armed) {
            tcp.armed = Some(at.max(core.now()));
            core.schedule(host, at, Event::Timer { host: host.id, conn: id });
        }
    }

    fn take(&mut self, core: &Core, host: &Host, segment: Segment) -> Vec<Item> {
        let (to, conn) = (segment.sender, segment.conn);
        let tcp = self.tcp(core, host);
        let (ready, ack) = tcp.inbox.take(segment);
        if let Some(ack) = ack
            && let Some(underway) = tcp.path.send(core, host, to, HEADER)
        {
            tcp.path.deliver(
                core,
                host,
                to,
                HEADER,
                underway.at,
                Event::Ack { host: to, conn, ack: Box::new(ack) },
            );
        }
        ready
    }

    fn time_passed(&mut self, core: &Core, host: &Host, id: ConnId) -> Outcome {
        let (now, state, remote) = (core.now(), self.state, self.remote());
        let Some(tcp) = self.known_tcp().filter(|tcp| tcp.armed == Some(now)) else { return Outcome::Alive };
        tcp.armed = None;
        if tcp.ask_at.is_some_and(|at| at <= now) {
            tcp.ask_at = None;
            match state {
                State::Dialling if tcp.asked >= ASK.0 => return Outcome::NoAnswer(remote),
                State::Accepting if tcp.asked >= ASK.1 => return Outcome::Dead,
                State::Dialling | State::Accepting => self.ask(core, host, id),
                State::Open | State::Closing => {}
            }
        }
        match self.tcp(core, host).flow.handle_timer(now) {
            Verdict::Dead => Outcome::Dead,
            Verdict::Alive => {
                self.pump(core, host, id);
                self.arm(core, host, id);
                Outcome::Alive
            }
        }
    }
}

/// A segment has arrived: answers it, and gives what has become whole by it.
pub(crate) fn take(core: &Core, host: &Host, conn: ConnId, segment: Segment) -> Vec<Item> {
    let mut conns = host.conns.borrow_mut();
    if let Some(c) = conns.get_mut(conn) {
        return c.take(core, host, segment);
    }
    send_packet(core, host, segment.sender, Event::Gone { host: segment.sender, conn: segment.conn });
    Vec::new()
}

/// An acknowledgement has arrived.
#[inline(never)]
pub(crate) fn acknowledged(core: &Core, host: &Host, conn: ConnId, ack: &Ack) {
    let mut conns = host.conns.borrow_mut();
    let Some(c) = conns.get_mut(conn) else { return };
    let Some(tcp) = c.known_tcp() else { return };
    tcp.flow.handle_ack(core.now(), ack);
    c.pump(core, host, conn);
    let waits = c.slow.as_ref().is_some_and(|slow| slow.closing && slow.blocked);
    if c.state == State::Closing && !waits && !c.is_tcp_busy() {
        conns.remove(conn);
    }
}

/// The time of a stream's timer has come.
pub(crate) fn time_passed(core: &Core, host: &Host, conn: ConnId) -> Outcome {
    let mut conns = host.conns.borrow_mut();
    conns.get_mut(conn).map_or(Outcome::Alive, |c| c.time_passed(core, host, conn))
}

/// Whether a dial from there is one that is already known; if its answer may have got lost, it is given again.
pub(crate) fn asked_before(core: &Core, host: &Host, from: u32, from_conn: ConnId) -> bool {
    if core.links.borrow().all_plain() {
        return false;
    }
    let mut conns = host.conns.borrow_mut();
    let Some(&id) = conns.ids(|c| c.host == from && c.peer == Some(from_conn)).first() else { return false };
    let answer = conns.get_mut(id).filter(|c| c.state == State::Accepting);
    if let Some(c) = answer {
        let event = Event::Opened { host: from, conn: from_conn, from: host.id, peer: id };
        send_packet(core, host, c.host, event);
    }
    true
}
