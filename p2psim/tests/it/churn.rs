//! Commands for many nodes at once: create, connect in a shape, churn, delete.

use crate::support::{Bench, Server};

#[test]
fn many_nodes_are_created_shaped_and_deleted() {
    let server = Server::start(&["--pace", "max"]);
    let created = server.run(&["node", "create", "--count", "4", "--services", "noop"]).expect(0);
    assert_eq!(created.out, "Created node01\nCreated node02\nCreated node03\nCreated node04\n");
    assert_eq!(server.run(&["network", "start"]).expect(0).out, "Started all nodes\n");
    assert_eq!(server.run(&["topology", "ring"]).expect(0).out, "Built ring: 4 connections\n");
    let full = server.run(&["topology", "random-regular", "--degree", "3"]).expect(0);
    assert_eq!(full.out, "Built random-regular: 6 connections\n");
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  4\nCONNS  6\n");
    let small = server.run(&["topology", "small-world", "--degree", "2", "--rewire", "0%"]).expect(0);
    assert_eq!(small.out, "Built small-world: 4 connections\n");
    let bench = Bench::new();
    let file = bench.file("net.graphml", "<graphml><edge source=\"node01\" target=\"node03\"/></graphml>");
    assert_eq!(
        server.run(&["topology", "file", "--file", &file]).expect(0).out,
        "Built file: 1 connections\n"
    );
    assert!(
        server.run(&["topology", "file", "--file", "nowhere"]).expect(4).err.contains("cannot read nowhere")
    );
    let refused = server.run(&["topology", "star", "--center", "4"]).expect(1);
    assert!(refused.err.contains("the star's center is node 4, but there are 4 nodes"), "{refused:#?}");
    assert_eq!(server.run(&["node", "delete", "node02"]).expect(0).out, "Deleted node02\n");
    assert!(server.run(&["node", "delete", "node02"]).expect(1).err.contains("node node02 does not exist"));
    assert_eq!(server.run(&["node", "create", "--name", "node02"]).expect(0).out, "Created node02\n");
    assert_eq!(server.run(&["network", "stop"]).expect(0).out, "Stopped all nodes\n");
    assert_eq!(server.run(&["network", "reset"]).expect(0).out, "Reset the network\n");
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  0\nCONNS  0\n");
}

#[test]
fn nodes_are_listed_by_what_they_are() {
    let server = Server::start(&["--pace", "max"]);
    server.run(&["node", "create", "--count", "2", "--properties", "bootnode,big"]).expect(0);
    server.run(&["node", "create", "--name", "light"]).expect(0);
    server.run(&["node", "start", "node02"]).expect(0);
    let listed = |args: &[&str]| {
        let list = server.run(&[&["node", "list"], args].concat()).expect(0).out;
        list.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["--only", "group:big"]), ["node01", "node02"]);
    assert_eq!(listed(&["--except", "li*", "--down"]), ["node01"]);
    assert_eq!(listed(&["--up"]), ["node02"]);
    assert_eq!(listed(&["--after", "node01", "--limit", "1"]), ["node02"]);
    let none = server.run(&["node", "list", "--only", "group:bigger"]).expect(1);
    assert!(none.err.contains("group:bigger"), "{none:#?}");
}

#[test]
fn a_mocker_starts_and_stops() {
    let server = Server::start(&["--pace", "20"]);
    assert_eq!(server.run(&["mocker", "list"]).expect(0).out, "boot\nprobabilistic\nstartStop\n");
    let list = server.run(&["mocker", "list", "--json"]).expect(0);
    assert_eq!(list.out, "[\"boot\",\"probabilistic\",\"startStop\"]\n");
    let start = ["mocker", "start", "startStop", "--nodes", "3", "--every", "1s", "--pause", "500ms"];
    let started = server.run(&[&start[..], &["--seed", "7"]].concat()).expect(0);
    assert_eq!(started.out, "Started mocker startStop with 3 nodes\n");
    assert!(server.run(&["mocker", "start", "boot"]).expect(1).err.contains("mocker already running"));
    assert_eq!(server.run(&["mocker", "stop"]).expect(0).out, "Stopped the mocker\n");
    server.run(&["mocker", "stop"]).expect(1);
    // Of its own nodes none is down: what is up cannot be started.
    let nodes = server.run(&["node", "list", "--json"]).expect(0).json();
    for node in nodes.as_array().unwrap() {
        let again = server.run(&["node", "start", node["name"].as_str().unwrap()]).expect(1);
        assert!(again.err.contains("already up"), "{again:#?}");
    }
    let refused = server.run(&["mocker", "start", "boot", "--every", "1s"]).expect(1);
    assert!(refused.err.contains("every is no parameter of boot"), "{refused:#?}");
    assert!(server.run(&["mocker", "start", "nosuch"]).expect(1).err.contains("unknown mocker type"));
}
