//! Scenarios, run: what their timelines and workloads do, and what is found of it.

use crate::run;
use devp2p::Fidelity;
use simnet::scenario::{self, RunError, RunOptions, RunReport, Scenario};
use std::future::pending;

/// A gossip network of twelve in a ring at 20 ms, and `more`.
fn text(duration: &str, more: &str) -> String {
    format!(
        "name = \"story\"\nduration = \"{duration}\"\nseed = 3\n[network]\nfidelity = \"message\"\n\
         [[nodes]]\nname = \"node\"\ncount = 12\nservices = [\"gossip\"]\n\
         [topology]\nkind = \"ring\"\n[link]\nlatency = \"20ms\"\n{more}"
    )
}

fn read(text: &str) -> Scenario {
    Scenario::parse("story.toml", text, &["gossip".into(), "noop".into()])
        .unwrap_or_else(|error| panic!("{error}"))
}

fn go_with(text: &str, options: RunOptions) -> Result<RunReport, RunError> {
    run(scenario::run(&read(text), options, pending(), |_| {}))
}

fn go(duration: &str, more: &str) -> RunReport {
    go_with(&text(duration, more), RunOptions::default()).unwrap()
}

/// What each expectation found, and that it held as it should.
fn details(report: &RunReport, passed: &[bool]) -> Vec<String> {
    let held: Vec<bool> = report.expectations.iter().map(|outcome| outcome.passed).collect();
    assert_eq!(held, passed, "{:#?}", report.expectations);
    report.expectations.iter().map(|outcome| outcome.detail.clone()).collect()
}

#[test]
fn a_partition_is_seen_while_it_lasts_and_forgotten_after() {
    let looks = |when: &str, after: &str| {
        format!("[[expect]]\ntotal = \"connections\"\nequals = 12\nwhen = \"{when}\"\nafter = \"{after}\"\n")
    };
    let more = format!(
        "[[timeline]]\nat = \"5s\"\npartition = [\"node01\", \"node02\"]\nfor = \"60s\"\n\
         {}within = \"5s\"\n{}{}[[expect]]\ntotal = \"connections\"\nat_most = 10\nwhen = \"never\"\n",
        looks("always", "0s"),
        looks("always", "1s"),
        looks("eventually", "65s"),
    );
    let details = details(&go("3m", &more), &[true, false, true, true]);
    assert_eq!(details[0], "12, at each of 51 looks");
    assert!(details[1].contains(": 11, wanted exactly 12"), "{details:?}");
    // Until one of the two misses the other's pings.
    let broke: f64 =
        details[1].strip_prefix("after ").and_then(|rest| rest.split('s').next()).unwrap().parse().unwrap();
    assert!((5.0..60.0).contains(&broke), "{details:?}");
    assert!(details[2].starts_with("12, after 1m"), "{details:?}");
    assert_eq!(details[3], "at none of 1801 looks");
}

#[test]
fn a_workload_calls_as_often_as_it_says() {
    let calls = |more: &str| {
        let report = go("20s", &format!("[[workload]]\ncall = \"gossip_publish\"\n{more}"));
        let items = report.measurements.counts.published;
        assert_eq!((report.calls.made, report.calls.failed), (items, 0), "{more}");
        report.calls.made
    };
    // At 0 s and then each second, 20 s not among them.
    assert_eq!(calls("every = \"1s\""), 20);
    assert_eq!(calls("every = \"1s\"\nafter = \"5s\"\nbefore = \"8s\""), 3);
    assert_eq!(calls("every = \"1s\"\ntimes = 4"), 4);
    assert_eq!(calls("at = \"20s\""), 1);
    assert_eq!(calls("every = \"10s\"\npick = \"each\""), 24);
    // A Poisson process: 200 of them, with a deviation of 14.
    assert!((150..=250).contains(&calls("rate = \"10/s\"")), "{}", calls("rate = \"10/s\""));
    let turns = go(
        "20s",
        "[[workload]]\ncall = \"gossip_publish\"\nevery = \"1s\"\npick = \"in-turn\"\nfrom = \"5 of node\"\n\
                          [[workload]]\ncall = \"gossip_seen\"\nevery = \"1s\"\nfrom = \"node07\"",
    );
    assert_eq!(turns.calls.made, 40);
    assert_eq!(turns.measurements.counts.published, 20);
}

#[test]
fn a_call_that_makes_no_sense_is_shown_in_the_file() {
    for (call, words) in [
        ("call = \"gossip_publsh\"", "story.toml:15:8: the method gossip_publsh does not exist"),
        ("call = \"gossip_publish\"\nparams = [-1]", "story.toml:15:8: "),
    ] {
        let error =
            go_with(&text("5s", &format!("[[workload]]\n{call}\nevery = \"1s\"")), RunOptions::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn nobody_is_called_while_all_are_down() {
    let more = "[[timeline]]\nat = \"5s\"\nstop = \"all\"\nfor = \"10s\"\n[[workload]]\ncall = \"gossip_publish\"\nevery = \"1s\"\n\
                [[expect]]\ntotal = \"nodes\"\nequals = 12\n[[expect]]\ntotal = \"calls\"\nequals = 10\n\
                [[expect]]\ntotal = \"nodes\"\nequals = 0\nwhen = \"eventually\"\n";
    let report = go("20s", more);
    details(&report, &[true, true, true]);
    assert_eq!(report.calls.passed_over, 10);
}

#[test]
fn churn_goes_on_as_long_as_it_says_and_everybody_finds_back() {
    let more = "[[timeline]]\nat = \"0s\"\nchurn = \"node\"\nup = \"exponential 60s\"\ndown = \"5s ± 3s\"\nby = \"crash\"\nfor = \"10m\"\n\
                [[expect]]\ntotal = \"nodes\"\nat_most = 11\nwhen = \"eventually\"\n\
                [[expect]]\ntotal = \"nodes\"\nequals = 12\n[[expect]]\ntotal = \"connections\"\nequals = 12\n";
    let report = go("12m", more);
    details(&report, &[true, true, true]);
    // Twelve nodes, each up for a minute and away for five seconds on average, for ten minutes: 110, give or take.
    let downs = report.measurements.counts.downs;
    assert!((80..=145).contains(&downs), "{downs}");
}

#[test]
fn a_crowd_arrives_over_a_while_and_finds_peers() {
    let more = "[[nodes]]\nname = \"crowd\"\ncount = 20\nup = false\nservices = [\"gossip\"]\n\
                [[timeline]]\nat = \"10s\"\nstart = \"crowd\"\npeers = 3\nof = \"node\"\nover = \"10s\"\n\
                [[expect]]\nevery_node = \"peers\"\ngroup = \"crowd\"\nequals = 3\n\
                [[expect]]\ntotal = \"nodes\"\nat_least = 13\nwhen = \"never\"\nwithin = \"10s\"\n\
                [[expect]]\ntotal = \"nodes\"\nequals = 32\nwhen = \"eventually\"\nafter = \"15s\"\nwithin = \"10s\"\n";
    let report = go("30s", more);
    let details = details(&report, &[true, true, true]);
    let all = details[2].strip_prefix("32, after ").unwrap();
    assert!(
        all.starts_with("19s") || all.starts_with("18s") || all.starts_with("20s"),
        "over ten seconds: {all}"
    );
    assert_eq!(report.connections, 12 + 60);
}

#[test]
fn links_and_lines_are_what_they_were_when_a_change_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let log_file = directory.path().join("log");
    let more = "[[links]]\nbetween = [\"node01\", \"node02\"]\nlink = \"70ms\"\n\
                [[timeline]]\nat = \"1s\"\nlink = [\"node01\", \"node02\"]\nto = \"loss 3%\"\nfor = \"2s\"\n\
                [[timeline]]\nat = \"1s\"\nlink = \"default\"\nto = \"500ms\"\nfor = \"3s\"\n\
                [[timeline]]\nat = \"1s\"\nline = \"node03\"\nto = \"home\"\nfor = \"4s\"\n\
                [[timeline]]\nat = \"6s\"\nworsen = \"node04\"\ndelay = \"1s\"\nname = \"slow\"\n[[timeline]]\nat = \"7s\"\nheal = \"slow\"\n\
                [[timeline]]\nat = \"8s\"\nsnapshot = \"late\"\n";
    let options = RunOptions { log_file: Some(log_file.clone()), ..RunOptions::default() };
    let report = go_with(&text("9s", more), options).unwrap();
    assert_eq!((report.snapshots.len(), report.snapshots[0].0.as_str()), (1, "late"));
    assert_eq!(report.snapshots[0].1.nodes.len(), 12);
    let log = std::fs::read_to_string(log_file).unwrap();
    let of =
        |word: &str| log.lines().filter(|line| line.contains(word)).map(str::to_owned).collect::<Vec<_>>();
    for (word, texts) in [
        ("\"set\":\"link\"", &["70ms", "70ms, loss 3%", "70ms, loss 3%", "\"70ms\"", "\"70ms\""][..]),
        ("\"set\":\"default_link\"", &["500ms", "20ms"]),
        ("\"set\":\"line\"", &["up 15 Mbit/s", "up unlimited"]),
        ("\"set\":\"impose\"", &["worsen"]),
        ("\"set\":\"lift\"", &[""]),
    ] {
        let lines = of(word);
        assert_eq!(lines.len(), texts.len(), "{word}: {lines:#?}");
        for (line, text) in lines.iter().zip(texts) {
            assert!(line.contains(text), "{text}: {line}");
        }
    }
}

#[test]
fn what_is_measured_is_held_against_the_file() {
    let more = "[[workload]]\ncall = \"gossip_publish\"\nevery = \"1s\"\nbefore = \"5s\"\n\
                [[expect]]\nquantity = \"gossip/reach\"\nof = \"min\"\nequals = 1\n\
                [[expect]]\nquantity = \"gossip/arrival\"\nof = \"max\"\nat_most = \"125ms\"\n\
                [[expect]]\nquantity = \"gossip/arrival\"\nof = \"max\"\nat_most = \"100ms\"\n\
                [[expect]]\nanswer = \"gossip_seen\"\nequals = 5\n[[expect]]\nanswer = \"gossip_seen\"\nequals = 4\n";
    let details = details(&go("10s", more), &[true, true, false, true, false]);
    // Half around a ring of twelve: six links of 20 ms.
    assert_eq!(details[2], "0.12 s, wanted at most 0.1");
    assert_eq!(details[3], "5 at each of 12 nodes");
    let error = |quantity: &str| {
        let more = format!("[[expect]]\nquantity = \"{quantity}\"\nat_most = 1\n");
        go_with(&text("1s", &more), RunOptions::default()).unwrap_err().to_string()
    };
    assert!(
        error("gosip/arrival").starts_with("story.toml:15:12: none of the nodes speaks a protocol \"gosip\"")
    );
    let nobody = error("gossip/arival");
    assert!(nobody.starts_with("story.toml:15:12: nobody measured \"gossip/arival\""), "{nobody}");
}

#[test]
fn one_seed_is_one_log_whatever_runs_it() {
    let more = "[[nodes]]\nname = \"light\"\ncount = 20\nup = false\nservices = [\"gossip\"]\ncondition = \"mobile\"\n\
                [[nodes.mix]]\nname = \"a\"\nshare = \"30%\"\nsettings.gossip.mode = \"push-announce\"\n\
                [[nodes.mix]]\nname = \"b\"\nshare = \"rest\"\n\
                [[workload]]\ncall = \"gossip_publish\"\nrate = \"3/s\"\n\
                [[timeline]]\nat = \"2s\"\nstart = \"light\"\npeers = 2\nover = \"5s\"\n\
                [[timeline]]\nat = \"5s\"\nchurn = \"30% of all\"\nrate = \"20/min\"\ndown = \"exponential 3s\"\n\
                [[timeline]]\nat = \"10s\"\npartition = \"40% of all\"\nfor = \"20s\"\n";
    let text = text(
        "60s",
        &format!(
            "{more}[regions.x]\nweight = 2\nlinks.x = \"5ms\"\nlinks.y = \"30ms, jitter 3ms\"\n\
                                     [regions.y]\nweight = 1\nlinks.y = \"10ms\"\n"
        ),
    );
    let digest = |seed, threads, fidelity| {
        let options =
            RunOptions { seed: Some(seed), threads, fidelity: Some(fidelity), ..RunOptions::default() };
        go_with(&text, options).unwrap().digest
    };
    let one = digest(1, 1, Fidelity::Message);
    assert_eq!(one, digest(1, 1, Fidelity::Message));
    assert_eq!(one, digest(1, 2, Fidelity::Message));
    assert_eq!(one, digest(1, 2, Fidelity::Wire));
    assert_ne!(one, digest(2, 1, Fidelity::Message));
}
