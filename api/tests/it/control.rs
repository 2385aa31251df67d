//! The clock, links, lines, regions, partitions and churn over HTTP.

use super::harness::World;
use serde_json::{Value, json};
use world::sim::Pace;

impl World {
    /// The JSON of a request that succeeds.
    async fn ask(&self, line: &str, body: &str) -> Value {
        let answer = self.request(line, &[], body).await;
        assert!(matches!(answer.status, 200 | 201), "{line} {body}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Each request is refused with that status and a text that has those words.
    async fn refuses(&self, table: &[(&str, &str, u16, &str)]) {
        for (line, body, status, words) in table {
            let answer = self.request(line, &[], body).await;
            assert_eq!(answer.refusal().0, *status, "{line} {body}: {}", answer.body);
            assert!(answer.body.contains(words), "{line} {body}: {}", answer.body);
        }
    }
}

async fn nodes(count: usize) -> World {
    let world = World::new().await;
    for number in 1..=count {
        let name = format!("n{number}");
        world.create(&name).await;
        world.client.start_node(&name).await.unwrap();
    }
    world
}

#[tokio::test]
async fn the_clock_is_paced_paused_and_stepped() {
    let world = nodes(2).await;
    let clock = world.ask("GET /clock", "").await;
    assert_eq!(clock, json!({"time": "0ns", "ns": 0, "pace": "max", "virtual": true}));
    assert_eq!(world.ask("POST /clock", r#"{"pace":2.5}"#).await["pace"], "2.5");
    assert_eq!(world.ask("POST /clock", r#"{"paused":true}"#).await["pace"], "paused");
    assert_eq!(world.post("/nodes/n1/conn/n2", "").await.refusal(), (409, "clock is paused"));
    let begun = world.ask("POST /clock/step", r#"{"by":"1s"}"#).await["ns"].as_u64().unwrap();
    assert_eq!(world.post("/nodes/n1/conn/n2?wait=false", "").await.status, 200);
    let first = world.ask("POST /clock/step", "").await["ns"].as_u64().unwrap();
    assert!(first > begun && first < begun + 1_000_000_000, "one event: {begun} {first}");
    assert!(world.ask("POST /clock/step", r#"{"events":3}"#).await["ns"].as_u64().unwrap() > first);
    let met = world.ask("POST /clock/until", r#"{"conns":1,"within":"10s"}"#).await;
    assert!(met["ns"].as_u64().unwrap() < begun + 10_000_000_000, "{met}");
    assert_eq!(world.ask("POST /clock/until", r#"{"time":"1m"}"#).await["time"], "60s");
    assert_eq!(world.ask("POST /clock", r#"{"paused":false}"#).await["pace"], "2.5");
    world.handle.set_pace(Pace::Paused).await.unwrap();
    world
        .refuses(&[
            ("POST /clock", r#"{"pace":"fast"}"#, 400, "\"fast\" is not a pace"),
            ("POST /clock", r#"{"pace":-1}"#, 400, "\"-1\" is not a pace"),
            ("POST /clock", "{}", 400, "one of pace and paused"),
            ("POST /clock", r#"{"pace":1,"paused":true}"#, 400, "one of pace and paused"),
            ("POST /clock", r#"{"speed":1}"#, 400, "unknown field `speed`"),
            ("POST /clock/step", r#"{"by":"1s","events":1}"#, 400, "one of by and events"),
            ("POST /clock/step", r#"{"by":"soon"}"#, 400, "step: by: \"soon\" is no length of time"),
            ("POST /clock/until", "", 400, "until: nothing to wait for"),
            ("POST /clock/until", r#"{"time":"2m","conns":1}"#, 400, "a time, or a condition"),
            ("POST /clock/until", r#"{"time":"1ms"}"#, 409, "it is "),
            ("POST /clock/until", r#"{"nodes":9,"within":"1s"}"#, 504, "9 nodes up did not happen within 1s"),
        ])
        .await;
}

#[tokio::test]
async fn links_lines_and_regions_are_set_shown_and_taken_back() {
    let world = nodes(4).await;
    assert_eq!(world.ask("GET /links", "").await, json!({"default": "1ms", "pairs": [], "regions": []}));
    let set = world.ask("POST /links", r#"{"link":{"latency":"50ms ± 10ms","loss":"1%"}}"#).await;
    assert_eq!(set, json!({"default": "40ms, jitter 20ms, loss 1%"}));
    let set = world.ask("POST /links", r#"{"from":"n1","to":"n2,n3","both":true,"link":"80ms"}"#).await;
    assert_eq!(set, json!({"links": 4}));
    let one_way = r#"{"from":"n1","to":"n4","both":false,"link":{"mtu":1500}}"#;
    assert_eq!(world.ask("POST /links", one_way).await, json!({"links": 1}));
    let both = world.ask("GET /links?from=n1&to=n4", "").await;
    let kept = "40ms, jitter 20ms, loss 1%";
    assert_eq!(both, json!({"there": format!("{kept}, mtu 1500"), "back": kept}));
    assert_eq!(world.ask("POST /regions", r#"{"nodes":["n1","n2"],"region":1}"#).await, json!({"nodes": 2}));
    world.ask("POST /regions", r#"{"nodes":"n3,n4","region":2}"#).await;
    let regions = world.ask("GET /regions", "").await;
    assert_eq!(regions, json!([{"region":1,"nodes":["n1","n2"]}, {"region":2,"nodes":["n3","n4"]}]));
    let far = r#"{"from":"region:1","to":"region:2","link":{"latency":"200ms"}}"#;
    assert_eq!(world.ask("POST /links", far).await, json!({"links": 2}));
    let links = world.ask("GET /links", "").await;
    assert_eq!(
        (links["pairs"].as_array().unwrap().len(), links["regions"].as_array().unwrap().len()),
        (5, 2)
    );
    assert_eq!(links["regions"][0]["from"], 1);
    let back = world.ask("POST /links", r#"{"from":"n*","to":"n*","link":null}"#).await;
    assert_eq!(back, json!({"links": 12}));
    assert_eq!(world.ask("POST /links", r#"{"link":null}"#).await, json!({"default": "1ms"}));
    let line = r#"{"nodes":["region:1"],"line":{"up":"10 Mbit/s","down":"50 Mbit/s"}}"#;
    assert_eq!(world.ask("POST /lines", line).await, json!({"nodes": 2}));
    let shown = world.ask("GET /lines", "").await;
    let lines: Vec<_> = shown.as_array().unwrap().iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!(lines, ["up 10 Mbit/s, down 50 Mbit/s"; 2]);
    world.ask("POST /lines", r#"{"nodes":"*","line":null}"#).await;
    assert_eq!(world.ask("GET /lines", "").await, json!([]));
    world
        .refuses(&[
            ("POST /links", r#"{"from":"n1","to":"n2"}"#, 400, "missing field `link`"),
            ("POST /links", r#"{"from":"n1","link":"5ms"}"#, 400, "from and to go together"),
            ("POST /links", r#"{"link":{}}"#, 400, "nothing is said of it"),
            ("POST /links", r#"{"link":{"bandwidth":"1 Mbit/s"}}"#, 400, "POST /lines"),
            ("POST /links", r#"{"link":{"loss":"101%"}}"#, 400, "it lies between 0% and 100%"),
            ("POST /links", r#"{"from":"n1","to":"n1","link":"5ms"}"#, 400, "no link to itself"),
            ("POST /links", r#"{"from":"n1","to":"n9","link":"5ms"}"#, 404, "node n9 does not exist"),
            ("POST /links", r#"{"from":"x*","to":"n1","link":"5ms"}"#, 404, "\"x*\" names no node"),
            ("POST /links", r#"{"from":"zone:1","to":"n1","link":"5ms"}"#, 404, "a pattern such as"),
            ("GET /links?from=n1", "", 400, "from and to go together"),
            ("POST /lines", r#"{"nodes":"n1","line":"sideways 1 Mbit/s"}"#, 400, "no \"sideways\""),
            ("POST /lines", r#"{"nodes":[],"line":null}"#, 404, "nothing was said"),
            ("POST /regions", r#"{"nodes":"n1","region":70000}"#, 400, "region"),
            ("POST /regions", r#"{"nodes":"region:9","region":1}"#, 404, "none of the nodes there are"),
        ])
        .await;
}

#[tokio::test]
async fn partitions_stand_until_they_are_healed_or_heal() {
    let world = nodes(3).await;
    let answer = world.post("/partitions", r#"{"a":["n1"]}"#).await;
    assert_eq!(answer.status, 201);
    let first = json!({"id": 1, "text": "1 node | everybody else", "a": ["n1"], "b": null, "one_way": false, "effect": "cut"});
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), first);
    let timed = r#"{"a":"n2","b":"n3","one_way":true,"delay":"100ms","loss":"5%","heal":"10s"}"#;
    let second = world.ask("POST /partitions", timed).await;
    assert_eq!(second["text"], "1 node → 1 node: 100ms later, 5% more lost");
    assert_eq!(world.ask("GET /partitions", "").await, json!([first, second]));
    world.handle.step(std::time::Duration::from_secs(10)).await.unwrap();
    assert_eq!(world.ask("GET /partitions", "").await, json!([first]), "the other has healed by itself");
    assert_eq!(world.request("DELETE /partitions/1", &[], "").await.status, 200);
    world.ask("POST /partitions", r#"{"a":"n1"}"#).await;
    world.ask("POST /partitions", r#"{"a":"n2"}"#).await;
    assert_eq!(world.ask("DELETE /partitions", "").await, json!([3, 4]));
    world
        .refuses(&[
            ("DELETE /partitions/1", "", 404, "there is no partition 1"),
            ("DELETE /partitions/x", "", 404, "there is no partition \"x\""),
            ("POST /partitions", "{}", 400, "missing field `a`"),
            ("POST /partitions", r#"{"a":"n1","b":"n*"}"#, 400, "is on both sides"),
            ("POST /partitions", r#"{"a":"n1","heal":"soon"}"#, 400, "partition: heal"),
            ("POST /partitions", r#"{"a":"n1","loss":5}"#, 400, "loss"),
        ])
        .await;
}

#[tokio::test]
async fn churn_goes_on_until_it_is_stopped() {
    let world = nodes(8).await;
    assert_eq!(world.ask("GET /churn", "").await, Value::Null);
    let churn = world.ask("POST /churn", r#"{"rate":2,"down":"exponential 1s","nodes":"n*","seed":3}"#).await;
    let asked = json!({"rate": "2/s", "down": "exponential 1s", "nodes": ["n*"], "crash": false, "seed": 3, "left": 0, "away": 0});
    assert_eq!(churn, asked);
    world.handle.advance(std::time::Duration::from_secs(30)).await.unwrap();
    let ended = world.request("DELETE /churn", &[], "").await;
    let left = serde_json::from_str::<Value>(&ended.body).unwrap()["left"].as_u64().unwrap();
    assert!((30..=90).contains(&left), "60 are to be expected, not {left}");
    assert!(world.client.network().await.unwrap().nodes.iter().all(|node| node.up), "all are back");
    world
        .refuses(&[
            ("DELETE /churn", "", 404, "no churn is going on"),
            ("POST /churn", "{}", 400, "missing field `rate`"),
            ("POST /churn", r#"{"rate":0}"#, 400, "it is above 0"),
            ("POST /churn", r#"{"rate":"often"}"#, 400, "it is written 10%/h"),
            ("POST /churn", r#"{"rate":"1/s","down":"a while"}"#, 400, "is no length of time"),
            ("POST /churn", r#"{"rate":"1/s","nodes":"x*"}"#, 404, "names no node"),
        ])
        .await;
}
