//! How a command fails: what is told on standard error, and the exit code.

use simnet::log::LogError;
use simnet::scenario::ScenarioError;
use simnet::{Fault, NetworkError, ReplayError};
use std::fmt;
use std::io;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Done = 0,
    /// An expectation failed, two runs differ, or what was asked for was refused.
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    BadFile = 4,
    TimedOut = 5,
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// One line: what, and what to do about it.
    Told { code: Code, what: String, remedy: Option<String> },
    /// A scenario file, shown where it is wrong.
    Scenario(Box<ScenarioError>),
    /// All has been said.
    Silent(Code),
}

impl Failure {
    pub(crate) fn new(code: Code, what: impl fmt::Display) -> Self {
        // One line, whatever the cause had to say.
        let what = what.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Told { code, what, remedy: None }
    }

    pub(crate) fn remedy(self, todo: impl Into<String>) -> Self {
        match self {
            Self::Told { code, what, .. } => Self::Told { code, what, remedy: Some(todo.into()) },
            other => other,
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Told { code, .. } | Self::Silent(code) => *code,
            Self::Scenario(_) => Code::BadFile,
        }
    }

    /// Tells it on standard error.
    pub(crate) fn tell(self) -> Code {
        let code = self.code();
        match self {
            Self::Silent(_) => {}
            Self::Told { what, remedy: None, .. } => eprintln!("p2psim: {what}"),
            Self::Told { what, remedy: Some(remedy), .. } => eprintln!("p2psim: {what} ({remedy})"),
            // What is missing in the whole file has no place to be shown at.
            Self::Scenario(error) if error.span.is_empty() => eprintln!("p2psim: {error}"),
            Self::Scenario(error) => {
                let message = error.message.clone();
                let source = miette::NamedSource::new(&error.path, error.text.clone()).with_language("toml");
                let label = miette::LabeledSpan::at(error.span.clone(), "here");
                let diagnostic = miette::MietteDiagnostic::new(message).with_label(label);
                let diagnostic = match error.help {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                };
                eprintln!(
                    "p2psim: bad scenario file\n{:?}",
                    miette::Report::new(diagnostic).with_source_code(source)
                );
            }
        }
        code
    }
}

/// Whoever read our output has read enough; anything else that standard output does is an error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Silent(Code::Done),
            _ => Self::new(Code::Failed, format_args!("writing the output: {error}")),
        }
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        Self::new(code_of(&error), error)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::new(Code::BadFile, error)
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Network(error) => error.into(),
            bad => {
                Self::new(Code::BadFile, bad).remedy("a journal is what `p2psim serve --record FILE` writes")
            }
        }
    }
}

/// The exit code for a network that did not do what it was asked.
pub(crate) fn code_of(error: &NetworkError) -> Code {
    match (error.fault(), error) {
        (Fault::Time, _) => Code::TimedOut,
        (_, NetworkError::Write { .. }) => Code::BadFile,
        _ => Code::Failed,
    }
}
