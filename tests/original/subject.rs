//! What is tested: a server and a command, ours unless the environment names others.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use devp2p::SecretKey;
use serde_json::{Value, json};

use crate::http::{self, Answer, Events, PATIENCE};

/// A server that runs already: `http://127.0.0.1:8888`.
const SERVER: &str = "P2PSIM_DEFECTS_URL";
/// Another whose nodes are processes, and its process id.
const EXEC_SERVER: &str = "P2PSIM_DEFECTS_EXEC_URL";
const EXEC_PID: &str = "P2PSIM_DEFECTS_EXEC_PID";
/// The path of a client.
const CLIENT: &str = "P2PSIM_DEFECTS_CLIENT";

/// A server that all tests share is had by one at a time.
static SHARED: Mutex<()> = Mutex::new(());
/// Nodes made so far, so that no two have the same key.
static NODES: AtomicU32 = AtomicU32::new(1);

/// A server under test.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Host and port.
    pub(crate) address: String,
    started: Option<(Child, BufReader<ChildStdout>)>,
    pid: Option<u32>,
    turn: Option<MutexGuard<'static, ()>>,
}

/// A node that was created.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) id: String,
}

impl Node {
    /// A node that nothing knows yet.
    pub(crate) fn new() -> Self {
        let number = u64::from(std::process::id()) << 32 | u64::from(NODES.fetch_add(1, Ordering::Relaxed));
        let key = format!("{number:064x}");
        let id = SecretKey::from_hex(&key).unwrap().id().to_string();
        Self { name: format!("n{number:x}"), key, id }
    }

    /// All that the original wants to know of a node that is to be created.
    pub(crate) fn config(&self) -> Value {
        json!({
            "id": self.id, "private_key": self.key, "name": self.name, "services": ["ping-pong"],
            "properties": null, "enable_msg_events": true, "port": 0,
        })
    }
}

impl Subject {
    /// The server named by the environment, or one of ours.
    pub(crate) fn server() -> Self {
        Self::named(SERVER, None).unwrap_or_else(|| Self::ours(&[]))
    }

    /// The same, with nodes that are processes.
    pub(crate) fn exec_server() -> Self {
        let pid = std::env::var(EXEC_PID).ok().map(|pid| pid.parse().unwrap());
        Self::named(EXEC_SERVER, pid).unwrap_or_else(|| Self::ours(&["--adapter", "exec"]))
    }

    fn named(variable: &str, pid: Option<u32>) -> Option<Self> {
        let url = std::env::var(variable).ok()?;
        let turn = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut subject = Self::of_others(address);
        (subject.pid, subject.turn) = (pid, Some(turn));
        Some(subject)
    }

    /// One of ours, on a port of its own.
    pub(crate) fn ours(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_p2psim"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .env_remove("P2PSIM_TOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("p2psim listening on http://").unwrap().to_owned();
        let pid = Some(child.id());
        Self { address, started: Some((child, out)), pid, turn: None }
    }

    /// One that somebody else has started.
    pub(crate) fn of_others(address: &str) -> Self {
        Self { address: address.to_owned(), started: None, pid: None, turn: None }
    }

    /// The process it is.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
            .unwrap_or_else(|| panic!("a server of somebody else: {EXEC_PID} has to say which process it is"))
    }

    /// Ends one of ours as a system does, and answers what it said at its end.
    pub(crate) fn stop(mut self) -> String {
        let (mut child, mut out) = self.started.take().expect("one of ours");
        terminate(child.id());
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        said
    }

    /// One request.
    #[track_caller]
    pub(crate) fn ask(&self, line: &str, body: &str) -> Answer {
        self.try_ask(line, body).unwrap_or_else(|error| panic!("{line} was not answered: {error}"))
    }

    /// One request to a server that may be dead or hang.
    pub(crate) fn try_ask(&self, line: &str, body: &str) -> std::io::Result<Answer> {
        http::ask(&self.address, line, &[], body)
    }

    /// Opens the stream of events.
    pub(crate) fn events(&self, query: &str) -> Events {
        Events::open(&self.address, query).unwrap_or_else(|refused| panic!("{query}: {refused:?}"))
    }

    /// A new node that is down.
    #[track_caller]
    pub(crate) fn node(&self) -> Node {
        self.node_with(json!({}))
    }

    /// The same with more in its config.
    #[track_caller]
    pub(crate) fn node_with(&self, more: Value) -> Node {
        let node = Node::new();
        let mut config = node.config();
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        self.ask("POST /nodes", &config.to_string()).expect(201);
        node
    }

    /// A new node that is up.
    #[track_caller]
    pub(crate) fn up(&self) -> Node {
        let node = self.node();
        self.ask(&format!("POST /nodes/{}/start", node.name), "").expect(200);
        node
    }

    /// What `GET /` says.
    #[track_caller]
    pub(crate) fn network(&self) -> Value {
        self.ask("GET /", "").expect(200).json()
    }

    /// Whether a node is up, as `GET /` says; nothing if it has none of that name.
    #[track_caller]
    pub(crate) fn is_up(&self, name: &str) -> Option<bool> {
        let network = self.network();
        let nodes = network["nodes"].as_array().map_or(&[][..], Vec::as_slice);
        nodes.iter().find(|node| node["config"]["name"] == name)?["up"].as_bool()
    }

    /// The connection of two nodes, as `GET /` says.
    #[track_caller]
    pub(crate) fn conn(&self, a: &Node, b: &Node) -> Option<Value> {
        let network = self.network();
        let conns = network["conns"].as_array().map_or(&[][..], Vec::as_slice);
        let ends = [a.id.as_str(), b.id.as_str()];
        let is = |conn: &&Value| ["one", "other"].iter().all(|end| ends.iter().any(|id| conn[end] == *id));
        conns.iter().find(is).cloned()
    }

    /// Runs the client against this server.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_reading(args, "")
    }

    /// The same for one that reads.
    pub(crate) fn run_reading(&self, args: &[&str], input: &str) -> Ran {
        let client = std::env::var(CLIENT).unwrap_or_else(|_| env!("CARGO_BIN_EXE_p2psim").to_owned());
        // Before the command, where the original takes it too.
        let url = format!("http://{}", self.address);
        let mut child = Command::new(client)
            .args(["--api", &url])
            .args(args)
            .env_remove("P2PSIM_API_URL")
            .env_remove("P2PSIM_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that does not read may be gone by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.started.take() {
            // It has ended already where the test came to its end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a command left. No code: a signal ended it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Sends SIGTERM.
pub(crate) fn terminate(pid: u32) {
    signal(pid, rustix::process::Signal::TERM);
}

/// Sends SIGKILL.
pub(crate) fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Looks again and again until `holds` says so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    const LOOKS: u32 = 600;
    for _ in 0..LOOKS {
        if holds() {
            return;
        }
        std::thread::park_timeout(PATIENCE / LOOKS);
    }
    panic!("{what} did not happen within {PATIENCE:?}");
}
