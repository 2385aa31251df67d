//! Server-sent events: the stream of `GET /events`.
//!
//! The framing is the original's: two newlines at once, then `event: network`, `data: <json>` and an empty line for each
//! event. Two kinds of comment lines were added, which its clients skip: `:` alone every 15 s, so that a dead
//! connection is noticed, and `: missed N events` where a client was too slow to be told all of them. A slow client
//! costs the network nothing: it is the subscription that overflows, and the network never waits.

use crate::dto;
use crate::json;
use crate::sse;
use bytes::Bytes;
use devp2p::NodeId;
use futures_util::Stream;
use simnet::view::{self, EventKind};
use simnet::{Notice, Subscription};
use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Bytes after which a write is not made any longer by what else is ready.
const BATCH: usize = 64 << 10;

struct Events {
    subscription: Subscription,
    heartbeat: Interval,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    greeted: bool,
    writer: Writer,
}

/// The body of the answer: everything `subscription` brings, until the network or the server ends.
pub(crate) fn events(
    subscription: Subscription,
    stop: watch::Receiver<bool>,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let events = Events {
        subscription,
        heartbeat,
        stopped: Box::pin(super::stopped(stop)),
        greeted: false,
        writer: Writer::default(),
    };
    futures_util::stream::unfold(events, |mut events| async move {
        let chunk = events.chunk().await?;
        Some((Ok(chunk), events))
    })
}

impl Events {
    /// What is to be written next: everything that is ready, in one piece.
    async fn chunk(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b"\n\n"));
        }
        let first = tokio::select! {
            biased;
            () = &mut self.stopped => return None,
            notice = self.subscription.recv() => notice?,
            _ = self.heartbeat.tick() => return Some(Bytes::from_static(b":\n\n")),
        };
        let mut out = Vec::with_capacity(1024);
        self.writer.append(&mut out, first);
        while out.len() < BATCH
            && let Some(notice) = self.subscription.try_recv()
        {
            self.writer.append(&mut out, notice);
        }
        self.heartbeat.reset();
        Some(out.into())
    }
}

/// Writes what a stream says. Events of messages are most of it: they are written without anything in between, to the
/// same text; and many are of one instant, which is put into words once.
#[derive(Default)]
struct Writer {
    instant: Option<(SystemTime, String)>,
}

impl Writer {
    fn append(&mut self, out: &mut Vec<u8>, notice: Notice) {
        match notice {
            Notice::Event(event) => {
                out.extend_from_slice(b"event: network\ndata: ");
                match event.kind {
                    EventKind::Msg { .. } if !event.control && event.data.is_none() => {
                        self.message(out, &event)
                    }
                    _ => json::append(out, &dto::Event::from(&*event)),
                }
            }
            Notice::Missed(count) => {
                out.extend_from_slice(sse::missed_comment(count).as_bytes());
            }
        }
        out.extend_from_slice(b"\n\n");
    }

    fn message(&mut self, out: &mut Vec<u8>, event: &view::Event) {
        let EventKind::Msg { one, other, protocol, code, received, size } = &event.kind else { return };
        let time = self.instant.take().filter(|(instant, _)| *instant == event.calendar);
        let time = time.unwrap_or_else(|| (event.calendar, dto::rfc3339(event.calendar)));
        out.extend_from_slice(b"{\"type\":\"msg\",\"time\":\"");
        out.extend_from_slice(time.1.as_bytes());
        self.instant = Some(time);
        out.extend_from_slice(b"\",\"control\":false,\"msg\":{\"one\":\"");
        put_id(out, one);
        out.extend_from_slice(b"\",\"other\":\"");
        put_id(out, other);
        out.extend_from_slice(b"\",\"protocol\":");
        json::append(out, protocol);
        let written =
            write!(out, ",\"code\":{code},\"received\":{received},\"size\":{size}}},\"data\":null}}");
        written.expect("memory does not fail");
    }
}

fn put_id(out: &mut Vec<u8>, id: &NodeId) {
    let mut digits = [0; 64];
    hex::encode_to_slice(id.as_bytes(), &mut digits).expect("two digits a byte");
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use simnet::{NetworkConfig, start};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_a_heartbeat_and_by_the_end() {
        let network = start(NetworkConfig::default()).unwrap();
        let subscription = network.subscribe(Default::default(), false).await.unwrap();
        let (stopper, stop) = watch::channel(false);
        let mut chunks = Box::pin(events(subscription, stop));
        let begun = Instant::now();
        let mut next = async || chunks.next().await.map(|chunk| (begun.elapsed().as_secs(), chunk.unwrap()));
        assert_eq!(next().await, Some((0, "\n\n".into())));
        assert_eq!(next().await, Some((15, ":\n\n".into())));
        assert_eq!(next().await, Some((30, ":\n\n".into())));
        // Whatever is ready goes out as one chunk.
        for _ in 0..3 {
            network.create_node(Default::default()).await.unwrap();
        }
        let (_, chunk) = next().await.unwrap();
        let text = std::str::from_utf8(&chunk).unwrap();
        assert_eq!(text.matches("event: network\ndata: {").count(), 3);
        assert!(text.ends_with("}\n\n"));
        stopper.send_replace(true);
        assert_eq!(next().await, None);
    }

    #[test]
    fn what_was_missed_is_a_comment() {
        let mut out = vec![];
        Writer::default().append(&mut out, Notice::Missed(7));
        assert_eq!(out, b": missed 7 events\n\n");
    }

    #[test]
    fn messages_are_written_as_all_events_are() {
        let mut writer = Writer::default();
        for (nanos, protocol, code, received) in [
            (0, "eth", 0, true),
            (1_500_000_000, "ping-pong", u64::MAX, false),
            (1_500_000_000, "<\"é&\u{2028}", 7, true),
        ] {
            let ids = [1, 0xab].map(|n| NodeId::from_bytes([n; 32]));
            let (protocol, size) = (protocol.into(), 32);
            let event = view::Event {
                time: Duration::from_nanos(nanos),
                calendar: SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos),
                control: false,
                kind: EventKind::Msg { one: ids[0], other: ids[1], protocol, code, received, size },
                data: None,
            };
            let (mut out, mut usual) = (vec![], b"event: network\ndata: ".to_vec());
            json::append(&mut usual, &dto::Event::from(&event));
            usual.extend_from_slice(b"\n\n");
            writer.append(&mut out, Notice::Event(event.into()));
            assert_eq!(String::from_utf8(out), String::from_utf8(usual));
        }
    }
}
