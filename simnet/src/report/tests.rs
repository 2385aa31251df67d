use super::*;
use crate::measure::Measurements;
use crate::record::Digest;
use crate::scenario::{Outcome, RunReport};
use devp2p::Fidelity;
use std::time::Duration;

const HOSTILE: &str = "</script><script>alert(1)</script> \"'&]]>";

/// A run in which nothing happened.
fn nothing(name: &str, expectations: Vec<Outcome>) -> RunReport {
    RunReport {
        moment: None,
        scenario: name.to_owned(),
        seed: 1,
        fidelity: Fidelity::Wire,
        digest: Digest(7),
        deterministic: true,
        passed: expectations.iter().all(|outcome| outcome.passed),
        simulated: Duration::from_secs(1),
        nodes: 0,
        connections: 0,
        drops: 0,
        messages: Vec::new(),
        calls: Default::default(),
        snapshots: Vec::new(),
        expectations,
        measurements: Measurements::default(),
    }
}

fn outcome(name: &str, passed: bool) -> Outcome {
    Outcome { name: name.to_owned(), passed, detail: HOSTILE.to_owned() }
}

fn document(name: &str, expectations: Vec<Outcome>) -> Document {
    let origin = Origin {
        question: Some(HOSTILE.to_owned()),
        command: format!("p2psim run {HOSTILE}"),
        text: HOSTILE.to_owned(),
        parameters: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        ..Origin::default()
    };
    Document::new(&nothing(name, expectations), &origin)
}

fn quantity(cdf: &[(f64, f64)]) -> QuantityRow {
    let of = |place: usize| cdf.get(place).map(|(value, _)| *value);
    let (p50, p99) = (of(cdf.len() / 2), of(cdf.len() - 1));
    let count = cdf.len() as u64;
    QuantityRow {
        unit: "s".into(),
        count,
        mean: 1.0,
        p50,
        p90: p50,
        p95: p99,
        p99,
        cdf: cdf.to_vec(),
        ..Default::default()
    }
}

/// Nothing of a page may become an element that was not written here, or come from elsewhere.
fn assert_is_closed(page: &str) {
    assert_eq!(page.matches("<script").count(), 3, "the report, the plots and the script");
    assert_eq!(page.matches("</script").count(), 3);
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let of = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!of.contains(outside), "{outside}: {:?}", of.find(outside).map(|at| &of[at..at + 80]));
    }
    assert!(!page.contains("NaN") && !page.contains("null,null"));
}

#[test]
fn a_run_in_which_nothing_happened_has_a_page_that_says_so() {
    let page = html(&document("empty", Vec::new()));
    assert_is_closed(&page);
    for said in ["The scenario expects nothing.", "Nothing was measured.", "No messages.", ">passed<"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn names_cannot_leave_the_place_where_they_stand() {
    let mut document = document(HOSTILE, vec![outcome(HOSTILE, false)]);
    document.quantities.insert(HOSTILE.to_owned(), quantity(&[(0.1, 0.5), (0.2, 1.0)]));
    let graph =
        Graph { nodes: vec![(HOSTILE.to_owned(), true), ("b".to_owned(), false)], conns: vec![(0, 1)] };
    for (name, text) in files(&document, &graph) {
        match name.rsplit_once('.').unwrap().1 {
            "html" => assert_is_closed(&text),
            "svg" | "graphml" => {
                drop(roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
            }
            "json" => assert_eq!(Document::read(&text).unwrap().scenario, HOSTILE),
            "csv" => assert!(!text.contains("alert") || text.contains("\"</script>"), "{text}"),
            _ => assert_eq!((name.as_str(), text.as_str()), ("scenario.toml", HOSTILE)),
        }
        assert!(!name.contains(' ') && name.matches('/').count() <= 1, "{name}");
    }
}

#[test]
fn junit_is_a_suite_with_a_case_for_each_expectation() {
    let text = junit(&document(HOSTILE, vec![outcome("one", true), outcome(HOSTILE, false)]));
    let xml = roxmltree::Document::parse(&text).unwrap();
    let suite = xml.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!(
        (suite.attribute("tests"), suite.attribute("failures"), suite.attribute("name")),
        (Some("2"), Some("1"), Some(HOSTILE))
    );
    let failure = xml.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.attribute("message"), Some(HOSTILE));
    assert!(failure.text().unwrap().contains("to see it again: p2psim run "));
    let empty = junit(&document("empty", Vec::new()));
    let empty = roxmltree::Document::parse(&empty).unwrap();
    assert_eq!(empty.descendants().filter(|node| node.has_tag_name("testcase")).count(), 1);
}

#[test]
fn a_topology_is_read_back_as_it_was_written() {
    let graph = Graph {
        nodes: [("a<1>", true), ("b", true), ("c", false)].map(|(name, up)| (name.to_owned(), up)).to_vec(),
        conns: vec![(0, 1), (2, 1)],
    };
    let listed = crate::topology::listed::read(&graphml(&graph)).unwrap();
    assert_eq!(listed.nodes.iter().map(|name| name.text.as_str()).collect::<Vec<_>>(), ["a<1>", "b", "c"]);
    let pairs: Vec<_> =
        listed.pairs.iter().map(|(one, other)| (one.text.as_str(), other.text.as_str())).collect();
    assert_eq!(pairs, [("a<1>", "b"), ("c", "b")]);
}

#[test]
fn a_comparison_tells_what_changed_and_what_only_one_has() {
    let (mut one, mut other) =
        (document("one", vec![outcome("holds", true)]), document("other", vec![outcome("holds", false)]));
    other.digest = "other".into();
    one.quantities.insert("gossip/arrival".into(), quantity(&[(0.1, 0.5), (0.2, 1.0)]));
    other.quantities.insert("gossip/arrival".into(), quantity(&[(0.1, 0.5), (0.3, 1.0)]));
    other.quantities.insert("<new>".into(), quantity(&[(1.0, 0.5), (2.0, 1.0)]));
    let comparison = compare(("A", &one), ("B", &other));
    let of = |name: &str, what: &str| {
        let delta = comparison.deltas.iter().find(|delta| delta.name == name && delta.what == what);
        delta.unwrap_or_else(|| panic!("{name} {what}: {:?}", comparison.deltas)).shown()
    };
    assert_eq!(of("gossip/arrival", "p50"), ["200 ms", "300 ms", "+50.0 %"]);
    assert_eq!(of("<new>", "p50"), ["–", "2 s", ""]);
    assert_eq!(of("nodes", "up"), ["0", "0", "="]);
    assert_eq!((comparison.same, comparison.verdicts.len()), (false, 1));
    let page = comparison_html(&comparison, [&one, &other]);
    assert_is_closed(&page);
    assert_eq!(page.matches("<figure>").count(), 2);
    assert!(compare(("A", &one), ("A", &one)).same);
}

#[test]
fn what_is_no_report_is_refused_and_a_short_one_is_one() {
    assert!(Document::read("{}").unwrap_err().starts_with("it is no result of a run: missing field"));
    assert!(Document::read("[1").unwrap_err().starts_with("it is no result of a run: "));
    let mut document = document("a", Vec::new());
    document.quantities.insert("x".into(), quantity(&[(1.0, 1.0)]));
    let short = serde_json::to_string(&document.clone().short()).unwrap();
    assert!(!short.contains("cdf") && !short.contains("scenario_text"), "{short}");
    assert_eq!(Document::read(&short).unwrap().quantities["x"].p50, Some(1.0));
    document.format = "p2psim-result/9".into();
    let error = Document::read(&serde_json::to_string(&document).unwrap()).unwrap_err();
    assert!(error.contains("p2psim-result/9"), "{error}");
}
