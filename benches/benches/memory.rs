//! Memory: what a connection endpoint and an idle node take, by an allocator that counts.

use benches::heap::{Counting, alive, take_peak};
use benches::network::{Make, Network, Work};
use benches::nodes::Nodes;
use benches::suite::{Budget, Figure, Suite};
use devp2p::{Agreements, Fidelity, share_agreements};
use std::time::Duration;

#[global_allocator]
static HEAP: Counting = Counting;

fn main() {
    let mut suite = Suite::from_args("memory: bytes alive on the heap, blocks as glibc rounds them");
    suite.bench("node", node);
    suite.bench("endpoint", endpoint);
    suite.bench("bring-up", bring_up);
    suite.finish();
}

fn started(nodes: usize, fidelity: Fidelity) -> Network {
    let mut network = Network::new(Make::new(nodes, fidelity, Work::Nothing));
    network.start();
    network.run(Duration::from_secs(1));
    network
}

fn node(suite: &mut Suite) {
    let nodes = suite.pick(2_000, 200);
    let before = alive();
    let mut all = Nodes::new(nodes);
    all.start();
    let each = (alive() - before) as f64 / nodes as f64;
    drop(all);
    let before = alive();
    let network = started(nodes, Fidelity::Wire);
    let stack = (alive() - before) as f64 / nodes as f64;
    drop(network);
    let budget = Budget::AtMost(Figure::Bytes(8192.0));
    let what = "idle node on its host (bare: its stack on its host)";
    suite.row(what, Figure::Bytes(each), Some(Figure::Bytes(stack)), budget);
}

fn endpoint(suite: &mut Suite) {
    let nodes = suite.pick(1_000, 200);
    share_agreements(Agreements::new(1 << 20));
    for (fidelity, name, budget) in [(Fidelity::Message, "message", 500.0), (Fidelity::Wire, "wire", 2048.0)]
    {
        for degree in [10, 50] {
            let mut network = started(nodes, fidelity);
            let before = alive();
            // One peer after the other: what a burst of events took is the fabric's and not an endpoint's.
            network.connect_slowly(degree, Duration::from_secs(1));
            network.run(Duration::from_secs(if fidelity == Fidelity::Wire { 20 } else { 60 }));
            network.check(nodes * degree / 2);
            let each = (alive() - before) as f64 / (nodes * degree) as f64;
            let what = format!("connection endpoint of {degree} a node, {name} fidelity, idle");
            suite.row(what, Figure::Bytes(each), None, Budget::AtMost(Figure::Bytes(budget)));
        }
    }
    share_agreements(Agreements::default());
}

fn bring_up(suite: &mut Suite) {
    let nodes = suite.pick(10_000, 500);
    take_peak();
    let before = alive();
    let mut network = started(nodes, Fidelity::Message);
    network.connect(50);
    network.run(Duration::from_secs(30));
    network.check(nodes * 25);
    let peak = (take_peak() - before) as f64;
    let what = format!("{nodes} nodes x 50 peers, message fidelity, at most at any time");
    suite.row(what, Figure::Bytes(peak), None, Budget::AtMost(Figure::Bytes((1u64 << 30) as f64)));
}
