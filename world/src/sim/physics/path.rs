//! The way of one packet: the sender's line, the link, the receiver's line.

use super::bandwidth::{Bandwidth, HostLink, Pipe};
use super::chance::{Dice, Purpose};
use crate::sim::core::Core;
use crate::sim::event::Event;
use crate::sim::host::Host;
use crate::sim::link::{Link, nanos};
use crate::sim::rule::Ruling;
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Bytes of an IPv4 and a UDP header.
pub(crate) const DATAGRAM_HEADER: u32 = 28;

/// What a host remembers of its line to the network, and of the links from there.
#[derive(Debug, Default)]
pub(crate) struct Line {
    up: Pipe,
    down: Pipe,
    /// By the host at the other end; only links that draw.
    dice: RefCell<BTreeMap<u32, Dice>>,
}

impl Line {
    fn roll<R>(&self, core: &Core, from: u32, to: u32, act: impl FnOnce(&mut Dice) -> R) -> R {
        act(self.dice.borrow_mut().entry(to).or_insert_with(|| Dice::new(core.common.seed, from, to)))
    }
}

/// What a packet from one host to another meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) link: Link,
    pub(crate) ruling: Ruling,
    /// The sender's line; only its way up counts.
    pub(crate) up: HostLink,
    pub(crate) down: Bandwidth,
}

/// A packet that is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Underway {
    /// When it is at the receiver's line.
    pub(crate) at: u64,
    /// Held back, so that later ones may overtake it.
    pub(crate) held_back: bool,
}

impl Path {
    pub(crate) fn is_plain(&self) -> bool {
        self.link.is_plain()
            && self.ruling == Ruling::default()
            && !self.up.up.is_limited()
            && !self.down.is_limited()
    }

    /// The least time it takes.
    pub(crate) fn latency(&self) -> u64 {
        nanos(self.link.latency).saturating_add(self.ruling.delay)
    }

    /// Puts a packet of `size` bytes on its way; `None` if it is cut off, finds no room, or gets lost.
    pub(crate) fn send(&self, core: &Core, host: &Host, to: u32, size: u32) -> Option<Underway> {
        if self.ruling.cut {
            return None;
        }
        let left = pass(core, &host.line().up, size, self.up.up, self.up.queue)?;
        let at = left.saturating_add(self.latency());
        if !self.link.is_random() && self.ruling.loss.is_never() {
            return Some(Underway { at, held_back: false });
        }
        host.line().roll(core, host.id, to, |dice| {
            dice.next_packet();
            if dice.loses(self.link.loss) || dice.happens(self.ruling.loss, Purpose::Rule) {
                return None;
            }
            let held_back = dice.happens(self.link.reorder, Purpose::Reorder);
            Some(Underway { at: at.saturating_add(self.extra(dice, Purpose::Jitter, held_back)), held_back })
        })
    }

    fn extra(&self, dice: &Dice, purpose: Purpose, held_back: bool) -> u64 {
        let back = if held_back { nanos(self.link.reorder_by) } else { 0 };
        dice.delay(self.link.jitter, purpose).saturating_add(back)
    }

    /// When a second copy of the datagram just sent comes, if one does; the first is there `at`.
    fn copy(&self, core: &Core, host: &Host, to: u32, first: Underway) -> Option<u64> {
        if self.link.duplicate.is_never() {
            return None;
        }
        host.line().roll(core, host.id, to, |dice| {
            let without = first.at - self.extra(dice, Purpose::Jitter, first.held_back);
            dice.happens(self.link.duplicate, Purpose::Duplicate)
                .then(|| without.saturating_add(self.extra(dice, Purpose::Again, false)))
        })
    }

    /// Has `event` happen to host `to` once the packet that carries it has passed the receiver's line as well.
    pub(crate) fn deliver(&self, core: &Core, host: &Host, to: u32, size: u32, at: u64, event: Event) {
        let event = if self.down.is_limited() {
            Event::Ingress { host: to, size, event: Box::new(event) }
        } else {
            event
        };
        core.post(host, at, to, event);
    }
}

/// Sends a packet over one way of a host's line: answers when it is through, or `None` if it found no room.
fn pass(core: &Core, pipe: &Pipe, size: u32, line: Bandwidth, queue: u64) -> Option<u64> {
    if !line.is_limited() {
        return Some(core.now());
    }
    let wait = pipe.wait(core.now());
    let through = pipe.pass(core.now(), size, line, queue);
    let mut waits = core.waits.borrow_mut();
    if through.is_some() {
        waits.note(wait)
    } else {
        waits.note_drop()
    }
    through
}

/// Sends a datagram over a path with conditions.
pub(crate) fn send_datagram(
    core: &Core,
    host: &Host,
    path: &Path,
    to: u32,
    port: u16,
    from: SocketAddr,
    bytes: Bytes,
) {
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_add(DATAGRAM_HEADER);
    if path.link.mtu.is_some_and(|mtu| size > mtu) {
        return;
    }
    let Some(first) = path.send(core, host, to, size) else { return };
    if let Some(at) = path.copy(core, host, to, first) {
        path.deliver(
            core,
            host,
            to,
            size,
            at,
            Event::Datagram { host: to, port, from, bytes: bytes.clone() },
        );
    }
    path.deliver(core, host, to, size, first.at, Event::Datagram { host: to, port, from, bytes });
}

/// A packet is at its receiver's line: it waits for its turn there, or finds no room.
#[cold]
pub(crate) fn ingress(core: &Core, host: &Host, size: u32, event: Event) {
    let line = core.links.borrow().host_link(host.id);
    if let Some(at) = pass(core, &host.line().down, size, line.down, line.queue) {
        core.schedule(host, at, event);
    }
}
