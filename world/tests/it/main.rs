//! The world's two dialects, held to one behaviour: each case is written once and runs on both.

// All of this is test code: what is unwrapped here is what the test asserts.
#![allow(clippy::unwrap_used)]

mod harness;
mod life;
mod parity;
mod sockets;
mod streams;
mod time;
