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

    pub(super) fn refused(status: u16, body: &[u8]) -> Self {
        let reason =
            axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let message = String::from_utf8_lossy(body).trim_end().to_owned();
        let message = if message.is_empty() { "the server said no more than".to_owned() } else { message };
        Self::Refused { status, reason: reason.unwrap_or("unknown status"), message }
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
