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
