//! Mockers over HTTP; and what the original's HTTP could not do: delete, build, wait.

use super::harness::World;
use api::dto::{Condition, Topology};
use world::sim::Pace;

/// With an unbounded pace, whoever waits has time run ahead of what a mocker decides.
async fn paced() -> World {
    let world = World::new().await;
    world.handle.set_pace(Pace::Times(20.0)).await.unwrap();
    world
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    let table = [
        ("mocker-type=%3Cboot%3E&node-count=10", "unknown mocker type \"&lt;boot&gt;\""),
        ("", "unknown mocker type \"\""),
        ("mocker-type=boot", "invalid node-count provided: \"\" is not a whole number from 0 to 100000"),
        (
            "mocker-type=boot&node-count=-1",
            "invalid node-count provided: \"-1\" is not a whole number from 0 to 100000",
        ),
        (
            "mocker-type=boot&node-count=100001",
            "invalid node-count provided: \"100001\" is not a whole number from 0 to 100000",
        ),
        ("mocker-type=boot&node-count=1&every=1s", "every is no parameter of boot: it has none"),
        (
            "mocker-type=startStop&node-count=1&speed=fast",
            "speed is no parameter of startStop: it has every and pause",
        ),
        ("mocker-type=startStop&node-count=1&every=0s", "every is 0ns, and has to be 1ms or more"),
        (
            "mocker-type=probabilistic&node-count=1&longest=10ms",
            "longest is 10ms, and has to be no less than shortest, 1s",
        ),
        ("mocker-type=startStop&node-count=1&seed=x", "seed must be a whole number from 0 on, not \"x\""),
    ];
    for (form, text) in table {
        assert_eq!(world.post("/mocker/start", form).await.refusal(), (400, text), "{form}");
        assert_eq!(world.post(&format!("/mocker/start?{form}"), "").await.refusal(), (400, text), "{form}");
    }
    let answer = world.post("/mocker/start", "mocker-type=startStop&node-count=1&every=soon").await;
    assert!(answer.refusal().1.starts_with("every: \"soon\" is no time such as 10s: "), "{}", answer.body);
    assert_eq!(world.post("/mocker/stop", "").await.refusal(), (409, "stop channel not initialized"));
    assert!(world.client.nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_boot_that_is_done_is_not_in_the_way() {
    let world = paced().await;
    assert_eq!(world.client.mockers().await.unwrap(), ["boot", "probabilistic", "startStop"]);
    for (nodes, conns) in [(0, 0), (1, 0), (2, 1), (5, 5)] {
        // The body counts, where both say something.
        let form = format!("mocker-type=boot&node-count={nodes}\n");
        assert_eq!(world.post("/mocker/start?node-count=7", &form).await.status, 200);
        let condition = Condition { nodes: Some(nodes), conns: Some(conns), ..Default::default() };
        world.client.wait(&condition).await.unwrap();
        world.client.stop_mocker().await.unwrap();
        assert_eq!(world.client.stop_mocker().await.unwrap_err().status(), Some(409));
        assert_eq!(world.client.nodes().await.unwrap().len(), nodes);
        world.client.reset().await.unwrap();
    }
}

#[tokio::test]
async fn one_mocker_at_a_time_until_it_is_stopped() {
    let mut world = paced().await;
    let parameters = [("every", "100ms"), ("pause", "50ms"), ("seed", "7")];
    world.client.start_mocker_with("startStop", 4, &parameters).await.unwrap();
    let second = world.client.start_mocker("boot", 1).await.unwrap_err();
    assert_eq!(second.to_string(), "mocker already running (409 Conflict)");
    world.client.wait(&Condition { nodes: Some(4), ..Default::default() }).await.unwrap();
    world.client.wait(&Condition { nodes: Some(3), ..Default::default() }).await.unwrap();
    world.client.stop_mocker().await.unwrap();
    let network = world.client.network().await.unwrap();
    assert_eq!(network.nodes.iter().filter(|node| node.up).count(), 4, "none is left down");
    // The end of the server, or a reset, is a mocker's end.
    world.client.start_mocker("probabilistic", 2).await.unwrap();
    world.client.reset().await.unwrap();
    assert!(world.client.nodes().await.unwrap().is_empty());
    world.client.start_mocker("probabilistic", 2).await.unwrap();
    world.stop().await;
    assert!(world.handle.nodes().await.unwrap().iter().all(|node| node.up));
}

#[tokio::test]
async fn what_a_mocker_ended_by_is_told_once() {
    let world = paced().await;
    world.client.start_mocker_with("startStop", 2, &[("every", "100ms")]).await.unwrap();
    world.client.wait(&Condition { conns: Some(1), ..Default::default() }).await.unwrap();
    for node in ["node01", "node02"] {
        world.client.delete_node(node).await.unwrap();
    }
    world.handle.advance(std::time::Duration::from_secs(1)).await.unwrap();
    let error = world.client.stop_mocker().await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(error.to_string().starts_with("the mocker had ended: node node0"), "{error}");
    assert_eq!(world.client.stop_mocker().await.unwrap_err().status(), Some(409));
}

#[tokio::test]
async fn a_node_is_deleted() {
    let world = World::two_nodes().await;
    world.client.connect("A", "B", true).await.unwrap();
    let answer = world.request("DELETE /nodes/A", &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let answer = world.request("DELETE /nodes/A", &[], "").await;
    assert_eq!(answer.refusal(), (404, "node A does not exist"));
    let network = world.client.network().await.unwrap();
    assert_eq!((network.nodes.len(), network.conns.len()), (1, 0));
    world.create("A").await;
}

#[tokio::test]
async fn a_topology_is_built_over_all_nodes_that_are_up() {
    let world = World::two_nodes().await;
    world.create("C").await;
    world.client.start_node("C").await.unwrap();
    world.create("down").await;
    let answer = world.post("/topology", r#"{"kind":"ring"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"kind\":\"ring\",\"connections\":3}\n"));
    let built = Topology { kind: "random-regular".into(), degree: Some(2), ..Default::default() };
    assert_eq!(world.client.build(&built).await.unwrap(), 3, "what is there already stays");
    for body in [
        r#"{"kind":"small-world","degree":2,"rewire":"0%"}"#,
        r#"{"kind":"scale-free","links":2}"#,
        r#"{"kind":"kademlia","bucket":3}"#,
        r#"{"kind":"file","file":"C,A\n# and\nA B\nB C"}"#,
    ] {
        let answer = world.post("/topology", body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        assert!(answer.body.contains("\"connections\":3"), "all of three nodes: {}", answer.body);
    }
    let table = [
        (
            r#"{"kind":"file","file":"A B\nA"}"#,
            "file, line 2: a line of an edge list has two names, and this has 1",
        ),
        (r#"{"kind":"torus"}"#, "unknown kind \"torus\""),
        (r#"{"kind":"ring","degree":2}"#, "\"ring\" has no degree"),
        (r#"{"kind":"random-regular"}"#, "needs a number of its own: degree"),
        (r#"{"kind":"scale-free","bucket":2}"#, "\"scale-free\" needs a number of its own: links"),
        (r#"{"kind":"small-world","degree":2,"rewire":"often"}"#, "rewire: "),
        (r#"{"kind":"small-world","degree":1}"#, "half of the neighbours are on each side"),
        (r#"{"kind":"random-regular","degree":9}"#, "a degree of 9 needs more than 9 nodes"),
        (r#"{"kind":"star","center":3}"#, "the star's center is node 3, but there are 3 nodes"),
        (r#"{"kind":"star","centre":1}"#, "unknown field `centre`"),
        ("{}", "missing field `kind`"),
    ];
    for (body, text) in table {
        let answer = world.post("/topology", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains(text), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_condition_is_waited_for() {
    let world = World::two_nodes().await;
    assert_eq!(world.post("/wait", r#"{"nodes":2,"conns":0,"peers":0}"#).await.status, 200);
    let late = world.post("/wait", r#"{"peers":1,"within":"2s"}"#).await;
    assert_eq!(late.refusal(), (504, "1 peers at every node did not happen within 2s of simulated time"));
    world.client.connect("A", "B", false).await.unwrap();
    let condition = Condition { conns: Some(1), peers: Some(1), ..Default::default() };
    world.client.wait(&condition).await.unwrap();
    for (body, text) in [
        ("{}", "nothing to wait for"),
        (r#"{"nodes":-1}"#, "field nodes: invalid value"),
        (r#"{"nodes":1,"within":"soon"}"#, "within \"soon\" is no time such as 30s"),
        (r#"{"edges":1}"#, "unknown field `edges`"),
    ] {
        let answer = world.post("/wait", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains(text), "{body}: {}", answer.body);
    }
}
