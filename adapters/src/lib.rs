//! Heavy ways of bringing nodes to life, each behind a feature of its own.
//!
//! | module | feature | holds |
//! |---|---|---|
//! | `exec` | `exec`, on | nodes as child processes of this program |
//!
//! What is deliberately absent: anything that a network needs to know of its nodes. It drives them through
//! [`simnet::adapter::NodeAdapter`], as it does those in memory.

#[cfg(feature = "exec")]
pub mod exec;
