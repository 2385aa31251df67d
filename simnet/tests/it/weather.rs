//! Gossip in bad weather: regions, losses, jitter, narrow lines, a partition, nodes that crash and come back. What is
//! logged depends on the seed, and neither on how much of RLPx is real nor on how many threads there are.

use crate::{config, run, s};
use devp2p::{Fidelity, NodeId};
use serde_json::json;
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Digest, Handle, NetworkConfig, Restraint, Tally, start};
use std::time::Duration;
use world::sim::{Bandwidth, HostLink, Jitter, Link, Loss};

const NODES: usize = 24;
const REGIONS: u16 = 3;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Between two regions, or within one.
fn link(from: u16, to: u16) -> Link {
    let latency = ms(if from == to { 4 } else { 30 + 10 * u64::from(from + to) });
    Link::latency(latency).jitter(Jitter::Uniform(ms(3))).loss(Loss::independent(0.01))
}

async fn settle(net: &Handle) -> Vec<NodeId> {
    let mut ids = Vec::new();
    for index in 0..NODES {
        let spec = NodeSpec { services: vec!["gossip".into()], ..NodeSpec::default() };
        let name = net.create_node(spec).await.unwrap().config.name;
        net.set_region(&name, Some(index as u16 % REGIONS)).await.unwrap();
        ids.push(net.node(&name).await.unwrap().config.id);
    }
    for (from, to) in (0..REGIONS).flat_map(|from| (0..REGIONS).map(move |to| (from, to))) {
        net.set_region_link(from, to, link(from, to)).await.unwrap();
    }
    net.set_line("node05", HostLink::new(Bandwidth::megabits(1), Bandwidth::megabits(2))).await.unwrap();
    net.start_all().await.unwrap();
    ids
}

/// The log's digest, and its counts.
async fn storm(config: NetworkConfig) -> (Digest, Tally) {
    let net = start(config).unwrap();
    let ids = settle(&net).await;
    net.build(Topology::RandomRegular { degree: 4 }).await.unwrap();
    let publish =
        async |node: &str, size: u64| net.call(node, "gossip_publish", vec![json!(size)]).await.unwrap();
    publish("node01", 300).await;
    publish("node05", 60_000).await;
    net.advance(s(2)).await.unwrap();
    net.crash_node("node03").await.unwrap();
    let cut = net.impose(Restraint::cut(ids[..NODES / 2].to_vec(), None)).await.unwrap();
    publish("node02", 20_000).await;
    net.advance(s(40)).await.unwrap();
    net.lift(cut).await.unwrap();
    net.start_node("node03").await.unwrap();
    net.stop_node("node07").await.unwrap();
    net.set_line("node05", HostLink::UNLIMITED).await.unwrap();
    net.advance(s(20)).await.unwrap();
    net.dial_all(vec![(ids[2], ids[20])]).await.unwrap();
    publish("node24", 1_000).await;
    net.advance(s(30)).await.unwrap();
    let tally = net.tally().await.unwrap();
    (net.shut_down().await.unwrap(), tally)
}

fn weather(seed: u64, shards: usize, fidelity: Fidelity) -> (Digest, Tally) {
    let link = Link::latency(ms(25));
    run(storm(NetworkConfig { shards, fidelity, link, ..config(seed) }))
}

#[test]
fn both_fidelities_log_the_same_in_bad_weather() {
    for seed in [1, 2] {
        let (wire, tally) = weather(seed, 1, Fidelity::Wire);
        assert!(tally.drops > 10, "the partition and the crash were felt: {tally:?}");
        let items: u64 = tally.messages.iter().map(|count| count.received.messages).sum();
        assert!(items > 4 * NODES as u64, "items went round: {tally:?}");
        let (message, counted) = weather(seed, 1, Fidelity::Message);
        assert_eq!(tally, counted, "seed {seed}");
        assert_eq!(wire, message, "seed {seed}");
    }
}

#[test]
fn any_number_of_threads_logs_the_same_in_bad_weather() {
    for seed in 0..8 {
        let one = weather(seed, 1, Fidelity::Message).0;
        for threads in [2, 4] {
            assert_eq!(one, weather(seed, threads, Fidelity::Message).0, "seed {seed}, {threads} threads");
        }
    }
    assert_eq!(weather(9, 1, Fidelity::Wire).0, weather(9, 2, Fidelity::Wire).0);
}

/// The large form is in `benches` (`large`): ten thousand nodes with fifty peers each.
#[test]
fn a_message_flooded_through_five_hundred_nodes_reaches_all_with_one_digest_on_any_number_of_threads() {
    let flood = |shards, fidelity| {
        run(async move {
            let link = Link::latency(ms(50));
            let net = start(NetworkConfig { shards, fidelity, link, ..config(3) }).unwrap();
            for _ in 0..500 {
                let spec = NodeSpec { services: vec!["gossip".into()], ..NodeSpec::default() };
                net.create_node(spec).await.unwrap();
            }
            net.start_all().await.unwrap();
            assert_eq!(net.build(Topology::RandomRegular { degree: 10 }).await.unwrap(), 2500);
            net.call("node01", "gossip_publish", vec![]).await.unwrap();
            net.advance(s(1)).await.unwrap();
            let tally = net.tally().await.unwrap();
            let reached = tally.nodes.iter().filter(|node| node.received.messages > 0).count();
            assert!(reached >= 499, "{reached} nodes heard of it");
            (net.shut_down().await.unwrap(), tally.messages)
        })
    };
    let one = flood(1, Fidelity::Message);
    assert_eq!(one, flood(2, Fidelity::Message));
    assert_eq!(one, flood(4, Fidelity::Message));
}
