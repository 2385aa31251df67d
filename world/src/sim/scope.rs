//! A life on a host: the tasks, stacks and scopes within it, which all end together.

use super::core::Core;
use super::event::Event;
use super::host::{Host, ip};
use super::link::nanos;
use super::net::SimNet;
use super::queue::Ticket;
use super::tap;
use crate::endpoint::{Closed, Endpoint};
use crate::entropy::Entropy;
use crate::handle::Population;
use crate::job::Job;
use async_task::Task;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

/// The simulated side of a [`World`](crate::World) handle. Time, which everything asks for, is found without looking at
/// the scope.
#[derive(Clone, Debug)]
pub(crate) struct SimWorld {
    core: Rc<Core>,
    scope: Rc<SimScope>,
}

impl SimWorld {
    pub(crate) fn new(scope: Rc<SimScope>) -> Self {
        Self { core: Rc::clone(&scope.core), scope }
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.core.now())
    }

    pub(crate) fn scope(&self) -> &Rc<SimScope> {
        &self.scope
    }
}

/// A life on a host, from the inside.
pub(crate) struct SimScope {
    core: Rc<Core>,
    host: Rc<Host>,
    life: u32,
    dead: Cell<bool>,
    tasks: RefCell<Slab<(Rc<Job>, Task<()>)>>,
    nets: RefCell<Vec<u32>>,
    children: RefCell<Vec<Weak<Self>>>,
}

impl SimScope {
    /// The outermost scope of a host; made once.
    pub(crate) fn root(core: &Rc<Core>, host: &Rc<Host>) -> Rc<Self> {
        let mut root = host.root.borrow_mut();
        Rc::clone(root.get_or_insert_with(|| Self::open(Rc::clone(core), Rc::clone(host))))
    }

    fn open(core: Rc<Core>, host: Rc<Host>) -> Rc<Self> {
        Rc::new(Self {
            life: host.next_life(),
            core,
            host,
            dead: Cell::new(false),
            tasks: RefCell::default(),
            nets: RefCell::default(),
            children: RefCell::default(),
        })
    }

    pub(crate) fn child(self: &Rc<Self>) -> Rc<Self> {
        let child = Self::open(Rc::clone(&self.core), Rc::clone(&self.host));
        child.dead.set(self.dead.get());
        let mut children = self.children.borrow_mut();
        children.retain(|known| known.strong_count() > 0);
        children.push(Rc::downgrade(&child));
        child
    }

    pub(crate) fn epoch(&self) -> SystemTime {
        self.core.common.epoch
    }

    pub(crate) fn ip(&self) -> IpAddr {
        ip(self.host.id)
    }

    pub(crate) fn entropy(&self, purpose: &str) -> Entropy {
        Entropy::derive(self.core.common.seed, self.host.id, self.life, purpose)
    }

    pub(crate) fn sleep_until(&self, at: Duration) -> SimSleep {
        SimSleep { core: Rc::clone(&self.core), host: Rc::clone(&self.host), at: nanos(at), armed: None }
    }

    pub(crate) fn spawn(self: &Rc<Self>, future: impl Future<Output = ()> + 'static) {
        if self.dead.get() {
            return;
        }
        let mut tasks = self.tasks.borrow_mut();
        let place = tasks.vacant_entry();
        let (key, scope) = (place.key(), Rc::downgrade(self));
        let job = Job::new(future);
        let run = Rc::clone(&job);
        let whole = async move {
            poll_fn(|cx| run.poll(cx)).await;
            // Ended by itself: forget it, unless the scope is being killed and has already let go of it.
            if let Some(scope) = scope.upgrade()
                && let Some((_, task)) = scope.tasks.borrow_mut().try_remove(key)
            {
                task.detach();
            }
        };
        let queue = self.core.tasks.clone();
        let (runnable, task) = async_task::spawn_local(whole, move |runnable| queue.push(runnable));
        place.insert((job, task));
        runnable.schedule();
    }

    pub(crate) fn attach(&self, endpoint: Rc<dyn Endpoint>) -> SimNet {
        let net = tap::attach(&self.core, &self.host, endpoint);
        if self.dead.get() {
            self.host.detach(net.number());
        } else {
            self.nets.borrow_mut().push(net.number());
        }
        net
    }

    pub(crate) fn kill(&self) {
        if self.dead.replace(true) {
            return;
        }
        for child in self.children.take().iter().filter_map(Weak::upgrade) {
            child.kill();
        }
        // Tasks first: dropping a future may still want to send something.
        for (_, (job, task)) in self.tasks.take() {
            job.kill();
            drop(task);
        }
        for net in self.nets.take() {
            self.end_net(net);
        }
    }

    fn end_net(&self, net: u32) {
        let ids = self.host.conns.borrow().ids(|conn| conn.net == net);
        for id in ids {
            self.host.conns.borrow_mut().end(&self.core, &self.host, id, Closed::Reset);
        }
        if let Some(alarm) = self.host.detach(net) {
            self.core.cancel(alarm);
        }
    }

    pub(crate) fn population(&self) -> Population {
        let nets = self.nets.borrow();
        let mut all = Population {
            tasks: self.tasks.borrow().len(),
            connections: self.host.conns.borrow().ids(|conn| nets.contains(&conn.net)).len(),
        };
        for child in self.children.borrow().iter().filter_map(Weak::upgrade) {
            let inner = child.population();
            all.tasks += inner.tasks;
            all.connections += inner.connections;
        }
        all
    }
}

impl fmt::Debug for SimScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimScope")
            .field("host", &self.host.id)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// The simulated side of [`Sleep`](crate::Sleep).
pub(crate) struct SimSleep {
    core: Rc<Core>,
    host: Rc<Host>,
    at: u64,
    armed: Option<Ticket>,
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let armed = self.armed.take();
        if self.core.now() >= self.at {
            return Poll::Ready(());
        }
        if let Some(ticket) = armed {
            self.core.cancel(ticket); // polled by someone else meanwhile: wake the newest
        }
        self.armed = Some(self.core.schedule(&self.host, self.at, Event::Wake(cx.waker().clone())));
        Poll::Pending
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        if let Some(ticket) = self.armed.take() {
            self.core.cancel(ticket);
        }
    }
}

impl fmt::Debug for SimSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSleep").field("at", &self.at).finish_non_exhaustive()
    }
}
