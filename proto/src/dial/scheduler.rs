//! The dial scheduler: static nodes with back-off, candidates with a history, both within their slots.
//!
//! Unlike geth's, it never makes a connection that was asked for wait for the history: that holds for
//! candidates alone, and what is dialled again on our own accord waits for its back-off.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::backoff::Backoff;
use super::slots::Slots;
use super::statics::{Stage, Statics};
use crate::key::NodeId;
use crate::{Entropy, Moment};

/// How long a candidate is not dialled again (geth's `dialHistoryExpiration`).
pub const HISTORY: Duration = Duration::from_secs(35);

/// What the scheduler does not know itself.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Connected peers that this node dialled.
    pub dialed: usize,
    /// Is this node connected, whoever dialled?
    pub connected: &'a dyn Fn(&NodeId) -> bool,
}

impl core::fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Facts").field("dialed", &self.dialed).finish_non_exhaustive()
    }
}

/// Why a node is not dialled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialRefusal {
    /// It is the node itself.
    #[error("is self")]
    SelfDial,
    /// A dial is on its way.
    #[error("already dialing")]
    AlreadyDialing,
    /// It is connected.
    #[error("already connected")]
    AlreadyConnected,
    /// A static node takes its own turn.
    #[error("static node")]
    Static,
    /// It was dialled less than [`HISTORY`] ago.
    #[error("recently dialed")]
    RecentlyDialed,
    /// There are enough dialled peers, or dials.
    #[error("no free dial slot")]
    NoSlot,
}

/// Decides whom to dial.
///
/// *In*, what is wanted: [`add_static`](Self::add_static), [`remove_static`](Self::remove_static),
/// [`offer`](Self::offer). *In*, what became of it: `handle_*`. *Out*: [`poll_dials`](Self::poll_dials), to be
/// called after each of these and at [`deadline`](Self::deadline). `T` is what the caller has to know of a static node
/// to dial it; it is kept here, beside what is known of its dials.
#[derive(Debug)]
pub struct Scheduler<T> {
    own: NodeId,
    slots: Slots,
    backoff: Backoff,
    statics: Statics<T>,
    /// Static nodes that wait for their turn: when, then in the order they were queued.
    waiting: BTreeSet<(Moment, u64, NodeId)>,
    queued: u64,
    /// Dials on their way to nodes that are not static.
    dialing: BTreeSet<NodeId>,
    static_dials: usize,
    history: History,
}

impl<T> Scheduler<T> {
    /// A scheduler of the node `own`.
    pub fn new(own: NodeId, slots: Slots, backoff: Backoff) -> Self {
        Self {
            own,
            slots,
            backoff,
            statics: Statics::default(),
            waiting: BTreeSet::new(),
            queued: 0,
            dialing: BTreeSet::new(),
            static_dials: 0,
            history: History::default(),
        }
    }

    /// This node is to be connected, from now on and again after each loss. It is dialled at the next poll,
    /// even if it is a static node that waits for its back-off. `node` takes the place of what was known of it.
    ///
    /// # Errors
    /// [`DialRefusal::SelfDial`].
    pub fn add_static(&mut self, now: Duration, id: NodeId, node: T) -> Result<(), DialRefusal> {
        if id == self.own {
            return Err(DialRefusal::SelfDial);
        }
        let was_dialed = self.dialing.remove(&id);
        let task = self.statics.add(id, node);
        task.failures = 0;
        match task.stage {
            Stage::New if was_dialed => {
                (task.stage, task.dialed_at) = (Stage::Dialing, now.into());
                self.static_dials += 1;
            }
            Stage::New => self.queue(id, now),
            Stage::Waiting { due, turn } => {
                self.unqueue(due, turn, id);
                self.queue(id, now);
            }
            Stage::Dialing | Stage::Connected { .. } => {}
        }
        Ok(())
    }

    /// What was said of a static node when it was added.
    pub fn static_node(&self, id: &NodeId) -> Option<&T> {
        self.statics.get(id).map(|task| &task.node)
    }

    /// This node need not be connected any longer. A dial on its way goes on. Was it static?
    pub fn remove_static(&mut self, id: &NodeId) -> bool {
        let Some(node) = self.statics.remove(id) else { return false };
        match node.stage {
            Stage::Waiting { due, turn } => {
                self.unqueue(due, turn, *id);
            }
            Stage::Dialing => {
                self.static_dials -= 1;
                self.dialing.insert(*id);
            }
            Stage::New | Stage::Connected { .. } => {}
        }
        if node.dialed_at != Moment::NEVER {
            self.history.add(*id, node.dialed_at.after(HISTORY));
        }
        true
    }

    /// Where a search for a static node begins, for whoever has the memory bring it in time.
    pub fn index(&self) -> &(impl ?Sized + use<T>) {
        self.statics.index()
    }

    /// Is it a static node?
    pub fn is_static(&self, id: &NodeId) -> bool {
        self.statics.get(id).is_some()
    }

    /// Dials on their way.
    pub fn active(&self) -> usize {
        self.dialing.len() + self.static_dials
    }

    /// How many candidates would be taken now.
    pub fn room(&self, facts: &Facts<'_>) -> usize {
        self.slots.free(facts.dialed, self.active())
    }

    /// A candidate. If it is taken, it is to be dialled at once and counts as a dial on its way.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn offer(&mut self, now: Duration, id: NodeId, facts: &Facts<'_>) -> Result<(), DialRefusal> {
        self.history.forget(now);
        if id == self.own {
            return Err(DialRefusal::SelfDial);
        }
        if self.dialing.contains(&id) {
            return Err(DialRefusal::AlreadyDialing);
        }
        if (facts.connected)(&id) {
            return Err(DialRefusal::AlreadyConnected);
        }
        if self.is_static(&id) {
            return Err(DialRefusal::Static);
        }
        if self.history.contains(&id) {
            return Err(DialRefusal::RecentlyDialed);
        }
        if self.room(facts) == 0 {
            return Err(DialRefusal::NoSlot);
        }
        self.dialing.insert(id);
        self.history.add(id, Moment::from(now).after(HISTORY));
        Ok(())
    }

    /// Static nodes to dial now, in the order of their turns; they count as dials on their way.
    pub fn poll_dials(&mut self, now: Duration, facts: &Facts<'_>, out: &mut Vec<NodeId>) {
        while self.slots.free_static(self.active()) > 0 {
            let Some(&(due, turn, id)) = self.waiting.first() else { return };
            if due > now.into() {
                return;
            }
            self.unqueue(due, turn, id);
            let node = self.statics.get_mut(&id).expect("who waits is static");
            if (facts.connected)(&id) {
                node.stage = Stage::Connected { since: now.into() };
                continue;
            }
            (node.stage, node.dialed_at) = (Stage::Dialing, now.into());
            self.static_dials += 1;
            out.push(id);
        }
    }

    /// A dial failed: no connection, or none that became a peer.
    pub fn handle_failed(&mut self, now: Duration, id: &NodeId, entropy: &mut dyn Entropy) {
        if self.dialing.remove(id) {
            return;
        }
        let Some(node) = self.statics.get_mut(id) else { return };
        if matches!(node.stage, Stage::Dialing) {
            self.static_dials -= 1;
            self.retry(now, *id, entropy);
        }
    }

    /// A node became a peer, whoever dialled. A dial to it that is still on its way stays counted until it is
    /// said to have failed.
    pub fn handle_connected(&mut self, now: Duration, id: &NodeId, dialed: bool) {
        if dialed && self.dialing.remove(id) {
            return;
        }
        let Some(node) = self.statics.get_mut(id) else { return };
        let before = node.stage;
        match before {
            Stage::Waiting { .. } => {}
            Stage::Dialing if dialed => self.static_dials -= 1,
            Stage::New | Stage::Dialing | Stage::Connected { .. } => return,
        }
        node.stage = Stage::Connected { since: now.into() };
        if let Stage::Waiting { due, turn } = before {
            self.unqueue(due, turn, *id);
        }
    }

    /// A peer is no longer one. A static node is dialled again after its back-off; a connection that held as
    /// long as the longest back-off makes up for all failures before it.
    pub fn handle_dropped(&mut self, now: Duration, id: &NodeId, entropy: &mut dyn Entropy) {
        let Some(node) = self.statics.get_mut(id) else { return };
        let Stage::Connected { since } = node.stage else { return };
        if now.saturating_sub(since.since_start()) >= self.backoff.cap {
            node.failures = 0;
        }
        self.retry(now, *id, entropy);
    }

    /// When [`poll_dials`](Self::poll_dials) would have something to say; none while every slot is taken.
    pub fn deadline(&self) -> Option<Duration> {
        let free = self.slots.free_static(self.active()) > 0;
        self.waiting.first().filter(|_| free).map(|(due, ..)| due.since_start())
    }

    fn retry(&mut self, now: Duration, id: NodeId, entropy: &mut dyn Entropy) {
        let node = self.statics.get_mut(&id).expect("only static nodes are dialled again");
        node.failures = node.failures.saturating_add(1);
        let due = now.saturating_add(self.backoff.delay(node.failures, entropy));
        self.queue(id, due);
    }

    fn unqueue(&mut self, due: Moment, turn: u64, id: NodeId) {
        self.waiting.remove(&(due, turn, id));
        if self.waiting.is_empty() {
            self.waiting = BTreeSet::new(); // gives its room back: nobody waits in most nodes, most of the time
        }
    }

    fn queue(&mut self, id: NodeId, due: Duration) {
        let (due, turn) = (Moment::from(due), self.queued);
        self.queued += 1;
        self.statics.get_mut(&id).expect("only static nodes queue").stage = Stage::Waiting { due, turn };
        self.waiting.insert((due, turn, id));
    }
}

/// Nodes that were dialled lately.
#[derive(Debug, Default)]
struct History {
    until: BTreeMap<NodeId, Moment>,
    order: VecDeque<(Moment, NodeId)>,
}

impl History {
    fn add(&mut self, id: NodeId, until: Moment) {
        self.until.insert(id, until);
        self.order.push_back((until, id));
    }

    fn contains(&self, id: &NodeId) -> bool {
        self.until.contains_key(id)
    }

    /// Drops what has expired. Entries come nearly in order; one that is out of it may stay a little longer.
    fn forget(&mut self, now: Duration) {
        while let Some(&(until, id)) = self.order.front() {
            if until > now.into() {
                return;
            }
            self.order.pop_front();
            if self.until.get(&id) == Some(&until) {
                self.until.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
