//! The HTTP server: binds, serves a network, and stops when told to, ending streams and conversations properly.

mod assets;
mod body;
mod clock;
mod conditions;
mod error;
mod experiments;
mod guard;
mod live;
mod metrics;
mod mocker;
mod openapi;
mod routes;
mod rpc;
mod runs;
mod shape;
mod stage;
mod stream;
mod table;

pub use assets::Ui;
pub use experiments::Scenarios;

use axum::Router;
use axum::serve::ListenerExt;
use guard::Guard;
use mocker::Mockers;
use node::Services;
use runs::Runs;
use simnet::Handle;
use stage::Stage;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests that are under way may take to end once the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Where to listen, and whom to let in.
#[derive(Clone)]
pub struct ServeConfig {
    /// Address and port; port 0 is any free one. A loopback address also keeps foreign host names out.
    pub listen: SocketAddr,
    /// If set, every request must bring it.
    pub token: Option<String>,
    /// Origins (`https://host:port`, or `*`) whose web pages may use the server, besides its own.
    pub allow_origins: Vec<String>,
    /// Where the page comes from.
    pub ui: Ui,
    /// Refuses whatever could change the network.
    pub read_only: bool,
    /// Tells this run of the server from others: a page that comes back to another begins anew.
    pub run: String,
    /// The scenarios that can be run by name.
    pub scenarios: Scenarios,
    /// What the nodes of scenarios can run.
    pub services: Services,
}

impl ServeConfig {
    /// Open to everybody on this machine, with the page that was built in.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            token: None,
            allow_origins: Vec::new(),
            ui: Ui::default(),
            read_only: false,
            run: String::new(),
            scenarios: Scenarios::default(),
            services: Services::builtin(),
        }
    }
}

impl std::fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeConfig")
            .field("listen", &self.listen)
            .field("token", &self.token.as_ref().map(|_| ".."))
            .field("allow_origins", &self.allow_origins)
            .field("ui", &self.ui)
            .field("read_only", &self.read_only)
            .finish()
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// The listener failed.
    #[error("serving HTTP: {0}")]
    Serve(#[from] std::io::Error),
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: ServeConfig,
}

/// What each request is answered from.
#[derive(Clone)]
pub(crate) struct App {
    stage: Stage,
    guard: Arc<Guard>,
    ui: Arc<Ui>,
    mockers: Mockers,
    scenarios: Arc<Scenarios>,
    services: Services,
    runs: Runs,
    stop: watch::Receiver<bool>,
}

impl App {
    /// The network that is on stage.
    fn network(&self) -> Handle {
        self.stage.now().network
    }
}

/// Starts to listen. From now on connections wait; [`Server::serve`] answers them.
pub async fn bind(config: ServeConfig) -> Result<Server, ServeError> {
    let failed = |error| ServeError::Bind { address: config.listen, error };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Server { listener, address, config })
}

impl Server {
    /// Where it listens, with the port it got.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves the network until `shutdown` is ready. Then streams and conversations are closed, and requests under way
    /// have 5 s to end, and so have a run and a mocker.
    pub async fn serve(
        self,
        handle: Handle,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let (stopper, stop) = watch::channel(false);
        let mockers = Mockers::default();
        let runs = Runs::default();
        let guard = Arc::new(Guard::new(&self.config));
        let app = App {
            stage: Stage::new(handle, &self.config.run),
            guard,
            ui: Arc::new(self.config.ui),
            mockers: mockers.clone(),
            scenarios: Arc::new(self.config.scenarios),
            services: self.config.services,
            runs: runs.clone(),
            stop: stop.clone(),
        };
        let router = Router::new().fallback(routes::dispatch).with_state(app);
        // Events are small and wanted at once.
        let listener = self.listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's delay");
            }
        });
        let serving = axum::serve(listener, router).with_graceful_shutdown(stopped(stop));
        let ending = async {
            shutdown.await;
            stopper.send_replace(true);
            tokio::time::sleep(GRACE).await;
        };
        let served = tokio::select! {
            biased;
            result = serving.into_future() => Ok(result?),
            () = ending => Ok(()),
        };
        // What runs came to is forgotten with the server.
        let _ = tokio::time::timeout(GRACE, runs.stop_all()).await;
        // What a mocker ended by is in the log.
        let _ = tokio::time::timeout(GRACE, mockers.stop()).await;
        served
    }
}

/// Ready when the server has been told to stop, or has gone.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error says that the sender is gone, which means the same. The guard inside must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await;
}
