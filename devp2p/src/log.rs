//! The two lines of log that tell of peers, with the keys of Erigon's p2p server; nothing is built while they are off.

use core::time::Duration;

use proto::enode::Enode;
use proto::key::NodeId;
use proto::session::{PeerError, Session};

use crate::peer::Peer;

const TARGET: &str = "devp2p";

pub(crate) fn added(count: usize, peer: &Peer, session: &Session) {
    if tracing::enabled!(target: TARGET, tracing::Level::TRACE) {
        let url = url(peer, session);
        let (conn, name) = (peer.flags, peer.client());
        tracing::trace!(target: TARGET, peercount = count, url = %url, conn = %conn, name, "Adding p2p peer");
    }
}

pub(crate) fn removed(count: usize, peer: &Peer, session: &Session, duration: Duration, error: &PeerError) {
    if tracing::enabled!(target: TARGET, tracing::Level::TRACE) {
        let (url, err) = (url(peer, session), error.to_string());
        tracing::trace!(target: TARGET, peercount = count, url = %url, ?duration, err, "Removing p2p peer");
    }
}

pub(crate) fn dial_failed(id: &NodeId, error: &PeerError) {
    if tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        tracing::debug!(target: TARGET, id = %id.short(), err = error.to_string(), "Dial failed");
    }
}

pub(crate) fn refused(id: Option<NodeId>, error: &PeerError) {
    if tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        let id = id.map_or_else(|| "?".to_owned(), |id| id.short());
        tracing::debug!(target: TARGET, id = %id, err = error.to_string(), "Inbound connection ended");
    }
}

fn url(peer: &Peer, session: &Session) -> String {
    session.remote().map_or_else(String::new, |key| Enode::new(*key, peer.remote()).to_string())
}
