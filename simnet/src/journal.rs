//! The journal: what came from outside, with the simulated time at which it came.
//!
//! Together with the seed it is the whole of a live session: replaying it gives the same log. JSON lines; the first
//! tells what network to set up, the last, if the session ended in order, when and with which digest it did.
//! It holds private keys, as they were given.

use crate::condition::{Condition, ConditionForm};
use crate::error::NetworkError;
use crate::log::Lines;
use crate::record::Digest;
use crate::view::{ConnView, NodeSnapshot, NodeSpec, Snapshot};
use devp2p::{NodeId, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What changes a network from outside.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create(Box<NodeSpec>),
    Start(NodeId),
    Stop(NodeId),
    Crash(NodeId),
    Remove(NodeId),
    Connect(NodeId, NodeId),
    Disconnect(NodeId, NodeId),
    Load(Snapshot),
    Rpc(NodeId, String),
    Call(NodeId, String, Vec<Value>),
    Reset,
    Condition(Box<Condition>),
    Expectation { name: String, passed: bool, detail: String },
}

/// What network a journal is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The program that wrote it.
    pub p2psim: String,
    /// The seed.
    pub seed: u64,
    /// Name of the network.
    pub id: String,
    /// What nodes without services run.
    pub default_service: Option<String>,
    /// The link between any two nodes at the start, as [`condition`](crate::condition) writes it.
    pub link: String,
    /// `wire` or `message`.
    pub fidelity: String,
    /// Peers a node has at most.
    pub max_peers: usize,
    /// Dial ban, nanoseconds.
    pub dial_ban: u64,
}

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal(Lines);

impl Journal {
    pub(crate) fn create(path: &Path, header: &Header) -> Result<Self, NetworkError> {
        let mut file = Lines::create(path)?;
        file.write(header)?;
        Ok(Self(file))
    }

    pub(crate) fn write(&mut self, at: Duration, command: &Command) -> Result<(), NetworkError> {
        self.0.write(&Line { at: at.as_nanos() as u64, entry: Entry::Do(Form::from(command)) })
    }

    pub(crate) fn end(&mut self, at: Duration, digest: Digest) -> Result<(), NetworkError> {
        self.0.write(&Line { at: at.as_nanos() as u64, entry: Entry::End(digest.to_string()) })
    }
}

/// A journal that was read.
#[derive(Debug)]
pub struct Recording {
    pub(crate) header: Header,
    pub(crate) commands: Vec<(Duration, Command)>,
    /// When and with which digest the session ended, if it did in order.
    pub(crate) end: Option<(Duration, Option<Digest>)>,
}

/// Why a journal cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read.
    #[error("reading {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        error: String,
    },
    /// A line is not one of a journal.
    #[error("{path}, line {line}: {error}")]
    Line {
        /// The file.
        path: String,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        error: String,
    },
}

impl Recording {
    /// Reads a journal. A last line that was cut in the middle is left out: the session was killed while writing it.
    pub(crate) fn read(path: &Path) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| JournalError::Read { path: shown.clone(), error: error.to_string() })?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let fail =
            |line: usize, error: String| JournalError::Line { path: shown.clone(), line: line + 1, error };
        let mut lines = whole.lines().enumerate();
        let (_, first) =
            lines.next().ok_or_else(|| fail(0, "the file is empty: this is no journal".into()))?;
        let header =
            serde_json::from_str(first).map_err(|error| fail(0, format!("no journal begins so: {error}")))?;
        let mut recording = Self { header, commands: Vec::new(), end: None };
        let mut last = 0;
        for (number, line) in lines {
            let Line { at, entry } =
                serde_json::from_str(line).map_err(|error| fail(number, error.to_string()))?;
            if at < last {
                return Err(fail(number, format!("time runs backwards: {at} ns after {last} ns")));
            }
            last = at;
            let at = Duration::from_nanos(at);
            match entry {
                _ if recording.end.is_some() => return Err(fail(number, "something after the end".into())),
                Entry::Do(form) => {
                    recording.commands.push((at, form.command().map_err(|error| fail(number, error))?));
                }
                Entry::End(digest) => {
                    let digest =
                        digest.parse().map_err(|_| fail(number, format!("{digest:?} is no digest")))?;
                    recording.end = Some((at, Some(digest)));
                }
            }
        }
        Ok(recording)
    }

    /// Reads a journal's lines without its first: commands and when they are due, in any order.
    pub(crate) fn read_commands(path: &Path) -> Result<Vec<(Duration, Command)>, JournalError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| JournalError::Read { path: shown.clone(), error: error.to_string() })?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let command = |(number, line): (usize, &str)| {
            let fail = |error| JournalError::Line { path: shown.clone(), line: number + 1, error };
            let Line { at, entry } =
                serde_json::from_str(line).map_err(|error: serde_json::Error| fail(error.to_string()))?;
            match entry {
                Entry::Do(form) => Ok((Duration::from_nanos(at), form.command().map_err(fail)?)),
                Entry::End(_) => Err(fail("a future has no end that is known".into())),
            }
        };
        lines.map(command).collect()
    }
}

// --- the file's own form -----------------------------------------------------------------------------------------

#[derive(Serialize, Deserialize)]
struct Line {
    at: u64,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Do(Form),
    End(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Create(SpecForm),
    Start(String),
    Stop(String),
    Crash(String),
    Remove(String),
    Connect(String, String),
    Disconnect(String, String),
    Load { nodes: Vec<NodeForm>, conns: Vec<(String, String, bool)> },
    Rpc(String, String),
    Call(String, String, Vec<Value>),
    Reset,
    Condition(ConditionForm),
    Expectation { name: String, passed: bool, detail: String },
}

#[derive(Serialize, Deserialize)]
struct SpecForm {
    id: Option<String>,
    key: Option<String>,
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adapter: Option<String>,
    services: Vec<String>,
    properties: Vec<String>,
    enable_msg_events: Option<bool>,
    port: Option<u16>,
    log_file: String,
    log_verbosity: i32,
    settings: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct NodeForm {
    spec: SpecForm,
    up: bool,
    /// Each service's saved state.
    services: BTreeMap<String, Vec<u8>>,
}

impl From<&NodeSpec> for SpecForm {
    fn from(spec: &NodeSpec) -> Self {
        Self {
            id: spec.id.map(|id| id.to_string()),
            key: spec.key.as_ref().map(SecretKey::to_hex),
            name: spec.name.clone(),
            adapter: spec.adapter.clone(),
            services: spec.services.clone(),
            properties: spec.properties.clone(),
            enable_msg_events: spec.enable_msg_events,
            port: spec.port,
            log_file: spec.log_file.clone(),
            log_verbosity: spec.log_verbosity,
            settings: spec.settings.clone(),
        }
    }
}

impl SpecForm {
    fn spec(self) -> Result<NodeSpec, String> {
        Ok(NodeSpec {
            id: self.id.as_deref().map(id).transpose()?,
            key: self
                .key
                .as_deref()
                .map(SecretKey::from_hex)
                .transpose()
                .map_err(|error| error.to_string())?,
            name: self.name,
            adapter: self.adapter,
            services: self.services,
            properties: self.properties,
            enable_msg_events: self.enable_msg_events,
            port: self.port,
            log_file: self.log_file,
            log_verbosity: self.log_verbosity,
            settings: self.settings,
        })
    }
}

impl From<&Command> for Form {
    fn from(command: &Command) -> Self {
        let node = |node: &NodeSnapshot| NodeForm {
            spec: SpecForm::from(&node.spec),
            up: node.up,
            services: node.services.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec())).collect(),
        };
        match command {
            Command::Create(spec) => Self::Create(SpecForm::from(&**spec)),
            Command::Start(id) => Self::Start(id.to_string()),
            Command::Stop(id) => Self::Stop(id.to_string()),
            Command::Crash(id) => Self::Crash(id.to_string()),
            Command::Remove(id) => Self::Remove(id.to_string()),
            Command::Connect(one, other) => Self::Connect(one.to_string(), other.to_string()),
            Command::Disconnect(one, other) => Self::Disconnect(one.to_string(), other.to_string()),
            Command::Load(snapshot) => Self::Load {
                nodes: snapshot.nodes.iter().map(node).collect(),
                conns: snapshot
                    .conns
                    .iter()
                    .map(|c| (c.one.to_string(), c.other.to_string(), c.up))
                    .collect(),
            },
            Command::Rpc(id, text) => Self::Rpc(id.to_string(), text.clone()),
            Command::Call(id, method, params) => Self::Call(id.to_string(), method.clone(), params.clone()),
            Command::Reset => Self::Reset,
            Command::Condition(condition) => Self::Condition(ConditionForm::from(&**condition)),
            Command::Expectation { name, passed, detail } => {
                Self::Expectation { name: name.clone(), passed: *passed, detail: detail.clone() }
            }
        }
    }
}

impl Form {
    fn command(self) -> Result<Command, String> {
        Ok(match self {
            Self::Create(spec) => Command::Create(Box::new(spec.spec()?)),
            Self::Start(node) => Command::Start(id(&node)?),
            Self::Stop(node) => Command::Stop(id(&node)?),
            Self::Crash(node) => Command::Crash(id(&node)?),
            Self::Remove(node) => Command::Remove(id(&node)?),
            Self::Connect(one, other) => Command::Connect(id(&one)?, id(&other)?),
            Self::Disconnect(one, other) => Command::Disconnect(id(&one)?, id(&other)?),
            Self::Load { nodes, conns } => {
                let conn = |(one, other, up): (String, String, bool)| {
                    Ok(ConnView { one: id(&one)?, other: id(&other)?, up })
                };
                Command::Load(Snapshot {
                    nodes: nodes.into_iter().map(NodeForm::snapshot).collect::<Result<_, _>>()?,
                    conns: conns.into_iter().map(conn).collect::<Result<_, String>>()?,
                })
            }
            Self::Rpc(node, text) => Command::Rpc(id(&node)?, text),
            Self::Call(node, method, params) => Command::Call(id(&node)?, method, params),
            Self::Reset => Command::Reset,
            Self::Condition(form) => Command::Condition(Box::new(form.condition()?)),
            Self::Expectation { name, passed, detail } => Command::Expectation { name, passed, detail },
        })
    }
}

impl NodeForm {
    fn snapshot(self) -> Result<NodeSnapshot, String> {
        let services = self.services.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        Ok(NodeSnapshot { spec: self.spec.spec()?, up: self.up, info: None, services })
    }
}

fn id(text: &str) -> Result<NodeId, String> {
    text.parse().map_err(|error| format!("{text:?}: {error}"))
}
