//! Journals, played again: a session up to any moment of it, and on from there.
//!
//! A recording is played on a network of its own that is paused: time passes only from command to command. So the same
//! log comes of it, and at any moment between two commands the network is the recorded one, inside as well. From there it
//! can be driven on by hand ([`Recording::play`] and then anything), or with other commands ([`Recording::fork`]).

use crate::condition::{BadText, Text};
use crate::error::NetworkError;
use crate::handle::Handle;
use crate::journal::{JournalError, Recording};
use crate::record::Digest;
use crate::start::{NetworkConfig, start};
use crate::tally::Tally;
use devp2p::Fidelity;
use std::path::Path;
use std::time::Duration;
use world::sim::{Link, Pace};

/// Steps in which time passes where nothing is asked for long: what a progress bar can show.
const STEPS: u32 = 100;

/// What became of a replay.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The digest of the log.
    pub digest: Digest,
    /// The digest that was recorded, if the session ended in order.
    pub recorded: Option<Digest>,
    /// Commands done again.
    pub commands: usize,
    /// Simulated time at the end.
    pub simulated: Duration,
    /// The network at the end, counted before it was shut down.
    pub tally: Tally,
}

/// Why a replay failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal makes no sense.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its first line names no link.
    #[error("the journal's first line: {0}")]
    Link(#[from] BadText),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The journal was written by another version.
    #[error(
        "the journal was recorded by p2psim {recorded}, this is {this}: only the same version replays to the same digest"
    )]
    Version {
        /// Who wrote it.
        recorded: String,
        /// Who reads it.
        this: &'static str,
    },
    /// What should happen from a moment on would happen before it.
    #[error("{path} has a command at {at:?}, before the fork at {fork:?}: the past is what it was")]
    Past {
        /// The file with the commands.
        path: String,
        /// When one of them is due.
        at: Duration,
        /// When the future begins.
        fork: Duration,
    },
}

impl Recording {
    /// Reads a journal that this program can play.
    ///
    /// # Errors
    /// It is none, or another version wrote it.
    pub fn open(journal: &Path) -> Result<Self, ReplayError> {
        let recording = Self::read(journal)?;
        let this = env!("CARGO_PKG_VERSION");
        if recording.header.p2psim != this {
            return Err(ReplayError::Version { recorded: recording.header.p2psim, this });
        }
        Ok(recording)
    }

    /// The network it is of, paused at its beginning. Of `config`, services, threads and files count.
    ///
    /// # Errors
    /// The journal's header names no link.
    pub fn config(&self, config: NetworkConfig) -> Result<NetworkConfig, ReplayError> {
        let header = &self.header;
        Ok(NetworkConfig {
            id: header.id.clone(),
            default_service: header.default_service.clone(),
            seed: header.seed,
            fidelity: if header.fidelity == "message" { Fidelity::Message } else { Fidelity::Wire },
            link: header.link.parse::<Text<Link>>()?.0,
            dial_ban: Duration::from_nanos(header.dial_ban),
            max_peers: header.max_peers,
            pace: Pace::Paused,
            ..config
        })
    }

    /// When it is over.
    pub fn end(&self) -> Duration {
        let last = self.commands.last().map(|(at, _)| *at);
        self.end.map(|(at, _)| at).or(last).unwrap_or_default()
    }

    /// The digest that was recorded, if the session ended in order.
    pub fn recorded(&self) -> Option<Digest> {
        self.end.and_then(|(_, digest)| digest)
    }

    /// How many commands it has.
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Another future: up to `at` as it was, then what `future` says, a file of the journal's lines without its first.
    /// What was recorded after `at` still happens unless `anew`.
    ///
    /// # Errors
    /// The file makes no sense, or is about what has gone by.
    pub fn fork(&mut self, at: Duration, future: Option<&Path>, anew: bool) -> Result<(), ReplayError> {
        let end = self.end().max(at);
        if anew {
            self.commands.retain(|(when, _)| *when < at);
        }
        let more = future.map_or(Ok(Vec::new()), Self::read_commands)?;
        if let (Some(path), Some((when, _))) = (future, more.iter().find(|(when, _)| *when < at)) {
            let path = path.display().to_string();
            return Err(ReplayError::Past { path, at: *when, fork: at });
        }
        self.commands.extend(more);
        // Of one moment, what was recorded comes first.
        self.commands.sort_by_key(|(when, _)| *when);
        self.end = None;
        self.end = Some((end.max(self.end()), None));
        Ok(())
    }

    /// Does again what was asked from the network's present on, and lets time pass: up to `until`, without what is stamped
    /// with it, or to the end. Answers how many commands that were.
    ///
    /// # Errors
    /// The network failed. That commands are refused is part of a session.
    pub async fn play(
        &self,
        network: &Handle,
        until: Option<Duration>,
        mut progress: impl FnMut(Duration),
    ) -> Result<usize, NetworkError> {
        let (begin, end) = (network.now().await?, until.unwrap_or(self.end()));
        let step = (end.saturating_sub(begin) / STEPS).max(Duration::from_nanos(1));
        let due = |at: Duration| at >= begin && until.is_none_or(|until| at < until);
        let (mut now, mut done) = (begin, 0);
        for (at, command) in self.commands.iter().filter(|(at, _)| due(*at)) {
            pass(network, &mut now, *at, step, &mut progress).await?;
            let command = command.clone();
            match network.ask(move |driver| driver.redo(command)).await? {
                Err(error @ NetworkError::Write { .. }) => return Err(error),
                // It was refused then as well.
                Err(error) => {
                    tracing::debug!(target: "simnet", %error, ?at, "a command of the journal was refused")
                }
                Ok(()) => {}
            }
            done += 1;
        }
        pass(network, &mut now, end, step, &mut progress).await?;
        Ok(done)
    }
}

/// Lets time pass up to `to`.
async fn pass(
    network: &Handle,
    now: &mut Duration,
    to: Duration,
    step: Duration,
    progress: &mut impl FnMut(Duration),
) -> Result<(), NetworkError> {
    while *now < to {
        *now = to.min(now.saturating_add(step));
        network.step_to(*now).await?;
        progress(*now);
    }
    Ok(())
}

/// Does what a journal says again, as fast as the machine can. Of `config`, services, threads and files count; the rest
/// is the journal's.
///
/// # Errors
/// The journal cannot be played, or the network failed.
pub async fn replay(config: NetworkConfig, journal: &Path) -> Result<Replay, ReplayError> {
    let recording = Recording::open(journal)?;
    let network = start(recording.config(config)?)?;
    let commands = recording.play(&network, None, |_| {}).await?;
    let (simulated, tally) = (network.now().await?, network.tally().await?);
    let digest = network.shut_down().await?;
    Ok(Replay { digest, recorded: recording.recorded(), commands, simulated, tally })
}
