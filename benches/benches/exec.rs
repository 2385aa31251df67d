//! Nodes as processes: starting, connecting and stopping them, and what they have in memory. The budget is what a node of
//! geth's `ExecAdapter` took on a machine like the one this was written on.

use adapters::exec::{ExecSettings, node_main, start};
use benches::suite::{Budget, Figure, Suite};
use node::{Methods, Service, Services};
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{NetworkConfig, NetworkError};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;
use world::real::Host;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// geth v1.9.7: from the request to start a node until it answers, alone on the machine; and its resident set.
const GETH_START: f64 = 65e-3;
const GETH_MEMORY: f64 = 22.5 * 1_048_576.0;

/// `argv[0]` of a process that ends at once.
const NOBODY: &str = "nobody";

fn main() {
    if std::env::args().next().as_deref() == Some(NOBODY) {
        return;
    }
    node_main(&services());
    let mut suite = Suite::from_args("exec: nodes as processes (the budget is what the original took)");
    suite.bench("exec ring", ring);
    suite.finish();
}

fn services() -> Services {
    Services::builtin().register("pid", |_| Ok(Pid)).expect("a name of its own")
}

/// Tells which process it is in.
struct Pid;

impl Service for Pid {
    fn methods(&self, table: &mut Methods) {
        table.add("pid_own", |params| {
            let () = params.parse()?;
            Ok(std::process::id())
        });
    }
}

/// What a ring of processes took: seconds of wall time, bytes a node.
#[derive(Clone, Copy)]
struct Took {
    alone: f64,
    start: f64,
    connect: f64,
    stop: f64,
    cpu: f64,
    resident: f64,
    share: f64,
}

fn ring(suite: &mut Suite) {
    let nodes = suite.pick(100, 10);
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("it needs nothing of the system");
    let rounds = (0..suite.pick(5, 1)).map(|_| runtime.block_on(took(nodes)).expect("the machine has room"));
    let least = rounds.reduce(Took::min).expect("one round at least");
    let bare = Figure::Wall(nobody(nodes));
    let wall = |time| Figure::Wall(time);
    let original = Budget::AtMost(Figure::Wall(GETH_START));
    suite.row(
        "process: start of a node, alone (bare: a process that does nothing)",
        wall(least.alone),
        Some(bare),
        original,
    );
    suite.row(format!("process: start of a node, {nodes} at once"), wall(least.start), Some(bare), original);
    suite.row(
        format!("process: ring of {nodes} connected, all of it"),
        wall(least.connect),
        None,
        Budget::None,
    );
    suite.row(format!("process: stop of a node, {nodes} at once"), wall(least.stop), None, Budget::None);
    let what = format!("process: CPU of a node until it stands in a ring of {nodes}");
    suite.row(what, Figure::Cpu(least.cpu), None, Budget::None);
    let memory = Budget::AtMost(Figure::Bytes(GETH_MEMORY));
    suite.row("process: resident memory of a node in a ring", Figure::Bytes(least.resident), None, memory);
    suite.row(
        "process: the same, what is shared counted by its share",
        Figure::Bytes(least.share),
        None,
        memory,
    );
}

impl Took {
    fn min(self, other: Self) -> Self {
        Self {
            alone: self.alone.min(other.alone),
            start: self.start.min(other.start),
            connect: self.connect.min(other.connect),
            stop: self.stop.min(other.stop),
            cpu: self.cpu.min(other.cpu),
            resident: self.resident.min(other.resident),
            share: self.share.min(other.share),
        }
    }
}

async fn took(nodes: usize) -> Result<Took, NetworkError> {
    let config = NetworkConfig { services: services(), ..NetworkConfig::default() };
    let settings = ExecSettings { start_within: Duration::from_secs(60), ..ExecSettings::default() };
    let net = start(config, settings)?;
    let mut names = Vec::new();
    for _ in 0..nodes {
        let spec = NodeSpec { services: vec!["ping-pong".into(), "pid".into()], ..NodeSpec::default() };
        names.push(net.create_node(spec).await?.config.name);
    }
    let mut times = vec![net.now().await?];
    net.start_node(&names[0]).await?;
    times.push(net.now().await?);
    net.stop_node(&names[0]).await?;
    times.push(net.now().await?);
    net.start_all().await?;
    times.push(net.now().await?);
    net.build(Topology::Ring).await?;
    times.push(net.now().await?);
    let (mut memory, mut cpu) = ([0.0; 2], 0.0);
    for name in &names {
        let pid = net.call(name, "pid_own", vec![]).await.expect("it is up");
        cpu += cpu_of(&pid) / nodes as f64;
        memory.iter_mut().zip(memory_of(&pid)).for_each(|(sum, one)| *sum += one / nodes as f64);
    }
    let stopping = net.now().await?;
    net.stop_all().await?;
    let stop = (net.now().await? - stopping).as_secs_f64() / nodes as f64;
    net.shut_down().await?;
    let between = |step: usize| (times[step + 1] - times[step]).as_secs_f64();
    let [resident, share] = memory;
    Ok(Took {
        alone: between(0),
        start: between(2) / nodes as f64,
        connect: between(3),
        stop,
        cpu,
        resident,
        share,
    })
}

/// What a process has in memory, bytes: all of it, and with what it shares counted by its share.
fn memory_of(pid: &impl std::fmt::Display) -> [f64; 2] {
    let text =
        std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("Linux tells of one's children");
    ["Rss:", "Pss:"].map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("it tells of these");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("in KiB") * 1024.0
    })
}

/// Seconds of CPU time that a process has used, all its threads together.
fn cpu_of(pid: &impl std::fmt::Display) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it is up").flatten();
    let nanos = threads.map(|thread| {
        let text =
            std::fs::read_to_string(thread.path().join("schedstat")).expect("Linux tells of one's children");
        text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).expect("nanoseconds first")
    });
    nanos.sum::<f64>() * 1e-9
}

/// Seconds of wall time for a process of this program that ends at once.
fn nobody(count: usize) -> f64 {
    let program = std::env::current_exe().expect("a program is a file");
    let (host, mut least) = (Host::default(), f64::INFINITY);
    for _ in 0..count {
        let before = host.world().now();
        Command::new(&program).arg0(NOBODY).status().expect("the machine has a process left");
        least = least.min((host.world().now() - before).as_secs_f64());
    }
    least
}
