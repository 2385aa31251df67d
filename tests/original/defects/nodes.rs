//! What is asked of a node, and who may.

use serde_json::json;

use crate::http::{self, Events};
use crate::socket::Socket;
use crate::subject::{Node, Subject};

/// Any web page could read everything, private keys included, and so could whoever was in the same network.
#[test]
fn geth_defect_14_keys_stay_inside_and_strangers_outside() {
    let subject = Subject::server();
    let node = subject.up();
    let seen = [
        subject.ask("GET /", "").expect(200).body,
        subject.ask("GET /nodes", "").expect(200).body,
        subject.ask(&format!("GET /nodes/{}", node.name), "").expect(200).body,
        subject
            .events("?current=true")
            .find(|event| event["node"]["config"]["name"] == *node.name)
            .to_string(),
    ];
    for text in seen {
        assert!(text.contains(&node.id) && !text.contains(&node.key), "{text}");
    }
    let evil = ["Origin: http://evil.example"];
    for line in ["GET /", "GET /snapshot", "GET /events", "POST /nodes"] {
        let answer = http::ask(&subject.address, line, &evil, "").unwrap().expect(403);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{line}");
    }
    assert_eq!(subject.ask("GET /", "").header("access-control-allow-origin"), None);
    let port = subject.address.rsplit(':').next().unwrap();
    // Another address of this machine, as any of the network's is.
    let elsewhere = http::connect(&format!("127.0.0.2:{port}"));
    assert!(elsewhere.is_err(), "it listens on more than 127.0.0.1");
}

/// A stopped node went on answering, and a conversation with it stayed open without a word.
#[test]
fn geth_defect_15_a_stopped_node_says_nothing_more() {
    let subject = Subject::server();
    let node = subject.node();
    let status = Socket::open(&subject.address, &node.name).unwrap_err();
    assert_eq!(status, 409, "it was never started");
    subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
    let mut socket = Socket::open(&subject.address, &node.name).unwrap();
    assert!(socket.call("rpc_modules", json!([]))["result"].is_object());
    subject.ask(&format!("POST /nodes/{}/stop", node.name), "").expect(200);
    assert_eq!(socket.hear(), None, "it hangs up");
    assert_eq!(Socket::open(&subject.address, &node.name).unwrap_err(), 409);
}

/// A key alone made the node 000...0; an id of somebody else was taken, and nobody could connect to that node.
#[test]
fn geth_defect_16_an_id_belongs_to_its_key() {
    let subject = Subject::server();
    let (one, other) = (Node::new(), Node::new());
    let config = json!({"private_key": one.key, "name": one.name});
    let created = subject.ask("POST /nodes", &config.to_string()).expect(201).json();
    assert_eq!(created["id"], *one.id);
    let config = json!({"id": one.id, "private_key": other.key, "name": other.name});
    subject.ask("POST /nodes", &config.to_string()).expect_refusal(&other.id);
    assert_eq!(subject.is_up(&other.name), None);
}

/// Every client had to make keys; every mistake of theirs was the server's fault; and a wrong name was a wrong URL.
#[test]
fn geth_defect_17_nothing_is_needed_and_mistakes_are_told() {
    let subject = Subject::server();
    for body in ["{}", ""] {
        let created = subject.ask("POST /nodes", body).expect(201).json();
        assert_eq!(created["id"].as_str().unwrap().len(), 64, "{created}");
        assert_ne!(created["id"], "0".repeat(64));
    }
    let node = subject.up();
    subject.ask("POST /nodes", &json!({"services": ["nope"]}).to_string()).expect_refusal("nope");
    subject.ask("POST /nodes", &json!({"name": node.name}).to_string()).expect_refusal("already exists");
    subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect_refusal("already up");
    subject.ask(&format!("POST /nodes/{}/conn/nobody", node.name), "").expect(404).expect_refusal("nobody");
    let wrong = subject.ask("GET /nowhere", "").expect(404);
    assert!(!subject.ask("GET /nodes/nobody", "").expect(404).body.contains(wrong.body.trim()));
}

/// A service that a node could not run was found out when it started.
#[test]
fn geth_defect_24_services_are_checked_when_a_node_is_created() {
    let subject = Subject::server();
    let mut config = Node::new().config();
    config["services"] = json!(["ping-pong", "ping-pong"]);
    subject.ask("POST /nodes", &config.to_string()).expect_refusal("duplicate service");
    assert_eq!(subject.is_up(config["name"].as_str().unwrap()), None);
    assert!(Events::open(&subject.address, "").is_ok());
}
