//! A server and the commands that talk to it: the session of the original's README, and what goes wrong.

use crate::support::{Bench, Server, command, p2psim, text_of};
use serde_json::Value;

#[test]
fn the_session_of_the_original_s_readme() {
    let server = Server::start(&["--pace", "max"]);
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  0\nCONNS  0\n");
    assert_eq!(server.run(&["node", "list"]).expect(0).out, "NAME  PROTOCOLS  ID\n");
    let mut events = server.follow(&["events"]);
    // Created with and without a name.
    assert_eq!(server.run(&["node", "create"]).expect(0).out, "Created node01\n");
    assert_eq!(server.run(&["node", "create", "--name", "node02"]).expect(0).out, "Created node02\n");
    assert_eq!(server.run(&["node", "start", "node01"]).expect(0).out, "Started node01\n");
    assert_eq!(server.run(&["node", "start", "node02"]).expect(0).out, "Started node02\n");
    assert_eq!(
        server.run(&["node", "connect", "node01", "node02"]).expect(0).out,
        "Connected node01 to node02\n"
    );
    assert_eq!(server.run(&["show"]).expect(0).out, "NODES  2\nCONNS  1\n");

    let list = server.run(&["node"]).expect(0).out;
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "PROTOCOLS", "ID"]);
    assert_eq!((rows[1][0], rows[1][1], rows[1][2].len()), ("node01", "ping-pong", 64));
    let show = server.run(&["node", "show", rows[2][2]]).expect(0).out;
    assert!(show.starts_with("NAME       node02\nPROTOCOLS  ping-pong\nID         "), "{show}");
    assert!(show.contains("\nENODE      enode://"), "{show}");
    assert!(show.ends_with("\n--- PROTOCOL INFO: ping-pong\nmap[received:0]\n---\n"), "{show}");

    // What happened, in the order in which a stream tells it.
    let kinds = ["node", "node", "node", "node", "conn", "conn"];
    let told: Vec<(Value, bool, bool)> = kinds
        .iter()
        .map(|kind| {
            let event = events.next();
            assert_eq!(&event["type"], kind, "{event}");
            assert!(event.get("data").is_some() && event["node"].get("info").is_none(), "{event}");
            (event["type"].clone(), event["control"].as_bool().unwrap(), event[kind]["up"].as_bool().unwrap())
        })
        .collect();
    let states: Vec<(bool, bool)> = told.into_iter().map(|(_, control, up)| (control, up)).collect();
    let expected = [(true, false), (true, false), (false, true), (false, true), (true, false), (false, true)];
    assert_eq!(states, expected, "(control, up)");
    assert_eq!(events.interrupt(), 130);

    assert_eq!(
        server.run(&["node", "disconnect", "node01", "node02"]).expect(0).out,
        "Disconnected node01 from node02\n"
    );
    assert_eq!(server.run(&["node", "stop", "node02"]).expect(0).out, "Stopped node02\n");
    let said = server.stop();
    let digest = said.trim().strip_prefix("digest ").unwrap_or_else(|| panic!("{said}"));
    assert_eq!(digest.len(), 32);
}

#[test]
fn a_snapshot_sets_the_same_network_up_elsewhere() {
    let bench = Bench::new();
    let first = Server::start(&["--pace", "max"]);
    let key = format!("{}2", "0".repeat(63));
    first.run(&["node", "create", "--name", "a", "--key", &key, "--services", "ping-pong"]).expect(0);
    first.run(&["node", "create", "--name", "b", "--services", "ping-pong,noop"]).expect(0);
    first.run(&["node", "create", "--name", "down"]).expect(0);
    for node in ["a", "b"] {
        first.run(&["node", "start", node]).expect(0);
    }
    first.run(&["node", "connect", "a", "b"]).expect(0);
    let snapshot = first.run(&["snapshot"]).expect(0);
    assert!(
        snapshot.out.starts_with("{\"nodes\":[{\"node\":{\"config\":{\"id\":\"")
            && snapshot.out.ends_with("}\n")
    );
    let list = first.run(&["node", "list"]).expect(0).out;

    let file = bench.file("snapshot.json", &snapshot.out);
    let second = Server::start(&["--pace", "max", "--seed", "99"]);
    assert_eq!(second.run(&["load", &file]).expect(0).out, "");
    assert_eq!(second.run(&["node", "list"]).expect(0).out, list);
    assert_eq!(second.run(&["show"]).expect(0).out, "NODES  3\nCONNS  1\n");
    assert_eq!(second.run(&["snapshot"]).expect(0).out, snapshot.out);
    let again = second.run_reading(&["load"], &snapshot.out).expect(1);
    assert!(again.err.contains("already exists"), "{again:#?}");
    assert_eq!(second.run(&["reset"]).expect(0).out, "Reset the network\n");
    assert_eq!(second.run(&["load"]).expect(4).out, "", "an empty input is no snapshot");
    second.run_reading(&["load"], &snapshot.out).expect(0);

    let current = second.run(&["show", "--json"]).expect(0);
    assert_eq!(current.out, "{\"nodes\":3,\"conns\":1}\n");
}

#[test]
fn rpc_takes_arguments_of_any_kind_in_any_place() {
    let server = Server::start(&["--pace", "max"]);
    for node in ["node01", "node02"] {
        server.run(&["node", "create", "--name", node]).expect(0);
        server.run(&["node", "start", node]).expect(0);
    }
    let modules = server.run(&["node", "rpc", "node01", "rpc_modules"]).expect(0).json();
    assert_eq!(modules["admin"], "1.0");
    assert_eq!(server.run(&["node", "rpc", "node01", "admin_peers"]).expect(0).out, "[]\n");

    let mut peer_events = server.follow(&["node", "rpc", "node01", "admin_peerEvents", "--subscribe"]);
    let enode = server.run(&["node", "rpc", "node02", "admin_nodeInfo"]).expect(0).json()["enode"].clone();
    let added = server.run(&["node", "rpc", "node01", "admin_addPeer", enode.as_str().unwrap()]).expect(0);
    assert_eq!(added.out, "true\n");
    server.run(&["node", "rpc", "node01", "admin_peers"]).expect(0);
    // Time passes while someone waits; a connection made over HTTP waits until it is there.
    server.run(&["node", "create", "--name", "node03"]).expect(0);
    server.run(&["node", "start", "node03"]).expect(0);
    server.run(&["node", "connect", "node01", "node03"]).expect(0);
    let event = peer_events.next();
    assert_eq!((&event["type"], event["peer"].as_str().unwrap().len()), (&Value::from("add"), 64));
    assert_eq!(peer_events.interrupt(), 130);

    let unknown = server.run(&["node", "rpc", "node01", "no_such"]).expect(1);
    assert!(unknown.err.contains("no_such"), "{unknown:#?}");
    let bad = server.run(&["node", "rpc", "node01", "admin_addPeer", "enode://x"]).expect(1);
    assert!(bad.err.contains("invalid enode"), "{bad:#?}");
}

#[test]
fn a_server_that_says_no_is_exit_1_with_its_reason() {
    let server = Server::start(&["--pace", "max"]);
    server.run(&["node", "create", "--name", "a"]).expect(0);
    server.run(&["node", "start", "a"]).expect(0);
    for (args, word) in [
        (&["node", "show", "nosuch"][..], "nosuch"),
        (&["node", "create", "--name", "a"], "already exists"),
        (&["node", "create", "--services", "nope"], "nope"),
        (&["node", "start", "a"], "already up"),
        (&["node", "connect", "a", "a"], "refusing to connect to self"),
        (&["node", "connect", "a", "nosuch"], "nosuch"),
        (&["events", "--filter", "foo"], "foo"),
        (&["node", "rpc", "nosuch", "admin_peers"], "nosuch"),
    ] {
        let ran = server.run(args).expect(1);
        assert!(ran.err.starts_with("p2psim: ") && ran.err.contains(word), "{args:?}: {ran:#?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:#?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
    let taken = server.url.strip_prefix("http://").unwrap();
    let second = p2psim(&["serve", "--listen", taken]).expect(1);
    assert!(second.err.contains("cannot listen on") && second.err.contains("--listen"), "{second:#?}");
}

#[test]
fn messages_are_streamed_when_a_filter_names_them() {
    let server = Server::start(&["--pace", "max"]);
    let mut events = server.follow(&["events", "--filter", "ping-pong:*", "--current"]);
    for node in ["a", "b"] {
        server.run(&["node", "create", "--name", node]).expect(0);
        server.run(&["node", "start", node]).expect(0);
    }
    server.run(&["node", "connect", "a", "b"]).expect(0);
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|(kind, up): &(String, Value)| kind != "conn" || up != &Value::from(true)) {
        let event = events.next();
        kinds.push((event["type"].as_str().unwrap().to_owned(), event["conn"]["up"].clone()));
    }
    assert!(kinds.iter().filter(|(kind, _)| kind == "node").count() >= 4, "{kinds:?}");
}

#[test]
fn a_recorded_session_replays_to_its_digest() {
    let bench = Bench::new();
    let journal = text_of(&bench.path("journal"));
    let server = Server::start(&["--pace", "max", "--seed", "5", "--record", &journal]);
    for node in ["a", "b", "c"] {
        server.run(&["node", "create", "--name", node]).expect(0);
    }
    assert_eq!(server.run(&["start"]).expect(0).out, "Started all nodes\n");
    server.run(&["node", "connect", "a", "b"]).expect(0);
    server.run(&["node", "connect", "c", "b"]).expect(0);
    server.run(&["node", "connect", "a", "b"]).expect(1);
    server.run(&["node", "stop", "c"]).expect(0);
    let said = server.stop();
    let digest = said.lines().find_map(|line| line.strip_prefix("digest ")).unwrap();
    assert!(said.contains(&format!("p2psim run --journal {journal}")), "{said}");

    let replay = p2psim(&["run", "--journal", &journal, "--json"]).expect(0).json();
    assert_eq!(
        (&replay["digest"], &replay["matches"]),
        (&Value::from(digest), &Value::from(true)),
        "{replay}"
    );
    assert_eq!((&replay["nodes"], &replay["connections"]), (&Value::from(2), &Value::from(1)), "{replay}");
    let page = p2psim(&["run", "--journal", &journal, "--threads", "2"]).expect(0).out;
    assert!(page.contains(&format!("DIGEST       {digest}\nRECORDED     the same\n")), "{page}");

    // Another history has another digest, and says so.
    let text = std::fs::read_to_string(&journal).unwrap().replacen("\"seed\":5", "\"seed\":6", 1);
    let changed = p2psim(&["run", "--journal", &bench.file("changed", &text)]).expect(1);
    assert!(changed.out.contains("which is DIFFERENT"), "{changed:#?}");
}

#[test]
fn a_token_is_asked_for_and_given() {
    let server = Server::start(&["--token", "s3cret"]);
    let refused = server.run(&["show"]).expect(1);
    assert!(refused.err.contains("--token"), "{refused:#?}");
    server.run(&["show", "--token", "s3cret"]).expect(0);
    let mut named = command(&["show", "--api", &server.url]);
    assert_eq!(named.env("P2PSIM_TOKEN", "s3cret").output().unwrap().status.code(), Some(0));
}
