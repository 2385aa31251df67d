//! Nodes that are processes.

use std::fs;

use serde_json::json;

use crate::socket::Socket;
use crate::subject::{Subject, eventually, kill, terminate};

/// What a process said was passed on when it said the next thing.
#[test]
fn geth_defect_11_a_single_call_is_answered() {
    let subject = Subject::exec_server();
    let node = subject.up();
    let mut socket = Socket::open(&subject.address, &node.name).unwrap();
    assert_eq!(socket.call("rpc_modules", json!([]))["result"]["admin"], "1.0");
    let ran = subject.run(&["node", "rpc", &node.name, "admin_nodeInfo"]).expect(0);
    assert!(ran.out.contains(&node.id), "{ran:?}");
}

/// A node without a key ended the handler, and left a directory that was in the way of the next.
#[test]
fn geth_defect_12_a_node_without_a_key_gets_one() {
    let subject = Subject::exec_server();
    for _ in 0..2 {
        let created = subject.ask("POST /nodes", "{}").expect(201).json();
        let name = created["name"].as_str().unwrap();
        subject.ask(&format!("POST /nodes/{name}/start"), "").expect(200);
        subject.ask(&format!("DELETE /nodes/{name}"), "").expect(200);
    }
}

/// A process that died was a zombie that could not be started, nor stopped; and all outlived their server.
#[test]
fn geth_defect_13_a_node_that_died_starts_again_and_none_outlives_the_server() {
    let subject = Subject::exec_server();
    let before = children(subject.pid());
    let node = subject.up();
    let born: Vec<u32> =
        children(subject.pid()).into_iter().filter(|child| !before.contains(child)).collect();
    let [child] = born[..] else { panic!("one process of a node: {born:?}") };
    kill(child);
    eventually("the crash", || subject.is_up(&node.name) == Some(false));
    eventually("the burial", || !children(subject.pid()).contains(&child));
    subject.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
    assert_eq!(subject.is_up(&node.name), Some(true));
    let alive = children(subject.pid());
    terminate(subject.pid());
    eventually("the end of all nodes", || {
        alive.iter().all(|child| state(*child).is_none_or(|state| state == 'Z'))
    });
}

/// Nodes listened on every address of the machine.
#[test]
fn geth_defect_14_processes_listen_on_this_machine_alone() {
    let subject = Subject::exec_server();
    let node = subject.up();
    let info = subject.ask(&format!("GET /nodes/{}", node.name), "").expect(200).json();
    let listens = info["listenAddr"].as_str().unwrap();
    assert!(listens.starts_with("127.0.0.1:"), "{info}");
}

/// The processes that a process has started, zombies included.
fn children(parent: u32) -> Vec<u32> {
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    all.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

fn state(pid: u32) -> Option<char> {
    stat(pid).map(|(state, _)| state)
}

/// State and parent of a process, as proc(5) has them behind its name, which may hold anything.
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit(')').next()?.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
