//! The protocol: what is known of each peer, what is held, what is wanted.
//!
//! Each wish has one timer, whose number is the item's: the moment until which the item may come by itself, then the
//! moment until which whoever was asked may answer.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use devp2p::{Context, Handler, Message, PeerError, PeerId, PeerMap};
use serde_json::{Value, json};

use super::Mode;
use super::memory::Recent;
use super::message::{ANNOUNCE, FETCH, ITEM, Item, MAX_NAME, MAX_NAMES, names};

/// Names a node remembers; what it has forgotten is new to it when it comes again.
const SEEN: usize = 1 << 16;
/// Bodies a node holds for whoever asks.
const HELD: usize = 1 << 10;
/// Names remembered of one peer.
const KNOWN: usize = 1 << 12;
/// Wishes at one time; what is announced beyond is left to other announcements.
const WISHES: usize = 1 << 12;
/// Announcers remembered of one wish.
const ANNOUNCERS: usize = 64;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// For an announced item to come by itself.
    pub(super) wait: Duration,
    /// For an answer.
    pub(super) timeout: Duration,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Talk {
    mode: Mode,
    waits: Waits,
    count: u64,
    seen: Recent<(), SEEN>,
    held: Recent<Held, HELD>,
    wishes: BTreeMap<u64, Wish>,
    /// What each peer is known to have.
    peers: PeerMap<Recent<(), KNOWN>>,
}

#[derive(Debug)]
struct Held {
    hops: u32,
    body: Bytes,
}

/// An item that is announced and not there.
#[derive(Debug)]
struct Wish {
    /// Who has it and was not asked, by time of announcement.
    announcers: VecDeque<PeerId>,
    /// Who was asked, and when.
    asked: Option<(PeerId, Duration)>,
}

impl Talk {
    pub(super) fn new(mode: Mode, waits: Waits) -> Self {
        Self {
            mode,
            waits,
            count: 0,
            seen: Recent::default(),
            held: Recent::default(),
            wishes: BTreeMap::new(),
            peers: PeerMap::new(),
        }
    }

    pub(super) fn seen(&self) -> u64 {
        self.count
    }

    pub(super) fn has(&self, item: u64) -> bool {
        self.seen.contains(item)
    }

    /// Makes an item of so many bytes and lets go of it; answers its number.
    pub(super) fn publish(&mut self, size: usize, cx: &mut Context<'_>) -> u64 {
        let mut body = vec![0; size];
        let item = loop {
            let mut entropy = cx.entropy();
            entropy.fill(&mut body);
            let item = entropy.next_u64() & MAX_NAME;
            if !self.seen.contains(item) {
                break item;
            }
        };
        cx.arrived(item, None, 0);
        self.first(Item { item, hops: 0, body: body.into() }, cx);
        item
    }

    /// A copy came.
    fn copy(&mut self, from: PeerId, mut item: Item, cx: &mut Context<'_>) {
        item.hops = item.hops.saturating_add(1);
        cx.arrived(item.item, Some(from), item.hops);
        self.knows(from, item.item);
        if self.seen.contains(item.item) {
            return;
        }
        if let Some(wish) = self.wishes.remove(&item.item) {
            cx.cancel_timer(item.item);
            if let Some((_, since)) = wish.asked {
                cx.observe("fetch", cx.now().saturating_sub(since).as_secs_f64());
            }
        }
        self.first(item, cx);
    }

    /// An item is here for the first time: it is kept, and passed on.
    fn first(&mut self, item: Item, cx: &mut Context<'_>) {
        self.count += 1;
        self.seen.insert(item.item, ());
        let lacking = |peer: &PeerId| self.peers.get(*peer).is_some_and(|known| !known.contains(item.item));
        let mut lacking: Vec<PeerId> = cx.peers().filter(lacking).collect();
        let pushed = match self.mode {
            Mode::Flood => lacking.len(),
            Mode::PushAnnounce => {
                cx.entropy().shuffle(&mut lacking);
                lacking.len().isqrt()
            }
        };
        let (push, announce) = lacking.split_at(pushed);
        let (whole, name) = (devp2p::Payload::encode(&item), devp2p::Payload::encode(&vec![item.item]));
        for (peers, code, payload) in [(push, ITEM, &whole), (announce, ANNOUNCE, &name)] {
            for peer in peers {
                cx.send_payload(*peer, code, payload);
            }
        }
        for peer in &lacking {
            self.knows(*peer, item.item);
        }
        self.held.insert(item.item, Held { hops: item.hops, body: item.body });
    }

    fn knows(&mut self, peer: PeerId, item: u64) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.insert(item, ());
        }
    }

    fn announced(&mut self, from: PeerId, items: &[u64], cx: &mut Context<'_>) {
        let mut at_once = Vec::new();
        for item in items {
            self.knows(from, *item);
            if self.seen.contains(*item) {
                continue;
            }
            if let Some(wish) = self.wishes.get_mut(item) {
                if wish.announcers.len() < ANNOUNCERS && !wish.announcers.contains(&from) {
                    wish.announcers.push_back(from);
                }
            } else if self.wishes.len() < WISHES {
                let wish = Wish { announcers: VecDeque::from([from]), asked: None };
                self.wishes.insert(*item, wish);
                if self.waits.wait.is_zero() {
                    at_once.push(*item);
                } else {
                    cx.set_timer(self.waits.wait, *item);
                }
            }
        }
        for item in at_once {
            self.ask(item, cx);
        }
    }

    /// Asks the next who announced an item; with nobody left, the wish is given up until it is announced again.
    fn ask(&mut self, item: u64, cx: &mut Context<'_>) {
        let Some(wish) = self.wishes.get_mut(&item) else { return };
        let Some(peer) = wish.announcers.pop_front() else {
            self.wishes.remove(&item);
            return;
        };
        wish.asked = Some((peer, cx.now()));
        cx.set_timer(self.waits.timeout, item);
        cx.send(peer, FETCH, &vec![item]);
    }

    fn fetched(&mut self, from: PeerId, items: &[u64], cx: &mut Context<'_>) {
        for item in items {
            // What is not held any more is not answered: whoever asks has others to ask.
            let Some(held) = self.held.of(*item) else { continue };
            let whole = Item { item: *item, hops: held.hops, body: held.body.clone() };
            cx.send(from, ITEM, &whole);
            self.knows(from, *item);
        }
    }
}

impl Handler for Talk {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let held: Vec<u64> = self.held.newest(MAX_NAMES).collect();
        let mut known = Recent::default();
        for item in &held {
            known.insert(*item, ());
        }
        self.peers.insert(peer, known);
        if !held.is_empty() {
            cx.send(peer, ANNOUNCE, &held);
        }
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        match message.code {
            ITEM => self.copy(from, Item::read(&message)?, cx),
            ANNOUNCE => self.announced(from, &names(&message)?, cx),
            _ => self.fetched(from, &names(&message)?, cx),
        }
        Ok(())
    }

    fn expect(&self, from: PeerId) {
        self.peers.prefetch(from);
    }

    fn on_timer(&mut self, item: u64, cx: &mut Context<'_>) {
        if self.wishes.get(&item).is_some_and(|wish| wish.asked.is_some()) {
            cx.observe("fetch_timeout", 1.0);
        }
        self.ask(item, cx);
    }

    fn on_drop(&mut self, peer: PeerId, _error: &PeerError, cx: &mut Context<'_>) {
        self.peers.remove(peer);
        let mut orphans = Vec::new();
        for (item, wish) in &mut self.wishes {
            wish.announcers.retain(|announcer| *announcer != peer);
            if wish.asked.is_some_and(|(asked, _)| asked == peer) {
                orphans.push(*item);
            }
        }
        for item in orphans {
            cx.cancel_timer(item);
            self.ask(item, cx);
        }
    }

    fn node_info(&self) -> Option<Value> {
        Some(json!({"seen": self.count, "held": self.held.len(), "wanted": self.wishes.len()}))
    }
}
