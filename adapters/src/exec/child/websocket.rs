//! The node's RPC over WebSocket: a session for each connection. Pages of other sites are turned away.

use std::rc::{Rc, Weak};

use futures_util::{SinkExt, StreamExt};
use node::{Node, RpcSession};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Longest message, bytes (geth's `wsMessageSizeLimit`).
pub(crate) const LONGEST: usize = 32 << 20;

/// Serves the node's RPC for as long as the node is there.
pub(super) async fn serve(node: Weak<Node>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No file left to open: those that are open may close.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let Some(node) = node.upgrade() else { return };
        let world = node.world().clone();
        world.spawn(talk(Rc::downgrade(&node), stream));
    }
}

async fn talk(node: Weak<Node>, stream: TcpStream) {
    let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    let Ok(mut socket) = accept_hdr_async_with_config(stream, check, Some(config)).await else { return };
    let Some(session) = node.upgrade().map(|node| node.session_pulled()) else { return };
    loop {
        tokio::select! {
            biased;
            text = session.next() => match text {
                Some(text) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
            message = socket.next() => match message {
                Some(Ok(message)) => hear(&session, &message),
                Some(Err(_)) | None => return,
            },
        }
    }
    // The node hangs up; whoever does not hear it sees the connection end.
    let _ = socket.close(None).await;
}

fn hear(session: &RpcSession, message: &Message) {
    if let Message::Text(_) | Message::Binary(_) = message
        && let Ok(text) = message.to_text()
    {
        session.handle(text);
    }
}

#[allow(clippy::result_large_err)] // tungstenite's own shape
fn check(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let origin = request.headers().get("origin").map(|origin| origin.to_str().unwrap_or_default());
    if origin.is_none_or(is_local) {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("foreign origin".to_owned()));
    *refusal.status_mut() = StatusCode::FORBIDDEN;
    Err(refusal)
}

/// Whether a page is from this machine.
fn is_local(origin: &str) -> bool {
    let host = origin.split_once("://").map_or("", |(_, rest)| rest);
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "::1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_may_in() {
        for (origin, expect) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:80", true),
            ("http://example.org", false),
            ("http://localhost.example.org", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(is_local(origin), expect, "{origin}");
        }
    }
}
