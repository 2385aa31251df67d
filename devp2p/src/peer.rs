//! Who a peer is. What is said to it goes through [`Context`](crate::Context) or [`PeerIo`](crate::PeerIo).

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use proto::Moment;
use proto::enode::Enode;
use proto::enr::NodeRecord;
use proto::key::NodeId;
use proto::session::{Capability, Shared};
use serde_json::Value;
use world::ConnId;

/// One session with one peer, never used again within the life of a server. The peer's lasting name is its
/// [`NodeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) ConnId);

impl PeerId {
    /// Small, dense, and used again by a later peer.
    pub(crate) fn place(self) -> usize {
        self.0.index()
    }
}

/// How a connection came about and what it may do. Shown in logs as geth does: `trusted-staticdial`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u8);

impl Flags {
    /// Dialled as a candidate.
    pub(crate) const DYN_DIAL: Self = Self(1);
    /// Dialled as a static node.
    pub(crate) const STATIC_DIAL: Self = Self(2);
    pub(crate) const INBOUND: Self = Self(4);
    pub(crate) const TRUSTED: Self = Self(8);

    pub(crate) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub(crate) fn with(self, flag: Self, on: bool) -> Self {
        Self(if on { self.0 | flag.0 } else { self.0 & !flag.0 })
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::TRUSTED, "trusted"),
            (Self::DYN_DIAL, "dyndial"),
            (Self::STATIC_DIAL, "staticdial"),
            (Self::INBOUND, "inbound"),
        ];
        let mut first = true;
        for (flag, name) in names {
            if self.has(flag) {
                f.write_str(if first { "" } else { "-" })?;
                f.write_str(name)?;
                first = false;
            }
        }
        Ok(())
    }
}

thread_local! {
    /// What was said last to any node on this thread, the newest first.
    static SAID: RefCell<VecDeque<Weak<Introduction>>> = const { RefCell::new(VecDeque::new()) };
}

/// So many ways of introducing oneself are told apart before the oldest is said anew.
const SAYINGS: usize = 16;

/// What nodes say of themselves. Most nodes of a network say the same to most others, so those on a thread share one: it
/// takes no memory at each, and every message finds it warm.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) version: u64,
    pub(crate) client: String,
    pub(crate) caps: Vec<Capability>,
    /// What follows from that: the protocols we share with them.
    pub(crate) shared: Arc<[Shared]>,
}

impl Introduction {
    /// The same, as it was said before if it was.
    pub(crate) fn once(self) -> Rc<Self> {
        SAID.with_borrow_mut(|said| {
            if let Some(same) = said.iter().filter_map(Weak::upgrade).find(|same| **same == self) {
                return same;
            }
            said.retain(|one| one.strong_count() > 0);
            said.truncate(SAYINGS - 1);
            let new = Rc::new(self);
            said.push_front(Rc::downgrade(&new));
            new
        })
    }
}

/// The address of a connection's other end, in less room than a `SocketAddr` takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    ip: IpAddr,
    port: u16,
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { ip: address.ip(), port: address.port() }
    }
}

impl From<Address> for SocketAddr {
    fn from(Address { ip, port }: Address) -> Self {
        Self::new(ip, port)
    }
}

/// A node there is a live session with, as it was when it was asked about. Cheap to clone.
#[derive(Clone)]
pub struct Peer {
    pub(crate) session: PeerId,
    pub(crate) id: NodeId,
    pub(crate) remote: Address,
    pub(crate) since: Moment,
    pub(crate) introduction: Rc<Introduction>,
    pub(crate) flags: Flags,
}

impl Peer {
    /// The session.
    pub fn session(&self) -> PeerId {
        self.session
    }

    /// The node's lasting name.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// What the client calls itself.
    pub fn client(&self) -> &str {
        &self.introduction.client
    }

    /// What it speaks, in its own order.
    pub fn caps(&self) -> &[Capability] {
        &self.introduction.caps
    }

    /// Version of its base protocol.
    pub fn version(&self) -> u64 {
        self.introduction.version
    }

    /// Where the connection leads: the address that was dialled, or the one it came from.
    pub fn remote(&self) -> SocketAddr {
        self.remote.into()
    }

    /// Did it dial us?
    pub fn inbound(&self) -> bool {
        self.flags.has(Flags::INBOUND)
    }

    /// Is it welcome however many peers there are?
    pub fn trusted(&self) -> bool {
        self.flags.has(Flags::TRUSTED)
    }

    /// When it became a peer.
    pub fn since(&self) -> Duration {
        self.since.since_start()
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({} {} {})", self.id.short(), self.flags, self.remote())
    }
}

/// What a server knows of a peer (geth's `PeerInfo`, p2p/peer.go).
#[derive(Clone, Debug, PartialEq)]
pub struct PeerInfo {
    /// Its record, where it was dialled by one.
    pub enr: Option<NodeRecord>,
    /// Its key and the address of the connection.
    pub enode: Enode,
    /// Its lasting name.
    pub id: NodeId,
    /// What the client calls itself.
    pub name: String,
    /// What it speaks, `name/version`.
    pub caps: Vec<String>,
    /// The connection.
    pub network: NetworkInfo,
    /// By name of each shared protocol what that says of the peer, or `"unknown"`.
    pub protocols: BTreeMap<String, Value>,
}

/// A peer's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkInfo {
    /// Our end.
    pub local: SocketAddr,
    /// Its end.
    pub remote: SocketAddr,
    /// Did it dial us?
    pub inbound: bool,
    /// Is it welcome however many peers there are?
    pub trusted: bool,
    /// Was it dialled as a static node?
    pub is_static: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_read_as_geth_prints_them() {
        let show = |flags: &[Flags]| {
            flags.iter().fold(Flags::default(), |all, flag| all.with(*flag, true)).to_string()
        };
        assert_eq!(show(&[Flags::INBOUND]), "inbound");
        assert_eq!(show(&[Flags::STATIC_DIAL, Flags::TRUSTED]), "trusted-staticdial");
        assert_eq!(show(&[Flags::DYN_DIAL]), "dyndial");
        assert_eq!(Flags::TRUSTED.with(Flags::TRUSTED, false).to_string(), "");
    }

    #[test]
    fn what_is_said_alike_is_kept_once() {
        let says = |client: &str| Introduction {
            version: 5,
            client: client.to_owned(),
            caps: vec![Capability::new("eth", 68)],
            shared: Arc::new([]),
        };
        let (one, other) = (says("a").once(), says("b").once());
        assert!(Rc::ptr_eq(&one, &says("a").once()) && Rc::ptr_eq(&other, &says("b").once()));
        let many: Vec<_> = (0..2 * SAYINGS).map(|n| says(&n.to_string()).once()).collect();
        assert_eq!(SAID.with_borrow(VecDeque::len), SAYINGS);
        assert_eq!(*says("a").once(), *one, "forgotten, and said anew");
        drop((one, other, many));
        drop(says("c").once());
        assert_eq!(SAID.with_borrow(VecDeque::len), 1, "nothing is kept for nobody");
    }
}
