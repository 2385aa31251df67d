//! What the original did wrong, by the numbers of README.md beside this. Each test is a black box: it knows a server's
//! URL and a command's path, and against the original it fails.
//!
//! | module | entries |
//! |---|---|
//! | `events` | the stream of events: 1, 2, 6, 20, 21 |
//! | `network` | what is asked of a network: 3, 7 to 10, 18, 19, 22, 23, 25 |
//! | `nodes` | what is asked of a node, and who may: 14 to 17, 24 |
//! | `command` | the command line: 4, 5 |
//! | `exec` | nodes that are processes: 11 to 14 |

mod command;
mod events;
mod exec;
mod network;
mod nodes;
