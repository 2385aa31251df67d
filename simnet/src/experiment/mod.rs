//! Experiments as a test author writes them: one after the other, in simulated time, on a seed.
//!
//! ```
//! use simnet::experiment::{Sim, TestResult, latency};
//!
//! async fn everyone_finds_a_peer(sim: Sim) -> TestResult {
//!     let net = sim.network("pings").nodes(6).ring().links(latency("50ms")).up().await?;
//!     net.stop_random(2, &[net.node(0)]).await?;
//!     net.advance("30s").await?;
//!     net.start_random(2).await?;
//!     net.until_each_has_peers(1, "1m").await?;
//!     net.eventually("90s", async |node| node.call::<Vec<serde_json::Value>>("admin_peers", ()).await.is_ok()).await
//! }
//! # let sim = Sim::new(1);
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(everyone_finds_a_peer(sim))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `sim`, `builder` | the experiment, and networks before they are up |
//! | `net`, `node`, `shape`, `choice` | networks and nodes in a test's hands |
//! | `bucket` | what a test shares with its services |
//! | `peer_events` | what happens to peers, filtered |
//! | `span` | `"30s"`, `latency("50ms")` |
//! | `error`, `cleanup` | what goes wrong, and what is done at the end |
//!
//! An experiment does one thing at a time. Nothing here is `Send`, and two calls that wait on one network at once would
//! let the machine decide which of them is first: do not `join` them.

mod bucket;
mod builder;
mod choice;
mod cleanup;
mod error;
mod net;
mod node;
mod peer_events;
mod shape;
mod sim;
mod span;

pub use bucket::Bucket;
pub use builder::NetworkBuilder;
pub use error::{TestError, TestResult};
pub use net::Net;
pub use node::{CallFailed, Node};
pub use peer_events::{PeerEvent, PeerEventFilter, PeerEventType, PeerEvents};
pub use sim::Sim;
pub use span::{BadSpan, Links, Span, latency};
