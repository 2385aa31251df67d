//! What lies between two hosts.
//!
//! A link has a latency: the hard minimum of what anything takes from one host to the other. Parcels of one connection
//! never overtake each other. Links are directed and sparse: a pair without a link of its own has the default one.
//! The smallest latency between hosts of different shards is the look-ahead by which shards may run apart, so that is
//! kept here too.

use std::collections::BTreeMap;
use std::time::Duration;

/// The condition of one direction between two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Time from one end to the other; nothing is ever faster.
    pub latency: Duration,
}

impl Link {
    /// A link that only delays.
    pub const fn latency(latency: Duration) -> Self {
        Self { latency }
    }
}

/// All links of a world; each shard has a copy, changed at barriers only.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    default: Link,
    own: BTreeMap<(u32, u32), Link>,
    /// Raised at each change, so that connections notice that what they remember is old.
    pub(crate) version: u32,
}

impl Links {
    pub(crate) fn new(default: Link) -> Self {
        Self { default, own: BTreeMap::new(), version: 0 }
    }

    pub(crate) fn between(&self, from: u32, to: u32) -> Link {
        if self.own.is_empty() {
            return self.default;
        }
        self.own.get(&(from, to)).copied().unwrap_or(self.default)
    }

    pub(crate) fn set(&mut self, from: u32, to: u32, link: Link) {
        self.own.insert((from, to), link);
        self.version = self.version.wrapping_add(1);
    }

    pub(crate) fn set_default(&mut self, link: Link) {
        self.default = link;
        self.version = self.version.wrapping_add(1);
    }

    /// The least latency of any link that `counts`; the default one always does.
    pub(crate) fn least_latency(&self, counts: impl Fn(u32, u32) -> bool) -> u64 {
        let own = self.own.iter().filter(|((from, to), _)| counts(*from, *to)).map(|(_, link)| nanos(link.latency));
        own.chain([nanos(self.default.latency)]).min().expect("the default link is there")
    }
}

/// A duration as the simulated clock counts it; five centuries at most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
