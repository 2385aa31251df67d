//! The ping-pong of geth's example simulation: each side says PING now and then, and PONG to each PING.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use devp2p::{Context, Handler, Message, PeerError, PeerId, Protocol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rpc::methods::Methods;
use crate::service::{Service, ServiceContext, ServiceError};

const PING: u64 = 0;
const PONG: u64 = 1;

/// Settings of [`PingPong`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PingPongSettings {
    /// From one PING to the next, as `10s` or `500ms`.
    pub interval: String,
}

impl Default for PingPongSettings {
    fn default() -> Self {
        Self { interval: "10s".to_owned() }
    }
}

/// Protocol `ping-pong` version 1: code 0 is a ping, code 1 a pong.
///
/// Each peer is pinged an interval after it came and so on; what it is worth is counted: `pingpong_received`, node info
/// `{"received": n}`. The count outlives the node in its snapshot.
#[derive(Debug)]
pub struct PingPong(Rc<RefCell<Game>>);

#[derive(Debug)]
struct Game {
    interval: Duration,
    received: u64,
    /// The peer of each timer.
    peers: BTreeMap<u64, PeerId>,
    next_timer: u64,
}

impl PingPong {
    /// Begins where the snapshot ended.
    ///
    /// # Errors
    /// The settings or the snapshot are not its own.
    pub fn new(context: &ServiceContext<'_>) -> Result<Self, ServiceError> {
        let PingPongSettings { interval } = context.settings_as()?;
        let interval = humantime::parse_duration(&interval)
            .map_err(|error| error.to_string())
            .and_then(|parsed| if parsed.is_zero() { Err("zero".to_owned()) } else { Ok(parsed) })
            .map_err(|error| ServiceError::new(format_args!("interval {interval:?}: {error}")))?;
        let received = match &context.snapshot {
            None => 0,
            Some(bytes) => {
                std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
                    ServiceError::new(format_args!("snapshot of {} bytes is no count", bytes.len()))
                })?
            }
        };
        let game = Game { interval, received, peers: BTreeMap::new(), next_timer: 0 };
        Ok(Self(Rc::new(RefCell::new(game))))
    }

    /// Messages received, in this life and those before.
    pub fn received(&self) -> u64 {
        self.0.borrow().received
    }
}

impl Service for PingPong {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("ping-pong", 1, 2, Rc::clone(&self.0))]
    }

    fn methods(&self, table: &mut Methods) {
        let game = Rc::clone(&self.0);
        table.add("pingpong_received", move |params| {
            let () = params.parse()?;
            Ok(game.borrow().received)
        });
    }

    fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(Some(self.received().to_string().into_bytes()))
    }
}

impl Handler for Game {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let timer = self.next_timer;
        self.next_timer += 1;
        self.peers.insert(timer, peer);
        cx.set_timer(self.interval, timer);
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        self.received += 1;
        if message.code == PING {
            cx.send(from, PONG, &"PONG");
        }
        Ok(())
    }

    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {
        if let Some(peer) = self.peers.get(&timer) {
            cx.send(*peer, PING, &"PING");
            cx.set_timer(self.interval, timer);
        }
    }

    fn on_drop(&mut self, peer: PeerId, _error: &PeerError, cx: &mut Context<'_>) {
        let timer = self.peers.iter().find(|(_, of)| **of == peer).map(|(timer, _)| *timer);
        if let Some(timer) = timer {
            self.peers.remove(&timer);
            cx.cancel_timer(timer);
        }
    }

    fn node_info(&self) -> Option<Value> {
        Some(json!({"received": self.received}))
    }
}
