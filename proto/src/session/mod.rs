//! One end of one devp2p connection, from the encryption handshake to the last Disconnect. The base protocol
//! is the `"p2p" Capability` of `rlpx.md`.
//!
//! Start with [`Session`]. It is a machine: parcels and intents go in through `handle_*` and the verbs, an
//! [`Outbox`] collects what it has to say, and [`Session::deadline`] tells when it wants to be woken.
//!
//! ```text
//!  connect / accept
//!        │  auth, ack
//!        ▼
//!  Authenticated ──► the caller's check ──► proceed ──► Hello both ways
//!                                                          │
//!  live ◄── admit ◄── the caller's check ◄── Hello ◄───────┘
//!        │  messages, Ping, Pong
//!        ▼
//!  Closed(PeerError), once, from anywhere
//! ```
//!
//! Two fidelities, one machine ([`Fidelity`]). `Wire` is RLPx to the bit. `Message` has no cryptography:
//! packets of the handshake cross as placeholders and payloads as shared bytes, but every parcel says how
//! long it would be on a wire, so both give the same events at the same times with the same sizes.
//!
//! The whole of holding one, here with both ends in one hand and a transport that takes no time:
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use proto::key::SecretKey;
//! use proto::session::*;
//!
//! fn node(seed: u8) -> Arc<Local> {
//!     let key = SecretKey::from_bytes(&[seed; 32]).unwrap();
//!     let protocols = vec![LocalCap { cap: Capability::new("eth", 68), length: 17 }];
//!     let (client, timing) = ("example/v1".to_owned(), Timing::default());
//!     Arc::new(Local { public: key.public(), key, client, protocols, listen_port: 0, fidelity: Fidelity::Wire, timing })
//! }
//!
//! let now = Duration::ZERO;
//! let (mut next, mut out) = (0u8, Outbox::default());
//! let mut entropy = |bytes: &mut [u8]| bytes.fill_with(|| { next = next.wrapping_add(167); next });
//! let (alice, bob) = (node(1), node(2));
//! let dial = Session::connect(&alice, bob.public, now, &mut entropy, &mut out);
//! let mut ends = [dial, Session::accept(&bob, now)];
//! let mut speaker = 0;
//! while !out.is_empty() {
//!     while !out.events.is_empty() {
//!         match out.events.remove(0) {
//!             SessionEvent::Authenticated { .. } => ends[speaker].proceed(now, &mut out),
//!             SessionEvent::Hello { .. } => ends[speaker].admit(now, &mut out),
//!             other => panic!("{other:?}"),
//!         }
//!     }
//!     speaker = 1 - speaker;
//!     for parcel in std::mem::take(&mut out.transmits) {
//!         ends[speaker].handle_parcel(now, parcel.tag, parcel.bytes, &mut entropy, &mut out);
//!     }
//! }
//! assert!(ends.iter().all(Session::is_live));
//! assert_eq!(ends[0].deadline(), Some(Duration::from_secs(15))); // the first Ping
//! ```
//!
//! What is not here: which peers are wanted (the caller answers `Authenticated` and `Hello`), queues and
//! back-pressure (the transport's), and the meaning of any code from 16 on.

pub mod caps;
pub mod disconnect;
pub mod hello;
mod liveness;
mod local;
mod machine;
mod mux;
mod outbox;
mod payload;
mod peer_error;
mod plain;
mod wire;

#[cfg(test)]
mod tests;

pub use caps::{Capability, LocalCap, Shared, match_caps};
pub use hello::RemoteHello;
pub use local::{Fidelity, Local, Timing};
pub use machine::{Checked, Session, SessionState};
pub use outbox::{Outbox, SessionEvent, Transmit};
pub use payload::Payload;
pub use peer_error::{DiscReason, PeerError, PeerErrorCode};

/// Largest payload of a Hello and of every other base message, bytes (geth's `baseProtocolMaxMsgSize`).
pub const BASE_MESSAGE_LIMIT: usize = 2 * 1024;

/// Largest message, bytes, before and after compression: what the three size bytes of a frame can say.
pub const MESSAGE_LIMIT: usize = (1 << 24) - 1;
