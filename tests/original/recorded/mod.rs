//! What was recorded from go-ethereum v1.9.7, asked of our server: the answers are the same, field by field and in the
//! same order, but for what docs/deviations.md says. The files beside this are the recordings.

pub(crate) mod exchange;
pub(crate) mod json;

use std::collections::BTreeSet;

use serde_json::json;

use crate::http::Answer;
use crate::socket::Socket;
use crate::subject::Subject;
use exchange::Exchange;
use json::Json;

pub(crate) const ROUTER: &str = include_str!("router.txt");
pub(crate) const NODES: &str = include_str!("nodes.txt");
pub(crate) const LIVES: &str = include_str!("lives.txt");
pub(crate) const CURRENT: &str = include_str!("current.txt");
pub(crate) const RPC: &str = include_str!("rpc.txt");

/// The lines of a recording that is one value a line.
pub(crate) fn values(file: &str) -> Vec<&str> {
    file.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn every_answer_is_the_original_s_but_for_what_is_said() {
    let mut wrong = Vec::new();
    for (name, file) in [("router", ROUTER), ("nodes", NODES)] {
        let subject = Subject::ours(&["--pace", "max"]);
        let exchanges = exchange::read(file);
        assert!(exchanges.len() > 10, "{name}");
        for exchange in exchanges {
            let answer = subject.ask(&exchange.request, &exchange.body);
            if let Err(why) = check(&exchange, &answer) {
                wrong.push(format!("{name}: {}: {why} in {:?}", exchange.title, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(exchange: &Exchange, answer: &Answer) -> Result<(), String> {
    let ours = &exchange.ours;
    let status = ours.status.unwrap_or(exchange.status);
    if answer.status != status {
        return Err(format!("status {} instead of {status}", answer.status));
    }
    for (name, value) in &exchange.headers {
        let other = ours.header.as_ref().filter(|(other, _)| other == name).map(|(_, value)| value);
        if answer.header(name) != Some(other.unwrap_or(value)) {
            return Err(format!("header {name}: {:?}", answer.header(name)));
        }
    }
    let differs: Vec<&str> = ours.differs.iter().map(String::as_str).collect();
    match &ours.text {
        Some(text) if answer.body.contains(text) => Ok(()),
        Some(text) => Err(format!("no {text:?}")),
        // Recordings show a body without its last line feed.
        None if exchange.answer.starts_with(['{', '[']) => {
            Json::read(&exchange.answer).compare(&Json::read(&answer.body), &differs)
        }
        // What was refused there and is done here.
        None if exchange.status >= 400 && status < 400 => Ok(()),
        // A refusal says the same, and perhaps more.
        None if answer.body.contains(&exchange.answer) => Ok(()),
        None => Err(format!("not {:?}", exchange.answer)),
    }
}

/// The two nodes of the recorded lives.
const LIVE_NODES: [(&str, &str); 2] = [("nodeA", "3"), ("nodeB", "4")];

/// Two nodes, created as the recorded ones were.
fn lives(subject: &Subject) {
    for (name, key) in LIVE_NODES {
        let config = json!({"private_key": format!("{key:0>64}"), "name": name, "enable_msg_events": true});
        subject.ask("POST /nodes", &config.to_string()).expect(201);
    }
    for (name, _) in LIVE_NODES {
        subject.ask(&format!("POST /nodes/{name}/start"), "").expect(200);
    }
}

#[test]
fn two_lives_are_told_as_the_original_told_them() {
    let subject = Subject::ours(&["--pace", "max"]);
    let mut events = subject.events("?current=false&filter=");
    lives(&subject);
    for verb in ["POST", "DELETE"] {
        subject.ask(&format!("{verb} /nodes/nodeA/conn/nodeB"), "").expect(200);
    }
    for name in ["nodeB", "nodeA"] {
        subject.ask(&format!("POST /nodes/{name}/stop"), "").expect(200);
    }
    for (at, line) in values(LIVES).into_iter().enumerate() {
        let told = events.line_of_data();
        // A stop was told as done and then as asked, if not the other way round. Here it is asked first, always.
        let differs: &[&str] = if at < 8 { &[] } else { &["control"] };
        assert_eq!(Json::read(line).compare(&Json::read(&told), differs), Ok(()), "{told}");
    }
}

#[test]
fn what_is_current_is_told_as_the_original_told_it() {
    let subject = Subject::ours(&["--pace", "max"]);
    lives(&subject);
    subject.ask("POST /nodes/nodeA/conn/nodeB", "").expect(200);
    let mut events = subject.events("?current=true");
    for line in values(CURRENT) {
        let told = events.line_of_data();
        assert_eq!(Json::read(line).compare(&Json::read(&told), &["received"]), Ok(()), "{told}");
    }
}

/// The original's own way of doing a stream again took the state before for the state after, and did the opposite.
#[test]
fn its_stream_of_events_is_done_again() {
    let subject = Subject::ours(&["--pace", "max"]);
    let lines = values(LIVES);
    let stream = |events: &[&str]| {
        events.iter().map(|line| format!("event: network\ndata: {line}\n\n")).collect::<String>()
    };
    // Keys are in it, and so the nodes are the same again.
    let connected = subject.run_reading(&["redo"], &stream(&lines[..6])).expect(0);
    let said = ["create nodeA", "create nodeB", "start nodeA", "start nodeB", "connect nodeA to nodeB"];
    assert_eq!(connected.out.lines().collect::<Vec<_>>(), said);
    let network = subject.network();
    assert_eq!(
        network["nodes"][0]["config"]["id"],
        "75bf18e34f9add02a2fe5a146813eb9362372eef6200f3b1dbc3f819671cba69"
    );
    assert_eq!(network["conns"][0]["up"], true);
    // What ours tells of it is done again elsewhere.
    let mut told = subject.events("?current=true");
    let told: String = (0..3).map(|_| told.line_of_data() + "\n").collect();
    let other = Subject::ours(&["--pace", "max"]);
    assert_eq!(other.run_reading(&["redo"], &told).expect(0).out.lines().count(), 5);
    assert_eq!((other.is_up("nodeA"), other.network()["conns"][0]["up"] == true), (Some(true), true));
    subject.ask("POST /reset", "").expect(200);
    let whole = subject.run_reading(&["redo"], &stream(&lines)).expect(0).out;
    let rest = ["disconnect nodeA from nodeB", "stop nodeB", "stop nodeA"];
    assert_eq!(whole.lines().skip(5).collect::<Vec<_>>(), rest);
    let network = subject.network();
    assert!(network["nodes"].as_array().unwrap().iter().all(|node| node["up"] == false), "{network}");
    assert_eq!(network["conns"][0]["up"], false);
    let bad = subject.run_reading(&["redo"], lines[4]).expect(4);
    assert!(bad.err.contains("standard input, line 1: a connection of node"), "{bad:?}");
}

#[test]
fn a_node_talks_as_the_original_s_talked() {
    let subject = Subject::ours(&["--pace", "max"]);
    lives(&subject);
    subject.ask("POST /nodes/nodeA/conn/nodeB", "").expect(200);
    let mut socket = Socket::open(&subject.address, "nodeA").unwrap();
    let mut lines = values(RPC).into_iter().peekable();
    // Texts of errors that blame an encoding are each their own; that it is the enode's stands in both.
    let free = ["received", "name", "subscription", "inbound", "error", "result"];
    while let Some(line) = lines.next() {
        match line.split_at_checked(2) {
            Some(("> ", said)) => {
                socket.say(said);
                let Some(("< ", answered)) = lines.next().unwrap().split_at_checked(2) else { continue };
                let heard = socket.hear().unwrap();
                check_rpc(answered, &heard, &free);
            }
            Some(("* ", pushed)) => {
                subject.ask("DELETE /nodes/nodeA/conn/nodeB", "").expect(200);
                check_rpc(pushed, &socket.hear().unwrap(), &free);
            }
            _ => panic!("{line:?}"),
        }
    }
}

fn check_rpc(original: &str, ours: &str, free: &[&str]) {
    let (theirs, heard) = (Json::read(original), Json::read(ours));
    let message = |json: &Json| match json.get("error").and_then(|error| error.get("message")) {
        Some(Json::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (Some(expected), Some(told)) = (message(&theirs), message(&heard)) else {
        // There is no Go process to debug.
        let theirs = Json::read(&original.replace(r#""debug":"1.0","#, ""));
        assert_eq!(theirs.compare(&heard, free), Ok(()), "{ours}");
        return;
    };
    let code = |json: &Json| json.get("error").and_then(|error| error.get("code")).cloned();
    assert_eq!((theirs.get("id"), code(&theirs)), (heard.get("id"), code(&heard)), "{ours}");
    let beginning = expected.split_once(": ").map_or(&*expected, |(beginning, _)| beginning);
    let is_syntax = code(&theirs) == Some(Json::Number((-32700).into()));
    assert!(told.starts_with(beginning) || is_syntax, "{told:?} for {expected:?}");
}

#[test]
fn every_route_of_the_original_is_among_the_recordings() {
    let recorded: BTreeSet<String> =
        [ROUTER, NODES].into_iter().flat_map(exchange::read).map(|e| e.request).collect();
    for route in [
        "GET /",
        "POST /start",
        "POST /stop",
        "GET /mocker",
        "POST /reset",
        "GET /snapshot",
        "POST /snapshot",
        "GET /nodes",
        "POST /nodes",
        "GET /nodes/node01",
        "POST /nodes/node01/start",
        "POST /nodes/node01/stop",
        "POST /nodes/node01/conn/node02",
        "GET /nodes/node01/rpc",
    ] {
        assert!(recorded.contains(route), "{route}");
    }
}
