//! The form that is small.
//!
//! ```text
//! file     = magic, header as JSON with its length before it, records, end
//! record   = tag, time, origin, what the kind has
//! tag      = the kind in the low five bits, one yes-or-no of it in the highest
//! time     = nanoseconds since the record before, which may be negative: zigzag
//! id       = 0, 32 bytes the first time; then its place among those met before it, from 1
//! word     = 0, text the first time; then its place, from 1: protocols, errors, names of quantities
//! text     = length, bytes
//! ```
//!
//! Numbers have seven bits a byte, the lowest first. Sequence numbers are left out: an origin's records stand in their
//! order, all of them. A record of a message in a network of thousands is a tag, three bytes of time, two each of origin
//! and peer, one each of protocol, code and sizes, and the eight of the payload's hash, which nothing compresses.

mod put;
mod take;

pub(super) use put::{Encoder, put_header};
pub(super) use take::{Decoder, Item, take_header};

/// What no text begins with.
pub(super) const MAGIC: [u8; 8] = *b"\x89p2plog\n";

/// The largest header: a scenario with everything it names.
const LONGEST_HEADER: u64 = 64 << 20;

/// Longer texts are written anew each time, and so are words beyond so many.
const LONGEST_WORD: usize = 256;
const MOST_WORDS: usize = 1 << 16;

/// Whether a text is remembered when so many are.
fn is_kept(text: &str, known: usize) -> bool {
    text.len() <= LONGEST_WORD && known < MOST_WORDS
}

/// The kinds of records, as numbers.
mod tag {
    pub(super) const ASKED: u8 = 0;
    pub(super) const UP: u8 = 1;
    pub(super) const DOWN: u8 = 2;
    pub(super) const PEER_ADDED: u8 = 3;
    pub(super) const PEER_DROPPED: u8 = 4;
    pub(super) const DIAL_FAILED: u8 = 5;
    pub(super) const MESSAGE: u8 = 6;
    pub(super) const METRIC: u8 = 7;
    pub(super) const EXPECTATION: u8 = 8;
    pub(super) const ARRIVAL: u8 = 9;
    pub(super) const END: u8 = 31;

    pub(super) const KIND: u8 = 0x1f;
    pub(super) const YES: u8 = 0x80;
}

/// What can be asked, as numbers.
mod ask {
    pub(super) const CREATE: u8 = 0;
    pub(super) const START: u8 = 1;
    pub(super) const STOP: u8 = 2;
    pub(super) const CONNECT: u8 = 3;
    pub(super) const DISCONNECT: u8 = 4;
    pub(super) const RPC: u8 = 5;
    pub(super) const RESET: u8 = 6;
    pub(super) const CRASH: u8 = 7;
    pub(super) const REMOVE: u8 = 8;
    pub(super) const CONDITION: u8 = 9;
}
