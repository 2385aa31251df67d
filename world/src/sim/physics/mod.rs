//! The physics of a network: what happens between sending and arriving.
//!
//! # Model
//!
//! A packet goes from host A to host B in three steps, each with its own law:
//!
//! 1. **A's line, up.** A queue bounded in bytes in front of a line of so many bits per second. A packet is through
//!    when all before it are and its own bytes are: `max(now, free) + 8·size/rate`. No room: dropped.
//! 2. **The link from A to B.** `latency + jitter`, latency being the hard minimum; rules may add delay. Lost with the
//!    link's chance: each packet for itself, or in bursts (Gilbert–Elliott, one step of the chain per packet). Held
//!    back by `reorder_by` with the chance `reorder`. Cut by a rule: gone.
//! 3. **B's line, down.** As the line up; it is entered in the order of arrival there.
//!
//! A world is sparse: what a pair of hosts has no need for is neither kept nor drawn. With nothing but latencies
//! anywhere, none of this exists and an event is posted at `now + latency`.
//!
//! **Datagrams** are one packet each (28 bytes of headers). They draw one by one, so jitter alone lets them overtake
//! each other. Those above the MTU are dropped. A duplicate comes at a time of its own, through B's line as well.
//!
//! **Streams** never lose a byte and parcels never overtake. Over plain links a parcel takes the latency, however
//! large it is. As soon as either way between two hosts does more than delay, streams between them are TCP: see
//! `tcp` beside it for segments, windows and what a loss costs. The packets of one stream stay in order under
//! jitter (it is queueing somewhere, and queues keep order); only `reorder` lets one be overtaken.
//!
//! **Rules** cut or worsen what is sent between sets of hosts while they stand. What left before a cut arrives.
//!
//! # What is ordered, and by what
//!
//! Everything is an event with the key (time, source, sequence), so the result does not know of shards. All that a
//! packet draws comes from `hash(key of the link, number of the packet, purpose)`, the key being derived from
//! (seed, from, to): what happens on one link moves no draw on another, and no condition moves the draws of another
//! condition. A line up is touched by its host alone, in the order of sending; a line down by events at its host.
//!
//! # What is skipped
//!
//! - Links share nothing but their hosts' lines: there are no routers, no shared backbone, no routes.
//! - The line of a host queues first in first out and drops at the tail; no fair queueing, no active management, no
//!   ECN. The bound counts the packet in transmission.
//! - Headers are those of IPv4 with TCP or UDP, nothing below.
//! - What a host sends to itself takes its latency and meets nothing else.
//! - Duplicates of a stream's segments, which TCP throws away.
//!
//! # An example
//!
//! ```
//! use std::time::Duration;
//! use world::sim::{Bandwidth, HostLink, Hosts, Jitter, Link, Loss, Rule, SimConfig};
//! use world::Simulation;
//!
//! let ms = Duration::from_millis;
//! // 40 ms and up to 10 ms more, half a percent lost in bursts of four.
//! let mobile = Link::latency(ms(40)).jitter(Jitter::Uniform(ms(10))).loss(Loss::bursts(0.005, 4.0));
//! let mut world = Simulation::new(SimConfig { link: mobile, shards: 2, ..SimConfig::default() });
//! let (a, b) = (world.add_host(), world.add_host());
//! // One of them has a slow line: 5 Mbit/s up, 20 down, and 64 KiB may wait.
//! world.set_host_link(a, HostLink::new(Bandwidth::megabits(5), Bandwidth::megabits(20)).queue(64 * 1024));
//! world.run_until(ms(500)).unwrap();
//! // For a second nothing passes between the two.
//! let cut = world.install(Rule::partition(Hosts::only([a]), Hosts::only([b])));
//! world.run_until(ms(1_500)).unwrap();
//! assert!(world.remove(cut));
//! ```

mod bandwidth;
mod chance;
mod path;
mod waits;

pub use bandwidth::{Bandwidth, HostLink};
pub use chance::{Chance, Jitter, Loss, NotAChance};
pub use waits::Waits;

pub(crate) use path::{Line, Path, ingress, send_datagram};
