//! Our node: a server in the real world that writes down what happens to it.

use std::cell::RefCell;
use std::rc::Rc;

use devp2p::{
    Config, Context, DiscReason, Handler, Message, MessageSeen, Observer, Payload, PeerError, PeerErrorCode,
    PeerEvent, PeerId, Protocol, SecretKey, Server,
};
use sha2::{Digest, Sha256};
use world::real::Host;

use crate::judge::Judge;
use crate::transcript::Transcript;

pub(crate) const CLIENT: &str = "p2psim-interop/v1";

/// Codes of `eth` that our node answers: the status comes back as it is, a second kind makes its handler fail, a third
/// is expected to be a number.
pub(crate) const STATUS: u64 = 0;
pub(crate) const FAIL: u64 = 15;
pub(crate) const NUMBER: u64 = 5;

/// What our node offers, in no order, with the length of each. Nobody shares the first, which would move the codes of
/// all others if it counted.
const OFFERS: [(&str, u32, u64); 5] =
    [("snap", 1, 8), ("eth", 66, 17), ("aaa", 1, 5), ("eth", 68, 17), ("eth", 65, 17)];

/// One of ours. It ends with this value.
pub(crate) struct Node {
    pub(crate) server: Server,
    transcript: Rc<Transcript>,
    _host: Host,
}

impl Node {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A node whose settings differ.
    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let host = Host::default();
        let transcript = Rc::new(Transcript::new("our node"));
        let mut config = Config::new(SecretKey::from_bytes(&[0x0e; 32]).unwrap());
        config.client = CLIENT.to_owned();
        change(&mut config);
        let protocols = OFFERS.map(|(name, version, length)| {
            let speaker = Speaker { answers: name == "eth" };
            Protocol::new(name, version, length, Rc::new(RefCell::new(speaker)))
        });
        let observer = Rc::new(Notes(Rc::clone(&transcript)));
        let server = Server::start(&host.world(), config, protocols.to_vec(), observer).unwrap();
        Self { server, transcript, _host: host }
    }

    pub(crate) fn dial(&self, judge: &Judge) {
        self.server.add_peer(judge.enode.clone()).unwrap();
    }

    /// Ends the session with a judge and forgets it, so that it can be dialled again.
    pub(crate) fn forget(&self, judge: &Judge) {
        self.server.remove_peer(judge.enode.id());
    }

    pub(crate) async fn sees(&self, words: &str) -> String {
        self.transcript.sees(words).await
    }

    /// A session must end because the other side said so.
    pub(crate) async fn is_told(&self, reason: DiscReason) {
        let dropped = self.sees("dropped").await;
        let expect =
            PeerError::new(PeerErrorCode::RemoteDiscReason, reason, "Peer.run got a remote DiscReason");
        assert_eq!(dropped, expect.to_string());
    }

    pub(crate) fn send(&self, protocol: &str, code: u64, payload: &Payload) {
        self.with_peer(protocol, |cx, peer| cx.send_payload(peer, code, payload));
    }

    pub(crate) fn disconnect(&self, protocol: &str, error: PeerError) {
        self.with_peer(protocol, |cx, peer| cx.disconnect(peer, error));
    }

    fn with_peer(&self, protocol: &str, act: impl FnOnce(&mut Context<'_>, PeerId)) {
        let did = self.server.enter(protocol, |cx| {
            let peer = cx.peers().next().unwrap_or_else(|| panic!("a peer speaks {protocol}"));
            act(cx, peer);
        });
        did.expect("it is offered");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.stop();
    }
}

/// Length and hash of what a payload says.
pub(crate) fn fingerprint(payload: &[u8]) -> String {
    format!("{} {}", payload.len(), hex::encode(Sha256::digest(payload)))
}

/// What a handler that fails fails with.
pub(crate) fn failure() -> PeerError {
    PeerError::new(PeerErrorCode::Test, DiscReason::SubprotocolError, "asked to fail")
}

struct Speaker {
    answers: bool,
}

impl Handler for Speaker {
    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        match message.code {
            _ if !self.answers => {}
            STATUS => cx.send_payload(from, STATUS, &message.payload),
            NUMBER => drop(message.decode::<u64>()?),
            FAIL => return Err(failure()),
            _ => {}
        }
        Ok(())
    }
}

struct Notes(Rc<Transcript>);

impl Observer for Notes {
    fn event(&self, event: &PeerEvent<'_>) {
        let message = |what: &str, seen: &MessageSeen<'_>| {
            let MessageSeen { protocol, code, payload, wire_len, .. } = seen;
            format!("{what} {protocol} {code} {} {wire_len}", fingerprint(payload.bytes()))
        };
        self.0.write(match event {
            PeerEvent::Added { peer } => {
                let caps: Vec<_> = peer.caps().iter().map(ToString::to_string).collect();
                format!("added {} {} {}", peer.inbound(), caps.join(","), peer.client())
            }
            PeerEvent::Dropped { error, .. } => format!("dropped {error}"),
            PeerEvent::DialFailed { error, .. } => format!("failed {error}"),
            PeerEvent::Sent(seen) => message("sent", seen),
            PeerEvent::Received(seen) => message("received", seen),
            PeerEvent::Arrived { item, hops, .. } => format!("arrived {item} {hops}"),
            PeerEvent::Metric { name, value, .. } => format!("{name} {value}"),
        });
    }
}
