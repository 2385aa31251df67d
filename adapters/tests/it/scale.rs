//! A hundred processes on one machine.

use std::time::Duration;

use simnet::topology::Topology;
use simnet::view::NodeSpec;

use crate::{World, run};

/// What a node of geth's `ExecAdapter` took here, bytes and time.
const GETH_MEMORY: u64 = 22 << 20;
const GETH_START: Duration = Duration::from_millis(65);

const NODES: u32 = 100;

/// What a process has in memory, bytes: all of it, and with what it shares counted by its share.
fn memory(pid: u32) -> [u64; 2] {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    ["Rss:", "Pss:"].map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    })
}

#[test]
fn a_hundred_processes_form_a_ring() {
    run(async {
        let world = World::of("good");
        let net = &world.net;
        let mut names = Vec::new();
        for _ in 0..NODES {
            let spec = NodeSpec { services: vec!["ping-pong".into(), "probe".into()], ..NodeSpec::default() };
            names.push(net.create_node(spec).await.unwrap().config.name);
        }
        let before = net.now().await.unwrap();
        net.start_node(&names[0]).await.unwrap();
        let alone = net.now().await.unwrap() - before;
        net.stop_node(&names[0]).await.unwrap();
        let before = net.now().await.unwrap();
        net.start_all().await.unwrap();
        let started = net.now().await.unwrap();
        let ring = net.edges(Topology::Ring).await.unwrap();
        net.connect_all(ring.clone()).await.unwrap();
        let connected = net.now().await.unwrap();
        assert_eq!(net.verify(ring).await.unwrap(), Ok(()));
        let mut total = [0; 2];
        for name in &names {
            let memory = memory(world.pid(name).await);
            total.iter_mut().zip(memory).for_each(|(total, memory)| *total += memory);
        }
        let [all, share] = total.map(|total| total / u64::from(NODES));
        let start = (started - before) / NODES;
        let before_stop = net.now().await.unwrap();
        net.stop_all().await.unwrap();
        let stopped = net.now().await.unwrap() - before_stop;
        println!(
            "{NODES} nodes: start {start:?} ({alone:?} alone) and {} KiB each ({} KiB by share), ring {:?}, stop {stopped:?}",
            all >> 10,
            share >> 10,
            connected - started
        );
        assert!(all < GETH_MEMORY, "{all} bytes a node");
        // On a machine that does nothing else it is a tenth of this.
        assert!(start < 10 * GETH_START, "{start:?} a node");
        net.shut_down().await.unwrap();
        assert_eq!(world.left(), 0);
    });
}
