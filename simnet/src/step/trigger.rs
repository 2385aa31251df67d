//! When the nodes of a step are looked at: regularly, when something changed at them, or when someone says so.

use crate::collect::{Collector, lock};
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::state::{NodeState, State};
use devp2p::NodeId;
use indexmap::IndexSet;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Time passes at least so far between two rounds, or it would never pass at all.
const SHORTEST: Duration = Duration::from_millis(1);

/// Regular rounds let events pile up for no longer than this.
const GATHER_EVERY: Duration = Duration::from_millis(100);

/// What names the nodes to look at.
pub struct Trigger(Kind);

enum Kind {
    Every(Duration),
    Changes(Duration),
    Channel(Arc<Mutex<Channel>>),
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Every(every) => write!(f, "Trigger(every {every:?})"),
            Kind::Changes(every) => write!(f, "Trigger(changes, and every {every:?})"),
            Kind::Channel(_) => f.write_str("Trigger(channel)"),
        }
    }
}

#[derive(Debug, Default)]
struct Channel {
    named: VecDeque<NodeId>,
    senders: usize,
}

/// Names nodes to look at, from any thread: a service in the network may hold one.
#[derive(Debug)]
pub struct TriggerSender(Arc<Mutex<Channel>>);

impl TriggerSender {
    /// Has a node looked at. Nodes that nothing is expected of are ignored.
    pub fn send(&self, node: NodeId) {
        lock(&self.0).named.push_back(node);
    }
}

impl Clone for TriggerSender {
    fn clone(&self) -> Self {
        lock(&self.0).senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for TriggerSender {
    fn drop(&mut self) {
        lock(&self.0).senders -= 1;
    }
}

impl Trigger {
    /// All nodes, at once and then every so often (every millisecond at most).
    pub fn every(interval: Duration) -> Self {
        Self(Kind::Every(interval.max(SHORTEST)))
    }

    /// A node when it comes up, goes down, gains or loses a peer; all nodes at once and then every so often.
    pub fn changes(and_every: Duration) -> Self {
        Self(Kind::Changes(and_every.max(SHORTEST)))
    }

    /// Whichever node is sent, when it is sent. When the last sender is dropped the trigger has ended.
    pub fn channel() -> (TriggerSender, Self) {
        let channel = Arc::new(Mutex::new(Channel { named: VecDeque::new(), senders: 1 }));
        (TriggerSender(Arc::clone(&channel)), Self(Kind::Channel(channel)))
    }

    /// From `now` on.
    pub(super) fn begin(self, net: Handle, events: Collector, now: Duration) -> Source {
        Source { net, events, next_round: now, kind: self.0, known: Arc::default() }
    }
}

/// What woke a step.
pub(super) enum Woken {
    /// These are to be looked at.
    By(Vec<NodeId>),
    /// The deadline.
    Late,
    /// Nothing will any more.
    Never,
}

/// A trigger at work.
pub(super) struct Source {
    net: Handle,
    events: Collector,
    next_round: Duration,
    kind: Kind,
    known: Arc<Mutex<BTreeMap<NodeId, Look>>>,
}

/// What of a node a change is seen by.
type Look = (bool, usize, u64);

fn look(node: &NodeState) -> Look {
    (node.up, node.peers, node.drops)
}

impl Source {
    /// The next nodes to look at. Time passes until there are some, or until the deadline.
    pub(super) async fn next(
        &mut self,
        waiting: &IndexSet<NodeId>,
        deadline: Duration,
    ) -> Result<Woken, NetworkError> {
        match &self.kind {
            &Kind::Every(interval) => self.round(interval, waiting, deadline).await,
            &Kind::Changes(interval) => self.change(interval, waiting, deadline).await,
            Kind::Channel(channel) => {
                let channel = Arc::clone(channel);
                self.sent(&channel, deadline).await
            }
        }
    }

    /// All of them, when the next round is due.
    async fn round(
        &mut self,
        interval: Duration,
        waiting: &IndexSet<NodeId>,
        deadline: Duration,
    ) -> Result<Woken, NetworkError> {
        let until = self.next_round.min(deadline);
        loop {
            let left = until.saturating_sub(self.net.now().await?);
            if left.is_zero() {
                break;
            }
            self.net.advance(left.min(GATHER_EVERY)).await?;
            self.events.gather();
        }
        Ok(self.take_round(interval, waiting, deadline))
    }

    fn take_round(&mut self, interval: Duration, waiting: &IndexSet<NodeId>, deadline: Duration) -> Woken {
        if self.next_round > deadline {
            return Woken::Late;
        }
        self.next_round += interval;
        Woken::By(waiting.iter().copied().collect())
    }

    /// Those that changed since they were looked at last, or all of them when the next round is due.
    async fn change(
        &mut self,
        interval: Duration,
        waiting: &IndexSet<NodeId>,
        deadline: Duration,
    ) -> Result<Woken, NetworkError> {
        let left = self.next_round.min(deadline).saturating_sub(self.net.now().await?);
        let changed = Arc::new(Mutex::new(Vec::new()));
        let holds = {
            let (known, changed) = (Arc::clone(&self.known), Arc::clone(&changed));
            let (events, waiting) = (self.events.clone(), waiting.clone());
            move |state: &State| {
                events.gather();
                let (mut known, mut changed) = (lock(&known), lock(&changed));
                for node in waiting.iter().filter_map(|id| state.node(id)) {
                    let now = look(node);
                    if known.insert(node.id, now).is_some_and(|before| before != now) {
                        changed.push(node.id);
                    }
                }
                !changed.is_empty()
            }
        };
        match self.net.until("", left, holds).await {
            Ok(()) => Ok(Woken::By(std::mem::take(&mut *lock(&changed)))),
            Err(NetworkError::TimedOut { .. }) => Ok(self.take_round(interval, waiting, deadline)),
            Err(error) => Err(error),
        }
    }

    /// Those that were sent.
    async fn sent(
        &mut self,
        channel: &Arc<Mutex<Channel>>,
        deadline: Duration,
    ) -> Result<Woken, NetworkError> {
        let left = deadline.saturating_sub(self.net.now().await?);
        let holds = {
            let (channel, events) = (Arc::clone(channel), self.events.clone());
            move |_: &State| {
                events.gather();
                let channel = lock(&channel);
                !channel.named.is_empty() || channel.senders == 0
            }
        };
        match self.net.until("", left, holds).await {
            Ok(()) => {}
            Err(NetworkError::TimedOut { .. }) => return Ok(Woken::Late),
            Err(error) => return Err(error),
        }
        let named: Vec<NodeId> = lock(channel).named.drain(..).collect();
        Ok(if named.is_empty() { Woken::Never } else { Woken::By(named) })
    }
}
