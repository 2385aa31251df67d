//! The HTTP API of go-ethereum's `p2p/simulations`, server and client: the only crate that knows status codes and JSON
//! shapes.
//!
//! | module | holds |
//! |---|---|
//! | [`dto`] | the JSON shapes, both ways |
//! | [`filter`] | the text that names the message events of interest |
//! | [`live`] | what a page that shows the network is sent, and says |
//! | `server` | [`bind`] and [`Server`]: routes, the stream of events, the bridge to a node's RPC, who may come in |
//! | [`client`] | [`Client`]: one method per route, the stream of events, RPC |
//! | [`redo`] | doing again what a stream of events tells |
//! | `sse`, `json`, `percent` | the three encodings on the wire |
//!
//! Old clients find every path, verb, success code and body as they know them; what differs all the same stands in
//! `docs/deviations.md`, each with its reason.
//!
//! What is deliberately absent: any state of a network. Everything is asked of a [`simnet::Handle`] at the moment it is
//! wanted, and everything that happens comes from its subscriptions. Nothing here can make the network wait.

pub mod client;
pub mod dto;
pub mod filter;
mod json;
pub mod live;
mod percent;
pub mod redo;
mod server;
mod sse;

pub use client::{Client, ClientError, ClientEvent, Events};
pub use json::DecodeError;
pub use server::{Scenarios, ServeConfig, ServeError, Server, Ui, bind};
