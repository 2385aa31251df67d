//! Whether a network fits into memory: said before it is set up where that can be told, and seen to while it runs.

use crate::error::NetworkError;
use devp2p::Fidelity;
use std::fmt;
use std::time::Duration;
use world::real::{memory_in_use, memory_limit};

/// What a node takes with one service, and what each end of a connection takes, with what the network knows of them;
/// measured in networks of 10,000 nodes with 50 peers (docs/performance.md), with something to spare.
const NODE: u64 = 12 * 1024;
const MESSAGE_END: u64 = 1_200;
const WIRE_END: u64 = 2_500;

/// Looking takes as long as some hundred events.
const LOOK_EVERY: u32 = 32;
/// So many records at once are a reason to look.
const MANY: usize = 20_000;

/// The memory that a network may take: that of this process, what else it holds included.
#[derive(Debug)]
pub(crate) struct Room {
    limit: Option<u64>,
    fidelity: Fidelity,
    looks: u32,
}

impl Room {
    /// So many bytes; without, what the machine or the container has, but for a sixteenth.
    pub(crate) fn new(limit: Option<u64>, fidelity: Fidelity) -> Self {
        let limit = limit.or_else(|| memory_limit().map(|all| all - all / 16));
        Self { limit, fidelity, looks: 0 }
    }

    /// Whether so many more nodes and connections fit.
    pub(crate) fn check(&self, nodes: u64, connections: u64) -> Result<(), NetworkError> {
        let (Some(limit), Some(used)) = (self.limit, memory_in_use()) else { return Ok(()) };
        let end = if self.fidelity == Fidelity::Wire { WIRE_END } else { MESSAGE_END };
        let need = nodes.saturating_mul(NODE).saturating_add(connections.saturating_mul(2 * end));
        if used.saturating_add(need) <= limit {
            return Ok(());
        }
        Err(NetworkError::TooLarge {
            nodes,
            connections,
            need: Bytes(need),
            used: Bytes(used),
            limit: Bytes(limit),
        })
    }

    /// Looks, now and then, whether there is still room; `records` is how much has just happened.
    pub(crate) fn look(&mut self, now: Duration, records: usize) -> Result<(), NetworkError> {
        self.looks += 1;
        if self.looks < LOOK_EVERY && records < MANY {
            return Ok(());
        }
        self.looks = 0;
        match (self.limit, memory_in_use()) {
            (Some(limit), Some(used)) if used > limit => {
                Err(NetworkError::OutOfMemory { at: now, used: Bytes(used), limit: Bytes(limit) })
            }
            _ => Ok(()),
        }
    }
}

/// An amount of memory, read in the unit that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let power = (self.0.max(1).ilog2() / 10) as usize;
        let value = self.0 as f64 / (1u64 << (10 * power)) as f64;
        if power == 0 { write!(f, "{value} B") } else { write!(f, "{value:.1} {}", units[power]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_in_the_unit_that_fits() {
        let shown =
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (u64::MAX, "16.0 EiB")];
        for (bytes, text) in shown {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_does_not_fit_is_told_with_what_it_would_need() {
        let room = Room::new(Some(1 << 30), Fidelity::Message);
        assert_eq!(room.check(1_000, 5_000), Ok(()));
        let refused = room.check(10_000, 49_995_000).unwrap_err().to_string();
        assert!(
            refused.starts_with("10000 nodes and 49995000 connections would need about 111.9 GiB"),
            "{refused}"
        );
        assert!(refused.contains("of 1.0 GiB"), "{refused}");
        assert!(Room::new(None, Fidelity::Wire).check(u64::MAX, u64::MAX).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_limit_that_is_passed_is_seen_when_much_happens_or_time_passes() {
        let mut room = Room::new(Some(1), Fidelity::Message);
        assert_eq!(room.look(Duration::ZERO, 10), Ok(()));
        assert!(room.look(Duration::ZERO, MANY).is_err());
        let mut quiet = (0..2 * LOOK_EVERY).map(|_| room.look(Duration::ZERO, 0).is_err());
        assert!(quiet.any(|seen| seen));
    }
}
