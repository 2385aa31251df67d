//! What a protocol keeps of each peer, found without a search.

use std::fmt;

use world::prefetch;

use crate::peer::PeerId;
use crate::room::place;

/// A value for each peer, in order of their ids: a list with places, for ids are small and dense. In a large network a
/// message finds its node's memory cold, and a lookup here waits for memory once.
///
/// A protocol removes what it keeps in [`on_drop`](crate::Handler::on_drop); what it forgets to remove is replaced when
/// the place of the id is used again.
#[derive(Clone)]
pub struct PeerMap<T>(Vec<Option<(PeerId, T)>>);

impl<T> PeerMap<T> {
    /// Nothing for nobody.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Keeps a value for a peer; answers what was kept before.
    pub fn insert(&mut self, peer: PeerId, value: T) -> Option<T> {
        let before = place(&mut self.0, peer.place()).replace((peer, value));
        before.filter(|(other, _)| *other == peer).map(|(_, value)| value)
    }

    /// What is kept for a peer.
    pub fn get(&self, peer: PeerId) -> Option<&T> {
        let (of, value) = self.0.get(peer.place())?.as_ref()?;
        (*of == peer).then_some(value)
    }

    /// What is kept for a peer, to change it.
    pub fn get_mut(&mut self, peer: PeerId) -> Option<&mut T> {
        let (of, value) = self.0.get_mut(peer.place())?.as_mut()?;
        (*of == peer).then_some(value)
    }

    /// Forgets a peer; answers what was kept for it.
    pub fn remove(&mut self, peer: PeerId) -> Option<T> {
        let place = self.0.get_mut(peer.place())?;
        place.take_if(|(of, _)| *of == peer).map(|(_, value)| value)
    }

    /// Whether anything is kept for a peer.
    pub fn contains(&self, peer: PeerId) -> bool {
        self.get(peer).is_some()
    }

    /// All that is kept, in order of the peers' ids.
    pub fn iter(&self) -> impl Iterator<Item = (PeerId, &T)> {
        self.0.iter().flatten().map(|(peer, value)| (*peer, value))
    }

    /// For how many peers something is kept. Counts them.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Nothing for nobody?
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Asks the memory for what is kept for a peer: see [`Handler::expect`](crate::Handler::expect).
    pub fn prefetch(&self, peer: PeerId) {
        if let Some(place) = self.0.get(peer.place()) {
            prefetch(place);
        }
    }
}

impl<T> Default for PeerMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for PeerMap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::net::SocketAddr;
    use std::rc::Rc;
    use world::{Closed, ConnId, DialError, Endpoint, Parcel, Simulation};

    /// Ids as a world gives them: dials, of which the second is closed before the fourth, which gets its place.
    fn ids() -> [PeerId; 4] {
        struct Deaf;
        impl Endpoint for Deaf {
            fn on_accepted(&self, _: ConnId, _: SocketAddr, _: SocketAddr) {}
            fn on_connected(&self, _: ConnId, _: SocketAddr) {}
            fn on_dial_failed(&self, _: ConnId, _: DialError) {}
            fn on_parcel(&self, _: ConnId, _: Parcel) {}
            fn on_closed(&self, _: ConnId, _: Closed) {}
        }
        let mut simulation = Simulation::new(world::sim::SimConfig::default());
        let (host, other) = (simulation.add_host(), simulation.add_host());
        simulation.with(host, move |cell| {
            let net = cell.world().attach(Rc::new(Deaf));
            let dials = RefCell::new(Vec::new());
            let dial = || dials.borrow_mut().push(PeerId(net.dial(SocketAddr::new(other.ip(), 1))));
            (0..3).for_each(|_| dial());
            net.close(dials.borrow()[1].0);
            dial();
            let ids = dials.borrow();
            [ids[0], ids[1], ids[2], ids[3]]
        })
    }

    #[test]
    fn each_peer_has_its_own_and_a_later_one_never_what_was_an_earlier_one_s() {
        let [a, gone, b, late] = ids();
        assert_eq!(gone.place(), late.place(), "the place is used again");
        let mut map = PeerMap::new();
        assert_eq!((map.insert(b, "b"), map.insert(gone, "gone"), map.insert(a, "a")), (None, None, None));
        assert_eq!(map.insert(b, "B"), Some("b"));
        assert_eq!(map.iter().collect::<Vec<_>>(), [(a, &"a"), (gone, &"gone"), (b, &"B")]);
        assert_eq!((map.get(late), map.contains(late)), (None, false));
        assert_eq!(map.remove(late), None);
        assert_eq!(map.insert(late, "late"), None, "what was forgotten to be removed is replaced");
        assert_eq!((map.get(gone), map.get(late), map.len()), (None, Some(&"late"), 3));
        *map.get_mut(a).unwrap() = "A";
        assert_eq!(map.remove(a), Some("A"));
        assert_eq!((map.get(a), map.is_empty()), (None, false));
        for peer in [a, gone, b, late] {
            map.prefetch(peer);
        }
    }
}
