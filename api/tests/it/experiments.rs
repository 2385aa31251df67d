//! Scenarios over HTTP: checked, run, watched, stopped, reported, compared.

use super::harness::{SOON, World};
use api::{Scenarios, ServeConfig};
use serde_json::{Value, json};
use std::time::Duration;

const RING: &str = r#"
name = "ring"
question = "Do six nodes make a ring?"
seed = 7
duration = "5s"

[[nodes]]
name = "node"
count = 6
services = ["ping-pong"]

[topology]
kind = "ring"

[[expect]]
total = "connections"
equals = 6
"#;

async fn world() -> World {
    let shipped = vec![("ring".to_owned(), RING.to_owned())];
    let scenarios = Scenarios { shipped, directory: None };
    World::serve(ServeConfig { scenarios, ..ServeConfig::new("127.0.0.1:0".parse().unwrap()) }).await
}

impl World {
    async fn run(&self, id: u64) -> Value {
        serde_json::from_str(&self.get(&format!("/runs/{id}")).await.body).unwrap()
    }

    /// Waits for the end of a run.
    async fn ended(&self, id: u64) -> Value {
        let end = async {
            loop {
                let run = self.run(id).await;
                if run["state"] != "running" {
                    return run;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(SOON, end).await.expect("it ends")
    }
}

#[tokio::test]
async fn a_scenario_is_run_by_name_reported_and_compared() {
    let world = world().await;
    let known: Value = serde_json::from_str(&world.get("/scenarios").await.body).unwrap();
    assert_eq!(
        known,
        json!([{"name": "ring", "question": "Do six nodes make a ring?", "source": "shipped"}])
    );
    let text = world.get("/scenarios/ring").await;
    assert_eq!((text.header("content-type"), text.body.as_str()), (Some("application/toml"), RING));
    let started = world.post("/runs?scenario=ring", "").await;
    assert_eq!(started.status, 201, "{}", started.body);
    let first = world.ended(1).await;
    assert_eq!(
        (&first["state"], &first["seed"], &first["progress"]),
        (&json!("passed"), &json!(7), &json!(1.0))
    );
    assert_eq!(first["expectations"][0]["passed"], true);
    let wrong = RING.replace("equals = 6", "equals = 7");
    assert_eq!(world.post("/runs?seed=8", &wrong).await.status, 201);
    let second = world.ended(2).await;
    assert_eq!((&second["state"], &second["seed"]), (&json!("failed"), &json!(8)));
    assert_ne!(first["digest"], second["digest"]);
    assert_eq!(world.post("/runs?scenario=ring", "").await.status, 201);
    assert_eq!(world.ended(3).await["digest"], first["digest"], "a seed is a recording");
    let runs: Value = serde_json::from_str(&world.get("/runs").await.body).unwrap();
    let ids: Vec<u64> = runs.as_array().unwrap().iter().map(|run| run["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [3, 2, 1], "the newest first");
    for path in ["/runs/1/report", "/runs/1/compare/2"] {
        let page = world.get(path).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
        assert!(
            page.body.to_ascii_lowercase().starts_with("<!doctype html>") && page.body.contains("ring"),
            "{path}"
        );
    }
    let result: Value = serde_json::from_str(&world.get("/runs/1/result").await.body).unwrap();
    assert_eq!((&result["scenario"], &result["digest"]), (&json!("ring"), &first["digest"]));
    assert_eq!(world.request("DELETE /runs/2", &[], "").await.status, 200);
    for (line, status, words) in [
        ("GET /runs/2", 404, "there is no run 2"),
        ("GET /runs/x/report", 404, "there is no run \"x\""),
        ("GET /scenarios/star", 404, "there is no scenario \"star\": known are ring"),
        ("POST /runs?scenario=star", 404, "known are ring"),
        ("POST /runs?scenario=ring&pace=fast", 400, "\"fast\" is not a pace"),
        ("POST /runs?scenario=ring&seed=-1", 400, "seed: \"-1\" is no whole number"),
        ("POST /runs", 400, "scenario.toml:1:1"),
    ] {
        let answer = world.request(line, &[], "").await;
        assert_eq!(answer.refusal().0, status, "{line}: {}", answer.body);
        assert!(answer.body.contains(words), "{line}: {}", answer.body);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_scenario_is_told_with_its_place() {
    let world = world().await;
    let check = async |text: &str| -> Value {
        serde_json::from_str(&world.post("/scenarios", text).await.body).unwrap()
    };
    assert_eq!(check(RING).await, json!({"ok": true, "name": "ring", "nodes": 6, "seconds": 5.0}));
    let wrong = check(&RING.replace("seed = 7", "sede = 7")).await;
    let problem = &wrong["problem"];
    assert_eq!((&wrong["ok"], &problem["line"], &problem["column"]), (&json!(false), &json!(4), &json!(1)));
    assert!(problem["help"].as_str().unwrap().contains("seed"), "{problem}");
    assert_eq!(check("name = ").await["problem"]["line"], 1);
    let error = world.post("/runs", &RING.replace("seed = 7", "sede = 7")).await;
    assert!(error.refusal().1.starts_with("scenario.toml:4:1: "), "{}", error.body);
}

#[tokio::test]
async fn a_run_is_on_stage_paused_and_stopped() {
    let world = world().await;
    world.create("own").await;
    world.handle.set_pace(world::sim::Pace::Times(1.0)).await.unwrap();
    assert_eq!(world.post("/runs?scenario=ring&pace=0.01", "").await.status, 201);
    let on_stage = async {
        while world.client.nodes().await.map_or(0, |nodes| nodes.len()) != 6 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, on_stage).await.expect("its nodes are shown");
    let clock = world.handle.clock().await.unwrap();
    assert_eq!(clock.pace, world::sim::Pace::Paused, "the server's own network stands still");
    // Every other route is about the network on stage.
    assert_eq!(world.post("/clock", r#"{"paused":true}"#).await.status, 200);
    assert_eq!(world.run(1).await["state"], "running", "a pause does not end it");
    let second = world.post("/runs?scenario=ring", "").await;
    assert_eq!(second.refusal().0, 409);
    assert!(second.body.contains("run 1 is under way"), "{}", second.body);
    assert_eq!(world.get("/runs/1/report").await.refusal().0, 409);
    assert_eq!(world.request("DELETE /runs/1", &[], "").await.refusal().0, 409);
    let stopped = world.post("/runs/1/stop", "").await;
    let stopped: Value = serde_json::from_str(&stopped.body).unwrap();
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    assert!(stopped["error"].as_str().unwrap().starts_with("interrupted after "), "{stopped}");
    let nodes = world.client.nodes().await.unwrap();
    assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["own"]);
    assert_eq!(world.handle.clock().await.unwrap().pace, world::sim::Pace::Times(1.0), "it goes on");
}

#[tokio::test]
async fn the_end_of_the_server_is_a_run_s_end() {
    let mut world = world().await;
    assert_eq!(world.post("/runs?scenario=ring&pace=0.01", "").await.status, 201);
    world.stop().await;
    // What is left of it would keep the test's own network paused.
    assert_ne!(world.handle.clock().await.unwrap().pace, world::sim::Pace::Paused);
}
