//! What Prometheus scrapes, read by a parser of its format.

use super::harness::World;
use api::dto;
use prometheus_parse::{Scrape, Value};
use simnet::Until;
use std::collections::BTreeMap;
use std::time::Duration;

async fn scrape(world: &World) -> (Scrape, String) {
    let answer = world.get("/metrics").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    let lines = answer.body.lines().map(|line| Ok(line.to_owned()));
    (Scrape::parse(lines).expect("Prometheus's text format"), answer.body)
}

/// The value of a metric with all of these labels.
fn value(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&prometheus_parse::Sample| {
        sample.metric == name && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
    };
    let sample = scrape
        .samples
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("{name} {labels:?}: {:#?}", scrape.samples));
    match &sample.value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn a_scrape_tells_the_network_in_numbers() {
    let world = World::new().await;
    for name in ["A", "B", "C"] {
        let services = vec!["gossip".to_owned()];
        let config = dto::NodeConfig { name: name.to_owned(), services, ..Default::default() };
        world.client.create_node(&config).await.unwrap();
        world.client.start_node(name).await.unwrap();
    }
    // Measuring begins with the first scrape.
    let (empty, _) = scrape(&world).await;
    assert_eq!((value(&empty, "p2psim_nodes_up", &[]), value(&empty, "p2psim_connections", &[])), (3.0, 0.0));
    world.handle.connect("A", "B", Until::Done).await.unwrap();
    world.handle.connect("B", "C", Until::Done).await.unwrap();
    world.handle.call("A", "gossip_publish", vec![]).await.unwrap();
    world.handle.advance(Duration::from_secs(5)).await.unwrap();
    world.handle.crash_node("C").await.unwrap();
    let (scrape, text) = scrape(&world).await;
    let tally = world.handle.tally().await.unwrap();
    for row in &tally.messages {
        let code = row.code.to_string();
        let labels = [("protocol", row.protocol.as_str()), ("code", &code), ("direction", "sent")];
        assert_eq!(value(&scrape, "p2psim_messages_total", &labels), row.sent.messages as f64);
        assert_eq!(value(&scrape, "p2psim_message_wire_bytes_total", &labels), row.sent.wire_bytes as f64);
    }
    assert_eq!(value(&scrape, "p2psim_node_stops_total", &[]), 1.0);
    assert_eq!(value(&scrape, "p2psim_item_reach_ratio", &[("protocol", "gossip")]), 1.0);
    let arrival = scrape.samples.iter().find(|sample| sample.metric == "p2psim_item_arrival_seconds");
    let Some(Value::Histogram(buckets)) = arrival.map(|sample| &sample.value) else { panic!("{text}") };
    let counts: BTreeMap<String, f64> =
        buckets.iter().map(|bucket| (bucket.less_than.to_string(), bucket.count)).collect();
    // Links of 1 ms: one node after 1 ms, one after 2.
    assert_eq!((counts["0.001"], counts["0.0025"], counts["inf"]), (1.0, 2.0, 2.0));
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).unwrap();
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert!(name.starts_with("p2psim_"), "{name}");
    }
}

#[tokio::test]
async fn a_scrape_needs_the_token_and_changes_no_log() {
    let world = World::with(Some("secret"), &[]).await;
    assert_eq!(world.get("/metrics").await.status, 401);
    let before = world.handle.digest().await.unwrap();
    let answer = world.request("GET /metrics", &["Authorization: Bearer secret"], "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(world.handle.digest().await.unwrap(), before);
}
