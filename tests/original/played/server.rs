//! The original's server, as far as it was recorded.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket};

use crate::recorded::exchange::{self, Exchange};
use crate::recorded::{CURRENT, LIVES, NODES, ROUTER, RPC, values};

/// Which recording answers which request, by its title. Requests that are not here have one alone, or are unknown.
const CHOSEN: &[(&str, &str)] = &[
    ("GET /", "the network, up and connected"),
    ("GET /nodes", "all nodes"),
    ("GET /nodes/node01", "a node that is connected"),
    ("POST /nodes", "a node: id, key and name"),
    ("POST /nodes/node01/start", "starting a node"),
    // Stopping was not recorded; it answers with the node too.
    ("POST /nodes/node01/stop", "by name"),
    ("POST /nodes/node01/conn/node02", "connecting"),
    ("DELETE /nodes/node01/conn/node02", "connecting"),
    ("GET /snapshot", "a snapshot"),
    // Loading one answers with the network.
    ("POST /snapshot", "the network, up and connected"),
];

/// A server that is played.
pub(super) struct Played {
    pub(super) address: String,
    last_body: Arc<Mutex<String>>,
}

/// A request, as it came.
struct Request {
    /// Verb and path.
    line: String,
    query: String,
    websocket_key: Option<String>,
    body: String,
}

impl Played {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let last_body = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&last_body);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, kept) = (socket.unwrap(), Arc::clone(&kept));
                thread::spawn(move || serve(socket, &kept));
            }
        });
        Self { address, last_body }
    }

    /// The last body that somebody sent.
    pub(super) fn last_body(&self) -> String {
        self.last_body.lock().unwrap().clone()
    }
}

fn serve(socket: TcpStream, last_body: &Mutex<String>) {
    let mut from = BufReader::new(socket);
    while let Some(request) = read(&mut from) {
        if !request.body.is_empty() {
            last_body.lock().unwrap().clone_from(&request.body);
        }
        if let Some(key) = &request.websocket_key
            && request.line == "GET /nodes/node01/rpc"
        {
            let accept = derive_accept_key(key.as_bytes());
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            from.get_mut().write_all(head.as_bytes()).unwrap();
            return converse(from.into_inner());
        }
        let answer = answer(&request);
        // Whoever has hung up has heard enough.
        if from.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(from: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let headers = head[1..].iter().filter_map(|line| line.split_once(": "));
        headers.filter(|(has, _)| has.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    from.read_exact(&mut body).ok()?;
    let (line, _) = head[0].rsplit_once(' ')?;
    let (line, query) = line.split_once('?').unwrap_or((line, ""));
    Some(Request {
        line: line.to_owned(),
        query: query.to_owned(),
        websocket_key: header("sec-websocket-key"),
        body: String::from_utf8(body).unwrap(),
    })
}

fn answer(request: &Request) -> String {
    let all = || [NODES, ROUTER].into_iter().flat_map(exchange::read);
    let titled = |title: &str| all().find(|exchange| exchange.title == title).unwrap();
    let chosen = CHOSEN.iter().find(|(line, _)| *line == request.line);
    match request.line.as_str() {
        "GET /events" if request.query.ends_with("filter=foo") => plain(&titled("a filter without codes")),
        "GET /events" => stream(request.query.contains("current=true")),
        "POST /nodes" if request.body.contains("nope") => plain(&titled("an unknown service")),
        "GET /mocker" => {
            let answer = r#"["startStop","probabilistic","boot"]"#.to_owned();
            plain(&Exchange { answer, ..titled("the mockers, which came in any order") })
        }
        "POST /mocker/start" | "POST /mocker/stop" => plain(&titled("starting no nodes")),
        // Its router knows the path by another verb.
        "DELETE /nodes/node01" => plain(&titled("a wrong verb")),
        line => match chosen {
            Some((_, title)) => plain(&titled(title)),
            None => plain(
                &all().find(|exchange| exchange.request == line).unwrap_or_else(|| titled("an unknown path")),
            ),
        },
    }
}

fn plain(exchange: &Exchange) -> String {
    let body = if exchange.answer.is_empty() { String::new() } else { format!("{}\n", exchange.answer) };
    let reason = match exchange.status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Internal Server Error",
    };
    let headers: String =
        exchange.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "HTTP/1.1 {} {reason}\r\nAccess-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS\r\n\
         Access-Control-Allow-Origin: *\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        exchange.status,
        body.len()
    )
}

/// The whole stream: what is current, then live events, as Go chunks them.
fn stream(current: bool) -> String {
    let mut text = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\
                    Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n"
        .to_owned();
    let current = if current { values(CURRENT) } else { vec![] };
    for line in current.into_iter().chain(values(LIVES)) {
        let event = format!("event: network\ndata: {line}\n\n");
        text += &format!("{:x}\r\n{event}\r\n", event.len());
    }
    text + "0\r\n\r\n"
}

/// Answers what was recorded of a method, with the id that is asked for; then what was pushed.
fn converse(socket: TcpStream) {
    let mut socket = WebSocket::from_raw_socket(socket, Role::Server, None);
    let recorded = values(RPC);
    let calls: Vec<(Value, Value)> = recorded
        .windows(2)
        .filter_map(|pair| {
            let (call, answer) = (pair[0].strip_prefix("> ")?, pair[1].strip_prefix("< ")?);
            Some((serde_json::from_str(call).ok()?, serde_json::from_str(answer).ok()?))
        })
        .collect();
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else { continue };
        let call: Value = serde_json::from_str(&text).unwrap();
        let same = |known: &Value| {
            known["method"] == call["method"]
                && (known["params"] == call["params"] || known.get("params").is_none())
        };
        let found = calls.iter().find(|(known, _)| same(known));
        let found = found.or_else(|| calls.iter().find(|(known, _)| known["method"] == call["method"]));
        let unknown =
            json!({"jsonrpc": "2.0", "error": {"code": -32601, "message": "the method does not exist"}});
        let mut answer = found.map_or(unknown, |(_, answer)| answer.clone());
        answer["id"] = call["id"].clone();
        let pushed = recorded.iter().filter_map(|line| line.strip_prefix("* "));
        let pushed: Vec<&str> = if call["method"] == "admin_subscribe" { pushed.collect() } else { vec![] };
        // Go's encoder ends each with a line feed.
        for text in [answer.to_string().as_str()].into_iter().chain(pushed) {
            if socket.send(Message::text(format!("{text}\n"))).is_err() {
                return;
            }
        }
        if call["method"] == "admin_subscribe" {
            return;
        }
    }
}
