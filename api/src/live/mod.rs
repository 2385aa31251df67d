//! What the page and the server say to each other on `GET /live`: a text that says hello, then binary frames one way,
//! small JSON texts the other. `docs/page.md` has the format.
//!
//! | module | holds |
//! |---|---|
//! | `frame` | the bytes of a frame |
//! | `wish` | what a watcher says |

mod frame;
mod wish;

pub use frame::encode;
pub(crate) use wish::{Wish, WishError};
