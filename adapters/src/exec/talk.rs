//! A JSON-RPC conversation with a node over WebSocket.

use tokio::sync::mpsc;

use futures_util::{SinkExt, StreamExt};
use simnet::adapter::RpcOut;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// Carries texts both ways until either side hangs up; `out` is dropped then. Each text is flushed as it comes.
pub(super) async fn talk(endpoint: String, mut texts: mpsc::UnboundedReceiver<String>, out: RpcOut) {
    let mut socket = match connect_async(endpoint.as_str()).await {
        Ok((socket, _)) => socket,
        Err(error) => {
            tracing::warn!(target: "exec", endpoint, %error, "Can't connect to RPC server");
            return;
        }
    };
    loop {
        tokio::select! {
            biased;
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) if !out.say(text.to_string()).await => break,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            text = texts.recv() => match text {
                Some(text) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
        }
    }
    // The node may have gone first.
    let _ = socket.close(None).await;
}
