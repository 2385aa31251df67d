//! Doing again what a stream of events tells, ours or the original's: events in, what is to be asked of a network out.
//!
//! Of a node, the first event is its creation, and after that every change of its state its start or its stop; starts come
//! without a control event. Of a connection it is the verb of the control event that counts (`data.verb`). The original's
//! control events have none, and the state *before* what was asked: `up: false` is a connect. Its own `Subscribe` took
//! it for the state to bring about, and did the opposite. A connection that came up without being asked for is asked for.
//!
//! Nodes go by their names, since their keys need not be in the stream; where they are, the ids are the same again.

use crate::dto;
use crate::{Client, ClientError};
use devp2p::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is to be asked of a network.
#[derive(Clone, Debug)]
pub enum Act {
    /// Create this node.
    Create(Box<dto::NodeConfig>),
    /// Start the node of this name.
    Start(String),
    /// Stop it.
    Stop(String),
    /// Connect the first to the second.
    Connect(String, String),
    /// Disconnect them.
    Disconnect(String, String),
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(config) => write!(f, "create {}", config.name),
            Self::Start(node) => write!(f, "start {node}"),
            Self::Stop(node) => write!(f, "stop {node}"),
            Self::Connect(one, other) => write!(f, "connect {one} to {other}"),
            Self::Disconnect(one, other) => write!(f, "disconnect {one} from {other}"),
        }
    }
}

/// A stream so far.
#[derive(Clone, Debug, Default)]
pub struct Redo {
    /// Nodes by the id they have in the stream: name, and whether they are up.
    nodes: BTreeMap<NodeId, (String, bool)>,
    /// Pairs that were asked to connect, or did so.
    joined: BTreeSet<(NodeId, NodeId)>,
}

/// An event that makes no sense where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfPlace(String);

impl Redo {
    /// What an event has somebody do; nothing if it only tells what came of it.
    ///
    /// # Errors
    /// It is about a node that the stream has not told of.
    pub fn handle(&mut self, event: &dto::Event) -> Result<Vec<Act>, OutOfPlace> {
        match (&event.node, &event.conn) {
            (Some(node), _) => self.node(node),
            (_, Some(conn)) => {
                let verb = event.data.as_ref().and_then(|data| data["verb"].as_str());
                let wants = match (event.control, verb) {
                    (true, Some(verb)) => Some(verb == "connect"),
                    (true, None) => Some(!conn.up),
                    (false, _) => conn.up.then_some(true),
                };
                wants.map_or(Ok(vec![]), |connects| self.conn(conn, connects))
            }
            // What nodes say to each other they say again by themselves.
            _ => Ok(vec![]),
        }
    }

    fn node(&mut self, node: &dto::Node) -> Result<Vec<Act>, OutOfPlace> {
        let config =
            node.config.as_ref().ok_or_else(|| OutOfPlace("a node without its config".to_owned()))?;
        let id = config.id.ok_or_else(|| OutOfPlace(format!("node {:?} has no id", config.name)))?;
        let mut acts = Vec::new();
        let (name, up) = self.nodes.entry(id).or_insert_with(|| {
            // An id belongs to its key: without that, the node gets one of its own.
            let id = config.private_key.as_ref().and(config.id);
            acts.push(Act::Create(Box::new(dto::NodeConfig { id, ..config.clone() })));
            (config.name.clone(), false)
        });
        if *up != node.up {
            *up = node.up;
            acts.push(if node.up { Act::Start(name.clone()) } else { Act::Stop(name.clone()) });
        }
        Ok(acts)
    }

    fn conn(&mut self, conn: &dto::Conn, connects: bool) -> Result<Vec<Act>, OutOfPlace> {
        let name = |id: &NodeId| {
            let known = self.nodes.get(id).map(|(name, _)| name.clone());
            known.ok_or_else(|| {
                OutOfPlace(format!("a connection of node {id}, of which nothing was told before"))
            })
        };
        let (one, other) = (name(&conn.one)?, name(&conn.other)?);
        let pair = (conn.one.min(conn.other), conn.one.max(conn.other));
        Ok(match connects {
            true if self.joined.insert(pair) => vec![Act::Connect(one, other)],
            false if self.joined.remove(&pair) => vec![Act::Disconnect(one, other)],
            _ => vec![],
        })
    }
}

impl Client {
    /// Does it. What is so already is not an error.
    pub async fn redo(&self, act: &Act) -> Result<(), ClientError> {
        let done = match act {
            Act::Create(config) => self.create_node(config).await.map(drop),
            Act::Start(node) => self.start_node(node).await.map(drop),
            Act::Stop(node) => self.stop_node(node).await.map(drop),
            Act::Connect(one, other) => self.connect(one, other, true).await.map(drop),
            Act::Disconnect(one, other) => self.disconnect(one, other, true).await.map(drop),
        };
        match done {
            // Nodes connect by themselves too, and connections end with their nodes.
            Err(error)
                if error.status() == Some(409) && matches!(act, Act::Connect(..) | Act::Disconnect(..)) =>
            {
                Ok(())
            }
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(redo: &mut Redo, event: &str) -> Vec<String> {
        let event = serde_json::from_str(event).unwrap();
        redo.handle(&event).unwrap().iter().map(ToString::to_string).collect()
    }

    fn node(n: u8, up: bool, control: bool) -> String {
        format!(
            r#"{{"type":"node","time":"","control":{control},"node":{{"config":{{"id":"{:064x}","name":"n{n}"}},"up":{up}}}}}"#,
            n
        )
    }

    fn conn(up: bool, control: bool, data: &str) -> String {
        let (one, other) = (format!("{:064x}", 1), format!("{:064x}", 2));
        format!(
            r#"{{"type":"conn","time":"","control":{control},"conn":{{"one":"{one}","other":"{other}","up":{up}}},"data":{data}}}"#
        )
    }

    #[test]
    fn each_change_is_asked_for_once_whoever_tells_it_first() {
        let mut redo = Redo::default();
        let story = [
            (node(1, false, true), &["create n1"][..]),
            (node(2, true, false), &["create n2", "start n2"]),
            (node(1, true, false), &["start n1"]),
            // The original's: the state before.
            (conn(false, true, "null"), &["connect n1 to n2"]),
            (conn(true, false, "null"), &[]),
            (conn(true, true, "null"), &["disconnect n1 from n2"]),
            (conn(false, false, "null"), &[]),
            // Ours: the verb.
            (conn(false, true, r#"{"verb":"connect"}"#), &["connect n1 to n2"]),
            (conn(true, true, r#"{"verb":"disconnect"}"#), &["disconnect n1 from n2"]),
            // By themselves.
            (conn(true, false, "null"), &["connect n1 to n2"]),
            (node(2, false, true), &["stop n2"]),
            (node(2, false, false), &[]),
            (r#"{"type":"msg","time":"","msg":null}"#.to_owned(), &[]),
        ];
        for (event, expected) in story {
            assert_eq!(acts(&mut redo, &event), expected, "{event}");
        }
    }

    #[test]
    fn what_was_not_told_before_is_out_of_place() {
        let mut redo = Redo::default();
        acts(&mut redo, &node(1, true, false));
        for (event, text) in [
            (conn(false, true, "null"), "of which nothing was told before"),
            (r#"{"type":"node","time":"","node":{"up":true}}"#.to_owned(), "a node without its config"),
            (
                r#"{"type":"node","time":"","node":{"config":{"name":"x"}}}"#.to_owned(),
                "node \"x\" has no id",
            ),
        ] {
            let error = redo.handle(&serde_json::from_str(&event).unwrap()).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn an_id_without_its_key_is_left_out() {
        let event = serde_json::from_str(&node(1, false, true)).unwrap();
        let acts = Redo::default().handle(&event).unwrap();
        let [Act::Create(config)] = &acts[..] else { panic!("{acts:?}") };
        assert_eq!((config.id, config.name.as_str()), (None, "n1"));
    }
}
