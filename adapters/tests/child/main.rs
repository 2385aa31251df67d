//! The process of a node in these tests; `CHILD` says how well it behaves. Under its own name it is a parent to be
//! killed.

mod services;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use adapters::exec::{ExecSettings, node_main, start};
use node::NodeInfo;
use simnet::NetworkConfig;
use simnet::view::NodeSpec;

fn main() {
    match std::env::var("CHILD").unwrap_or_default().as_str() {
        "silent" => silent(),
        "exits" => std::process::exit(3),
        "rubbish" => post("{\"Err\": 7}"),
        "nobody" => {
            let info = serde_json::to_string(&NodeInfo::default()).expect("strings");
            post(&format!(r#"{{"Err":"","WSEndpoint":"ws://127.0.0.1:1","NodeInfo":{info}}}"#));
        }
        "parent" if std::env::var_os("_P2P_NODE_CONFIG").is_none() => parent(),
        _ => node_main(&services::services()),
    }
}

fn silent() -> ! {
    loop {
        std::thread::park();
    }
}

/// Reports something, and stays.
fn post(body: &str) {
    let url = std::env::var("_P2P_STATUS_URL").expect("started by a network");
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let mut stream = TcpStream::connect(host).expect("the parent listens");
    let len = body.len();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("the parent reads");
    let _ = stream.read_to_string(&mut String::new());
    silent();
}

/// Starts nodes in the directory named first, tells three processes, and waits to be killed; if it is told so, while it
/// stops them.
fn parent() -> ! {
    let dir = std::env::args().nth(1).map(Into::into);
    let settings = ExecSettings { dir, ..ExecSettings::default() };
    let config = NetworkConfig { services: services::services(), ..NetworkConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let net = start(config, settings).expect("a network");
        let node = net.create_node(NodeSpec::default()).await.expect("created").config.name;
        net.start_node(&node).await.expect("started");
        net.stop_node(&node).await.expect("stopped");
        for service in ["probe", "probe", "stubborn"] {
            let services = if service == "probe" {
                vec!["probe".to_owned()]
            } else {
                vec!["probe".into(), service.into()]
            };
            let node = net.create_node(NodeSpec { services, ..NodeSpec::default() }).await.expect("created");
            net.start_node(&node.config.name).await.expect("started");
            let pid = net.call(&node.config.name, "probe_pid", vec![]).await.expect("a number");
            writeln!(std::io::stdout(), "{pid}").expect("somebody reads");
        }
        if std::env::args().nth(2).as_deref() == Some("stopping") {
            drop(net);
        }
        // Here, where the network is held if it was not let go.
        silent()
    })
}
