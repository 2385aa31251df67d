//! `replay`, `diff`, and logs that are cut or have no room.

use crate::support::{Bench, Ran, Server, command, p2psim, signal, text_of};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

/// Runs the small scenario into a directory of the bench.
fn run(bench: &Bench, name: &str, more: &[&str]) -> String {
    let out = text_of(&bench.path(name));
    let scenario = bench.scenario("");
    p2psim(&[&["run", &scenario, "--fidelity", "message", "--out", &out], more].concat()).expect(0);
    out
}

fn replay(out: &str, more: &[&str]) -> Value {
    p2psim(&[&["replay", out, "--json"], more].concat()).expect(0).json()
}

#[test]
fn a_log_replays_to_what_the_run_reported() {
    let bench = Bench::new();
    let out = run(&bench, "out", &[]);
    let result: Value = serde_json::from_slice(&fs::read(bench.path("out/result.json")).unwrap()).unwrap();
    let whole = replay(&out, &[]);
    for key in ["digest", "seed", "messages"] {
        assert_eq!(whole[key], result[key], "{key}");
    }
    assert_eq!(whole["end"]["whole"]["digest"], result["digest"]);
    // When all is over the nodes have stopped.
    let up = |document: &Value| {
        document["nodes"].as_array().unwrap().iter().filter(|node| node["up"] == true).count()
    };
    assert_eq!((up(&whole), whole["expectations"][0]["passed"].as_bool()), (0, Some(true)));
    let amid = replay(&out, &["--at", "3.5s"]);
    assert_eq!((up(&amid), amid["end"].is_null(), amid["at"].as_f64()), (6, true, Some(3.5)));
    assert!(amid["connections"].as_array().unwrap().iter().filter(|conn| conn["up"] == true).count() == 6);
    assert!(amid["records"].as_u64() < whole["records"].as_u64() && amid["digest"] != whole["digest"]);
    assert_eq!(replay(&out, &["--at", "0s"])["messages"], Value::Array(vec![]));
}

#[test]
fn both_forms_say_the_same_and_one_is_small() {
    let bench = Bench::new();
    let (text, binary) = (run(&bench, "text", &[]), run(&bench, "binary", &["--log-format", "binary"]));
    let (mut one, mut two) = (replay(&text, &[]), replay(&binary, &[]));
    assert_eq!((one["format"].take(), two["format"].take()), ("ndjson".into(), "binary".into()));
    (one["log"], two["log"]) = (Value::Null, Value::Null);
    assert_eq!(one, two);
    let said = p2psim(&["diff", &text, &binary]).expect(0).out;
    assert!(said.starts_with("equal: ") && said.contains(one["digest"].as_str().unwrap()), "{said}");
    let size = |path: &str| fs::metadata(bench.path(path)).unwrap().len();
    assert!(size("binary/events.bin") * 5 < size("text/events.ndjson"));
    // Into the same directory: there is one log of one run.
    run(&bench, "text", &["--log-format", "binary"]);
    assert!(!bench.path("text/events.ndjson").exists());
}

#[test]
fn two_seeds_differ_in_their_headers_and_from_their_first_record_on() {
    let bench = Bench::new();
    let (one, two) =
        (run(&bench, "one", &[]), run(&bench, "two", &["--seed", "8", "--log-format", "binary"]));
    let said = p2psim(&["diff", &one, &two]).expect(1).out;
    assert!(said.starts_with("seed: 7 | 8\ndifferent after 0 equal records, at 0.000000000 s"), "{said}");
    assert!(said.contains("(asked)") && said.contains("\"ask\":\"create\""), "{said}");
    let document = p2psim(&["diff", &one, &two, "--json"]).expect(1).json();
    assert_eq!(document["headers"], serde_json::json!([["seed", "7", "8"]]));
    assert_eq!(document["difference"]["one"]["record"]["ask"], "create");
}

#[test]
fn the_difference_is_shown_with_the_node_it_is_at() {
    let bench = Bench::new();
    let out = run(&bench, "out", &[]);
    let log = fs::read_to_string(bench.path("out/events.ndjson")).unwrap();
    let at = log.rfind("\"kind\":\"msg\"").unwrap();
    let line = log[..at].rfind('\n').unwrap() + 1;
    let (before, rest) = log.split_at(line);
    let changed = format!("{before}{}", rest.replacen("\"size\":", "\"size\":1", 1));
    let other = bench.file("other.ndjson", &changed);
    let said = p2psim(&["diff", &out, &other]).expect(1).out;
    assert!(
        said.contains("6 nodes and 6 connections up") && said.contains(" was up, with 2 peers, 0 lost"),
        "{said}"
    );
    let document = p2psim(&["diff", &out, &other, "--json"]).expect(1).json();
    let [one, two] = ["one", "other"].map(|side| document["difference"][side]["record"].clone());
    assert_eq!((&one["kind"], &one["seq"]), (&two["kind"], &two["seq"]));
    assert_ne!(one["size"], two["size"]);
    // Read to its end, it is found out.
    let ran = p2psim(&["replay", &other]).expect(4);
    assert!(ran.err.contains("it was changed after it was written"), "{}", ran.err);
}

#[test]
fn a_log_that_was_cut_is_used_and_said_to_be() {
    let bench = Bench::new();
    for (form, name) in [("ndjson", "events.ndjson"), ("binary", "events.bin")] {
        let out = run(&bench, form, &["--log-format", form]);
        let log = fs::read(bench.path(form).join(name)).unwrap();
        let cut = text_of(&bench.path(&format!("cut.{form}")));
        fs::write(&cut, &log[..log.len() * 2 / 3]).unwrap();
        let page = p2psim(&["replay", &cut]).expect(0).out;
        assert!(page.contains("CUT at byte ") && page.contains("6 up of 6"), "{page}");
        assert!(replay(&cut, &[])["end"]["cut"]["byte"].as_u64().unwrap() > 1000);
        let said = p2psim(&["diff", &cut, &out]).expect(1).out;
        assert!(said.contains("(it has ended)") && said.contains("was cut at byte"), "{said}");
    }
}

#[test]
fn what_is_no_log_is_exit_4_with_the_reason() {
    let bench = Bench::new();
    let (empty, text) = (bench.file("empty", ""), bench.file("text", "hello\n"));
    let directory = text_of(&bench.path(""));
    for (path, reason) in [
        (empty.as_str(), "is no log: it is empty"),
        (text.as_str(), "it begins neither as a binary log nor as lines of JSON"),
        (directory.as_str(), "there is no log in"),
        ("/nowhere/log", "reading /nowhere/log: No such file"),
    ] {
        for ran in [p2psim(&["replay", path]), p2psim(&["diff", path, path])] {
            let Ran { err, .. } = ran.expect(4);
            assert!(err.starts_with("p2psim: ") && err.contains(reason) && err.lines().count() == 1, "{err}");
        }
    }
    assert!(p2psim(&["replay", &empty, "--at", "soon"]).expect(2).err.contains("length of time"));
}

#[test]
fn a_directory_that_cannot_be_written_is_said_before_anything_runs() {
    let bench = Bench::new();
    let scenario = bench.scenario("");
    let file = bench.file("file", "");
    let ran = p2psim(&["run", &scenario, "--out", &format!("{file}/out")]).expect(4);
    assert!(ran.err.contains("cannot create") && ran.out.is_empty(), "{ran:?}");
}

/// A run whose log has no room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_run_and_what_was_written_is_readable() {
    let bench = Bench::new();
    let scenario = bench.scenario("");
    let full = bench.path("full");
    fs::create_dir(&full).unwrap();
    std::os::unix::fs::symlink("/dev/full", full.join("events.ndjson")).unwrap();
    let ran = p2psim(&["run", &scenario, "--out", &text_of(&full)]).expect(4);
    assert!(
        ran.err.contains("events.ndjson: No space left on device") && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );

    for form in ["ndjson", "binary"] {
        let out = text_of(&bench.path(form));
        // Eight blocks of 512 bytes, or of 1,024.
        let script = format!("ulimit -f 8; exec \"$0\" \"$@\" --log-format {form} --fidelity message");
        let program = command(&[]).get_program().to_owned();
        let mut shell = std::process::Command::new("sh");
        let output = shell
            .args(["-c", &script])
            .arg(program)
            .args(["run", &scenario, "--out", &out])
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{err}");
        assert!(err.contains("File too large"), "{err}");
        let past = replay(&out, &[]);
        assert!(past["records"].as_u64().unwrap() > 5 && past["end"]["cut"].is_object(), "{past}");
    }
}

#[test]
fn a_replay_can_be_cut_short_and_interrupted() {
    let bench = Bench::new();
    let journal = text_of(&bench.path("journal.ndjson"));
    let server = Server::start(&["--record", &journal, "--pace", "max", "--fidelity", "message"]);
    for args in [
        ["node", "create", "--count", "2"].as_slice(),
        &["start"],
        &["node", "connect", "node01", "node02"],
        &["node", "disconnect", "node01", "node02"],
        &["node", "connect", "node01", "node02"],
    ] {
        server.run(args).expect(0);
    }
    let digest = server.stop();
    let whole = p2psim(&["run", "--journal", &journal, "--json"]).expect(0).json();
    assert!(digest.contains(whole["digest"].as_str().unwrap()) && whole["matches"] == true);

    // Up to a moment, nothing was recorded to hold it against.
    let part = p2psim(&["run", "--journal", &journal, "--until", "1ms", "--json"]).expect(0).json();
    assert_eq!((&part["recorded"], &part["matches"]), (&Value::Null, &Value::Null));
    assert!(part["commands"].as_u64() < whole["commands"].as_u64(), "{part}");
    assert!(p2psim(&["run", "--until", "1s", "x.toml"]).expect(2).err.contains("--until"));

    // A session that went on for a hundred years.
    let text = fs::read_to_string(&journal).unwrap();
    let (commands, end) = text.trim_end().rsplit_once('\n').unwrap();
    let at = end.split_once(',').unwrap();
    let long = bench.file("long.ndjson", &format!("{commands}\n{{\"at\":3000000000000000000,{}\n", at.1));
    let out = text_of(&bench.path("long"));
    let mut child = command(&["run", "--journal", &long, "--log", "trace", "--out", &out])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Adding p2p peer") {
        line.clear();
        assert_ne!(err.read_line(&mut line).unwrap(), 0, "it ended by itself");
    }
    signal(&child, "INT");
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.lines().last().unwrap().starts_with("p2psim: interrupted after "), "{rest}");
    assert!(replay(&out, &[])["end"]["whole"].is_object());
}
