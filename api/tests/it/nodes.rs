//! Creating, starting, connecting: successes with their bodies, refusals with their status and text.

use super::harness::World;
use api::dto::NodeConfig;
use serde_json::Value;
use simnet::view::NodeQuery;

const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// The id of private key 1, as go-ethereum v1.9.7 has it.
const ID: &str = "c0a6c424ac7157ae408398df7e5f4552091a69125d5dfcb7b8c2659029395bdf";

#[tokio::test]
async fn a_node_is_made_from_nothing() {
    let world = World::new().await;
    for (body, name) in
        [("", "node01"), ("{}", "node02"), (" \n", "node03"), (r#"{"name":"","id":""}"#, "node04")]
    {
        let answer = world.post("/nodes", body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let info: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(info["name"], name);
        assert_eq!(info["id"].as_str().unwrap().len(), 64);
        let keys: Vec<&String> = info.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 8, "{keys:?}");
    }
    assert_eq!(world.client.nodes().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_node_is_found_by_name_and_id() {
    let world = World::new().await;
    let body = format!(
        r#"{{"id":"{ID}","private_key":"{KEY}","name":"node01","lifecycles":["noop"],"properties":["x"]}}"#
    );
    let created = world.post("/nodes", &body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(
        created.body.starts_with(&format!(r#"{{"id":"{ID}","name":"node01","enode":"enode://"#)),
        "{}",
        created.body
    );
    for node in ["node01", ID, &format!("0x{ID}"), "node%301"] {
        assert_eq!(world.get(&format!("/nodes/{node}")).await.body, created.body, "{node}");
    }
    let network = world.client.network().await.unwrap();
    let config = network.nodes[0].config.as_ref().unwrap();
    assert_eq!(
        (config.services.as_slice(), config.properties.as_slice()),
        (&["noop".into()][..], &["x".into()][..])
    );
    assert!(!world.get("/").await.body.contains(KEY));
    let started = world.client.start_node("node01").await.unwrap();
    assert_eq!(started.protocols.keys().collect::<Vec<_>>(), ["noop"]);
    assert!(world.client.network().await.unwrap().nodes[0].up);
    world.client.stop_node(ID).await.unwrap();
    assert!(!world.client.network().await.unwrap().nodes[0].up);
    world.client.start_all().await.unwrap();
    assert!(world.client.network().await.unwrap().nodes[0].up);
    world.client.stop_all().await.unwrap();
    world.client.reset().await.unwrap();
    assert!(world.client.nodes().await.unwrap().is_empty());
    assert_eq!(world.post("/nodes", &body).await.status, 201);
}

#[tokio::test]
async fn a_list_is_of_the_nodes_that_are_meant() {
    let world = World::two_nodes().await;
    let config = NodeConfig { name: "C".into(), properties: vec!["big & slow".into()], ..Default::default() };
    world.client.create_node(&config).await.unwrap();
    let all = NodeQuery::default();
    let table = [
        (all.clone(), "ABC"),
        (NodeQuery { only: vec!["C".into(), "A".into()], ..all.clone() }, "AC"),
        (NodeQuery { except: vec!["A".into()], up: Some(true), ..all.clone() }, "B"),
        (NodeQuery { only: vec!["group:big & slow".into()], up: Some(false), ..all.clone() }, "C"),
        (NodeQuery { after: Some("A".into()), limit: Some(1), ..all }, "B"),
    ];
    for (query, names) in table {
        let nodes = world.client.nodes_that(&query).await.unwrap();
        assert_eq!(nodes.into_iter().map(|node| node.name).collect::<String>(), names, "{query:?}");
    }
    assert_eq!(world.get("/nodes?up=yes").await.refusal().0, 400);
    assert_eq!(world.get("/nodes?after=nobody").await.refusal(), (404, "node nobody does not exist"));
}

#[tokio::test]
async fn refusals_say_whose_fault_it_is() {
    let world = World::two_nodes().await;
    let names = ["A", "B"];
    let mut ids = vec![];
    for name in names {
        ids.push(world.client.node(name).await.unwrap().id.to_string());
    }
    let [a, b] = [&ids[0], &ids[1]];
    let down = world.create("C").await.id;
    let table = [
        ("GET /nodes/nosuch", "", 404, "node nosuch does not exist".to_owned()),
        ("POST /nodes/nosuch/start", "", 404, "node nosuch does not exist".to_owned()),
        ("POST /nodes/nosuch/stop", "", 404, "node nosuch does not exist".to_owned()),
        ("POST /nodes/A/conn/nosuch", "", 404, "node nosuch does not exist".to_owned()),
        ("DELETE /nodes/nosuch/conn/A", "", 404, "node nosuch does not exist".to_owned()),
        ("POST /nodes/A/start", "", 409, format!("node {a} already up")),
        ("POST /nodes/C/stop", "", 409, format!("node {down} already down")),
        ("POST /nodes/A/conn/A", "", 400, format!("refusing to connect to self {a}")),
        ("POST /nodes/A/conn/C", "", 409, format!("nodes not up: other {down} is not up")),
        ("POST /nodes/C/conn/A", "", 409, format!("nodes not up: one {down} is not up")),
        ("DELETE /nodes/A/conn/B", "", 409, format!("connection between {a} and {b} does not exist")),
        ("POST /nodes/A/conn/B?wait=maybe", "", 400, "wait must be true or false, not \"maybe\"".to_owned()),
        ("POST /nodes", r#"{"name":"A"}"#, 409, "node with name \"A\" already exists".to_owned()),
        ("POST /nodes", r#"{"services":["nope"]}"#, 400, "unknown node service \"nope\"".to_owned()),
        ("POST /nodes", r#"{"services":["noop","noop"]}"#, 400, "duplicate service: noop".to_owned()),
        ("POST /nodes", r#"{"name":"a/b"}"#, 400, "\"a/b\" cannot be a node's name".to_owned()),
    ];
    for (line, body, status, text) in table {
        let answer = world.request(line, &[], body).await;
        let refusal = answer.refusal();
        assert!(refusal.0 == status && refusal.1.starts_with(&text), "{line} {body}: {refusal:?}");
    }
    // What was refused has left nothing behind.
    let network = world.client.network().await.unwrap();
    assert_eq!((network.nodes.len(), network.conns.len()), (3, 0));
}

#[tokio::test]
async fn two_nodes_connect_and_part() {
    let world = World::two_nodes().await;
    let info = world.client.connect("A", "B", true).await.unwrap();
    assert_eq!(info.name, "A");
    let ups = |network: api::dto::Network| network.conns.iter().map(|conn| conn.up).collect::<Vec<_>>();
    assert_eq!(ups(world.client.network().await.unwrap()), [true]);
    let again = world.client.connect("B", "A", true).await.unwrap_err();
    assert_eq!(again.status(), Some(409));
    assert!(again.to_string().contains("already connected"), "{again}");
    world.client.disconnect("B", "A", true).await.unwrap();
    assert_eq!(ups(world.client.network().await.unwrap()), [false]);
    assert_eq!(world.client.disconnect("A", "B", true).await.unwrap_err().status(), Some(409));
    // Defect 7 of the original: a second connection had to wait for half a minute.
    world.client.connect("A", "B", true).await.unwrap();
    assert_eq!(ups(world.client.network().await.unwrap()), [true]);
    world.client.disconnect("A", "B", false).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_refuses_is_a_bad_gateway() {
    let world = World::new().await;
    for (name, service) in [("A", "ping-pong"), ("B", "noop")] {
        let config = NodeConfig { name: name.into(), services: vec![service.into()], ..Default::default() };
        world.client.create_node(&config).await.unwrap();
        world.client.start_node(name).await.unwrap();
    }
    let refused = world.client.connect("A", "B", true).await.unwrap_err();
    assert_eq!(refused.status(), Some(502), "{refused}");
    assert!(refused.to_string().contains("useless peer"), "{refused}");
}

#[tokio::test]
async fn what_needs_time_is_refused_while_there_is_none() {
    let world = World::two_nodes().await;
    world.handle.set_pace(world::sim::Pace::Paused).await.unwrap();
    let answer = world.post("/nodes/A/conn/B", "").await;
    assert_eq!(answer.refusal(), (409, "clock is paused"));
    // Asking takes none.
    assert_eq!(world.post("/nodes/A/conn/B?wait=false", "").await.status, 200);
    world.handle.set_pace(world::sim::Pace::Max).await.unwrap();
    world.handle.advance(std::time::Duration::from_secs(1)).await.unwrap();
    assert!(world.client.network().await.unwrap().conns[0].up);
}
