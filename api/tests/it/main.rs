//! The API over real sockets, before a real network in simulated time.

#![cfg(test)]

mod events;
mod http;
mod nodes;
mod rpc;
mod snapshots;
mod world;
