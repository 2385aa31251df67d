//! What each route is for, what it takes and what it answers.

use crate::server::table::Action;

/// A route's description.
pub(super) struct Operation {
    pub(super) tag: &'static str,
    pub(super) says: &'static str,
    /// Parameters in the query: name, type, meaning.
    pub(super) query: &'static [(&'static str, &'static str, &'static str)],
    pub(super) body: Option<Body>,
    pub(super) success: Success,
    /// Statuses of refusals beside those that every route has.
    pub(super) refusals: &'static [u16],
}

/// What a request brings, by the name of its schema.
pub(super) enum Body {
    Needed(&'static str),
    /// Nothing is as good as an empty object.
    Optional(&'static str),
    Form(&'static str),
    /// A text; whether it has to be there.
    Toml(bool),
}

/// What an answer brings, by the name of its schema.
pub(super) enum Success {
    Nothing,
    Json(&'static str),
    Created(&'static str),
    List(&'static str),
    Texts,
    Numbers,
    Maybe(&'static str),
    /// Something of that media type.
    Other(&'static str, &'static str),
    Socket(&'static str),
}

/// The families of routes.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("network", "The network as a whole"),
    ("nodes", "One node, or the connection of two"),
    ("time", "The network's clock, and waiting"),
    (
        "conditions",
        "Links, lines, regions, partitions and churn. Nodes are given in words: names or ids, patterns such as \
        light*, region:1, service:gossip, group:light; apart by commas",
    ),
    (
        "experiments",
        "Scenarios, and their runs: one at a time, in a network of its own that every other route shows meanwhile",
    ),
    ("watching", "What happens, as it happens, and what has happened"),
];

/// What a name in a path stands for.
pub(super) fn name(name: &str) -> &'static str {
    match name {
        "node" => "A node, by name or id",
        "peer" => "The other node, by name or id",
        "partition" => "A partition, by its number",
        "scenario" => "A scenario, by the name of its file without .toml",
        "run" => "A run, by its number",
        "other" => "Another run",
        _ => "A name",
    }
}

const NO_QUERY: &[(&str, &str, &str)] = &[];

/// Each in a line where it fits.
#[rustfmt::skip]
pub(super) fn describe(action: Action) -> Operation {
    use Body::{Form, Needed, Optional, Toml};
    use Success::{Created, Json, List, Maybe, Nothing, Numbers, Other, Socket, Texts};
    let of = |tag, says, body, success, refusals| Operation { tag, says, query: NO_QUERY, body, success, refusals };
    match action {
        Action::Network => of("network", "The whole network; a browser gets the page", None, Json("Network"), &[]),
        Action::StartAll => of("network", "Starts every node that is down", None, Nothing, &[500]),
        Action::StopAll => of("network", "Stops every node that is up", None, Nothing, &[500]),
        Action::Reset => of("network", "Stops and forgets everything", None, Nothing, &[500]),
        Action::Topology => of("network", "Connects the nodes that are up in a shape, and answers when it is there", Some(Needed("Topology")), Json("BuiltTopology"), &[409, 502]),
        Action::Snapshot => Operation {
            query: &[("add", "string", "Services that running nodes get in the snapshot, apart by commas"), ("remove", "string", "Services that they lose")],
            ..of("network", "Everything needed to set the network up again, private keys included", None, Json("Snapshot"), &[500])
        },
        Action::Load => of("network", "Sets a snapshot up, and answers when its connections are there", Some(Needed("Snapshot")), Json("Network"), &[409, 500, 502]),
        Action::Mockers => of("network", "The kinds of mockers there are", None, Texts, &[]),
        Action::StartMocker => of("network", "Has a program create nodes, and stop and start them", Some(Form("Mocker")), Nothing, &[409]),
        Action::StopMocker => of("network", "Stops it, and answers when it has stopped", None, Nothing, &[404, 409, 500]),
        Action::OpenApi => of("network", "This description", None, Json("Any"), &[]),
        Action::Nodes => Operation {
            query: &[("only", "string", "Among these, in words"), ("except", "string", "Not among these"), ("up", "boolean", "Up, or down"), ("after", "string", "Created after this one"), ("limit", "integer", "So many at most")],
            ..of("nodes", "What every node says of itself, or those that are meant", None, List("NodeInfo"), &[404])
        },
        Action::Create => of("nodes", "Creates a node; whatever is left out is made", Some(Optional("NodeConfig")), Created("NodeInfo"), &[409]),
        Action::Node => of("nodes", "What a node says of itself", None, Json("NodeInfo"), &[404]),
        Action::Delete => of("nodes", "Stops a node if it is up, and forgets it", None, Nothing, &[404, 500]),
        Action::Start => of("nodes", "Starts a node", None, Json("NodeInfo"), &[404, 409, 500]),
        Action::Stop => of("nodes", "Stops a node", None, Json("NodeInfo"), &[404, 409, 500]),
        Action::Connect => Operation {
            query: &[("wait", "boolean", "false: answers when it was asked for, rather than done")],
            ..of("nodes", "Has a node connect to another, and answers when both ends have the peer", None, Json("NodeInfo"), &[404, 409, 502])
        },
        Action::Disconnect => Operation {
            query: &[("wait", "boolean", "false: answers when it was asked for, rather than done")],
            ..of("nodes", "Ends a connection, and answers when both ends have lost the peer", None, Json("NodeInfo"), &[404, 409])
        },
        Action::Rpc => of("nodes", "A WebSocket to the node's JSON-RPC", None, Socket("JSON-RPC 2.0, subscriptions included"), &[404, 409, 500]),
        Action::Call => of("nodes", "Calls a method of the node's JSON-RPC", Some(Needed("Call")), Json("Called"), &[404, 409, 500]),
        Action::Wait => of("time", "Answers when all that is named holds", Some(Needed("Condition")), Nothing, &[409]),
        Action::Clock => of("time", "What time it is, and how fast it passes", None, Json("Clock"), &[]),
        Action::SetClock => of("time", "Paces or pauses the clock, or has it go on", Some(Needed("SetClock")), Json("Clock"), &[]),
        Action::Step => of("time", "Lets time pass up to the next event, or by so much, as fast as the machine can", Some(Optional("Step")), Json("Clock"), &[409]),
        Action::RunUntil => of("time", "Lets time pass until a time or a condition, as fast as the machine can", Some(Needed("RunUntil")), Json("Clock"), &[409]),
        Action::Links => Operation {
            query: &[("from", "string", "With `to`: the link between these two instead, as it is now (there, back)"), ("to", "string", "The other node")],
            ..of("conditions", "The links that were set", None, Json("Links"), &[404])
        },
        Action::SetLink => of("conditions", "Changes links in part, or takes back what was set", Some(Needed("SetLink")), Json("ChangedLinks"), &[404]),
        Action::Lines => of("conditions", "The nodes with a line of limited bandwidth", None, List("Line"), &[]),
        Action::SetLine => of("conditions", "Sets the lines of nodes to the network", Some(Needed("SetLine")), Json("ChangedNodes"), &[404]),
        Action::Regions => of("conditions", "The regions, and who is in them", None, List("Region"), &[]),
        Action::SetRegion => of("conditions", "Puts nodes into a region", Some(Needed("SetRegion")), Json("ChangedNodes"), &[404]),
        Action::Partitions => of("conditions", "The partitions that stand", None, List("Partition"), &[]),
        Action::Cut => of("conditions", "Cuts nodes off from others, or makes what passes between them worse", Some(Needed("Cut")), Created("Partition"), &[404]),
        Action::Heal => of("conditions", "Heals a partition", None, Nothing, &[404]),
        Action::HealAll => of("conditions", "Heals all, and answers which", None, Numbers, &[]),
        Action::Churn => of("conditions", "The churn that goes on", None, Maybe("Churn"), &[]),
        Action::SetChurn => of("conditions", "Has nodes leave at a rate and come back; in the place of what went on before", Some(Needed("SetChurn")), Json("Churn"), &[404]),
        Action::StopChurn => of("conditions", "Ends the churn; who was down by it comes back", None, Json("Churn"), &[404]),
        Action::Scenarios => of("experiments", "The scenarios that can be run by name", None, List("KnownScenario"), &[]),
        Action::Scenario => of("experiments", "A scenario's text", None, Other("application/toml", "TOML"), &[404]),
        Action::Check => of("experiments", "Reads a scenario and says what is wrong with it, and where; nothing is kept", Some(Toml(true)), Json("Checked"), &[]),
        Action::Runs => of("experiments", "The runs that are remembered, the newest first", None, List("Run"), &[]),
        Action::StartRun => Operation {
            query: &[("scenario", "string", "Runs this one, rather than what the body brings"), ("seed", "integer", "Instead of the scenario's"), ("pace", "string", "Simulated seconds in a second; max, which it is when missing: as fast as possible")],
            ..of("experiments", "Runs a scenario: the one in the body, or one by name", Some(Toml(false)), Created("Run"), &[404, 409])
        },
        Action::Run => of("experiments", "How far a run is, or what it came to", None, Json("Run"), &[404]),
        Action::ForgetRun => of("experiments", "Forgets a run that has ended", None, Nothing, &[404, 409]),
        Action::StopRun => of("experiments", "Stops a run, and answers when it has stopped", None, Json("Run"), &[404]),
        Action::Report => of("experiments", "A run's report: one page that needs nothing else", None, Other("text/html", "The page"), &[404, 409]),
        Action::Result => of("experiments", "A run's result with all that was measured, as `run --report` leaves it", None, Json("Any"), &[404, 409]),
        Action::Compare => of("experiments", "Two runs side by side, as a page", None, Other("text/html", "The page"), &[404, 409]),
        Action::Events => Operation {
            query: &[("current", "boolean", "Begins with what is there already"), ("filter", "string", "Which messages are shown, such as ping-pong:0,1-eth:*; none without")],
            ..of("watching", "Events as they happen, an `Event` each", None, Other("text/event-stream", "Server-sent events, named `network`"), &[])
        },
        Action::Live => of("watching", "A WebSocket for whoever draws the network: frames of what changed", None, Socket("A hello, then frames; docs/page.md has the format"), &[426]),
        Action::History => Operation {
            query: &[("at", "string", "When: nanoseconds, or a time such as 12.5s")],
            ..of("watching", "Nodes and connections at a moment that has gone by, as one frame", None, Other("application/octet-stream", "A frame, as /live has them"), &[404])
        },
        Action::Metrics => of("watching", "The network in numbers, for Prometheus; measuring begins with the first who asks", None, Other("text/plain", "Prometheus's text format, version 0.0.4"), &[]),
    }
}
