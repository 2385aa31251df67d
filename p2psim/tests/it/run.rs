//! Scenarios, from the command line to the exit code.

use crate::support::{Bench, command, p2psim, signal, text_of};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/ping-pong.toml");

fn digest(args: &[&str]) -> String {
    let mut all = vec!["run"];
    all.extend(args);
    all.push("--json");
    p2psim(&all).expect(0).json()["digest"].as_str().unwrap().to_owned()
}

#[test]
fn the_shipped_scenario_holds() {
    let ran = p2psim(&["run", SHIPPED]).expect(0);
    for word in ["NODES        100\n", "CONNECTIONS  100\n", "DROPS        0\n", "ping-pong/1  0", "ok"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(!ran.out.contains("FAILED"));
    assert_eq!(ran.err, "", "no progress bar where there is no terminal");
}

#[test]
fn a_seed_is_a_recording() {
    let bench = Bench::new();
    let path = bench.scenario("");
    let first = digest(&[&path]);
    assert_eq!(first.len(), 32);
    assert_eq!(digest(&[&path]), first, "another process");
    assert_eq!(digest(&[&path, "--threads", "2"]), first, "more threads");
    assert_eq!(digest(&["--seed", "7", &path]), first, "the same seed, said twice");
    assert_ne!(digest(&[&path, "--seed", "8"]), first, "another seed");
}

#[test]
fn json_is_one_document_with_its_keys_in_order() {
    let bench = Bench::new();
    let ran =
        p2psim(&["run", &bench.scenario(""), "--json", "--seed", "3", "--fidelity", "message"]).expect(0);
    assert_eq!(ran.out.lines().count(), 1);
    let keys = [
        "format",
        "scenario",
        "seed",
        "fidelity",
        "digest",
        "passed",
        "simulated_seconds",
        "wall_seconds",
        "nodes",
        "connections",
        "drops",
        "messages",
        "expectations",
        "quantities",
        "command",
        "p2psim",
    ];
    let places: Vec<_> = keys.iter().map(|key| ran.out.find(&format!("\"{key}\":")).expect(key)).collect();
    assert!(places.is_sorted(), "{}", ran.out);
    let document = ran.json();
    assert_eq!(document.as_object().unwrap().len(), keys.len());
    assert_eq!((&document["scenario"], &document["seed"]), (&Value::from("small"), &Value::from(3)));
    assert_eq!((&document["nodes"], &document["connections"]), (&Value::from(6), &Value::from(6)));
    let simulated = document["simulated_seconds"].as_f64().unwrap();
    assert!((5.0..6.0).contains(&simulated), "the duration, and setting up: {simulated}");
    let pings = &document["messages"][0];
    assert_eq!((&pings["protocol"], &pings["code"]), (&Value::from("ping-pong"), &Value::from(0)));
    assert!(pings["sent"].as_u64().unwrap() >= 48);
    assert_eq!(
        pings["bytes"].as_u64().unwrap() % pings["sent"].as_u64().unwrap(),
        0,
        "all pings are of one size"
    );
    assert_eq!(document["expectations"][1]["name"], "answers came");
    assert_eq!(document["expectations"][1]["passed"], true);
}

#[test]
fn an_expectation_that_fails_is_exit_1_and_names_the_nodes() {
    let bench = Bench::new();
    let path = bench.scenario("[[expect]]\nname = \"three each\"\nevery_node = \"peers\"\nequals = 3\n");
    let ran = p2psim(&["run", &path]).expect(1);
    let line = ran.out.lines().find(|line| line.starts_with("FAILED")).unwrap_or_else(|| panic!("{ran:#?}"));
    assert!(
        line.contains("three each ") && line.contains(" 6 of 6 nodes missed it: node01 had 2, "),
        "{line}"
    );
    assert!(line.ends_with("and 1 more; wanted exactly 3"), "{line}");
    assert!(ran.err.contains(&format!("p2psim run {path} --seed 7")), "{}", ran.err);
    let document = p2psim(&["run", &path, "--json"]).expect(1).json();
    assert_eq!((&document["passed"], &document["expectations"][2]["passed"]), (&false.into(), &false.into()));
}

#[test]
fn a_protocol_that_nobody_speaks_is_shown_in_the_file() {
    let bench = Bench::new();
    let path = bench.scenario("[[expect]]\ntotal = \"sent\"\nprotocol = \"pingpong\"\nat_most = 0\n");
    let ran = p2psim(&["run", &path]).expect(4);
    assert!(ran.err.contains("small.toml:31:12"), "{}", ran.err);
    assert!(ran.err.contains("did you mean `ping-pong`?"), "{}", ran.err);
}

#[test]
fn out_holds_the_log_and_the_result() {
    let bench = Bench::new();
    let out = text_of(&bench.path("new/out"));
    let ran = p2psim(&["run", &bench.scenario(""), "--out", &out, "--json"]).expect(0);
    let result = std::fs::read_to_string(bench.path("new/out/result.json")).unwrap();
    assert_eq!(result, ran.out);
    let log = std::fs::read_to_string(bench.path("new/out/events.ndjson")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [header, records @ .., end] = &lines[..] else { panic!("{log}") };
    assert_eq!(header["seed"], 7);
    assert!(header["scenario"]["text"].as_str().unwrap().starts_with("name = \"small\""));
    assert_eq!(end["end"]["digest"], ran.json()["digest"]);
    let of = |kind: &str| records.iter().filter(|record| record["kind"] == kind).count();
    assert_eq!(of("up"), 6);
    assert_eq!(of("peer_added"), 12);
    assert_eq!(of("expectation"), 2);
    let messages: u64 = ran.json()["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["sent"].as_u64().unwrap() + row["received"].as_u64().unwrap())
        .sum();
    assert!(of("msg") as u64 >= messages, "{} records of messages, {messages} counted", of("msg"));
}

#[test]
fn verify_runs_it_again_elsewhere() {
    let bench = Bench::new();
    let ran = p2psim(&["run", &bench.scenario(""), "--verify", "--fidelity", "message"]).expect(0);
    assert!(ran.err.starts_with("verified: two runs, "), "{}", ran.err);
    let ran = p2psim(&["run", &bench.scenario(""), "--verify", "--threads", "2", "--json"]).expect(0);
    assert!(ran.err.contains("records each, are equal"), "{}", ran.err);
    assert_eq!(ran.json()["passed"], true);
}

#[test]
fn a_log_line_has_the_original_s_form_and_simulated_time() {
    let bench = Bench::new();
    let ran = p2psim(&["run", &bench.scenario(""), "--log", "trace"]).expect(0);
    let line = |word: &str| {
        ran.err.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{}", ran.err))
    };
    let added = line("Adding p2p peer");
    assert!(added.starts_with("TRACE[+0.") && added.contains(" peercount=1 url=enode://"), "{added}");
    let removed = line("Removing p2p peer");
    let keys = [" peercount=", " url=enode://", " duration=", " err=\"PeerError(code="];
    let places: Vec<_> =
        keys.iter().map(|key| removed.find(key).unwrap_or_else(|| panic!("{removed}"))).collect();
    assert!(places.is_sorted(), "{removed}");
}

#[test]
fn ctrl_c_is_exit_130_and_leaves_a_log_that_can_be_read() {
    let bench = Bench::new();
    let path = bench.file(
        "long.toml",
        "name = \"long\"\nduration = \"90 years\"\n[[nodes]]\nname = \"n\"\ncount = 3\nservices = [\"ping-pong\"]\n\
         [topology]\nkind = \"ring\"\n",
    );
    let out = text_of(&bench.path("out"));
    let mut child = command(&["run", &path, "--log", "trace", "--fidelity", "message", "--out", &out])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Once peers are logged, it runs.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Adding p2p peer") {
        line.clear();
        assert_ne!(err.read_line(&mut line).unwrap(), 0, "it ended by itself");
    }
    signal(&child, "INT");
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    let last = rest.lines().last().unwrap();
    assert!(last.starts_with("p2psim: interrupted after ") && last.contains(&out), "{last}");
    let log = std::fs::read_to_string(bench.path("out/events.ndjson")).unwrap();
    assert!(log.ends_with('\n'));
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_does_not_fit_into_memory_is_not_begun_and_says_what_it_would_need() {
    let bench = Bench::new();
    let refused = p2psim(&["run", &bench.scenario(""), "--memory", "1MiB"]);
    let refused = refused.expect(1);
    assert!(refused.err.contains("would need about"), "{}", refused.err);
    assert!(refused.err.contains("of 1.0 MiB"), "{}", refused.err);
    let text = "name = \"all\"\nduration = \"1s\"\n[[nodes]]\nname = \"node\"\ncount = 1000000\n\
                services = [\"ping-pong\"]\n[topology]\nkind = \"full\"\n";
    let refused = p2psim(&["run", &bench.file("all.toml", text)]).expect(1);
    assert!(refused.err.contains("1000000 nodes and 499999500000 connections"), "{}", refused.err);
    p2psim(&["run", &bench.scenario(""), "--memory", "16GiB"]).expect(0);
    let rubbish = p2psim(&["run", &bench.scenario(""), "--memory", "much"]).expect(2);
    assert!(rubbish.err.contains("no amount of memory"), "{}", rubbish.err);
}

#[test]
fn links_without_latency_run_on_one_thread_which_is_said() {
    let set = ["--set", "link.latency=0s"];
    let one = p2psim(&[&["run", SHIPPED][..], &set].concat()).expect(0);
    assert_eq!(one.err, "");
    let two = p2psim(&[&["run", SHIPPED, "--threads", "2"][..], &set].concat()).expect(0);
    assert!(two.err.contains("links without latency"), "{}", two.err);
    assert!(two.out.contains("on 1 thread\n"), "{}", two.out);
}
