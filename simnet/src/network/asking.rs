//! What an adapter was asked and has not answered yet.

use crate::adapter::Reply;
use crate::error::NetworkError;
use crate::view::Snapshot;
use bytes::Bytes;
use devp2p::NodeId;
use std::collections::BTreeMap;

/// Something that a node's adapter was asked to do.
#[derive(Debug)]
pub(crate) struct Asking<T> {
    id: NodeId,
    reply: Reply<T>,
}

impl<T> Asking<T> {
    pub(super) fn new(id: NodeId, reply: Reply<T>) -> Self {
        Self { id, reply }
    }

    /// The answer, or the question again if it is still open.
    pub(crate) fn poll(self) -> Result<Result<T, NetworkError>, Self> {
        let id = self.id;
        match self.reply.poll() {
            Ok(answer) => Ok(answer.map_err(|error| NetworkError::Node { id, error })),
            Err(reply) => Err(Self { id, reply }),
        }
    }
}

impl Asking<()> {
    /// Nothing if it has been answered, and well.
    pub(super) fn unless_answered(id: NodeId, reply: Reply<()>) -> Result<Option<Self>, NetworkError> {
        match Self::new(id, reply).poll() {
            Ok(answer) => answer.map(|()| None),
            Err(asking) => Ok(Some(asking)),
        }
    }

    /// Those of many that have not been answered; the first answer that is none is the answer.
    pub(super) fn those_open(ids: &[NodeId], replies: Vec<Reply<()>>) -> Result<Vec<Self>, NetworkError> {
        let mut open = Vec::new();
        for (id, reply) in ids.iter().zip(replies) {
            open.extend(Self::unless_answered(*id, reply)?);
        }
        Ok(open)
    }

    /// Whether all of them have been answered; the first that failed is the answer, whatever became of the others.
    pub(crate) fn all(askings: &mut Vec<Self>) -> Option<Result<(), NetworkError>> {
        for asking in std::mem::take(askings) {
            match asking.poll() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Some(Err(error)),
                Err(asking) => askings.push(asking),
            }
        }
        askings.is_empty().then_some(Ok(()))
    }
}

/// A snapshot that is being taken: of the network at the moment it was asked for, with the services' state as it comes.
#[derive(Debug)]
pub(crate) struct Taking {
    snapshot: Snapshot,
    /// By place in the snapshot.
    awaited: Vec<(usize, Asking<BTreeMap<String, Bytes>>)>,
}

impl Taking {
    pub(super) fn new(snapshot: Snapshot, awaited: Vec<(usize, Asking<BTreeMap<String, Bytes>>)>) -> Self {
        Self { snapshot, awaited }
    }

    /// The whole of it, once; nothing while parts are missing.
    pub(crate) fn poll(&mut self) -> Option<Result<Snapshot, NetworkError>> {
        for (place, asking) in std::mem::take(&mut self.awaited) {
            match asking.poll() {
                Ok(Ok(services)) => self.snapshot.nodes[place].services = services,
                Ok(Err(error)) => return Some(Err(error)),
                Err(asking) => self.awaited.push((place, asking)),
            }
        }
        self.awaited.is_empty().then(|| Ok(std::mem::take(&mut self.snapshot)))
    }
}
