//! The same transfer in a simulated world.

use crate::forwarder::Shape;
use bytes::Bytes;
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use world::sim::{Bandwidth, HostId, HostLink, Link, Loss, SimConfig};
use world::{Closed, ConnId, DialError, Endpoint, Net, Parcel, Simulation, World};

const PORT: u16 = 1;

/// Either end: knows its stream, and when the parcel came.
struct End {
    world: World,
    conn: Cell<Option<ConnId>>,
    done: Cell<Option<Duration>>,
}

impl Endpoint for End {
    fn on_accepted(&self, conn: ConnId, _: SocketAddr, _: SocketAddr) {
        self.conn.set(Some(conn));
    }
    fn on_connected(&self, conn: ConnId, _: SocketAddr) {
        self.conn.set(Some(conn));
    }
    fn on_dial_failed(&self, _: ConnId, _: DialError) {}
    fn on_parcel(&self, _: ConnId, _: Parcel) {
        self.done.set(Some(self.world.now()));
    }
    fn on_closed(&self, _: ConnId, _: Closed) {}
}

/// What a host keeps.
struct Kept {
    end: Rc<End>,
    net: Net,
}

fn at<R: Send + 'static>(sim: &Simulation, host: HostId, act: impl FnOnce(&Kept) -> R + Send + 'static) -> R {
    sim.with(host, |cell| {
        let mut local = cell.local().borrow_mut();
        let any = local.get_or_insert_with(|| {
            let world = cell.world();
            let end = Rc::new(End { world: world.clone(), conn: Cell::new(None), done: Cell::new(None) });
            let net = world.attach(Rc::clone(&end) as Rc<dyn Endpoint>);
            Box::new(Kept { end, net })
        });
        act(any.downcast_ref::<Kept>().expect("put there"))
    })
}

/// How long so many bytes take from one host to another, the stream being open.
pub(crate) fn transfer(shape: Shape, bytes: u32, seed: u64) -> Duration {
    let latency = Duration::from_millis(shape.latency);
    let link = Link::latency(latency).window().loss(Loss::independent(shape.loss));
    let mut sim = Simulation::new(SimConfig { seed, link, ..SimConfig::default() });
    let line = Bandwidth::bits_per_second(shape.bits_per_second);
    sim.set_default_host_link(HostLink::new(line, Bandwidth::UNLIMITED).queue(shape.queue));
    let (sender, receiver) = (sim.add_host(), sim.add_host());
    at(&sim, receiver, |kept| kept.net.listen(PORT).expect("nobody else is there"));
    at(&sim, sender, move |kept| kept.net.dial(SocketAddr::new(receiver.ip(), PORT)));
    let mut until = Duration::from_secs(10);
    sim.run_until(until).expect("time passes");
    while !at(&sim, receiver, |kept| kept.end.conn.get().is_some()) {
        until += Duration::from_secs(10);
        sim.run_until(until).expect("time passes");
    }
    let start = sim.now();
    at(&sim, sender, move |kept| {
        let parcel = Parcel { tag: 0, bytes: Bytes::new(), wire_len: bytes };
        kept.net.send(kept.end.conn.get().expect("its other end is open"), parcel);
    });
    loop {
        until += Duration::from_secs(1);
        sim.run_until(until).expect("time passes");
        if let Some(done) = at(&sim, receiver, |kept| kept.end.done.get()) {
            return done - start;
        }
    }
}
