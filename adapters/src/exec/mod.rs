//! Nodes as child processes, on the kernel's TCP and in real time: what geth's `ExecAdapter` does.
//!
//! A node is this program run again: `argv[0]` is `p2p-node`, and [`node_main`], called at the top of `main`, sees that
//! and never returns. In every other process it returns at once.
//!
//! ```no_run
//! use adapters::exec::{ExecSettings, node_main, start};
//! use node::Services;
//! use simnet::{Handle, NetworkConfig, NetworkError};
//!
//! fn main() -> Result<(), NetworkError> {
//!     let services = Services::builtin(); // and your own
//!     node_main(&services);
//!     let network: Handle = start(NetworkConfig { services, ..Default::default() }, ExecSettings::default())?;
//!     # drop(network);
//!     Ok(())
//! }
//! ```
//!
//! # Between parent and child
//!
//! The child learns what to be from `argv[1]` (services), `argv[2]` (id) and `_P2P_NODE_CONFIG` (JSON). It binds its own
//! ports on the loopback address, p2p over TCP and RPC over WebSocket, and reports them once by an HTTP POST to
//! `_P2P_STATUS_URL`. So far it is geth's way, and a child of this program runs under a parent written in Go.
//!
//! Under a parent of its own kind the child's standard input is a socket, the *line*. Events and calls share it, so
//! that what a call has caused is told before its answer. Its end is the end of the parent, however that came
//! about: the child stops and removes what it has on the disk.
//!
//! | module | holds |
//! |---|---|
//! | `start` | where networks of processes begin |
//! | `adapter`, `resident` | the adapter, and what it knows of each node |
//! | `process` | one child's life, as its parent sees it |
//! | `status` | where start-up reports arrive |
//! | `base` | directories, and how processes remove what nobody else will |
//! | `wire` | what is said between parent and child |
//! | `child` | the other side |

mod adapter;
mod base;
mod child;
mod process;
mod resident;
mod start;
mod status;
mod talk;
mod wire;

pub use adapter::ExecAdapter;
pub use child::node_main;
pub use start::{ExecSettings, start, start_mixed};
