//! Two sessions and the link between them. Time jumps to the next delivery or deadline.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Draws, S, closed};
use crate::session::*;

pub(super) const DIALLER: usize = 0;
pub(super) const LISTENER: usize = 1;

/// What an end does when its session asks.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Go,
    Leave(DiscReason),
    Wait,
}

pub(super) struct End {
    pub(super) session: Session,
    pub(super) entropy: Draws,
    pub(super) on_authenticated: Answer,
    pub(super) on_hello: Answer,
    pub(super) events: Vec<(Duration, SessionEvent)>,
    /// What went out: when, and its size on the wire.
    pub(super) sent: Vec<(Duration, u32)>,
}

impl End {
    pub(super) fn closed(&self) -> Option<PeerError> {
        closed(self.events.iter().map(|(_, event)| event))
    }

    pub(super) fn messages(&self) -> Vec<(u64, Payload)> {
        let message = |(_, event): &(Duration, SessionEvent)| match event {
            SessionEvent::Message { code, payload, .. } => Some((*code, payload.clone())),
            _ => None,
        };
        self.events.iter().filter_map(message).collect()
    }
}

enum Parcel {
    Data(Transmit),
    Fin,
}

/// Sees each transmit before the link takes it: who sends, its number in that direction, the transmit.
/// It may change it; false loses it.
type Tamper = Box<dyn FnMut(usize, usize, &mut Transmit) -> bool>;

pub(super) struct Pair {
    pub(super) now: Duration,
    pub(super) ends: [End; 2],
    latency: Duration,
    flight: BTreeMap<(Duration, u64), (usize, Parcel)>,
    parcels: u64,
    out: Outbox,
    pub(super) tamper: Tamper,
    /// Cuts parcels into pieces of so many bytes.
    pub(super) cut: Option<usize>,
}

impl Pair {
    pub(super) fn new(dialler: &Arc<Local>, listener: &Arc<Local>, seed: u64, latency: Duration) -> Self {
        Self::dial(dialler, listener, listener.public, seed, latency)
    }

    /// The dialler believes that the listener has the key `dialled`.
    pub(super) fn dial(
        dialler: &Arc<Local>,
        listener: &Arc<Local>,
        dialled: crate::key::PublicKey,
        seed: u64,
        latency: Duration,
    ) -> Self {
        let now = S;
        let mut out = Outbox::default();
        let mut entropy = Draws(seed);
        let dial = Session::connect(dialler, dialled, now, &mut entropy, &mut out);
        let accept = Session::accept(listener, now);
        let end = |session, entropy| End {
            session,
            entropy,
            on_authenticated: Answer::Go,
            on_hello: Answer::Go,
            events: Vec::new(),
            sent: Vec::new(),
        };
        Self {
            now,
            ends: [end(dial, entropy), end(accept, Draws(!seed))],
            latency,
            flight: BTreeMap::new(),
            parcels: 0,
            out,
            tamper: Box::new(|_, _, _| true),
            cut: None,
        }
    }

    /// Runs until nothing is due at or before `until`.
    pub(super) fn run(&mut self, until: Duration) {
        self.settle(DIALLER);
        while self.next().is_some_and(|next| next <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Runs until both ends are live.
    pub(super) fn live(mut self) -> Self {
        self.settle(DIALLER);
        while !self.ends.iter().all(|end| end.session.is_live()) {
            assert!(self.now < 20 * S, "not live: {:?}", self.ends.map(|end| end.events));
            self.step();
        }
        self
    }

    pub(super) fn send(&mut self, end: usize, code: u64, payload: &Payload) -> Result<u32, PeerError> {
        let sent = self.ends[end].session.send(self.now, 0, code, payload.clone(), &mut self.out);
        self.settle(end);
        sent
    }

    pub(super) fn disconnect(&mut self, end: usize, error: PeerError) {
        self.ends[end].session.disconnect(self.now, error, &mut self.out);
        self.settle(end);
    }

    pub(super) fn proceed(&mut self, end: usize) {
        self.ends[end].session.proceed(self.now, &mut self.out);
        self.settle(end);
    }

    pub(super) fn admit(&mut self, end: usize) {
        self.ends[end].session.admit(self.now, &mut self.out);
        self.settle(end);
    }

    fn next(&self) -> Option<Duration> {
        let delivery = self.flight.keys().next().map(|(at, _)| *at);
        let deadlines = self.ends.iter().filter_map(|end| end.session.deadline());
        delivery.into_iter().chain(deadlines).min()
    }

    fn step(&mut self) {
        self.now = self.next().expect("something is due").max(self.now);
        while let Some(entry) = self.flight.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (to, parcel) = entry.remove();
            let End { session, entropy, .. } = &mut self.ends[to];
            match parcel {
                Parcel::Fin => session.handle_transport_closed(self.now, None, &mut self.out),
                Parcel::Data(Transmit { tag, bytes, .. }) => match self.cut {
                    None => session.handle_parcel(self.now, tag, bytes, entropy, &mut self.out),
                    Some(piece) => {
                        for piece in bytes.chunks(piece) {
                            let piece = bytes::Bytes::copy_from_slice(piece);
                            session.handle_parcel(self.now, tag, piece, entropy, &mut self.out);
                        }
                    }
                },
            }
            self.settle(to);
        }
        for end in [DIALLER, LISTENER] {
            if self.ends[end].session.deadline().is_some_and(|deadline| deadline <= self.now) {
                self.ends[end].session.handle_deadline(self.now, &mut self.out);
                self.settle(end);
            }
        }
    }

    /// Gives to the link what an end has to say, and to the end the answers it waits for.
    fn settle(&mut self, from: usize) {
        while !self.out.is_empty() {
            let Outbox { transmits, events } = std::mem::take(&mut self.out);
            for mut transmit in transmits {
                let end = &mut self.ends[from];
                let number = end.sent.len();
                end.sent.push((self.now, transmit.wire_len));
                if (self.tamper)(from, number, &mut transmit) {
                    self.post(1 - from, Parcel::Data(transmit));
                }
            }
            for event in events {
                self.ends[from].events.push((self.now, event.clone()));
                self.react(from, &event);
            }
        }
    }

    fn react(&mut self, from: usize, event: &SessionEvent) {
        let End { session, on_authenticated, on_hello, .. } = &mut self.ends[from];
        let answer = match event {
            SessionEvent::Authenticated { .. } => on_authenticated,
            SessionEvent::Hello { .. } => on_hello,
            SessionEvent::Closed(_) => return self.post(1 - from, Parcel::Fin),
            SessionEvent::Message { .. } => return,
        };
        match answer {
            Answer::Wait => {}
            Answer::Leave(reason) => {
                let error = PeerError::new(PeerErrorCode::DiscReason, *reason, "not wanted");
                session.disconnect(self.now, error, &mut self.out);
            }
            Answer::Go if matches!(event, SessionEvent::Hello { .. }) => {
                session.admit(self.now, &mut self.out)
            }
            Answer::Go => session.proceed(self.now, &mut self.out),
        }
    }

    fn post(&mut self, to: usize, parcel: Parcel) {
        self.flight.insert((self.now + self.latency, self.parcels), (to, parcel));
        self.parcels += 1;
    }
}
