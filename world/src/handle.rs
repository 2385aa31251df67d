//! The handles a node holds: [`World`], [`Scope`], [`Net`], [`Sleep`]. Each is a thin choice between the two dialects.

use crate::endpoint::{ConnId, Endpoint, ListenError, Parcel};
use crate::entropy::Entropy;
use crate::{real, sim};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

/// What a node knows of the world: the time, its address, entropy by purpose, and how to open, sleep and spawn.
///
/// Cheap to clone. Whatever is opened or spawned through it belongs to its [`Scope`] and dies with that.
#[derive(Clone)]
pub struct World(Dialect<sim::SimWorld, Rc<real::RealScope>>);

#[derive(Clone, Debug)]
enum Dialect<S, R> {
    Sim(S),
    Real(R),
}

impl World {
    pub(crate) fn sim(scope: Rc<sim::SimScope>) -> Self {
        Self(Dialect::Sim(sim::SimWorld::new(scope)))
    }

    pub(crate) fn real(scope: Rc<real::RealScope>) -> Self {
        Self(Dialect::Real(scope))
    }

    /// Time since the world began.
    pub fn now(&self) -> Duration {
        match &self.0 {
            Dialect::Sim(s) => s.now(),
            Dialect::Real(r) => r.now(),
        }
    }

    /// Calendar time: the world's epoch plus [`now`](Self::now).
    pub fn calendar(&self) -> SystemTime {
        let epoch = match &self.0 {
            Dialect::Sim(s) => s.scope().epoch(),
            Dialect::Real(r) => r.epoch(),
        };
        epoch + self.now()
    }

    /// The address of this host.
    pub fn ip(&self) -> IpAddr {
        match &self.0 {
            Dialect::Sim(s) => s.scope().ip(),
            Dialect::Real(r) => r.ip(),
        }
    }

    /// The stream of entropy for one purpose. Asking twice gives the same stream from its start again.
    pub fn entropy(&self, purpose: &str) -> Entropy {
        match &self.0 {
            Dialect::Sim(s) => s.scope().entropy(purpose),
            Dialect::Real(r) => r.entropy(purpose),
        }
    }

    /// Ends after `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().saturating_add(duration))
    }

    /// Ends when the clock shows `at`, at once if it already does.
    pub fn sleep_until(&self, at: Duration) -> Sleep {
        Sleep(match &self.0 {
            Dialect::Sim(s) => Dialect::Sim(s.scope().sleep_until(at)),
            Dialect::Real(r) => Dialect::Real(r.sleep_until(at)),
        })
    }

    /// Runs `future` until it ends or the scope is killed.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        match &self.0 {
            Dialect::Sim(s) => s.scope().spawn(future),
            Dialect::Real(r) => r.spawn(future),
        }
    }

    /// Connects a network stack to the world; it receives through `endpoint` and sends through the answer.
    pub fn attach(&self, endpoint: Rc<dyn Endpoint>) -> Net {
        Net(match &self.0 {
            Dialect::Sim(s) => Dialect::Sim(s.scope().attach(endpoint)),
            Dialect::Real(r) => Dialect::Real(r.attach(endpoint)),
        })
    }

    /// A scope within this one: it can be killed alone, and dies with this one.
    pub fn scope(&self) -> Scope {
        Scope(match &self.0 {
            Dialect::Sim(s) => Self::sim(s.scope().child()),
            Dialect::Real(r) => Self::real(r.child()),
        })
    }

    fn kill(&self) {
        match &self.0 {
            Dialect::Sim(s) => s.scope().kill(),
            Dialect::Real(r) => r.kill(),
        }
    }

    /// How many tasks and open connections belong to this scope and those within it.
    pub fn population(&self) -> Population {
        match &self.0 {
            Dialect::Sim(s) => s.scope().population(),
            Dialect::Real(r) => r.population(),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("ip", &self.ip()).field("now", &self.now()).finish_non_exhaustive()
    }
}

/// What is alive in a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Tasks spawned and not ended.
    pub tasks: usize,
    /// Connections dialled or accepted and not closed.
    pub connections: usize,
}

/// Owns everything opened and spawned through its [`World`]. Dropping it kills all of that at once, as a crash would:
/// tasks are dropped where they stand, the other ends of its connections see a reset.
#[derive(Debug)]
pub struct Scope(World);

impl Scope {
    /// The world as seen from within this scope.
    pub fn world(&self) -> &World {
        &self.0
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// A network stack's way out. Nothing here calls back into the endpoint before it returns.
#[derive(Clone)]
pub struct Net(Dialect<sim::SimNet, real::RealNet>);

impl Net {
    /// Accepts connections on `port` of this host; 0 takes the first free one from 30303 up.
    pub fn listen(&self, port: u16) -> Result<SocketAddr, ListenError> {
        match &self.0 {
            Dialect::Sim(s) => s.listen(port),
            Dialect::Real(r) => r.listen(port),
        }
    }

    /// Starts to connect; the outcome comes as `on_connected` or `on_dial_failed`.
    pub fn dial(&self, to: SocketAddr) -> ConnId {
        match &self.0 {
            Dialect::Sim(s) => s.dial(to),
            Dialect::Real(r) => r.dial(to),
        }
    }

    /// Sends on an open connection. What is sent on a connection that has ended is lost, as on a wire.
    pub fn send(&self, conn: ConnId, parcel: Parcel) {
        match &self.0 {
            Dialect::Sim(s) => s.send(conn, parcel),
            Dialect::Real(r) => r.send(conn, parcel),
        }
    }

    /// Something will soon be sent on a connection: asks the memory for what that takes.
    pub fn expect(&self, conn: ConnId) {
        if let Dialect::Sim(s) = &self.0 {
            s.expect(conn);
        }
    }

    /// Closes once everything sent has gone out. The id is dead at once: nothing more arrives for it.
    pub fn close(&self, conn: ConnId) {
        match &self.0 {
            Dialect::Sim(s) => s.close(conn),
            Dialect::Real(r) => r.close(conn),
        }
    }

    /// Stops taking what arrives: the other end learns of it and holds its parcels. `false` takes it up again.
    pub fn pause(&self, conn: ConnId, paused: bool) {
        match &self.0 {
            Dialect::Sim(s) => s.pause(conn, paused),
            Dialect::Real(r) => r.pause(conn, paused),
        }
    }

    /// Calls `on_alarm` at that time, once; replaces the alarm set before. `None` takes it back.
    pub fn set_alarm(&self, at: Option<Duration>) {
        match &self.0 {
            Dialect::Sim(s) => s.set_alarm(at),
            Dialect::Real(r) => r.set_alarm(at),
        }
    }

    /// Receives datagrams on `port` of this host; 0 takes a free one.
    pub fn bind_datagrams(&self, port: u16) -> Result<SocketAddr, ListenError> {
        match &self.0 {
            Dialect::Sim(s) => s.bind_datagrams(port),
            Dialect::Real(r) => r.bind_datagrams(port),
        }
    }

    /// Sends one datagram from a bound port; nobody learns whether it arrives.
    pub fn send_datagram(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        match &self.0 {
            Dialect::Sim(s) => s.send_datagram(from, to, bytes),
            Dialect::Real(r) => r.send_datagram(from, to, bytes),
        }
    }

    /// The two addresses of a connection: ours, theirs. `None` once it has ended.
    pub fn addresses(&self, conn: ConnId) -> Option<(SocketAddr, SocketAddr)> {
        match &self.0 {
            Dialect::Sim(s) => s.addresses(conn),
            Dialect::Real(r) => r.addresses(conn),
        }
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").finish_non_exhaustive()
    }
}

/// Ends at a moment of its world's clock. See [`World::sleep`].
#[derive(Debug)]
#[must_use = "a sleep that is not awaited sleeps nobody"]
pub struct Sleep(Dialect<sim::SimSleep, Pin<Box<real::RealSleep>>>);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Dialect::Sim(s) => Pin::new(s).poll(cx),
            Dialect::Real(r) => r.as_mut().poll(cx),
        }
    }
}
