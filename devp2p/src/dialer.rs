//! Opening connections: what the scheduler decides becomes dials, and what becomes of them goes back to it.

use core::time::Duration;

use proto::Entropy;
use proto::dial::{Backoff, Facts, Scheduler, Slots};
use proto::enode::Enode;
use proto::key::NodeId;
use proto::session::{DiscReason, PeerError, PeerErrorCode, Session};
use world::{ConnId, DialError, prefetch};

use crate::peer::Flags;
use crate::server::{AddPeerError, OfferError};
use crate::stack::Stack;
use crate::table::Entry;
use crate::timers::Due;

/// How long a transport may take to open (geth's `defaultDialTimeout`).
const DIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// By how many thousandths at most a wait before dialling again is shortened. Without it two nodes that failed with
/// each other at the same time would do so again and again.
const JITTER: u16 = 250;

/// Static nodes, and when they are dialled. The dials on their way are in the table.
pub(crate) struct Dialer {
    scheduler: Scheduler<Enode>,
    /// The scheduler may have something to say.
    stirred: bool,
    /// When it will.
    pub(crate) next: Option<Duration>,
}

impl Dialer {
    pub(crate) fn new(own: NodeId, slots: Slots) -> Self {
        let scheduler = Scheduler::new(own, slots, Backoff { jitter: JITTER, ..Backoff::default() });
        Self { scheduler, stirred: false, next: None }
    }

    /// Asks the memory for who is static.
    pub(crate) fn prefetch(&self) {
        prefetch(self.scheduler.index());
    }

    /// The alarm has gone off: is it time to ask the scheduler?
    pub(crate) fn wake(&mut self, now: Duration) -> bool {
        self.stirred |= self.next.is_some_and(|next| next <= now);
        self.stirred
    }

    pub(crate) fn static_node(&self, id: &NodeId) -> Option<&Enode> {
        self.scheduler.static_node(id)
    }

    /// A node became a peer.
    pub(crate) fn connected(&mut self, now: Duration, id: &NodeId, dialed: bool) {
        self.scheduler.handle_connected(now, id, dialed);
        self.stirred = true;
    }

    /// A node is a peer no longer, or will not become the one it was taken for.
    pub(crate) fn dropped(&mut self, now: Duration, id: &NodeId, entropy: &mut dyn Entropy) {
        self.scheduler.handle_dropped(now, id, entropy);
        self.stirred = true;
    }

    /// A dial failed.
    pub(crate) fn failed(&mut self, now: Duration, id: &NodeId, entropy: &mut dyn Entropy) {
        self.scheduler.handle_failed(now, id, entropy);
        self.stirred = true;
    }
}

impl Stack {
    pub(crate) fn add_static(&self, node: Enode) -> Result<(), AddPeerError> {
        let id = self.check_node(&node)?;
        let mut dialer = self.dialer.borrow_mut();
        dialer.scheduler.add_static(self.world.now(), id, node).map_err(|_| AddPeerError::Itself(id))?;
        dialer.stirred = true;
        self.unsettle();
        Ok(())
    }

    pub(crate) fn offer(&self, node: Enode) -> Result<(), OfferError> {
        let id = self.check_node(&node)?;
        let connected = |id: &NodeId| self.table.borrow().known(id).is_some();
        let facts = Facts { dialed: self.dialed.get(), connected: &connected };
        self.dialer.borrow_mut().scheduler.offer(self.world.now(), id, &facts)?;
        self.dial(id, &node, Flags::DYN_DIAL);
        Ok(())
    }

    fn check_node(&self, node: &Enode) -> Result<NodeId, AddPeerError> {
        let id = node.id();
        match () {
            () if !self.running() => Err(AddPeerError::Stopped),
            () if id == self.id => Err(AddPeerError::Itself(id)),
            () if node.socket_addr().is_none() => Err(AddPeerError::NoAddress(id)),
            () => Ok(id),
        }
    }

    /// Forgets a static node, ends the session with it and the attempts at one.
    pub(crate) fn remove(&self, id: NodeId) -> bool {
        let was_static = {
            let mut dialer = self.dialer.borrow_mut();
            dialer.stirred = true;
            self.unsettle();
            dialer.scheduler.remove_static(&id)
        };
        let [dial, session] = {
            let table = self.table.borrow();
            [table.dial_to(&id), table.known(&id)].map(|entry| entry.map(|entry| entry.conn))
        };
        for conn in dial.into_iter().chain(session) {
            let (code, reason) = (PeerErrorCode::DiscReason, DiscReason::Requested);
            self.doom(conn, PeerError::new(code, reason, "Server.remove_peer"));
        }
        was_static || dial.is_some() || session.is_some()
    }

    /// Dials whom the scheduler wants dialled; false if there was nothing to ask it.
    pub(crate) fn dial_next(&self) -> bool {
        let mut due = Vec::new();
        {
            let mut dialer = self.dialer.borrow_mut();
            if !dialer.stirred || !self.running() {
                return false;
            }
            dialer.stirred = false;
            let connected = |id: &NodeId| self.table.borrow().known(id).is_some();
            let facts = Facts { dialed: self.dialed.get(), connected: &connected };
            dialer.scheduler.poll_dials(self.world.now(), &facts, &mut due);
            dialer.next = dialer.scheduler.deadline();
            self.reschedule();
        }
        for id in due {
            let node = self.dialer.borrow().static_node(&id).cloned();
            self.dial(id, &node.expect("the scheduler names static nodes"), Flags::STATIC_DIAL);
        }
        true
    }

    fn dial(&self, id: NodeId, node: &Enode, flag: Flags) {
        let remote = node.socket_addr().expect("checked when it was added");
        let conn = self.net().dial(remote);
        let mut entry = Entry::new(conn, remote.into(), flag);
        (entry.id, entry.target) = (Some(id), Some(Box::new(node.public_key)));
        self.table.borrow_mut().insert(entry);
        let at = self.world.now().saturating_add(DIAL_TIMEOUT);
        self.timers().push(at, Due::Dial(conn));
    }

    /// A transport we asked for is open.
    pub(crate) fn handle_connected(&self, conn: ConnId) {
        self.push(conn, |entry, now, out| {
            let target = *entry.target.take().expect("only dials become connected, once");
            let mut entropy = |out: &mut [u8]| self.draw(out);
            entry.session = Some(Session::connect(self.local(), target, now, &mut entropy, out));
        });
        self.arm(conn);
    }

    pub(crate) fn handle_dial_failed(&self, conn: ConnId, error: DialError) {
        self.on_end(conn, dial_failed().because(error));
    }

    pub(crate) fn dial_timed_out(&self, conn: ConnId) {
        let waiting = self.table.borrow().get(conn).is_some_and(|entry| entry.session.is_none());
        if waiting {
            self.on_end(conn, dial_failed().because(format!("no answer within {DIAL_TIMEOUT:?}")));
        }
    }
}

fn dial_failed() -> PeerError {
    PeerError::new(PeerErrorCode::DiscReason, DiscReason::NetworkError, "dial failed")
}
