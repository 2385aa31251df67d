//! Holds the simulated TCP to the kernel's: the same transfers over the same link, simulated and real, in one table.
//!
//! Two network namespaces are joined by a forwarder over two TUN devices, which delays, drops and limits what passes
//! (not every kernel has netem). Each transfer has a link of its own there, so many can run at once. Needs root,
//! `ip` from iproute2 and /dev/net/tun:
//!
//! ```text
//! cargo run --release -p world --example kernel_tcp            # the whole table, about fifteen minutes
//! cargo run --release -p world --example kernel_tcp -- quick   # no losses, one run each
//! ```
//!
//! The exit code is 1 when a ratio is out of its bounds: from 100 kB up 0.8 to 1.25 without loss, and for the medians
//! 0.67 to 1.5 with loss.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command of its own

mod ends;
mod forwarder;
mod namespaces;
mod simulated;
mod tun;

use forwarder::{Forwarder, Shape};
use namespaces::Namespaces;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

type Failed = Box<dyn std::error::Error>;

/// The link: so fast both ways, and a queue of so many bytes before it.
const BITS_PER_SECOND: u64 = 50_000_000;
const QUEUE: u64 = 256 * 1024;

/// One way, in milliseconds.
const LATENCIES: [u64; 3] = [10, 50, 150];
const SIZES: [u32; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
const LOSSES: [f64; 2] = [0.0, 0.01];

/// Runs of which the median counts: of the kernel without loss, and with it side by side; of the simulation with loss.
const RUNS: [usize; 3] = [3, 15, 101];

/// The first port that a transfer listens on.
const FIRST_PORT: u16 = 20_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let role: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match role.as_slice() {
        [] => compare(RUNS, &LOSSES),
        ["quick"] => compare([1, 0, 0], &LOSSES[..1]),
        ["receive", ports @ ..] => ends::receive(ports),
        ["send", to, ports @ ..] => ends::send(to, ports),
        _ => Err("usage: kernel_tcp [quick]".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("kernel_tcp: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the table; answers whether every ratio is within its bounds.
fn compare(runs: [usize; 3], losses: &[f64]) -> Result<bool, Failed> {
    let namespaces = Namespaces::create()?;
    let forwarder = Forwarder::start(namespaces.take_devices())?;
    println!("kernel {}, {}", namespaces.kernel()?, namespaces::CONGESTION_CONTROL);
    println!("{} Mbit/s each way, queues of {} KiB", BITS_PER_SECOND / 1_000_000, QUEUE / 1024);
    println!("\n| one way | loss | bytes | kernel | simulated | ratio | kernel, range | simulated, range |");
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut within = true;
    for &loss in losses {
        for latency in LATENCIES {
            let shape = Shape { latency, loss, bits_per_second: BITS_PER_SECOND, queue: QUEUE };
            let real = if loss == 0.0 {
                one_by_one(&namespaces, &forwarder, shape, runs[0])?
            } else {
                side_by_side(&namespaces, &forwarder, shape, runs[1])?
            };
            for bytes in SIZES {
                let seeds = if loss == 0.0 { 1 } else { runs[2] as u64 };
                let kernel = sorted(real[&bytes].clone());
                let simulated =
                    sorted((0..seeds).map(|seed| simulated::transfer(shape, bytes, seed)).collect());
                within &= print_row(shape, bytes, &kernel, &simulated);
            }
        }
    }
    Ok(within)
}

/// Without loss each transfer has the machine to itself.
fn one_by_one(
    namespaces: &Namespaces,
    forwarder: &Forwarder,
    shape: Shape,
    runs: usize,
) -> Result<BTreeMap<u32, Vec<Duration>>, Failed> {
    let mut all = BTreeMap::<u32, Vec<Duration>>::new();
    for bytes in SIZES {
        for _ in 0..runs {
            all.entry(bytes).or_default().extend(namespaces.transfer(forwarder, shape, &[bytes])?);
        }
    }
    Ok(all)
}

/// With loss they are slow, and run side by side; small and fast ones more often, since they differ more.
fn side_by_side(
    namespaces: &Namespaces,
    forwarder: &Forwarder,
    shape: Shape,
    runs: usize,
) -> Result<BTreeMap<u32, Vec<Duration>>, Failed> {
    let mut all = BTreeMap::<u32, Vec<Duration>>::new();
    for bytes in SIZES {
        for _ in 0..if bytes <= 1_000_000 { (100 / shape.latency).clamp(3, 9) } else { 1 } {
            all.entry(bytes).or_default().extend(namespaces.transfer(
                forwarder,
                shape,
                &vec![bytes; runs],
            )?);
        }
    }
    Ok(all)
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn print_row(shape: Shape, bytes: u32, kernel: &[Duration], simulated: &[Duration]) -> bool {
    let median = |times: &[Duration]| times[times.len() / 2].as_secs_f64();
    let range = |times: &[Duration]| {
        format!("{:.3}–{:.3}", times[0].as_secs_f64(), times[times.len() - 1].as_secs_f64())
    };
    let ratio = median(simulated) / median(kernel);
    let bounds = if shape.loss == 0.0 { 0.8..=1.25 } else { 0.67..=1.5 };
    let within = bytes < 100_000 || bounds.contains(&ratio);
    println!(
        "| {} ms | {} % | {} | {:.3} s | {:.3} s | {:.2}{} | {} | {} |",
        shape.latency,
        shape.loss * 100.0,
        bytes,
        median(kernel),
        median(simulated),
        ratio,
        if within { "" } else { " (!)" },
        range(kernel),
        range(simulated),
    );
    within
}
