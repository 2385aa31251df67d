//! Commands about one node of a server's network.

use super::{Remote, print, print_json, rpc};
use crate::args::{Level, Node, NodeCreate, Which};
use crate::failure::{Code, Failure};
use crate::go_value::GoValue;
use crate::table::table;
use api::dto::{NodeConfig, NodeInfo};
use devp2p::SecretKey;
use simnet::view::NodeQuery;
use std::fmt::Write;

pub(super) fn node(remote: &Remote, command: Node) -> Result<Code, Failure> {
    let client = &remote.client;
    let done = match command {
        Node::List { listing, which } => {
            let nodes = remote.wait(client.nodes_that(&query(which)))?;
            if listing.json {
                print_json(&nodes)?;
                return Ok(Code::Done);
            }
            list(&nodes)
        }
        Node::Create(wish) => return create(remote, wish),
        Node::Show { node, listing } => {
            let info = remote.wait(client.node(&node))?;
            if listing.json {
                print_json(&info)?;
                return Ok(Code::Done);
            }
            show(&info)
        }
        Node::Start { node } => format!("Started {}\n", remote.wait(client.start_node(&node))?.name),
        Node::Stop { node } => format!("Stopped {}\n", remote.wait(client.stop_node(&node))?.name),
        Node::Delete { node } => {
            remote.wait(client.delete_node(&node))?;
            format!("Deleted {node}\n")
        }
        Node::Connect { node, peer } => {
            remote.wait(client.connect(&node, &peer, true))?;
            format!("Connected {node} to {peer}\n")
        }
        Node::Disconnect { node, peer } => {
            remote.wait(client.disconnect(&node, &peer, true))?;
            format!("Disconnected {node} from {peer}\n")
        }
        Node::Rpc { node, method, args, subscribe: true } => {
            return rpc::subscribe(remote, &node, &method, &args);
        }
        Node::Rpc { node, method, args, subscribe: false } => {
            return rpc::call(remote, &node, &method, &args);
        }
    };
    print(&done)?;
    Ok(Code::Done)
}

fn query(which: Which) -> NodeQuery {
    let Which { up, down, only, except, limit, after } = which;
    NodeQuery { up: (up || down).then_some(up), only, except, limit, after }
}

fn create(remote: &Remote, wish: NodeCreate) -> Result<Code, Failure> {
    let private_key = wish.key.as_deref().map(secret_key).transpose()?;
    let logfile = wish.log_file.map(std::path::absolute).transpose();
    let logfile = logfile.map_err(|error| Failure::new(Code::Usage, format_args!("--log-file: {error}")))?;
    let config = NodeConfig {
        name: wish.name,
        services: wish.services,
        properties: wish.properties,
        adapter: wish.adapter,
        private_key,
        logfile: logfile.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
        log_verbosity: wish.log_level.map(verbosity).unwrap_or_default(),
        ..NodeConfig::default()
    };
    for _ in 0..wish.count.get() {
        // Each is told as it is there: what was created stays if a later one fails.
        print(&format!("Created {}\n", remote.wait(remote.client.create_node(&config))?.name))?;
    }
    Ok(Code::Done)
}

/// The number of a level in Go's `slog`.
fn verbosity(level: Level) -> i32 {
    match level {
        Level::Trace => -8,
        Level::Debug => -4,
        Level::Info => 0,
        Level::Warn => 4,
        Level::Error => 8,
        Level::Off => 12,
    }
}

fn secret_key(hex: &str) -> Result<SecretKey, Failure> {
    SecretKey::from_hex(hex.strip_prefix("0x").unwrap_or(hex)).map_err(|error| {
        // The key itself stays off the screen.
        Failure::new(Code::Usage, format_args!("--key: {error}")).remedy("64 hex digits")
    })
}

fn list(nodes: &[NodeInfo]) -> String {
    let mut rows = vec![["NAME", "PROTOCOLS", "ID"].map(String::from)];
    rows.extend(nodes.iter().map(|node| [node.name.clone(), protocols(node), node.id.to_string()]));
    table(&rows)
}

fn protocols(node: &NodeInfo) -> String {
    node.protocols.keys().map(String::as_str).collect::<Vec<_>>().join(",")
}

fn show(node: &NodeInfo) -> String {
    let mut text = table(&[
        ["NAME", &node.name],
        ["PROTOCOLS", &protocols(node)],
        ["ID", &node.id.to_string()],
        ["ENODE", &node.enode],
    ]);
    for (name, info) in &node.protocols {
        write!(text, "\n--- PROTOCOL INFO: {name}\n{}\n---\n", GoValue(info)).expect("a String takes all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn info() -> NodeInfo {
        NodeInfo {
            name: "node02".into(),
            enode: "enode://c6@127.0.0.1:0".into(),
            protocols: [("ping-pong".to_owned(), json!({"received": 0})), ("b".to_owned(), json!("unknown"))]
                .into(),
            ..NodeInfo::default()
        }
    }

    #[test]
    fn one_node_as_the_original_shows_it() {
        let id = "0".repeat(64);
        assert_eq!(
            show(&info()),
            format!(
                "NAME       node02\nPROTOCOLS  b,ping-pong\nID         {id}\nENODE      enode://c6@127.0.0.1:0\n\
                 \n--- PROTOCOL INFO: b\nunknown\n---\n\
                 \n--- PROTOCOL INFO: ping-pong\nmap[received:0]\n---\n"
            )
        );
        assert_eq!(list(&[info()]), format!("NAME    PROTOCOLS    ID\nnode02  b,ping-pong  {id}\n"));
    }

    #[test]
    fn a_bad_key_is_a_usage_error_that_does_not_repeat_it() {
        let Err(Failure::Told { code: Code::Usage, what, .. }) = secret_key("1234abcd") else { panic!() };
        assert!(!what.contains("1234"), "{what}");
        assert!(secret_key(&format!("0x{}2", "0".repeat(63))).is_ok());
    }
}
