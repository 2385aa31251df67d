//! What is asked of a whole network, and of two of its nodes.

use std::io::{BufReader, Write};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::events::time;
use crate::http::{self, read_answer};
use crate::subject::{Node, Subject, eventually};

/// A ring of one node connected it to itself, one of two connected them twice: the process ended.
#[test]
fn geth_defect_03_mockers_work_with_any_number_of_nodes() {
    let subject = Subject::server();
    for count in 0..=3 {
        subject.ask("POST /reset", "").expect(200);
        subject.ask(&format!("POST /mocker/start?mocker-type=boot&node-count={count}"), "").expect(200);
        eventually("the ring", || {
            let network = subject.network();
            let len = |list: &str| network[list].as_array().map_or(0, Vec::len);
            (len("nodes"), len("conns")) == (count, [0, 0, 1, 3][count])
        });
        subject.ask("POST /mocker/stop", "").expect(200);
    }
    for count in ["-1", "", "9999999999", "ten"] {
        let line = format!("POST /mocker/start?mocker-type=boot&node-count={count}");
        subject.ask(&line, "").expect_refusal("invalid node-count provided");
    }
}

/// A dial that was not yet 35 s old stood in the way of the next, though the request was answered 200.
#[test]
fn geth_defect_07_reconnect_within_a_second() {
    let subject = Subject::server();
    let (one, other) = (subject.up(), subject.up());
    let mut events = subject.events("");
    let path = format!("/nodes/{}/conn/{}", one.name, other.name);
    let up =
        |event: &Value| event["type"] == "conn" && event["control"] == false && event["conn"]["up"] == true;
    subject.ask(&format!("POST {path}"), "").expect(200);
    events.find(up);
    subject.ask(&format!("DELETE {path}"), "").expect(200);
    events.find(|event| event["conn"]["up"] == false);
    subject.ask(&format!("POST {path}"), "").expect(200);
    let asked = events.find(|event| event["type"] == "conn" && event["control"] == true);
    let took = time(&events.find(up)).duration_since(time(&asked)).unwrap();
    assert!(took < Duration::from_secs(1), "it took {took:?}");
}

/// Nodes ran on after a reset, and their ids were taken for ever: a snapshot could not be loaded again.
#[test]
fn geth_defect_08_a_reset_stops_the_nodes_and_frees_their_ids() {
    let subject = Subject::server();
    let (one, other) = (subject.up(), subject.up());
    subject.ask(&format!("POST /nodes/{}/conn/{}", one.name, other.name), "").expect(200);
    let snapshot = subject.ask("GET /snapshot", "").expect(200).body;
    subject.ask("POST /reset", "").expect(200);
    assert_eq!(subject.is_up(&one.name), None);
    subject.ask("POST /snapshot", &snapshot).expect(200);
    assert_eq!(subject.conn(&one, &other).unwrap()["up"], true);
    subject.ask("POST /reset", "").expect(200);
    subject.ask("POST /nodes", &one.config().to_string()).expect(201);
}

/// The connections of a snapshot were counted when one came up, so that none were waited for for 900 s.
#[test]
fn geth_defect_09_a_snapshot_without_connections_loads_at_once() {
    let subject = Subject::server();
    let alone = Node::new();
    let node = |node: &Node, up: bool| json!({"node": {"config": node.config(), "up": up}});
    subject.ask("POST /snapshot", &json!({"nodes": [node(&alone, true)]}).to_string()).expect(200);
    assert_eq!(subject.is_up(&alone.name), Some(true));
    // As long did it take for a connection of a node that is down.
    let (up, down) = (Node::new(), Node::new());
    let conns = json!([{"one": up.id, "other": down.id, "up": true}]);
    let snapshot = json!({"nodes": [node(&up, true), node(&down, false)], "conns": conns});
    subject.ask("POST /snapshot", &snapshot.to_string()).expect(200);
    assert_eq!(subject.is_up(&down.name), Some(false));
}

/// What made no sense was found half-way, if it did not end the handler.
#[test]
fn geth_defect_10_a_snapshot_is_loaded_whole_or_not_at_all() {
    let subject = Subject::server();
    let (known, unknown) = (Node::new(), Node::new());
    let node = json!({"node": {"config": known.config(), "up": true}});
    let conns = json!([{"one": known.id, "other": unknown.id, "up": true}]);
    let mut foreign = Node::new().config();
    foreign["id"] = json!(known.id);
    let bad = [
        (json!({"nodes": [node], "conns": conns}), unknown.id.as_str()),
        (json!({"nodes": [node, {"node": {"config": null, "up": true}}]}), "nodes[1] has no config"),
        (json!({"nodes": [node, {"node": {"config": foreign, "up": true}}]}), "private key"),
        (json!({"nodes": [node, node]}), "before it"),
    ];
    for (snapshot, word) in bad {
        subject.ask("POST /snapshot", &snapshot.to_string()).expect_refusal(word);
        assert_eq!(subject.is_up(&known.name), None, "nothing of it was done");
    }
    subject.ask("POST /snapshot", &json!({"nodes": [node]}).to_string()).expect(200);
}

/// A connection that never came to be stayed in the network for good.
#[test]
fn geth_defect_18_a_failed_connect_leaves_nothing() {
    let subject = Subject::server();
    let (up, down) = (subject.up(), subject.node());
    subject.ask(&format!("POST /nodes/{}/conn/{}", up.name, down.name), "").expect_refusal("not up");
    assert_eq!(subject.conn(&up, &down), None);
    let counted = subject.run(&["show"]).expect(0).out;
    assert!(counted.lines().any(|line| line == "CONNS  0"), "{counted}");
}

/// 200 was said when a connection was asked for; what became of it was said nowhere.
#[test]
fn geth_defect_19_an_answer_is_what_became_of_it() {
    let subject = Subject::server();
    let (one, other) = (subject.up(), subject.up());
    let path = format!("/nodes/{}/conn/{}", one.name, other.name);
    for up in [true, false, true] {
        let verb = if up { "POST" } else { "DELETE" };
        subject.ask(&format!("{verb} {path}"), "").expect(200);
        assert_eq!(subject.conn(&one, &other).unwrap()["up"], up);
    }
    let stranger = subject.node_with(json!({"services": ["noop"]}));
    subject.ask(&format!("POST /nodes/{}/start", stranger.name), "").expect(200);
    let refused = subject.ask(&format!("POST /nodes/{}/conn/{}", one.name, stranger.name), "").expect(502);
    assert!(refused.body.contains("useless peer"), "{refused:?}");
}

/// What was empty was `null`, `[]` or not there, and the mockers came in any order.
#[test]
fn geth_defect_22_lists_are_lists_in_one_order() {
    let subject = Subject::server();
    subject.ask("POST /reset", "").expect(200);
    assert_eq!(subject.network()["nodes"], json!([]));
    assert_eq!(subject.network()["conns"], json!([]));
    assert_eq!(subject.ask("GET /snapshot", "").json(), json!({"nodes": [], "conns": []}));
    let node = subject.node();
    let info = subject.ask(&format!("GET /nodes/{}", node.name), "").json();
    assert_eq!(info["protocols"], json!({}));
    assert_eq!(subject.network()["nodes"][0]["config"]["properties"], json!([]));
    let mockers = subject.ask("GET /mocker", "").json();
    for _ in 0..20 {
        assert_eq!(subject.ask("GET /mocker", "").json(), mockers);
    }
}

/// A mocker that had come to its end counted as running, and one that was stopped went on for a while.
#[test]
fn geth_defect_23_a_mocker_that_is_done_is_not_in_the_way() {
    let subject = Subject::server();
    subject.ask("POST /reset", "").expect(200);
    subject.ask("POST /mocker/start?mocker-type=boot&node-count=4", "").expect(200);
    eventually("the ring", || subject.network()["conns"].as_array().is_some_and(|conns| conns.len() == 4));
    eventually("the end of boot", || {
        let churn = "POST /mocker/start?mocker-type=startStop&node-count=3&every=20ms&pause=20ms";
        subject.ask(churn, "").status == 200
    });
    let mut events = subject.events("");
    events.find(|event| event["data"]["verb"] == "stop");
    subject.ask("POST /mocker/stop", "").expect(200);
    let network = subject.network();
    assert!(network["nodes"].as_array().unwrap().iter().all(|node| node["up"] == true), "{network}");
}

/// Bodies of any length were read, and all nodes were walked through without the lock that guards them.
#[test]
fn geth_defect_25_bodies_have_an_end_and_readers_see_whole_networks() {
    let subject = Subject::server();
    let mut node = Node::new().config();
    node["name"] = json!("x".repeat(2 << 20));
    subject.ask("POST /nodes", &node.to_string()).expect_refusal("1 MiB");
    // 200 MB are refused without being read.
    let mut socket = http::connect(&subject.address).unwrap();
    let head =
        format!("POST /snapshot HTTP/1.1\r\nHost: {}\r\nContent-Length: 200000000\r\n\r\n", subject.address);
    socket.write_all(head.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(socket)).unwrap().expect(413).expect_refusal("64 MiB");
    let nodes: Vec<Node> = (0..10).map(|_| subject.node()).collect();
    let read = || {
        for _ in 0..5 {
            let network = subject.network();
            assert!(network["nodes"].as_array().unwrap().len() >= nodes.len(), "{network}");
        }
    };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..50).map(|_| scope.spawn(read)).collect();
        for verb in ["start", "stop", "start", "stop"] {
            subject.ask(&format!("POST /{verb}"), "").expect(200);
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

/// Everything came at once, or nothing did.
#[test]
fn geth_defect_25_nodes_come_in_pages() {
    let subject = Subject::server();
    subject.ask("POST /reset", "").expect(200);
    let nodes: Vec<Node> = (0..5).map(|_| subject.node()).collect();
    let names = |query: &str| -> Vec<String> {
        let page = subject.ask(&format!("GET /nodes?{query}"), "").expect(200).json();
        page.as_array().unwrap().iter().map(|info| info["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = names("limit=2");
    assert_eq!(first, [nodes[0].name.as_str(), &nodes[1].name]);
    let second = names(&format!("limit=2&after={}", first[1]));
    assert_eq!(second, [nodes[2].name.as_str(), &nodes[3].name]);
    assert_eq!(names(&format!("limit=2&after={}", second[1])), [nodes[4].name.as_str()]);
    subject.ask("GET /nodes?after=nobody", "").expect_refusal("nobody");
}
