//! Nodes that are processes: the same commands, in real time.

use crate::support::{Bench, Server, command, p2psim};
use std::path::Path;
use std::process::Stdio;
use std::thread::park_timeout;
use std::time::Duration;

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

/// The processes whose temporary files are in `place`: a server's, its nodes', its clients'.
fn processes(place: &Path) -> Vec<String> {
    let marked = format!("TMPDIR={}", place.display());
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == marked.as_bytes())
    })
    .map(|entry| entry.file_name().to_string_lossy().into_owned())
    .collect()
}

/// Waits until none of them is left.
fn all_gone(place: &Path) {
    for _ in 0..6_000 {
        if processes(place).is_empty() {
            return;
        }
        park_timeout(Duration::from_millis(10));
    }
    panic!("still there after a minute: {:?}", processes(place));
}

fn left(place: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(place).unwrap().flatten().map(|entry| entry.path()).collect()
}

#[test]
fn nothing_is_left_of_a_server_that_ends_or_is_killed() {
    let place = tempfile::tempdir().unwrap();
    for killed in [false, true] {
        let server = Server::start_in(place.path(), &["--adapter", "exec"]);
        server.run(&["node", "create", "--count", "3"]).expect(0);
        server.run(&["network", "start"]).expect(0);
        server.run(&["topology", "ring"]).expect(0);
        assert_eq!(processes(place.path()).len(), 4, "a server and its nodes");
        assert_eq!(left(place.path()).len(), 1);
        if killed {
            server.kill();
        } else {
            server.stop();
        }
        all_gone(place.path());
        assert_eq!(left(place.path()), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_server_may_be_killed_at_any_moment_of_its_nodes_start() {
    let place = tempfile::tempdir().unwrap();
    for after in [0, 3, 6, 12, 25, 50, 100, 200] {
        let server = Server::start_in(place.path(), &["--adapter", "exec"]);
        server.run(&["node", "create", "--count", "8"]).expect(0);
        let mut client = command(&["network", "start", "--api", &server.url])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        park_timeout(Duration::from_millis(after));
        server.kill();
        client.wait().unwrap();
        all_gone(place.path());
    }
    // If none of them had a node that could clean up, the next one does.
    Server::start_in(place.path(), &["--adapter", "exec"]).stop();
    assert_eq!(left(place.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_process_logs_where_and_as_much_as_it_is_told() {
    let bench = Bench::new();
    let server = Server::start(&["--adapter", "exec"]);
    for (node, level) in [("loud", "trace"), ("quiet", "error")] {
        let log = crate::support::text_of(&bench.path(node));
        server.run(&["node", "create", "--name", node, "--log-file", &log, "--log-level", level]).expect(0);
    }
    server.run(&["network", "start"]).expect(0);
    server.run(&["node", "connect", "loud", "quiet"]).expect(0);
    server.stop();
    let read = |node: &str| std::fs::read_to_string(bench.path(node)).unwrap();
    assert!(read("loud").contains("Adding p2p peer"), "{}", read("loud"));
    assert_eq!(read("quiet"), "");
}

#[test]
fn groups_of_a_scenario_say_what_they_are() {
    let bench = Bench::new();
    let group = |name: &str, adapter: &str| {
        format!("[[nodes]]\nname = \"{name}\"\ncount = 2\nservices = [\"ping-pong\"]\n{adapter}\n")
    };
    let file = |name: &str, [one, other]: [&str; 2]| {
        let head = format!("name = \"{name}\"\nduration = \"100ms\"\n");
        let expect = "[[expect]]\ntotal = \"nodes\"\nequals = 4\n";
        bench.file(&format!("{name}.toml"), &(head + &group("a", one) + &group("b", other) + expect))
    };
    let exec = "adapter = \"exec\"";
    let both = file("both", ["", exec]);
    let ran = p2psim(&["run", &both]).expect(0);
    assert!(ran.out.contains("DIGEST       none\n"), "{}", ran.out);
    let refused = p2psim(&["run", &both, "--verify"]).expect(2);
    assert!(refused.err.contains("--verify needs simulated time"), "{}", refused.err);
    let refused = p2psim(&["run", &both, "--seeds", "2"]).expect(2);
    assert!(refused.err.contains("these nodes would be processes in real time"), "{}", refused.err);
    p2psim(&["run", &file("rest", ["adapter = \"sim\"", ""]), "--adapter", "exec"]).expect(0);
    p2psim(&["run", &file("all", [exec, exec])]).expect(0);
    let docker = p2psim(&["run", &file("odd", ["adapter = \"docker\"", ""])]).expect(4);
    assert!(docker.err.contains("docker"), "{}", docker.err);
}
