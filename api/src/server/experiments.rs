//! The routes of scenarios and their runs.

use super::error::Refusal;
use super::routes::{Answer, created, empty, json_answer, param};
use super::runs::{Wishes, no_run};
use super::{App, body};
use crate::dto;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use node::Services;
use simnet::report;
use simnet::scenario::{Around, Scenario, ScenarioError};
use std::path::{Path, PathBuf};
use world::sim::Pace;

/// The scenarios that a server knows by name.
#[derive(Clone, Debug, Default)]
pub struct Scenarios {
    /// Those that come with the program: names and texts.
    pub shipped: Vec<(String, String)>,
    /// Those in a directory, as they are at each request.
    pub directory: Option<PathBuf>,
}

/// A scenario's text and where the files that it names stand.
struct Source {
    path: String,
    text: String,
    beside: Option<PathBuf>,
}

impl Scenarios {
    /// Names, texts and whether they are shipped, those of the directory first.
    fn all(&self) -> Vec<(String, String, bool)> {
        let mut known = Vec::new();
        for path in self.directory.iter().flat_map(std::fs::read_dir).flatten().flatten() {
            let path = path.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            if path.extension().is_some_and(|extension| extension == "toml")
                && let (Some(name), Ok(text)) = (name, std::fs::read_to_string(&path))
            {
                known.push((name.to_owned(), text, false));
            }
        }
        known.sort();
        known.extend(self.shipped.iter().map(|(name, text)| (name.clone(), text.clone(), true)));
        known
    }

    fn find(&self, wanted: &str) -> Result<Source, Refusal> {
        let all = self.all();
        let names: Vec<&str> = all.iter().map(|(name, ..)| name.as_str()).collect();
        let Some((name, text, shipped)) = all.iter().find(|(name, ..)| name == wanted) else {
            let text = format!("there is no scenario {wanted:?}: known are {}", names.join(", "));
            return Err(Refusal::new(StatusCode::NOT_FOUND, text));
        };
        let beside = self.directory.clone().filter(|_| !shipped);
        Ok(Source { path: format!("{name}.toml"), text: text.clone(), beside })
    }
}

impl Source {
    fn scenario(&self, services: &Services) -> Result<Scenario, Box<ScenarioError>> {
        let services: Vec<String> = services.names().map(Into::into).collect();
        let files = |name: &str| match &self.beside {
            Some(directory) => std::fs::read_to_string(directory.join(Path::new(name)))
                .map_err(|error| format!("{name}: {error}")),
            None => Err("a scenario that comes alone can name no files".to_owned()),
        };
        Scenario::parse_in(&self.path, &self.text, Around { services: &services, files: &files })
    }
}

/// `GET /scenarios`.
pub(super) fn scenarios(app: &App) -> Answer {
    let known = app.scenarios.all().into_iter().map(|(name, text, shipped)| {
        let source = if shipped { "shipped" } else { "directory" }.to_owned();
        let of = Source { path: name.clone(), text, beside: app.scenarios.directory.clone() };
        let question = of.scenario(&app.services).ok().and_then(|scenario| scenario.question);
        dto::KnownScenario { name, question, source }
    });
    Ok(json_answer(&known.collect::<Vec<_>>()))
}

/// `GET /scenarios/:scenario`.
pub(super) fn scenario(app: &App, name: &str) -> Answer {
    let text = app.scenarios.find(name)?.text;
    Ok(([(header::CONTENT_TYPE, "application/toml")], text).into_response())
}

/// `POST /scenarios`: nothing is kept.
pub(super) async fn check(app: &App, body: Body) -> Answer {
    let checked = match given(body).await?.scenario(&app.services) {
        Ok(scenario) => dto::Checked {
            ok: true,
            name: Some(scenario.name.clone()),
            nodes: Some(scenario.node_count()),
            seconds: Some(scenario.duration.as_secs_f64()),
            problem: None,
        },
        Err(error) => dto::Checked {
            problem: Some(dto::Problem {
                line: error.line,
                column: error.column,
                length: error.text[error.span.clone()].chars().count(),
                message: error.message.clone(),
                help: error.help.clone(),
            }),
            ..dto::Checked::default()
        },
    };
    Ok(json_answer(&checked))
}

/// `POST /runs`.
pub(super) async fn start(app: &App, uri: &Uri, body: Body) -> Answer {
    let source = match param(uri, "scenario")? {
        Some(name) => app.scenarios.find(&name)?,
        None => given(body).await?,
    };
    let scenario = source.scenario(&app.services).map_err(|error| Refusal::invalid(error.to_string()))?;
    let seed = param(uri, "seed")?.map(|text| {
        text.parse().map_err(|_| Refusal::invalid(format!("seed: {text:?} is no whole number from 0 on")))
    });
    let pace = param(uri, "pace")?.map_or(Ok(Pace::Max), |text| {
        text.parse::<Pace>().map_err(|error| Refusal::invalid(format!("pace: {error}")))
    })?;
    let wishes = Wishes { seed: seed.transpose()?, pace };
    Ok(created(&app.runs.start(&app.stage, &app.services, scenario, wishes).await?))
}

/// The scenario that a request brings.
async fn given(body: Body) -> Result<Source, Refusal> {
    let text = body::read(body, body::LIMIT).await?;
    let text = String::from_utf8(text.into())
        .map_err(|error| Refusal::invalid(format!("the scenario is no text: {}", error.utf8_error())))?;
    Ok(Source { path: "scenario.toml".to_owned(), text, beside: None })
}

/// `GET /runs`.
pub(super) fn runs(app: &App) -> Answer {
    Ok(json_answer(&app.runs.all()))
}

/// `GET /runs/:run`.
pub(super) fn run(app: &App, id: &str) -> Answer {
    Ok(json_answer(&app.runs.one(number(id)?)?))
}

/// `POST /runs/:run/stop`.
pub(super) async fn stop(app: &App, id: &str) -> Answer {
    Ok(json_answer(&app.runs.stop(number(id)?).await?))
}

/// `DELETE /runs/:run`.
pub(super) fn forget(app: &App, id: &str) -> Answer {
    app.runs.forget(number(id)?)?;
    empty(Ok(()))
}

/// `GET /runs/:run/report`.
pub(super) fn page(app: &App, id: &str) -> Answer {
    Ok(html(report::html(&app.runs.document(number(id)?)?)))
}

/// `GET /runs/:run/result`.
pub(super) fn result(app: &App, id: &str) -> Answer {
    Ok(json_answer(&app.runs.document(number(id)?)?))
}

/// `GET /runs/:run/compare/:other`.
pub(super) fn compare(app: &App, one: &str, other: &str) -> Answer {
    let [first, second] = [app.runs.document(number(one)?)?, app.runs.document(number(other)?)?];
    let name = |id: &str, of: &report::Document| format!("{} (run {id})", of.scenario);
    let comparison = report::compare((&name(one, &first), &first), (&name(other, &second), &second));
    Ok(html(report::comparison_html(&comparison, [&first, &second])))
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| no_run(&format!("{id:?}")))
}

/// A page that stands for itself: it brings its own policy.
fn html(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, text).into_response()
}
