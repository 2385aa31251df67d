//! Networks of nodes: everything that knows two nodes at once, or time as an experimenter does.
//!
//! Start here: [`start`] brings a [`Network`](network::Network) to life on a thread of its own and answers a
//! [`Handle`], the only way into it. Commands go in through the handle, records come out into the log, and everything
//! shown — state, events, counts, snapshots — is a fold or a view of that log.
//!
//! | module | holds |
//! |---|---|
//! | [`handle`] | the async face: create, start, stop, connect, snapshot, subscribe, advance |
//! | `clock` | the same of time: pace, pause, steps |
//! | [`network`] | the same at one moment: names, checks, state, log |
//! | `driver` | the thread, its clock and its waiters |
//! | [`adapter`] | how nodes are brought to life; [`SimAdapter`](adapter::SimAdapter) does so in memory |
//! | [`condition`] | links, lines and partitions: what can be set at run time, and how it is written |
//! | [`record`] | what the log says, and its digest |
//! | [`log`] | the log as a file: written, read, added up, compared |
//! | [`state`], [`tally`] | what the log adds up to |
//! | [`measure`] | the same in numbers: how items spread, distributions, series over time |
//! | [`view`], [`subscribe`] | what is shown of it, live: every event |
//! | [`live`] | the same for whoever draws it: the latest of everything, at any rate of events |
//! | `snapshot`, `naming`, `keys` | setting up again, filling in |
//! | [`journal`], `replay` | what was asked, written down, and done again |
//! | [`topology`] | shapes: which pairs to connect, and whether they are |
//! | [`scenario`] | experiments as files |
//! | [`capture`] | what passes chosen nodes, as files for Wireshark |
//! | [`report`], [`plot`] | a run as documents and pages, two of them side by side; plots as SVG |
//! | [`experiment`] | experiments as tests |
//! | [`protocol_test`] | one protocol among mock peers |
//! | [`churn`] | churn by rates |
//! | [`mocker`] | churn by a program, with nodes of its own |
//! | [`step`] | one action and what is expected after it |
//! | `wait` | conditions that experimenters wait for |
//!
//! Other ways of bringing nodes to life come from outside, through [`start_with`]; [`start_mixed`] puts nodes in memory
//! beside them.
//!
//! What is deliberately absent: HTTP, processes, and any look inside a node.

pub mod adapter;
pub mod capture;
pub mod churn;
mod clock;
mod collect;
pub mod condition;
mod driver;
mod error;
pub mod experiment;
pub mod handle;
pub mod journal;
mod keys;
pub mod live;
pub mod log;
mod markup;
pub mod measure;
pub mod mocker;
mod naming;
pub mod network;
pub mod plot;
pub mod protocol_test;
pub mod record;
mod recorder;
mod replay;
pub mod report;
mod room;
pub mod scenario;
mod snapshot;
mod start;
pub mod state;
pub mod step;
pub mod subscribe;
pub mod tally;
pub mod topology;
pub mod view;
mod wait;

pub use clock::ClockView;
pub use condition::{Restraint, RestraintId};
pub use error::{Fault, NetworkError};
pub use handle::{CallError, Handle, Nudge, PATIENCE, RpcLine, Until};
pub use journal::Recording;
pub use measure::{Measurements, Quantity};
pub use record::Digest;
pub use replay::{Replay, ReplayError, replay};
pub use room::Bytes;
pub use start::{NetworkConfig, start, start_mixed, start_with};
pub use subscribe::{Notice, Subscription};
pub use tally::{MessageCount, NodeTally, Tally};
