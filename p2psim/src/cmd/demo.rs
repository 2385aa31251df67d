//! `demo`: a network that is up, served, with its page in the browser: the quickest way to see one.
//!
//! Nodes of the gossip service, spread over the world as Ethereum's are, roughly: an item that is published at one of
//! them is seen to travel. From there on it is `serve`: everything can be changed.

use super::print;
use super::report::seconds;
use super::serve::{Opening, Stage, host};
use crate::args::{Demo, Serve};
use crate::clock::Stopwatch;
use crate::failure::{Code, Failure};
use ::node::Services;
use serde_json::json;
use simnet::condition::Text;
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Handle, NetworkError};
use std::time::Duration;
use world::Entropy;
use world::sim::Link;

/// Where nodes are: what their names begin with, the region's name, and how many of a hundred are there.
const PLACES: [(&str, &str, u64); 5] = [
    ("eu", "europe", 38),
    ("na", "north-america", 38),
    ("as", "asia", 16),
    ("oc", "oceania", 4),
    ("sa", "south-america", 4),
];

/// Milliseconds from place to place, one way, in their order; within one on the diagonal.
const MILLISECONDS: [[u64; 5]; 5] = [
    [12, 45, 85, 125, 95],
    [45, 18, 75, 80, 65],
    [85, 75, 25, 60, 140],
    [125, 80, 60, 10, 150],
    [95, 65, 140, 150, 15],
];

pub(super) fn demo(args: Demo, token: Option<String>, services: Services) -> Result<Code, Failure> {
    let opening = match (args.open, args.no_open) {
        (true, _) => Opening::Always,
        (_, true) => Opening::Never,
        _ => Opening::IfSomebodyLooks,
    };
    let usual = Serve::usual();
    let serve = Serve {
        listen: args.listen.unwrap_or(usual.listen),
        seed: args.seed,
        // Until the network is up nobody has to wait for anything.
        pace: world::sim::Pace::Max,
        record: args.record.clone(),
        default_service: Some("gossip".to_owned()),
        latency: Duration::from_millis(50),
        fidelity: args.fidelity,
        memory: None,
        threads: args.threads,
        ..usual
    };
    let stage = Stage { serve, token, services, opening, any_port: args.listen.is_none() };
    host(stage, async move |network, url| {
        let watch = Stopwatch::start();
        let connections = build(network, &args).await?;
        network.set_pace(args.pace).await?;
        let (nodes, took) = (args.nodes, seconds(watch.elapsed()));
        print(&format!(
            "{nodes} nodes and {connections} connections are up after {took}. Their page:\n{url}\n"
        ))
    })
}

/// Brings the network up; answers how many connections it has.
async fn build(network: &Handle, args: &Demo) -> Result<usize, Failure> {
    for (from, row) in (0..).zip(MILLISECONDS) {
        for (to, milliseconds) in (0..).zip(row) {
            let least = Duration::from_millis(milliseconds);
            // A fifth more or less of it changes from packet to packet.
            let text = format!("{least:?} ± {:?}", least / 5);
            let Text(link) = text.parse::<Text<Link>>().expect("it is written as links are");
            network.set_region_link(from, to, link).await?;
        }
    }
    let mode = if args.announce { "push-announce" } else { "flood" };
    let mut entropy = Entropy::derive(args.seed, 0, 0, "demo/places");
    let mut counts = [0; PLACES.len()];
    for _ in 0..args.nodes.get() {
        let place = place(&mut entropy);
        let (prefix, name, _) = PLACES[place];
        counts[place] += 1;
        let spec = NodeSpec {
            name: Some(format!("{prefix}{:03}", counts[place])),
            services: vec!["gossip".to_owned()],
            properties: vec![name.to_owned()],
            settings: [("gossip".to_owned(), json!({ "mode": mode }))].into(),
            ..NodeSpec::default()
        };
        let node = network.create_node(spec).await?;
        network.set_region(&node.config.name, Some(place as u16)).await?;
    }
    network.start_all().await?;
    network.build(Topology::RandomRegular { degree: args.degree }).await.map_err(|error| match error {
        NetworkError::BadTopology(_) => {
            Failure::new(Code::Usage, error).remedy("choose other numbers with --nodes and --degree")
        }
        other => other.into(),
    })
}

/// One of the places, each as often as many nodes are there.
fn place(entropy: &mut Entropy) -> usize {
    let mut at = entropy.below(PLACES.iter().map(|(_, _, share)| share).sum());
    for (place, (_, _, share)) in PLACES.iter().enumerate() {
        match at.checked_sub(*share) {
            Some(rest) => at = rest,
            None => return place,
        }
    }
    unreachable!("it is below the sum")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_spread_over_the_places_as_their_shares_say() {
        let mut entropy = Entropy::derive(1, 0, 0, "test");
        let mut counts = [0_u64; PLACES.len()];
        (0..10_000).for_each(|_| counts[place(&mut entropy)] += 1);
        for (count, (_, name, share)) in counts.into_iter().zip(PLACES) {
            assert!(count.abs_diff(share * 100) < 200, "{name}: {count}");
        }
        for (from, row) in MILLISECONDS.iter().enumerate() {
            for (to, milliseconds) in row.iter().enumerate() {
                assert_eq!(*milliseconds, MILLISECONDS[to][from], "there and back");
            }
        }
    }
}
