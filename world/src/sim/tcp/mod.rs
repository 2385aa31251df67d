//! Streams over links with conditions: TCP, as far as timing goes.
//!
//! # Model
//!
//! A stream is a row of bytes each way. What is put into it (parcels, the end, "I take no more") weighs its
//! `wire_len`, at least one byte, and comes out at the other end when all bytes up to its last have arrived: in order,
//! each once.
//!
//! - **Segments.** Bytes travel in segments of up to 1448 (or what the link's MTU leaves), each a packet with 52 bytes
//!   of headers, as Linux sends them with timestamps on. There is no Nagle delay: what may be sent is sent at once.
//! - **Acknowledgements** are packets of 52 bytes the other way, for every second segment, at once for the last of a
//!   burst and whenever something is missing. They tell what has arrived, so that gaps are seen (as SACK does).
//! - **The window** bounds the bytes under way: ten segments at first, growing by what is acknowledged (slow start:
//!   twice as much every round trip) until something is lost or the round trips grow longer (HyStart), then along
//!   CUBIC's curve (RFC 9438), Linux's default. It grows only while it is what holds the sender back, and after an idle
//!   time it halves for each time-out that passed, down to ten segments.
//! - **Loss** is noticed by three later segments having arrived, or one of them a quarter of a round trip ago (RACK, RFC
//!   8985). What is missing is sent again and the window falls to 0.7 of itself, once per round trip. A segment thought
//!   lost that arrives after all gives the window back, and teaches the sender patience.
//! - **Silence.** After two round trips without an answer the last segment goes again (a tail loss probe); after the
//!   retransmission time-out (the smoothed round trip and four deviations of it, at least 200 ms) everything under way
//!   counts as lost, the window is one segment, and the time-out doubles each time, up to 120 s. After 15 such time-outs
//!   in a row, about a quarter of an hour and more, the stream is reset.
//! - **Opening.** The first legs are asked again after 1 s, 2 s, 4 s, … A dial fails after six times without an answer.
//! - **The send buffer** takes twice the window and at least 64 KiB: while more is put into a stream its endpoint hears
//!   that it does not flow. Nothing is refused.
//!
//! Over a link with a window and nothing else a transfer has a closed form: with `W = 14,480` bytes the `k`-th flight
//! is `min(W·2^k, 3 MiB)`, one round trip apart; so `n` bytes are there after half a round trip and as many round trips
//! as there are flights before the last.
//!
//! # What is ordered
//!
//! The packets of one stream keep their order on a link unless it reorders. All of this is state of the two hosts; an
//! event carries what passes from one to the other.
//!
//! # What is skipped
//!
//! - The receiver's window: buffers there are as large as the greatest window (3 MiB). A receiver that pauses says so
//!   through the stream instead, and what was on its way then is held.
//! - Delayed acknowledgements beyond the second segment, pacing, proportional rate reduction, ECN, path MTU discovery.
//! - Congestion control other than CUBIC. Sequence numbers start at 0 and do not wrap.
//!
//! The machines here ([`Flow`] sends, [`Inbox`] receives) open nothing and ask no clock; `drive` puts them into the fabric.

mod congestion;
mod drive;
mod flow;
mod inbox;
#[cfg(test)]
mod tests;

pub(crate) use drive::{Outcome, Tcp, acknowledged, asked_before, take, time_passed};
pub(crate) use flow::{Flow, Verdict};
pub(crate) use inbox::Inbox;

use crate::endpoint::{Closed, ConnId, Parcel};

/// Bytes of an IPv4 header and a TCP header with timestamps.
pub(crate) const HEADER: u32 = 52;

/// The MTU of a link that names none: Ethernet's.
pub(crate) const ETHERNET: u32 = 1500;

/// The greatest segment on a link of this MTU. No link is so small that nothing passes.
pub(crate) fn segment_size(mtu: Option<u32>) -> u32 {
    mtu.unwrap_or(ETHERNET).saturating_sub(HEADER).max(64)
}

/// What is put into a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The third leg: the dialling end is open.
    Hello,
    /// Content.
    Parcel(Parcel),
    /// Whether the sender of this takes parcels.
    Flow(bool),
    /// The end.
    Close(Closed),
}

impl Item {
    /// Bytes this takes in the stream.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Parcel(parcel) => u64::from(parcel.wire_len.max(1)),
            _ => 1,
        }
    }
}

/// Bytes `from` up to `to` of a stream, and what ends within.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Who sends, and what it calls the stream.
    pub(crate) sender: u32,
    pub(crate) conn: ConnId,
    /// The number of this transmission: no two have the same.
    pub(crate) tx: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// By the offset behind their last byte.
    pub(crate) items: Vec<(u64, Item)>,
    /// To be acknowledged at once.
    pub(crate) last: bool,
}

/// What has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    /// Every byte below.
    pub(crate) all_below: u64,
    /// The newest transmission.
    pub(crate) newest: u64,
    /// Bit `n`: transmission `newest - n`.
    pub(crate) seen: u128,
}
