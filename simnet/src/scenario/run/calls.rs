//! The workload: when the next call is due, who is called, and what became of it.

use super::agenda::Due;
use super::{Progress, Run, RunError, while_};
use crate::adapter::Answer;
use crate::churn::Rate;
use crate::scenario::load::{Beat, Pick, Workload};
use devp2p::NodeId;
use node::RpcError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot::error::TryRecvError;
use world::Entropy;

/// Draws for a node that is up before all are looked through.
const DRAWS: usize = 32;

/// No method of that name, no such parameters (JSON-RPC 2.0, section 5.1).
const SCENARIO_S_FAULT: [i64; 2] = [-32_601, -32_602];

/// Who makes the calls of one workload.
#[derive(Debug)]
pub(super) struct Caller {
    entropy: Entropy,
    /// The nodes that are meant.
    among: Arc<[NodeId]>,
    made: u64,
    /// Whose turn it is.
    turn: usize,
    /// Calls that were not answered when they were made.
    pending: Vec<Answer>,
}

impl Caller {
    pub(super) fn new(entropy: Entropy) -> Self {
        Self { entropy, among: Arc::new([]), made: 0, turn: 0, pending: Vec::new() }
    }

    /// When the first call is due.
    fn first(&mut self, workload: &Workload) -> Duration {
        match workload.beat {
            Beat::Every(_) | Beat::Once => workload.after,
            Beat::Rate(rate) => workload.after.saturating_add(gap(rate, &mut self.entropy)),
        }
    }

    /// When the one after a call at `at` is due, if there is one.
    fn next(&mut self, workload: &Workload, at: Duration) -> Option<Duration> {
        let next = match workload.beat {
            Beat::Once => return None,
            Beat::Every(every) => at.saturating_add(every),
            Beat::Rate(rate) => at.saturating_add(gap(rate, &mut self.entropy)),
        };
        let left = workload.times.is_none_or(|times| self.made < times);
        (left && next < workload.before).then_some(next)
    }
}

/// From one call to the next.
fn gap(rate: Rate, entropy: &mut Entropy) -> Duration {
    rate.next(1, entropy).unwrap_or(Duration::MAX)
}

impl<P: FnMut(Progress)> Run<'_, P> {
    /// Puts the first calls down.
    pub(super) fn begin_calls(&mut self) {
        for (place, workload) in self.scenario.workload.iter().enumerate() {
            let caller = &mut self.callers[place];
            let among = self.cast.select(&workload.from, &mut caller.entropy);
            caller.among = among.into_iter().map(|node| self.ids[node]).collect();
            let first = caller.first(workload);
            if first < workload.before || workload.beat == Beat::Once {
                self.agenda.put(first, Due::Call(place));
            }
        }
    }

    /// Makes a call, and puts the next one down.
    pub(super) async fn call(&mut self, place: usize, at: Duration) -> Result<(), RunError> {
        let workload = &self.scenario.workload[place];
        let called = self.called(place).await?;
        if called.is_empty() {
            self.calls.passed_over += 1;
        }
        for node in called {
            let answer = self.handle.begin_call(node, workload.call.clone(), workload.params.clone()).await;
            self.callers[place].pending.push(answer.map_err(while_("calling the nodes"))?);
            self.calls.made += 1;
        }
        self.callers[place].made += 1;
        self.gather(place)?;
        if let Some(next) = self.callers[place].next(workload, at) {
            self.agenda.put(next, Due::Call(place));
        }
        Ok(())
    }

    /// Who is called this time; nobody if none of them is up.
    async fn called(&mut self, place: usize) -> Result<Vec<NodeId>, RunError> {
        let (pick, caller) = (self.scenario.workload[place].pick, &mut self.callers[place]);
        let (among, count) = (Arc::clone(&caller.among), caller.among.len());
        if count == 0 {
            return Ok(Vec::new());
        }
        // As many draws whoever is up, so that the next call's do not depend on it.
        let draws: Vec<usize> = match pick {
            Pick::Random => (0..DRAWS).map(|_| caller.entropy.below(count as u64) as usize).collect(),
            Pick::InTurn => (0..count).map(|step| (caller.turn + step) % count).collect(),
            Pick::Each => Vec::new(),
        };
        let last = caller.entropy.next_u64();
        let chosen = self.handle.read(move |state| {
            let is_up = |place: &usize| state.node(&among[*place]).is_some_and(|node| node.up);
            let all = || (0..count).filter(is_up);
            match (pick, draws.into_iter().find(is_up)) {
                (Pick::Each, _) => all().map(|place| (place, among[place])).collect(),
                (_, Some(place)) => vec![(place, among[place])],
                (Pick::InTurn, None) => Vec::new(),
                (Pick::Random, None) => {
                    let up: Vec<usize> = all().collect();
                    let chosen = (!up.is_empty()).then(|| up[(last % up.len() as u64) as usize]);
                    chosen.into_iter().map(|place| (place, among[place])).collect::<Vec<_>>()
                }
            }
        });
        let chosen = chosen.await.map_err(while_("choosing whom to call"))?;
        if let (Pick::InTurn, [(whose, _)]) = (pick, &chosen[..]) {
            self.callers[place].turn = whose + 1;
        }
        Ok(chosen.into_iter().map(|(_, id)| id).collect())
    }

    /// Looks at the answers that have come.
    pub(super) fn gather_answers(&mut self) -> Result<(), RunError> {
        (0..self.callers.len()).try_for_each(|place| self.gather(place))
    }

    fn gather(&mut self, place: usize) -> Result<(), RunError> {
        let mut errors: Vec<RpcError> = Vec::new();
        self.callers[place].pending.retain_mut(|answer| match answer.try_recv() {
            Ok(outcome) => {
                errors.extend(outcome.err());
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Closed) => {
                errors.push(RpcError::failed(crate::adapter::NODE_STOPPED));
                false
            }
        });
        for error in errors {
            self.calls.failed += 1;
            let workload = &self.scenario.workload[place];
            if SCENARIO_S_FAULT.contains(&error.code) {
                return Err(self.scenario.wrong(workload.span.clone(), error.message).into());
            }
            self.calls.first_error.get_or_insert_with(|| format!("{}: {}", workload.call, error.message));
        }
        Ok(())
    }
}
