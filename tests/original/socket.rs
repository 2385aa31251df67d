//! A WebSocket to a node's JSON-RPC.

use std::net::TcpStream;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::http;

/// A conversation.
#[derive(Debug)]
pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Opens it; the status it was refused with, if it was.
    pub(crate) fn open(address: &str, node: &str) -> Result<Self, u16> {
        let socket = http::connect(address).unwrap();
        match tungstenite::client(format!("ws://{address}/nodes/{node}/rpc"), socket) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Says something.
    pub(crate) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    /// Calls a method and waits for what comes next.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.say(&call.to_string());
        serde_json::from_str(&self.hear().expect("an answer")).unwrap()
    }

    /// What the node says next; nothing when it has hung up properly.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return Some(text.as_str().to_owned()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }
}
