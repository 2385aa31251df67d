//! The stream of events.

use std::io::Write;
use std::thread;

use serde_json::{Value, json};

use crate::http::{self, Events};
use crate::subject::{Node, Subject};

/// Whoever asked for what is current took the network's lock while its own queue, which nobody read yet, was full.
#[test]
fn geth_defect_01_what_is_current_is_told_while_things_happen() {
    let subject = Subject::server();
    let node = subject.node();
    let watch = || {
        for _ in 0..20 {
            let event = subject.events("?current=true").next();
            assert!(event["type"].is_string(), "{event}");
        }
    };
    thread::scope(|scope| {
        let watching = [scope.spawn(watch), scope.spawn(watch)];
        for _ in 0..30 {
            subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
            subject.ask(&format!("POST /nodes/{}/stop", node.name), "").expect(200);
        }
        watching.into_iter().for_each(|watcher| watcher.join().unwrap());
    });
    assert_eq!(subject.is_up(&node.name), Some(false));
}

/// One client that did not read held up everybody: the feed had no buffer, and was written under the network's lock.
#[test]
fn geth_defect_02_a_client_that_does_not_read_holds_nobody_up() {
    let subject = Subject::server();
    // Events of 64 kB: what sockets keep for a client is soon full.
    let node = subject.node_with(json!({"properties": ["x".repeat(64 << 10)]}));
    let stalled: Vec<_> = (0..3).map(|_| stall(&subject)).collect();
    for _ in 0..80 {
        subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
        subject.ask(&format!("POST /nodes/{}/stop", node.name), "").expect(200);
    }
    subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
    subject.ask("GET /snapshot", "").expect(200);
    assert_eq!(subject.is_up(&node.name), Some(true), "it runs, so it is up");
    drop(stalled);
}

/// A client that opens the stream and never reads it.
fn stall(subject: &Subject) -> std::net::TcpStream {
    let mut socket = http::connect(&subject.address).unwrap();
    let request = format!("GET /events?current=true HTTP/1.1\r\nHost: {}\r\n\r\n", subject.address);
    socket.write_all(request.as_bytes()).unwrap();
    socket
}

/// Filters were split at every dash, of which the example's own protocol has one.
#[test]
fn geth_defect_06_a_filter_names_a_protocol_with_a_dash() {
    let subject = Subject::server();
    let pings = |event: &Value| event["type"] == "msg" && event["msg"]["protocol"] == "ping-pong";
    for filter in ["ping-pong:*", "ping-pong:-1", "ping-pong:0,1-other:*"] {
        let mut events = subject.events(&format!("?filter={filter}"));
        talkers(&subject);
        events.find(pings);
    }
    let refused = Events::open(&subject.address, "?filter=ping-pong").unwrap_err();
    refused.expect_refusal("invalid message filter: ping-pong");
}

/// Two nodes that ping each other ten times a second.
fn talkers(subject: &Subject) -> [Node; 2] {
    let [one, other] = [(); 2].map(|()| {
        let node = subject.node_with(json!({"settings": {"ping-pong": {"interval": "100ms"}}}));
        subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
        node
    });
    subject.ask(&format!("POST /nodes/{}/conn/{}", one.name, other.name), "").expect(200);
    [one, other]
}

/// A message was often told as received before it was told as sent, at the time at which somebody looked.
#[test]
fn geth_defect_20_messages_are_sent_before_they_are_received() {
    let subject = Subject::server();
    let mut events = subject.events("?filter=ping-pong:0");
    let [one, _] = talkers(&subject);
    let is_ours = |event: &Value| event["type"] == "msg" && event["msg"]["one"] == *one.id;
    let mut sent_at = None;
    for _ in 0..20 {
        let event = events.find(is_ours);
        let time = time(&event);
        assert!(event["msg"]["size"].as_u64().unwrap() > 0, "{event}");
        match event["msg"]["received"].as_bool().unwrap() {
            false => sent_at = Some(time),
            true => {
                let sent = sent_at.take().unwrap_or_else(|| panic!("received, and not sent before: {event}"));
                assert!(time > sent, "it takes time on its way");
            }
        }
    }
}

/// When an event happened, as far as its server says.
pub(super) fn time(event: &Value) -> std::time::SystemTime {
    humantime::parse_rfc3339(event["time"].as_str().unwrap()).unwrap()
}

/// Stopping was told twice in either order, what an asked-for disconnection was could not be told from a connection, and
/// what a node called its URL was one only while it was up.
#[test]
fn geth_defect_21_what_was_asked_comes_before_what_happened() {
    let subject = Subject::server();
    let (one, other) = (subject.up(), subject.up());
    let mut events = subject.events("");
    let path = format!("/nodes/{}/conn/{}", one.name, other.name);
    for verb in ["POST", "DELETE"] {
        subject.ask(&format!("{verb} {path}"), "").expect(200);
    }
    subject.ask(&format!("POST /nodes/{}/stop", one.name), "").expect(200);
    let story = [
        ("conn", true, false, json!({"verb": "connect"})),
        ("conn", false, true, Value::Null),
        ("conn", true, true, json!({"verb": "disconnect"})),
        ("conn", false, false, Value::Null),
        ("node", true, false, json!({"verb": "stop"})),
        ("node", false, false, Value::Null),
    ];
    for (kind, control, up, data) in story {
        let event = events.next();
        let told = (event["type"].as_str().unwrap(), event["control"].as_bool().unwrap());
        assert_eq!((told.0, told.1, event[kind]["up"].as_bool().unwrap()), (kind, control, up), "{event}");
        // Of what happened, more may be said: why a connection ended.
        assert!(event["data"] == data || !control, "{event}");
        if kind == "node" {
            let enode = event["node"]["info"]["enode"].as_str().unwrap();
            assert!(enode.starts_with("enode://"), "{event}");
        }
    }
}

/// Fifty that read, some that stopped reading and some that died are the same to a network as nobody.
#[test]
fn listeners_of_every_kind_leave_a_network_as_it_is() {
    let session = |listen: bool| {
        let subject = Subject::ours(&["--pace", "max", "--seed", "5"]);
        let count = if listen { 50 } else { 0 };
        let reader = |_| {
            let mut events = subject.events("?filter=ping-pong:*&current=true");
            let is_last =
                |event: &Value| event["node"]["config"]["name"] == "n4" && event["data"]["verb"] == "stop";
            thread::spawn(move || {
                let until_then =
                    std::iter::from_fn(|| Some(events.next())).take_while(|event| !is_last(event));
                until_then.filter(|event| event["type"] == "msg").count()
            })
        };
        let readers: Vec<_> = (0..count).map(reader).collect();
        let mut stalled: Vec<_> = (0..count / 5).map(|_| stall(&subject)).collect();
        for node in 1..=4 {
            let config =
                json!({"name": format!("n{node}"), "settings": {"ping-pong": {"interval": "500ms"}}});
            subject.ask("POST /nodes", &config.to_string()).expect(201);
        }
        subject.ask("POST /start", "").expect(200);
        stalled.truncate(count / 10);
        subject.ask("POST /topology", r#"{"kind":"ring"}"#).expect(200);
        // Half a minute passes while somebody waits for what never happens.
        subject.ask("POST /wait", r#"{"nodes":99,"within":"30s"}"#).expect(504);
        subject.ask("POST /stop", "").expect(200);
        // Four links, a ping each way every half second, each with its answer, each told twice.
        readers.into_iter().for_each(|reader| assert!(reader.join().unwrap() > 1_500));
        subject.stop()
    };
    assert_eq!(session(true), session(false));
}
