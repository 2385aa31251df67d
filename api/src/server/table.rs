//! Which path and verb mean what: the routes of go-ethereum's `p2p/simulations/http.go` and ours, with the manners of its
//! router (redirects for what is nearly a path, `Allow` for what is the wrong verb). Nothing here is done, only found.

use crate::percent::decode;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Network,
    StartAll,
    StopAll,
    Mockers,
    StartMocker,
    StopMocker,
    Reset,
    Events,
    Snapshot,
    Load,
    Nodes,
    Create,
    Node,
    Delete,
    Start,
    Stop,
    Connect,
    Disconnect,
    Rpc,
    Topology,
    Wait,
    Live,
    History,
    Metrics,
    Call,
    OpenApi,
    Clock,
    SetClock,
    Step,
    RunUntil,
    Links,
    SetLink,
    Lines,
    SetLine,
    Regions,
    SetRegion,
    Partitions,
    Cut,
    HealAll,
    Heal,
    Churn,
    SetChurn,
    StopChurn,
    Scenarios,
    Scenario,
    Check,
    Runs,
    StartRun,
    Run,
    ForgetRun,
    StopRun,
    Report,
    Result,
    Compare,
}

/// The verbs that some path has. OPTIONS is answered on every path and stands in no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    /// The verb of that name, if any path has it.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Delete].into_iter().find(|verb| verb.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A path, with `:` before what stands for a name, and what its verbs do.
pub(super) type Row = (&'static [&'static str], &'static [(Verb, Action)]);

/// All there are.
pub(super) const ROWS: &[Row] = &[
    (&[], &[(Verb::Get, Action::Network)]),
    (&["start"], &[(Verb::Post, Action::StartAll)]),
    (&["stop"], &[(Verb::Post, Action::StopAll)]),
    (&["mocker"], &[(Verb::Get, Action::Mockers)]),
    (&["mocker", "start"], &[(Verb::Post, Action::StartMocker)]),
    (&["mocker", "stop"], &[(Verb::Post, Action::StopMocker)]),
    (&["reset"], &[(Verb::Post, Action::Reset)]),
    (&["events"], &[(Verb::Get, Action::Events)]),
    (&["snapshot"], &[(Verb::Get, Action::Snapshot), (Verb::Post, Action::Load)]),
    (&["nodes"], &[(Verb::Get, Action::Nodes), (Verb::Post, Action::Create)]),
    (&["nodes", ":node"], &[(Verb::Get, Action::Node), (Verb::Delete, Action::Delete)]),
    (&["nodes", ":node", "start"], &[(Verb::Post, Action::Start)]),
    (&["nodes", ":node", "stop"], &[(Verb::Post, Action::Stop)]),
    (
        &["nodes", ":node", "conn", ":peer"],
        &[(Verb::Post, Action::Connect), (Verb::Delete, Action::Disconnect)],
    ),
    (&["nodes", ":node", "rpc"], &[(Verb::Get, Action::Rpc)]),
    (&["nodes", ":node", "call"], &[(Verb::Post, Action::Call)]),
    (&["topology"], &[(Verb::Post, Action::Topology)]),
    (&["wait"], &[(Verb::Post, Action::Wait)]),
    (&["openapi.json"], &[(Verb::Get, Action::OpenApi)]),
    (&["live"], &[(Verb::Get, Action::Live)]),
    (&["history"], &[(Verb::Get, Action::History)]),
    (&["metrics"], &[(Verb::Get, Action::Metrics)]),
    (&["clock"], &[(Verb::Get, Action::Clock), (Verb::Post, Action::SetClock)]),
    (&["clock", "step"], &[(Verb::Post, Action::Step)]),
    (&["clock", "until"], &[(Verb::Post, Action::RunUntil)]),
    (&["links"], &[(Verb::Get, Action::Links), (Verb::Post, Action::SetLink)]),
    (&["lines"], &[(Verb::Get, Action::Lines), (Verb::Post, Action::SetLine)]),
    (&["regions"], &[(Verb::Get, Action::Regions), (Verb::Post, Action::SetRegion)]),
    (
        &["partitions"],
        &[(Verb::Get, Action::Partitions), (Verb::Post, Action::Cut), (Verb::Delete, Action::HealAll)],
    ),
    (&["partitions", ":partition"], &[(Verb::Delete, Action::Heal)]),
    (
        &["churn"],
        &[(Verb::Get, Action::Churn), (Verb::Post, Action::SetChurn), (Verb::Delete, Action::StopChurn)],
    ),
    (&["scenarios"], &[(Verb::Get, Action::Scenarios), (Verb::Post, Action::Check)]),
    (&["scenarios", ":scenario"], &[(Verb::Get, Action::Scenario)]),
    (&["runs"], &[(Verb::Get, Action::Runs), (Verb::Post, Action::StartRun)]),
    (&["runs", ":run"], &[(Verb::Get, Action::Run), (Verb::Delete, Action::ForgetRun)]),
    (&["runs", ":run", "stop"], &[(Verb::Post, Action::StopRun)]),
    (&["runs", ":run", "report"], &[(Verb::Get, Action::Report)]),
    (&["runs", ":run", "result"], &[(Verb::Get, Action::Result)]),
    (&["runs", ":run", "compare", ":other"], &[(Verb::Get, Action::Compare)]),
];

/// What a request line leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A route, with the names in its path, decoded.
    Route(Action, Vec<String>),
    /// Nearly a route: this is the path that was meant, still encoded.
    Moved(String),
    /// The path is there, but not for this verb. The value of `Allow`.
    WrongVerb(String),
    /// Neither.
    Nothing,
}

/// Looks a request up. `path` is the path as it came, percent-encoded.
pub(crate) fn find(verb: Option<Verb>, path: &str) -> Found {
    let Some(rest) = path.strip_prefix('/') else { return Found::Nothing };
    let exact: Vec<&str> = if rest.is_empty() { vec![] } else { rest.split('/').collect() };
    if let Some((row, actions)) = ROWS.iter().find(|(row, _)| fits(row, &exact, |a, b| a == b)) {
        return match actions.iter().find(|(has, _)| Some(*has) == verb) {
            Some((_, action)) => Found::Route(*action, names(row, &exact)),
            None => Found::WrongVerb(allow(actions)),
        };
    }
    let tidy: Vec<&str> = exact.into_iter().filter(|segment| !segment.is_empty()).collect();
    let near = ROWS.iter().find(|(row, actions)| {
        actions.iter().any(|(has, _)| Some(*has) == verb) && fits(row, &tidy, str::eq_ignore_ascii_case)
    });
    match near {
        Some((row, _)) => Found::Moved(meant(row, &tidy)),
        None => Found::Nothing,
    }
}

fn fits(row: &[&str], path: &[&str], same: impl Fn(&str, &str) -> bool) -> bool {
    row.len() == path.len()
        && row
            .iter()
            .zip(path)
            .all(|(row, path)| if row.starts_with(':') { !path.is_empty() } else { same(row, path) })
}

/// The names in a path that fits a row.
fn names(row: &[&str], path: &[&str]) -> Vec<String> {
    row.iter().zip(path).filter(|(row, _)| row.starts_with(':')).map(|(_, path)| decode(path)).collect()
}

fn meant(row: &[&str], path: &[&str]) -> String {
    let segments: Vec<&str> =
        row.iter().zip(path).map(|(row, path)| if row.starts_with(':') { *path } else { *row }).collect();
    format!("/{}", segments.join("/"))
}

fn allow(actions: &[(Verb, Action)]) -> String {
    let verbs: Vec<&str> = actions.iter().map(|(verb, _)| verb.name()).chain(["OPTIONS"]).collect();
    verbs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verb::{Delete, Get, Post};

    fn route(action: Action, names: &[&str]) -> Found {
        Found::Route(action, names.iter().map(|name| name.to_string()).collect())
    }

    #[test]
    fn every_route_is_found() {
        let table = [
            (Get, "/", route(Action::Network, &[])),
            (Post, "/start", route(Action::StartAll, &[])),
            (Post, "/stop", route(Action::StopAll, &[])),
            (Delete, "/nodes/a", route(Action::Delete, &["a"])),
            (Post, "/topology", route(Action::Topology, &[])),
            (Post, "/wait", route(Action::Wait, &[])),
            (Get, "/mocker", route(Action::Mockers, &[])),
            (Post, "/mocker/start", route(Action::StartMocker, &[])),
            (Post, "/mocker/stop", route(Action::StopMocker, &[])),
            (Post, "/reset", route(Action::Reset, &[])),
            (Get, "/events", route(Action::Events, &[])),
            (Get, "/snapshot", route(Action::Snapshot, &[])),
            (Post, "/snapshot", route(Action::Load, &[])),
            (Get, "/nodes", route(Action::Nodes, &[])),
            (Post, "/nodes", route(Action::Create, &[])),
            (Get, "/nodes/node01", route(Action::Node, &["node01"])),
            (Get, "/nodes/start", route(Action::Node, &["start"])),
            (Get, "/nodes/a%20b%2Fc%", route(Action::Node, &["a b/c%"])),
            (Post, "/nodes/a/start", route(Action::Start, &["a"])),
            (Post, "/nodes/a/stop", route(Action::Stop, &["a"])),
            (Post, "/nodes/a/conn/b", route(Action::Connect, &["a", "b"])),
            (Delete, "/nodes/a/conn/b", route(Action::Disconnect, &["a", "b"])),
            (Get, "/nodes/a/rpc", route(Action::Rpc, &["a"])),
            (Post, "/nodes/a/call", route(Action::Call, &["a"])),
            (Get, "/live", route(Action::Live, &[])),
            (Get, "/history", route(Action::History, &[])),
            (Get, "/metrics", route(Action::Metrics, &[])),
            (Post, "/clock/step", route(Action::Step, &[])),
            (Delete, "/partitions", route(Action::HealAll, &[])),
            (Delete, "/partitions/7", route(Action::Heal, &["7"])),
            (Delete, "/churn", route(Action::StopChurn, &[])),
            (Get, "/runs/3/compare/4", route(Action::Compare, &["3", "4"])),
        ];
        for (verb, path, found) in table {
            assert_eq!(find(Some(verb), path), found, "{path}");
        }
    }

    #[test]
    fn what_is_no_route_is_told_apart() {
        let moved = |path: &str| Found::Moved(path.to_owned());
        let wrong = |allow: &str| Found::WrongVerb(allow.to_owned());
        let table = [
            (Some(Get), "/nope", Found::Nothing),
            (Some(Get), "*", Found::Nothing),
            (Some(Get), "/nodes/a/b", Found::Nothing),
            (Some(Get), "/nodes/", moved("/nodes")),
            (Some(Post), "/nodes/", moved("/nodes")),
            (None, "/nodes/", Found::Nothing),
            (Some(Get), "/NODES", moved("/nodes")),
            (Some(Post), "//Nodes/Foo%20/START/", moved("/nodes/Foo%20/start")),
            (None, "/nodes", wrong("GET, POST, OPTIONS")),
            (Some(Get), "/start", wrong("POST, OPTIONS")),
            (None, "/", wrong("GET, OPTIONS")),
            (Some(Get), "/nodes/a/conn/b", wrong("POST, DELETE, OPTIONS")),
            (Some(Delete), "/nodes/a/rpc", wrong("GET, OPTIONS")),
        ];
        for (verb, path, found) in table {
            assert_eq!(find(verb, path), found, "{verb:?} {path}");
        }
        assert_eq!(Verb::parse("GET"), Some(Get));
        assert_eq!(Verb::parse("HEAD"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_looked_up_without_panic(path in "(/(nodes|conn|[a-z%0-9é]{0,5})){0,6}|\\PC{0,30}") {
            // What it moves to is found there.
            if let Found::Moved(path) = find(Some(Get), &path) {
                proptest::prop_assert!(matches!(find(Some(Get), &path), Found::Route(..)), "{}", path);
            }
        }
    }
}
