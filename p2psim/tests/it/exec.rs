//! Nodes that are processes: the same commands, in real time.

use crate::support::{Bench, Server, p2psim};

#[test]
fn a_scenario_runs_over_processes_and_has_no_digest() {
    let bench = Bench::new();
    let path = bench.file(
        "short.toml",
        r#"
name = "short"
duration = "1s"
[[nodes]]
name = "n"
count = 3
services = ["ping-pong"]
[nodes.settings.ping-pong]
interval = "200ms"
[topology]
kind = "ring"
[[expect]]
total = "connections"
equals = 3
[[expect]]
total = "drops"
equals = 0
"#,
    );
    let ran = p2psim(&["run", &path, "--adapter", "exec"]).expect(0);
    assert!(ran.out.contains("DIGEST       none\n") && ran.out.contains("CONNECTIONS  3\n"), "{}", ran.out);
    let refused = p2psim(&["run", &path, "--adapter", "exec", "--verify"]).expect(2);
    assert!(refused.err.contains("--verify needs simulated time"), "{}", refused.err);
}

#[test]
fn a_server_drives_processes() {
    let server = Server::start(&["--adapter", "exec"]);
    for node in ["a", "b"] {
        server.run(&["node", "create", "--name", node]).expect(0);
        server.run(&["node", "start", node]).expect(0);
    }
    server.run(&["node", "connect", "a", "b"]).expect(0);
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  2\nCONNS  1\n");
    let peers = server.run(&["node", "rpc", "a", "admin_peers"]).expect(0).json();
    assert_eq!(peers.as_array().map(Vec::len), Some(1), "{peers}");
    assert_eq!(server.stop(), "digest none\n");
    let refused = p2psim(&["serve", "--adapter", "exec", "--pace", "20"]).expect(2);
    assert!(refused.err.contains("--pace needs simulated time"), "{}", refused.err);
}

#[test]
fn a_server_has_nodes_of_both_kinds_if_it_is_told_to() {
    let server = Server::start(&["--adapter", "mixed"]);
    for (node, adapter) in [("a", "sim"), ("b", "exec"), ("c", "exec")] {
        server.run(&["node", "create", "--name", node, "--adapter", adapter]).expect(0);
    }
    server.run(&["network", "start"]).expect(0);
    server.run(&["node", "connect", "b", "c"]).expect(0);
    let refused = server.run(&["node", "connect", "a", "b"]).expect(1);
    assert!(
        refused.err.contains("nodes in memory connect to nodes in memory, processes to processes"),
        "{refused:?}"
    );
    let snapshot = server.run(&["snapshot"]).expect(0).json();
    assert_eq!(snapshot["nodes"][1]["node"]["config"]["adapter"], "exec");
    assert_eq!(server.stop(), "digest none\n");
    let server = Server::start(&[]);
    let refused = server.run(&["node", "create", "--adapter", "exec"]).expect(1);
    assert!(refused.err.contains("unknown node adapter \"exec\""), "{refused:?}");
}
