//! `serve`: a network behind the HTTP API, until told to stop.

use super::run::log_in;
use super::{bring, browser, interrupt, print, shipped};
use crate::args::{Page, Serve};
use crate::failure::{Code, Failure};
use ::node::Services;
use api::{Scenarios, ServeConfig, ServeError, Server, Ui, bind};
use simnet::{Handle, NetworkConfig, Recording};
use std::net::SocketAddr;
use tokio::runtime::Builder;
use world::sim::{Link, Pace};

pub(super) fn serve(args: Serve, token: Option<String>, services: Services) -> Result<Code, Failure> {
    let opening = if args.page.open { Opening::Always } else { Opening::Never };
    let begun = args.journal.as_deref().map(Recording::open).transpose()?;
    let (until, pace) = (args.until, args.pace);
    let stage = Stage { serve: args, token, services, opening, any_port: false };
    host(stage, async move |network, _| {
        if let Some(recording) = begun {
            recording.play(network, until, |_| {}).await?;
            network.set_pace(pace).await?;
        }
        Ok(())
    })
}

/// Whether the page is opened in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Always,
    IfSomebodyLooks,
    Never,
}

/// What is served, and to whom.
pub(super) struct Stage {
    pub(super) serve: Serve,
    pub(super) token: Option<String>,
    pub(super) services: Services,
    pub(super) opening: Opening,
    /// Takes a free port where the one asked for is taken.
    pub(super) any_port: bool,
}

/// Serves a network until told to stop. First `prepare` is done to it, which is told the URL of its page.
pub(super) fn host(
    stage: Stage,
    prepare: impl AsyncFnOnce(&Handle, &str) -> Result<(), Failure>,
) -> Result<Code, Failure> {
    // The simulation has threads of its own; these carry HTTP, and a slow client must not hold up another.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime
        .expect("the system gives threads and an event queue")
        .block_on(serve_until_stopped(stage, prepare))
}

async fn serve_until_stopped(
    stage: Stage,
    prepare: impl AsyncFnOnce(&Handle, &str) -> Result<(), Failure>,
) -> Result<Code, Failure> {
    let Stage { serve: args, token, services, opening, any_port } = stage;
    let paced = args.pace != Pace::Times(1.0);
    let (record, journal) = (args.record.is_some(), args.journal.is_some());
    bring::check(args.adapter, &[("--record", record), ("--journal", journal), ("--pace", paced)])?;
    if let Some(directory) = args.scenarios.as_ref().filter(|directory| !directory.is_dir()) {
        let what = format_args!("--scenarios: {} is no directory", directory.display());
        return Err(Failure::new(Code::BadFile, what).remedy("name one that holds scenario files"));
    }
    // First the address: a network that nobody can reach need not be built.
    let (journal, adapter) = (args.record.clone(), args.adapter);
    let server = listen(&args, &services, token.clone(), any_port).await?;
    // Before anyone knows of the server: from then on it may be stopped.
    let asked = Box::pin(interrupt::asked());
    let handle = bring::start(adapter, network(args, services)?)?;
    let deterministic = handle.capabilities().await?.deterministic;
    print(&format!("p2psim listening on http://{}\n", server.local_addr()))?;
    let opening = (opening, token.as_deref());
    let served = show(server, &handle, opening, asked, prepare).await;
    // Whatever became of the server, the nodes are stopped and the log is closed.
    let digest = handle.shut_down().await?;
    served?;
    print(&format!("digest {}\n", bring::shown(digest, deterministic)))?;
    if let Some(journal) = journal {
        print(&format!("replay with: p2psim run --journal {}\n", journal.display()))?;
    }
    Ok(Code::Done)
}

async fn listen(
    args: &Serve,
    services: &Services,
    token: Option<String>,
    any_port: bool,
) -> Result<Server, Failure> {
    let Page { read_only, no_ui, ui_dir, open: _ } = &args.page;
    let ui = match ui_dir {
        Some(dir) => Ui::Dir(dir.clone()),
        None if *no_ui => Ui::Off,
        None => Ui::Embedded,
    };
    let (listen, allow_origins) = (args.listen, args.allow_origin.clone());
    let (read_only, run) = (*read_only, crate::clock::moment());
    let scenarios = Scenarios { shipped: shipped::scenarios(), directory: args.scenarios.clone() };
    let services = services.clone();
    let config = ServeConfig { listen, token, allow_origins, ui, read_only, run, scenarios, services };
    let mut server = bind(config.clone()).await;
    if any_port && server.is_err() {
        server = bind(ServeConfig { listen: SocketAddr::new(listen.ip(), 0), ..config }).await;
    }
    server.map_err(|error| match error {
        ServeError::Bind { .. } => Failure::new(Code::Failed, error)
            .remedy("another server may run there: choose a port with --listen, port 0 takes a free one"),
        other => Failure::new(Code::Failed, other),
    })
}

fn network(args: Serve, services: Services) -> Result<NetworkConfig, Failure> {
    let log_form = args.log_format.into();
    let begun = args.journal.as_deref().map(Recording::open).transpose()?;
    let config = NetworkConfig {
        default_service: args.default_service.or_else(|| usual(&services)),
        services,
        seed: args.seed,
        shards: args.threads.get(),
        fidelity: args.fidelity.into(),
        link: Link::latency(args.latency),
        pace: args.pace,
        memory: args.memory.map(|memory| memory.0),
        log_file: args.out.as_deref().map(|out| log_in(out, log_form)).transpose()?,
        log_form,
        journal: args.record,
        ..NetworkConfig::default()
    };
    match begun {
        Some(recording) => Ok(recording.config(config)?),
        None => Ok(config),
    }
}

/// Prepares the network and serves it, until told to stop.
async fn show(
    server: Server,
    handle: &Handle,
    (opening, token): (Opening, Option<&str>),
    mut stop: impl Future<Output = ()> + Send + Unpin + 'static,
    prepare: impl AsyncFnOnce(&Handle, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let page = browser::url(server.local_addr(), None);
    tokio::select! {
        biased;
        prepared = prepare(handle, &page) => prepared?,
        () = &mut stop => return Ok(()),
    }
    let open = match opening {
        Opening::Always => true,
        Opening::IfSomebodyLooks => browser::is_at_a_desk(),
        Opening::Never => false,
    };
    if open {
        browser::open(&browser::url(server.local_addr(), token));
    }
    server.serve(handle.clone(), stop).await.map_err(|error| Failure::new(Code::Failed, error))
}

/// What nodes run when nobody says: the original's example, or else the first there is.
fn usual(services: &Services) -> Option<String> {
    let usual = services.names().find(|name| *name == "ping-pong").or_else(|| services.names().next());
    usual.map(str::to_owned)
}
