//! The same work on p2psim, turmoil, madsim and tokio with a paused clock, in one run: hosts with eight neighbours each, over
//! links of 50 ms; every second each pings all its neighbours, which answer; for 60 simulated seconds.
//!
//! Each contestant gets ever more hosts until it takes longer than the limit (a minute; `cargo run --release -- SECONDS`
//! for another). Every attempt is a process of its own; its memory is what it had resident at most. p2psim alone also runs
//! RLPx handshakes, frames and a log with a digest: at `wire` fidelity with their cryptography. README.md says how to run.

mod madsim;
mod on_tokio;
mod on_turmoil;
mod ours;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Neighbours of a host.
pub const DEGREE: usize = 8;
/// Simulated seconds.
pub const SECONDS: u64 = 60;
/// From one host to another.
pub const LATENCY: Duration = Duration::from_millis(50);
/// Bytes of a ping, and of its answer.
pub const SIZE: usize = 32;

const LADDER: [usize; 10] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 20_000, 40_000, 80_000];
const PATIENCE: Duration = Duration::from_secs(60);

/// The neighbours that a host dials, half of all it has; those dial it in turn. So many steps ahead, for a few strides that
/// look random.
pub fn dials(host: usize, hosts: usize) -> impl Iterator<Item = usize> {
    strides(hosts).into_iter().map(move |stride| (host + stride) % hosts)
}

/// All neighbours of a host.
pub fn neighbours(host: usize, hosts: usize) -> Vec<usize> {
    let dialled = strides(hosts).into_iter().map(|stride| (host + hosts - stride) % hosts);
    dials(host, hosts).chain(dialled).collect()
}

fn strides(hosts: usize) -> Vec<usize> {
    let (mut state, mut strides) = (7u64, Vec::new());
    while strides.len() < DEGREE / 2 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let stride = 1 + (state >> 33) as usize % (hosts / 2);
        if !strides.contains(&stride) && 2 * stride != hosts {
            strides.push(stride);
        }
    }
    strides
}

/// What an attempt took.
struct Took {
    wall: Duration,
    resident: u64,
}

type Contestant = (&'static str, fn(usize) -> Command);

const CONTESTANTS: [Contestant; 5] = [
    ("p2psim, message fidelity", |hosts| ours::command(hosts, "message")),
    ("p2psim, wire fidelity", |hosts| ours::command(hosts, "wire")),
    ("tokio, paused clock", |hosts| myself("tokio", hosts)),
    ("madsim", |hosts| myself("madsim", hosts)),
    ("turmoil", |hosts| myself("turmoil", hosts)),
];

fn myself(name: &str, hosts: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program is a file"));
    command.args(["one", name, &hosts.to_string()]);
    command
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let hosts = || args[2].parse().expect("a number of hosts");
    let answers = match args.first().map(String::as_str) {
        Some("one") => match args[1].as_str() {
            "tokio" => on_tokio::run(hosts()),
            "turmoil" => on_turmoil::run(hosts()),
            _ => madsim::run(hosts()),
        },
        seconds => {
            let given = seconds.map(|seconds| seconds.parse().expect("a number of seconds"));
            return race(given.map_or(PATIENCE, Duration::from_secs));
        }
    };
    // The first second goes by while hosts connect, and the last answers are on their way.
    let least = (hosts() * DEGREE) as u64 * (SECONDS - 4);
    assert!(answers >= least, "{answers} answers came, of {least} at least");
}

fn race(patience: Duration) {
    println!("{:<26} {:>8} {:>12} {:>14} {:>10}", "", "hosts", "wall", "simulated s/s", "resident");
    for (name, command) in CONTESTANTS {
        let mut best = None;
        for hosts in LADDER {
            match attempt(command(hosts), patience) {
                Some(took) => best = Some((hosts, took)),
                None => break,
            }
        }
        match best {
            Some((hosts, Took { wall, resident })) => {
                let (wall, mib) = (wall.as_secs_f64(), resident >> 10);
                println!("{name:<26} {hosts:>8} {wall:>10.2} s {:>14.2} {mib:>6} MiB", SECONDS as f64 / wall);
            }
            None => println!("{name:<26} none within {patience:?}"),
        }
    }
}

/// Runs to its end, unless it takes too long or fails.
fn attempt(mut command: Command, patience: Duration) -> Option<Took> {
    let begin = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program is there (see README.md)");
    let mut resident = 0;
    loop {
        resident = resident.max(peak(&child));
        let wall = begin.elapsed();
        if let Some(status) = child.try_wait().expect("it is ours to wait for") {
            return status.success().then_some(Took { wall, resident });
        }
        if wall > patience {
            child.kill().expect("it is ours to end");
            child.wait().expect("it has ended");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// KiB that it had resident at most, so far.
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}
