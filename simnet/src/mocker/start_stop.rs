//! `startStop`: now and then one node stops, and starts again.

use super::Stop;
use crate::error::NetworkError;
use crate::handle::Handle;
use std::time::Duration;
use world::Entropy;

pub(super) async fn run(
    net: &Handle,
    names: &[String],
    (every, pause): (Duration, Duration),
    entropy: &mut Entropy,
    stop: &mut Stop,
) -> Result<(), NetworkError> {
    while !stop.pass(net, every).await? {
        let name = &names[entropy.below(names.len() as u64) as usize];
        net.stop_node(name).await?;
        let paused = stop.pass(net, pause).await;
        // Told to stop or out of time, the node does not stay down.
        net.start_node(name).await?;
        if paused? {
            break;
        }
    }
    Ok(())
}
