//! The real dialect: TCP and UDP over tokio, the wall clock, the operating system's entropy.
//!
//! Everything here runs on one thread: a [`Host`] and the worlds it hands out are used inside a
//! [`LocalSet`](tokio::task::LocalSet) on a current-thread runtime with I/O and time enabled. Each socket has one task
//! of its own (`conn`, `datagram`, the accept loop in `net`); endpoints are called from those tasks only, so no
//! call to [`Net`](crate::Net) ever calls back. All sleeps and alarms of a host share one queue (`clock`), since
//! tokio's own timers have a grain of a millisecond and no order inside it.
//!
//! Killing a scope is immediate: futures are dropped where they stand, listening ports are free again when the call
//! returns, and the other ends of open connections see a reset.
//!
//! What is not here: nothing pretends. There is no link between hosts to shape. A panic in a spawned task ends that task
//! alone, as tokio has it. A paused connection finds out that it was reset when it sends or is taken up again.

mod clock;
mod conn;
mod datagram;
mod memory;
mod net;
mod scope;

pub(crate) use clock::RealSleep;
pub use clock::WallClock;
pub use memory::{memory_in_use, memory_limit};
pub(crate) use net::RealNet;
pub(crate) use scope::RealScope;

use crate::endpoint::{ConnId, Generation};
use crate::handle::{Scope, World};
use clock::Timers;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::SystemTime;

/// Most that is read from a socket at once, in bytes; holds any datagram.
const READ_PIECE: usize = 64 * 1024;

/// A place on a real network where nodes live: an address, a clock, entropy. Dropping it kills all that lives there.
pub struct Host {
    root: Rc<RealScope>,
}

impl Host {
    /// A host that listens on and dials from `ip`, with the operating system's entropy.
    pub fn new(ip: IpAddr) -> Self {
        Self::open(ip, None)
    }

    /// A host whose entropy follows from `seed`, so that its keys are the same in every run. For tests.
    pub fn with_seed(ip: IpAddr, seed: u64) -> Self {
        Self::open(ip, Some(seed))
    }

    fn open(ip: IpAddr, seed: Option<u64>) -> Self {
        Self { root: RealScope::root(Place::new(ip, seed)) }
    }

    /// The outermost world of this host.
    pub fn world(&self) -> World {
        World::real(Rc::clone(&self.root))
    }

    /// A scope on this host, to be killed alone.
    pub fn scope(&self) -> Scope {
        self.world().scope()
    }
}

/// A host on the loopback address.
impl Default for Host {
    fn default() -> Self {
        Self::new(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.root.kill();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("ip", &self.root.ip()).finish_non_exhaustive()
    }
}

/// What all scopes of one host have in common.
struct Place {
    ip: IpAddr,
    seed: Option<u64>,
    epoch: SystemTime,
    timers: Rc<Timers>,
    lives: Cell<u32>,
    ids: RefCell<Ids>,
    /// Where sockets read to; what arrived is copied out in its true length.
    scratch: RefCell<Box<[u8]>>,
}

impl Place {
    fn new(ip: IpAddr, seed: Option<u64>) -> Rc<Self> {
        let (clock, epoch) = clock::start();
        Rc::new(Self {
            ip,
            seed,
            epoch,
            timers: Timers::new(clock),
            lives: Cell::new(0),
            ids: RefCell::default(),
            scratch: RefCell::new(vec![0; READ_PIECE].into_boxed_slice()),
        })
    }

    /// The number of the next scope opened here.
    fn next_life(&self) -> u32 {
        let life = self.lives.get();
        self.lives.set(life + 1);
        life
    }
}

/// The connection ids of one host: small indices used again, each time with another generation.
#[derive(Debug, Default)]
struct Ids {
    generations: Vec<Generation>,
    free: Vec<u32>,
}

impl Ids {
    fn take(&mut self) -> ConnId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.generations.push(Generation::FIRST);
            u32::try_from(self.generations.len() - 1).expect("a host has under 4 G connections")
        });
        ConnId { index, generation: self.generations[index as usize] }
    }

    fn give_back(&mut self, id: ConnId) {
        let generation = &mut self.generations[id.index as usize];
        debug_assert_eq!(*generation, id.generation, "an id is given back once");
        *generation = generation.next();
        self.free.push(id.index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_once() {
        let mut ids = Ids::default();
        let (a, b) = (ids.take(), ids.take());
        assert_eq!((a.index(), b.index()), (0, 1));
        ids.give_back(a);
        let c = ids.take();
        assert_eq!(c.index(), 0, "indices are dense");
        assert_ne!(a, c);
        assert_ne!(a.as_u64(), c.as_u64());
    }

    #[test]
    fn entropy_follows_the_seed_or_nothing() {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let draw = |host: &Host, purpose: &str| host.world().entropy(purpose).next_u64();
        let (seeded, again, other) = (Host::with_seed(ip, 7), Host::with_seed(ip, 7), Host::with_seed(ip, 8));
        assert_eq!(draw(&seeded, "key"), draw(&again, "key"));
        assert_ne!(draw(&seeded, "key"), draw(&other, "key"));
        let (a, b) = (Host::new(ip), Host::new(ip));
        assert_ne!(draw(&a, "key"), draw(&b, "key"));
        assert_ne!(draw(&a, "key"), draw(&a, "nonce"));
        assert_eq!(draw(&a, "key"), draw(&a, "key"), "asking twice gives the same stream");
        let (one, two) = (a.scope(), a.scope());
        assert_ne!(one.world().entropy("key").next_u64(), two.world().entropy("key").next_u64());
    }
}
