//! A service of one's own, whole: its protocol, its RPC, its saved state, and the command that runs networks of it.
//!
//! ```console
//! $ cargo run --release --example ping_pong -- serve      # the HTTP API, over nodes that run it
//! $ examples/ping-pong.sh                                  # ten of them in a star, by the command line
//! ```

use p2psim::{
    Context, Handler, Message, Methods, PeerError, PeerId, Protocol, Service, ServiceError, Services,
};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

const PING: u64 = 0;
const PONG: u64 = 1;
const INTERVAL: Duration = Duration::from_secs(1);

/// One node's game: callbacks that run to completion, one at a time.
#[derive(Default)]
struct Game {
    received: u64,
    /// Whom each timer is for.
    peers: BTreeMap<u64, PeerId>,
}

impl Handler for Game {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let timer = self.peers.last_key_value().map_or(0, |(timer, _)| timer + 1);
        self.peers.insert(timer, peer);
        cx.set_timer(INTERVAL, timer);
        Ok(())
    }

    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {
        let Some(&peer) = self.peers.get(&timer) else { return };
        cx.send(peer, PING, &"PING");
        cx.set_timer(INTERVAL, timer);
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let _text: String = message.decode()?; // a peer that sends anything else earns its DiscReason
        self.received += 1;
        if message.code == PING {
            cx.send(from, PONG, &"PONG");
        }
        Ok(())
    }

    fn on_drop(&mut self, gone: PeerId, _error: &PeerError, _cx: &mut Context<'_>) {
        self.peers.retain(|_, peer| *peer != gone);
    }

    fn node_info(&self) -> Option<Value> {
        Some(json!({ "received": self.received }))
    }
}

/// The service: what a node starts and stops, and what others can ask it.
struct PingPong(Rc<RefCell<Game>>);

impl Service for PingPong {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("my-ping-pong", 1, 2, Rc::clone(&self.0))]
    }

    fn methods(&self, table: &mut Methods) {
        let game = Rc::clone(&self.0);
        table.add("mypingpong_received", move |_| Ok(game.borrow().received));
    }

    fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(Some(self.0.borrow().received.to_string().into_bytes()))
    }
}

fn main() -> ExitCode {
    let services = Services::new().register("my-ping-pong", |cx| {
        let saved = cx.snapshot.as_ref().map(|bytes| String::from_utf8_lossy(bytes).parse());
        let received = saved.transpose()?.unwrap_or_default();
        Ok(PingPong(Rc::new(RefCell::new(Game { received, ..Game::default() }))))
    });
    p2psim::command(services.expect("one name, once"))
}
