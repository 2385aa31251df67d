//! A typed client of the HTTP API: everything go-ethereum's Go client had, plus the streams. Works with this crate's
//! server and with the original's.
//!
//! Every call is one request. Redirects are not followed, and there is no TLS.

mod control;
mod error;
mod events;
mod rpc;
mod runs;

pub use error::{ClientError, RpcError};
pub use events::{ClientEvent, Events};
pub use rpc::{RpcConnection, RpcSubscription};

use crate::{dto, json, percent};
use error::{Asked, chain};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Url, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use simnet::view::NodeQuery;
use std::time::Duration;

/// Where a server listens unless told otherwise.
pub const DEFAULT_URL: &str = "http://localhost:8888";
/// Time to open a connection. How long an answer takes is the server's affair.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A server, as its clients see it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at `url`, such as `http://localhost:8888`. A password in the URL is the server's token.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let bad = |reason: String| ClientError::BadUrl { url: url.to_owned(), reason };
        let mut base = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if base.scheme() != "http" {
            return Err(bad(format!("its scheme is {}, and only http is spoken", base.scheme())));
        }
        let token = base.password().map(percent::decode);
        let bare = base.set_password(None).and_then(|()| base.set_username(""));
        bare.map_err(|()| bad("it has no host".to_owned()))?;
        base.set_query(None);
        base.set_fragment(None);
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true);
        if is_here(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| bad(chain(&error)))?;
        Ok(Self { http, base, token })
    }

    /// The same client, with the server's token.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The server's URL, without token.
    pub fn url(&self) -> &str {
        self.base.as_str()
    }

    /// The whole network.
    pub async fn network(&self) -> Result<dto::Network, ClientError> {
        self.get(&[], &[]).await
    }

    /// Starts every node that is down.
    pub async fn start_all(&self) -> Result<(), ClientError> {
        self.post(&["start"]).await
    }

    /// Stops every node that is up.
    pub async fn stop_all(&self) -> Result<(), ClientError> {
        self.post(&["stop"]).await
    }

    /// Stops and forgets everything.
    pub async fn reset(&self) -> Result<(), ClientError> {
        self.post(&["reset"]).await
    }

    /// Names of the mockers there are.
    pub async fn mockers(&self) -> Result<Vec<String>, ClientError> {
        self.get(&["mocker"], &[]).await
    }

    /// Starts a mocker with so many nodes.
    pub async fn start_mocker(&self, kind: &str, nodes: usize) -> Result<(), ClientError> {
        self.start_mocker_with(kind, nodes, &[]).await
    }

    /// The same with parameters: `seed`, a number; `every` and `pause` of startStop, `shortest` and `longest` of
    /// probabilistic, lengths of time such as `10s`.
    pub async fn start_mocker_with(
        &self,
        kind: &str,
        nodes: usize,
        parameters: &[(&str, &str)],
    ) -> Result<(), ClientError> {
        let nodes = nodes.to_string();
        let query = [&[("mocker-type", kind), ("node-count", nodes.as_str())], parameters].concat();
        self.send(Method::POST, &["mocker", "start"], &query, vec![]).await.map(drop)
    }

    /// Stops the mocker; it has stopped when this answers.
    pub async fn stop_mocker(&self) -> Result<(), ClientError> {
        self.post(&["mocker", "stop"]).await
    }

    /// Every node.
    pub async fn nodes(&self) -> Result<Vec<dto::NodeInfo>, ClientError> {
        self.get(&["nodes"], &[]).await
    }

    /// The nodes that a query means; a server of the original's kind answers with every node.
    pub async fn nodes_that(&self, query: &NodeQuery) -> Result<Vec<dto::NodeInfo>, ClientError> {
        let pairs = dto::query::pairs(query);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.get(&["nodes"], &pairs).await
    }

    /// One node, by id or name.
    pub async fn node(&self, node: &str) -> Result<dto::NodeInfo, ClientError> {
        self.get(&["nodes", node], &[]).await
    }

    /// Creates a node; an empty config has everything made up.
    pub async fn create_node(&self, config: &dto::NodeConfig) -> Result<dto::NodeInfo, ClientError> {
        self.tell(&["nodes"], config).await
    }

    /// Starts a node.
    pub async fn start_node(&self, node: &str) -> Result<dto::NodeInfo, ClientError> {
        self.ask(Method::POST, &["nodes", node, "start"], &[], vec![]).await
    }

    /// Stops a node.
    pub async fn stop_node(&self, node: &str) -> Result<dto::NodeInfo, ClientError> {
        self.ask(Method::POST, &["nodes", node, "stop"], &[], vec![]).await
    }

    /// Stops a node if it is up, and forgets it.
    pub async fn delete_node(&self, node: &str) -> Result<(), ClientError> {
        self.send(Method::DELETE, &["nodes", node], &[], vec![]).await.map(drop)
    }

    /// Builds a topology over all nodes that are up and waits until it is there. Answers how many connections it has.
    pub async fn build(&self, topology: &dto::Topology) -> Result<usize, ClientError> {
        let built: dto::BuiltTopology = self.tell(&["topology"], topology).await?;
        Ok(built.connections)
    }

    /// Waits until a condition holds.
    pub async fn wait(&self, condition: &dto::Condition) -> Result<(), ClientError> {
        self.send(Method::POST, &["wait"], &[], bytes(condition)).await.map(drop)
    }

    /// Connects `node` to `peer`. Answers when both ends have the peer, or with `wait` false as soon as it was asked.
    pub async fn connect(&self, node: &str, peer: &str, wait: bool) -> Result<dto::NodeInfo, ClientError> {
        self.ask(Method::POST, &["nodes", node, "conn", peer], wait_query(wait), vec![]).await
    }

    /// Disconnects `node` from `peer`. Answers when both ends have lost the peer, or as soon as it was asked.
    pub async fn disconnect(&self, node: &str, peer: &str, wait: bool) -> Result<dto::NodeInfo, ClientError> {
        self.ask(Method::DELETE, &["nodes", node, "conn", peer], wait_query(wait), vec![]).await
    }

    /// Takes a snapshot, private keys included.
    pub async fn snapshot(&self) -> Result<dto::Snapshot, ClientError> {
        self.snapshot_with(&[], &[]).await
    }

    /// Takes a snapshot whose running nodes have services added and removed; the network stays as it is.
    pub async fn snapshot_with(&self, add: &[&str], remove: &[&str]) -> Result<dto::Snapshot, ClientError> {
        let (add, remove) = (add.join(","), remove.join(","));
        let query = [("add", add.as_str()), ("remove", remove.as_str())];
        let query: Vec<_> = query.into_iter().filter(|(_, names)| !names.is_empty()).collect();
        self.get(&["snapshot"], &query).await
    }

    /// Sets a snapshot up. Answers with the network when its connections are up.
    pub async fn load(&self, snapshot: &dto::Snapshot) -> Result<dto::Network, ClientError> {
        self.tell(&["snapshot"], snapshot).await
    }

    /// What happens from now on. `filter` names the messages of interest, none when empty; with `current`, nodes and
    /// connections that are up come first.
    pub async fn events(&self, filter: &str, current: bool) -> Result<Events, ClientError> {
        let current = if current { "true" } else { "false" };
        let query = [("current", current), ("filter", filter)];
        let request = self.request(Method::GET, &["events"], &query).header(ACCEPT, "text/event-stream");
        let asked = Asked { verb: "GET", path: &["events"] };
        Ok(Events::new(self.answer(asked, request).await?))
    }

    /// Opens a JSON-RPC conversation with a node.
    pub async fn rpc(&self, node: &str) -> Result<RpcConnection, ClientError> {
        let path = ["nodes", node, "rpc"];
        let mut url = self.at(&path, &[]);
        url.set_scheme("ws").expect("http and ws are of one kind");
        RpcConnection::open(Asked { verb: "GET", path: &path }, url, self.token.as_deref()).await
    }

    /// Calls one method of a node's RPC.
    pub async fn rpc_call(&self, node: &str, method: &str, params: Vec<Value>) -> Result<Value, ClientError> {
        self.rpc(node).await?.call(method, params).await
    }

    /// Subscribes to `method`, such as `admin_peerEvents`, of a node's RPC.
    pub async fn rpc_subscribe(
        &self,
        node: &str,
        method: &str,
        params: Vec<Value>,
    ) -> Result<RpcSubscription, ClientError> {
        self.rpc(node).await?.subscribe(method, params).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ClientError> {
        self.ask(Method::GET, path, query, vec![]).await
    }

    async fn post(&self, path: &[&str]) -> Result<(), ClientError> {
        self.send(Method::POST, path, &[], vec![]).await.map(drop)
    }

    /// Posts a value and reads the answer's JSON.
    async fn tell<T: DeserializeOwned>(
        &self,
        path: &[&str],
        value: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.ask(Method::POST, path, &[], bytes(value)).await
    }

    /// Sends a request and reads the answer's JSON.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let answer = self.send(method, path, query, body).await?;
        let text = answer.bytes().await.map_err(|error| ClientError::BrokenOff(chain(&error)))?;
        json::read(&text, "answer", "what the API says").map_err(|error| {
            let start: String = String::from_utf8_lossy(&text).chars().take(80).collect();
            ClientError::NotUnderstood(format!("{} in {start:?}", error.error))
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<reqwest::Response, ClientError> {
        let request = self.request(method.clone(), path, query).header(ACCEPT, "application/json");
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        self.answer(Asked { verb: method.as_str(), path }, request).await
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.at(path, query));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn answer(
        &self,
        asked: Asked<'_>,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        let answer = request.send().await.map_err(|error| ClientError::Unreachable {
            url: self.url().to_owned(),
            error: chain(&error.without_url()),
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        // If the text is lost, the status still says most of it.
        let body = answer.bytes().await.unwrap_or_default();
        Err(ClientError::refused(asked, status.as_u16(), &body))
    }

    fn at(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("a URL with a host has a path").pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    json::append(&mut bytes, value);
    bytes
}

fn wait_query(wait: bool) -> &'static [(&'static str, &'static str)] {
    if wait { &[] } else { &[("wait", "false")] }
}

/// Whether the URL names this machine, which no proxy stands before.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let client = Client::new("http://any:s3%20cret@localhost:8888/sim/?x#y").unwrap();
        assert_eq!(client.url(), "http://localhost:8888/sim/");
        assert_eq!(client.token.as_deref(), Some("s3 cret"));
        assert!(!format!("{client:?}").contains("cret"));
        let url = client.at(&["nodes", "a b/c?", "start"], &[("filter", "ping-pong:*&")]);
        assert_eq!(
            url.as_str(),
            "http://localhost:8888/sim/nodes/a%20b%2Fc%3F/start?filter=ping-pong%3A*%26"
        );
        assert_eq!(Client::new(DEFAULT_URL).unwrap().at(&[], &[]).as_str(), "http://localhost:8888/");
        for bad in ["localhost:8888", "https://localhost", "", "http://", "ftp://x"] {
            assert!(matches!(Client::new(bad), Err(ClientError::BadUrl { .. })), "{bad}");
        }
    }
}
