//! Logs: how they are written, and the commands that read them.

use clap::{Args, ValueEnum};
use simnet::condition::Text;
use simnet::log::Form;
use std::path::PathBuf;
use std::time::Duration;

/// [`Form`], as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum LogForm {
    /// Lines of JSON, events.ndjson
    Ndjson,
    /// A tenth of that, events.bin
    Binary,
}

impl From<LogForm> for Form {
    fn from(form: LogForm) -> Self {
        match form {
            LogForm::Ndjson => Self::Ndjson,
            LogForm::Binary => Self::Binary,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The log, or the directory it is in
    pub(crate) file: PathBuf,
    /// The moment, after everything stamped with it; without, the end
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Option<Duration>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A log, or the directory it is in
    pub(crate) one: PathBuf,
    /// The other
    pub(crate) other: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// A moment or a length of simulated time, such as `12.5s`.
pub(crate) fn moment(text: &str) -> Result<Duration, String> {
    text.parse::<Text<Duration>>().map(|Text(time)| time).map_err(|error| error.to_string())
}
