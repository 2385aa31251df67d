//! One shard's executor: its clock, its events, its tasks, its hosts.
//!
//! A turn takes the earliest event, moves the clock there, hands the event to its host and runs every task that became
//! ready, before the next event is looked at. What happens at one host therefore depends on that host's events and
//! their order alone, never on which other hosts share the shard.

use super::event::Event;
use super::host::Host;
use super::link::{Links, nanos};
use super::physics::Waits;
use super::queue::{Key, Popped, Queue, Ticket};
use super::task::RunQueue;
use crate::endpoint::EXPECT_STEPS;
use crate::log_time;
use crate::prefetch_first;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// Turns and polls allowed at one instant. A million nodes waking at once stay below; a loop without delay does not.
const SAME_INSTANT_LIMIT: u64 = if cfg!(test) { 100_000 } else { 50_000_000 };

/// How many events ahead memory is asked for what they need, step by step: each step goes on from what the one before
/// it has brought into the cache, so that the waits of many events pass at once. First the event and its host; then the
/// connection and the endpoint there; what comes last is the endpoint's.
const AHEAD: [usize; 2 + EXPECT_STEPS] = [14, 10, 7, 4, 2];

/// Something loops without letting time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "time stands still at {at:?}: {turns} events and task polls without delay; some task or handler re-arms itself at once"
)]
pub struct Livelock {
    /// The simulated time that would not pass.
    pub at: Duration,
    /// What happened at it before the run was ended.
    pub turns: u64,
}

/// An event on its way to a host of another shard.
pub(crate) type Abroad = (usize, Key, Event);

/// What every shard of one world has in common and never changes.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) seed: u64,
    pub(crate) epoch: SystemTime,
    pub(crate) shards: usize,
}

/// One shard. Lives on one thread.
pub(crate) struct Core {
    pub(crate) common: Common,
    pub(crate) links: RefCell<Links>,
    pub(crate) tasks: RunQueue,
    /// How long packets waited for the lines of this shard's hosts.
    pub(crate) waits: RefCell<Waits>,
    /// A place for whoever builds on this world to keep what is one per shard.
    pub(crate) local: RefCell<Option<Box<dyn Any>>>,
    index: usize,
    now: Cell<u64>,
    queue: RefCell<Queue<Event>>,
    /// By host id; `None` for those of other shards.
    hosts: RefCell<Vec<Option<Rc<Host>>>>,
    /// By host id: the shard it lives on.
    shards: RefCell<Vec<u16>>,
    abroad: RefCell<Vec<Abroad>>,
}

impl Core {
    pub(crate) fn new(common: Common, index: usize, links: Links) -> Rc<Self> {
        Rc::new(Self {
            common,
            links: RefCell::new(links),
            tasks: RunQueue::default(),
            waits: RefCell::default(),
            local: RefCell::new(None),
            index,
            now: Cell::new(0),
            queue: RefCell::new(Queue::new()),
            hosts: RefCell::new(Vec::new()),
            shards: RefCell::new(Vec::new()),
            abroad: RefCell::new(Vec::new()),
        })
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    fn is_mine(&self, host: u32) -> bool {
        self.common.shards == 1 || usize::from(self.shards.borrow()[host as usize]) == self.index
    }

    /// The next hosts, and the shard of each.
    pub(crate) fn add_hosts(&self, shards: &[u16]) {
        self.shards.borrow_mut().extend_from_slice(shards);
        let mut hosts = self.hosts.borrow_mut();
        for shard in shards {
            let id = u32::try_from(hosts.len()).expect("a world has under 4 G hosts");
            hosts.push((usize::from(*shard) == self.index).then(|| Host::new(id)));
        }
    }

    /// Does something at a host of this shard. Hosts cannot be added meanwhile.
    pub(crate) fn at(&self, host: u32, act: impl FnOnce(&Rc<Host>)) {
        let hosts = self.hosts.borrow();
        let host = hosts.get(host as usize).and_then(Option::as_ref);
        act(host.expect("events are posted to hosts that exist, on their shard"));
    }

    pub(crate) fn host(&self, id: u32) -> Option<Rc<Host>> {
        self.hosts.borrow().get(id as usize)?.clone()
    }

    /// How many hosts the world has, on whatever shard.
    pub(crate) fn host_count(&self) -> usize {
        self.hosts.borrow().len()
    }

    /// Time from `from` to `to`, in nanoseconds.
    pub(crate) fn latency(&self, from: u32, to: u32) -> u64 {
        nanos(self.links.borrow().between(from, to).latency)
    }

    /// Has `event` happen to host `to` at `time`, on whatever shard that lives.
    pub(crate) fn post(&self, source: &Host, time: u64, to: u32, event: Event) {
        let key = Key::new(time, source.id, source.next_sequence());
        if self.is_mine(to) {
            self.queue.borrow_mut().push(key, to, event);
        } else {
            let shard = self.shards.borrow()[to as usize].into();
            self.abroad.borrow_mut().push((shard, key, event));
        }
    }

    /// Has `event` happen to `host` itself; it can be taken back.
    pub(crate) fn schedule(&self, host: &Host, time: u64, event: Event) -> Ticket {
        let key = Key::new(time.max(self.now()), host.id, host.next_sequence());
        self.queue.borrow_mut().push(key, host.id, event)
    }

    pub(crate) fn cancel(&self, ticket: Ticket) {
        self.queue.borrow_mut().cancel(ticket);
    }

    /// Takes in what other shards sent.
    pub(crate) fn receive(&self, events: Vec<(Key, Event)>) {
        let mut queue = self.queue.borrow_mut();
        for (key, event) in events {
            debug_assert!(
                key.time >= self.now(),
                "a parcel from another shard came late: the look-ahead is too long"
            );
            let host = event.receiver().map_or(u32::MAX, |(host, _)| host);
            queue.push(key, host, event);
        }
    }

    pub(crate) fn take_abroad(&self) -> Vec<Abroad> {
        std::mem::take(&mut self.abroad.borrow_mut())
    }

    /// When something happens next; now, if a task is ready.
    pub(crate) fn next_time(&self) -> Option<u64> {
        if !self.tasks.is_empty() {
            return Some(self.now());
        }
        let abroad = self.abroad.borrow().iter().map(|(_, key, _)| key.time).min();
        self.queue.borrow().next_time().into_iter().chain(abroad).min()
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.borrow().len()
    }

    /// Lets everything happen that happens before `until`, then sets the clock to `until`.
    pub(crate) fn run_until(self: &Rc<Self>, until: u64) -> Result<(), Livelock> {
        let mut turns = 0;
        self.set_now(self.now());
        loop {
            while let Some(task) = self.tasks.pop() {
                task.run();
                turns += 1;
                if turns > SAME_INSTANT_LIMIT {
                    break;
                }
            }
            if turns > SAME_INSTANT_LIMIT {
                return Err(Livelock { at: Duration::from_nanos(self.now()), turns });
            }
            let next = self.queue.borrow_mut().pop_before(until);
            let Some(Popped { time, event, opened }) = next else { break };
            if time > self.now() {
                self.set_now(time);
                turns = 0;
            }
            turns += 1;
            if opened {
                self.get_all_ready();
            }
            self.get_ready();
            event.happen(self);
        }
        self.set_now(until.max(self.now()));
        Ok(())
    }

    /// Asks the memory for what events soon to come will need. With many hosts nearly all of the time is spent waiting
    /// for memory, and it need not be spent one wait after the other.
    fn get_ready(&self) {
        let (queue, hosts) = (self.queue.borrow(), self.hosts.borrow());
        for (step, ahead) in AHEAD.into_iter().enumerate() {
            prepare(&queue, &hosts, step, ahead);
        }
    }

    /// The same for all that come first in a part of the queue that nobody has looked into yet.
    fn get_all_ready(&self) {
        let (queue, hosts) = (self.queue.borrow(), self.hosts.borrow());
        for (step, ahead) in AHEAD.into_iter().enumerate() {
            (0..ahead).for_each(|ahead| prepare(&queue, &hosts, step, ahead));
        }
    }

    fn set_now(&self, now: u64) {
        self.now.set(now);
        log_time::set(now);
    }

    /// Ends every host's life, so that nothing keeps the shard's parts alive in circles.
    pub(crate) fn shut_down(&self) {
        let hosts = std::mem::take(&mut *self.hosts.borrow_mut());
        for host in hosts.into_iter().flatten() {
            host.end();
        }
        *self.queue.borrow_mut() = Queue::new();
        while let Some(task) = self.tasks.pop() {
            drop(task);
        }
        *self.local.borrow_mut() = None;
    }
}

fn prepare(queue: &Queue<Event>, hosts: &[Option<Rc<Host>>], step: usize, ahead: usize) {
    let host = |host: u32| hosts.get(host as usize).and_then(Option::as_ref);
    if step == 0 {
        return queue.where_upcoming(ahead).and_then(host).map_or((), |host| host.prefetch());
    }
    let Some(event) = queue.upcoming(ahead) else { return };
    let Some((at, conn)) = event.receiver() else { return };
    let Some(host) = host(at) else { return };
    match step {
        1 => {
            host.prefetch_parts(conn);
            prefetch_first(event.content(), 64);
        }
        later => host.expect(conn, later - 2),
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("index", &self.index).field("now", &self.now).finish_non_exhaustive()
    }
}
