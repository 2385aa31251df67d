//! `run --open`: a scenario before one's eyes, on the page of a server that runs it.

use super::remote::failure;
use super::serve::{Opening, Stage, host};
use super::{print, source};
use crate::args::{Run, Serve};
use crate::failure::{Code, Failure};
use ::node::Services;
use api::Client;
use std::path::Path;
use std::time::Duration;

/// How long a run should take on the wall, so that there is something to see and nobody has to wait.
const SHOW: Duration = Duration::from_secs(30);
/// Time between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn watch(args: &Run, services: Services, token: Option<String>) -> Result<Code, Failure> {
    let path = args.scenario.as_deref().expect("the command line has a scenario where it has no journal");
    // What is wrong with it is shown before anything is served.
    let scenario = source::read(path, &[], &services)?;
    let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
    let name = name.filter(|_| path.extension().is_some_and(|extension| extension == "toml"));
    let name = name.ok_or_else(|| {
        Failure::new(Code::Usage, format_args!("{} is not called NAME.toml", path.display()))
            .remedy("the page finds scenarios by that")
    })?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let pace = (scenario.duration.as_secs_f64() / SHOW.as_secs_f64()).ceil().max(1.0).to_string();
    let scenarios = Some(directory.to_owned());
    let serve = Serve { threads: args.threads, scenarios, ..Serve::usual() };
    let seed = args.seed;
    let opening = Opening::IfSomebodyLooks;
    host(Stage { serve, token: token.clone(), services, opening, any_port: true }, async move |_, url| {
        print(&format!("{name} runs at pace {pace}. Its page:\n{url}\n"))?;
        let client = Client::new(url).map_err(failure)?;
        let client = if let Some(token) = token { client.with_token(token) } else { client };
        // It is answered as soon as the server serves.
        tokio::spawn(async move {
            if let Err(failure) = follow(&client, &name, seed, &pace).await {
                failure.tell();
            }
        });
        Ok(())
    })
}

/// Runs it, and tells what it came to.
async fn follow(client: &Client, name: &str, seed: Option<u64>, pace: &str) -> Result<(), Failure> {
    let mut run = client.start_run(name, seed, Some(pace)).await.map_err(failure)?;
    while run.state == "running" {
        tokio::time::sleep(LOOK).await;
        run = client.run(run.id).await.map_err(failure)?;
    }
    let mut told = format!("run {} {}", run.id, run.state);
    for outcome in run.expectations.iter().filter(|outcome| !outcome.passed) {
        told.push_str(&format!("\n  {}: {}", outcome.name, outcome.detail));
    }
    match run.error {
        Some(error) => told.push_str(&format!(": {error}\n")),
        None => told.push_str(&format!("; its report:\n{}runs/{}/report\n", client.url(), run.id)),
    }
    print(&told)
}
