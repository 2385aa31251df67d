//! p2psim beside go-ethereum's `p2p/simulations`, whose HTTP API and command line it takes over. README.md says how to
//! point the first of these at the original.
//!
//! | module | what it shows |
//! |---|---|
//! | `defects` | what the original did wrong is not done wrong here, one test for each entry of the list in README.md |
//! | `go_client` | a client of the original, either generation, works with our server |
//! | `played` | our client and command work with the original's server, which is played from the recordings |
//! | `recorded` | each answer that was recorded from the original, and what ours differs in |
//! | `subject`, `http`, `socket` | servers and commands under test, and talking to them byte by byte |

// A story that cannot go on fails; where it stood is all there is to say.
#![allow(clippy::unwrap_used)]

mod defects;
mod go_client;
mod http;
mod played;
mod recorded;
mod socket;
mod subject;
