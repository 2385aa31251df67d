//! Waiting, in simulated time, for what experimenters wait for most. What is late is named when it does not happen.

use crate::error::NetworkError;
use crate::handle::Handle;
use crate::state::{ConnState, State};
use crate::view::Snapshot;
use devp2p::NodeId;
use std::time::Duration;

/// Nodes that are named in the text of a time-out.
const NAMED: usize = 3;

impl Handle {
    /// Reads the state of the network, now.
    pub async fn read<R: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> R + Send + 'static,
    ) -> Result<R, NetworkError> {
        self.ask(move |driver| look(driver.network().state())).await
    }

    /// Whether the seconds of this network are simulated, or the wall's.
    pub async fn has_virtual_time(&self) -> Result<bool, NetworkError> {
        self.ask(|driver| driver.network().adapter().capabilities().virtual_time).await
    }

    /// Waits until each node that is up has at least so many peers.
    pub async fn until_each_has_peers(&self, peers: usize, within: Duration) -> Result<(), NetworkError> {
        let lacks = move |state: &State| {
            let late = state.nodes().iter().filter(|node| node.up && node.peers < peers);
            late.map(|node| format!("{} has {}", node.name, node.peers)).collect::<Vec<_>>()
        };
        let holds =
            move |state: &State| state.nodes().iter().filter(|node| node.up).all(|node| node.peers >= peers);
        let waited = self.until("", within, holds).await;
        self.name_late(waited, format!("each node having {peers} peers"), lacks).await
    }

    /// Waits until each connection of a snapshot is seen by both of its ends.
    pub async fn until_restored(&self, snapshot: &Snapshot, within: Duration) -> Result<(), NetworkError> {
        let pairs: Vec<_> =
            snapshot.conns.iter().filter(|conn| conn.up).map(|conn| (conn.one, conn.other)).collect();
        let what = format!("each of the snapshot's {} connections being up at both ends", pairs.len());
        let wanted = pairs.clone();
        let lacks = move |state: &State| {
            let late = wanted.iter().filter(|(one, other)| !established(state, one, other));
            late.map(|(one, other)| format!("{}-{} is not", one.short(), other.short())).collect::<Vec<_>>()
        };
        let holds = move |state: &State| pairs.iter().all(|(one, other)| established(state, one, other));
        let waited = self.until("", within, holds).await;
        self.name_late(waited, what, lacks).await
    }

    /// Puts what was waited for, and who is late, into the error of a time-out.
    async fn name_late(
        &self,
        waited: Result<(), NetworkError>,
        what: String,
        late: impl FnOnce(&State) -> Vec<String> + Send + 'static,
    ) -> Result<(), NetworkError> {
        match waited {
            Err(NetworkError::TimedOut { after, simulated, .. }) => {
                let late = self.read(late).await?;
                Err(NetworkError::TimedOut { what: format!("{what} ({})", some_of(&late)), after, simulated })
            }
            waited => waited,
        }
    }
}

fn established(state: &State, one: &NodeId, other: &NodeId) -> bool {
    state.conn(one, other).is_some_and(ConnState::established)
}

/// The first few of a list, and how many there are beside them.
pub(crate) fn some_of(items: &[String]) -> String {
    let named = items.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
