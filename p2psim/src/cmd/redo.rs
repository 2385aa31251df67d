//! `redo`: what a recorded stream of events tells, done again on a server's network.

use super::remote::failure;
use super::{Remote, network, print};
use crate::failure::{Code, Failure};
use api::dto::Event;
use api::redo::Redo;
use std::path::Path;

pub(super) fn redo(remote: &Remote, file: Option<&Path>) -> Result<Code, Failure> {
    let (name, bytes) = network::input(file, "no events were given", "redo")?;
    let text = String::from_utf8_lossy(&bytes);
    remote.wait_for(async {
        let mut stream = Redo::default();
        for (number, line) in text.lines().enumerate() {
            let Some(json) = event_of(line) else { continue };
            let bad = |error: &dyn std::fmt::Display| {
                let failure =
                    Failure::new(Code::BadFile, format_args!("{name}, line {}: {error}", number + 1));
                failure.remedy("`p2psim events --current` writes a stream from its beginning")
            };
            let event: Event = serde_json::from_str(json).map_err(|error| bad(&error))?;
            for act in stream.handle(&event).map_err(|error| bad(&error))? {
                remote.client.redo(&act).await.map_err(failure)?;
                print(&format!("{act}\n"))?;
            }
        }
        Ok(Code::Done)
    })
}

/// A line of `p2psim events`, or of the stream as it comes over HTTP.
fn event_of(line: &str) -> Option<&str> {
    let line = line.strip_prefix("data:").unwrap_or(line).trim();
    line.starts_with('{').then_some(line)
}
