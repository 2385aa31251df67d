//! The API over real sockets, before a real network in simulated time.

#![cfg(test)]

mod control;
mod events;
mod experiments;
mod golden;
mod harness;
mod http;
mod live;
mod metrics;
mod mockers;
mod nodes;
mod page;
mod rpc;
mod snapshots;
