//! Which peers to dial, and when.
//!
//! [`Scheduler`] is the machine: static nodes are dialled until they are connected, candidates while there
//! is room. [`Slots`] says how much room there is, [`Backoff`] how long to wait after a failure. Who the
//! candidates are (discovery), how a dial is made and who is connected the caller knows.

mod backoff;
mod scheduler;
mod slots;
mod statics;

pub use backoff::Backoff;
pub use scheduler::{DialRefusal, Facts, HISTORY, Scheduler};
pub use slots::Slots;
