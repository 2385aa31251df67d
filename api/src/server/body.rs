//! Reading a request's body, up to a limit.

use super::error::Refusal;
use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;

/// Bytes of a snapshot: some 100,000 nodes.
pub(crate) const SNAPSHOT_LIMIT: usize = 64 << 20;
/// Bytes of any other body.
pub(crate) const LIMIT: usize = 1 << 20;
/// How long the rest of a body that is refused is read and thrown away: a client that still writes would lose the answer
/// to a reset connection.
const COURTESY: Duration = Duration::from_secs(30);

/// The whole body, or 413 as soon as it is known to be longer.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let announced = body.size_hint().lower();
    let mut stream = body.into_data_stream();
    let mut kept = BytesMut::new();
    let mut fits = announced <= limit as u64;
    while fits && let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Refusal::invalid(format!("the body broke off: {error}")))?;
        kept.extend_from_slice(&chunk);
        fits = kept.len() <= limit;
    }
    if fits {
        return Ok(kept.freeze());
    }
    tokio::spawn(tokio::time::timeout(
        COURTESY,
        async move { while let Some(Ok(_)) = stream.next().await {} },
    ));
    let text = format!("the body is larger than {} MiB ({limit} bytes)", limit >> 20);
    Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text))
}
