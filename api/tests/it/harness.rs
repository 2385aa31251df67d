//! A network behind a server on a free port, and two ways of talking to it: the typed client, and bytes.

use api::{Client, ClientEvent, Events, ServeConfig, dto};
use simnet::{Handle, NetworkConfig};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Nothing here takes a tenth of this; it only keeps a broken test from hanging.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) handle: Handle,
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(None, &[]).await
    }

    pub(crate) async fn with(token: Option<&str>, allow_origins: &[&str]) -> Self {
        Self::serve(ServeConfig {
            token: token.map(str::to_owned),
            allow_origins: allow_origins.iter().map(|origin| origin.to_string()).collect(),
            ..ServeConfig::new("127.0.0.1:0".parse().unwrap())
        })
        .await
    }

    pub(crate) async fn serve(config: ServeConfig) -> Self {
        let handle = simnet::start(NetworkConfig::default()).expect("a network in memory starts");
        let server = api::bind(config).await.unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let serving = server.serve(handle.clone(), async { drop(stopped.await) });
        let served = tokio::spawn(async { serving.await.unwrap() });
        let client = Client::new(&format!("http://{address}")).unwrap();
        Self { handle, client, address, stop: Some(stop), served: Some(served) }
    }

    /// Nodes A and B, created and started.
    pub(crate) async fn two_nodes() -> Self {
        let world = Self::new().await;
        for name in ["A", "B"] {
            world.create(name).await;
            world.client.start_node(name).await.unwrap();
        }
        world
    }

    pub(crate) async fn create(&self, name: &str) -> dto::NodeInfo {
        let config = dto::NodeConfig { name: name.to_owned(), ..Default::default() };
        self.client.create_node(&config).await.unwrap()
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        let served = self.served.take().expect("it is stopped once");
        tokio::time::timeout(SOON, served).await.expect("the server ends").unwrap();
    }

    /// Sends bytes and reads until the server hangs up.
    pub(crate) async fn raw(&self, request: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = vec![];
        tokio::time::timeout(SOON, socket.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
        Answer::parse(&String::from_utf8(bytes).unwrap())
    }

    /// A request with these header lines and this body.
    pub(crate) async fn request(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let host = format!("Host: {}", self.address);
        let length = format!("Content-Length: {}", body.len());
        let mut lines = vec![format!("{line} HTTP/1.1"), "Connection: close".to_owned(), length];
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            lines.push(host);
        }
        lines.extend(headers.iter().map(|header| header.to_string()));
        self.raw(&format!("{}\r\n\r\n{body}", lines.join("\r\n"))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(&format!("GET {path}"), &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.request(&format!("POST {path}"), &[], body).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(has, value)| (has == name).then_some(value.as_str()))
    }

    /// Status and text of a refusal, once its headers are those of one.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        (self.status, self.body.strip_suffix('\n').expect("a line"))
    }
}

/// The next event, which is there or comes soon.
pub(crate) async fn next(events: &mut Events) -> dto::Event {
    match tokio::time::timeout(SOON, events.next()).await.expect("an event comes") {
        Some(Ok(ClientEvent::Event(event))) => *event,
        other => panic!("no event but {other:?}"),
    }
}

/// An event in short: `node A up`, `control conn A-B down connect`, `msg A>B ping-pong 0 sent`.
pub(crate) fn brief(event: &dto::Event, names: &[(String, &str)]) -> String {
    let name = |id: &dyn std::fmt::Display| {
        let id = id.to_string();
        names.iter().find_map(|(has, name)| (*has == id).then(|| name.to_string())).unwrap_or(id)
    };
    let state = |up| if up { "up" } else { "down" };
    let what = match (&event.node, &event.conn, &event.msg) {
        (Some(node), None, None) => {
            let config = node.config.as_ref().expect("old clients need the config");
            format!("node {} {}", config.name, state(node.up))
        }
        (None, Some(conn), None) => {
            format!("conn {}-{} {}", name(&conn.one), name(&conn.other), state(conn.up))
        }
        (None, None, Some(msg)) => {
            let seen = if msg.received { "received" } else { "sent" };
            format!("msg {}>{} {} {} {seen}", name(&msg.one), name(&msg.other), msg.protocol, msg.code)
        }
        _ => panic!("exactly one of three: {event:?}"),
    };
    assert!(what.starts_with(&event.kind), "{what} is a {}", event.kind);
    let control = if event.control { "control " } else { "" };
    let verb = event.data.as_ref().and_then(|data| data["verb"].as_str());
    format!("{control}{what}{}", verb.map(|verb| format!(" {verb}")).unwrap_or_default())
}
