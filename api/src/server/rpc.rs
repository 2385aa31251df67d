//! The bridge between a WebSocket and a node's JSON-RPC: texts in, texts out, nothing read or changed.

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use simnet::RpcLine;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};

/// Bytes of one message, go-ethereum's limit.
pub(crate) const MESSAGE_LIMIT: usize = 32 << 20;
/// Time between two pings; a client that answers none for twice as long is gone.
const PING: Duration = Duration::from_secs(30);

/// Carries texts both ways until one side hangs up, the node stops or the server does.
pub(crate) async fn bridge(mut socket: WebSocket, mut line: RpcLine, stop: watch::Receiver<bool>) {
    let mut stopped = pin!(super::stopped(stop));
    let mut ping = interval_at(Instant::now() + PING, PING);
    let mut heard = true;
    let (code, reason) = loop {
        tokio::select! {
            biased;
            () = &mut stopped => break (close_code::AWAY, "the server shuts down"),
            text = line.recv() => match text {
                None => break (close_code::AWAY, "the node has stopped"),
                Some(text) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return;
                    }
                }
            },
            frame = socket.recv() => {
                heard = true;
                let text = match frame {
                    None | Some(Err(_)) => return,
                    Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
                    Some(Ok(Message::Binary(bytes))) => match String::from_utf8(bytes.into()) {
                        Ok(text) => text,
                        Err(_) => break (close_code::INVALID, "JSON-RPC is text in UTF-8"),
                    },
                    Some(Ok(_)) => continue,
                };
                if line.send(text).await.is_err() {
                    break (close_code::AWAY, "the node has stopped");
                }
            },
            _ = ping.tick() => {
                if !heard || socket.send(Message::Ping(Default::default())).await.is_err() {
                    return;
                }
                heard = false;
            },
        }
    };
    // If it cannot be told, the other side finds the connection closed.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}
