//! Time, links, partitions and churn from the command line, and the demo that shows them.

use crate::support::{Bench, Server, p2psim, text_of};

fn nodes(server: &Server, count: usize) {
    server.run(&["node", "create", "--count", &count.to_string(), "--services", "noop"]).expect(0);
    server.run(&["network", "start"]).expect(0);
}

#[test]
fn the_clock_is_shown_paced_paused_and_stepped() {
    let server = Server::start(&["--pace", "paused"]);
    assert_eq!(server.run(&["clock"]).expect(0).out, "0ns, paused\n");
    nodes(&server, 2);
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  2\nCONNS  0\nCLOCK  0ns, paused\n");
    let late = server.run(&["node", "connect", "node01", "node02"]).expect(1);
    assert!(late.err.contains("clock is paused"), "{late:#?}");
    assert_eq!(server.run(&["clock", "step", "1.5s"]).expect(0).out, "1.5s, paused\n");
    assert_eq!(server.run(&["clock", "pace", "max"]).expect(0).out, "1.5s, pace max\n");
    assert_eq!(server.run(&["topology", "ring"]).expect(0).out, "Built ring: 1 connections\n");
    let met =
        server.run(&["clock", "until", "--nodes", "2", "--conns", "1", "--within", "10s"]).expect(0).out;
    assert!(met.starts_with("1.5") && met.ends_with("s, pace max\n"), "{met}");
    assert_eq!(server.run(&["clock", "until", "1m30s"]).expect(0).out, "90s, pace max\n");
    assert_eq!(server.run(&["clock", "pause"]).expect(0).out, "90s, paused\n");
    assert!(server.run(&["clock", "step"]).expect(0).out.starts_with('9'), "the next event is soon");
    assert!(server.run(&["clock", "resume"]).expect(0).out.ends_with("s, pace max\n"));
    let json = server.run(&["clock", "--json"]).expect(0).json();
    assert_eq!((&json["pace"], &json["virtual"]), (&"max".into(), &true.into()));
    for (args, code, words) in [
        (&["clock", "pace", "fast"][..], 1, "\"fast\" is not a pace"),
        (&["clock", "step", "soon"], 1, "\"soon\" is no length of time"),
        (&["clock", "until", "1s"], 1, "it is "),
        (&["clock", "until", "--nodes", "9", "--within", "1s"], 5, "9 nodes up did not happen within 1s"),
        (&["clock", "until"], 2, "required"),
        (&["clock", "step", "1s", "--events", "1"], 2, "cannot be used with"),
    ] {
        let refused = server.run(args).expect(code);
        assert!(refused.err.contains(words), "{args:?}: {refused:#?}");
    }
}

#[test]
fn links_partitions_and_churn_and_a_session_of_them_replays() {
    let bench = Bench::new();
    let journal = text_of(&bench.path("session"));
    let server = Server::start(&["--pace", "max", "--record", &journal]);
    let says = |args: &[&str], out: &str| assert_eq!(server.run(args).expect(0).out, out, "{args:?}");
    nodes(&server, 4);
    says(
        &["link", "set", "--default", "--latency", "20ms +- 5ms"],
        "Links are 15ms, jitter 10ms where nothing else is set\n",
    );
    says(&["link", "set", "node01", "node02", "--loss", "1%", "--one-way"], "Set 1 links\n");
    says(
        &["link", "show", "node01", "node02"],
        "THERE  15ms, jitter 10ms, loss 1%\nBACK   15ms, jitter 10ms\n",
    );
    says(&["region", "set", "node01,node02", "1"], "Put 2 nodes into region 1\n");
    says(&["region", "set", "node03", "2"], "Put 1 node into region 2\n");
    says(&["region", "list"], "REGION  NODES\n1       2\n2       1\n");
    says(&["link", "set", "region:1", "region:2", "--latency", "90ms"], "Set 2 links\n");
    says(
        &["link", "list"],
        "FROM      TO        LINK\n\
         node01    node02    15ms, jitter 10ms, loss 1%\n\
         region:1  region:2  90ms, jitter 10ms\n\
         region:2  region:1  90ms, jitter 10ms\n\
         (others)  (others)  15ms, jitter 10ms\n",
    );
    says(&["link", "set", "node01", "node02", "--reset"], "Set 2 links\n");
    says(&["line", "set", "node0*", "--up", "10 Mbit/s"], "Set the lines of 4 nodes\n");
    says(&["line", "set", "node02,node03,node04", "--reset"], "Set the lines of 3 nodes\n");
    says(&["line", "list"], "NODE    LINE\nnode01  up 10 Mbit/s, down unlimited\n");
    says(&["topology", "full"], "Built full: 6 connections\n");
    says(&["partition", "region:1"], "Partition 1: 2 nodes | everybody else\n");
    says(
        &["partition", "node03", "node04", "--one-way", "--delay", "1s"],
        "Partition 2: 1 node → 1 node: 1s later, 0% more lost\n",
    );
    says(
        &["partition", "list"],
        "ID  PARTITION\n1   2 nodes | everybody else\n2   1 node → 1 node: 1s later, 0% more lost\n",
    );
    says(
        &["churn", "start", "--rate", "1/s", "--down", "exponential 2s"],
        "Churn is on: 1/s, down for exponential 2s\n",
    );
    server.run(&["clock", "step", "20s"]).expect(0);
    let shown = server.run(&["show"]).expect(0).out;
    for line in ["LINKS      2 set", "PARTITION  1: 2 nodes | everybody else", "CHURN      1/s, "] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(
        server
            .run(&["churn", "show"])
            .expect(0)
            .out
            .starts_with("RATE   1/s\nDOWN   exponential 2s\nNODES  any\n")
    );
    assert!(server.run(&["churn", "stop"]).expect(0).out.starts_with("Churn is off: "));
    says(&["churn", "show"], "No churn goes on\n");
    says(&["heal", "2"], "Healed 2\n");
    says(&["heal"], "Healed 1\n");
    says(&["heal"], "There was nothing to heal\n");
    for (args, code, words) in [
        (&["heal", "7"][..], 1, "there is no partition 7"),
        (&["link", "set", "node01"], 2, "required"),
        (&["link", "set", "--default"], 2, "nothing is said of the link"),
        (&["link", "set", "--default", "--latency", "fast"], 1, "is no length of time"),
        (&["partition"], 2, "required"),
        (&["partition", "light*"], 1, "\"light*\" names no node"),
        (&["churn", "start", "--rate", "10%"], 1, "it is written 10%/h"),
        (&["churn", "stop"], 1, "no churn is going on"),
        (&["region", "set", "node01", "north"], 2, "\"north\" is no region"),
        (&["line", "set", "node01"], 2, "required"),
    ] {
        let refused = server.run(args).expect(code);
        assert!(refused.err.contains(words), "{args:?}: {refused:#?}");
    }
    let digest = server.stop().lines().next().unwrap().to_owned();
    let again = p2psim(&["run", "--journal", &journal]).expect(0).out;
    assert!(again.contains(&digest.replace("digest ", "DIGEST       ")), "{digest}: {again}");
}

#[test]
fn a_scenario_is_run_on_a_page_and_its_report_is_told() {
    let bench = Bench::new();
    let file = bench.scenario("");
    let mut server = Server::watch(&file);
    assert_eq!(server.line(), "small runs at pace 1. Its page:");
    assert_eq!(server.line(), format!("{}/", server.url));
    server.run(&["clock", "pace", "max"]).expect(0);
    assert_eq!(server.line(), "run 1 passed; its report:");
    let report = server.line();
    assert_eq!(report, format!("{}/runs/1/report", server.url));
    server.stop();
    let wrong = p2psim(&["run", "--open", &bench.file("wrong.toml", "name = 5")]).expect(4);
    assert!(wrong.err.contains("bad scenario file"), "{wrong:#?}");
    let other = p2psim(&["run", "--open", &bench.file("scenario", "")]).expect(4);
    assert!(!other.err.is_empty(), "{other:#?}");
}

#[test]
fn a_demo_is_up_and_served_and_opens_no_browser_in_a_pipe() {
    let mut server = Server::demo(&["--nodes", "30", "--degree", "4", "--pace", "paused"]);
    let up = server.line();
    assert!(up.starts_with("30 nodes and 60 connections are up after "), "{up}");
    assert_eq!(server.line(), format!("{}/", server.url), "the page stands on a line of its own");
    let shown = server.run(&["show"]).expect(0).out;
    assert!(shown.starts_with("NODES  30\nCONNS  60\n"), "{shown}");
    let regions = server.run(&["region", "list", "--json"]).expect(0).json();
    assert!(regions.as_array().unwrap().len() >= 3, "{regions}");
    let europe = server.run(&["partition", "group:europe"]).expect(0).out;
    assert!(europe.starts_with("Partition 1: "), "{europe}");
    let item = server.run(&["node", "rpc", "eu001", "gossip_publish"]).expect(0).out;
    assert!(item.trim().parse::<u64>().is_ok(), "{item}");
    server.stop();
    let odd = p2psim(&["demo", "--nodes", "5", "--degree", "9", "--listen", "127.0.0.1:0"]).expect(2);
    assert!(odd.err.contains("a degree of 9 needs more than 9 nodes"), "{odd:#?}");
}
