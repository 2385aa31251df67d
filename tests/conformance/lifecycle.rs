//! Created, started, stopped, crashed, started again, forgotten.

use std::path::PathBuf;

use serde_json::json;
use simnet::adapter::Capabilities;
use simnet::view::NodeSpec;
use simnet::{Fault, Until};

use crate::{Adapter, on_all_adapters, spec};

on_all_adapters! {
    capabilities_differ_where_they_may
    a_node_lives_as_often_as_it_is_started
    a_crash_takes_all_with_it_and_the_node_starts_again
    a_services_files_outlive_a_life_and_not_the_node
    all_at_once
    a_reset_forgets_all_and_frees_every_name_and_id
    a_removed_node_is_gone_and_its_key_is_free
    a_network_that_was_shut_down_is_gone
}

async fn capabilities_differ_where_they_may(adapter: Adapter) {
    let can = adapter.network().capabilities().await.unwrap();
    let simulated = adapter == Adapter::Sim;
    let expect = Capabilities {
        virtual_time: simulated,
        deterministic: simulated,
        links: simulated,
        message_tap: simulated,
    };
    assert_eq!(can, expect);
}

async fn a_node_lives_as_often_as_it_is_started(adapter: Adapter) {
    let net = adapter.network();
    let node = net.create(&["ping-pong", "probe"]).await;
    assert!(!node.up && node.info.listen_addr.is_empty());
    assert_eq!((node.info.name.as_str(), node.info.id), ("node01", node.config.id.to_string()));
    let mut port = None;
    for life in 0..3 {
        let up = net.start_node("node01").await.unwrap();
        assert!(
            up.up && up.info.enode.starts_with("enode://") && !up.info.listen_addr.is_empty(),
            "{:?}",
            up.info
        );
        let listens = up.info.ports.listener;
        assert!(listens > 0 && *port.get_or_insert(listens) == listens, "the same port in each life");
        assert!(up.info.protocols.contains_key("ping-pong"), "{:?}", up.info);
        assert_eq!(net.number("node01").await, 0, "fresh services");
        net.call("node01", "probe_set", vec![json!(life)]).await.unwrap();
        let down = net.stop_node("node01").await.unwrap();
        assert!(!down.up && down.info.protocols.is_empty());
        assert_eq!(down.info.enode, up.info.enode, "the same address, up or down");
    }
    net.end().await;
}

async fn a_crash_takes_all_with_it_and_the_node_starts_again(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    let mut line = net.rpc("node02").await.unwrap();
    assert!(!net.crash_node("node02").await.unwrap().up);
    assert_eq!(line.recv().await, None, "a crashed node hangs up");
    assert_eq!(net.crash_node("node02").await.unwrap_err().fault(), Fault::Conflict);
    net.eventually("the loss", |state| state.nodes()[0].peers == 0).await;
    net.start_node("node02").await.unwrap();
    // node01 was asked to connect and still wants to.
    net.eventually("the connection", |state| state.conns().all(|conn| conn.established())).await;
    net.end().await;
}

async fn a_services_files_outlive_a_life_and_not_the_node(adapter: Adapter) {
    let net = adapter.network();
    let key = net.create(&["keeper"]).await.config.key;
    net.create(&["keeper"]).await;
    net.start_all().await.unwrap();
    let keep = async |text: &str| net.call("node01", "keeper_keep", vec![json!(text)]).await.unwrap();
    let kept = async |node: &str| net.call(node, "keeper_kept", vec![]).await.unwrap();
    let dir = async |node: &str| {
        let dir = net.call(node, "admin_datadir", vec![]).await.unwrap();
        PathBuf::from(dir.as_str().unwrap())
    };
    let (own, others) = (dir("node01").await, dir("node02").await);
    assert!(own.join("keeper").is_dir() && own != others, "{own:?} {others:?}");
    keep("once").await;
    net.stop_node("node01").await.unwrap();
    net.start_node("node01").await.unwrap();
    assert_eq!((kept("node01").await, kept("node02").await), (json!("once"), json!("")));
    keep("twice").await;
    net.crash_node("node01").await.unwrap();
    net.start_node("node01").await.unwrap();
    assert_eq!((kept("node01").await, dir("node01").await), (json!("twice"), own.clone()));
    net.remove_node("node01").await.unwrap();
    assert!(!own.exists());
    net.create_node(NodeSpec { key: Some(key), name: Some("again".into()), ..spec(&["keeper"]) })
        .await
        .unwrap();
    net.start_node("again").await.unwrap();
    assert_eq!(kept("again").await, "");
    net.end().await;
    assert!(!others.exists() && !others.parent().unwrap().parent().unwrap().exists(), "{others:?}");
}

async fn all_at_once(adapter: Adapter) {
    let net = adapter.network();
    for _ in 0..5 {
        net.create(&["noop"]).await;
    }
    net.start_all().await.unwrap();
    assert_eq!(net.tally().await.unwrap().nodes_up, 5);
    net.start_all().await.unwrap();
    net.stop_all().await.unwrap();
    assert_eq!(net.tally().await.unwrap().nodes_up, 0);
    assert_eq!(net.population().await.unwrap().tasks, 0, "nothing is left of a node that is down");
    net.end().await;
}

async fn a_reset_forgets_all_and_frees_every_name_and_id(adapter: Adapter) {
    let net = adapter.network();
    let before = net.pair().await;
    let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
    for _ in 0..2 {
        net.reset().await.unwrap();
        let view = net.view().await.unwrap();
        assert!(view.nodes.is_empty() && view.conns.is_empty());
        net.load(snapshot.clone()).await.unwrap();
        let after = net.nodes().await.unwrap();
        assert_eq!(after[0].config.id, before[0].config.id);
        assert_eq!(net.tally().await.unwrap().conns_up, 1);
    }
    net.end().await;
}

async fn a_removed_node_is_gone_and_its_key_is_free(adapter: Adapter) {
    let net = adapter.network();
    let nodes = net.pair().await;
    net.remove_node("node02").await.unwrap();
    assert_eq!(net.nodes().await.unwrap().len(), 1);
    net.eventually("the loss", |state| state.nodes()[0].peers == 0).await;
    let key = Some(nodes[1].config.key.clone());
    let again = NodeSpec { key, name: Some("again".into()), ..spec(&["ping-pong"]) };
    net.create_node(again).await.unwrap();
    net.start_node("again").await.unwrap();
    net.connect("node01", "again", Until::Done).await.unwrap();
    net.end().await;
}

async fn a_network_that_was_shut_down_is_gone(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    net.shut_down().await.unwrap();
    let error = net.connect("node01", "node01", Until::Done).await.unwrap_err();
    assert_eq!(error.to_string(), "the network has been shut down");
}
