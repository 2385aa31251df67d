//! Taken, with the services' state; set up again.

use serde_json::json;
use simnet::NetworkError;

use crate::{Adapter, on_all_adapters};

on_all_adapters! {
    services_find_their_state_again
    large_state_comes_through_whole
    only_what_was_up_is_up
    a_bad_snapshot_is_refused_whole
}

async fn services_find_their_state_again(adapter: Adapter) {
    let net = adapter.network();
    let nodes = net.pair().await;
    net.call("node02", "probe_set", vec![json!(42)]).await.unwrap();
    let snapshot = net.snapshot(vec!["noop".into()], vec!["ping-pong".into()]).await.unwrap();
    assert_eq!(snapshot.nodes[1].services["probe"], "42");
    assert_eq!(snapshot.nodes[0].spec.services, ["probe", "noop"]);
    assert_eq!(
        net.node("node01").await.unwrap().config.services,
        ["ping-pong", "probe"],
        "the network as it was"
    );
    let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
    net.reset().await.unwrap();
    net.load(snapshot).await.unwrap();
    assert_eq!((net.number("node01").await, net.number("node02").await), (json!(0), json!(42)));
    let conns = net.conns().await.unwrap();
    assert!(conns.len() == 1 && conns[0].up && conns[0].one == nodes[0].config.id);
    net.end().await;
}

/// More than an environment holds.
async fn large_state_comes_through_whole(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    let mut snapshot = net.snapshot(vec![], vec![]).await.unwrap();
    let large = format!("7{}", " ".repeat(1 << 20));
    snapshot.nodes[0].services.insert("probe".into(), large.into());
    net.reset().await.unwrap();
    net.load(snapshot).await.unwrap();
    assert_eq!(net.number("node01").await, 7);
    net.end().await;
}

async fn only_what_was_up_is_up(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    net.create(&["noop"]).await;
    let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
    net.reset().await.unwrap();
    net.load(snapshot).await.unwrap();
    let up: Vec<bool> = net.nodes().await.unwrap().iter().map(|node| node.up).collect();
    assert_eq!(up, [true, false]);
    net.end().await;
}

async fn a_bad_snapshot_is_refused_whole(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    let good = net.snapshot(vec![], vec![]).await.unwrap();
    net.reset().await.unwrap();
    let mut unknown = good.clone();
    unknown.conns[0].other = devp2p::NodeId::from_bytes([9; 32]);
    let mut keyless = good.clone();
    keyless.nodes[1].spec.key = None;
    let mut service = good.clone();
    service.nodes[1].spec.services = vec!["nope".into()];
    for (bad, expect) in [
        (unknown, "connection 0 names node"),
        (keyless, "node 1 has no private key"),
        (service, "unknown node service \"nope\""),
    ] {
        let error = net.load(bad).await.unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
        assert!(net.nodes().await.unwrap().is_empty(), "nothing of it was loaded");
    }
    net.load(good.clone()).await.unwrap();
    assert!(matches!(net.load(good).await, Err(NetworkError::IdTaken(_))));
    net.end().await;
}
