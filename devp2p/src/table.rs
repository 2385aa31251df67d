//! The connections of a server by id: small values in one table, found by index; and who is at the other end of them.

use std::rc::Rc;

use proto::Moment;
use proto::key::{NodeId, PublicKey};
use proto::session::Session;
use world::{ConnId, prefetch, prefetch_first};

use crate::flow::Slow;
use crate::peer::{Address, Flags, Introduction, Peer, PeerId};
use crate::room::{make_room, place};

/// What each message needs of an entry: the beginning, up to the liveness of its session.
const HOT: usize = 128;

/// One connection. In this order: in a network of thousands every message finds it cold, so what each message needs
/// stands first.
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) conn: ConnId,
    /// Only while one end holds the other up.
    pub(crate) slow: Option<Box<Slow>>,
    /// What the other end says of itself, once it is a peer.
    pub(crate) introduction: Option<Rc<Introduction>>,
    /// Who it is: from the start for a dial, else once authenticated.
    pub(crate) id: Option<NodeId>,
    pub(crate) flags: Flags,
    /// Its end is decided and waits for the running call to return.
    pub(crate) doomed: bool,
    /// Counts against the handshakes that may be on their way.
    pub(crate) slot: bool,
    /// Where to: dialled, or came from. It fills a gap.
    pub(crate) remote: Address,
    /// None while the transport is being opened, or waits for its turn.
    pub(crate) session: Option<Session>,
    /// For when a look at the session's deadline is queued, or never.
    pub(crate) armed: Moment,
    /// When it became a peer.
    pub(crate) since: Moment,
    /// Whom a dial is meant for, until its transport is open.
    pub(crate) target: Option<Box<PublicKey>>,
}

impl Entry {
    pub(crate) fn new(conn: ConnId, remote: Address, flags: Flags) -> Self {
        Self {
            conn,
            slow: None,
            introduction: None,
            id: None,
            flags,
            doomed: false,
            slot: false,
            remote,
            session: None,
            armed: Moment::NEVER,
            since: Moment::NEVER,
            target: None,
        }
    }

    /// Asks the memory for what a message needs beyond this.
    pub(crate) fn prefetch(&self) {
        if let Some(session) = &self.session {
            prefetch(session.shared());
        }
    }

    pub(crate) fn is_peer(&self) -> bool {
        self.introduction.is_some()
    }

    /// The peer, if it is one.
    pub(crate) fn peer(&self) -> Option<Peer> {
        let Self { conn, remote, since, flags, .. } = *self;
        let (introduction, id) = (Rc::clone(self.introduction.as_ref()?), self.id?);
        Some(Peer { session: PeerId(conn), id, remote, since, introduction, flags })
    }

    /// Who the peer is, as long as messages may still reach it.
    pub(crate) fn talking(&self) -> Option<NodeId> {
        if self.doomed || !self.is_peer() { None } else { self.id }
    }
}

/// All connections of a server.
#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Option<Entry>>,
    /// Peers, and who dialled us and is about to become one.
    known: ByNode,
    /// Dials on their way.
    dials: ByNode,
}

impl Table {
    pub(crate) fn insert(&mut self, entry: Entry) {
        let (index, dialled) = (entry.conn.index(), entry.id);
        let place = place(&mut self.entries, index);
        debug_assert!(place.is_none(), "a place is free before it is used again");
        *place = Some(entry);
        if let Some(id) = dialled {
            self.dials.put(&self.entries, &id, index);
        }
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Entry> {
        self.entries.get(conn.index())?.as_ref().filter(|entry| entry.conn == conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Entry> {
        self.entries.get_mut(conn.index())?.as_mut().filter(|entry| entry.conn == conn)
    }

    /// Asks the memory for a connection.
    pub(crate) fn prefetch(&self, conn: ConnId) {
        if let Some(entry) = self.entries.get(conn.index()) {
            prefetch_first(entry, HOT);
        }
    }

    /// Asks the memory for who is known, and who is dialled.
    pub(crate) fn prefetch_nodes(&self) {
        prefetch(&self.known.0[..]);
        prefetch(&self.dials.0[..]);
    }

    /// Takes a connection out; answers whether its node was known, or dialled, by it.
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<(Entry, bool)> {
        let (id, index) = (self.get(conn)?.id, conn.index());
        let found = id.is_some_and(|id| {
            self.known.take(&self.entries, &id, index) || self.dials.take(&self.entries, &id, index)
        });
        Some((self.entries[index].take()?, found))
    }

    pub(crate) fn conn_at(&self, place: usize) -> Option<ConnId> {
        Some(self.entries.get(place)?.as_ref()?.conn)
    }

    pub(crate) fn ids(&self) -> Vec<ConnId> {
        self.entries.iter().flatten().map(|entry| entry.conn).collect()
    }

    /// From here on its node is known by this connection, and by no other. If it was a dial, it has arrived.
    pub(crate) fn make_known(&mut self, conn: ConnId) {
        let Some((id, flags)) = self.get(conn).and_then(|entry| Some((entry.id?, entry.flags))) else {
            return;
        };
        if !flags.has(Flags::INBOUND) {
            self.dials.take(&self.entries, &id, conn.index());
        }
        self.known.put(&self.entries, &id, conn.index());
    }

    /// The connection a node is known by.
    pub(crate) fn known(&self, id: &NodeId) -> Option<&Entry> {
        self.known.get(&self.entries, id)
    }

    /// The dial to a node that is on its way.
    pub(crate) fn dial_to(&self, id: &NodeId) -> Option<&Entry> {
        self.dials.get(&self.entries, id)
    }

    /// All that are known, in order of their nodes' ids.
    pub(crate) fn all_known(&self) -> impl Iterator<Item = &Entry> {
        self.known.0.iter().map(|(_, index)| at(&self.entries, *index))
    }
}

fn at(entries: &[Option<Entry>], index: u32) -> &Entry {
    entries[index as usize].as_ref().expect("who is found is in the table")
}

/// Places in the table by the ids of their nodes, one for each node. How an id begins stands beside its place: entries are
/// cold, and most need not be looked at to find one.
#[derive(Default)]
struct ByNode(Vec<(u32, u32)>);

impl ByNode {
    fn place(&self, entries: &[Option<Entry>], id: &NodeId) -> Result<usize, usize> {
        let begins = beginning(id);
        self.0.binary_search_by(|(beginning, index)| {
            beginning.cmp(&begins).then_with(|| at(entries, *index).id.as_ref().cmp(&Some(id)))
        })
    }

    fn get<'a>(&self, entries: &'a [Option<Entry>], id: &NodeId) -> Option<&'a Entry> {
        Some(at(entries, self.0[self.place(entries, id).ok()?].1))
    }

    /// The node is found at this place, and at no other.
    fn put(&mut self, entries: &[Option<Entry>], id: &NodeId, index: usize) {
        let index = u32::try_from(index).expect("a host has under 4 G connections");
        match self.place(entries, id) {
            Ok(place) => self.0[place].1 = index,
            Err(place) => {
                make_room(&mut self.0, 1);
                self.0.insert(place, (beginning(id), index));
            }
        }
    }

    /// The node is found at this place no longer, if it was.
    fn take(&mut self, entries: &[Option<Entry>], id: &NodeId, index: usize) -> bool {
        let place = self.place(entries, id).ok().filter(|place| self.0[*place].1 as usize == index);
        if let Some(place) = place {
            self.0.remove(place);
        }
        if self.0.is_empty() {
            self.0 = Vec::new(); // gives its room back: most of the time no dial is on its way
        }
        place.is_some()
    }
}

fn beginning(id: &NodeId) -> u32 {
    u32::from_be_bytes(*id.as_bytes().first_chunk().expect("32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an idle connection takes here; what is shared by peers that introduce themselves alike is not counted.
    #[test]
    fn an_idle_connection_is_small() {
        let idle = size_of::<Option<Entry>>();
        assert!(idle <= 232, "{idle} bytes");
    }
}
