//! Snapshots: out of one server and into another.

use super::harness::World;
use api::dto::{NodeConfig, Snapshot};
use std::time::Duration;

const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

#[tokio::test]
async fn a_network_moves_to_another_server() {
    let world = World::two_nodes().await;
    world.create("C").await;
    world.client.connect("B", "A", true).await.unwrap();
    world.handle.advance(Duration::from_secs(11)).await.unwrap();
    let snapshot = world.client.snapshot().await.unwrap();
    assert!(snapshot.nodes.iter().all(|node| node.node.config.as_ref().unwrap().private_key.is_some()));
    assert!(snapshot.nodes[0].snapshots.contains_key("ping-pong"));

    let fresh = World::new().await;
    let network = fresh.client.load(&snapshot).await.unwrap();
    let was = world.client.network().await.unwrap();
    let shape = |network: &api::dto::Network| {
        let nodes: Vec<_> =
            network.nodes.iter().map(|node| (node.info.as_ref().unwrap().id, node.up)).collect();
        (nodes, network.conns.clone())
    };
    assert_eq!(shape(&network), shape(&was));
    // The original answered a load only when the connections were up, and so does this.
    assert!(network.conns[0].up);
    // The services have the state they had.
    let received = |infos: Vec<api::dto::NodeInfo>| infos[0].protocols["ping-pong"]["received"].clone();
    assert_eq!(received(fresh.client.nodes().await.unwrap()), received(world.client.nodes().await.unwrap()));

    let again = fresh.client.load(&snapshot).await.unwrap_err();
    assert_eq!(again.status(), Some(409), "{again}");
    // Defect 8 of the original: a snapshot could not be loaded after a reset.
    fresh.client.reset().await.unwrap();
    assert_eq!(fresh.client.load(&snapshot).await.unwrap().nodes.len(), 3);
}

#[tokio::test]
async fn snapshots_with_other_services() {
    let world = World::two_nodes().await;
    let snapshot = world.client.snapshot_with(&["noop"], &["ping-pong"]).await.unwrap();
    let services = |snapshot: &Snapshot| snapshot.nodes[0].node.config.clone().unwrap().services;
    assert_eq!(services(&snapshot), ["noop"]);
    assert_eq!(services(&world.client.snapshot().await.unwrap()), ["ping-pong"]);
}

#[tokio::test]
async fn a_snapshot_without_connections_loads_at_once() {
    let world = World::new().await;
    let config = format!(r#"{{"private_key":"{KEY}","name":"x","services":["noop"]}}"#);
    let body = format!(r#"{{"nodes":[{{"node":{{"config":{config},"up":true}}}}]}}"#);
    let answer = world.post("/snapshot", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(world.client.network().await.unwrap().nodes[0].up);
}

#[tokio::test]
async fn a_snapshot_that_makes_no_sense_leaves_nothing_behind() {
    let world = World::new().await;
    let id = "c0a6c424ac7157ae408398df7e5f4552091a69125d5dfcb7b8c2659029395bdf";
    let other = "e8e3774d93e52335eb2f60651eff47bc3a10a45d4b230b5d10e37751fe6aa718";
    let bodies = [
        r#"{"nodes":[{"node":{"config":null,"up":true}}]}"#.to_owned(),
        format!(
            r#"{{"nodes":[{{"node":{{"config":{{"private_key":"{KEY}","name":"a"}},"up":true}}}}],"conns":[{{"one":"{id}","other":"{other}","up":true}}]}}"#
        ),
        r#"{"nodes":[{"node":{"config":{"name":"a"},"up":true}},{"node":{"config":{"services":["nope"]}}}]}"#
            .to_owned(),
    ];
    for body in bodies {
        let answer = world.post("/snapshot", &body).await;
        assert_eq!(answer.refusal().0, 400, "{}", answer.body);
        assert!(world.client.nodes().await.unwrap().is_empty(), "{body}");
    }
    world.client.create_node(&NodeConfig::default()).await.unwrap();
}
