//! Reports of runs, what lies beside them, and two of them compared.

use crate::support::{Bench, p2psim, text_of};
use serde_json::Value;
use std::fs;

#[test]
fn a_report_is_a_page_that_needs_nothing_else_with_its_numbers_beside_it() {
    let bench = Bench::new();
    let (report, junit) = (text_of(&bench.path("new/report")), text_of(&bench.path("junit.xml")));
    let path = bench.scenario("");
    let ran = p2psim(&["run", &path, "--report", &report, "--junit", &junit, "--json"]).expect(0);
    assert_eq!(ran.err, format!("report: {report}/report.html\n"));
    let page = fs::read_to_string(bench.path("new/report/report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains(">passed</span>"));
    assert!(page.contains(&format!("p2psim run {path} --seed 7")), "the line that repeats it");
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:"), "nothing from elsewhere");
    let whole: Value =
        serde_json::from_str(&fs::read_to_string(bench.path("new/report/report.json")).unwrap()).unwrap();
    let short = ran.json();
    assert_eq!(whole["digest"], short["digest"]);
    assert_eq!(whole["quantities"]["degree"]["p50"], 2.0);
    assert!(whole["more"]["series"].as_array().unwrap().len() > 3 && short["more"].is_null());
    let sent: u64 =
        short["messages"].as_array().unwrap().iter().map(|row| row["sent"].as_u64().unwrap()).sum();
    let csv = fs::read_to_string(bench.path("new/report/messages.csv")).unwrap();
    let counted: u64 =
        csv.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, sent);
    let graphml = fs::read_to_string(bench.path("new/report/topology.graphml")).unwrap();
    assert_eq!(graphml.matches("<edge ").count(), 6);
    assert!(bench.path("new/report/plots/messages.svg").exists());
    let junit = fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains("tests=\"2\" failures=\"0\"") && junit.contains("name=\"answers came\""),
        "{junit}"
    );
}

#[test]
fn a_run_that_failed_leaves_its_report_all_the_same() {
    let bench = Bench::new();
    let report = text_of(&bench.path("report"));
    let path = bench.scenario("[[expect]]\nname = \"three each\"\nevery_node = \"peers\"\nequals = 3\n");
    let ran = p2psim(&["run", &path, "--report", &report]).expect(1);
    assert!(ran.out.contains("\nMEASURED"), "{}", ran.out);
    let page = fs::read_to_string(bench.path("report/report.html")).unwrap();
    assert!(page.contains(">FAILED</span>") && page.contains("three each"));
}

#[test]
fn what_passes_a_node_is_a_file_of_its_own() {
    let bench = Bench::new();
    let report = text_of(&bench.path("report"));
    p2psim(&["run", &bench.scenario(""), "--report", &report, "--pcap", "node01,node04"]).expect(0);
    for name in ["node01", "node04"] {
        let bytes = fs::read(bench.path(&format!("report/pcap/{name}.pcapng"))).unwrap();
        assert_eq!(bytes[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
        assert!(bytes.len() > 2_000, "{name}: {}", bytes.len());
    }
    assert_eq!(fs::read_dir(bench.path("report/pcap")).unwrap().count(), 2);
}

#[test]
fn what_cannot_be_written_is_refused_before_the_run() {
    let bench = Bench::new();
    let path = bench.scenario("");
    let ran = p2psim(&["run", &path, "--report", &text_of(&bench.path("r")), "--pcap", "node1"]).expect(2);
    assert!(
        ran.err.contains("--pcap: the scenario has no node \"node1\" (did you mean node01?)"),
        "{}",
        ran.err
    );
    let ran = p2psim(&["run", &path, "--pcap", "elsewhere"]).expect(2);
    assert!(ran.err.contains("its 6 nodes are node01 to node06"), "{}", ran.err);
    let file = bench.file("file", "");
    for args in [["--report", file.as_str()], ["--junit", "/proc/nowhere/junit.xml"]] {
        let ran = p2psim(&[&["run", &path], args.as_slice()].concat()).expect(4);
        assert!(ran.err.starts_with("p2psim: cannot ") && ran.err.contains(args[1]), "{}", ran.err);
        assert_eq!(ran.out, "", "nothing ran");
    }
    let ran = p2psim(&["run", &path, "--adapter", "exec", "--pcap", "node01"]).expect(2);
    assert!(ran.err.contains("--pcap"), "{}", ran.err);
}

#[test]
fn two_runs_are_compared() {
    let bench = Bench::new();
    let path = bench.scenario("");
    let of = |name: &str| text_of(&bench.path(name));
    p2psim(&["run", &path, "--report", &of("one")]).expect(0);
    p2psim(&["run", &path, "--seed", "8", "--out", &of("other")]).expect(0);
    let page = of("page.html");
    let ran = p2psim(&["report", "compare", &of("one"), &of("other"), "--html", &page]).expect(0);
    for line in ["one", "other", "CHANGE", "degree"] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    assert!(fs::read_to_string(&page).unwrap().contains("<h1>one and other</h1>"));
    let same = p2psim(&["report", "compare", &of("one"), &of("one"), "--json"]).expect(0).json();
    assert_eq!(same["same"], true);
    let log = bench.path("other/events.ndjson");
    for (wrong, why) in [
        (path.as_str(), "it is no result of a run"),
        (&text_of(&log), "it is no result of a run"),
        (&of("nowhere"), "cannot read"),
        (&text_of(bench.path("one/plots").as_path()), "holds neither report.json nor result.json"),
    ] {
        let ran = p2psim(&["report", "compare", &of("one"), wrong]).expect(4);
        assert!(ran.err.contains(why) && ran.err.contains("--report DIR"), "{}", ran.err);
    }
}
