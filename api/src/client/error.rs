//! Why the client brings no answer: nobody there, somebody who says no, or somebody who cannot be understood.

use serde_json::Value;
use std::error::Error;

/// Why a call to a server brought nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The URL of the server makes no sense.
    #[error("{url:?} is not the URL of a server: {reason}")]
    BadUrl {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection to the server, or none that lasted until it answered.
    #[error("server {url} is not reachable: {error}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What went wrong.
        error: String,
    },
    /// The server said no.
    #[error("{message} ({status} {reason})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the status means.
        reason: &'static str,
        /// What the server said, without the newline at its end.
        message: String,
    },
    /// The server has no such route, as those of the original's kind have none of the newer ones.
    #[error("this server does not know {0}: it is older than this client, or of another kind")]
    UnknownRoute(String),
    /// The server's answer is not what it should be. Perhaps it is another kind of server.
    #[error("the server's answer was not understood: {0}")]
    NotUnderstood(String),
    /// A stream or a conversation ended before its time.
    #[error("the server broke off: {0}")]
    BrokenOff(String),
    /// A node's RPC answered with an error.
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

impl ClientError {
    /// Whether there is no server to talk to (any more), rather than one that disagrees.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::BrokenOff(_))
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What a refusal of a request means.
    pub(super) fn refused(asked: Asked<'_>, status: u16, body: &[u8]) -> Self {
        let reason =
            axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let message = String::from_utf8_lossy(body).trim_end().to_owned();
        let message = match (status, message.as_str(), asked.path) {
            // Two ways of saying the same of a name in a path: the original's routes all have a node there.
            (404, NO_PAGE, ["nodes", node, ..]) => {
                format!("node {node} does not exist, or the server does not know {asked}")
            }
            (404, NO_PAGE, _) | (405, _, _) => return Self::UnknownRoute(asked.to_string()),
            _ => message,
        };
        let message = if message.is_empty() { "the server said no more than".to_owned() } else { message };
        Self::Refused { status, reason: reason.unwrap_or("unknown status"), message }
    }
}

/// What servers say of a path that they do not know; the original's say it of a node too.
const NO_PAGE: &str = "404 page not found";

/// A request: its verb, and its path by segments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) verb: &'a str,
    pub(super) path: &'a [&'a str],
}

impl std::fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} /{}", self.verb, self.path.join("/"))
    }
}

/// A JSON-RPC error, as a node sent it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// Its number (-32601 is an unknown method).
    pub code: i64,
    /// Its text.
    pub message: String,
    /// Anything more.
    pub data: Option<Value>,
}

/// An error and all that it is because of, which HTTP clients hide in layers.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
