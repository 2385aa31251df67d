//! The devp2p protocols as machines you push.
//!
//! Nothing here opens a socket, sleeps, reads a clock or draws entropy. Bytes, intents and the time go
//! in; bytes, events and the next deadline come out. The same machine is therefore pushed by a
//! simulated fabric and by a task that owns a TCP connection, and a test replays it to the nanosecond.
//!
//! Start with [`session::Session`], one end of one RLPx connection from the encryption handshake to the
//! last Disconnect. Around it:
//!
//! | module | holds |
//! |---|---|
//! | [`key`] | secp256k1 keys and node identities |
//! | [`enr`] | signed node records (EIP-778) |
//! | [`enode`] | node addresses: enode URLs and record texts |
//! | [`rlpx`] | the EIP-8 handshake, frames and snappy of RLPx, as functions of bytes |
//! | [`session`] | the `p2p` base protocol: Hello, capabilities, liveness, Disconnect, in two fidelities |
//! | [`dial`] | which peers to dial now: static set, slots, history and back-off |
//!
//! Three things are arguments everywhere:
//!
//! * *time* is a [`core::time::Duration`] since the start of the world, and never runs backwards;
//! * *entropy* is an [`Entropy`], drawn in an order that is part of each function's behaviour;
//! * *output* goes into a buffer that the caller owns and reuses.
//!
//! What is deliberately absent: sockets, timers, tasks, logging, and any idea of what a protocol above
//! the base one says.

pub mod dial;
pub mod enode;
pub mod enr;
pub mod key;
mod moment;
pub mod rlpx;
pub mod session;

pub use moment::Moment;

/// Where bytes of entropy come from: always the caller. Any `FnMut(&mut [u8])` will do.
pub trait Entropy {
    /// Fills the whole of `out`.
    fn fill(&mut self, out: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, out: &mut [u8]) {
        self(out);
    }
}
