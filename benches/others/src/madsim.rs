//! madsim: a node and an endpoint for each host, messages by tag.

use crate::{LATENCY, SECONDS, SIZE, neighbours};
use ::madsim::net::Endpoint;
use ::madsim::runtime::Runtime;
use ::madsim::time::{interval, sleep};
use ::madsim::{Config, task};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PING: u64 = 1;
const PONG: u64 = 2;

fn address(host: usize) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from(0x0a00_0001 + host as u32)), 30303)
}

async fn answer(endpoint: Arc<Endpoint>) {
    let mut message = [0; SIZE];
    while let Ok((_, from)) = endpoint.recv_from(PING, &mut message).await {
        let _ = endpoint.send_to(from, PONG, &message).await;
    }
}

async fn count(endpoint: Arc<Endpoint>, answers: Arc<AtomicU64>) {
    let mut message = [0; SIZE];
    while endpoint.recv_from(PONG, &mut message).await.is_ok() {
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

async fn host(place: usize, hosts: usize, answers: Arc<AtomicU64>) {
    let endpoint = Arc::new(Endpoint::bind(address(place)).await.expect("its own address"));
    task::spawn(answer(Arc::clone(&endpoint)));
    task::spawn(count(Arc::clone(&endpoint), answers));
    let (mut beat, peers) = (interval(Duration::from_secs(1)), neighbours(place, hosts));
    loop {
        beat.tick().await;
        for peer in &peers {
            let _ = endpoint.send_to(address(*peer), PING, &[7; SIZE]).await;
        }
    }
}

/// Answers that came.
pub fn run(hosts: usize) -> u64 {
    let mut config = Config::default();
    config.net.send_latency = LATENCY..LATENCY + Duration::from_nanos(1);
    let answers = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::with_seed_and_config(1, config);
    for place in 0..hosts {
        let node = runtime.create_node().ip(address(place).ip()).build();
        node.spawn(host(place, hosts, Arc::clone(&answers)));
    }
    runtime.block_on(async { sleep(Duration::from_secs(SECONDS)).await });
    answers.load(Ordering::Relaxed)
}
