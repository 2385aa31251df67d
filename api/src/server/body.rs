//! Reading a request's body, up to a limit.

use super::error::Refusal;
use axum::body::Body;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

/// Bytes of a snapshot: some 100,000 nodes.
pub(crate) const SNAPSHOT_LIMIT: usize = 64 << 20;
/// Bytes of any other body.
pub(crate) const LIMIT: usize = 1 << 20;
/// Bytes read and thrown away beyond a limit: a client that still writes would lose the answer to a reset connection.
const COURTESY: usize = 16 << 20;

/// The whole body, or 413.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Refusal::invalid(format!("the body broke off: {error}")))?;
        seen += chunk.len();
        if seen <= limit {
            kept.extend_from_slice(&chunk);
        } else if seen > limit + COURTESY {
            break;
        }
    }
    if seen > limit {
        let text = format!("the body is larger than {} MiB ({limit} bytes)", limit >> 20);
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(kept.freeze())
}
