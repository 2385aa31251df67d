//! Two sessions in one hand, with nothing between them: what the base protocol costs without a network.

use crate::{Numbers, secret};
use bytes::BytesMut;
use proto::key::SecretKey;
use proto::rlpx::{FrameCodec, Initiator, Responder, Secrets};
use proto::session::{Capability, Fidelity, Local, LocalCap, Outbox, Payload, Session, SessionEvent, Timing};
use std::sync::Arc;
use std::time::Duration;

/// What one end of a connection is made from.
pub fn local(index: u64, fidelity: Fidelity) -> Arc<Local> {
    let key = secret(index);
    let protocols = vec![LocalCap { cap: Capability::new("relay", 1), length: 2 }];
    let (client, timing) = ("benches/v1".to_owned(), Timing::default());
    Arc::new(Local { public: key.public(), key, client, protocols, listen_port: 30303, fidelity, timing })
}

/// One RLPx handshake, without a session around it.
pub fn handshake(dialler: &SecretKey, listener: &SecretKey, numbers: &mut Numbers) -> (Secrets, Secrets) {
    let entropy = &mut |out: &mut [u8]| numbers.fill(out);
    let (initiator, auth) = Initiator::new(dialler, listener.public(), entropy);
    let (_, secrets, ack) = Responder::handle_auth(listener, &auth, entropy).expect("what we sent");
    (initiator.handle_ack(&ack).expect("what it sent"), secrets)
}

/// The frames of one connection, both ends.
#[derive(Debug)]
pub struct Frames {
    ends: [FrameCodec; 2],
}

impl Default for Frames {
    fn default() -> Self {
        let (dialler, listener) = handshake(&secret(1), &secret(2), &mut Numbers(3));
        Self { ends: [FrameCodec::new(dialler), FrameCodec::new(listener)] }
    }
}

impl Frames {
    /// Seals a message at one end and opens it at the other.
    pub fn pass(&mut self, payload: &[u8]) {
        let mut buffer = BytesMut::with_capacity(proto::rlpx::frame_len(16, payload.len()));
        let [from, to] = &mut self.ends;
        from.seal(16, payload, &mut buffer).expect("a payload that fits");
        let frame = to.open(&mut buffer).expect("what was sealed").expect("all of it");
        assert_eq!(frame.payload.len(), payload.len());
    }
}

/// A connection without a transport.
#[derive(Debug)]
pub struct Pair {
    ends: [Session; 2],
    out: Outbox,
    numbers: Numbers,
}

const NOW: Duration = Duration::from_secs(1);

impl Pair {
    /// From the dial until both ends are live.
    pub fn connect(dialler: &Arc<Local>, listener: &Arc<Local>, mut numbers: Numbers) -> Self {
        let mut out = Outbox::default();
        let entropy = &mut |bytes: &mut [u8]| numbers.fill(bytes);
        let dial = Session::connect(dialler, listener.public, NOW, entropy, &mut out);
        let mut pair = Self { ends: [dial, Session::accept(listener, NOW)], out, numbers };
        pair.settle(0);
        assert!(pair.ends.iter().all(Session::is_live), "{:?}", pair.ends);
        pair
    }

    /// A message from one end to the other.
    pub fn send(&mut self, from: usize, payload: &Payload) {
        self.ends[from]
            .send(NOW, 0, 0, payload.clone(), &mut self.out)
            .expect("it is live and the message small");
        self.settle(from);
    }

    fn settle(&mut self, mut speaker: usize) {
        while !self.out.is_empty() {
            while !self.out.events.is_empty() {
                match self.out.events.remove(0) {
                    SessionEvent::Authenticated { .. } => self.ends[speaker].proceed(NOW, &mut self.out),
                    SessionEvent::Hello { .. } => self.ends[speaker].admit(NOW, &mut self.out),
                    SessionEvent::Message { .. } => {}
                    SessionEvent::Closed(error) => panic!("{error}"),
                }
            }
            let mut transmits = std::mem::take(&mut self.out.transmits);
            speaker = 1 - speaker;
            let (session, numbers) = (&mut self.ends[speaker], &mut self.numbers);
            for parcel in transmits.drain(..) {
                let entropy = &mut |bytes: &mut [u8]| numbers.fill(bytes);
                session.handle_parcel(NOW, parcel.tag, parcel.bytes, entropy, &mut self.out);
            }
            if self.out.transmits.is_empty() {
                self.out.transmits = transmits;
            }
        }
    }
}
