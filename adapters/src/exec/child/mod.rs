//! A node's own process: what runs behind `argv[0]` = `p2p-node`.

mod life;
mod line;
mod log;
mod report;
mod teller;
mod websocket;

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use node::{DataDir, NodeConfig, Services};

use super::wire::{self, Config, NODE_ARG0, Parent, STATUS_URL};

/// Runs a node, if that is what this process was started for, and exits. Everywhere else it returns at once.
///
/// It goes to the very top of `main`, with every service that nodes may run.
pub fn node_main(services: &Services) {
    let mut args = std::env::args();
    if args.next().as_deref() != Some(NODE_ARG0) {
        return;
    }
    let names = args.next().unwrap_or_default();
    let Ok(status) = std::env::var(STATUS_URL) else {
        // There is nobody else to tell; if even that fails, the exit code says it.
        let _ = writeln!(std::io::stderr(), "missing {STATUS_URL}: a node's process is started by a network");
        std::process::exit(1);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a new process gets an event queue");
    let born = Birth::read(&names);
    let code = match born {
        Ok(birth) => tokio::task::LocalSet::new().block_on(&runtime, life::live(birth, services, &status)),
        Err(error) => runtime.block_on(report::failure(&status, error)),
    };
    std::process::exit(code);
}

/// What a node's process was told.
#[derive(Debug)]
struct Birth {
    config: NodeConfig,
    snapshots: std::collections::BTreeMap<String, bytes::Bytes>,
    /// Where it listens.
    ip: IpAddr,
    /// Where it keeps files.
    data_dir: DataDir,
    parent: Option<Parent>,
}

impl Birth {
    fn read(services: &str) -> Result<Self, String> {
        let text = std::env::var(wire::CONFIG).map_err(|_| format!("missing {}", wire::CONFIG))?;
        let told: Config = serde_json::from_str(&text)
            .map_err(|error| format!("error decoding {}: {error}", wire::CONFIG))?;
        let services = services.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut config = told.node.config(services)?;
        let (ip, port) = address(&told.stack.p2p.listen_addr)?;
        config.port = port.unwrap_or(config.port);
        let saved = told.parent.as_ref().and_then(|parent| parent.snapshots.as_ref());
        let saved = match saved {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| error.to_string())
                .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
                .map_err(|error| format!("reading {}: {error}", path.display()))?,
            None => told.snapshots.unwrap_or_default(),
        };
        let data_dir = match told.stack.data_dir {
            path if path.is_empty() => DataDir::none(),
            path => DataDir::at(path.into()),
        };
        Ok(Self { config, snapshots: wire::decode(saved)?, ip, data_dir, parent: told.parent })
    }
}

/// An address as Go writes it: `:30303` is every interface to geth; here it is the loopback one, as nobody asked for more.
fn address(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let Some((host, port)) = text.rsplit_once(':') else { return Ok((loopback, None)) };
    let bad = |what: &str| format!("listen address {text:?}: {what}");
    let port = port.parse().map_err(|_| bad("no port"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = if host.is_empty() { loopback } else { host.parse().map_err(|_| bad("no IP address"))? };
    Ok((ip, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_go_writes_them() {
        let read = |text| address(text).map(|(ip, port)| (ip.to_string(), port));
        assert_eq!(read(":30399"), Ok(("127.0.0.1".into(), Some(30399))));
        assert_eq!(read("127.0.0.2:0"), Ok(("127.0.0.2".into(), Some(0))));
        assert_eq!(read("[::1]:7"), Ok(("::1".into(), Some(7))));
        assert_eq!(read(""), Ok(("127.0.0.1".into(), None)));
        assert!(read("host:7").unwrap_err().contains("no IP address"));
        assert!(read("1.2.3.4:70000").unwrap_err().contains("no port"));
    }
}
