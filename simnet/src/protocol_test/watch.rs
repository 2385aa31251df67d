//! Watching what mock peers hear, each until its own deadline.

use super::exchange::{Expect, Matcher, Mismatch};
use super::mock::Ears;
use devp2p::NodeId;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is expected at one peer, and until when.
#[derive(Debug)]
pub(super) struct Watch {
    peer: NodeId,
    until: Duration,
    patience: Duration,
    matcher: Matcher,
    error: Option<Mismatch>,
}

/// One watch for each peer that is to hear something, from `now` on. An exchange that has to be over before a peer's own
/// time is up bounds that too; `bound` is its deadline, and the time granted.
pub(super) fn watches(expects: Vec<Expect>, now: Duration, bound: (Duration, Duration)) -> Vec<Watch> {
    let mut by_peer: BTreeMap<NodeId, Vec<Expect>> = BTreeMap::new();
    for expect in expects {
        by_peer.entry(expect.peer).or_default().push(expect);
    }
    let watch = |(peer, expects): (NodeId, Vec<Expect>)| {
        let patience = expects.iter().fold(Duration::ZERO, |sum, expect| sum.saturating_add(expect.within));
        let (until, patience) = (now.saturating_add(patience), patience).min(bound);
        Watch { peer, until, patience, matcher: Matcher::new(expects), error: None }
    };
    by_peer.into_iter().map(watch).collect()
}

impl Watch {
    /// Whether anything is still expected of it.
    pub(super) fn is_open(&self) -> bool {
        self.error.is_some() || !self.matcher.is_done()
    }

    /// Whether it has heard something wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Takes what the peer has heard until it has heard all, or something wrong.
    pub(super) fn listen(&mut self, ears: &Ears) {
        ears.of(self.peer, |heard| {
            while self.error.is_none() && !self.matcher.is_done() {
                let Some((code, payload)) = heard.messages.pop_front() else {
                    if !heard.connected {
                        self.error = self.matcher.end().err();
                    }
                    return;
                };
                self.error = self.matcher.take(code, &payload).err();
            }
        });
    }
}

/// What has come of all of them, if anything has.
pub(super) fn outcome(watches: &[Watch]) -> Option<Result<(), Mismatch>> {
    let failed = watches.iter().find_map(|watch| watch.error.clone());
    failed.map(Err).or_else(|| watches.is_empty().then_some(Ok(())))
}

/// The first deadline, and how long that was from the beginning.
pub(super) fn nearest(watches: &[Watch]) -> (Duration, Duration) {
    watches.iter().map(|watch| (watch.until, watch.patience)).min().unwrap_or_default()
}
