//! JSON-RPC 2.0 with a node, over a WebSocket: one call at a time, and one subscription per conversation.

use super::error::{Asked, ClientError, RpcError, chain};
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Bytes of one message, go-ethereum's limit.
const MESSAGE_LIMIT: usize = 32 << 20;

/// A conversation with one node. Dropping it hangs up.
#[derive(Debug)]
pub struct RpcConnection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    calls: u64,
    /// Notifications that came while an answer was waited for.
    early: VecDeque<Notification>,
}

/// What comes from the node: an answer if it has an id, else a notification.
#[derive(Deserialize)]
struct Incoming {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    params: Option<Notification>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Notification {
    subscription: String,
    #[serde(default)]
    result: Value,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl RpcConnection {
    pub(super) async fn open(asked: Asked<'_>, url: Url, token: Option<&str>) -> Result<Self, ClientError> {
        let bad = |error: String| ClientError::BadUrl { url: url.to_string(), reason: error };
        let mut request = url.as_str().into_client_request().map_err(|error| bad(error.to_string()))?;
        if let Some(token) = token {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            let value = value.map_err(|_| bad("a token is ASCII without control characters".to_owned()))?;
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_LIMIT))
            .max_frame_size(Some(MESSAGE_LIMIT));
        match connect_async_with_config(request, Some(limits), true).await {
            Ok((socket, _)) => Ok(Self { socket, calls: 0, early: VecDeque::new() }),
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err(ClientError::refused(asked, answer.status().as_u16(), body))
            }
            Err(error) => Err(ClientError::Unreachable { url: url.to_string(), error: chain(&error) }),
        }
    }

    /// Calls a method and waits for its answer.
    pub async fn call(&mut self, method: &str, params: Vec<Value>) -> Result<Value, ClientError> {
        self.calls += 1;
        let id = self.calls;
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let sent = self.socket.send(Message::text(call.to_string())).await;
        sent.map_err(|error| ClientError::BrokenOff(chain(&error)))?;
        loop {
            let incoming = self.receive().await?;
            match incoming {
                Incoming { params: Some(notification), .. } => self.early.push_back(notification),
                // An error without id answers something that could not even be read, and only this was asked.
                Incoming { id: of, error: Some(error), .. } if of == id || of.is_null() => {
                    let Failure { code, message, data } = error;
                    return Err(RpcError { code, message, data }.into());
                }
                Incoming { id: of, result, .. } if of == id => return Ok(result),
                Incoming { id: of, .. } => {
                    return Err(ClientError::NotUnderstood(format!(
                        "an answer to call {of}, which was not made"
                    )));
                }
            }
        }
    }

    /// Subscribes to `method`: `admin_peerEvents` is the subscription `peerEvents` of the namespace `admin`.
    pub async fn subscribe(
        mut self,
        method: &str,
        params: Vec<Value>,
    ) -> Result<RpcSubscription, ClientError> {
        let (namespace, name) = method.split_once('_').ok_or_else(|| RpcError {
            code: -32601,
            message: format!(
                "{method:?} is no subscription: one is named namespace_name, as admin_peerEvents"
            ),
            data: None,
        })?;
        let params = std::iter::once(Value::from(name)).chain(params).collect();
        match self.call(&format!("{namespace}_subscribe"), params).await? {
            Value::String(id) => Ok(RpcSubscription { connection: self, id, ended: false }),
            other => Err(ClientError::NotUnderstood(format!("{other} is not the id of a subscription"))),
        }
    }

    async fn receive(&mut self) -> Result<Incoming, ClientError> {
        loop {
            let text = match self.socket.next().await {
                None => return Err(ClientError::BrokenOff("the connection was closed".to_owned())),
                Some(Err(error)) => return Err(ClientError::BrokenOff(chain(&error))),
                Some(Ok(Message::Close(frame))) => {
                    let reason =
                        frame.map(|frame| frame.reason.to_string()).filter(|reason| !reason.is_empty());
                    return Err(ClientError::BrokenOff(
                        reason.unwrap_or_else(|| "without a reason".to_owned()),
                    ));
                }
                Some(Ok(Message::Text(text))) => text,
                // Pings answer themselves.
                Some(Ok(_)) => continue,
            };
            return serde_json::from_str(&text)
                .map_err(|error| ClientError::NotUnderstood(format!("{error} in {:?}", text.as_str())));
        }
    }
}

/// What a node sends about one subscription. Dropping it ends it.
#[derive(Debug)]
pub struct RpcSubscription {
    connection: RpcConnection,
    id: String,
    ended: bool,
}

impl RpcSubscription {
    /// The next notification. An error is the last thing told, `None` comes after it.
    pub async fn next(&mut self) -> Option<Result<Value, ClientError>> {
        if self.ended {
            return None;
        }
        loop {
            let notification = match self.connection.early.pop_front() {
                Some(early) => early,
                None => match self.connection.receive().await {
                    Ok(Incoming { params: Some(notification), .. }) => notification,
                    Ok(_) => continue,
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(error));
                    }
                },
            };
            if notification.subscription == self.id {
                return Some(Ok(notification.result));
            }
        }
    }
}
