//! `run --journal`: what `serve --record` wrote, done again.

use super::report::{message_rows, messages, seconds};
use super::run::{log_in, write};
use super::{interrupt, print, print_json, runtime, to_line};
use crate::args::Run;
use crate::clock::Stopwatch;
use crate::failure::{Code, Failure};
use crate::progress::Bar;
use crate::table::table;
use ::node::Services;
use serde::Serialize;
use simnet::report::MessageRow;
use simnet::{NetworkConfig, Recording, Replay};
use std::io::IsTerminal;
use std::path::Path;

/// What `--json` prints and `result.json` holds.
#[derive(Debug, Serialize)]
struct Document {
    journal: String,
    digest: String,
    /// `null` if the session did not end in order.
    recorded: Option<String>,
    matches: Option<bool>,
    commands: usize,
    simulated_seconds: f64,
    wall_seconds: f64,
    nodes: usize,
    connections: usize,
    messages: Vec<MessageRow>,
}

pub(super) fn replay(args: &Run, journal: &Path, services: Services) -> Result<Code, Failure> {
    let log_form = args.log_format.into();
    let log_file = args.out.as_deref().map(|out| log_in(out, log_form)).transpose()?;
    let recording = Recording::open(journal)?;
    let config = recording.config(NetworkConfig {
        services,
        shards: args.threads.get(),
        log_file,
        log_form,
        ..NetworkConfig::default()
    })?;
    let watch = Stopwatch::start();
    let end = args.until.unwrap_or(recording.end());
    let bar = Bar::new(!args.json && std::io::stderr().is_terminal());
    let replay = runtime().block_on(async {
        let network = simnet::start(config)?;
        let played = tokio::select! {
            played = recording.play(&network, args.until, |now| bar.passed(now, end)) => Some(played),
            () = interrupt::asked() => None,
        };
        let (simulated, tally) = (network.now().await?, network.tally().await?);
        let digest = network.shut_down().await;
        let Some(played) = played else {
            let what = format!("interrupted after {simulated:?} of simulated time");
            return Err(Failure::new(Code::Interrupted, what));
        };
        let (commands, digest) = (played?, digest?);
        // Of a part nothing was recorded.
        let recorded = recording.recorded().filter(|_| args.until.is_none());
        Ok(Replay { digest, recorded, commands, simulated, tally })
    })?;
    drop(bar);
    let (wall, tally) = (watch.elapsed(), &replay.tally);
    let matches = replay.recorded.map(|recorded| recorded == replay.digest);
    let document = Document {
        journal: journal.display().to_string(),
        digest: replay.digest.to_string(),
        recorded: replay.recorded.map(|digest| digest.to_string()),
        matches,
        commands: replay.commands,
        simulated_seconds: replay.simulated.as_secs_f64(),
        wall_seconds: wall.as_secs_f64(),
        nodes: tally.nodes_up,
        connections: tally.conns_up,
        messages: message_rows(&tally.messages),
    };
    if let Some(out) = &args.out {
        write(&out.join("result.json"), &to_line(&document))?;
    }
    if args.json {
        print_json(&document)?;
    } else {
        let recorded = match (replay.recorded, matches) {
            (Some(_), Some(true)) => "the same".to_owned(),
            (Some(recorded), _) => format!("{recorded}, which is DIFFERENT"),
            (None, _) if args.until.is_some() => "none: the session went on".to_owned(),
            (None, _) => "none: the session did not end in order".to_owned(),
        };
        print(&table(&[
            ["COMMANDS", &replay.commands.to_string()],
            ["NODES", &tally.nodes_up.to_string()],
            ["CONNECTIONS", &tally.conns_up.to_string()],
            ["SIMULATED", &seconds(replay.simulated)],
            ["WALL", &seconds(wall)],
            ["DIGEST", &replay.digest.to_string()],
            ["RECORDED", &recorded],
        ]))?;
        print("\n")?;
        print(&messages(&tally.messages))?;
    }
    Ok(if matches == Some(false) { Code::Failed } else { Code::Done })
}
