//! What a request is answered when it cannot be done: whose fault it is decides the status, the text says the rest.

use crate::dto::{QueryError, SnapshotError};
use crate::filter::FilterError;
use crate::json::DecodeError;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use simnet::{Fault, NetworkError};

/// A refusal: status, text, and perhaps one header beside the usual ones.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
    more: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal with a text for people.
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), more: None }
    }

    /// Nonsense: 400.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// The same with words before its text.
    pub(crate) fn about(mut self, words: &str) -> Self {
        self.text.insert_str(0, words);
        self
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more = Some((name, value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // As Go's http.Error: text, a newline, and no guessing at what the text might be.
        let mut response = Response::new(Body::from(self.text + "\n"));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.extend(self.more);
        response
    }
}

/// The status a fault is answered with.
pub(crate) fn status(fault: Fault) -> StatusCode {
    match fault {
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::Invalid => StatusCode::BAD_REQUEST,
        Fault::Conflict => StatusCode::CONFLICT,
        Fault::Peer => StatusCode::BAD_GATEWAY,
        Fault::Time => StatusCode::GATEWAY_TIMEOUT,
        Fault::World => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<NetworkError> for Refusal {
    fn from(error: NetworkError) -> Self {
        Self::new(status(error.fault()), error.to_string())
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<SnapshotError> for Refusal {
    fn from(error: SnapshotError) -> Self {
        Self::invalid(format!("snapshot: {error}"))
    }
}
