//! The fabric of the simulated world with next to nothing on top: queue, links, digest.

use benches::relay::Relays;
use benches::suite::{Budget, Figure, Suite};
use benches::{bare, clock};
use std::time::Duration;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut suite =
        Suite::from_args("fabric: the simulated world without a protocol (deliveries per second and core)");
    suite.bench("deliveries", deliveries);
    suite.finish();
}

fn deliveries(suite: &mut Suite) {
    let hosts = suite.pick(10_000, 1_000);
    for in_flight in [1_000, 10_000, 100_000] {
        let mut relays = Relays::new(hosts, in_flight);
        let goal = suite.pick(1_000_000, 100_000).max(2 * in_flight);
        // A parcel is under way for 60 ms at the mean.
        let time = Duration::from_secs_f64(0.06 * goal as f64 / in_flight as f64);
        let mut deliver = || {
            let (before, start) = (relays.delivered(), clock::thread());
            relays.run(time);
            let used = clock::thread() - start;
            used / (relays.delivered() - before) as f64
        };
        let mut heap = || bare::heap(in_flight, goal);
        let mut channel = || bare::channel(in_flight, goal);
        let mut digest = || 2.0 * bare::digest(32, goal);
        let mut visits = || bare::visits(hosts, goal);
        let contestants: [&mut dyn FnMut() -> f64; 5] =
            [&mut deliver, &mut heap, &mut channel, &mut digest, &mut visits];
        let [ours, heap, channel, digest, visits] = suite.least(5, contestants);
        let what = |limit: &str| format!("{hosts} hosts, {in_flight} in flight, beside a bare {limit}");
        let ours = Figure::Rate(1.0 / ours);
        let budget = if in_flight <= 10_000 { Budget::AtLeast(Figure::Rate(1.5e6)) } else { Budget::None };
        suite.row(what("heap"), ours, Some(Figure::Rate(1.0 / heap)), budget);
        suite.row(what("channel"), ours, Some(Figure::Rate(1.0 / channel)), Budget::None);
        suite.row(what("visit to a host's memory"), ours, Some(Figure::Rate(1.0 / visits)), Budget::None);
        suite.row(what("digest, both ends"), ours, Some(Figure::Rate(1.0 / digest)), Budget::None);
    }
}
