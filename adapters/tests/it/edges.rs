//! The WebSocket edge of a node's process, as others than its parent see it; and a parent of another kind.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::{CHILD, run};

const KEY: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";

/// What geth's parent does: argv, environment, a status URL of its own, and nothing else.
fn born_as_geth_does() -> (std::process::Child, Value) {
    let status = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = json!({
        "stack": {"DataDir": "", "P2P": {"ListenAddr": ":0", "MaxPeers": 50}, "WSHost": "127.0.0.1", "WSPort": 0},
        "node": {"id": "", "private_key": KEY, "name": "node01", "lifecycles": ["ping-pong"], "properties": null,
                 "enable_msg_events": true, "port": 0, "logfile": "", "log_verbosity": 4},
        "snapshots": {"ping-pong": "Nw=="},
    });
    let child = Command::new(CHILD)
        .arg0("p2p-node")
        .args(["ping-pong", "7"])
        .env("_P2P_NODE_CONFIG", config.to_string())
        .env("_P2P_STATUS_URL", format!("http://{}", status.local_addr().unwrap()))
        .spawn()
        .unwrap();
    let (mut stream, _) = status.accept().unwrap();
    let mut text = String::new();
    while !text.ends_with("}}") {
        let mut piece = [0; 4096];
        let len = stream.read(&mut piece).unwrap();
        assert!(len > 0, "{text}");
        text.push_str(std::str::from_utf8(&piece[..len]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(
        text.starts_with("POST / HTTP/1.1\r\n") && text.contains("Content-Type: application/json"),
        "{text}"
    );
    let body = text.split_once("\r\n\r\n").unwrap().1;
    (child, serde_json::from_str(body).unwrap())
}

#[test]
fn a_parent_of_geths_kind_is_served() {
    let (mut child, report) = born_as_geth_does();
    assert_eq!(report["Err"], "");
    assert!(report["NodeInfo"]["enode"].as_str().unwrap().starts_with("enode://"));
    run(async {
        let (mut socket, _) = connect_async(report["WSEndpoint"].as_str().unwrap()).await.unwrap();
        for (method, expect) in [
            ("pingpong_received", json!(7)),
            ("simulation_snapshot", json!({"ping-pong": "Nw=="})),
            ("admin_peers", json!([])),
        ] {
            let ask = json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string();
            socket.send(Message::text(ask)).await.unwrap();
            let answer = socket.next().await.unwrap().unwrap();
            let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
            assert_eq!(answer["result"], expect, "{answer}");
        }
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), Signal::TERM).unwrap();
        let last = socket.next().await;
        assert!(matches!(last, Some(Ok(Message::Close(_)) | Err(_)) | None), "{last:?}");
    });
    assert!(child.wait().unwrap().success());
}

#[test]
fn pages_of_other_sites_are_turned_away() {
    let (mut child, report) = born_as_geth_does();
    run(async {
        let endpoint = report["WSEndpoint"].as_str().unwrap();
        for (origin, welcome) in [("http://localhost:8888", true), ("https://example.org", false)] {
            let mut request = endpoint.into_client_request().unwrap();
            request.headers_mut().insert("Origin", origin.parse().unwrap());
            assert_eq!(connect_async(request).await.is_ok(), welcome, "{origin}");
        }
    });
    kill_process(Pid::from_raw(child.id() as i32).unwrap(), Signal::TERM).unwrap();
    child.wait().unwrap();
}
