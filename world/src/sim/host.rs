//! A simulated machine: an address, ports, streams, and the network stacks attached to it.

use super::conn::Conns;
use super::physics::Line;
use super::queue::Ticket;
use super::scope::SimScope;
use super::tap::Wiretap;
use crate::endpoint::{ConnId, Endpoint};
use crate::prefetch_first;
use smallvec::SmallVec;
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// What every event needs of a host: its beginning, up to what is attached.
const HOT: usize = 144;

/// Machine addresses end in 1 to 254.
const PER_NET: u32 = 254;

/// The address of host `id`: 10.0.0.1, 10.0.0.2, … 10.0.0.254, 10.0.1.1, …
pub(crate) fn ip(id: u32) -> IpAddr {
    let (net, machine) = (id / PER_NET, id % PER_NET + 1);
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + (net << 8) + machine))
}

pub(crate) fn address(id: u32, port: u16) -> SocketAddr {
    SocketAddr::new(ip(id), port)
}

/// The id a host of that address has, if it is one of ours.
pub(crate) fn id_of(ip: IpAddr) -> Option<u32> {
    let IpAddr::V4(v4) = ip else { return None };
    let bits = u32::from(v4);
    let machine = bits & 0xff;
    (bits >> 24 == 10 && (1..=PER_NET).contains(&machine))
        .then(|| ((bits >> 8) & 0xffff) * PER_NET + machine - 1)
}

struct Attached {
    endpoint: Rc<dyn Endpoint>,
    alarm: Option<(u64, Ticket)>,
}

/// One machine. Its parts are borrowed for moments only, never across a call into an endpoint.
///
/// In this order: what every event needs comes first, and is [asked for](Self::prefetch) before it comes.
#[repr(C)]
pub(crate) struct Host {
    pub(crate) id: u32,
    sequence: Cell<u32>,
    pub(crate) conns: RefCell<Conns>,
    /// By number; a number is not used again, so what is left of a dead stack's handles reaches nobody. Most hosts have one
    /// in their lives, and it is found without another wait for memory.
    nets: RefCell<SmallVec<[Option<Attached>; 1]>>,
    /// What it remembers of its line and its links; made when the first of them has something to remember.
    line: OnceCell<Box<Line>>,
    /// A place for whoever builds on this world to keep what is one per host.
    pub(crate) local: RefCell<Option<Box<dyn Any>>>,
    lives: Cell<u32>,
    next_port: Cell<u16>,
    listeners: RefCell<BTreeMap<u16, u32>>,
    datagram_ports: RefCell<BTreeMap<u16, u32>>,
    pub(crate) root: RefCell<Option<Rc<SimScope>>>,
    /// Who listens in on the stacks that are attached, if anyone does.
    pub(crate) tap: RefCell<Option<Wiretap>>,
}

impl Host {
    pub(crate) fn new(id: u32) -> Rc<Self> {
        Rc::new(Self {
            id,
            conns: RefCell::default(),
            line: OnceCell::new(),
            local: RefCell::default(),
            sequence: Cell::new(0),
            lives: Cell::new(0),
            next_port: Cell::new(FIRST_EPHEMERAL),
            nets: RefCell::default(),
            listeners: RefCell::default(),
            datagram_ports: RefCell::default(),
            root: RefCell::default(),
            tap: RefCell::default(),
        })
    }

    pub(crate) fn line(&self) -> &Line {
        self.line.get_or_init(Box::default)
    }

    /// Asks the memory for what every event here needs; see [`Core`](super::core::Core) for when. What is asked for in
    /// one step is where the next one starts from.
    pub(crate) fn prefetch(&self) {
        prefetch_first(self, HOT);
    }

    /// The same for a connection, and for the endpoint that it most likely belongs to.
    pub(crate) fn prefetch_parts(&self, conn: Option<ConnId>) {
        if let Some(conn) = conn {
            self.conns.borrow().prefetch(conn);
        }
        if let Some(Some(attached)) = self.nets.borrow().last() {
            prefetch_first(&*attached.endpoint, 256);
        }
    }

    /// Lets the endpoint do so.
    pub(crate) fn expect(&self, conn: Option<ConnId>, step: usize) {
        self.with_endpoint_of(conn, |endpoint| endpoint.expect(conn, step));
    }

    fn with_endpoint_of(&self, conn: Option<ConnId>, act: impl FnOnce(&Rc<dyn Endpoint>)) {
        let net = match conn {
            Some(conn) => self.conns.borrow_mut().get_mut(conn).map(|conn| conn.net),
            None => Some(0),
        };
        if let Some(net) = net
            && let Some(Some(attached)) = self.nets.borrow().get(net as usize)
        {
            act(&attached.endpoint);
        }
    }

    pub(crate) fn next_sequence(&self) -> u32 {
        let sequence = self.sequence.get();
        self.sequence.set(sequence.wrapping_add(1));
        sequence
    }

    /// The number of the next scope opened here.
    pub(crate) fn next_life(&self) -> u32 {
        let life = self.lives.get();
        self.lives.set(life + 1);
        life
    }

    pub(crate) fn attach(&self, endpoint: Rc<dyn Endpoint>) -> u32 {
        let mut nets = self.nets.borrow_mut();
        nets.push(Some(Attached { endpoint, alarm: None }));
        (nets.len() - 1) as u32
    }

    /// Takes a stack off with its ports; answers its pending alarm. Its streams are the caller's to end.
    pub(crate) fn detach(&self, net: u32) -> Option<Ticket> {
        self.listeners.borrow_mut().retain(|_, owner| *owner != net);
        self.datagram_ports.borrow_mut().retain(|_, owner| *owner != net);
        let attached = self.nets.borrow_mut()[net as usize].take()?;
        attached.alarm.map(|(_, ticket)| ticket)
    }

    pub(crate) fn endpoint(&self, net: u32) -> Option<Rc<dyn Endpoint>> {
        self.nets.borrow()[net as usize].as_ref().map(|attached| Rc::clone(&attached.endpoint))
    }

    /// Notes the alarm of a stack; answers the one it had.
    pub(crate) fn swap_alarm(&self, net: u32, alarm: Option<(u64, Ticket)>) -> Option<(u64, Ticket)> {
        let mut nets = self.nets.borrow_mut();
        std::mem::replace(&mut nets[net as usize].as_mut()?.alarm, alarm)
    }

    pub(crate) fn alarm(&self, net: u32) -> Option<(u64, Ticket)> {
        self.nets.borrow()[net as usize].as_ref()?.alarm
    }

    pub(crate) fn take_alarm(&self, net: u32) -> Option<Rc<dyn Endpoint>> {
        self.swap_alarm(net, None);
        self.endpoint(net)
    }

    pub(crate) fn listener(&self, port: u16) -> Option<u32> {
        self.listeners.borrow().get(&port).copied()
    }

    pub(crate) fn datagram_port(&self, port: u16) -> Option<u32> {
        self.datagram_ports.borrow().get(&port).copied()
    }

    /// The ports of one kind, to take one.
    pub(crate) fn ports(&self, datagrams: bool) -> &RefCell<BTreeMap<u16, u32>> {
        if datagrams { &self.datagram_ports } else { &self.listeners }
    }

    /// A port for the near end of a dialled stream.
    pub(crate) fn ephemeral_port(&self) -> u16 {
        let port = self.next_port.get();
        self.next_port.set(if port == u16::MAX { FIRST_EPHEMERAL } else { port + 1 });
        port
    }

    pub(crate) fn end(&self) {
        let root = self.root.borrow_mut().take();
        if let Some(root) = root {
            root.kill();
        }
        *self.local.borrow_mut() = None;
    }
}

/// First of the ports that near ends of dialled streams get (IANA's dynamic range).
const FIRST_EPHEMERAL: u16 = 49152;

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_event_needs_is_in_the_beginning() {
        let end = std::mem::offset_of!(Host, line);
        assert!(end <= HOT, "{end}");
    }

    #[test]
    fn addresses_are_ordinary_and_distinct() {
        assert_eq!(ip(0).to_string(), "10.0.0.1");
        assert_eq!(ip(253).to_string(), "10.0.0.254");
        assert_eq!(ip(254).to_string(), "10.0.1.1");
        for id in (0..1_000_000).step_by(977) {
            assert_eq!(id_of(ip(id)), Some(id));
        }
        for foreign in ["10.0.0.0", "10.0.0.255", "127.0.0.1", "11.0.0.1", "::1"] {
            assert_eq!(id_of(foreign.parse().unwrap()), None, "{foreign}");
        }
    }
}
