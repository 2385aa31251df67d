//! The routes of the clock: how fast time passes, that it passes at all, step by step, and until something holds.

use super::error::Refusal;
use super::routes::{Answer, json_answer, read_body};
use crate::dto;
use axum::body::Body;
use simnet::condition::Text;
use simnet::{ClockView, Handle};
use std::time::Duration;
use world::sim::Pace;

const PACE: (&str, &str) = ("clock", r#"an object such as {"pace":"5"} or {"paused":true}"#);
const STEP: (&str, &str) = ("step", r#"an object such as {"by":"500ms"} or {"events":1}"#);
const UNTIL: (&str, &str) = ("until", r#"an object such as {"time":"60s"} or {"conns":10,"within":"30s"}"#);

/// `GET /clock`.
pub(super) async fn show(network: &Handle) -> Answer {
    Ok(answer(network.clock().await?))
}

/// `POST /clock`.
pub(super) async fn set(network: &Handle, body: Body) -> Answer {
    let wanted: dto::SetClock = read_body(body, PACE).await?;
    let clock = match (wanted.pace, wanted.paused) {
        (Some(pace), None) => {
            let pace = pace.parse::<Pace>().map_err(|error| Refusal::invalid(format!("clock: {error}")))?;
            set_pace(network, pace).await?
        }
        (None, Some(true)) => set_pace(network, Pace::Paused).await?,
        (None, Some(false)) => network.resume().await?,
        _ => return Err(Refusal::invalid(format!("clock: one of pace and paused; wanted is {}", PACE.1))),
    };
    Ok(answer(clock))
}

async fn set_pace(network: &Handle, pace: Pace) -> Result<ClockView, Refusal> {
    network.set_pace(pace).await?;
    Ok(network.clock().await?)
}

/// `POST /clock/step`.
pub(super) async fn step(network: &Handle, body: Body) -> Answer {
    let wanted: dto::Step = read_body(body, STEP).await?;
    Ok(answer(match (wanted.by, wanted.events) {
        (Some(by), None) => network.step(span("step: by", &by)?).await?,
        (None, events) => network.step_events(events.unwrap_or(1)).await?,
        _ => return Err(Refusal::invalid(format!("step: one of by and events; wanted is {}", STEP.1))),
    }))
}

/// `POST /clock/until`.
pub(super) async fn until(network: &Handle, body: Body) -> Answer {
    let dto::RunUntil { time, nodes, conns, peers, within } = read_body(body, UNTIL).await?;
    let condition = dto::Condition { nodes, conns, peers, within };
    Ok(answer(match time {
        Some(_) if condition != dto::Condition::default() => {
            let text = "until: a time, or a condition; to wait for a condition until a time say how long with within";
            return Err(Refusal::invalid(text));
        }
        Some(time) => network.step_to(span("until: time", &time)?).await?,
        None => {
            let (what, within) = condition.read("until")?;
            network.step_until(&what, within, move |state| condition.holds(state)).await?
        }
    }))
}

fn answer(clock: ClockView) -> axum::response::Response {
    json_answer(&dto::Clock::from(clock))
}

/// A length of time in a request.
pub(super) fn span(what: &str, text: &str) -> Result<Duration, Refusal> {
    let read = text.parse::<Text<Duration>>();
    read.map(|Text(span)| span).map_err(|error| Refusal::invalid(format!("{what}: {error}")))
}
