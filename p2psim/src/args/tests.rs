use super::*;
use clap::CommandFactory;
use world::sim::Pace;

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn flags_are_taken_in_any_position() {
    for line in [
        "p2psim --api http://x node rpc --subscribe node01 admin_peerEvents a -1",
        "p2psim node rpc node01 --api http://x admin_peerEvents a -1 --subscribe",
        "p2psim node rpc node01 admin_peerEvents --subscribe a -1 --api http://x",
    ] {
        let read = parse(line).unwrap();
        assert_eq!(read.api, "http://x", "{line}");
        let Some(Command::Node { command: Some(Node::Rpc { node, method, args, subscribe }), .. }) =
            read.command
        else {
            panic!("{line}")
        };
        assert_eq!((node.as_str(), method.as_str()), ("node01", "admin_peerEvents"), "{line}");
        assert_eq!(args, ["a", "-1"], "{line}");
        assert!(subscribe, "{line}");
    }
}

#[test]
fn node_alone_lists() {
    let read = parse("p2psim node --json").unwrap();
    let Some(Command::Node { listing, command: None }) = read.command else { panic!("{read:?}") };
    assert!(listing.json);
}

#[test]
fn services_are_separated_by_commas() {
    let read = parse("p2psim node create --services a,b --name n").unwrap();
    let Some(Command::Node { command: Some(Node::Create(wish)), .. }) = read.command else { panic!() };
    assert_eq!(
        (wish.name.as_str(), wish.services, wish.key),
        ("n", vec!["a".to_owned(), "b".to_owned()], None)
    );
    assert_eq!(wish.count.get(), 1);
}

#[test]
fn paces_are_words_or_numbers() {
    for (text, pace) in [("max", Pace::Max), ("paused", Pace::Paused), ("0.5", Pace::Times(0.5))] {
        let read = parse(&format!("p2psim serve --pace {text}")).unwrap();
        let Some(Command::Serve(serve)) = read.command else { panic!() };
        assert_eq!(serve.pace, pace);
    }
}

#[test]
fn nonsense_is_refused() {
    for line in [
        "p2psim run",
        "p2psim run a.toml --journal b",
        "p2psim run a.toml --threads 0",
        "p2psim run a.toml --fidelity real",
        "p2psim run a.toml --seed -1",
        "p2psim run a.toml b.toml",
        "p2psim serve --pace 0",
        "p2psim serve --listen localhost",
        "p2psim serve --latency 5",
        "p2psim node connect a",
        "p2psim node create --count 0",
        "p2psim node create --count 2 --name a",
        "p2psim network",
        "p2psim mocker",
        "p2psim mocker start",
        "p2psim mocker start boot --nodes -1",
        "p2psim topology",
        "p2psim topology ring --degree x",
        "p2psim show --log loud",
        "p2psim nosuch",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

/// The original listened on every address of the machine.
#[test]
fn geth_defect_14_a_server_listens_on_loopback_unless_told_otherwise() {
    let line = CommandLine::try_parse_from(["p2psim", "serve"]).unwrap();
    let Some(Command::Serve(serve)) = line.command else { panic!("{line:?}") };
    assert!(serve.listen.ip().is_loopback(), "{}", serve.listen);
}
