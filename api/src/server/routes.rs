//! What each route does: reads the request, asks the network, writes the answer. Success codes and bodies are those of
//! go-ethereum's `p2p/simulations/http.go`.

use super::error::Refusal;
use super::live::{WISH_LIMIT, converse};
use super::mocker::Plan;
use super::rpc::{MESSAGE_LIMIT, bridge};
use super::shape::Wanted;
use super::table::{Action, Found, Verb, find};
use super::{App, body, clock, conditions, experiments, metrics, openapi, stream};
use crate::dto;
use crate::filter::Filter;
use crate::json;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use simnet::mocker::Mocker;
use simnet::view::NodeView;
use simnet::{CallError, NetworkError, Until};
use std::time::Duration;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static("Content-Type, Authorization");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

const NODE_CONFIG: (&str, &str) =
    ("node config", r#"an object such as {"name":"node01","services":["ping-pong"]}"#);
const SNAPSHOT: (&str, &str) = (
    "snapshot",
    r#"an object such as {"nodes":[{"node":{"config":{"name":"node01"},"up":true}}],"conns":[{"one":ID,"other":ID}]}"#,
);

const TOPOLOGY: (&str, &str) = ("topology", r#"an object such as {"kind":"random-regular","degree":4}"#);
const CALL: (&str, &str) = ("call", r#"an object such as {"method":"admin_peers","params":[]}"#);
const WAIT: (&str, &str) = ("wait", r#"an object such as {"nodes":10,"conns":10,"within":"30s"}"#);

/// What a route comes to.
pub(super) type Answer = Result<Response, Refusal>;

/// Answers a request.
pub(crate) async fn dispatch(State(app): State<App>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let origin = match app.guard.admit(&parts) {
        Ok(origin) => origin,
        Err(refusal) => {
            tracing::debug!(method = %parts.method, path = parts.uri.path(), ?refusal, "request refused");
            return refusal.into_response();
        }
    };
    let mut response = route(&app, &mut parts, body).await.unwrap_or_else(Refusal::into_response);
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

async fn route(app: &App, parts: &mut Parts, body: Body) -> Answer {
    if parts.method == Method::OPTIONS {
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        ];
        return Ok((headers, ()).into_response());
    }
    if parts.method == Method::GET
        && let Some(page) = page(app, parts)
    {
        return page;
    }
    match find(Verb::parse(parts.method.as_str()), parts.uri.path()) {
        Found::Route(action, names) => {
            let after = patience(action);
            let what = format!("{} {}", parts.method, parts.uri.path());
            let late = |_| NetworkError::TimedOut { what, after, simulated: false };
            tokio::time::timeout(after, act(app, parts, body, action, &names)).await.map_err(late)?
        }
        Found::Moved(path) => moved(&parts.method, &parts.uri, &path),
        Found::WrongVerb(allow) => {
            let allow = HeaderValue::try_from(allow).expect("names of verbs are ASCII");
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").with(header::ALLOW, allow))
        }
        Found::Nothing => Err(Refusal::new(StatusCode::NOT_FOUND, "404 page not found")),
    }
}

/// The page or a file of it, if that is what is asked for.
fn page(app: &App, parts: &Parts) -> Option<Answer> {
    if let Some(path) = parts.uri.path().strip_prefix("/ui/") {
        return Some(app.ui.file(path, &parts.headers));
    }
    if parts.uri.path() != "/" || !app.ui.is_wanted(&parts.headers) {
        return None;
    }
    let Some(cookie) = app.guard.cookie() else { return Some(app.ui.page(&parts.headers)) };
    // A token does not stay where it is shown and remembered.
    let typed = parts.uri.query().is_some_and(|query| query.contains("token="));
    let page = match typed {
        true => {
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static("./"))]).into_response())
        }
        false => app.ui.page(&parts.headers),
    };
    Some(page.map(|mut page| {
        page.headers_mut().insert(header::SET_COOKIE, cookie);
        page
    }))
}

/// How long an answer may take on the wall's clock, reading the request included.
fn patience(action: Action) -> Duration {
    match action {
        // The original waits 900 s for the connections of a snapshot.
        Action::Load
        | Action::Snapshot
        | Action::StartAll
        | Action::StopAll
        | Action::Reset
        | Action::Topology
        | Action::Wait
        | Action::Step
        | Action::RunUntil => Duration::from_secs(900),
        // Twice what the network waits in simulated time.
        _ => Duration::from_secs(60),
    }
}

fn moved(method: &Method, uri: &Uri, path: &str) -> Answer {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let to = format!("{path}{query}");
    // A path may hold a byte that a header may not.
    let location =
        HeaderValue::try_from(&to).map_err(|_| Refusal::invalid(format!("{to:?} is not a path")))?;
    let mut response = match *method {
        Method::GET => {
            let html = to.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;");
            let page = format!("<a href=\"{html}\">Moved Permanently</a>.\n\n");
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (StatusCode::MOVED_PERMANENTLY, kind, page).into_response()
        }
        _ => StatusCode::TEMPORARY_REDIRECT.into_response(),
    };
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

async fn act(app: &App, parts: &mut Parts, body: Body, action: Action, names: &[String]) -> Answer {
    let network = &app.network();
    // The first name in the path; mostly it is a node's.
    let node = || names[0].as_str();
    match action {
        Action::Network => Ok(json_answer(&dto::Network::from(&network.view().await?))),
        Action::StartAll => empty(network.start_all().await),
        Action::StopAll => empty(network.stop_all().await),
        Action::Reset => {
            // Its nodes are about to go, whatever it ended by.
            let _ = app.mockers.stop().await;
            empty(network.reset().await)
        }
        Action::Mockers => Ok(json_answer(&Mocker::NAMES)),
        Action::StartMocker => start_mocker(app, &parts.uri, body).await,
        Action::StopMocker => match app.mockers.stop().await? {
            true => empty(Ok(())),
            false => Err(Refusal::new(StatusCode::CONFLICT, "stop channel not initialized")),
        },
        Action::Events => events(app, &parts.uri).await,
        Action::Snapshot => snapshot(app, &parts.uri).await,
        Action::Load => load(app, body).await,
        Action::Nodes => {
            let nodes = network.nodes_that(dto::query::read(pairs(&parts.uri)?)?).await?;
            Ok(json_answer(&nodes.iter().map(dto::NodeInfo::from).collect::<Vec<_>>()))
        }
        Action::Create => create(app, body).await,
        Action::Node => node_info(network.node(node()).await),
        Action::Delete => empty(network.remove_node(node()).await),
        Action::Start => node_info(network.start_node(node()).await),
        Action::Stop => node_info(network.stop_node(node()).await),
        Action::Connect => node_info(network.connect(node(), &names[1], until(&parts.uri)?).await),
        Action::Disconnect => node_info(network.disconnect(node(), &names[1], until(&parts.uri)?).await),
        Action::Rpc => rpc(app, parts, node()).await,
        Action::Topology => topology(app, body).await,
        Action::Wait => wait(app, body).await,
        Action::Live => live(app, parts).await,
        Action::History => history(app, &parts.uri).await,
        Action::Metrics => scrape(app).await,
        Action::Call => call(app, node(), body).await,
        Action::OpenApi => Ok(([(header::CONTENT_TYPE, JSON)], openapi::document()).into_response()),
        Action::Clock => clock::show(network).await,
        Action::SetClock => clock::set(network, body).await,
        Action::Step => clock::step(network, body).await,
        Action::RunUntil => clock::until(network, body).await,
        Action::Links => conditions::links(network, &parts.uri).await,
        Action::SetLink => conditions::set_link(network, body).await,
        Action::Lines => conditions::lines(network).await,
        Action::SetLine => conditions::set_line(network, body).await,
        Action::Regions => conditions::regions(network).await,
        Action::SetRegion => conditions::set_region(network, body).await,
        Action::Partitions => conditions::partitions(network).await,
        Action::Cut => conditions::cut(network, body).await,
        Action::Heal => conditions::heal(network, node()).await,
        Action::HealAll => conditions::heal_all(network).await,
        Action::Churn => conditions::churn(network).await,
        Action::SetChurn => conditions::set_churn(network, body).await,
        Action::StopChurn => conditions::stop_churn(network).await,
        Action::Scenarios => experiments::scenarios(app),
        Action::Scenario => experiments::scenario(app, node()),
        Action::Check => experiments::check(app, body).await,
        Action::Runs => experiments::runs(app),
        Action::StartRun => experiments::start(app, &parts.uri, body).await,
        Action::Run => experiments::run(app, node()),
        Action::ForgetRun => experiments::forget(app, node()),
        Action::StopRun => experiments::stop(app, node()).await,
        Action::Report => experiments::page(app, node()),
        Action::Result => experiments::result(app, node()),
        Action::Compare => experiments::compare(app, node(), &names[1]),
    }
}

/// 200, and a line of JSON.
pub(super) fn json_answer(value: &impl Serialize) -> Response {
    ([(header::CONTENT_TYPE, JSON)], json::line(value)).into_response()
}

/// The same of something that is new: 201.
pub(super) fn created(value: &impl Serialize) -> Response {
    (StatusCode::CREATED, json_answer(value)).into_response()
}

/// Reads an object, with an example of one. No body at all is an object that says nothing.
pub(super) async fn read_body<T: DeserializeOwned>(
    body: Body,
    (what, wanted): (&'static str, &'static str),
) -> Result<T, Refusal> {
    let text = body::read(body, body::LIMIT).await?;
    let text = if text.trim_ascii().is_empty() { b"{}" } else { &text[..] };
    Ok(json::read_object(text, what, wanted)?)
}

/// 200, and nothing to say.
pub(super) fn empty(done: Result<(), NetworkError>) -> Answer {
    done?;
    Ok(StatusCode::OK.into_response())
}

fn node_info(node: Result<NodeView, NetworkError>) -> Answer {
    Ok(json_answer(&dto::NodeInfo::from(&node?)))
}

async fn start_mocker(app: &App, uri: &Uri, body: Body) -> Answer {
    let form = body::read(body, body::LIMIT).await?;
    // A form has the syntax of a query. Line ends at its end are the shell's.
    let form = String::from_utf8_lossy(form.trim_ascii()).into_owned();
    let form: Uri =
        format!("/?{form}").parse().map_err(|error| Refusal::invalid(format!("form: {error}")))?;
    // As Go's FormValue: the body comes before the query.
    let mut values = pairs(&form)?;
    values.extend(pairs(uri)?);
    app.mockers.start(app.network(), Plan::read(&values)?).await?;
    Ok(StatusCode::OK.into_response())
}

async fn topology(app: &App, body: Body) -> Answer {
    let (wanted, kind) = read_body::<dto::Topology>(body, TOPOLOGY).await?.read()?;
    let connections = match wanted {
        Wanted::Shape(shape) => app.network().build(shape).await?,
        Wanted::Pairs(pairs) => app.network().build_pairs(pairs).await?,
    };
    Ok(json_answer(&dto::BuiltTopology { kind, connections }))
}

async fn wait(app: &App, body: Body) -> Answer {
    let wanted: dto::Condition = read_body(body, WAIT).await?;
    let (what, within) = wanted.read("wait")?;
    empty(app.network().until(&what, within, move |state| wanted.holds(state)).await)
}

async fn events(app: &App, uri: &Uri) -> Answer {
    let filter: Filter = param(uri, "filter")?.unwrap_or_default().parse()?;
    let current = param(uri, "current")?.is_some_and(|current| current == "true");
    let subscription = app.network().subscribe(filter.into(), current).await?;
    let body = Body::from_stream(stream::events(subscription, app.stop.clone()));
    Ok((
        [(header::CONTENT_TYPE, EVENTS), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        body,
    )
        .into_response())
}

async fn snapshot(app: &App, uri: &Uri) -> Answer {
    let list = |text: Option<String>| -> Vec<String> {
        text.unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let (add, remove) = (list(param(uri, "add")?), list(param(uri, "remove")?));
    Ok(json_answer(&dto::Snapshot::from(&app.network().snapshot(add, remove).await?)))
}

async fn load(app: &App, body: Body) -> Answer {
    let text = body::read(body, body::SNAPSHOT_LIMIT).await?;
    let snapshot: dto::Snapshot = json::read_object(&text, SNAPSHOT.0, SNAPSHOT.1)?;
    drop(text);
    app.network().load(snapshot.try_into()?).await?;
    Ok(json_answer(&dto::Network::from(&app.network().view().await?)))
}

async fn create(app: &App, body: Body) -> Answer {
    let config: dto::NodeConfig = read_body(body, NODE_CONFIG).await?;
    Ok(created(&dto::NodeInfo::from(&app.network().create_node(config.into()).await?)))
}

async fn rpc(app: &App, parts: &mut Parts, node: &str) -> Answer {
    app.guard.may_change()?;
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(parts, &()).await else {
        app.network().node(node).await?;
        let version = HeaderValue::from_static("13");
        return Err(Refusal::invalid("Bad Request").with(header::SEC_WEBSOCKET_VERSION, version));
    };
    let line = app.network().rpc(node).await?;
    let stop = app.stop.clone();
    Ok(upgrade
        .max_message_size(MESSAGE_LIMIT)
        .max_frame_size(MESSAGE_LIMIT)
        .on_upgrade(move |socket| bridge(socket, line, stop)))
}

async fn live(app: &App, parts: &mut Parts) -> Answer {
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(parts, &()).await else {
        let version = HeaderValue::from_static("13");
        let refusal =
            Refusal::new(StatusCode::UPGRADE_REQUIRED, "this is a WebSocket: frames of the live network");
        return Err(refusal.with(header::SEC_WEBSOCKET_VERSION, version));
    };
    let app = app.clone();
    Ok(upgrade.max_message_size(WISH_LIMIT).on_upgrade(move |socket| converse(app, socket)))
}

/// The network in numbers, as Prometheus reads them.
async fn scrape(app: &App) -> Answer {
    let network = app.network();
    let (clock, measured) = (network.clock().await?, network.measurements().await?);
    let tally = network.tally().await?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(metrics::MEDIA_TYPE))];
    Ok((kind, metrics::text(metrics::Scrape { clock, tally, measured })).into_response())
}

/// One frame: nodes and connections as they were after everything that happened up to a moment.
async fn history(app: &App, uri: &Uri) -> Answer {
    let text = param(uri, "at")?
        .ok_or_else(|| Refusal::invalid("history: `at` is missing: a time such as 12.5s"))?;
    let at = match text.parse::<u64>() {
        Ok(nanos) => Duration::from_nanos(nanos),
        Err(_) => humantime::parse_duration(&text).map_err(|error| {
            Refusal::invalid(format!(
                "history: at {text:?} is neither nanoseconds nor a time such as 1m30s: {error}"
            ))
        })?,
    };
    let frame = app.network().past(at).await?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    Ok((kind, crate::live::encode(&frame)).into_response())
}

/// A call of a node's RPC without a conversation. What the node says to it is the answer, as JSON-RPC has it.
async fn call(app: &App, node: &str, body: Body) -> Answer {
    let dto::Call { method, params } = read_body(body, CALL).await?;
    let outcome = match app.network().call(node, &method, params).await {
        Ok(result) => dto::Called { result: Some(result), error: None },
        Err(CallError::Rpc(error)) => dto::Called { result: None, error: Some(dto::CallError::from(&error)) },
        Err(CallError::Network(error)) => return Err(error.into()),
    };
    Ok(json_answer(&outcome))
}

/// `?wait=false` has a call answer when the thing was asked rather than done.
fn until(uri: &Uri) -> Result<Until, Refusal> {
    match param(uri, "wait")?.as_deref() {
        None | Some("" | "true") => Ok(Until::Done),
        Some("false") => Ok(Until::Asked),
        Some(other) => Err(Refusal::invalid(format!("wait must be true or false, not {other:?}"))),
    }
}

/// The first value of that name in the query.
pub(super) fn param(uri: &Uri, name: &str) -> Result<Option<String>, Refusal> {
    Ok(pairs(uri)?.into_iter().find_map(|(key, value)| (key == name).then_some(value)))
}

/// All names and values in the query, in order.
fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    Ok(pairs.map_err(|error| Refusal::invalid(format!("query: {error}")))?.0)
}
