//! The connections of a server by id: small values in one table, found by index.

use core::net::SocketAddr;
use core::time::Duration;

use proto::key::{NodeId, PublicKey};
use proto::session::Session;
use world::ConnId;

use crate::flow::Slow;
use crate::peer::{Flags, Peer};

/// One connection.
pub(crate) struct Entry {
    pub(crate) conn: ConnId,
    /// None while the transport is being opened, or waits for its turn.
    pub(crate) session: Option<Session>,
    /// Once the session is live.
    pub(crate) peer: Option<Peer>,
    /// Until then.
    pub(crate) setup: Option<Box<Setup>>,
    /// Only while one end holds the other up.
    pub(crate) slow: Option<Box<Slow>>,
    /// For when a look at the session's deadline is queued.
    pub(crate) armed: Option<Duration>,
    /// Its end is decided and waits for the running call to return.
    pub(crate) doomed: bool,
}

/// What is known of a connection that is not a peer's yet.
pub(crate) struct Setup {
    /// Where to: dialled, or came from.
    pub(crate) remote: SocketAddr,
    pub(crate) flags: Flags,
    /// Whom the dial is meant for.
    pub(crate) target: Option<PublicKey>,
    /// Who it is: from the start for a dial, else once authenticated.
    pub(crate) id: Option<NodeId>,
    /// Counts against the handshakes that may be on their way.
    pub(crate) slot: bool,
}

impl Entry {
    pub(crate) fn new(conn: ConnId, setup: Setup) -> Self {
        Self {
            conn,
            session: None,
            peer: None,
            setup: Some(Box::new(setup)),
            slow: None,
            armed: None,
            doomed: false,
        }
    }

    /// The peer, as long as messages may still reach it.
    pub(crate) fn talking(&self) -> Option<&Peer> {
        if self.doomed { None } else { self.peer.as_ref() }
    }
}

/// All connections of a server.
#[derive(Default)]
pub(crate) struct Table(Vec<Option<Entry>>);

impl Table {
    pub(crate) fn insert(&mut self, entry: Entry) {
        let index = entry.conn.index();
        if index >= self.0.len() {
            if index >= self.0.capacity() {
                // Doubling would waste more than the entries themselves on a node with few peers.
                self.0.reserve_exact(index + 1 + index / 4 - self.0.len());
            }
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(entry);
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Entry> {
        self.0.get(conn.index())?.as_ref().filter(|entry| entry.conn == conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Entry> {
        self.0.get_mut(conn.index())?.as_mut().filter(|entry| entry.conn == conn)
    }

    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Entry> {
        self.get(conn)?;
        self.0[conn.index()].take()
    }

    pub(crate) fn ids(&self) -> Vec<ConnId> {
        self.0.iter().flatten().map(|entry| entry.conn).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Facts;

    /// With the words that count references, what an idle connection takes here and in its session; what is
    /// shared by peers that introduce themselves alike is not counted.
    #[test]
    fn an_idle_connection_is_small() {
        let idle = size_of::<Option<Entry>>() + size_of::<Facts>() + 2 * size_of::<usize>();
        let shared_protocol = size_of::<proto::session::Shared>();
        assert!(idle + shared_protocol <= 400, "{idle} + {shared_protocol} bytes");
    }
}
