//! The original's client, in its own bytes: what Go's `net/http` puts on the wire for it, which answers it takes, and how
//! it reads them. In both generations of the name that a node's services have.

use std::io::{BufReader, Write};
use std::net::TcpStream;

use devp2p::SecretKey;
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket};

use crate::http::{self, Answer, Chunks, read_answer, read_head};
use crate::subject::{Node, Subject};

/// Go's `bufio.MaxScanTokenSize`: a longer line ends its reading of events.
const LONGEST_LINE: usize = 64 << 10;

/// How a node's services are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// Up to geth v1.9.23.
    Services,
    /// From v1.9.24 on.
    Lifecycles,
}

const BOTH: [Generation; 2] = [Generation::Services, Generation::Lifecycles];

/// A client that keeps its connection, as Go's does.
struct GoClient {
    address: String,
    from: BufReader<TcpStream>,
    generation: Generation,
}

impl GoClient {
    fn new(subject: &Subject, generation: Generation) -> Self {
        let address = subject.address.clone();
        let from = BufReader::new(http::connect(&address).unwrap());
        Self { address, from, generation }
    }

    /// Sends a request as Go does: headers by name, a length only where there is a body or the verb wants one.
    fn send(&mut self, verb: &str, path: &str, body: &str) -> Answer {
        let length = match (verb, body) {
            ("POST", _) => format!("Content-Length: {}\r\n", body.len()),
            _ => String::new(),
        };
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Go-http-client/1.1\r\n{length}Accept: application/json\r\n\
             Content-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n{body}",
            self.address
        );
        self.from.get_mut().write_all(request.as_bytes()).unwrap();
        read_answer(&mut self.from).unwrap()
    }

    /// What it takes for success, and nothing else.
    #[track_caller]
    fn done(&mut self, verb: &str, path: &str, body: &str) -> Answer {
        let answer = self.send(verb, path, body);
        assert!([200, 201].contains(&answer.status), "{verb} {path}: {answer:?}");
        answer
    }

    #[track_caller]
    fn info(&mut self, verb: &str, path: &str, body: &str) -> Value {
        let info = self.done(verb, path, body).json();
        takes_info(&info);
        info
    }

    /// A config as it is encoded: every field there is, lists that are empty as null.
    fn config(&self, node: &Node, name: &str, services: Option<&[&str]>) -> String {
        let common = json!({
            "id": node.id, "private_key": node.key, "name": name, "properties": null, "enable_msg_events": true,
            "port": 42037,
        });
        let Value::Object(mut config) = common else { unreachable!("it was written as one") };
        match self.generation {
            Generation::Services => config.insert("services".into(), json!(services)),
            Generation::Lifecycles => {
                config.insert("logfile".into(), json!(""));
                config.insert("log_verbosity".into(), json!(3));
                config.insert("lifecycles".into(), json!(services))
            }
        };
        Value::Object(config).to_string()
    }

    /// Opens the stream of events: both parameters always, the filter as it was typed.
    fn events(&self, current: bool, filter: &str) -> GoEvents {
        let mut socket = http::connect(&self.address).unwrap();
        let request = format!(
            "GET /events?current={current}&filter={filter} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Go-http-client/1.1\r\n\
             Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n\r\n",
            self.address
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut from = BufReader::new(socket);
        read_head(&mut from).unwrap().expect(200);
        GoEvents(BufReader::new(Chunks::new(from)))
    }

    /// Opens a conversation with a node, with the header that the original's library sends, and no origin.
    fn rpc(&self, node: &str) -> WebSocket<TcpStream> {
        let mut socket = http::connect(&self.address).unwrap();
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let request = format!(
            "GET /nodes/{node}/rpc HTTP/1.1\r\nHost: {}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n",
            self.address
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut from = BufReader::new(socket);
        let head = read_head(&mut from).unwrap().expect(101);
        assert_eq!(head.header("sec-websocket-accept"), Some(derive_accept_key(key.as_bytes()).as_str()));
        assert!(from.buffer().is_empty(), "the server speaks when it is spoken to");
        WebSocket::from_raw_socket(from.into_inner(), Role::Client, None)
    }
}

/// The stream, read as the original reads it: by lines of limited length, of which those that begin with `data:` count,
/// whatever else the event is called.
struct GoEvents(BufReader<Chunks<BufReader<TcpStream>>>);

impl GoEvents {
    fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut self.0, &mut line).unwrap();
            assert!(line.len() < LONGEST_LINE, "a line of {} bytes", line.len());
            let Some(data) = line.trim_end().strip_prefix("data:") else { continue };
            let event: Value = serde_json::from_str(data.trim()).unwrap();
            takes_event(&event);
            return event;
        }
    }
}

/// Whether Go's decoder takes a node info, field by field with its type.
fn takes_info(info: &Value) {
    takes_id(&info["id"]);
    for text in ["name", "enode", "enr", "ip", "listenAddr"] {
        assert!(info[text].is_string(), "{text} of {info}");
    }
    assert!(["discovery", "listener"].iter().all(|port| info["ports"][*port].is_u64()), "{info}");
    assert!(info["protocols"].is_object(), "{info}");
}

fn takes_id(id: &Value) {
    let text = id.as_str().unwrap_or_else(|| panic!("an id that is {id}"));
    assert!(text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
}

/// Its node has to have a config, of which it reads the services by the name of its generation.
fn takes_node(node: &Value, generation: Generation) {
    let config = node["config"].as_object().unwrap_or_else(|| panic!("{node}"));
    takes_id(&config["id"]);
    let services = match generation {
        Generation::Services => &config["services"],
        Generation::Lifecycles => &config["lifecycles"],
    };
    assert!(services.as_array().is_some_and(|names| names.iter().all(Value::is_string)), "{node}");
    let key = config["private_key"].as_str().unwrap();
    assert!(key.is_empty() || key.len() == 64);
    assert!(u16::try_from(config["port"].as_u64().unwrap()).is_ok(), "{node}");
    assert!(node["up"].is_boolean(), "{node}");
}

fn takes_event(event: &Value) {
    let kind = event["type"].as_str().unwrap();
    assert!(humantime::parse_rfc3339(event["time"].as_str().unwrap()).is_ok(), "{event}");
    assert!(event["control"].is_boolean() && event.get("data").is_some(), "{event}");
    assert!(event[kind].is_object(), "{event}");
    match kind {
        "node" => BOTH.iter().for_each(|generation| takes_node(&event["node"], *generation)),
        _ => ["one", "other"].iter().for_each(|end| takes_id(&event[kind][*end])),
    }
}

#[test]
fn its_session_works_in_either_generation() {
    for generation in BOTH {
        let subject = Subject::ours(&["--pace", "max"]);
        let mut go = GoClient::new(&subject, generation);
        let mut events = go.events(false, "ping-pong:*");
        // Without --name it sends an empty one, and prints what it is answered.
        let (one, other) = (Node::new(), Node::new());
        let config = go.config(&one, "", None);
        assert_eq!(go.info("POST", "/nodes", &config)["name"], "node01");
        let config = go.config(&other, "node02", Some(&["ping-pong"]));
        assert_eq!(go.info("POST", "/nodes", &config)["id"], *other.id);
        for name in ["node01", "node02"] {
            go.info("POST", &format!("/nodes/{name}/start"), "");
        }
        go.info("POST", "/nodes/node01/conn/node02", "");
        let network = go.done("GET", "/", "").json();
        let nodes = network["nodes"].as_array().unwrap();
        nodes.iter().for_each(|node| takes_node(node, generation));
        assert_eq!((nodes.len(), network["conns"].as_array().unwrap().len()), (2, 1));
        go.done("GET", "/nodes", "").json().as_array().unwrap().iter().for_each(takes_info);
        go.info("GET", &format!("/nodes/{}", one.id), "");
        go.info("DELETE", "/nodes/node01/conn/node02", "");
        go.info("POST", "/nodes/node01/stop", "");
        for (kind, control, up) in [
            ("node", true, false),
            ("node", true, false),
            ("node", false, true),
            ("node", false, true),
            ("conn", true, false),
            ("conn", false, true),
            ("conn", true, true),
            ("conn", false, false),
        ] {
            let event = events.next();
            let told = (event["control"] == true, event[kind]["up"] == true);
            assert_eq!((event["type"].as_str().unwrap(), told), (kind, (control, up)), "{event}");
        }
        for path in ["/start", "/stop", "/reset"] {
            assert_eq!(go.done("POST", path, "").body, "");
        }
        let refused = go.send("GET", "/nodes/node01", "");
        assert_eq!((refused.status, refused.body.as_str()), (404, "node node01 does not exist\n"));
    }
}

#[test]
fn its_snapshot_comes_back_as_it_writes_it() {
    for generation in BOTH {
        let subject = Subject::ours(&["--pace", "max"]);
        let mut go = GoClient::new(&subject, generation);
        for name in ["a", "b", "c"] {
            let config = go.config(&Node::new(), name, None);
            go.info("POST", "/nodes", &config);
        }
        go.done("POST", "/start", "");
        go.info("POST", "/nodes/a/conn/b", "");
        go.info("POST", "/nodes/c/conn/b", "");
        go.info("POST", "/nodes/a/stop", "");
        let snapshot = go.done("GET", "/snapshot", "").json();
        // It decodes and encodes: what it does not know is gone, and so is what nodes say of themselves.
        let again = |node: &Value| {
            let mut config = node["node"]["config"].as_object().unwrap().clone();
            let newer = ["lifecycles", "logfile", "log_verbosity"];
            config.retain(|key, _| match generation {
                Generation::Services => !newer.contains(&key.as_str()),
                Generation::Lifecycles => key != "services",
            });
            let mut written = Map::new();
            written.insert("node".into(), json!({"config": config, "up": node["node"]["up"]}));
            written.extend(node.get("snapshots").map(|states| ("snapshots".to_owned(), states.clone())));
            Value::Object(written)
        };
        let nodes: Vec<Value> = snapshot["nodes"].as_array().unwrap().iter().map(again).collect();
        let written = json!({"nodes": nodes, "conns": snapshot["conns"]}).to_string();
        go.done("POST", "/reset", "");
        let network = go.done("POST", "/snapshot", &written).json();
        let ups: Vec<bool> =
            network["nodes"].as_array().unwrap().iter().map(|node| node["up"] == true).collect();
        assert_eq!(ups, [false, true, true]);
        assert_eq!(network["conns"], snapshot["conns"]);
    }
}

#[test]
fn snapshots_of_every_age_load() {
    let subject = Subject::ours(&["--pace", "max"]);
    let (one, other) = (Node::new(), Node::new());
    let services = |node: &Node| json!({"id": node.id, "private_key": node.key, "name": node.name, "services": ["ping-pong"]});
    let lifecycles = |node: &Node| {
        json!({"id": node.id, "private_key": node.key, "name": node.name, "lifecycles": ["ping-pong"], "logfile": "",
               "log_verbosity": 3})
    };
    // Up to geth v1.8.15 an id was the public key itself.
    let public = |node: &Node| SecretKey::from_hex(&node.key).unwrap().public().to_string();
    let ancient = |node: &Node| json!({"id": public(node), "private_key": node.key, "name": node.name, "services": ["ping-pong"]});
    let node = |config: Value, up: bool| json!({"node": {"config": config, "up": up}});
    let conns = json!([{"one": one.id, "other": other.id, "up": true}]);
    let table = [
        (json!({}), 0, 0),
        (json!({"nodes": null, "conns": null}), 0, 0),
        (json!({"nodes": [{"node": {"config": services(&one)}}]}), 0, 0),
        (json!({"nodes": [node(services(&one), true), node(services(&other), true)], "conns": conns}), 2, 1),
        (
            json!({"nodes": [node(lifecycles(&one), true), node(lifecycles(&other), true)], "conns": conns}),
            2,
            1,
        ),
        (
            json!({"nodes": [node(ancient(&one), true), node(ancient(&other), true)],
                   "conns": [{"one": public(&one), "other": public(&other), "up": true}]}),
            2,
            1,
        ),
        (
            json!({"nodes": [{"node": {"info": {"id": one.id}, "config": services(&one), "up": true},
                              "snapshots": {"ping-pong": "Nw=="}}]}),
            1,
            0,
        ),
    ];
    for (snapshot, ups, connected) in table {
        subject.ask("POST /reset", "").expect(200);
        let network = subject.ask("POST /snapshot", &snapshot.to_string()).expect(200).json();
        let count =
            |list: &str| network[list].as_array().unwrap().iter().filter(|each| each["up"] == true).count();
        assert_eq!((count("nodes"), count("conns")), (ups, connected), "{snapshot}");
    }
    let broken = json!({"nodes": [{"node": {"config": null, "up": true}}]}).to_string();
    subject.ask("POST /snapshot", &broken).expect(400).expect_refusal("nodes[0] has no config");
}

#[test]
fn its_conversation_with_a_node_works() {
    let subject = Subject::ours(&["--pace", "max"]);
    let (one, other) = (subject.up(), subject.up());
    let go = GoClient::new(&subject, Generation::Lifecycles);
    let mut socket = go.rpc(&one.name);
    let mut hear = |said: &str| -> Value {
        socket.send(Message::text(said)).unwrap();
        loop {
            if let Message::Text(text) = socket.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    };
    let subscribed = hear(r#"{"jsonrpc":"2.0","id":1,"method":"admin_subscribe","params":["peerEvents"]}"#);
    let subscription = subscribed["result"].as_str().unwrap().to_owned();
    assert!(subscription.starts_with("0x"), "{subscribed}");
    // Its command knows texts alone as parameters.
    let url = subject.ask(&format!("GET /nodes/{}", other.name), "").json()["enode"].clone();
    let added =
        hear(&json!({"jsonrpc": "2.0", "id": 2, "method": "admin_addPeer", "params": [url]}).to_string());
    assert_eq!(added, json!({"jsonrpc": "2.0", "id": 2, "result": true}));
    // Time passes while somebody waits.
    subject.ask("POST /wait", r#"{"conns":1,"within":"1m"}"#).expect(200);
    let event = hear(r#"{"jsonrpc":"2.0","method":"rpc_modules"}"#);
    assert_eq!(event["params"]["subscription"], *subscription, "{event}");
    assert_eq!(
        (&event["params"]["result"]["type"], &event["params"]["result"]["peer"]),
        (&json!("add"), &json!(other.id))
    );
}

/// Every line that a network writes is one that Go's scanner takes, however much its nodes have to say.
#[test]
fn no_line_is_longer_than_it_reads() {
    let subject = Subject::ours(&["--pace", "max"]);
    let go = GoClient::new(&subject, Generation::Services);
    for properties in [1, 100, 600] {
        subject.node_with(
            json!({"properties": vec!["a role of some length, as people write them"; properties]}),
        );
    }
    let mut events = go.events(true, "");
    for _ in 0..3 {
        assert_eq!(events.next()["type"], "node");
    }
}
