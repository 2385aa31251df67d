//! Configurations that cannot be, and requests that make no sense.

use simnet::view::NodeSpec;
use simnet::{Fault, NetworkConfig, Until};

use crate::{Adapter, on_all_adapters, spec};

on_all_adapters! {
    a_bad_configuration_is_refused_before_a_node_is_made
    a_node_that_cannot_start_says_why_and_stays_down
    every_refusal_says_what_and_whose_fault
    a_default_service_must_be_one
}

async fn a_bad_configuration_is_refused_before_a_node_is_made(adapter: Adapter) {
    let net = adapter.network();
    let taken = net.create(&["noop"]).await.config;
    let named = |name: &str| NodeSpec { name: Some(name.into()), ..NodeSpec::default() };
    for (spec, fault, expect) in [
        (spec(&["nope"]), Fault::Invalid, "unknown node service \"nope\""),
        (spec(&["noop", "noop"]), Fault::Invalid, "duplicate service: noop"),
        (named("a/b"), Fault::Invalid, "cannot be a node's name"),
        (named("node01"), Fault::Conflict, "node with name \"node01\" already exists"),
        (NodeSpec { key: Some(taken.key.clone()), ..NodeSpec::default() }, Fault::Conflict, "already exists"),
        (
            NodeSpec { adapter: Some("docker".into()), ..NodeSpec::default() },
            Fault::Invalid,
            "unknown node adapter \"docker\": the nodes of this network are of ",
        ),
        (NodeSpec { id: Some(taken.id), ..NodeSpec::default() }, Fault::Invalid, "without its private key"),
    ] {
        let error = net.create_node(spec).await.unwrap_err();
        assert_eq!(error.fault(), fault, "{error}");
        assert!(error.to_string().contains(expect), "{error}");
    }
    assert_eq!(net.nodes().await.unwrap().len(), 1);
    net.end().await;
}

async fn a_node_that_cannot_start_says_why_and_stays_down(adapter: Adapter) {
    let net = adapter.network();
    let mut odd = spec(&["ping-pong"]);
    odd.settings.insert("ping-pong".into(), serde_json::json!({"interval": "never"}));
    for (spec, expect) in [
        (spec(&["noop", "broken"]), "starting service \"broken\": out of order"),
        (odd, "making service \"ping-pong\": interval \"never\""),
    ] {
        let name = net.create_node(spec).await.unwrap().config.name;
        for _ in 0..2 {
            let error = net.start_node(&name).await.unwrap_err();
            assert_eq!(error.fault(), Fault::World);
            assert!(error.to_string().contains(expect), "{error}");
        }
        assert!(!net.node(&name).await.unwrap().up);
    }
    net.end().await;
}

async fn every_refusal_says_what_and_whose_fault(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    net.create(&["noop"]).await;
    let connect = |one: &'static str, other: &'static str| net.connect(one, other, Until::Done);
    for (error, fault, expect) in [
        (net.start_node("nobody").await.unwrap_err(), Fault::NotFound, "node nobody does not exist"),
        (net.start_node("node01").await.unwrap_err(), Fault::Conflict, "already up"),
        (net.stop_node("node03").await.unwrap_err(), Fault::Conflict, "already down"),
        (connect("node01", "node01").await.unwrap_err(), Fault::Invalid, "connect to self"),
        (connect("node02", "node01").await.unwrap_err(), Fault::Conflict, "already connected"),
        (connect("node01", "node03").await.unwrap_err(), Fault::Conflict, "nodes not up: other"),
        (
            net.disconnect("node01", "node03", Until::Done).await.unwrap_err(),
            Fault::Conflict,
            "does not exist",
        ),
        (net.rpc("node03").await.unwrap_err(), Fault::Conflict, "is not up"),
    ] {
        assert_eq!(error.fault(), fault, "{error}");
        assert!(error.to_string().contains(expect), "{error}");
    }
    assert_eq!(net.conns().await.unwrap().len(), 1, "refused connections leave nothing behind");
    net.end().await;
}

async fn a_default_service_must_be_one(adapter: Adapter) {
    let config = NetworkConfig { default_service: Some("nope".into()), ..NetworkConfig::default() };
    let error = adapter.start(config).err().unwrap();
    assert!(error.to_string().contains("unknown node service \"nope\""), "{error}");
}
