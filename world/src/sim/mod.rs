//! The simulated world: hosts on links, a nanosecond clock, and nothing from outside.
//!
//! **Time** jumps from event to event. Events are ordered by (time, source host, that host's sequence number): a key
//! that knows nothing of threads. Between two events every task that became ready runs, first woken first.
//!
//! **Network.** Streams (TCP's promise: in order, nothing lost) and datagrams travel over [`Link`]s. Opening a stream
//! takes three legs, as TCP does; see `event`. A stream whose receiver pauses holds its parcels at the sender.
//! A link delays; [`physics`] tells what more it may do, what a host's line does, and what rules are.
//!
//! **Shards.** Hosts are dealt out over shards with a thread each, those of a zone together (`placement`), which advance
//! in windows no longer than the least latency from shard to shard (`window`). With a latency of zero somewhere there is
//! no such window: one shard is used, and [`Simulation::shards`] says so. Any number of shards gives every host the same
//! events in the same order.
//!
//! **Outside** reaches in between windows only, through [`Simulation::with`].

mod conn;
mod core;
mod event;
mod host;
mod link;
mod net;
mod pace;
pub mod physics;
mod placement;
mod queue;
mod rule;
mod scope;
mod shard;
mod tap;
mod task;
mod tcp;
#[cfg(test)]
mod tests;
mod window;

pub use self::core::Livelock;
pub use link::Link;
pub use pace::{Pace, Pacer, ParsePaceError};
pub use physics::{Bandwidth, Chance, HostLink, Jitter, Loss, NotAChance, Waits};
pub use rule::{Effect, Hosts, Rule, RuleId};
pub use tap::{Passing, Seen, Wiretap};

pub(crate) use net::SimNet;
pub(crate) use scope::{SimScope, SimSleep, SimWorld};

use self::core::{Common, Core};
use crate::World;
use link::{Links, nanos};
use placement::Placement;
use shard::Shard;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use window::Exchange;

/// A host of a simulated world. Hosts are numbered from 0 in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

impl HostId {
    /// The address the host has.
    pub fn ip(self) -> IpAddr {
        host::ip(self.0)
    }
}

/// What a simulated world is made from.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Where all entropy comes from.
    pub seed: u64,
    /// Threads to run on. The result does not depend on it.
    pub shards: usize,
    /// The link between two hosts that have none of their own.
    pub link: Link,
    /// Calendar time at the start.
    pub epoch: SystemTime,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            shards: 1,
            link: Link::latency(Duration::from_millis(1)),
            // 2024-01-01T00:00:00Z: some day, always the same one.
            epoch: SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200),
        }
    }
}

/// A link without latency between hosts of different shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a link without latency leaves {shards} shards no look-ahead: run on one thread, or give it a latency"
)]
pub struct ZeroLookahead {
    /// How many shards the world runs on.
    pub shards: usize,
}

/// A simulated world, seen from outside: it advances when told to, and commands enter in between.
#[derive(Debug)]
pub struct Simulation {
    shards: Vec<Shard>,
    exchange: RefCell<Exchange>,
    /// Something was done between events since the exchange last looked.
    touched: Cell<bool>,
    placement: RefCell<Placement>,
    links: Links,
    /// The look-ahead, for so many hosts and that version of the links.
    look_ahead: Cell<(u32, u32, u64)>,
    now: u64,
    rules: u64,
}

impl Simulation {
    /// An empty world at time 0.
    pub fn new(config: SimConfig) -> Self {
        let links = Links::new(config.link);
        let count = if nanos(config.link.latency) == 0 { 1 } else { config.shards.max(1) };
        let common = Common { seed: config.seed, epoch: config.epoch, shards: count };
        let others = (1..count).map(|index| {
            let (common, links) = (common.clone(), links.clone());
            Shard::on_thread(move || Core::new(common, index, links), format!("shard-{index}"))
                .expect("the machine has a thread left")
        });
        let shards: Vec<Shard> =
            [Shard::here(Core::new(common.clone(), 0, links.clone()))].into_iter().chain(others).collect();
        Self {
            exchange: RefCell::new(Exchange::new(count)),
            touched: Cell::new(false),
            placement: RefCell::new(Placement::new(count)),
            shards,
            links,
            look_ahead: Cell::new((0, 0, u64::MAX)),
            now: 0,
            rules: 0,
        }
    }

    /// Adds a machine to the world. Which shard it lives on is decided when anything is first done at any host, so a
    /// host that is to have a zone should be given it before.
    pub fn add_host(&mut self) -> HostId {
        HostId(self.placement.get_mut().add())
    }

    /// Tells the shards of hosts that they have not heard of.
    fn place_hosts(&self) {
        self.touched.set(true);
        let mut placement = self.placement.borrow_mut();
        if placement.is_settled() {
            return;
        }
        let new: Arc<[u16]> = placement.settle(|host| self.links.zone(host)).into();
        for shard in &self.shards {
            let new = Arc::clone(&new);
            shard.post(move |core| core.add_hosts(&new));
        }
    }

    /// How many threads the world really runs on.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Simulated time since the start.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.now)
    }

    /// When anything happens next; `None` when nothing ever will.
    pub fn next_event(&self) -> Option<Duration> {
        if let [Shard::Here(core)] = self.shards.as_slice() {
            return core.next_time().map(Duration::from_nanos);
        }
        self.look();
        self.exchange.borrow().next().map(Duration::from_nanos)
    }

    /// Events waiting, those taken back and not yet passed included.
    pub fn pending(&self) -> usize {
        let waiting: usize = self.shards.iter().map(|shard| shard.with(|core| core.pending())).sum();
        waiting + self.exchange.borrow().len()
    }

    fn look(&self) {
        if self.touched.take() {
            self.exchange.borrow_mut().look(&self.shards);
        }
    }

    /// Lets everything happen that happens before `until`, and sets the clock there. A time that has passed is now.
    pub fn run_until(&mut self, until: Duration) -> Result<(), Livelock> {
        let until = nanos(until).max(self.now);
        self.place_hosts();
        if let [Shard::Here(core)] = self.shards.as_slice() {
            core.run_until(until)?;
        } else {
            self.look();
            let look_ahead = self.look_ahead();
            self.exchange.get_mut().run(&self.shards, look_ahead, until)?;
        }
        self.now = until;
        Ok(())
    }

    /// How far any shard may run without hearing of the others, in nanoseconds.
    fn look_ahead(&self) -> u64 {
        let placement = self.placement.borrow();
        let (hosts, version, look_ahead) = self.look_ahead.get();
        if (hosts, version) == (placement.hosts(), self.links.version) {
            return look_ahead;
        }
        let look_ahead = self.links.look_ahead(&placement);
        self.look_ahead.set((placement.hosts(), self.links.version, look_ahead));
        look_ahead
    }

    /// Does `act` at a host, on its thread, between two events.
    pub fn with<R: Send + 'static>(
        &self,
        host: HostId,
        act: impl FnOnce(&HostCell) -> R + Send + 'static,
    ) -> R {
        self.place_hosts();
        let shard = self.placement.borrow().shard_of(host.0);
        self.shards[shard].with(move |core| act(&HostCell::of(core, host)))
    }

    /// Does `act` at each of these hosts, with what is meant for it, between two events: on all shards at the same time, at
    /// each host in the order given, and one host after the other, for the second time at a host is cheap. Answers in the
    /// order given.
    pub fn with_each<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl IntoIterator<Item = (HostId, T)>,
        act: impl Fn(&HostCell, T) -> R + Clone + Send + 'static,
    ) -> Vec<R> {
        self.place_hosts();
        let placement = self.placement.borrow();
        let (mut order, mut dealt) = (Vec::new(), Vec::new());
        dealt.resize_with(self.shards.len(), Vec::new);
        for (host, what) in work {
            let shard = placement.shard_of(host.0);
            order.push(shard);
            dealt[shard].push((host, what));
        }
        let acts = dealt.into_iter().map(|dealt| {
            let act = act.clone();
            move |core: &Rc<Core>| {
                let mut work: Vec<(usize, (HostId, T))> = dealt.into_iter().enumerate().collect();
                work.sort_by_key(|(_, (host, _))| *host);
                let done =
                    work.into_iter().map(|(at, (host, what))| (at, act(&HostCell::of(core, host), what)));
                let mut done: Vec<(usize, R)> = done.collect();
                done.sort_unstable_by_key(|(at, _)| *at);
                done
            }
        });
        let mut done: Vec<_> = Shard::all(&self.shards, acts).into_iter().map(Vec::into_iter).collect();
        order.into_iter().map(|shard| done[shard].next().expect("as many as were asked for").1).collect()
    }

    /// Does `act` once per shard, all at the same time, between two events.
    pub fn on_shards<R: Send + 'static>(
        &self,
        act: impl Fn(&ShardCell) -> R + Clone + Send + 'static,
    ) -> Vec<R> {
        self.place_hosts();
        let acts = self.shards.iter().map(|_| {
            let act = act.clone();
            move |core: &Rc<Core>| act(&ShardCell { core: Rc::clone(core) })
        });
        Shard::all(&self.shards, acts)
    }

    /// How long packets have waited for hosts' lines, of all hosts.
    pub fn waits(&self) -> Waits {
        let mut all = Waits::default();
        for shard in &self.shards {
            all.merge(&shard.with(|core| core.waits.borrow().clone()));
        }
        all
    }

    /// Sets the link from one host to another, that direction only, from now on.
    pub fn set_link(&mut self, from: HostId, to: HostId, link: Link) -> Result<(), ZeroLookahead> {
        self.check_lookahead(link)?;
        self.change_links(move |links| links.set(from.0, to.0, link));
        Ok(())
    }

    /// Takes the link of its own from a pair, that direction only: from now on it has that of its zones or the default.
    pub fn unset_link(&mut self, from: HostId, to: HostId) {
        self.change_links(move |links| links.unset(from.0, to.0));
    }

    /// Sets the link of all pairs that have none of their own, from now on.
    pub fn set_default_link(&mut self, link: Link) -> Result<(), ZeroLookahead> {
        self.check_lookahead(link)?;
        self.change_links(move |links| links.set_default(link));
        Ok(())
    }

    /// Puts a host into a zone, or into none. A pair without a link of its own has that from zone to zone, if there is
    /// one.
    pub fn set_zone(&mut self, host: HostId, zone: impl Into<Option<u16>>) {
        let zone = zone.into();
        self.change_links(move |links| links.set_zone(host.0, zone));
    }

    /// Sets the link from the hosts of one zone to those of another (or the same), that direction only, from now on.
    pub fn set_zone_link(&mut self, from: u16, to: u16, link: Link) -> Result<(), ZeroLookahead> {
        self.check_lookahead(link)?;
        self.change_links(move |links| links.set_between_zones(from, to, link));
        Ok(())
    }

    /// Ends what [`set_zone_link`](Self::set_zone_link) set.
    pub fn unset_zone_link(&mut self, from: u16, to: u16) {
        self.change_links(move |links| links.unset_between_zones(from, to));
    }

    /// Takes the line of its own from a host, from now on.
    pub fn unset_host_link(&mut self, host: HostId) {
        self.change_links(move |links| links.unset_host(host.0));
    }

    /// Sets the line of a host, from now on. What waits in its queues is through when it would have been.
    pub fn set_host_link(&mut self, host: HostId, line: HostLink) {
        self.change_links(move |links| links.set_host(host.0, line));
    }

    /// Sets the line of all hosts that have none of their own, from now on.
    pub fn set_default_host_link(&mut self, line: HostLink) {
        self.change_links(move |links| links.set_default_host(line));
    }

    /// Has a rule hold from now on, until it is removed.
    pub fn install(&mut self, rule: Rule) -> RuleId {
        let id = RuleId(self.rules);
        self.rules += 1;
        self.change_links(move |links| links.install(id, rule.clone()));
        id
    }

    /// Ends a rule; answers whether it stood.
    pub fn remove(&mut self, id: RuleId) -> bool {
        let stood = self.links.has_rule(id);
        self.change_links(move |links| links.remove(id));
        stood
    }

    fn check_lookahead(&self, link: Link) -> Result<(), ZeroLookahead> {
        let shards = self.shards.len();
        if shards > 1 && nanos(link.latency) == 0 { Err(ZeroLookahead { shards }) } else { Ok(()) }
    }

    fn change_links(&mut self, change: impl Fn(&mut Links) + Clone + Send + 'static) {
        change(&mut self.links);
        for shard in &self.shards {
            let change = change.clone();
            shard.post(move |core| change(&mut core.links.borrow_mut()));
        }
    }
}

/// A host, while [`Simulation::with`] is at it.
#[derive(Debug)]
pub struct HostCell {
    core: Rc<Core>,
    host: Rc<host::Host>,
}

impl HostCell {
    fn of(core: &Rc<Core>, host: HostId) -> Self {
        let host = core.host(host.0).expect("only add_host makes host ids");
        Self { core: Rc::clone(core), host }
    }

    /// The host.
    pub fn id(&self) -> HostId {
        HostId(self.host.id)
    }

    /// The world as this host sees it; its scope lasts as long as the host.
    pub fn world(&self) -> World {
        World::sim(SimScope::root(&self.core, &self.host))
    }

    /// Has someone listen in on every stack that is attached to this host from now on.
    pub fn set_tap(&self, tap: Wiretap) {
        *self.host.tap.borrow_mut() = Some(tap);
    }

    /// A place to keep something of one's own per host.
    pub fn local(&self) -> &RefCell<Option<Box<dyn Any>>> {
        &self.host.local
    }

    /// A place to keep something of one's own per shard.
    pub fn shard_local(&self) -> &RefCell<Option<Box<dyn Any>>> {
        &self.core.local
    }
}

/// A shard, while [`Simulation::on_shards`] is at it.
#[derive(Debug)]
pub struct ShardCell {
    core: Rc<Core>,
}

impl ShardCell {
    /// A place to keep something of one's own per shard.
    pub fn local(&self) -> &RefCell<Option<Box<dyn Any>>> {
        &self.core.local
    }
}
