//! Help, usage errors, and files and servers that are not there.

use crate::support::{Bench, command, p2psim, p2psim_reading};
use std::process::Stdio;

#[test]
fn help_names_every_command() {
    for args in [&[][..], &["--help"], &["help"]] {
        let ran = p2psim(args).expect(0);
        for word in [
            "run",
            "serve",
            "show",
            "events",
            "snapshot",
            "load",
            "network",
            "mocker",
            "topology",
            "node",
            "--api",
            "130 interrupted",
        ] {
            assert!(ran.out.contains(word), "{args:?}: {word}");
        }
        assert_eq!(ran.err, "");
    }
    let version = p2psim(&["--version"]).expect(0);
    assert_eq!(version.out, format!("p2psim {}\n", env!("CARGO_PKG_VERSION")));
    assert!(p2psim(&["node", "rpc", "--help"]).expect(0).out.contains("--subscribe"));
}

#[test]
fn usage_errors_exit_2_and_say_what_is_wrong() {
    for (args, word) in [
        (&["nosuch"][..], "unrecognized subcommand"),
        (&["node", "nosuch"], "nosuch"),
        (&["node", "connect", "node01"], "<PEER>"),
        (&["node", "create", "extra"], "extra"),
        (&["node", "create", "--key", "1234"], "64 hex digits"),
        (&["run"], "<SCENARIO"),
        (&["run", "a.toml", "--threads", "0"], "--threads"),
        (&["serve", "--pace", "fast"], "is not a pace"),
        (&["serve", "--latency", "5"], "time unit"),
        (&["show", "--log", "loud"], "possible values"),
        (&["show", "--api", "ftp://x"], "is not the URL of a server"),
    ] {
        let ran = p2psim(args).expect(2);
        assert!(ran.err.contains(word), "{args:?}: {ran:#?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn no_server_is_exit_3_with_what_to_do() {
    for args in [
        &["show"][..],
        &["node"],
        &["node", "create", "--name", "a"],
        &["node", "rpc", "a", "admin_peers"],
        &["node", "rpc", "a", "admin_peerEvents", "--subscribe"],
        &["events", "--current"],
        &["snapshot"],
        &["reset"],
    ] {
        let mut all = args.to_vec();
        // Nobody listens on port 1.
        all.extend(["--api", "http://127.0.0.1:1"]);
        let ran = p2psim(&all).expect(3);
        assert_eq!(ran.err.lines().count(), 1, "{ran:#?}");
        assert!(ran.err.starts_with("p2psim: ") && ran.err.contains("p2psim serve"), "{ran:#?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
    let mut named = command(&["show"]);
    let named = named.env("P2PSIM_API_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(named.status.code(), Some(3), "the environment names a server too");
}

#[test]
fn bad_files_are_exit_4() {
    let bench = Bench::new();
    let missing = p2psim(&["run", "/no/such.toml"]).expect(4);
    assert!(missing.err.starts_with("p2psim: cannot read /no/such.toml: "), "{missing:#?}");
    let latin = bench.path("latin.toml");
    std::fs::write(&latin, b"name = \"\xe4\"").unwrap();
    assert!(p2psim(&["run", latin.to_str().unwrap()]).expect(4).err.contains("byte 8 is not UTF-8"));
    let half = p2psim_reading(&["load", "--api", "http://127.0.0.1:1"], "{\"nodes\": [").expect(4);
    assert!(half.err.contains("standard input is no snapshot") && half.err.contains("line 1"), "{half:#?}");
    let journal = bench.file("journal", "{}\n");
    let journal = p2psim(&["run", "--journal", &journal]).expect(4);
    assert!(journal.err.contains("line 1") && journal.err.contains("serve --record"), "{journal:#?}");
    let out = bench.file("out", "a file, not a directory");
    let scenario = bench.scenario("");
    assert!(p2psim(&["run", &scenario, "--out", &out]).expect(4).err.contains("cannot create"));
}

#[test]
fn a_typo_in_a_scenario_is_shown_where_it_is() {
    let bench = Bench::new();
    let path = bench.scenario("\n[[expect]]\ntotall = \"nodes\"\nequals = 6\n");
    let ran = p2psim(&["run", &path]).expect(4);
    for word in ["small.toml:31:1", "totall = \"nodes\"", "unknown key `totall`", "did you mean `total`?"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    assert_eq!(ran.out, "");
}

#[test]
fn what_is_missing_in_a_scenario_is_one_line_with_an_example() {
    let bench = Bench::new();
    let ran = p2psim(&["run", &bench.file("empty.toml", "name = \"x\"\n")]).expect(4);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("has no `duration` (for example: duration = \"60s\")"), "{}", ran.err);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut child = command(&["--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let bench = Bench::new();
    let path = bench.scenario("");
    let mut child = command(&["run", &path]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
