//! Another implementation in a process of its own, by the lines of README.md.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;

use devp2p::{DiscReason, Enode, PublicKey, SecretKey};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use crate::node::Node;
use crate::transcript::Transcript;

/// Where .ci/interop puts the Python that has Trinity.
const PYTHON: &str = "venv/bin/python";

/// An implementation that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// @ethereumjs/devp2p 10.
    EthereumJs,
    /// @ethereumjs/devp2p 4, the last that knows no compression: its Hello has version 4.
    EthereumJsPlain,
    /// The p2p package of Trinity. It dials as was done before EIP-8.
    Trinity,
    /// The same with its p2p protocol of version 4, which does not compress.
    TrinityPlain,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::EthereumJs, Self::EthereumJsPlain, Self::Trinity, Self::TrinityPlain];

    /// Do we and it compress?
    pub(crate) fn compresses(self) -> bool {
        matches!(self, Self::EthereumJs | Self::Trinity)
    }

    /// What it offers.
    pub(crate) fn offer(self) -> &'static str {
        match self {
            Self::EthereumJsPlain => "eth/63,eth/64,eth/65",
            _ => "eth/66,eth/67,eth/68,snap/1",
        }
    }

    /// What of it our node has never heard of.
    pub(crate) fn useless_offer(self) -> &'static str {
        match self {
            Self::EthereumJsPlain => "eth/63,eth/64",
            _ => "eth/67",
        }
    }

    /// What it shares with our node, and from which code on.
    pub(crate) fn shared(self) -> &'static str {
        match self {
            Self::EthereumJsPlain => "eth/65@16",
            _ => "eth/68@16,snap/1@33",
        }
    }

    /// The version of `eth` that it shares with our node.
    pub(crate) fn eth(self) -> &'static str {
        self.shared().split('@').next().expect("there is a first part")
    }

    /// Can it say and understand reasons that no specification names?
    pub(crate) fn knows_any_reason(self) -> bool {
        self.is_ethereumjs()
    }

    pub(crate) fn is_ethereumjs(self) -> bool {
        matches!(self, Self::EthereumJs | Self::EthereumJsPlain)
    }

    fn command(self, key: &SecretKey) -> Command {
        let (program, script, version) = match self {
            Self::EthereumJs => ("node", "ethereumjs.mjs", "10"),
            Self::EthereumJsPlain => ("node", "ethereumjs.mjs", "4"),
            Self::Trinity => (PYTHON, "trinity_node.py", "5"),
            Self::TrinityPlain => (PYTHON, "trinity_node.py", "4"),
        };
        let needed = if self.is_ethereumjs() { "node_modules" } else { PYTHON };
        let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/judges");
        assert!(judges.join(needed).exists(), "no {needed} in {}: run .ci/interop first", judges.display());
        let program = if program == PYTHON { judges.join(PYTHON) } else { program.into() };
        let mut command = Command::new(program);
        command.arg(judges.join(script)).args([version, &key.to_hex()]);
        command
    }
}

/// A judge at work. It ends with this value.
pub(crate) struct Judge {
    pub(crate) kind: Kind,
    pub(crate) enode: Enode,
    orders: Mutex<ChildStdin>,
    general: Rc<Transcript>,
    sessions: Rc<RefCell<Vec<Rc<Transcript>>>>,
    _process: Child,
}

impl Judge {
    /// Starts one that listens and offers what it has.
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_with(kind, &SecretKey::from_bytes(&[0x51; 32]).unwrap()).await
    }

    /// Starts one with this identity.
    pub(crate) async fn start_with(kind: Kind, key: &SecretKey) -> Self {
        let mut command = kind.command(key);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let general = Rc::new(Transcript::new(format!("{kind:?}")));
        let sessions = Rc::default();
        let output = process.stdout.take().unwrap();
        tokio::task::spawn_local(listen(kind, output, Rc::clone(&general), Rc::clone(&sessions)));
        let listening = general.sees("listening").await;
        let (port, id) = listening.split_once(' ').unwrap();
        let public: [u8; 64] = hex::decode(id).unwrap().try_into().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        let enode = Enode::new(PublicKey::from_bytes(&public).unwrap(), address);
        assert_eq!(enode.id(), key.id(), "it is who it was told to be");
        let orders = Mutex::new(process.stdin.take().unwrap());
        let judge = Self { kind, enode, orders, general, sessions, _process: process };
        judge.order(&format!("offer {}", kind.offer())).await;
        judge
    }

    pub(crate) async fn order(&self, line: &str) {
        let mut orders = self.orders.lock().await;
        orders.write_all(format!("{line}\n").as_bytes()).await.expect("it reads its orders");
    }

    /// Has it dial our node.
    pub(crate) async fn dial(&self, node: &Node) {
        let enode = node.server.enode();
        self.dial_as(node, enode.public_key.as_bytes()).await;
    }

    /// Has it dial our node and take it for somebody.
    pub(crate) async fn dial_as(&self, node: &Node, id: &[u8; 64]) {
        let address = node.server.enode().socket_addr().expect("it listens");
        self.order(&format!("dial {} {} {}", address.ip(), address.port(), hex::encode(id))).await;
    }

    /// The next session that begins, which must be its own dial (`out`) or ours (`in`).
    pub(crate) async fn begun(&self, way: &str) -> Session<'_> {
        let begun = self.general.sees("begun").await;
        let (number, seen) = begun.split_once(' ').unwrap();
        assert_eq!(seen, way, "{:?}", self.kind);
        let number = number.parse().unwrap();
        Session { judge: self, number, transcript: Rc::clone(&self.sessions.borrow()[number]) }
    }
}

/// One session, as the judge has it.
pub(crate) struct Session<'a> {
    judge: &'a Judge,
    number: usize,
    transcript: Rc<Transcript>,
}

impl Session<'_> {
    pub(crate) async fn order(&self, order: &str) {
        let (command, rest) = order.split_once(' ').unwrap_or((order, ""));
        self.judge.order(format!("{command} {} {rest}", self.number).trim_end()).await;
    }

    pub(crate) async fn sees(&self, words: &str) -> String {
        self.transcript.sees(words).await
    }

    /// It must be told this reason, and see the end of the connection.
    pub(crate) async fn is_told(&self, reason: DiscReason) {
        self.sees(&format!("told {}", reason.to_u8())).await;
        self.sees("closed").await;
    }

    pub(crate) fn count(&self, words: &str) -> usize {
        self.transcript.count(words)
    }
}

/// Sorts what a judge says by session.
async fn listen(
    kind: Kind,
    output: ChildStdout,
    general: Rc<Transcript>,
    sessions: Rc<RefCell<Vec<Rc<Transcript>>>>,
) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some((number, rest)) = numbered(&line) else {
            general.write(line);
            continue;
        };
        if let Some(way) = rest.strip_prefix("begun ") {
            assert_eq!(number, sessions.borrow().len(), "sessions are numbered in order");
            sessions.borrow_mut().push(Rc::new(Transcript::new(format!("{kind:?}, session {number}"))));
            general.write(format!("begun {number} {way}"));
        }
        sessions.borrow()[number].write(rest);
    }
    general.end();
    sessions.borrow().iter().for_each(|session| session.end());
}

fn numbered(line: &str) -> Option<(usize, &str)> {
    let (number, rest) = line.split_once(' ')?;
    Some((number.parse().ok()?, rest))
}
