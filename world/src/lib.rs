//! The world a node lives in: its clock, its entropy, its network, its tasks.
//!
//! This crate is the only place that knows real from simulated. Everything above it is handed a [`World`] and asks
//! that for the time, for sleep, for entropy by purpose, for connections and datagrams, and never anything else.
//! Two dialects stand behind the handle:
//!
//! - [`sim`]: an executor and a nanosecond clock of our own; a seed replays a run to the bit, on any number of shards.
//! - [`real`]: tokio's TCP and UDP, the wall clock, the operating system's entropy.
//!
//! Start here: [`World`] is what a node holds, [`Endpoint`] is what a network stack implements to receive,
//! [`Net`] is what it sends with, [`Scope`] is what kills a node whole. [`Simulation`] is where a simulated world begins.
//! [`prefetch`](fn@prefetch) is for whoever is told by [`Endpoint::expect`] that something will soon happen.
//!
//! What is deliberately absent: this crate has never heard of devp2p. A [`Parcel`] is bytes and what they weigh.

mod endpoint;
mod entropy;
mod handle;
mod job;
mod log_time;
mod prefetch;
pub mod real;
pub mod sim;
pub mod stream;

pub use endpoint::{Closed, ConnId, DialError, EXPECT_STEPS, Endpoint, ListenError, Parcel};
pub use entropy::Entropy;
pub use handle::{Net, Population, Scope, Sleep, World};
pub use log_time::log_time;
pub use prefetch::{prefetch, prefetch_first};
pub use sim::Simulation;
