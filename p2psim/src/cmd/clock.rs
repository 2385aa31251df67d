//! `clock`: how fast a server's time passes, that it passes at all, and how far.

use super::{Remote, print, print_json};
use crate::args::{Clock, ClockCommand, Until};
use crate::failure::{Code, Failure};
use api::dto::{self, RunUntil, SetClock, Step};

pub(super) fn clock(remote: &Remote, args: Clock) -> Result<Code, Failure> {
    let client = &remote.client;
    let pause = |paused| SetClock { pace: None, paused: Some(paused) };
    let clock = match args.command {
        None => {
            let clock = remote.wait(client.clock())?;
            if args.listing.json {
                print_json(&clock)?;
                return Ok(Code::Done);
            }
            clock
        }
        Some(ClockCommand::Pace { pace }) => {
            remote.wait(client.set_clock(&SetClock { pace: Some(pace), paused: None }))?
        }
        Some(ClockCommand::Pause) => remote.wait(client.set_clock(&pause(true)))?,
        Some(ClockCommand::Resume) => remote.wait(client.set_clock(&pause(false)))?,
        Some(ClockCommand::Step { by, events }) => remote.wait(client.step(&Step { by, events }))?,
        Some(ClockCommand::Until(until)) => {
            let Until { time, nodes, conns, peers, within } = until;
            remote.wait(client.run_until(&RunUntil { time, nodes, conns, peers, within }))?
        }
    };
    print(&(told(&clock) + "\n"))?;
    Ok(Code::Done)
}

/// The clock in a few words.
pub(super) fn told(clock: &dto::Clock) -> String {
    match clock.pace.as_str() {
        "paused" => format!("{}, paused", clock.time),
        pace if clock.is_virtual => format!("{}, pace {pace}", clock.time),
        _ => format!("{}, real time", clock.time),
    }
}
