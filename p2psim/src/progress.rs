//! How far a run has come, on a terminal; where there is none, nothing.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use simnet::scenario::Progress;
use std::time::Duration;

/// Positions of the bar while a scenario's time passes.
const STEPS: u64 = 1_000;

/// A bar on standard error. It goes away when dropped.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar, unless something else is to be read there.
    pub(crate) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        let style =
            ProgressStyle::with_template("{msg:32} [{bar:30}] {elapsed}").expect("the template is constant");
        bar.set_style(style.progress_chars("=> "));
        if shown {
            // Some stages are one long step: the time that has passed shows that something is being done.
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    /// So much simulated time has passed, of so much.
    pub(crate) fn passed(&self, done: Duration, of: Duration) {
        self.show(Progress::Passing { done, of });
    }

    pub(crate) fn show(&self, progress: Progress) {
        let (message, position) = tell(progress);
        self.0.set_message(message);
        self.0.set_position(position);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn tell(progress: Progress) -> (String, u64) {
    let part =
        |done: u128, of: u128| (done * u128::from(STEPS)).checked_div(of).unwrap_or(STEPS.into()) as u64;
    match progress {
        Progress::Creating { done, of } => (format!("creating {of} nodes"), part(done as u128, of as u128)),
        Progress::Starting { nodes } => (format!("starting {nodes} nodes"), 0),
        Progress::Connecting { connections } => (format!("making {connections} connections"), 0),
        Progress::Passing { done, of } => {
            let shown = Duration::from_millis(done.as_millis() as u64);
            let message =
                format!("{} of {}", humantime::format_duration(shown), humantime::format_duration(of));
            (message, part(done.as_nanos(), of.as_nanos()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_tell_what_is_being_done() {
        for (progress, message, position) in [
            (Progress::Creating { done: 50, of: 100 }, "creating 100 nodes", 500),
            (Progress::Starting { nodes: 7 }, "starting 7 nodes", 0),
            (Progress::Connecting { connections: 9 }, "making 9 connections", 0),
            (
                Progress::Passing { done: Duration::from_millis(15_000), of: Duration::from_secs(60) },
                "15s of 1m",
                250,
            ),
        ] {
            assert_eq!(tell(progress), (message.to_owned(), position));
        }
    }
}
