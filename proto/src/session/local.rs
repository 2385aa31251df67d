//! What a node brings to each of its sessions: identity, offers, patience. Set once, shared by all.

use core::time::Duration;

use super::caps::LocalCap;
use crate::key::{PublicKey, SecretKey};

/// What a node says about itself in each of its sessions; one per node, shared by all of them.
#[derive(Clone, Debug)]
pub struct Local {
    /// Signs and decrypts the handshake.
    pub key: SecretKey,
    /// The public part of `key`.
    pub public: PublicKey,
    /// Client name in Hello.
    pub client: String,
    /// What is offered, in the caller's order: sessions name protocols by their index here.
    pub protocols: Vec<LocalCap>,
    /// Listening port in Hello, 0 if there is none.
    pub listen_port: u16,
    /// How much of RLPx is real. Both ends of a connection must agree.
    pub fidelity: Fidelity,
    /// Intervals and time-outs.
    pub timing: Timing,
}

/// How much of RLPx is real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fidelity {
    /// All of it, to the bit.
    #[default]
    Wire,
    /// The same messages, times and sizes without cryptography.
    Message,
}

/// Intervals and time-outs of a session. The default is what geth has (p2p/peer.go, p2p/rlpx/rlpx.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From one Ping to the next: 15 s.
    pub ping: Duration,
    /// How long a live session waits for the next whole message: 30 s.
    pub read_timeout: Duration,
    /// How long each of the two phases of the handshake may take: 5 s.
    pub handshake: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(15),
            read_timeout: Duration::from_secs(30),
            handshake: Duration::from_secs(5),
        }
    }
}
