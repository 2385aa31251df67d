//! Scenarios checked, changed from outside, and run many times.

use crate::support::{Bench, command, p2psim, signal, text_of};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

const GOSSIP: &str = r#"name = "few"
duration = "5s"

[parameters]
latency = 20

[network]
fidelity = "message"

[[nodes]]
name = "node"
count = 8
services = ["gossip"]

[topology]
kind = "random-regular"
degree = 3

[link]
latency = "{latency}ms"

[[workload]]
call = "gossip_publish"
every = "1s"
before = "4s"

[[expect]]
quantity = "gossip/arrival"
of = "max"
at_most = "150ms"
"#;

#[test]
fn a_value_set_from_outside_is_the_one_that_counts() {
    let bench = Bench::new();
    let path = bench.file("few.toml", GOSSIP);
    let nodes = |args: &[&str]| {
        let all: Vec<&str> = ["run", &path, "--json"].iter().chain(args).copied().collect();
        p2psim(&all).expect(0).json()["nodes"].clone()
    };
    assert_eq!(nodes(&[]), 8);
    assert_eq!(nodes(&["--set", "groups.node.count=12", "--set", "seed=5"]), 12);
    let ran = p2psim(&["run", &path, "--set", "latency=60"]).expect(1);
    assert!(ran.err.contains(&format!("p2psim run {path} --seed 0 --set 'latency=60'")), "{}", ran.err);
    for (set, code, words) in [
        ("latncy=5", 2, "cannot set latncy: there is no parameter `latncy` (did you mean `latency`?)"),
        ("nodes.nod.count=5", 2, "`nodes` has no \"nod\" (did you mean `node`?)"),
        ("latency", 2, "it is written path=value"),
        ("nodes.node.count=-1", 4, "few.toml (as changed by --set):12:9"),
    ] {
        let ran = p2psim(&["run", &path, "--set", set]).expect(code);
        assert!(ran.err.contains(words), "{set}: {}", ran.err);
    }
    p2psim(&["run", &path, "--set", "latency=5", "--verify"]).expect(0);
}

#[test]
fn check_says_what_there_is_or_where_it_is_wrong() {
    let bench = Bench::new();
    let good = bench.file("good.toml", GOSSIP);
    let bad = bench.file("bad.toml", &GOSSIP.replace("ms\"\n\n[[work", "parsecs\"\n\n[[work"));
    let ran = p2psim(&["scenario", "check", &good]).expect(0);
    assert_eq!(ran.out, format!("{good}: good: 8 nodes, 1 group, 1 workload, 1 expectation, 1 parameter\n"));
    let ran = p2psim(&["scenario", "check", &bad, &good]).expect(4);
    assert!(ran.err.contains("bad.toml:20:11") && ran.err.contains("parsecs"), "{}", ran.err);
    assert!(ran.out.contains("good.toml: good"), "the next one is checked all the same");
    assert!(
        p2psim(&["scenario", "check", "/nowhere.toml"]).expect(4).err.contains("cannot read /nowhere.toml")
    );
    let schema = p2psim(&["scenario", "schema"]).expect(0).json();
    assert_eq!(schema["properties"]["nodes"]["items"]["properties"]["count"]["anyOf"][0]["type"], "integer");
}

#[test]
fn a_sweep_is_one_table() {
    let bench = Bench::new();
    let path = bench.file("few.toml", GOSSIP);
    let out = text_of(&bench.path("out"));
    let vary = ["run", &path, "--vary", "latency=20..60:20", "--seeds", "3", "--jobs", "2", "--out", &out];
    let ran = p2psim(&vary).expect(1);
    let head: Vec<&str> = ran.out.lines().take(6).collect();
    assert_eq!(head[0], "few: 9 runs");
    assert_eq!(head[2], "LATENCY  PASSED  MISSED");
    assert!(head[3].starts_with("20       3 of 3"), "{}", ran.out);
    assert!(head[5].starts_with("60       0 of 3  gossip/arrival max: at most 0.15 (3)"), "{}", ran.out);
    assert!(ran.out.contains("\ngossip/arrival max, s\nLATENCY  MEAN"), "{}", ran.out);
    assert!(ran.err.contains("to see one that failed: p2psim run "), "{}", ran.err);
    assert!(
        ran.err.contains("--set 'latency=60' --seed 1") || ran.err.contains("--set 'latency=40' --seed ")
    );

    let sweep: Value =
        serde_json::from_str(&std::fs::read_to_string(bench.path("out/sweep.json")).unwrap()).unwrap();
    assert_eq!(sweep["points"].as_array().unwrap().len(), 3);
    let mean =
        |point: usize| sweep["points"][point]["quantities"]["gossip/arrival p50"]["mean"].as_f64().unwrap();
    assert!(mean(0) < mean(1) && mean(1) < mean(2), "what is farther takes longer");
    let runs = sweep["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 9);
    assert_eq!((&runs[4]["seed"], &runs[4]["values"]["latency"]), (&Value::from(2), &Value::from("40")));
    let alone = p2psim(&["run", &path, "--set", "latency=40", "--seed", "2", "--json"]);
    assert_eq!(alone.json()["digest"], runs[4]["digest"], "each of them is the run it would be alone");
    let svg = std::fs::read_to_string(bench.path("out/sweep.svg")).unwrap();
    assert!(
        svg.starts_with("<svg ") && svg.contains("gossip/arrival max") && svg.contains("95 % confidence"),
        "{svg}"
    );
    let csv = std::fs::read_to_string(bench.path("out/sweep.csv")).unwrap();
    assert!(
        csv.starts_with("latency,quantity,unit,runs,mean,margin95,median,min,max,passed\r\n20,"),
        "{csv}"
    );
}

#[test]
fn many_seeds_are_verified_in_other_processes() {
    let bench = Bench::new();
    let path = bench.file("few.toml", GOSSIP);
    let ran =
        p2psim(&["run", &path, "--seeds", "4..6", "--verify", "--quantity", "gossip/hops:max", "--json"])
            .expect(0);
    let runs = ran.json()["runs"].as_array().unwrap().clone();
    assert!(runs.iter().all(|run| run["verified"] == true) && runs.len() == 3, "{runs:#?}");
}

#[test]
fn ctrl_c_keeps_what_is_done() {
    let bench = Bench::new();
    let path = bench.file("few.toml", GOSSIP);
    let out = text_of(&bench.path("out"));
    let mut child = command(&["run", &path, "--seeds", "10000", "--log", "trace", "--out", &out, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Ten thousand runs take minutes; once a node has seen its network end, one is done.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Removing p2p peer") {
        line.clear();
        assert_ne!(err.read_line(&mut line).unwrap(), 0, "it ended by itself");
    }
    signal(&child, "INT");
    let rest = std::thread::spawn(move || err.lines().map(Result::unwrap).last());
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let last = rest.join().unwrap().unwrap();
    assert!(last.starts_with("p2psim: interrupted after ") && last.ends_with(" of 10000 runs"), "{last}");
    let sweep: Value = serde_json::from_str(&said).unwrap();
    let done = sweep["runs"].as_array().unwrap().len();
    assert!((1..10_000).contains(&done), "{done}");
    assert_eq!(std::fs::read_to_string(bench.path("out/sweep.json")).unwrap(), said);
}

#[test]
fn sweeps_that_make_no_sense_are_refused_before_they_run() {
    let bench = Bench::new();
    let path = bench.file("few.toml", GOSSIP);
    for (args, code, words) in [
        (&["--vary", "latency"][..], 2, "it is written"),
        (&["--vary", "latency=5,5"], 2, "5 is there twice"),
        (&["--vary", "latncy=1,2"], 2, "did you mean `latency`?"),
        (&["--vary", "latency=1,2", "--vary", "latency=3"], 2, "latency is varied twice"),
        (&["--vary", "nodes.node.count=8,-1"], 4, "a whole number from 0"),
        (&["--seeds", "0"], 2, "0 seeds are none"),
        (&["--seeds", "3", "--seed", "1"], 2, "cannot be used with"),
        (
            &["--seeds", "2", "--quantity", "gossip/arival"],
            2,
            "nobody measured gossip/arival mean; there are",
        ),
        (&["--seeds", "2", "--adapter", "exec"], 2, "need simulated time"),
    ] {
        let all: Vec<&str> = ["run", &path].iter().chain(args).copied().collect();
        let ran = p2psim(&all).expect(code);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

#[test]
fn shipped_scenarios_run_by_their_name_from_anywhere() {
    let list = p2psim(&["scenario", "list"]).expect(0).out;
    for name in ["churn", "eclipse", "flash-crowd", "gossip", "partition", "ping-pong", "slow-region"] {
        assert!(
            list.lines().any(|line| line.starts_with(&format!("{name} ")) && line.ends_with('?')),
            "{list}"
        );
    }
    let few = ["--set", "nodes.honest.count=12", "--set", "attackers=2", "--set", "duration=8s"];
    let late = ["--set", "workload.0.before=5s", "--set", "timeline.2.at=6s", "--set", "timeline.3.at=7s"];
    let all: Vec<&str> = ["run", "eclipse"].iter().chain(&few).chain(&late).copied().collect();
    // What its expectations say of later is beyond that time, and shown in the text as it was changed.
    assert!(p2psim(&all).expect(4).err.contains("eclipse (as changed by --set)"));
    assert!(p2psim(&["run", "eclipze"]).expect(4).err.contains("one of those shipped: churn, eclipse"));
}

#[test]
fn the_shipped_scenarios_make_sense() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| text_of(&entry.unwrap().path()));
    let files: Vec<String> = files.filter(|path| path.ends_with(".toml")).collect();
    let mut all = vec!["scenario", "check"];
    all.extend(files.iter().map(String::as_str));
    assert_eq!(p2psim(&all).expect(0).out.lines().count(), files.len());
    assert!(files.len() >= 7);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("#:schema schema.json\n"), "{file}: editors are told the schema");
    }
}
