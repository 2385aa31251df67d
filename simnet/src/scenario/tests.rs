mod language;

use super::expect::Numbers;
use super::*;
use crate::tally::{Count, MessageCount, NodeTally, Tally};
use crate::topology::Topology;
use proptest::prelude::*;

fn services() -> Vec<String> {
    vec!["gossip".into(), "noop".into(), "ping-pong".into()]
}

fn parse(text: &str) -> Result<Scenario, Box<ScenarioError>> {
    Scenario::parse("test.toml", text, &services())
}

/// A whole scenario around a few lines of it.
fn with(lines: &str) -> String {
    let nodes = if lines.contains("[[nodes]]") {
        ""
    } else {
        "[[nodes]]\nname = \"node\"\ncount = 10\nservices = [\"ping-pong\"]\n"
    };
    let first = if lines.starts_with('[') { Some(0) } else { lines.find("\n[") };
    let (top, tables) = lines.split_at(first.unwrap_or(lines.len()));
    let duration = if top.contains("duration") { "" } else { "duration = \"1s\"\n" };
    format!("name = \"x\"\n{duration}{top}\n{nodes}{tables}")
}

#[test]
fn the_shipped_scenario_says_what_its_users_read() {
    let text = include_str!("../../../scenarios/ping-pong.toml");
    let scenario = Scenario::parse("scenarios/ping-pong.toml", text, &services()).unwrap();
    assert_eq!(scenario.node_count(), 100);
    assert_eq!(scenario.topology, Shape::Of(Topology::Ring));
    assert_eq!(scenario.fidelity, Fidelity::Wire);
    assert_eq!(scenario.duration, Duration::from_secs(60));
    assert_eq!(scenario.link, Link::latency(Duration::from_millis(50)));
    assert_eq!(scenario.groups[0].settings["ping-pong"]["interval"], "10s");
    assert_eq!(scenario.groups[0].names().next().unwrap(), "node001");
    assert!(scenario.expectations.len() >= 5);
}

#[test]
fn what_is_left_out_has_its_usual_value() {
    let scenario = parse(&with("")).unwrap();
    assert_eq!((scenario.seed, scenario.max_peers, scenario.topology), (0, None, Shape::Of(Topology::None)));
    assert_eq!((scenario.fidelity, scenario.link), (Fidelity::Wire, Link::latency(Duration::from_millis(1))));
    assert!(scenario.groups[0].msg_events);
}

#[test]
fn values_arrive() {
    let text = with(
        "seed = 0xffff_ffff_ffff_ffff\nduration = \"1m 30s\"\n[network]\nfidelity = \"message\"\nmax_peers = 9\n\
         [topology]\nkind = \"star\"\ncenter = 3\n[link]\nlatency = \"0s\"\n\
         [[expect]]\nevery_node = \"peers\"\ngroup = \"node\"\nat_least = 1\nat_most = 9\n\
         [[expect]]\nname = \"own\"\ntotal = \"received\"\nprotocol = \"ping-pong\"\ncode = 1\nequals = 7",
    );
    let scenario = parse(&text).unwrap();
    assert_eq!((scenario.seed, scenario.duration), (u64::MAX, Duration::from_secs(90)));
    assert_eq!((scenario.fidelity, scenario.max_peers), (Fidelity::Message, Some(9)));
    assert_eq!(scenario.topology, Shape::Of(Topology::Star { center: 3 }));
    assert_eq!(scenario.link, Link::latency(Duration::ZERO));
    let names: Vec<&str> =
        scenario.expectations.iter().map(|expectation| expectation.name.as_str()).collect();
    assert_eq!(names, ["every node's peers: 1 to 9", "own"]);
    assert_eq!(scenario.expectations[1].bounds, Bounds { at_least: Some(7.0), at_most: Some(7.0) });
}

/// The file, the place, and words of the message and of the help.
#[test]
fn mistakes_are_shown_where_they_are() {
    for (lines, place, words) in [
        ("sead = 1", "3:1", "unknown key `sead` in the top of the file (did you mean `seed`?)"),
        ("latency = \"1s\"", "3:1", "`latency` belongs in [link]"),
        ("colour = 1", "3:1", "known are: name, question"),
        ("seed = -1", "3:8", "a whole number from 0 to 18446744073709551615, not -1"),
        ("seed = \"1\"", "3:8", "`seed` wants a whole number, not a text"),
        ("seed = 1.5", "3:8", "not a number with a point"),
        ("duration = \"60\"", "2:12", "`duration` is no time: time unit needed"),
        ("duration = \"60 parsecs\"", "2:12", "unknown time unit \"parsecs\""),
        ("duration = 60", "2:12", "a time with its unit, such as \"50ms\" or \"1m 30s\", not a whole number"),
        ("duration = \"0s\"", "2:12", "of no duration shows nothing"),
        ("duration = \"200y\"", "2:12", "the longest time is 100 years"),
        ("seed = ", "3:8", ""),
        ("seed = 1\nseed = 2", "4:1", "duplicate key"),
        ("[netwrok]", "8:2", "did you mean `network`?"),
        ("[network]\nfidelity = \"wired\"", "9:12", "unknown fidelity \"wired\" (did you mean `wire`?)"),
        ("[network]\nfidelity = true", "9:12", "wants a text in quotes, not true or false"),
        ("[topology]\nkind = \"rign\"", "9:8", "unknown kind \"rign\" (did you mean `ring`?)"),
        (
            "[topology]\nkind = \"mesh\"",
            "9:8",
            "known are: none, chain, ring, star, full, random-regular, small-world",
        ),
        ("[topology]\ndegree = 3", "8:1", "[topology] has no `kind`"),
        ("[topology]\nkind = \"random-regular\"", "8:1", "[topology] has no `degree`"),
        ("[topology]\nkind = \"ring\"\ndegree = 3", "10:1", "a topology of kind \"ring\" has no degree"),
        (
            "[topology]\nkind = \"random-regular\"\ndegree = 10",
            "10:10",
            "cannot have 10 peers among 10 nodes: at most 9",
        ),
        ("[topology]\nkind = \"random-regular\"\ndegree = 0", "10:10", "a degree of 0 connects nobody"),
        ("[topology]\nkind = \"star\"\ncenter = 10", "10:10", "there is no node 10"),
        (
            "[network]\nmax_peers = 8\n[topology]\nkind = \"full\"",
            "9:13",
            "max_peers is 8, but in this topology a node has 9",
        ),
        ("[link]\nlatency = \"fast\"", "9:11", "\"fast\" is no length of time"),
        ("[[link]]\nlatency = \"1s\"", "8:1", "`link` wants a table ([link]), not a list"),
        ("[expect]\ntotal = \"nodes\"", "8:1", "with two brackets"),
        ("[[expect]]\ntotal = \"connection\"\nequals = 1", "9:9", "did you mean `connections`?"),
        ("[[expect]]\nequals = 1", "8:1", "[[expect]] has no `total`"),
        ("[[expect]]\ntotal = \"nodes\"", "8:1", "[[expect]] has no `equals`"),
        ("[[expect]]\ntotal = \"nodes\"\nevery_node = \"peers\"\nequals = 1", "10:1", "not both"),
        ("[[expect]]\ntotal = \"nodes\"\nequals = 1\nat_most = 2", "10:1", "leaves no room"),
        (
            "[[expect]]\ntotal = \"nodes\"\nat_least = 3\nat_most = 2",
            "11:11",
            "nothing is at least 3 and at most 2",
        ),
        ("[[expect]]\ntotal = \"nodes\"\nat_least = 0", "10:12", "cannot fail"),
        ("[[expect]]\ntotal = \"nodes\"\ncode = 0\nequals = 1", "10:1", "`code` means nothing here"),
        ("[[expect]]\ntotal = \"sent\"\ncode = 0\nequals = 1", "10:8", "name the protocol too"),
        ("[[expect]]\nevery_node = \"peers\"\ngroup = \"nodes\"\nequals = 1", "10:9", "did you mean `node`?"),
        ("[[nodes]]\ncount = 3\nservices = [\"noop\"]", "4:1", "[[nodes]] has no `name`"),
        ("[[nodes]]\nname = \"a\"\nservices = []", "6:12", "at least one service"),
        (
            "[[nodes]]\nname = \"a\"\nservices = [\"pingpong\"]",
            "6:13",
            "unknown service \"pingpong\" (did you mean `ping-pong`?)",
        ),
        ("[[nodes]]\nname = \"a\"\nservices = [\"noop\", \"noop\"]", "6:21", "is named twice"),
        ("[[nodes]]\nname = \"a\"\nservices = \"noop\"", "6:12", "wants a list of texts, not a text"),
        ("[[nodes]]\nname = \"a\"\ncount = 0\nservices = [\"noop\"]", "6:9", "a group of 0 nodes"),
        ("[[nodes]]\nname = \"a b\"\nservices = [\"noop\"]", "5:8", "cannot be a node's name"),
        ("[[nodes]]\nname = \"a\"\ncount = 2000000\nservices = [\"noop\"]", "6:9", "the most is 1000000"),
        (
            "[[nodes]]\nname = \"a\"\nservices = [\"noop\"]\n[nodes.settings.ping-pong]\ninterval = \"1s\"",
            "7:17",
            "settings for \"ping-pong\", which these nodes do not run",
        ),
        (
            "[topology]\nkind = \"ring\"\n[[nodes]]\nname = \"a\"\ncount = 2\nservices = [\"noop\"]",
            "5:8",
            "a ring needs 3 nodes, and the scenario has 2",
        ),
        (
            "[topology]\nkind = \"random-regular\"\ndegree = 3\n[[nodes]]\nname = \"a\"\ncount = 5\nservices = [\"noop\"]",
            "6:10",
            "5 × 3 is odd",
        ),
        (
            "[[nodes]]\nname = \"a\"\ncount = 100\nservices = [\"noop\"]\n[[nodes]]\nname = \"a0\"\ncount = 10\nservices = [\"noop\"]",
            "9:8",
            "two nodes would be called \"a001\"",
        ),
    ] {
        let text = with(lines);
        let error = parse(&text).expect_err(lines);
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("test.toml:{place}: ")), "{lines}\n{text}\n{shown}");
        assert!(shown.contains(words), "{lines}\n{shown}");
        assert!(!shown.contains('\n'), "{shown}");
        assert_eq!(error.excerpt(), text.lines().nth(error.line - 1).unwrap());
    }
}

#[test]
fn an_empty_file_says_what_comes_first() {
    let error = parse("").unwrap_err();
    assert_eq!(
        error.to_string(),
        "test.toml:1:1: the top of the file has no `name` (for example: name = \"ping-pong\")"
    );
}

#[test]
fn mistakes_are_told_in_the_order_of_the_file() {
    let error = parse("name = \"x\"\nduration = \"60\"\n").unwrap_err();
    assert_eq!((error.line, error.excerpt()), (2, "duration = \"60\""));
}

#[test]
fn columns_count_characters() {
    let error = parse("name = \"größe\" x").unwrap_err();
    assert_eq!((error.line, error.column), (1, 16));
}

#[test]
fn a_group_of_one_has_its_name_bare() {
    let group = |count| Group {
        name: "n".into(),
        count,
        services: vec![],
        msg_events: true,
        up: true,
        adapter: None,
        region: None,
        access: Access::default(),
        mix: vec![],
        settings: BTreeMap::new(),
    };
    let names = |count| group(count).names().collect::<Vec<_>>();
    assert_eq!(names(1), ["n"]);
    assert_eq!(names(2), ["n01", "n02"]);
    assert_eq!(names(100)[99], "n100");
    assert_eq!(names(100)[0], "n001");
}

fn tally() -> Tally {
    let count = |messages| Count { messages, ..Count::default() };
    let node = |name: &str, peers, received| NodeTally {
        id: Default::default(),
        name: name.into(),
        up: true,
        peers,
        drops: 0,
        sent: count(0),
        received: count(received),
    };
    let message = |protocol: &str, version, code, sent, received| MessageCount {
        protocol: protocol.into(),
        version,
        code,
        sent: count(sent),
        received: count(received),
    };
    let mut nodes: Vec<NodeTally> = (1..=8).map(|n| node(&format!("node{n:02}"), 1, 0)).collect();
    nodes.push(node("center", 2, 30));
    nodes.push(node("node09", 2, 20));
    Tally {
        nodes_up: 10,
        conns_up: 9,
        drops: 4,
        failed_dials: 1,
        messages: vec![
            message("p", 1, 0, 5, 4),
            message("p", 1, 1, 7, 6),
            message("p", 2, 0, 10, 9),
            message("q", 1, 0, 1, 1),
        ],
        nodes,
    }
}

#[test]
fn outcomes_tell_what_there_was() {
    for (lines, passed, detail) in [
        ("total = \"nodes\"\nequals = 10", true, "10"),
        ("total = \"connections\"\nequals = 10", false, "9, wanted exactly 10"),
        ("total = \"drops\"\nat_most = 3", false, "4, wanted at most 3"),
        ("total = \"failed_dials\"\nequals = 0", false, "1, wanted exactly 0"),
        ("total = \"sent\"\nat_least = 23", true, "23"),
        ("total = \"sent\"\nprotocol = \"p\"\nequals = 22", true, "22"),
        ("total = \"received\"\nprotocol = \"p\"\ncode = 0\nequals = 13", true, "13"),
        (
            "total = \"received\"\nprotocol = \"p\"\ncode = 9\nat_least = 1\nat_most = 2",
            false,
            "0, wanted 1 to 2",
        ),
        (
            "every_node = \"peers\"\nequals = 2",
            false,
            "8 of 10 nodes missed it: node01 had 1, node02 had 1, node03 had 1, node04 had 1, node05 had 1 and 3 more; \
             wanted exactly 2",
        ),
        ("every_node = \"peers\"\nat_most = 2", true, "1 to 2 at each of 10 nodes"),
        ("every_node = \"received\"\ngroup = \"center\"\nequals = 30", true, "30 at each of 1 nodes"),
        (
            "every_node = \"received\"\ngroup = \"center\"\nequals = 31",
            false,
            "1 of 1 nodes missed it: center had 30; wanted exactly 31",
        ),
        ("every_node = \"drops\"\nequals = 0", true, "0 at each of 10 nodes"),
    ] {
        let groups = "[[nodes]]\nname = \"node\"\ncount = 9\nservices = [\"noop\"]\n\
                      [[nodes]]\nname = \"center\"\nservices = [\"noop\"]\n";
        let scenario = parse(&with(&format!("{groups}[[expect]]\n{lines}"))).unwrap();
        let is_member = |name: &str| !lines.contains("group") || name == "center";
        let calls = Calls::default();
        let numbers = Numbers { tally: &tally(), calls: &calls, answers: &[], is_member: &is_member };
        let found = scenario.expectations[0].look(numbers);
        assert_eq!((found.0, found.1.as_str()), (passed, detail), "{lines}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_change_of_a_good_file_makes_the_reader_panic(at in 0usize..2_000, with in "[\\PC\n]{0,6}", cut in 0usize..20) {
        let text = include_str!("../../../scenarios/ping-pong.toml");
        let start = text.floor_char_boundary(at);
        let end = text.ceil_char_boundary((start + cut).min(text.len()));
        let changed = format!("{}{with}{}", &text[..start], &text[end..]);
        if let Err(error) = parse(&changed) {
            prop_assert!(error.line >= 1 && error.column >= 1);
            prop_assert!(changed.is_char_boundary(error.span.start) && changed.is_char_boundary(error.span.end));
        }
    }
}
