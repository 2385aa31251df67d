//! Tells the parent what happens to the node's peers, and counts messages, whether or not the parent wants to hear of
//! each.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use devp2p::{MessageSeen, Observer, PeerEvent};
use node::Node;
use world::World;
use xxhash_rust::xxh3::xxh3_64;

use super::line::Outbox;
use crate::exec::wire::{Condition, Counted, Happened, Said, Told};

/// Codes that are counted one by one; the last of them stands for all above it.
const COUNTED_CODES: usize = 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Teller {
    world: World,
    /// None under a parent that does not listen.
    out: Option<Rc<Outbox>>,
    messages: Cell<bool>,
    missed: Cell<u64>,
    /// By protocol, in the order of the node's list.
    counts: RefCell<Vec<Counted>>,
}

impl Teller {
    pub(super) fn new(world: World, out: Option<Rc<Outbox>>, messages: bool) -> Self {
        Self { world, out, messages: Cell::new(messages), missed: Cell::new(0), counts: RefCell::default() }
    }

    /// Whether messages are told one by one.
    pub(super) fn want_messages(&self, wanted: bool) {
        self.messages.set(wanted);
    }

    /// Tells how the node is.
    pub(super) fn tell_condition(&self, node: &Node) {
        if let Some(out) = &self.out {
            let mut counts = self.counts.borrow().clone();
            counts.retain(|counted| !counted.codes.is_empty());
            let condition = Condition { info: node.info(), counts };
            out.say(&Said::Condition(Box::new(condition)));
        }
    }

    fn tell(&self, out: &Outbox, what: Happened) {
        let calendar = self.world.calendar().duration_since(SystemTime::UNIX_EPOCH);
        let at = calendar.map_or(0, |since| since.as_nanos() as u64);
        out.say(&Said::Told(Told { at, what }));
    }

    fn message(&self, seen: &MessageSeen<'_>, received: bool) {
        self.count(seen, received);
        let Some(out) = self.out.as_deref().filter(|_| self.messages.get()) else { return };
        if out.is_full() {
            self.missed.set(self.missed.get() + 1);
            return;
        }
        let messages = self.missed.take();
        if messages > 0 {
            self.tell(out, Happened::Missed { messages });
        }
        let message = Happened::Message {
            peer: seen.peer.to_string(),
            received,
            protocol: seen.protocol.name.to_string(),
            version: seen.protocol.version,
            code: seen.code,
            size: seen.payload.len() as u32,
            wire_len: seen.wire_len,
            payload: xxh3_64(seen.payload.bytes()),
        };
        self.tell(out, message);
    }

    fn count(&self, seen: &MessageSeen<'_>, received: bool) {
        let mut counts = self.counts.borrow_mut();
        let index = usize::from(seen.index);
        if counts.len() <= index {
            counts.resize(index + 1, Counted::default());
        }
        let counted = &mut counts[index];
        if counted.codes.is_empty() {
            counted.protocol = seen.protocol.name.to_string();
            counted.version = seen.protocol.version;
        }
        let code = (seen.code as usize).min(COUNTED_CODES - 1);
        if counted.codes.len() <= code {
            counted.codes.resize(code + 1, Default::default());
        }
        let add = [1, seen.payload.len() as u64, u64::from(seen.wire_len)];
        let sums = counted.codes[code][usize::from(received)].iter_mut();
        sums.zip(add).for_each(|(sum, add)| *sum += add);
    }
}

impl Observer for Teller {
    fn event(&self, event: &PeerEvent<'_>) {
        let what = match event {
            PeerEvent::Sent(seen) => return self.message(seen, false),
            PeerEvent::Received(seen) => return self.message(seen, true),
            PeerEvent::Added { peer } => {
                Happened::Added { peer: peer.id().to_string(), inbound: peer.inbound() }
            }
            PeerEvent::Dropped { peer, error, .. } => {
                Happened::Dropped { peer: peer.id().to_string(), error: error.to_string() }
            }
            PeerEvent::DialFailed { id, error } => {
                Happened::DialFailed { peer: id.to_string(), error: error.to_string() }
            }
            PeerEvent::Arrived { protocol, item, from, hops, .. } => Happened::Arrived {
                protocol: protocol.name.to_string(),
                version: protocol.version,
                item: *item,
                from: from.map(|id| id.to_string()),
                hops: *hops,
            },
            PeerEvent::Metric { protocol, name, value } => {
                Happened::Metric { protocol: (*protocol).to_owned(), name: (*name).to_owned(), value: *value }
            }
        };
        if let Some(out) = &self.out {
            self.tell(out, what);
        }
    }
}
