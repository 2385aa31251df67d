//! Nodes in a simulated world, told by what they answer.

// Helpers of tests are tests: a panic is how they fail.
#![allow(clippy::unwrap_used)]

mod between;
mod events;
mod gossip;
mod harness;
mod life;
mod ping_pong;
mod rpc;
mod worlds;
