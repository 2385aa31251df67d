//! One step of an experiment, as geth's `simulations.Simulation` runs it: do something, then see that each of some nodes
//! comes to meet an expectation, looking at a node whenever a trigger names it.
//!
//! Everything is in the network's own time. Checks are made one at a time, between two events, so a step on one seed
//! takes the same course every time. Nothing is spawned, so nothing is left behind when a step ends.
//!
//! ```
//! use simnet::step::{Expectation, Simulation, Step, Trigger};
//! use simnet::{NetworkConfig, Until, start};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let net = start(NetworkConfig::default())?;
//! let mut nodes = Vec::new();
//! for _ in 0..3 {
//!     nodes.push(net.create_node(Default::default()).await?.config.id);
//! }
//! net.start_all().await?;
//! let connect = async |net: &simnet::Handle| {
//!     net.connect("node01", "node02", Until::Asked).await?;
//!     net.connect("node02", "node03", Until::Asked).await?;
//!     Ok(())
//! };
//! let expect = Expectation::of(nodes, async |net, id| {
//!     Ok(net.read(move |state| state.node(&id).is_some_and(|node| node.peers > 0)).await?)
//! });
//! let step = Step::new("everyone has a peer", connect, expect)
//!     .triggered(Trigger::every(Duration::from_millis(100)))
//!     .within(Duration::from_secs(10));
//! let result = Simulation::new(net).run(step).await;
//! assert_eq!(result.passes.len(), 3, "{:?}", result.error);
//! # Ok::<(), simnet::NetworkError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod result;
mod trigger;

pub use result::{BoxError, Spread, StepError, StepResult};
pub use trigger::{Trigger, TriggerSender};

use crate::collect::Collector;
use crate::error::NetworkError;
use crate::handle::{Handle, PATIENCE};
use crate::view::EventFilter;
use devp2p::NodeId;
use indexmap::IndexSet;
use std::fmt;
use std::future::{Ready, ready};
use std::time::Duration;
use trigger::Woken;

/// Runs steps on a network.
#[derive(Clone, Debug)]
pub struct Simulation {
    net: Handle,
}

/// What is expected of each of some nodes.
pub struct Expectation<C> {
    nodes: IndexSet<NodeId>,
    check: C,
}

/// The check of [`Expectation::none`], which is never made.
pub type NoCheck = fn(&Handle, NodeId) -> Ready<Result<bool, BoxError>>;

impl<C: AsyncFnMut(&Handle, NodeId) -> Result<bool, BoxError>> Expectation<C> {
    /// Of each of `nodes`, that `check` says yes. A node named twice is one node.
    pub fn of(nodes: impl IntoIterator<Item = NodeId>, check: C) -> Self {
        Self { nodes: nodes.into_iter().collect(), check }
    }
}

impl Expectation<NoCheck> {
    /// Nothing of anyone: the step ends with its action.
    pub fn none() -> Self {
        Self { nodes: IndexSet::new(), check: |_, _| ready(Ok(true)) }
    }
}

impl<C> fmt::Debug for Expectation<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

/// An action, and what is expected after it.
pub struct Step<A, C> {
    name: String,
    action: A,
    expect: Expectation<C>,
    trigger: Trigger,
    within: Duration,
    messages: EventFilter,
}

impl<A, C> Step<A, C>
where
    A: AsyncFnOnce(&Handle) -> Result<(), BoxError>,
    C: AsyncFnMut(&Handle, NodeId) -> Result<bool, BoxError>,
{
    /// A step that looks at all nodes every 100 ms, for half a minute at most.
    pub fn new(name: impl Into<String>, action: A, expect: Expectation<C>) -> Self {
        let trigger = Trigger::every(Duration::from_millis(100));
        Self {
            name: name.into(),
            action,
            expect,
            trigger,
            within: PATIENCE,
            messages: EventFilter::default(),
        }
    }

    /// When nodes are looked at.
    #[must_use]
    pub fn triggered(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// How long it may take, its action included, in simulated time. An action is not cut short: it ends of itself, and
    /// then it is too late.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Which messages are among the events of its result; none unless named here.
    #[must_use]
    pub fn messages(mut self, messages: EventFilter) -> Self {
        self.messages = messages;
        self
    }
}

impl<A, C> fmt::Debug for Step<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("name", &self.name)
            .field("expect", &self.expect)
            .field("trigger", &self.trigger)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

impl Simulation {
    /// Steps on this network.
    pub fn new(net: Handle) -> Self {
        Self { net }
    }

    /// The network.
    pub fn network(&self) -> &Handle {
        &self.net
    }

    /// Runs a step to its end. Its outcome is recorded in the network's log under the step's name.
    pub async fn run<A, C>(&self, step: Step<A, C>) -> StepResult
    where
        A: AsyncFnOnce(&Handle) -> Result<(), BoxError>,
        C: AsyncFnMut(&Handle, NodeId) -> Result<bool, BoxError>,
    {
        let Step { name, action, expect, trigger, within, messages } = step;
        let of = expect.nodes.len();
        let mut result = StepResult::default();
        let ran = self.begin(&messages, &mut result).await;
        let ran = match ran {
            Ok(events) => {
                let run = Run { net: &self.net, events, within, result: &mut result };
                run.finish(action, expect, trigger).await
            }
            Err(error) => Err(error.into()),
        };
        result.error = ran.err();
        result.finished_at = self.net.now().await.unwrap_or(result.started_at).max(result.started_at);
        let detail = match &result.error {
            None => format!("{of} of {of} nodes after {:?}", result.duration()),
            Some(error) => error.to_string(),
        };
        // A network that has gone has told so already.
        let _ = self.net.expectation(name, result.error.is_none(), detail).await;
        result
    }

    async fn begin(
        &self,
        messages: &EventFilter,
        result: &mut StepResult,
    ) -> Result<Collector, NetworkError> {
        result.started_at = self.net.now().await?;
        Ok(Collector::new(self.net.subscribe(messages.clone(), false).await?))
    }
}

/// A step under way.
struct Run<'a> {
    net: &'a Handle,
    events: Collector,
    within: Duration,
    result: &'a mut StepResult,
}

impl Run<'_> {
    async fn finish<A, C>(
        mut self,
        action: A,
        expect: Expectation<C>,
        trigger: Trigger,
    ) -> Result<(), StepError>
    where
        A: AsyncFnOnce(&Handle) -> Result<(), BoxError>,
        C: AsyncFnMut(&Handle, NodeId) -> Result<bool, BoxError>,
    {
        let done = match action(self.net).await {
            Ok(()) => self.expect(expect, trigger).await,
            Err(error) => Err(StepError::Action(error)),
        };
        self.result.events.extend(self.events.take());
        self.result.missed = self.events.missed();
        done
    }

    async fn expect<C>(&mut self, mut expect: Expectation<C>, trigger: Trigger) -> Result<(), StepError>
    where
        C: AsyncFnMut(&Handle, NodeId) -> Result<bool, BoxError>,
    {
        let deadline = self.result.started_at.saturating_add(self.within);
        let mut source = trigger.begin(self.net.clone(), self.events.clone(), self.net.now().await?);
        let mut waiting = expect.nodes;
        while !waiting.is_empty() {
            if self.net.now().await? > deadline {
                return Err(self.timed_out(&waiting).await);
            }
            let named = match source.next(&waiting, deadline).await? {
                Woken::By(named) => named,
                Woken::Late => return Err(self.timed_out(&waiting).await),
                Woken::Never => return Err(StepError::TriggerEnded { waiting: waiting.len() }),
            };
            for id in named {
                if !waiting.contains(&id) {
                    continue;
                }
                let passed = (expect.check)(self.net, id).await;
                if passed.map_err(|error| StepError::Check { id, error })? {
                    waiting.shift_remove(&id);
                    self.result.passes.insert(id, self.net.now().await?);
                }
            }
        }
        Ok(())
    }

    async fn timed_out(&self, waiting: &IndexSet<NodeId>) -> StepError {
        let of = waiting.len() + self.result.passes.len();
        let ids: Vec<NodeId> = waiting.iter().copied().collect();
        let names = self.net.read(move |state| {
            let name =
                |id: &NodeId| state.node(id).map_or_else(|| id.short().to_string(), |node| node.name.clone());
            ids.iter().map(name).collect::<Vec<_>>()
        });
        match (names.await, self.net.has_virtual_time().await) {
            (Ok(late), Ok(simulated)) => {
                let (waiting, who) = (late.len(), crate::wait::some_of(&late));
                StepError::TimedOut { waiting, of, who, after: self.within, simulated }
            }
            (Err(error), _) | (_, Err(error)) => error.into(),
        }
    }
}
