//! The border between a world and a network stack: what is delivered, and to whom.
//!
//! A stack implements [`Endpoint`] once per node; connections are ids in its own table, not tasks. Calls come in one
//! at a time, in order, and never from within a call to [`Net`](crate::Net): sending from inside a callback is fine.

use bytes::Bytes;
use std::net::SocketAddr;
use std::num::NonZeroU32;

/// One end of one stream connection, as the node at that end names it. Not reused within the life of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(crate) index: u32,
    pub(crate) generation: Generation,
}

/// Tells connections apart that had one place after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(NonZeroU32);

impl Generation {
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add(1).unwrap_or(NonZeroU32::MIN))
    }
}

impl ConnId {
    /// Place of the connection in its host's table; small, dense, used again after the connection has ended.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Both halves as one number, for tables of one's own.
    pub fn as_u64(self) -> u64 {
        (u64::from(self.generation.0.get()) << 32) | u64::from(self.index)
    }
}

/// Something in transit on a stream.
///
/// The world reads nothing but `wire_len`. Parcels arrive whole and in order in a simulated world; over real sockets
/// only `bytes` crosses, in whatever pieces the kernel makes of it, and `tag` is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// A word for the receiving stack; travels in memory only.
    pub tag: u64,
    /// The content, shared and never copied on the way.
    pub bytes: Bytes,
    /// Bytes this occupies on a wire; what links, queues and logs reckon with.
    pub wire_len: u32,
}

impl Parcel {
    /// Plain bytes of a stream, weighing what they are.
    pub fn plain(bytes: Bytes) -> Self {
        let wire_len = u32::try_from(bytes.len()).expect("a parcel is less than 4 GiB");
        Self { tag: 0, bytes, wire_len }
    }
}

/// How a connection ended, as seen from this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The other end closed it; everything it sent before has been delivered.
    ByRemote,
    /// Cut: the other end died, or the transport failed.
    Reset,
}

/// Why a dial failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nobody listens there.
    #[error("connection to {0} refused")]
    Refused(SocketAddr),
    /// No host has that address.
    #[error("no route to {0}")]
    Unreachable(SocketAddr),
    /// Anything else the operating system said.
    #[error("dialling {0}: {1}")]
    Failed(SocketAddr, String),
}

/// Why a port could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Another listener of this host has it.
    #[error("port {0} is taken on this host")]
    Taken(u16),
    /// Every port from 30303 up is taken.
    #[error("no port left on this host")]
    Exhausted,
    /// Anything else the operating system said.
    #[error("listening on {0}: {1}")]
    Failed(SocketAddr, String),
}

/// How often an endpoint is told to [`expect`](Endpoint::expect) something before it happens.
pub const EXPECT_STEPS: usize = 3;

/// A network stack, as its world sees it: one per node, all its connections.
pub trait Endpoint {
    /// A connection came in on a port this endpoint listens on, and is open.
    fn on_accepted(&self, conn: ConnId, local: SocketAddr, remote: SocketAddr);
    /// A connection this endpoint dialled is open.
    fn on_connected(&self, conn: ConnId, local: SocketAddr);
    /// A connection this endpoint dialled never came to be; the id is dead.
    fn on_dial_failed(&self, conn: ConnId, error: DialError);
    /// Something arrived on an open connection.
    fn on_parcel(&self, conn: ConnId, parcel: Parcel);
    /// Something may soon happen, as a rule on this connection: a good time to [`prefetch`](crate::prefetch) what will be
    /// needed then. Called with each step below [`EXPECT_STEPS`] in turn and a while between them, so that one can go on
    /// from what the one before it has asked for. Nothing else may follow from it, and it may not come.
    fn expect(&self, _conn: Option<ConnId>, _step: usize) {}
    /// The connection has ended; the id is dead.
    fn on_closed(&self, conn: ConnId, how: Closed);
    /// The other end takes (or, when false, no longer takes) what is sent; held parcels wait at the sender's side.
    fn on_flow(&self, _conn: ConnId, _open: bool) {}
    /// The time asked for with [`Net::set_alarm`](crate::Net::set_alarm) has come.
    fn on_alarm(&self) {}
    /// A datagram arrived at a bound port.
    fn on_datagram(&self, _local: SocketAddr, _from: SocketAddr, _bytes: Bytes) {}
}
