//! What came of a step.

use crate::error::NetworkError;
use crate::view::Event;
use devp2p::NodeId;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Any error, of an action or a check.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What came of a step. Times are simulated, since the network began.
#[derive(Debug, Default)]
pub struct StepResult {
    /// Why it ended before every node had passed; none if all have.
    pub error: Option<StepError>,
    /// When it began.
    pub started_at: Duration,
    /// When it ended, either way.
    pub finished_at: Duration,
    /// When each node passed.
    pub passes: BTreeMap<NodeId, Duration>,
    /// What happened in the network from beginning to end, in order.
    pub events: Vec<Arc<Event>>,
    /// Events that came too fast to be kept.
    pub missed: u64,
}

/// How long nodes took to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The first.
    pub min: Duration,
    /// On average.
    pub mean: Duration,
    /// The last.
    pub max: Duration,
}

impl StepResult {
    /// From beginning to end.
    pub fn duration(&self) -> Duration {
        self.finished_at.saturating_sub(self.started_at)
    }

    /// How long nodes took to pass, counted from the beginning; none if none did.
    pub fn spread(&self) -> Option<Spread> {
        let took = || self.passes.values().map(|at| at.saturating_sub(self.started_at));
        let mean = took().sum::<Duration>().checked_div(u32::try_from(self.passes.len()).ok()?)?;
        Some(Spread { min: took().min()?, mean, max: took().max()? })
    }

    /// The result itself if every node passed, or why not.
    ///
    /// # Errors
    /// The step's own.
    pub fn ok(self) -> Result<Self, StepError> {
        match self.error {
            None => Ok(self),
            Some(error) => Err(error),
        }
    }
}

/// Why a step ended early.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The action failed; nothing was checked.
    #[error("action: {0}")]
    Action(#[source] BoxError),
    /// A check failed, which is not the same as saying no.
    #[error("check of {id}: {error}")]
    Check {
        /// Which node was looked at.
        id: NodeId,
        /// What its check said.
        #[source]
        error: BoxError,
    },
    /// It took too long.
    #[error("{waiting} of {of} nodes ({who}) did not pass within {after:?} of {} time", if *simulated { "simulated" } else { "wall" })]
    TimedOut {
        /// Nodes that have not passed.
        waiting: usize,
        /// Of so many.
        of: usize,
        /// The first few of them.
        who: String,
        /// The time granted.
        after: Duration,
        /// Whose seconds these are.
        simulated: bool,
    },
    /// Nobody is left who could trigger another check.
    #[error("the trigger ended while {waiting} nodes had not passed")]
    TriggerEnded {
        /// Nodes that have not passed.
        waiting: usize,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
}
