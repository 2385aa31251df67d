//! Nodes in a simulated world, told by what they answer.

mod between;
mod events;
mod harness;
mod life;
mod ping_pong;
mod rpc;
