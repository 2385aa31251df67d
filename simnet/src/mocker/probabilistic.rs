//! `probabilistic`: runs of neighbours stop and start, one after the other.
//!
//! In each round a step's length is drawn, and the run's two ends. At the end of every step one node of the run stops,
//! and the one that stopped a step before starts. The original never drew the last node, nor a run of one.

use super::Stop;
use crate::error::NetworkError;
use crate::handle::Handle;
use std::time::Duration;
use world::Entropy;

pub(super) async fn run(
    net: &Handle,
    names: &[String],
    rates: (Duration, Duration),
    entropy: &mut Entropy,
    stop: &mut Stop,
) -> Result<(), NetworkError> {
    loop {
        let step = length(rates, entropy);
        let mut end = || entropy.below(names.len() as u64) as usize;
        let (one, other) = (end(), end());
        let mut down = None;
        for name in &names[one.min(other)..=one.max(other)] {
            if next(net, step, down, stop).await? {
                return Ok(());
            }
            net.stop_node(name).await?;
            down = Some(name.as_str());
        }
        if next(net, step, down, stop).await? {
            return Ok(());
        }
    }
}

/// Lets a step pass and starts what is down. Answers whether the mocker is told to stop.
async fn next(
    net: &Handle,
    step: Duration,
    down: Option<&str>,
    stop: &mut Stop,
) -> Result<bool, NetworkError> {
    let passed = stop.pass(net, step).await;
    if let Some(name) = down {
        // Told to stop or out of time, it does not stay down.
        net.start_node(name).await?;
    }
    passed
}

/// A whole number of milliseconds from the one to before the other.
fn length((shortest, longest): (Duration, Duration), entropy: &mut Entropy) -> Duration {
    let span = longest.saturating_sub(shortest).as_millis().min(u128::from(u64::MAX)) as u64;
    shortest + Duration::from_millis(entropy.below(span.max(1)))
}
