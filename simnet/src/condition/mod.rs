//! Conditions of links and lines, as experimenters set them at run time and write them down.
//!
//! What a condition does to a packet is [`world::sim::physics`]'s business. This module says what can be set
//! ([`Condition`], [`Restraint`]), what has been ([`Conditions`], a fold of the log), and how it is written in text
//! ([`Text`]), the same in the command line, over HTTP, in scenario files, in the journal and in the log.
//!
//! | what | written |
//! |---|---|
//! | length of time | `50ms`, `1.5s`, `1m 30s`; units ns µs (us) ms s m h d |
//! | chance | `1%`, `0.25%`: always with the sign |
//! | latency | `50ms`: nothing is faster. `50ms ± 10ms` (also `+-`): from 40 to 60 ms, each as likely as the other |
//! | jitter | `none`; `10ms`: up to that on top of the latency, each as likely as the other; `normal 5ms ± 2ms`: around a mean, with that deviation; `long-tail 5ms shape 2 most 1s`: mostly little, sometimes much (Lomax) |
//! | loss | `none`; `1%`; `1% in bursts of 4`: Gilbert's model; `worsens 1% recovers 25% good 0% bad 100%`: Gilbert–Elliott's |
//! | reorder | `1% by 10ms`: that share comes so much later |
//! | bandwidth | `unlimited`; `10 Mbit/s`, `512 kbit/s`; units bit/s kbit/s Mbit/s Gbit/s, of 1,000 |
//! | size | `1500`, `256 KiB`, `1 MB` |
//! | link | a latency, then any of `jitter`, `loss`, `reorder`, `duplicate`, `mtu`, `window`: `40ms, jitter 20ms, loss 1%` |
//! | line | `up 10 Mbit/s, down 50 Mbit/s, queue 256 KiB`, any of them |
//!
//! What is printed is read back as the very same value.

mod canonical;
mod change;
mod form;
mod handle;
mod restraint;
mod set;
#[cfg(test)]
mod tests;
mod text;

pub use change::LinkChange;
pub(crate) use form::ConditionForm;
pub use restraint::{Restraint, RestraintId};
pub use set::{Condition, Conditions};
pub use text::{BadText, Text};
