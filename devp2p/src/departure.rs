//! How connections end, whoever wants it, and who is told.

use proto::session::{DiscReason, PeerError, PeerErrorCode};
use world::{Closed, ConnId};

use crate::event::PeerEvent;
use crate::log;
use crate::peer::{Flags, Peer};
use crate::stack::Stack;
use crate::table::Entry;

pub(crate) fn quitting() -> PeerError {
    PeerError::new(PeerErrorCode::DiscReason, DiscReason::Quitting, "Server.run() spindown")
}

impl Stack {
    /// Ends a connection here and now.
    pub(crate) fn disconnect(&self, conn: ConnId, error: PeerError) {
        let opening = self.table.borrow().get(conn).is_some_and(|entry| entry.session.is_none());
        if opening {
            return self.on_end(conn, error);
        }
        self.push(conn, |entry, now, out| {
            if let Some(session) = &mut entry.session {
                session.disconnect(now, error, out);
            }
        });
    }

    /// The world has ended a connection.
    pub(crate) fn handle_closed(&self, conn: ConnId, how: Closed) {
        let waiting = self.table.borrow().get(conn).is_some_and(|entry| entry.session.is_none());
        if waiting {
            return self.on_end(conn, PeerError::read_failed("EOF"));
        }
        self.push(conn, |entry, now, out| {
            if let Some(session) = &mut entry.session {
                let cause = (how == Closed::Reset).then(|| "connection reset".into());
                session.handle_transport_closed(now, cause, out);
            }
        });
    }

    /// A connection is over: forgets it and tells who has to know.
    pub(crate) fn on_end(&self, conn: ConnId, error: PeerError) {
        let Some((mut entry, was_found)) = self.table.borrow_mut().remove(conn) else { return };
        self.net().close(conn);
        self.unsettle();
        if let Some(slow) = &mut entry.slow {
            slow.wake();
        }
        match entry.peer() {
            Some(peer) => self.dropped(entry, &peer, &error),
            None => self.failed(&entry, was_found, &error),
        }
    }

    fn dropped(&self, entry: Entry, peer: &Peer, error: &PeerError) {
        let (now, id) = (self.world.now(), peer.id());
        let count = if peer.inbound() { &self.inbound } else { &self.dialed };
        count.set(count.get() - 1);
        self.dialer.borrow_mut().dropped(now, &id, &mut |out: &mut [u8]| self.draw_delay(out));
        let session = entry.session.expect("a peer has a session");
        let shared = &peer.introduction.shared;
        for protocol in shared.iter().map(|shared| shared.local) {
            self.spoken(protocol).leave(peer.session());
        }
        let duration = now.saturating_sub(peer.since());
        log::removed(self.peer_count(), peer, &session, duration, error);
        self.observer.event(&PeerEvent::Dropped { peer, error, duration });
        for protocol in shared.iter().map(|shared| shared.local) {
            self.with_handler(protocol, |handler, cx| handler.on_drop(peer.session(), error, cx));
        }
    }

    /// A connection ended that never was a peer's; `counted` says whether its node was found by it: a dial, or one that came
    /// in and was about to be a peer's.
    fn failed(&self, entry: &Entry, counted: bool, error: &PeerError) {
        let now = self.world.now();
        if entry.slot {
            self.backlog.borrow_mut().release();
        }
        let inbound = entry.flags.has(Flags::INBOUND);
        if inbound {
            log::refused(entry.id, error);
        }
        let Some(id) = entry.id.filter(|_| counted) else { return };
        let mut entropy = |out: &mut [u8]| self.draw_delay(out);
        if inbound {
            self.dialer.borrow_mut().dropped(now, &id, &mut entropy);
        } else {
            self.dialer.borrow_mut().failed(now, &id, &mut entropy);
            log::dial_failed(&id, error);
            let gave_way = self.table.borrow().known(&id).is_some();
            if !gave_way {
                self.observer.event(&PeerEvent::DialFailed { id, error });
            }
        }
    }
}
