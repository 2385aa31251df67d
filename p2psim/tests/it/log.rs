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

#[test]
fn a_fork_has_the_past_and_another_future() {
    let bench = Bench::new();
    let out = run(&bench, "out", &[]);
    let forked = text_of(&bench.path("forked"));
    let args = ["fork", &out, "--at", "2s", "--out", &forked, "--json"];
    let then = ["--then", "crash = \"node03\"", "--set", "duration=8s"];
    // A crashed node costs two connections: the expectation of the scenario fails.
    let document = p2psim(&[&args[..], &then].concat()).expect(1).json();
    let past = &document["past"];
    let at = past["seconds"].as_f64().unwrap();
    assert!(at > 2.0 && document["parts_at"].as_f64().unwrap() >= at, "{document}");
    // Both logs say so themselves.
    let before = format!("{}ns", (at * 1e9).round() as u64 - 1);
    for log in [&out, &forked] {
        let then = replay(log, &["--at", &before]);
        assert_eq!((&then["digest"], &then["records"]), (&past["digest"], &past["records"]), "{log}");
    }
    assert_eq!(document["run"]["connections"], 4);
    // The new log has all that is needed to do it again, and to be forked in its turn.
    let page = p2psim(&["fork", &forked, "--at", "3s"]).expect(1).out;
    assert!(page.contains("nothing that was set made a difference"), "{page}");
    let same = p2psim(&["fork", &out, "--at", "2s", "--out", &out]).expect(2);
    assert!(same.err.contains("there is the log that is forked"), "{}", same.err);
}

#[test]
fn what_would_change_the_past_is_refused_with_the_first_difference() {
    let bench = Bench::new();
    let out = run(&bench, "out", &["--log-format", "binary"]);
    let ran = p2psim(&["fork", &out, "--at", "2s", "--set", "link.latency=30ms"]).expect(1);
    assert!(
        ran.err.contains("different after ") && ran.err.contains("may change only what comes later"),
        "{}",
        ran.err
    );
    assert!(p2psim(&["fork", &out, "--at", "9s"]).expect(2).err.contains("the scenario ends after 5s"));
    let wrong = p2psim(&["fork", &out, "--at", "2s", "--then", "crush = \"node03\""]).expect(4);
    assert!(wrong.err.contains("crush"), "{}", wrong.err);
    let log = fs::read(bench.path("out/events.bin")).unwrap();
    let text = String::from_utf8_lossy(&log[..600]).into_owned();
    assert!(text.contains("\"p2psim\":\"0."), "{text}");
    let at = log.windows(10).position(|bytes| bytes == b"\"p2psim\":\"").unwrap() + 10;
    let mut older = log.clone();
    older[at] = b'9';
    let path = text_of(&bench.path("older"));
    fs::write(&path, older).unwrap();
    let ran = p2psim(&["fork", &path, "--at", "2s"]).expect(4);
    assert!(
        ran.err.contains("wrote it, this is") && ran.err.contains("with the same version"),
        "{}",
        ran.err
    );
    // It is read all the same, and told apart.
    p2psim(&["replay", &path]).expect(0);
    let said = p2psim(&["diff", &path, &out]).expect(0).out;
    assert!(said.starts_with("p2psim: 9."), "{said}");
}

#[test]
fn a_session_is_forked_by_its_journal_or_gone_on_with_by_hand() {
    let bench = Bench::new();
    let (journal, out) = (text_of(&bench.path("journal.ndjson")), text_of(&bench.path("out")));
    let server = Server::start(&["--record", &journal, "--pace", "max", "--out", &out]);
    for args in
        [["node", "create", "--count", "2"].as_slice(), &["start"], &["node", "connect", "node01", "node02"]]
    {
        server.run(args).expect(0);
    }
    let digest = server.stop();
    let ran = p2psim(&["fork", &out, "--at", "1ms"]).expect(4);
    assert!(
        ran.err.contains("it is of a live session") && ran.err.contains("fork its journal"),
        "{}",
        ran.err
    );

    let id = replay(&out, &[])["nodes"][1]["id"].as_str().unwrap().to_owned();
    let future = bench.file("future", &format!("{{\"at\":9000000000,\"do\":{{\"crash\":\"{id}\"}}}}\n"));
    let forked = p2psim(&["fork", &journal, "--at", "1s", "--with", &future, "--json"]).expect(0).json();
    assert_eq!((&forked["nodes"], &forked["simulated_seconds"]), (&1.into(), &9.0.into()));
    assert!(!digest.contains(forked["digest"].as_str().unwrap()));

    let server = Server::start(&["--journal", &journal, "--until", "1ms", "--pace", "max"]);
    assert!(
        server.run(&["show"]).expect(0).out.contains("node01")
            || server.run(&["node"]).expect(0).out.contains("node01")
    );
    server.run(&["node", "stop", "node01"]).expect(0);
    server.stop();
}

/// A disk that stops for a while is played by a pipe whose reader does.
#[cfg(target_os = "linux")]
#[test]
fn where_the_disk_is_slow_the_simulation_waits_and_says_so() {
    let bench = Bench::new();
    let out = bench.path("out");
    fs::create_dir(&out).unwrap();
    let pipe = out.join("events.bin");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (stall, stalled) = std::sync::mpsc::channel();
    let disk = std::thread::spawn(move || {
        let (mut file, mut log, mut piece) = (fs::File::open(pipe).unwrap(), Vec::new(), vec![0; 4096]);
        while let Ok(count @ 1..) = file.read(&mut piece) {
            log.extend_from_slice(&piece[..count]);
            if let Ok(time) = stalled.try_recv() {
                std::thread::park_timeout(time);
            }
        }
        log
    });
    let args = ["serve", "--listen", "127.0.0.1:0", "--pace", "100", "--fidelity", "message"];
    let mut child = command(&[&args[..], &["--log-format", "binary", "--out", &text_of(&out)]].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = said.next().unwrap().split_once(" on ").unwrap().1.to_owned();
    for args in [["node", "create", "--count", "16"].as_slice(), &["start"], &["topology", "full"]] {
        p2psim(&[args, &["--api", &url]].concat()).expect(0);
    }
    stall.send(std::time::Duration::from_secs(3)).unwrap();
    // What it says of it is a line of its log.
    let mut warned = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(warned.any(|line| line.contains("simulated time cannot keep its pace")), "it said nothing");
    std::thread::spawn(move || warned.for_each(drop));
    signal(&child, "TERM");
    let digest = said.next().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // Nothing of it was lost.
    let log = disk.join().unwrap();
    let mut log = simnet::log::LogReader::new("the pipe".into(), &log[..]).unwrap();
    while log.next_record().unwrap().is_some() {}
    assert!(matches!(log.ending(), Some(simnet::log::Ending::Whole { .. })));
    assert_eq!(digest, format!("digest {}", log.digest()));
}
