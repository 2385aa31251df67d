//! A node's RPC: JSON-RPC 2.0 over texts, with geth's methods, shapes and errors.
//!
//! | module | holds |
//! |---|---|
//! | [`methods`] | the table of what services add |
//! | `builtin` | what every node has: `admin`, `rpc`, `simulation`, `web3` |
//! | [`params`], [`error`] | what goes in, and why it fails |
//! | `request` | requests, responses and notifications as text |
//! | [`session`], [`subscription`] | one caller's connection |
//! | `feed` | `admin_peerEvents` |
//! | [`view`] | the JSON of nodes, peers and their events |
//! | [`client`], `serve` | calling a node: one's own in memory, another across the world |
//!
//! HTTP and WebSocket are not here: whoever has such an edge opens a [`session::RpcSession`] for each connection.

pub(crate) mod builtin;
pub mod client;
pub mod error;
pub(crate) mod feed;
pub mod methods;
pub mod params;
mod request;
pub(crate) mod serve;
pub mod session;
pub mod subscription;
pub mod view;
