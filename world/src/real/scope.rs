//! A life on a real host: the tasks, stacks and scopes within it, which all end together.

// Where the operating system's entropy enters; everyone else asks the World.
#![allow(clippy::disallowed_methods)]

use super::Place;
use super::clock::RealSleep;
use super::net::{RealNet, Stack};
use crate::endpoint::Endpoint;
use crate::entropy::Entropy;
use crate::handle::Population;
use crate::job::Job;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;

/// The real side of a [`World`](crate::World) handle.
pub(crate) struct RealScope {
    place: Rc<Place>,
    life: u32,
    dead: Cell<bool>,
    /// What the operating system gave for each purpose asked for so far.
    keys: RefCell<BTreeMap<String, [u8; 32]>>,
    tasks: RefCell<Slab<(Rc<Job>, Option<AbortHandle>)>>,
    stacks: RefCell<Vec<Rc<Stack>>>,
    children: RefCell<Vec<Weak<Self>>>,
}

impl RealScope {
    /// The outermost scope of a host.
    pub(super) fn root(place: Rc<Place>) -> Rc<Self> {
        Self::open(place, false)
    }

    fn open(place: Rc<Place>, dead: bool) -> Rc<Self> {
        Rc::new(Self {
            life: place.next_life(),
            place,
            dead: Cell::new(dead),
            keys: RefCell::default(),
            tasks: RefCell::default(),
            stacks: RefCell::default(),
            children: RefCell::default(),
        })
    }

    pub(crate) fn child(self: &Rc<Self>) -> Rc<Self> {
        let child = Self::open(Rc::clone(&self.place), self.dead.get());
        let mut children = self.children.borrow_mut();
        children.retain(|known| known.strong_count() > 0);
        children.push(Rc::downgrade(&child));
        child
    }

    pub(crate) fn now(&self) -> Duration {
        self.place.timers.now()
    }

    pub(crate) fn epoch(&self) -> SystemTime {
        self.place.epoch
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.place.ip
    }

    pub(crate) fn entropy(&self, purpose: &str) -> Entropy {
        if let Some(seed) = self.place.seed {
            return Entropy::derive(seed, 0, self.life, purpose);
        }
        let mut keys = self.keys.borrow_mut();
        let key = keys.entry(purpose.to_owned()).or_insert_with(|| {
            let mut key = [0; 32];
            getrandom::fill(&mut key).expect("the operating system gives entropy, or no key is safe");
            key
        });
        Entropy::from_key(*key)
    }

    pub(crate) fn sleep_until(&self, at: Duration) -> Pin<Box<RealSleep>> {
        Box::pin(RealSleep::until(&self.place.timers, at))
    }

    pub(crate) fn spawn(self: &Rc<Self>, future: impl Future<Output = ()> + 'static) {
        if self.dead.get() {
            return;
        }
        let job = Job::new(future);
        let key = self.tasks.borrow_mut().insert((Rc::clone(&job), None));
        let leave = Leave { scope: Rc::downgrade(self), key };
        let handle = tokio::task::spawn_local(async move {
            let _leave = leave;
            poll_fn(|cx| job.poll(cx)).await;
        });
        if let Some((_, abort)) = self.tasks.borrow_mut().get_mut(key) {
            *abort = Some(handle.abort_handle());
        }
    }

    pub(crate) fn attach(&self, endpoint: Rc<dyn Endpoint>) -> RealNet {
        let stack = Stack::attach(Rc::clone(&self.place), endpoint);
        if self.dead.get() {
            stack.kill();
        } else {
            self.stacks.borrow_mut().push(Rc::clone(&stack));
        }
        RealNet::new(stack)
    }

    pub(crate) fn kill(&self) {
        if self.dead.replace(true) {
            return;
        }
        for child in self.children.take().iter().filter_map(Weak::upgrade) {
            child.kill();
        }
        // Tasks first: dropping a future may still want to send something.
        for (_, (job, abort)) in self.tasks.take() {
            job.kill();
            if let Some(abort) = abort {
                abort.abort();
            }
        }
        for stack in self.stacks.take() {
            stack.kill();
        }
    }

    pub(crate) fn population(&self) -> Population {
        let mut all = Population {
            tasks: self.tasks.borrow().len(),
            connections: self.stacks.borrow().iter().map(|stack| stack.connections()).sum(),
        };
        for child in self.children.borrow().iter().filter_map(Weak::upgrade) {
            let inner = child.population();
            all.tasks += inner.tasks;
            all.connections += inner.connections;
        }
        all
    }
}

impl fmt::Debug for RealScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealScope")
            .field("ip", &self.place.ip)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// Forgets a task when it ends, by whatever way.
struct Leave {
    scope: Weak<RealScope>,
    key: usize,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let Some(scope) = self.scope.upgrade() else { return };
        let gone = scope.tasks.borrow_mut().try_remove(self.key);
        drop(gone); // outside of the borrow: a future may still be in there
    }
}
