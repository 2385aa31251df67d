//! Whole network stacks in the simulated world: connections, messages, idle time.

use benches::network::{Make, Network, Work};
use benches::nodes::Nodes;
use benches::session::{self, Frames};
use benches::suite::{Budget, Figure, Suite};
use benches::{Numbers, bare, clock, secret};
use devp2p::{Agreements, Fidelity, share_agreements};
use std::time::Duration;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut suite = Suite::from_args("stack: devp2p servers in the simulated world (CPU time of all nodes)");
    suite.bench("connect", connect);
    suite.bench("ring", ring);
    suite.bench("wire messages", wire_messages);
    suite.bench("network messages", network_messages);
    suite.bench("idle node", idle_node);
    suite.bench("idle network", idle_network);
    suite.bench("bring-up", bring_up);
    suite.finish();
}

/// From the dial until the first message has arrived: CPU seconds per connection.
fn dialled(make: Make, degree: usize, shared: usize) -> f64 {
    share_agreements(Agreements::new(shared));
    let mut network = Network::new(make);
    network.start();
    let connections = make.nodes * degree / 2;
    let time = clock::per(connections, || {
        network.connect(degree);
        network.run(Duration::from_secs(1));
    });
    network.check(connections);
    assert_eq!(network.counts().received, connections as u64);
    share_agreements(Agreements::default());
    time
}

fn connect(suite: &mut Suite) {
    let nodes = suite.pick(100, 20);
    let budget = Budget::AtMost(Figure::Cpu(0.7e-3));
    for (name, shared, agreements) in [("wire", 0, 8), ("wire, secrets shared", 1 << 20, 4)] {
        let mut curve = bare::Curve::default();
        let make = Make::new(nodes, Fidelity::Wire, Work::Greeting);
        let mut ours = || dialled(make, 4, shared);
        let [ours, bare] = suite.least(7, [&mut ours, &mut || curve.handshake(agreements, 2 * nodes)]);
        let what = format!("connection, dial to first message, {name}");
        suite.row(what, Figure::Cpu(ours), Some(Figure::Cpu(bare)), budget);
    }
    let (dialler, listener, mut numbers) = (secret(1), secret(2), Numbers(5));
    let make = Make::new(suite.pick(1_000, 100), Fidelity::Message, Work::Greeting);
    let mut bare = || {
        clock::per(100, || (0..100).for_each(|_| drop(session::handshake(&dialler, &listener, &mut numbers))))
    };
    let [ours, bare] = suite.least(7, [&mut || dialled(make, 10, 0), &mut bare]);
    let what = "connection, dial to first message, message fidelity (bare: RLPx handshake)";
    suite.row(what, Figure::Cpu(ours), Some(Figure::Cpu(bare)), Budget::None);
}

/// go-ethereum's own benchmark of its simulations: a ring of 32 nodes that do nothing, from nothing to up.
fn ring(suite: &mut Suite) {
    const NODES: usize = 32;
    for (fidelity, name) in [(Fidelity::Wire, "wire"), (Fidelity::Message, "message")] {
        let mut up = || {
            clock::per(1, || {
                let mut network = Network::new(Make::new(NODES, fidelity, Work::Nothing));
                network.start();
                network.ring();
                network.run(Duration::from_secs(1));
                network.check(NODES);
            })
        };
        let mut curve = bare::Curve::default();
        let mut bare = || NODES as f64 * curve.handshake(8, 2 * NODES);
        let [ours, bare] = suite.least(7, [&mut up, &mut bare]);
        let bare = (fidelity == Fidelity::Wire).then_some(Figure::Cpu(bare));
        let what = format!(
            "ring of {NODES} minimal nodes, from nothing to up, {name} fidelity (bare: its handshakes)"
        );
        suite.row(what, Figure::Cpu(ours), bare, Budget::None);
    }
}

/// CPU seconds per message over so many rounds of passing messages on.
fn going_round(network: &mut Network, time: Duration) -> f64 {
    let (before, start) = (network.counts().received, clock::thread());
    network.run(time);
    let used = clock::thread() - start;
    used / (network.counts().received - before) as f64
}

fn wire_messages(suite: &mut Suite) {
    for (nodes, in_flight) in [(3, 100), (100, 1_000)] {
        let mut network = Network::new(Make::new(nodes, Fidelity::Wire, Work::Relaying));
        network.start();
        network.connect(if nodes == 3 { 2 } else { 8 });
        network.run(Duration::from_secs(1));
        network.inject(in_flight);
        network.run(Duration::from_secs(1));
        let goal = suite.pick(100_000, 10_000);
        let time = Duration::from_secs_f64(0.06 * goal as f64 / in_flight as f64);
        let mut frames = Frames::default();
        let mut bare = || clock::per(goal, || (0..goal).for_each(|_| frames.pass(&[7; 32])));
        let [ours, bare] = suite.least(7, [&mut || going_round(&mut network, time), &mut bare]);
        let what = format!("messages of 32 B at wire fidelity, {nodes} nodes (bare: frames)");
        suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), Budget::OfBare(0.6));
    }
}

fn network_messages(suite: &mut Suite) {
    let nodes = suite.pick(10_000, 500);
    let mut network = Network::new(Make::new(nodes, Fidelity::Message, Work::Relaying));
    network.start();
    network.own_links(8);
    network.connect(8);
    network.run(Duration::from_secs(2));
    network.check(nodes * 4);
    let mut in_all = 0;
    for in_flight in [1_000, 10_000, 100_000] {
        network.inject(in_flight - in_all);
        in_all = in_flight;
        network.run(Duration::from_millis(500));
        let goal = suite.pick(1_000_000, 50_000).max(in_flight);
        let time = Duration::from_secs_f64(0.06 * goal as f64 / in_flight as f64);
        let mut bare = || bare::heap(in_flight, goal) + 2.0 * bare::digest(32, goal);
        let [ours, bare] = suite.least(5, [&mut || going_round(&mut network, time), &mut bare]);
        let what = format!("messages of 32 B, {nodes} nodes, {in_flight} in flight (bare: heap and digests)");
        let budget = if in_flight <= 10_000 { Budget::AtLeast(Figure::Rate(1.5e6)) } else { Budget::None };
        suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), budget);
    }
}

fn idle_node(suite: &mut Suite) {
    let nodes = suite.pick(2_000, 200);
    let mut start = || {
        let mut all = Nodes::new(nodes);
        clock::per(nodes, || all.start())
    };
    let mut stack = || {
        let mut network = Network::new(Make::new(nodes, Fidelity::Wire, Work::Nothing));
        clock::per(nodes, || network.start())
    };
    let [ours, stack] = suite.least(7, [&mut start, &mut stack]);
    let (what, budget) =
        ("idle node, created and started (bare: its stack)", Budget::AtMost(Figure::Cpu(0.2e-3)));
    suite.row(what, Figure::Cpu(ours), Some(Figure::Cpu(stack)), budget);
}

fn idle_network(suite: &mut Suite) {
    let nodes = suite.pick(1_000, 200);
    for (fidelity, name) in [(Fidelity::Message, "message"), (Fidelity::Wire, "wire")] {
        let mut network = Network::new(Make::new(nodes, fidelity, Work::Relaying));
        share_agreements(Agreements::new(1 << 20));
        network.start();
        network.connect(10);
        network.run(Duration::from_secs(60));
        network.check(nodes * 5);
        // Each end of a connection pings every 15 s; a ping and a pong are a frame each.
        let frames_per_second = (nodes * 10 * 2) as f64 / 15.0;
        let mut frames = Frames::default();
        let bare = || clock::per(20_000, || (0..20_000).for_each(|_| frames.pass(&[0xc0])));
        let minute = || clock::per(60, || network.run(Duration::from_secs(60)));
        let (mut minute, mut bare) = (minute, bare);
        let [ours, frame] = suite.least(3, [&mut minute, &mut bare]);
        let frames = if fidelity == Fidelity::Wire { frame * frames_per_second } else { 0.0 };
        let what = format!("{nodes} nodes x 10 peers idle, {name} fidelity (bare: its ping frames)");
        let bare = (fidelity == Fidelity::Wire).then_some(Figure::Share(frames));
        suite.row(what, Figure::Share(ours), bare, Budget::AtMost(Figure::Share(0.01 + frames)));
    }
    share_agreements(Agreements::default());
}

fn bring_up(suite: &mut Suite) {
    let nodes = suite.pick(10_000, 1_000);
    let mut up = |what: String, make: Make, budget: f64| {
        share_agreements(Agreements::new(1 << 20));
        let start = clock::thread();
        let mut network = Network::new(make);
        network.start();
        network.connect(50);
        network.run(Duration::from_secs(1));
        let used = (clock::thread() - start) * (nodes / make.nodes) as f64;
        network.check(make.nodes * 25);
        share_agreements(Agreements::default());
        suite.row(what, Figure::Cpu(used), None, Budget::AtMost(Figure::Cpu(budget)));
    };
    let what = format!("{nodes} nodes x 50 peers up, message fidelity, one core");
    up(what, Make::new(nodes, Fidelity::Message, Work::Nothing), 5.0);
    let tenth = nodes / 10;
    let what =
        format!("{nodes} nodes x 50 peers up, wire fidelity, one core (ten times what {tenth} nodes take)");
    // Two minutes on two cores.
    up(what, Make::new(tenth, Fidelity::Wire, Work::Nothing), 240.0);
}
