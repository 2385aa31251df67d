//! The endpoint itself: what all parts of a server share, and its turns.
//!
//! A *turn* begins with a call from the world or from the server's owner and ends when nothing that it caused is left
//! to do. Handlers run within turns with no borrow held. What would call a handler from within another (the end of a
//! peer) waits for the end of the turn, so handlers are never re-entered.

use core::net::SocketAddr;
use core::time::Duration;
use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::{BTreeSet, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use proto::dial::Slots;
use proto::enr::NodeRecord;
use proto::key::NodeId;
use proto::session::{Local, LocalCap, PeerError};
use world::{ConnId, Entropy, Net, Scope, World, prefetch_first};

use crate::config::Config;
use crate::context::Context;
use crate::departure::quitting;
use crate::dialer::Dialer;
use crate::event::Observer;
use crate::listener::Backlog;
use crate::peer::PeerId;
use crate::protocol::{Handler, Protocol};
use crate::room::make_room;
use crate::server::{StartError, Traffic};
use crate::table::Table;
use crate::timers::{Due, Timers};

/// A protocol of this server, and who speaks it.
pub(crate) struct Spoken {
    pub(crate) protocol: Protocol,
    peers: RefCell<Rc<Vec<PeerId>>>,
    entropy: RefCell<Option<Box<Entropy>>>,
}

impl Spoken {
    /// In order of arrival; what is handed out does not change.
    pub(crate) fn peers(&self) -> Rc<Vec<PeerId>> {
        Rc::clone(&self.peers.borrow())
    }

    pub(crate) fn entropy(&self, world: &World) -> RefMut<'_, Entropy> {
        RefMut::map(self.entropy.borrow_mut(), |kept| {
            let purpose = || format!("protocol {}", self.protocol.cap);
            &mut **kept.get_or_insert_with(|| Box::new(world.entropy(&purpose())))
        })
    }

    /// Asks the memory for what a message of this protocol needs.
    pub(crate) fn prefetch(&self) {
        prefetch_first(&*self.protocol.handler, 192);
    }

    pub(crate) fn join(&self, peer: PeerId) {
        let mut peers = self.peers.borrow_mut();
        let peers = Rc::make_mut(&mut peers);
        make_room(peers, 1);
        peers.push(peer);
    }

    pub(crate) fn leave(&self, peer: PeerId) {
        Rc::make_mut(&mut self.peers.borrow_mut()).retain(|other| *other != peer);
    }
}

/// All that a server is made of. In this order: in a network of thousands every message finds its node cold, so what
/// each message needs lies together.
#[repr(C)]
pub(crate) struct Stack {
    depth: Cell<u32>,
    life: Cell<Life>,
    /// A turn has something left to do: ends that wait, a stop, a scheduler to ask, a free place for a handshake.
    unsettled: Cell<bool>,
    /// What the alarm is set by may have changed.
    rescheduled: Cell<bool>,
    pub(crate) traffic: Cell<Traffic>,
    pub(crate) world: World,
    pub(crate) observer: Rc<dyn Observer>,
    pub(crate) protocols: Box<[Spoken]>,
    pub(crate) table: RefCell<Table>,
    open: OnceCell<Open>,

    pub(crate) id: NodeId,
    pub(crate) me: Weak<Self>,
    pub(crate) slots: Slots,
    pub(crate) max_pending: usize,
    pub(crate) trusted: RefCell<BTreeSet<NodeId>>,
    pub(crate) dialer: RefCell<Dialer>,
    pub(crate) backlog: RefCell<Backlog>,
    /// Peers that we dialled, and that dialled us.
    pub(crate) dialed: Cell<usize>,
    pub(crate) inbound: Cell<usize>,
    pub(crate) record: OnceCell<NodeRecord>,
    /// How far the streams of entropy for handshakes and for dials have been drawn: a place in a stream is small, and
    /// the stream itself takes as much as a connection.
    handshakes_drawn: Cell<u64>,
    dials_drawn: Cell<u64>,
    timers: RefCell<Timers>,
    doomed: RefCell<VecDeque<(ConnId, PeerError)>>,
    alarm: Cell<Option<Duration>>,
    scope: RefCell<Option<Scope>>,
}

/// What is there once the stack is attached to its world.
pub(crate) struct Open {
    pub(crate) net: Net,
    pub(crate) local: Arc<Local>,
    pub(crate) listening: Option<SocketAddr>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    /// To be stopped at the end of the turn.
    Stopping,
    Stopped,
}

impl Stack {
    pub(crate) fn start(
        world: &World,
        config: Config,
        protocols: Vec<Protocol>,
        observer: Rc<dyn Observer>,
    ) -> Result<Rc<Self>, StartError> {
        let scope = world.scope();
        let stack = Rc::new_cyclic(|me| Self::new(me, scope, &config, protocols, observer));
        let started = stack.open(config);
        if started.is_err() {
            stack.close_scope();
        }
        started.map(|()| stack)
    }

    fn new(
        me: &Weak<Self>,
        scope: Scope,
        config: &Config,
        protocols: Vec<Protocol>,
        observer: Rc<dyn Observer>,
    ) -> Self {
        let spoken = |protocol| Spoken { protocol, peers: RefCell::default(), entropy: RefCell::default() };
        Self {
            me: me.clone(),
            id: config.key.id(),
            world: scope.world().clone(),
            protocols: protocols.into_iter().map(spoken).collect(),
            observer,
            slots: config.slots(),
            max_pending: config.max_pending.max(1),
            trusted: RefCell::new(config.trusted.iter().copied().collect()),
            table: RefCell::default(),
            dialer: RefCell::new(Dialer::new(config.key.id(), config.slots())),
            backlog: RefCell::default(),
            timers: RefCell::default(),
            traffic: Cell::default(),
            dialed: Cell::new(0),
            inbound: Cell::new(0),
            record: OnceCell::new(),
            open: OnceCell::new(),
            handshakes_drawn: Cell::new(0),
            dials_drawn: Cell::new(0),
            doomed: RefCell::default(),
            depth: Cell::new(0),
            unsettled: Cell::new(false),
            rescheduled: Cell::new(false),
            alarm: Cell::new(None),
            life: Cell::new(Life::Running),
            scope: RefCell::new(Some(scope)),
        }
    }

    fn open(self: &Rc<Self>, config: Config) -> Result<(), StartError> {
        let net = self.world.attach(Rc::clone(self) as Rc<dyn world::Endpoint>);
        let listening = config.listen.map(|port| net.listen(port)).transpose()?;
        let cap =
            |spoken: &Spoken| LocalCap { cap: spoken.protocol.cap.clone(), length: spoken.protocol.length };
        let local = Local {
            public: config.key.public(),
            key: config.key,
            client: config.client,
            protocols: self.protocols.iter().map(cap).collect(),
            listen_port: listening.map_or(0, |address| address.port()),
            fidelity: config.fidelity,
            timing: config.timing,
        };
        let open = Open { net, local: Arc::new(local), listening };
        assert!(self.open.set(open).is_ok(), "a stack is opened once");
        self.turn(|| config.static_nodes.into_iter().try_for_each(|node| self.add_static(node)))?;
        Ok(())
    }

    pub(crate) fn opened(&self) -> &Open {
        self.open.get().expect("a stack is opened before anyone else sees it")
    }

    pub(crate) fn net(&self) -> &Net {
        &self.opened().net
    }

    pub(crate) fn local(&self) -> &Arc<Local> {
        &self.opened().local
    }

    pub(crate) fn spoken(&self, protocol: u16) -> &Spoken {
        &self.protocols[usize::from(protocol)]
    }

    /// Entropy for handshakes.
    pub(crate) fn draw(&self, out: &mut [u8]) {
        self.draw_on("p2p sessions", &self.handshakes_drawn, out);
    }

    /// Entropy for when to dial: a stream of its own, since fidelities may draw differently for handshakes.
    pub(crate) fn draw_delay(&self, out: &mut [u8]) {
        self.draw_on("p2p dials", &self.dials_drawn, out);
    }

    fn draw_on(&self, purpose: &str, drawn: &Cell<u64>, out: &mut [u8]) {
        let mut entropy = self.world.entropy(purpose).resumed_at(drawn.get());
        entropy.fill(out);
        drawn.set(entropy.drawn());
    }

    pub(crate) fn running(&self) -> bool {
        self.life.get() == Life::Running
    }

    /// Does `act` and then what follows from it.
    pub(crate) fn turn<R>(&self, act: impl FnOnce() -> R) -> R {
        self.depth.set(self.depth.get() + 1);
        let result = act();
        if self.depth.get() == 1 {
            self.settle();
        }
        self.leave();
        result
    }

    /// Does `act`; what follows from it comes in a turn of its own, at the same time.
    pub(crate) fn half_turn<R>(&self, act: impl FnOnce() -> R) -> R {
        self.depth.set(self.depth.get() + 1);
        let result = act();
        self.leave();
        result
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
        if self.depth.get() == 0 && (self.unsettled.get() || self.rescheduled.get()) {
            self.rearm();
        }
    }

    /// There is something to do at the end of the turn.
    pub(crate) fn unsettle(&self) {
        self.unsettled.set(true);
    }

    /// The alarm is to be set anew at the end of the turn.
    pub(crate) fn reschedule(&self) {
        self.rescheduled.set(true);
    }

    /// The queue of deadlines, to change it.
    pub(crate) fn timers(&self) -> RefMut<'_, Timers> {
        self.reschedule();
        self.timers.borrow_mut()
    }

    fn settle(&self) {
        while self.unsettled.get() {
            let doomed = self.doomed.borrow_mut().pop_front();
            if let Some((conn, error)) = doomed {
                self.disconnect(conn, error);
            } else if self.life.get() == Life::Stopping {
                self.wind_down();
            } else if !self.dial_next() && !self.accept_next() {
                self.unsettled.set(false);
            }
        }
    }

    fn rearm(&self) {
        self.rescheduled.set(false);
        if self.life.get() == Life::Stopped {
            return;
        }
        let next = if self.unsettled.get() {
            Some(self.world.now())
        } else {
            earliest(self.timers.borrow().next(), self.dialer.borrow().next)
        };
        if next != self.alarm.replace(next) {
            self.net().set_alarm(next);
        }
    }

    pub(crate) fn handle_alarm(&self) {
        self.alarm.set(None);
        self.reschedule();
        self.turn(|| {
            let now = self.world.now();
            if self.dialer.borrow_mut().wake(now) {
                self.unsettle();
            }
            let mark = self.timers.borrow().mark();
            loop {
                let due = self.timers().pop(now, mark);
                let Some((at, due)) = due else { return };
                match due {
                    Due::Session(place) => self.look_at(place, at),
                    Due::Dial(conn) => self.dial_timed_out(conn),
                    Due::Write(conn) => self.check_write(conn),
                    Due::Timer { protocol, timer } => {
                        self.with_handler(protocol, |handler, cx| handler.on_timer(timer, cx));
                    }
                }
            }
        });
    }

    pub(crate) fn with_handler<R>(
        &self,
        protocol: u16,
        act: impl FnOnce(&mut dyn Handler, &mut Context<'_>) -> R,
    ) -> R {
        let mut handler = self.spoken(protocol).protocol.handler.borrow_mut();
        act(&mut *handler, &mut Context { stack: self, protocol })
    }

    /// Ends a connection as soon as nothing else runs.
    pub(crate) fn doom(&self, conn: ConnId, error: PeerError) {
        match self.table.borrow_mut().get_mut(conn) {
            Some(entry) if !entry.doomed => entry.doomed = true,
            _ => return,
        }
        self.doomed.borrow_mut().push_back((conn, error));
        self.unsettle();
        if self.depth.get() == 0 {
            self.turn(|| ());
        }
    }

    pub(crate) fn stop(&self) {
        if self.life.get() == Life::Running {
            self.life.set(Life::Stopping);
            self.unsettle();
            self.turn(|| ());
        }
    }

    fn wind_down(&self) {
        self.life.set(Life::Stopped);
        let ids = self.table.borrow().ids();
        for conn in ids {
            self.disconnect(conn, quitting());
        }
        self.close_scope();
    }

    fn close_scope(&self) {
        let scope = self.scope.borrow_mut().take();
        drop(scope);
    }
}

pub(crate) fn earliest(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
