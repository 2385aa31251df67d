//! Where start-up reports arrive: an HTTP server on the loopback address, with a path per child that nobody can guess.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Longest report, bytes.
const LONGEST: usize = 1 << 20;

type Waiting = Arc<Mutex<BTreeMap<String, oneshot::Sender<Bytes>>>>;

/// The server.
#[derive(Clone, Debug)]
pub(super) struct Status {
    local: SocketAddr,
    waiting: Waiting,
}

impl Status {
    /// Serves on a free port for as long as the runtime lives.
    pub(super) fn serve(runtime: &Runtime) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let local = listener.local_addr()?;
        let waiting = Waiting::default();
        let routes = Router::new()
            .route("/{token}", post(report))
            .layer(DefaultBodyLimit::max(LONGEST))
            .with_state(Arc::clone(&waiting));
        runtime.spawn(async move {
            // It ends with the runtime.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { local, waiting })
    }

    /// The address for the report of one child, and where it comes out.
    pub(super) fn expect(&self, token: &str) -> (String, oneshot::Receiver<Bytes>) {
        let (sender, report) = oneshot::channel();
        let mut waiting = self.waiting.lock().expect("no holder panics");
        waiting.retain(|_, sender| !sender.is_closed());
        waiting.insert(token.to_owned(), sender);
        (format!("http://{}/{token}", self.local), report)
    }
}

async fn report(State(waiting): State<Waiting>, Path(token): Path<String>, body: Bytes) -> StatusCode {
    let sender = waiting.lock().expect("no holder panics").remove(&token);
    match sender.map(|sender| sender.send(body)) {
        Some(Ok(())) => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    }
}
