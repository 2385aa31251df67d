//! Who may become a peer, and how a connection becomes one (p2p/server.go in geth: `postHandshakeChecks`,
//! `addPeerChecks`).
//!
//! Two nodes that dial each other at the same time keep one session: a dial whose transport is not open yet gives way
//! to an authenticated one from the other side; of two open ones the dial of the node with the smaller id wins. Both
//! ends come to the same answer, before either has greeted the other on the connection that loses.

use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use proto::key::{NodeId, PublicKey};
use proto::session::{DiscReason, Outbox, PeerError, PeerErrorCode, RemoteHello, Shared};
use world::{ConnId, prefetch};

use crate::event::PeerEvent;
use crate::log;
use crate::peer::{Flags, Introduction, Peer, PeerId};
use crate::stack::Stack;
use crate::table::Entry;

fn disc(reason: DiscReason, message: impl Into<std::borrow::Cow<'static, str>>) -> PeerError {
    PeerError::new(PeerErrorCode::DiscReason, reason, message)
}

fn already_connected() -> PeerError {
    disc(DiscReason::AlreadyConnected, "peer already has connection")
}

impl Stack {
    /// Asks the memory for what a connection takes to become a peer, beyond what a message does.
    pub(crate) fn prefetch_admission(&self) {
        prefetch(self);
        self.table.borrow().prefetch_nodes();
        self.dialer.borrow().prefetch();
    }

    /// The encryption handshake is done: may this node introduce itself?
    pub(crate) fn on_authenticated(&self, conn: ConnId, remote: PublicKey) {
        let Some((id, flags)) = self.identify(conn, Some(&remote)) else { return };
        let inbound = flags.has(Flags::INBOUND);
        let checked =
            self.check(conn, id, flags).and_then(|()| if inbound { self.contest(id) } else { Ok(None) });
        let yields = match checked {
            Ok(yields) => yields,
            Err(error) => return self.disconnect(conn, error),
        };
        if inbound {
            self.table.borrow_mut().make_known(conn);
        }
        if let Some(dial) = yields {
            self.on_end(dial, already_connected());
        }
        self.push(conn, |entry, now, out| {
            if let Some(session) = &mut entry.session {
                session.proceed(now, out);
            }
        });
        self.arm(conn);
    }

    /// Notes who it is; answers that, and the flags it has from there on. Of a node that was dialled it is known before:
    /// nobody else could have answered.
    fn identify(&self, conn: ConnId, authenticated: Option<&PublicKey>) -> Option<(NodeId, Flags)> {
        let mut table = self.table.borrow_mut();
        let entry = table.get_mut(conn).filter(|entry| !entry.is_peer())?;
        let id = entry.id.or_else(|| authenticated.map(PublicKey::id))?;
        entry.id = Some(id);
        entry.flags = entry.flags.with(Flags::TRUSTED, self.trusted.borrow().contains(&id));
        Some((id, entry.flags))
    }

    /// Is there room, and is it somebody new?
    fn check(&self, conn: ConnId, id: NodeId, flags: Flags) -> Result<(), PeerError> {
        let (peers, max) = (self.peer_count(), self.slots.max_peers);
        let (inbound, max_inbound) = (self.inbound.get(), max.saturating_sub(self.slots.max_dialed()));
        let trusted = flags.has(Flags::TRUSTED);
        if !trusted && peers >= max {
            return Err(disc(DiscReason::TooManyPeers, format!("{peers} peers, limit {max}")));
        }
        if !trusted && flags.has(Flags::INBOUND) && inbound >= max_inbound {
            let message = format!("{inbound} inbound peers, limit {max_inbound}");
            return Err(disc(DiscReason::TooManyPeers, message));
        }
        if self.table.borrow().known(&id).is_some_and(|other| other.conn != conn) {
            return Err(already_connected());
        }
        if id == self.id {
            return Err(disc(DiscReason::SelfConnect, "connection to the node itself"));
        }
        Ok(())
    }

    /// Whose dial wins, if we are dialling the node that has just dialled us? Answers with the dial that yields.
    fn contest(&self, id: NodeId) -> Result<Option<ConnId>, PeerError> {
        let table = self.table.borrow();
        let Some(dial) = table.dial_to(&id) else { return Ok(None) };
        match dial.session.is_some() {
            true if self.id < id => Err(already_connected()),
            true => Ok(None), // the other side ends it, or we do when it comes to that
            false => Ok(Some(dial.conn)), // nothing was said on it yet: the other side never hears of it
        }
    }

    /// The remote has introduced itself: does it become a peer?
    pub(crate) fn on_hello(&self, conn: ConnId, hello: RemoteHello, shared: Arc<[Shared]>) {
        // Of the node that was authenticated, or the session would have ended.
        let Some((id, flags)) = self.identify(conn, None) else { return };
        let checked = if !shared.is_empty() || self.protocols.is_empty() {
            self.check(conn, id, flags)
        } else {
            Err(disc(DiscReason::UselessPeer, "no matching protocols"))
        };
        match checked {
            Ok(()) => {
                let RemoteHello { version, client, caps, .. } = hello;
                self.admit(conn, id, Introduction { version, client, caps, shared }.once());
            }
            Err(error) => self.disconnect(conn, error),
        }
    }

    fn admit(&self, conn: ConnId, id: NodeId, introduction: Rc<Introduction>) {
        let now = self.world.now();
        let Some(peer) = self.promote(conn, introduction, now) else { return };
        let dialed = !peer.inbound();
        let count = if dialed { &self.dialed } else { &self.inbound };
        count.set(count.get() + 1);
        self.dialer.borrow_mut().connected(now, &id, dialed);
        self.unsettle();
        let early = self.greet(conn, &peer);
        self.push(conn, |_, _, out| *out = early);
        self.arm(conn);
    }

    /// The entry of a connection becomes that of a peer.
    fn promote(&self, conn: ConnId, introduction: Rc<Introduction>, now: Duration) -> Option<Peer> {
        let mut table = self.table.borrow_mut();
        table.make_known(conn);
        let entry = table.get_mut(conn)?;
        if std::mem::take(&mut entry.slot) {
            self.backlog.borrow_mut().release();
        }
        entry.since = now.into();
        if let Some(session) = &mut entry.session {
            session.adopt_shared(&introduction.shared);
        }
        entry.introduction = Some(introduction);
        entry.peer()
    }

    /// Tells everyone of a new peer, whose session goes live; answers with what that session had received already.
    fn greet(&self, conn: ConnId, peer: &Peer) -> Outbox {
        let mut early = Outbox::default();
        {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(conn) else { return early };
            let Some(session) = &mut entry.session else { return early };
            session.admit(self.world.now(), &mut early);
            log::added(self.peer_count(), peer, session);
            self.transmit(entry, self.world.now(), &mut early);
        }
        self.observer.event(&PeerEvent::Added { peer });
        for protocol in peer.introduction.shared.iter().map(|shared| shared.local) {
            self.spoken(protocol).join(PeerId(conn));
            if let Err(error) = self.with_handler(protocol, |handler, cx| handler.on_peer(PeerId(conn), cx)) {
                self.doom(conn, error);
            }
        }
        early
    }

    pub(crate) fn peer_count(&self) -> usize {
        self.dialed.get() + self.inbound.get()
    }

    pub(crate) fn is_connected(&self, id: &NodeId) -> bool {
        self.table.borrow().known(id).is_some_and(Entry::is_peer)
    }
}
