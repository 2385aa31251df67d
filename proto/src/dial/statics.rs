//! Static nodes by id, with what is known of each: small, since most nodes of a network are static nodes of others.

use crate::Moment;
use crate::key::NodeId;

/// A static node.
#[derive(Debug)]
pub(super) struct Static<T> {
    id: NodeId,
    pub(super) node: T,
    pub(super) stage: Stage,
    pub(super) failures: u32,
    /// The last time, or never.
    pub(super) dialed_at: Moment,
}

/// Where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Just added.
    New,
    Waiting {
        due: Moment,
        turn: u64,
    },
    Dialing,
    Connected {
        since: Moment,
    },
}

/// In order of their ids; boxed, so that one that comes between others moves little, beside the beginning of its id, so
/// that few have to be looked at to find one.
#[derive(Debug)]
pub(super) struct Statics<T>(Vec<(u64, Box<Static<T>>)>);

fn beginning(id: &NodeId) -> u64 {
    u64::from_be_bytes(*id.as_bytes().first_chunk().expect("32 bytes"))
}

impl<T> Default for Statics<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Statics<T> {
    fn place(&self, id: &NodeId) -> Result<usize, usize> {
        let begins = beginning(id);
        self.0.binary_search_by(|(beginning, known)| beginning.cmp(&begins).then_with(|| known.id.cmp(id)))
    }

    pub(super) fn index(&self) -> &[(u64, Box<Static<T>>)] {
        &self.0
    }

    pub(super) fn get(&self, id: &NodeId) -> Option<&Static<T>> {
        Some(&self.0[self.place(id).ok()?].1)
    }

    pub(super) fn get_mut(&mut self, id: &NodeId) -> Option<&mut Static<T>> {
        let place = self.place(id).ok()?;
        Some(&mut self.0[place].1)
    }

    /// The node of that id, which is what `node` says from now on; a new one if there was none.
    pub(super) fn add(&mut self, id: NodeId, node: T) -> &mut Static<T> {
        match self.place(&id) {
            Ok(place) => {
                self.0[place].1.node = node;
                &mut self.0[place].1
            }
            Err(place) => {
                let new = Static { id, node, stage: Stage::New, failures: 0, dialed_at: Moment::NEVER };
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(self.0.len() / 6 + 3);
                }
                self.0.insert(place, (beginning(&id), Box::new(new)));
                &mut self.0[place].1
            }
        }
    }

    pub(super) fn remove(&mut self, id: &NodeId) -> Option<Box<Static<T>>> {
        let place = self.place(id).ok()?;
        Some(self.0.remove(place).1)
    }
}
