//! Ten thousand nodes and more, on one thread and on two; and how time and memory grow with the size of a network.
//!
//! `-- --svg=FILE` draws the growth, too; cargo starts this in `benches/`, so `../docs/growth.svg`.

use benches::large::{Task, Took, Work};
use benches::suite::{Budget, Figure, Suite};
use devp2p::Fidelity;
use simnet::plot::{Axis, Curve, Plot, Unit};

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if Task::done_here() {
        return;
    }
    let mut suite =
        Suite::from_args("large: whole networks in processes of their own (wall time, resident memory)");
    suite.bench("ten thousand", ten_thousand);
    suite.bench("threads", threads);
    suite.bench("growth", growth);
    suite.finish();
}

fn name(fidelity: Fidelity) -> &'static str {
    if fidelity == Fidelity::Wire { "wire" } else { "message" }
}

fn ten_thousand(suite: &mut Suite) {
    let nodes = suite.pick(10_000, 200);
    let gib = f64::from(1 << 30);
    for (fidelity, seconds, memory) in [(Fidelity::Message, 5.0, gib), (Fidelity::Wire, 120.0, 2.0 * gib)] {
        let degree = suite.pick(50, 10);
        let task = |threads| Task { work: Work::Flood, nodes, degree, fidelity, threads };
        let [one, two] = [task(1).run(), task(2).run()];
        assert_eq!(one.digest, two.digest, "one and the same on one thread and on two");
        let what = format!("{nodes} nodes x {degree} peers up, {} fidelity", name(fidelity));
        let (up, up_bare) = (Figure::Wall(two.up), Some(Figure::Wall(one.up)));
        suite.row(
            format!("{what}, two threads (bare: one)"),
            up,
            up_bare,
            Budget::AtMost(Figure::Wall(seconds)),
        );
        suite.row(format!("{what}, CPU of one thread"), Figure::Cpu(one.up_cpu), None, Budget::None);
        let (work, work_bare) = (Figure::Wall(two.work), Some(Figure::Wall(one.work)));
        suite.row("ten items flooded through them (bare: one thread)", work, work_bare, Budget::None);
        let peak = Figure::Bytes(one.peak.max(two.peak));
        suite.row(format!("{what}, at most in memory"), peak, None, Budget::AtMost(Figure::Bytes(memory)));
    }
}

/// Two threads beside one.
fn threads(suite: &mut Suite) {
    let cases = [
        ("pings in a ring, wire", Work::Pings, suite.pick(1_000, 100), 2, Fidelity::Wire),
        ("gossip flooded, message fidelity", Work::Flood, suite.pick(10_000, 200), 8, Fidelity::Message),
        ("churn, message fidelity", Work::Churn, suite.pick(2_000, 200), 8, Fidelity::Message),
    ];
    for (what, work, nodes, degree, fidelity) in cases {
        let task = |threads| Task { work, nodes, degree, fidelity, threads };
        let best = |threads| {
            let rounds = (0..suite.pick(3, 1)).map(|_| task(threads).run());
            rounds.min_by(|a, b| a.work.total_cmp(&b.work)).expect("there is a round")
        };
        let [one, two, four] = [best(1), best(2), best(4)];
        assert!(one.digest == two.digest && one.digest == four.digest, "the same on any number of threads");
        let (two, one) = (Figure::Wall(two.work), Some(Figure::Wall(one.work)));
        suite.row(format!("{nodes} nodes, {what}: two threads (bare: one)"), two, one, Budget::None);
    }
}

fn growth(suite: &mut Suite) {
    let sizes: &[usize] = if suite.quick() { &[100, 300] } else { &[100, 1_000, 10_000, 50_000] };
    let mut curves = Vec::new();
    for degree in [10, 50] {
        let mut points = Vec::new();
        for &nodes in sizes {
            let task = Task { work: Work::Up, nodes, degree, fidelity: Fidelity::Message, threads: 2 };
            let Took { up, up_cpu, peak, .. } = task.run();
            let what = format!("{nodes} nodes x {degree} peers up");
            let ends = (nodes * degree) as f64;
            suite.row(format!("{what}: wall time"), Figure::Wall(up), None, Budget::None);
            suite.row(
                format!("{what}: CPU for each end of a connection"),
                Figure::Cpu(up_cpu / ends),
                None,
                Budget::None,
            );
            suite.row(format!("{what}: at most in memory"), Figure::Bytes(peak), None, Budget::None);
            suite.row(
                format!("{what}: of that for each end"),
                Figure::Bytes(peak / ends),
                None,
                Budget::None,
            );
            points.push((ends, up));
        }
        curves.push(Curve::line(format!("{degree} peers a node"), points));
    }
    let file = std::env::args().find_map(|arg| arg.strip_prefix("--svg=").map(str::to_owned));
    if let Some(file) = file {
        let x = Axis::new("connection ends", Unit::Plain).log();
        let y = Axis::new("until all are up", Unit::Seconds).log();
        let plot = Plot::new("bringing networks up: message fidelity, two threads", x, y);
        let plot = curves.into_iter().fold(plot, Plot::curve);
        std::fs::write(file, plot.to_svg()).expect("the file can be written");
    }
}
