//! How several shards advance together and still give what one would have given.
//!
//! Nothing crosses from one shard to another in less than the look-ahead: the least latency of any link. So from the
//! earliest event of all, every shard may run that far without hearing of the others. Then they swap what they sent
//! each other, ordered by the same key as everything else, and the next window begins. A window never reaches past the
//! time asked for: commands enter at its end, whatever the cut.

use super::core::Livelock;
use super::event::Event;
use super::queue::Key;
use super::shard::Shard;

/// Runs all shards up to `until`. `inboxes` holds what is on its way between shards, from call to call.
pub(crate) fn run(
    shards: &[Shard],
    inboxes: &mut [Vec<(Key, Event)>],
    lookahead: u64,
    until: u64,
) -> Result<(), Livelock> {
    // Commands between two runs may have sent something abroad.
    for (shard, key, event) in shards.iter().flat_map(|shard| shard.with(|core| core.take_abroad())) {
        inboxes[shard].push((key, event));
    }
    let mut next = earliest(shards, inboxes);
    loop {
        let end = match next {
            Some(next) if next < until => next.saturating_add(lookahead).min(until),
            _ => until,
        };
        let reports: Vec<_> = shards
            .iter()
            .zip(inboxes.iter_mut())
            .map(|(shard, inbox)| shard.start_window(std::mem::take(inbox), end))
            .collect();
        next = None;
        let mut failed = None;
        for report in reports {
            let report = report.recv().expect("a shard's thread lives as long as its world");
            if let Err(livelock) = report.result {
                failed.get_or_insert(livelock);
            }
            next = least(next, report.next);
            for (shard, key, event) in report.abroad {
                next = least(next, Some(key.time));
                inboxes[shard].push((key, event));
            }
        }
        match failed {
            Some(livelock) => return Err(livelock),
            None if end == until => return Ok(()),
            None => {}
        }
    }
}

/// When anything happens next, on any shard or between them.
pub(crate) fn earliest(shards: &[Shard], inboxes: &[Vec<(Key, Event)>]) -> Option<u64> {
    let waiting = shards.iter().filter_map(|shard| shard.with(|core| core.next_time()));
    waiting.chain(inboxes.iter().flatten().map(|(key, _)| key.time)).min()
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
