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
pub use machine::{Session, SessionState};
pub use outbox::{Outbox, SessionEvent, Transmit};
pub use payload::Payload;
pub use peer_error::{DiscReason, PeerError, PeerErrorCode};

/// Largest payload of a Hello and of every other base message, bytes (geth's `baseProtocolMaxMsgSize`).
pub const BASE_MESSAGE_LIMIT: usize = 2 * 1024;

/// Largest message, bytes, before and after compression: what the three size bytes of a frame can say.
pub const MESSAGE_LIMIT: usize = (1 << 24) - 1;
