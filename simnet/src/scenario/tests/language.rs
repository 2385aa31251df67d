//! What files say beyond groups, shapes and counts: parameters, mixes, regions, conditions, workloads, timelines, looks.

use super::{parse, services, with};
use crate::condition::{LinkChange, Text};
use crate::scenario::*;
use crate::topology::Topology;
use std::time::Duration;
use world::sim::{HostLink, Link};

fn link(text: &str) -> Link {
    text.parse::<Text<Link>>().unwrap().0
}

fn line(text: &str) -> HostLink {
    text.parse::<Text<HostLink>>().unwrap().0
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn s(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[test]
fn parameters_stand_where_they_are_referred_to() {
    let text = with(
        "question = \"at {adoption}% of {n}, {other} and {}?\"\n[parameters]\nadoption = 30\nn = 20\nother = \"x\"\nwait = \"3s\"\n\
         [[nodes]]\nname = \"node\"\ncount = \"{n}\"\nservices = [\"gossip\"]\n\
         [nodes.settings.gossip]\nsize = \"{n}\"\nwait = \"{wait}\"\n\
         [[nodes.mix]]\nname = \"new\"\nshare = \"{adoption}%\"\n[[nodes.mix]]\nname = \"old\"\nshare = \"rest\"",
    );
    let scenario = parse(&text).unwrap();
    assert_eq!(scenario.question.as_deref(), Some("at 30% of 20, x and {}?"));
    assert_eq!(scenario.node_count(), 20);
    let group = &scenario.groups[0];
    assert_eq!(group.settings["gossip"], serde_json::json!({"size": 20, "wait": "3s"}));
    let shares: Vec<f64> = group.mix.iter().map(|variant| variant.share).collect();
    assert!((shares[0] - 0.3).abs() < 1e-9 && (shares[1] - 0.7).abs() < 1e-9, "{shares:?}");
    assert_eq!(scenario.parameters["adoption"], "30");
}

#[test]
fn a_mix_changes_what_it_says_and_keeps_the_rest() {
    let text = with(
        "[[nodes]]\nname = \"node\"\ncount = 10\nservices = [\"gossip\", \"noop\"]\ncondition = \"home\"\n\
         [nodes.settings.gossip]\nsize = 9\nwait = \"1s\"\n\
         [[nodes.mix]]\nname = \"a\"\nshare = \"20%\"\nsettings.gossip.size = 7\ncondition = \"lan\"\n\
         [[nodes.mix]]\nname = \"b\"\nshare = \"80%\"\nservices = [\"noop\"]",
    );
    let scenario = parse(&text).unwrap();
    let [a, b] = &scenario.groups[0].mix[..] else { panic!() };
    assert_eq!(a.settings["gossip"], serde_json::json!({"size": 7, "wait": "1s"}));
    assert_eq!((a.access.line, a.services.len()), (Some(line("up 1 Gbit/s, down 1 Gbit/s")), 2));
    assert_eq!((b.services.clone(), b.settings.len()), (vec!["noop".to_owned()], 0));
    assert_eq!(b.access, scenario.groups[0].access);
    let cast = Cast::draw(&scenario, 5);
    let news = cast.select(&Selector::Variant(0, 0), &mut world::Entropy::derive(1, 0, 0, "test"));
    assert_eq!(news.len(), 2, "exactly the share");
    assert_eq!(cast, Cast::draw(&scenario, 5));
    let others: Vec<Cast> = (6..12).map(|seed| Cast::draw(&scenario, seed)).collect();
    assert!(others.iter().any(|other| *other != cast), "who is which is drawn");
}

#[test]
fn regions_come_from_data_and_can_be_changed() {
    let text = with(
        "include = [\"mainnet\"]\n[regions.europe]\nlinks.australia = \"500ms, loss 1%\"\n[regions.moon]\nweight = 1\n\
         [regions.moon.links]\nmoon = \"1ms\"\neurope = \"1s\"\nna-east = \"1s\"\nna-west = \"1s\"\neast-asia = \"1s\"\n\
         australia = \"1s\"\nwest-asia = \"1s\"\nsouth-africa = \"1s\"\nsouth-america = \"1s\"",
    );
    let scenario = parse(&text).unwrap();
    let place = |name: &str| scenario.regions.iter().position(|region| region.name == name).unwrap();
    let between = |from: &str, to: &str| scenario.regions[place(from)].links[place(to)];
    assert_eq!(scenario.regions.len(), 9);
    assert_eq!(scenario.regions[place("europe")].weight, 5599);
    assert_eq!(between("europe", "na-east"), link("70ms"));
    assert_eq!(between("na-east", "europe"), link("70ms"));
    assert_eq!(between("australia", "europe"), link("500ms, loss 1%"), "one says it, both ways have it");
    assert_eq!(between("europe", "moon"), link("1s"));
}

#[test]
fn nodes_are_dealt_to_regions_by_weight() {
    let text = with("include = [\"mainnet\"]\n[[nodes]]\nname = \"n\"\ncount = 1000\nservices = [\"noop\"]");
    let scenario = parse(&text).unwrap();
    let cast = Cast::draw(&scenario, 1);
    let count = |region: usize| cast.members().iter().filter(|member| member.region == Some(region)).count();
    let counts: Vec<usize> = (0..8).map(count).collect();
    // 5599 of 11326 are in Europe, 36 in South America.
    assert_eq!((counts[0], counts[7], counts.iter().sum::<usize>()), (494, 3, 1000), "{counts:?}");
}

#[test]
fn links_say_what_is_said_of_them() {
    let text = with(
        "[link]\ncondition = \"mobile\"\nlatency = \"50ms ± 10ms\"\nloss = \"none\"\n\
         [[links]]\nbetween = [\"node01\", \"node02\"]\nlink = \"1s\"\n[[links]]\nfrom = \"node\"\nto = \"node03\"\nlink = \"laggy\"",
    );
    let scenario = parse(&text).unwrap();
    assert_eq!(scenario.link, link("40ms, jitter 20ms"));
    let [pair, group] = &scenario.links[..] else { panic!() };
    assert_eq!((pair.both_ways, pair.link, group.both_ways), (true, link("1s"), false));
    assert_eq!((&group.from, &group.to), (&Selector::Group(0), &Selector::Node("node03".into())));
    assert_eq!(group.link, link("300ms, loss 5%"));
}

#[test]
fn workloads_timelines_and_looks_arrive() {
    let text = with(
        "duration = \"100s\"\n[[workload]]\ncall = \"gossip_publish\"\nparams = [5, \"x\"]\nrate = \"2/s\"\nfrom = \"5 of node\"\n\
         before = \"50s\"\ntimes = 7\npick = \"in-turn\"\n[[workload]]\ncall = \"y\"\nat = \"3s\"\n\
         [[timeline]]\nat = \"1s\"\npartition = [\"node01\", \"node02\"]\none_way = true\nfor = \"3s\"\nname = \"cut\"\n\
         [[timeline]]\nat = \"2s\"\nheal = \"cut\"\n[[timeline]]\nat = \"3s\"\nchurn = \"node\"\nrate = \"10%/h\"\n\
         down = \"exponential 5s\"\nby = \"crash\"\n[[timeline]]\nat = \"4s\"\nlink = [\"node01\", \"node\"]\nto = \"loss 5%\"\n\
         [[timeline]]\nat = \"4s\"\nline = \"20% of all\"\nto = \"home\"\n[[timeline]]\nat = \"5s\"\nrestart = \"node\"\nover = \"9s\"\n\
         [[expect]]\nevery_node = \"peers\"\nat_least = 1\nwhen = \"eventually\"\nafter = \"10s\"\nwithin = \"5s\"\n\
         [[expect]]\nquantity = \"gossip/arrival\"\nof = \"p99.9\"\nat_most = \"1.5s\"\n\
         [[expect]]\nquantity = \"gossip/reach\"\nof = \"min\"\nat_least = \"95%\"",
    );
    let scenario = parse(&text).unwrap();
    let [calls, once] = &scenario.workload[..] else { panic!() };
    assert_eq!(calls.beat, Beat::Rate("2/s".parse().unwrap()));
    assert_eq!((calls.times, calls.pick, calls.before), (Some(7), Pick::InTurn, s(50)));
    assert_eq!(calls.from, Selector::Some(5, Box::new(Selector::Group(0))));
    assert_eq!(calls.params, [serde_json::json!(5), serde_json::json!("x")]);
    assert_eq!((once.beat, once.after), (Beat::Once, s(3)));
    let deeds: Vec<&Deed> = scenario.timeline.iter().map(|entry| &entry.deed).collect();
    assert!(matches!(deeds[0], Deed::Impose { both_ways: false, .. }));
    assert_eq!((scenario.timeline[0].lasting, deeds[1]), (Some(s(3)), &Deed::Heal(Some("cut".into()))));
    let Deed::Churn { up, of_all: false, down, how, .. } = deeds[2] else { panic!() };
    assert_eq!((*up, *down), (Lasting::Exponential(s(36_000)), Lasting::Exponential(s(5))));
    assert_eq!(*how, Ending::Crash);
    let Deed::Link { change, .. } = deeds[3] else { panic!() };
    assert_eq!(change.of(link("7ms")), link("7ms, loss 5%"));
    assert_ne!(*change, LinkChange::default());
    assert!(matches!(deeds[4], Deed::Line { line: to, .. } if *to == line("up 15 Mbit/s, down 50 Mbit/s")));
    assert!(matches!(deeds[5], Deed::Stop { back: true, how: Ending::Stop, over, .. } if *over == s(9)));
    let [peers, arrival, reach] = &scenario.expectations[..] else { panic!() };
    let looks = When::Looks { which: Which::Eventually, after: s(10), until: s(15), every: ms(100) };
    assert_eq!(peers.when, looks);
    assert_eq!(peers.name, "every node's peers: at least 1, eventually from 10s to 15s");
    assert_eq!((arrival.bounds.at_most, reach.bounds.at_least), (Some(1.5), Some(0.95)));
    assert_eq!(arrival.name, "gossip/arrival p99.9: at most 1.5");
}

#[test]
fn a_shape_comes_from_a_file_by_name_or_by_order() {
    let text = with("[topology]\nkind = \"file\"\nfile = \"net.txt\"");
    let read = |list: &'static str| {
        let files = move |name: &str| {
            if name == "net.txt" { Ok(list.to_owned()) } else { Err("no such file".into()) }
        };
        Scenario::parse_in("test.toml", &text, Around { services: &services(), files: &files })
    };
    let shape = |list| read(list).unwrap().topology;
    assert_eq!(shape("node03 node01\nnode01 node10"), Shape::Listed(vec![(2, 0), (0, 9)]));
    assert_eq!(shape("a b\nc a"), Shape::Listed(vec![(0, 1), (2, 0)]));
    for (list, place, words) in [
        ("node01 node02\nnode01 x", "net.txt:2:8", "\"x\" is none of the 10 nodes"),
        ("a b\nb", "net.txt:2:1", "two names, and this has 1"),
        (
            "a b\nc d\ne f\ng h\ni j\nk l",
            "net.txt:6:1",
            "\"k\" is the node number 11, and the topology has 10",
        ),
    ] {
        let error = read(list).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(words), "{error}");
    }
    let error = parse(&text).unwrap_err().to_string();
    assert!(error.contains("cannot read \"net.txt\": a scenario that comes alone"), "{error}");
}

#[test]
fn shapes_take_the_groups_that_are_up_unless_told() {
    let groups = "[[nodes]]\nname = \"a\"\ncount = 4\nservices = [\"noop\"]\n\
                  [[nodes]]\nname = \"b\"\ncount = 3\nup = false\nservices = [\"noop\"]\n";
    let degree = |more: &str| {
        parse(&with(&format!("{groups}[topology]\nkind = \"small-world\"\nrewire = \"5%\"\n{more}")))
    };
    assert!(matches!(
        degree("degree = 2").unwrap().topology,
        Shape::Of(Topology::SmallWorld { degree: 2, .. })
    ));
    let error = degree("degree = 4").unwrap_err().to_string();
    assert!(error.contains("cannot have 4 peers among 4 nodes"), "{error}");
    assert!(degree("degree = 4\namong = [\"a\", \"b\"]").is_ok());
}

/// The file, the place, and words of the message and of the help.
#[test]
fn mistakes_of_the_language_are_shown_where_they_are() {
    let mut wrong = Vec::new();
    let mix = "[[nodes]]\nname = \"a\"\nservices = [\"noop\"]\n";
    for (lines, place, words) in [
        ("name = \"{x}\"\n", "3:1", "duplicate key"),
        ("question = \"{x}?\"", "3:12", "there is no parameter `x` (for example: [parameters] x = 50)"),
        ("question = \"{adoptoin}\"\n[parameters]\nadoption = 1", "3:12", "did you mean `adoption`?"),
        ("[parameters]\nseed = 1", "9:1", "the file has a key of that name"),
        ("[parameters]\nX = 1", "9:1", "is no name of a parameter"),
        ("[parameters]\nx = [1]", "9:5", "wants a text, a number, or true or false"),
        ("seed = \"{x}\"\n[parameters]\nx = \"y\"", "3:8", "`seed` wants a whole number, not a text"),
        ("include = [\"mainet\"]", "3:12", "did you mean `mainnet`?"),
        ("include = [\"x.toml\"]", "3:12", "cannot include \"x.toml\""),
        ("[conditions.x]", "8:1", "[conditions.NAME] has no `link`"),
        ("[conditions.x]\nlink = \"fast\"", "9:8", "\"fast\" is no"),
        ("[regions.a]\nweight = -1", "9:10", "a whole number from 0"),
        ("[regions.a]\nlinks.b = \"1ms\"", "9:7", "there is no region \"b\""),
        (
            "[regions.a.links]\na = \"1ms\"\n[regions.b.links]\nb = \"1ms\"",
            "8:10",
            "nothing says how far it is from region \"a\" to region \"b\" (for example: links.b = \"50ms\")",
        ),
        (
            &format!("{mix}region = \"europe\""),
            "7:10",
            "there is no region \"europe\" (include = [\"mainnet\"] has some",
        ),
        (
            &format!("{mix}condition = \"hone\""),
            "7:13",
            "there is no condition \"hone\" (did you mean `home`?)",
        ),
        (&format!("{mix}line = \"up 0 bit/s\""), "7:8", "nothing ever passes there"),
        (
            &format!("{mix}[[nodes.mix]]\nname = \"x\"\nshare = \"60%\""),
            "9:9",
            "add up to 60% only (share = \"rest\"",
        ),
        (
            &format!(
                "{mix}[[nodes.mix]]\nname = \"x\"\nshare = \"60%\"\n[[nodes.mix]]\nname = \"y\"\nshare = \"50%\""
            ),
            "12:9",
            "the shares of \"a\" add up to 110%",
        ),
        (&format!("{mix}[[nodes.mix]]\nname = \"x\"\nshare = \"0.5\""), "9:9", "it ends with %"),
        ("[[nodes]]\nname = \"all\"\nservices = [\"noop\"]", "5:8", "means something else"),
        ("[topology]\nkind = \"ring\"\nrewire = \"1%\"", "10:1", "has no rewire (\"small-world\" has one)"),
        ("[topology]\nkind = \"small-world\"\ndegree = 3\nrewire = \"1%\"", "10:10", "make it even"),
        (
            "[topology]\nkind = \"scale-free\"\nlinks = 10",
            "10:9",
            "cannot make 10 connections among 10 nodes",
        ),
        ("[topology]\nkind = \"ring\"\namong = \"b\"", "10:9", "there is no node or group \"b\""),
        ("[link]\nloss = \"120%\"", "9:8", "between 0% and 100%"),
        ("[[links]]\nbetween = [\"node01\"]\nlink = \"1s\"", "9:11", "a link is between two"),
        (
            "[[links]]\nbetween = [\"node01\", \"node99\"]\nlink = \"1s\"",
            "9:22",
            "there is no node or group \"node99\"",
        ),
        ("[[links]]\nfrom = \"node01\"\nlink = \"1s\"", "8:1", "[[links]] has no `to`"),
        ("[[workload]]\nevery = \"1s\"", "8:1", "[[workload]] has no `call`"),
        ("[[workload]]\ncall = \"x\"", "8:1", "[[workload]] has no `every`"),
        ("[[workload]]\ncall = \"x\"\nrate = \"-1/s\"", "10:8", "a rate of -1/s is no rate: it is above 0"),
        ("[[workload]]\ncall = \"x\"\nrate = \"5%/s\"", "10:8", "no share of anything (so many a time"),
        ("[[workload]]\ncall = \"x\"\nevery = \"0s\"", "10:9", "would never end"),
        (
            "[[workload]]\ncall = \"x\"\nevery = \"1s\"\nrate = \"1/s\"",
            "11:1",
            "by `every` or by `rate`, not both",
        ),
        ("[[workload]]\ncall = \"x\"\nat = \"2s\"", "10:6", "`at` is 2s, and the scenario ends after 1s"),
        (
            "[[workload]]\ncall = \"x\"\nat = \"0s\"\ntimes = 2",
            "11:1",
            "`times` means nothing here (`at` is once)",
        ),
        ("[[workload]]\ncall = \"x\"\nevery = \"1s\"\nfrom = \"nodes\"", "11:8", "did you mean `node`?"),
        ("[[timeline]]\nstop = \"node01\"", "8:1", "[[timeline]] has no `at`"),
        ("[[timeline]]\nat = \"0s\"", "8:1", "does not say what happens (one of: start, stop"),
        ("[[timeline]]\nat = \"2s\"\nstop = \"node01\"", "9:6", "the scenario ends after 1s"),
        (
            "[[timeline]]\nat = \"0s\"\nstop = \"node01\"\nstart = \"node02\"",
            "10:1",
            "are two entries of the timeline",
        ),
        (
            "[[timeline]]\nat = \"0s\"\nstop = \"node01\"\ndown = \"1s\"",
            "11:1",
            "`stop` has none; it belongs to churn",
        ),
        ("[[timeline]]\nat = \"0s\"\npartition = \"all\"", "10:13", "nobody besides all"),
        ("[[timeline]]\nat = \"0s\"\npartition = [\"node\", \"node\"]", "10:13", "nodes in common"),
        (
            "[[timeline]]\nat = \"0s\"\nheal = \"cut\"",
            "10:8",
            "no partition or worsening above is called \"cut\"",
        ),
        ("[[timeline]]\nat = \"0s\"\nworsen = \"node01\"", "8:1", "[[timeline]] has no `delay`"),
        ("[[timeline]]\nat = \"0s\"\nchurn = \"node\"", "8:1", "[[timeline]] has no `rate`"),
        (
            "[[timeline]]\nat = \"0s\"\nchurn = \"node\"\nrate = \"10%\"",
            "11:8",
            "it is written 10%/h (of each node) or 2/s (of all)",
        ),
        (
            "[[timeline]]\nat = \"0s\"\nchurn = \"0% of node\"\nrate = \"1/s\"",
            "10:9",
            "0% of the nodes are none",
        ),
        ("[[timeline]]\nat = \"0s\"\nconnect = [\"node\", \"node01\"]", "10:11", "the names of two nodes"),
        (
            "[[timeline]]\nat = \"0s\"\nlink = \"node01\"\nto = \"1s\"",
            "10:8",
            "a link is between two, or \"default\"",
        ),
        ("[[timeline]]\nat = \"0s\"\nline = \"node01\"\nto = \"1s\"", "11:6", "is no line"),
        ("[[timeline]]\nat = \"0s\"\nsnapshot = \"../x\"", "10:12", "cannot be the name of a file"),
        ("[[timeline]]\nat = \"0s\"\nstop = \"node\"\nover = \"2s\"", "11:8", "this goes on until 2s"),
        ("[[timeline]]\nat = \"0s\"\nstop = \"node\"\nfor = \"0s\"", "11:7", "does nothing"),
        ("[[expect]]\nquantity = \"x/y\"\nof = \"p101\"\nat_most = 1", "10:6", "p0 to p100"),
        ("[[expect]]\nquantity = \"x/y\"\nat_most = \"soon\"", "10:11", "a number, a time such as"),
        ("[[expect]]\nquantity = \"x/y\"\nat_most = 1\nwhen = \"always\"", "11:8", "at the end"),
        (
            "[[expect]]\ntotal = \"nodes\"\nequals = 1\nwithin = \"1s\"",
            "11:1",
            "`within` means nothing here (with `when`",
        ),
        ("[[expect]]\ntotal = \"nodes\"\nequals = 1\nof = \"p5\"", "11:1", "only a `quantity`"),
        (
            "[[expect]]\ntotal = \"nodes\"\nequals = 1\nwhen = \"eventually\"\nafter = \"1s\"\nwithin = \"1s\"",
            "13:10",
            "this looks until 2s",
        ),
        ("[[expect]]\nevery_node = \"peers\"\nequals = 1\ngroup = \"node/x\"", "11:9", "has no kind \"x\""),
        (
            "[[expect]]\nevery_node = \"peers\"\nequals = 1\ngroup = \"region x\"",
            "11:9",
            "the file has no [regions]",
        ),
    ] {
        let text = with(lines);
        let shown = parse(&text).map_or_else(|error| error.to_string(), |_| "it is read".into());
        if !shown.starts_with(&format!("test.toml:{place}: "))
            || !shown.contains(words)
            || shown.contains('\n')
        {
            wrong.push(format!("{text}\nwanted {place}: {words}\ngot    {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn values_are_set_in_the_text_itself() {
    let text = "# kept\nname = \"x\" # and this\nduration = \"1s\"\n[parameters]\nadoption = 50\n\
                [[nodes]]\nname = \"light\"\ncount = 3\nservices = [\"gossip\"]\n\
                [[nodes]]\nname = \"full\"\nservices = [\"gossip\"]\n[nodes.settings.gossip]\nsize = 1\n";
    for (path, value, line) in [
        ("adoption", "70", "adoption = 70"),
        ("parameters.adoption", "70", "adoption = 70"),
        ("name", "y", "name = \"y\" # and this"),
        ("duration", "2m", "duration = \"2m\""),
        ("seed", "7", "seed = 7"),
        ("nodes.light.count", "300", "count = 300"),
        ("groups.light.count", "300", "count = 300"),
        ("nodes.1.count", "4", "count = 4"),
        ("nodes.full.settings.gossip.mode", "flood", "mode = \"flood\""),
        ("nodes.light.settings.gossip.size", "5", "size = 5"),
        ("link.latency", "50ms", "latency = \"50ms\""),
        ("regions.x.weight", "5", "weight = 5"),
    ] {
        let changed = set(text, path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(changed.lines().any(|there| there == line), "{path}:\n{changed}");
        assert!(changed.starts_with("# kept\n"));
    }
    for (path, words) in [
        ("adoptoin", "there is no parameter `adoptoin` (did you mean `adoption`?)"),
        ("parameters.new", "there is no parameter `new`"),
        ("nodes.lihgt.count", "`nodes` has no \"lihgt\" (did you mean `light`?)"),
        ("nodes.light.cuont", "there is no `cuont` in [[nodes]] (did you mean `count`?)"),
        ("nodes.light", "is a table: say which of its keys"),
        ("nodes", "is a table: say which of its keys"),
        ("workload.0.rate", "the file has no `workload`"),
        ("name.x", "`name` is no table"),
        ("topolgy.kind", "there is no `topolgy` in the top of the file (did you mean `topology`?)"),
        ("", "there is no parameter ``"),
    ] {
        let error = set(text, path, "1").unwrap_err().to_string();
        assert!(error.contains(words), "{path}: {error}");
    }
    assert_eq!(set("no toml [", "seed", "1").unwrap(), "no toml [");
}

#[test]
fn the_schema_in_the_tree_is_the_reader_s() {
    let shipped = include_str!("../../../../scenarios/schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert_eq!(shipped, made, "p2psim scenario schema > scenarios/schema.json");
}

#[test]
fn what_ends_and_middle_add_comes_together() {
    let along = |ends: [Option<&str>; 2], between: &str| {
        crate::scenario::places::along(ends.map(|end| end.map(link)), link(between))
    };
    assert_eq!(along([None, None], "5ms, loss 1%"), link("5ms, loss 1%"));
    assert_eq!(along([Some("20ms, jitter 5ms"), None], "5ms, loss 1%"), link("25ms, jitter 5ms, loss 1%"));
    let sum = along([Some("20ms, jitter 6ms, loss 10%"), Some("20ms, jitter 6ms, loss 10%")], "5ms");
    assert_eq!(sum.latency, ms(45));
    assert!((sum.loss.rate() - 0.19).abs() < 1e-9);
    // Two uniform jitters up to 6 ms: a mean of 6 ms, a variance of twice 3 ms².
    let world::sim::Jitter::Normal { mean, deviation } = sum.jitter else { panic!("{sum:?}") };
    assert!((mean.as_secs_f64() - 6e-3).abs() < 1e-9);
    assert!((deviation.as_secs_f64() - 6f64.sqrt() * 1e-3).abs() < 1e-8, "{deviation:?}");
    let bursts = along([Some("1ms, loss 5% in bursts of 4"), Some("1ms, loss 10%")], "5ms");
    assert!((bursts.loss.rate() - 0.145).abs() < 1e-3, "{}", bursts.loss.rate());
}
