//! `serve`: a network behind the HTTP API, until told to stop.

use super::run::log_in;
use super::{bring, interrupt, print};
use crate::args::Serve;
use crate::failure::{Code, Failure};
use ::node::Services;
use api::{ServeConfig, ServeError, Ui, bind};
use simnet::NetworkConfig;
use tokio::runtime::Builder;
use world::sim::{Link, Pace};

pub(super) fn serve(args: Serve, token: Option<String>, services: Services) -> Result<Code, Failure> {
    // The simulation has threads of its own; these carry HTTP, and a slow client must not hold up another.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime
        .expect("the system gives threads and an event queue")
        .block_on(serve_until_stopped(args, token, services))
}

async fn serve_until_stopped(
    args: Serve,
    token: Option<String>,
    services: Services,
) -> Result<Code, Failure> {
    let paced = args.pace != Pace::Times(1.0);
    bring::check(args.adapter, &[("--record", args.record.is_some()), ("--pace", paced)])?;
    let log_form = args.log_format.into();
    let log_file = args.out.as_deref().map(|out| log_in(out, log_form)).transpose()?;
    let (listen, journal) = (args.listen, args.record.clone());
    // First the address: a network that nobody can reach need not be built.
    let page = args.page;
    let ui = match page.ui_dir {
        Some(dir) => Ui::Dir(dir),
        None if page.no_ui => Ui::Off,
        None => Ui::Embedded,
    };
    let (read_only, run) = (page.read_only, crate::clock::moment());
    let config = ServeConfig { listen, token, allow_origins: args.allow_origin, ui, read_only, run };
    let server = bind(config).await;
    let server = server.map_err(|error| match error {
        ServeError::Bind { .. } => Failure::new(Code::Failed, error)
            .remedy("another server may run there: choose a port with --listen, port 0 takes a free one"),
        other => Failure::new(Code::Failed, other),
    })?;
    let config = NetworkConfig {
        default_service: args.default_service.or_else(|| usual(&services)),
        services,
        seed: args.seed,
        shards: args.threads.get(),
        fidelity: args.fidelity.into(),
        link: Link::latency(args.latency),
        pace: args.pace,
        log_file,
        log_form,
        journal: args.record,
        ..NetworkConfig::default()
    };
    // Before anyone knows of the server: from then on it may be stopped.
    let asked = interrupt::asked();
    let handle = bring::start(args.adapter, config)?;
    let deterministic = handle.capabilities().await?.deterministic;
    print(&format!("p2psim listening on http://{}\n", server.local_addr()))?;
    let served = server.serve(handle.clone(), asked).await;
    // Whatever became of the server, the nodes are stopped and the log is closed.
    let digest = handle.shut_down().await?;
    served.map_err(|error| Failure::new(Code::Failed, error))?;
    print(&format!("digest {}\n", bring::shown(digest, deterministic)))?;
    if let Some(journal) = journal {
        print(&format!("replay with: p2psim run --journal {}\n", journal.display()))?;
    }
    Ok(Code::Done)
}

/// What nodes run when nobody says: the original's example, or else the first there is.
fn usual(services: &Services) -> Option<String> {
    let usual = services.names().find(|name| *name == "ping-pong").or_else(|| services.names().next());
    usual.map(str::to_owned)
}
