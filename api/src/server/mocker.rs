//! The server's mocker: one at a time, at work beside the requests.
//!
//! A mocker that has come to its end, `boot` after its ring or any by an error, is not in the way of the next. To stop
//! it is not an error either, the first time; an error that it ended by is told then.

use super::error::Refusal;
use axum::http::StatusCode;
use simnet::mocker::{self, BadMocker, Mocker, Stopper, node_count, stop_signal};
use simnet::{Handle, NetworkError};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// What a mocker does when asked for: its kind and rates, how many nodes, and a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    mocker: Mocker,
    nodes: usize,
    seed: u64,
}

impl Plan {
    /// Reads it from named values, of which the first of a name counts.
    pub(crate) fn read(values: &[(String, String)]) -> Result<Self, Refusal> {
        let value = |name: &str| values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let mut mocker = Mocker::named(value("mocker-type").unwrap_or_default()).map_err(refused)?;
        let nodes = node_count(value("node-count").unwrap_or_default()).map_err(refused)?;
        let seed = value("seed").map_or(Ok(0), |text| {
            let bad = |_| Refusal::invalid(format!("seed must be a whole number from 0 on, not {text:?}"));
            text.parse().map_err(bad)
        })?;
        for (position, (name, text)) in values.iter().enumerate() {
            let is_first = !values[..position].iter().any(|(before, _)| before == name);
            if is_first && !["mocker-type", "node-count", "seed"].contains(&name.as_str()) {
                let time = humantime::parse_duration(text);
                // Whether there is such a parameter comes before what it says.
                mocker.set(name, time.clone().unwrap_or_default()).map_err(refused)?;
                time.map_err(|error| {
                    Refusal::invalid(format!("{name}: {text:?} is no time such as 10s: {error}"))
                })?;
            }
        }
        mocker.check().map_err(refused)?;
        Ok(Self { mocker, nodes, seed })
    }
}

/// As Go's template.HTMLEscapeString in the original's answer: a name is the caller's own text.
fn refused(error: BadMocker) -> Refusal {
    let BadMocker::Unknown(name) = error else { return Refusal::invalid(error.to_string()) };
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let name = name.replace('"', "&#34;").replace('\'', "&#39;");
    Refusal::invalid(BadMocker::Unknown(name).to_string())
}

/// The mocker at work, if there is one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mockers(Arc<Mutex<Option<Running>>>);

#[derive(Debug)]
struct Running {
    stopper: Stopper,
    task: JoinHandle<Result<(), NetworkError>>,
}

impl Mockers {
    /// Sets a mocker to work, unless one is.
    pub(crate) async fn start(&self, net: Handle, plan: Plan) -> Result<(), Refusal> {
        let mut running = self.0.lock().await;
        if running.as_ref().is_some_and(|running| !running.task.is_finished()) {
            return Err(Refusal::new(StatusCode::CONFLICT, "mocker already running"));
        }
        let (stopper, stop) = stop_signal();
        // Somebody who pauses the clock wants the mocker to wait, not to end.
        let net = net.through_pauses();
        let task = tokio::spawn(async move {
            let Plan { mocker, nodes, seed } = plan;
            let ended = mocker::run(&net, mocker, nodes, seed, stop).await;
            if let Err(error) = &ended {
                tracing::warn!(target: "api", mocker = mocker.name(), %error, "the mocker has ended");
            }
            ended
        });
        *running = Some(Running { stopper, task });
        Ok(())
    }

    /// Stops the mocker and waits until it has stopped. Answers whether there was one.
    pub(crate) async fn stop(&self) -> Result<bool, Refusal> {
        let mut running = self.0.lock().await;
        let Some(Running { stopper, task }) = running.as_mut() else { return Ok(false) };
        stopper.stop();
        // If whoever asked goes away meanwhile, the next one waits for the same end.
        let ended = task.await;
        *running = None;
        let broken = |error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the mocker: {error}"));
        ended.map_err(broken)?.map_err(|error| Refusal::from(error).about("the mocker had ended: "))?;
        Ok(true)
    }
}
