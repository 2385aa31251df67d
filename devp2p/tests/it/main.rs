//! Stories about servers in a simulated world, told by what each node's observer saw, and one over real sockets.

// What helps tests may fail as they do.
#![allow(clippy::unwrap_used)]

mod checks;
mod connect;
mod flow;
mod handlers;
mod life;
mod raw;
mod real;
mod replay;
mod silence;
mod town;
mod turmoil;
