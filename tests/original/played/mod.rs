//! Our client and our command against the original's server, which `server` plays from the recordings: null lists, mockers
//! in any order, errors as text, 200 before anything has happened, what is current told twice, and no sign of life in
//! between. And what it does not know of the newer routes is said so.

mod server;

use api::{Client, ClientError, ClientEvent, dto};
use serde_json::{Value, json};

use crate::recorded::{CURRENT, LIVES, values};
use crate::subject::{Ran, Subject};
use server::Played;

const ID: &str = "c0a6c424ac7157ae408398df7e5f4552091a69125d5dfcb7b8c2659029395bdf";

fn run(played: &Played, args: &[&str]) -> Ran {
    Subject::of_others(&played.address).run(args)
}

#[test]
fn our_command_works_with_it() {
    let played = Played::start();
    let out = |args: &[&str]| run(&played, args).expect(0).out;
    assert_eq!(out(&["show"]), "NODES  2\nCONNS  1\n");
    let listed = out(&["node", "list"]);
    // Nodes that are down have null for their protocols, and a record for their URL.
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains(&format!("node01             {ID}\n")), "{listed}");
    let shown = out(&["node", "show", "node01"]);
    assert!(shown.contains("\n--- PROTOCOL INFO: ping-pong\nmap[received:0]\n---\n"), "{shown}");
    assert_eq!(out(&["node", "create", "--name", "node01"]), "Created node01\n");
    assert_eq!(out(&["node", "start", "node01"]), "Started node01\n");
    assert_eq!(out(&["node", "connect", "node01", "node02"]), "Connected node01 to node02\n");
    assert_eq!(out(&["node", "disconnect", "node01", "node02"]), "Disconnected node01 from node02\n");
    assert_eq!(out(&["node", "stop", "node01"]), "Stopped node01\n");
    for (args, said) in [
        (["network", "start"], "Started all nodes\n"),
        (["network", "stop"], "Stopped all nodes\n"),
        (["network", "reset"], "Reset the network\n"),
        (["mocker", "stop"], "Stopped the mocker\n"),
    ] {
        assert_eq!(out(&args), said);
    }
    assert_eq!(out(&["mocker", "list"]), "startStop\nprobabilistic\nboot\n");
    assert_eq!(out(&["mocker", "start", "boot", "--nodes", "3"]), "Started mocker boot with 3 nodes\n");
    let rpc = out(&["node", "rpc", "node01", "rpc_modules"]);
    assert_eq!(serde_json::from_str::<Value>(&rpc).unwrap()["debug"], "1.0");
}

#[test]
fn our_command_follows_its_events_and_its_peers() {
    let played = Played::start();
    let lines = |args: &[&str]| -> Vec<Value> {
        let ran = run(&played, args);
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = lines(&["events", "--current", "--filter", "ping-pong:*"]);
    // What is current, the live events that came with it again, and then the stream ends.
    assert_eq!(told.len(), values(CURRENT).len() + values(LIVES).len());
    for (event, line) in told.iter().zip(values(CURRENT).into_iter().chain(values(LIVES))) {
        let recorded: Value = serde_json::from_str(line).unwrap();
        for field in ["type", "time", "control", "conn", "data"] {
            assert_eq!(event[field], recorded[field], "{event}");
        }
        assert_eq!(event["node"]["config"]["name"], recorded["node"]["config"]["name"], "{event}");
    }
    let pushed = lines(&["node", "rpc", "node01", "admin_peerEvents", "--subscribe"]);
    assert_eq!(
        (pushed.len(), &pushed[0]["type"], &pushed[0]["error"]),
        (1, &json!("drop"), &json!("disconnect requested"))
    );
}

#[test]
fn our_command_carries_a_snapshot_from_it_to_ours_and_back() {
    let played = Played::start();
    let taken = run(&played, &["snapshot"]).expect(0).out;
    let ours = Subject::ours(&["--pace", "max"]);
    ours.run_reading(&["load"], &taken).expect(0);
    let network = ours.network();
    assert_eq!(network["nodes"][0]["config"]["id"], ID);
    assert_eq!(network["conns"][0]["up"], true);
    let back = ours.run(&["snapshot"]).expect(0).out;
    Subject::of_others(&played.address).run_reading(&["load"], &back).expect(0);
    let heard: Value = serde_json::from_str(&played.last_body()).unwrap();
    // Both names of the services, keys and all: either generation can load it.
    let config = &heard["nodes"][0]["node"]["config"];
    assert_eq!((&config["services"], &config["lifecycles"]), (&json!(["ping-pong"]), &json!(["ping-pong"])));
    assert_eq!(config["private_key"].as_str().unwrap().len(), 64);
}

#[test]
fn our_command_says_what_it_does_not_know() {
    let played = Played::start();
    let err = |args: &[&str]| {
        let ran = run(&played, args).expect(1);
        assert_eq!(ran.err.lines().count(), 1, "{ran:#?}");
        ran.err
    };
    let unknown = err(&["topology", "ring"]);
    assert!(unknown.contains("this server does not know POST /topology"), "{unknown}");
    // The path is there, but for other verbs.
    let unknown = err(&["node", "delete", "node01"]);
    assert!(unknown.contains("this server does not know DELETE /nodes/node01"), "{unknown}");
    for args in [["node", "show", "nosuch"], ["node", "start", "nosuch"]] {
        assert!(err(&args).contains("node nosuch does not exist"), "{args:?}");
    }
    let nobody = err(&["node", "rpc", "nosuch", "admin_peers"]);
    assert!(nobody.contains("node nosuch does not exist"), "{nobody}");
    let refused = err(&["node", "create", "--name", "again", "--services", "nope"]);
    assert!(refused.contains("unknown node service \"nope\""), "{refused}");
    let refused = err(&["events", "--filter", "foo"]);
    assert!(refused.contains("invalid message filter: foo"), "{refused}");
}

#[test]
fn our_client_library_reads_all_that_it_says() {
    let played = Played::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(&format!("http://{}", played.address)).unwrap();
        let nodes = client.nodes().await.unwrap();
        assert!(nodes.iter().all(|node| node.enode.starts_with("enr:") && node.protocols.is_empty()));
        let network = client.network().await.unwrap();
        let key = network.nodes[0].config.as_ref().unwrap().private_key.as_ref().unwrap();
        assert_eq!(key.id().to_string(), ID);
        assert!(network.nodes.iter().all(|node| node.up) && network.conns[0].up);
        let mut events = client.events("ping-pong:*", true).await.unwrap();
        let mut count = 0;
        while let Some(event) = events.next().await {
            assert!(matches!(event, Ok(ClientEvent::Event(_))), "{event:?}");
            count += 1;
        }
        assert_eq!(count, values(CURRENT).len() + values(LIVES).len());
        // An answer of 200 says no more than that it was asked for.
        assert_eq!(client.connect("node01", "node02", true).await.unwrap().id.to_string(), ID);
        let condition = dto::Condition { nodes: Some(1), ..Default::default() };
        let unknown = client.wait(&condition).await.unwrap_err();
        assert_eq!(unknown, ClientError::UnknownRoute("POST /wait".into()));
        let mut line = client.rpc("node01").await.unwrap();
        let wrong = line.call("admin_addPeer", vec![json!("bogus")]).await.unwrap_err();
        let ClientError::Rpc(error) = wrong else { panic!("{wrong}") };
        assert_eq!(error.code, -32000);
        assert_eq!(line.call("admin_peers", vec![]).await.unwrap()[0]["caps"], json!(["ping-pong/1"]));
    });
}
