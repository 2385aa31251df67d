//! Messages, as one watcher wants them: a sample spread evenly over time, and counts by connection.

use super::frame::{HeatRow, MessageRow, Sample};
use super::watcher::{MessageFilter, Wants};
use crate::record::{Message, ProtocolName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Messages shown in a frame.
const SHOWN: usize = 200;
/// Connections whose messages are told in a frame.
const HOTTEST: usize = 2000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    wants: Wants,
    filter: MessageFilter,
    /// Messages and bytes.
    heat: BTreeMap<(u32, u32), (u32, u64)>,
    sample: Thinned<MessageRow>,
    /// The name shown last, as it is shown.
    name: Option<(Arc<ProtocolName>, Arc<str>)>,
}

impl Traffic {
    pub(super) fn set(&mut self, wants: Wants, filter: MessageFilter) {
        (self.wants, self.filter) = (wants, filter);
        self.heat.clear();
        self.sample = Thinned::default();
    }

    pub(super) fn note(&mut self, time: u64, origin: u32, peer: u32, message: &Message) {
        if !self.filter.passes(origin, peer, message) {
            return;
        }
        // One of its two records counts a message.
        if self.wants.heat && !message.received {
            let (messages, bytes) = self.heat.entry((origin.min(peer), origin.max(peer))).or_default();
            *messages += 1;
            *bytes += u64::from(message.wire_len);
        }
        if self.wants.messages && self.sample.is_next_kept() {
            let (from, to) = if message.received { (peer, origin) } else { (origin, peer) };
            let protocol = self.shown_name(&message.protocol);
            let (code, received, size) = (message.code, message.received, message.size);
            self.sample.keep(MessageRow { time, from, to, protocol, code, received, size });
        }
    }

    fn shown_name(&mut self, name: &Arc<ProtocolName>) -> Arc<str> {
        match &self.name {
            Some((known, shown)) if Arc::ptr_eq(known, name) => Arc::clone(shown),
            _ => {
                let shown: Arc<str> = format!("{}/{}", name.name, name.version).into();
                self.name = Some((Arc::clone(name), Arc::clone(&shown)));
                shown
            }
        }
    }

    /// The busiest connections since the last time.
    pub(super) fn take_heat(&mut self) -> Vec<HeatRow> {
        let heat = std::mem::take(&mut self.heat);
        let row = |((a, b), (messages, bytes))| HeatRow { a, b, messages, bytes };
        let mut rows: Vec<HeatRow> = heat.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.messages));
        rows.truncate(HOTTEST);
        rows
    }

    /// The messages since the last time, if there were any.
    pub(super) fn take_messages(&mut self) -> Option<Sample<MessageRow>> {
        let sample = std::mem::take(&mut self.sample).finish();
        (sample.of > 0).then_some(sample)
    }
}

/// Keeps every n-th of a stream, with n doubling as it grows: evenly spread, in order, and bounded.
#[derive(Debug)]
struct Thinned<T> {
    seen: u64,
    stride: u64,
    kept: Vec<T>,
}

impl<T> Default for Thinned<T> {
    fn default() -> Self {
        Self { seen: 0, stride: 1, kept: Vec::new() }
    }
}

impl<T> Thinned<T> {
    /// Counts the next one and says whether it is to be kept.
    fn is_next_kept(&mut self) -> bool {
        self.seen += 1;
        (self.seen - 1).is_multiple_of(self.stride)
    }

    fn keep(&mut self, value: T) {
        if self.kept.len() == SHOWN {
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
            if !(self.seen - 1).is_multiple_of(self.stride) {
                return;
            }
        }
        self.kept.push(value);
    }

    fn finish(self) -> Sample<T> {
        Sample { of: self.seen, shown: self.kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thin(count: u64) -> Sample<u64> {
        let mut thinned = Thinned::default();
        for n in 0..count {
            if thinned.is_next_kept() {
                thinned.keep(n);
            }
        }
        thinned.finish()
    }

    #[test]
    fn a_sample_is_spread_evenly_and_bounded() {
        for count in [0, 1, 199, 200, 201, 399, 400, 401, 100_000] {
            let sample = thin(count);
            assert_eq!(sample.of, count);
            assert!(sample.shown.len() <= SHOWN, "{count}: {}", sample.shown.len());
            assert!(
                sample.shown.len() as u64 >= count.min(SHOWN as u64 / 2),
                "{count}: {}",
                sample.shown.len()
            );
            let stride = sample.shown.get(1).copied().unwrap_or(1);
            assert!(sample.shown.iter().enumerate().all(|(place, n)| *n == place as u64 * stride), "{count}");
        }
    }

    #[test]
    fn a_message_is_counted_once_and_shown_at_both_ends() {
        let mut traffic = Traffic::default();
        let wants = Wants { messages: true, heat: true, ..Wants::default() };
        traffic.set(wants, MessageFilter { protocol: Some("a".into()), ..MessageFilter::default() });
        let message = |name: &str, received| Message {
            peer: Default::default(),
            received,
            protocol: Arc::new(ProtocolName::new(name, 1)),
            code: 3,
            size: 5,
            wire_len: 64,
            payload: 0,
        };
        traffic.note(1, 4, 2, &message("a", false));
        traffic.note(2, 2, 4, &message("a", true));
        traffic.note(3, 2, 4, &message("b", false));
        assert_eq!(traffic.take_heat(), [HeatRow { a: 2, b: 4, messages: 1, bytes: 64 }]);
        let sample = traffic.take_messages().unwrap();
        let ends: Vec<_> = sample.shown.iter().map(|row| (row.from, row.to, row.received)).collect();
        assert_eq!((sample.of, ends), (2, vec![(4, 2, false), (4, 2, true)]));
        assert_eq!(&*sample.shown[0].protocol, "a/1");
        assert!(traffic.take_messages().is_none());
    }
}
