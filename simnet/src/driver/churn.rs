//! Churn under way: who leaves next, who is away, and who is to dial whom again.

use super::Driver;
use crate::churn::{Churn, ChurnView, Rate};
use crate::error::NetworkError;
use crate::state::NodeState;
use devp2p::NodeId;
use std::collections::BTreeSet;
use std::time::Duration;
use world::Entropy;

/// After this time a process that was started is taken to be up, or not to come.
const COMING_UP: Duration = Duration::from_secs(2);

/// The churn that goes on.
pub(super) struct Churning {
    churn: Churn,
    /// Tells it from those before it, whose plans may still be on the agenda.
    number: u64,
    /// Whom it is about; anyone without.
    nodes: Option<Vec<NodeId>>,
    entropy: Entropy,
    away: BTreeSet<NodeId>,
    /// Connections to be asked for again when both ends are up.
    owed: BTreeSet<(NodeId, NodeId)>,
    left: u64,
}

impl Churning {
    fn view(&self) -> ChurnView {
        ChurnView { churn: self.churn.clone(), left: self.left, away: self.away.len() }
    }
}

impl Driver {
    pub(crate) fn start_churn(&mut self, churn: Churn) -> Result<(), NetworkError> {
        churn.check()?;
        let nodes = match churn.nodes.as_slice() {
            [] => None,
            words => Some(self.network.select(words)?),
        };
        if self.churn.is_some() {
            self.stop_churn()?;
        }
        let entropy = Entropy::derive(churn.seed, u32::MAX, 0, "churn");
        self.churns += 1;
        let (number, away, owed) = (self.churns, BTreeSet::new(), BTreeSet::new());
        let mut churning = Churning { churn, number, nodes, entropy, away, owed, left: 0 };
        self.plan_departure(&mut churning);
        self.churn = Some(churning);
        Ok(())
    }

    pub(crate) fn stop_churn(&mut self) -> Result<ChurnView, NetworkError> {
        let mut churning = self.churn.take().ok_or(NetworkError::NoChurn)?;
        let view = churning.view();
        for id in std::mem::take(&mut churning.away) {
            self.come_back(&mut churning, id)?;
        }
        Ok(view)
    }

    pub(crate) fn churn(&self) -> Option<ChurnView> {
        self.churn.as_ref().map(Churning::view)
    }

    /// Those who might leave. Where each has a rate of its own, that goes on while it is away, unheeded.
    fn candidates(&self, churning: &Churning) -> Vec<NodeId> {
        let state = self.network.state();
        let of_all = matches!(churning.churn.rate, Rate::All { .. });
        let fits = |node: &&NodeState| node.up || !of_all;
        match &churning.nodes {
            Some(nodes) => {
                nodes.iter().filter_map(|id| state.node(id)).filter(fits).map(|node| node.id).collect()
            }
            None => state.nodes().iter().filter(fits).map(|node| node.id).collect(),
        }
    }

    fn plan_departure(&mut self, churning: &mut Churning) {
        // Where there is nobody yet, it is looked again when there might be.
        let candidates = self.candidates(churning).len().max(1);
        let number = churning.number;
        if let Some(next) = churning.churn.rate.next(candidates, &mut churning.entropy) {
            self.plan(next, move |driver| driver.in_churn(number, Self::depart));
        }
    }

    /// Does something to the churn of that number, if it still goes on.
    fn in_churn(
        &mut self,
        number: u64,
        act: impl FnOnce(&mut Self, &mut Churning) -> Result<(), NetworkError>,
    ) {
        let Some(mut churning) = self.churn.take_if(|churning| churning.number == number) else { return };
        let done = act(self, &mut churning);
        self.churn = Some(churning);
        if let Err(error) = done {
            tracing::warn!(target: "simnet", %error, "churn");
        }
    }

    /// One of the nodes leaves, unless the one whose turn it is has left already.
    fn depart(&mut self, churning: &mut Churning) -> Result<(), NetworkError> {
        // Whatever becomes of this departure, there is a next.
        self.plan_departure(churning);
        let candidates = self.candidates(churning);
        if candidates.is_empty() {
            return Ok(());
        }
        let id = candidates[churning.entropy.below(candidates.len() as u64) as usize];
        if !self.network.state().node(&id).is_some_and(|node| node.up) {
            return Ok(());
        }
        churning.owed.extend(self.network.wanted_by(&id));
        // What an adapter answers later is in the log when it does.
        drop(if churning.churn.crash { self.crash(id)? } else { self.stop(id)? });
        churning.left += 1;
        churning.away.insert(id);
        let number = churning.number;
        if let Some(away) = churning.churn.down.draw(&mut churning.entropy) {
            self.plan(away, move |driver| {
                driver.in_churn(number, |driver, churning| match churning.away.remove(&id) {
                    true => driver.come_back(churning, id),
                    false => Ok(()),
                });
            });
        }
        Ok(())
    }

    /// A node starts again, and connections that are owed are asked for.
    fn come_back(&mut self, churning: &mut Churning, id: NodeId) -> Result<(), NetworkError> {
        // Somebody may have started it, or taken it away.
        if self.network.state().node(&id).is_some_and(|node| !node.up) {
            drop(self.start(id)?);
        }
        self.settle(churning);
        if !self.is_virtual() {
            // A process takes its time to come up.
            let number = churning.number;
            let settle = |driver: &mut Self, churning: &mut Churning| {
                driver.settle(churning);
                Ok(())
            };
            self.plan(COMING_UP, move |driver| driver.in_churn(number, settle));
        }
        Ok(())
    }

    /// Asks for the connections that are owed and can be had.
    fn settle(&mut self, churning: &mut Churning) {
        let state = self.network.state();
        let up = |id: &NodeId| state.node(id).is_some_and(|node| node.up);
        let due: Vec<_> = churning.owed.iter().copied().filter(|(one, other)| up(one) && up(other)).collect();
        for (one, other) in due {
            match self.ask_connect(one, other) {
                // Somebody has asked for it meanwhile.
                Ok(()) | Err(NetworkError::AlreadyConnected(..)) => drop(churning.owed.remove(&(one, other))),
                Err(error) => tracing::debug!(target: "simnet", %error, "churn: a connection is still owed"),
            }
        }
    }
}
