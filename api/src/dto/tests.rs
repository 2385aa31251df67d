use super::*;
use crate::json;
use bytes::Bytes;
use devp2p::{NodeId, SecretKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use simnet::view;
use std::time::{Duration, SystemTime};

const ID: &str = "75bf18e34f9add02a2fe5a146813eb9362372eef6200f3b1dbc3f819671cba69";
const OTHER: &str = "e8e3774d93e52335eb2f60651eff47bc3a10a45d4b230b5d10e37751fe6aa718";
/// The private key 3, whose id is `ID`, as go-ethereum v1.9.7 recorded it.
const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000003";
/// A node info of go-ethereum v1.9.7.
const INFO: &str = r#"{"id":"75bf18e34f9add02a2fe5a146813eb9362372eef6200f3b1dbc3f819671cba69","name":"nodeA","enode":"enode://f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9388f7b0f632de8140fe337e62a37f3566500a99934c2231b6cb9fd7584b8e672@127.0.0.1:0","enr":"enr:-H24QHS-jLRB4WHiQ1zIw7MVVgE2uzNZu4CZlRpGSYn7gh4hHNEUP8TzgmlxhfcQsxr39ybwIu75fBekKh55ZXNZ3WQBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQL5MIoBkljDEEk0T4X4nVIptTHIRYNvmbCGAfETvOA2-Q","ip":"127.0.0.1","ports":{"discovery":0,"listener":0},"listenAddr":"","protocols":{"ping-pong":{"received":8}}}"#;

fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

fn text(value: &impl serde::Serialize) -> String {
    String::from_utf8(json::line(value)).unwrap().trim_end().to_owned()
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    json::read_object(text.as_bytes(), "it", "this").map_err(|error| error.to_string())
}

fn config() -> ::node::NodeConfig {
    let key = SecretKey::from_hex(KEY).unwrap();
    ::node::NodeConfig {
        name: "nodeA".into(),
        services: vec!["ping-pong".into()],
        ..::node::NodeConfig::new(key)
    }
}

fn node_view() -> view::NodeView {
    let info = serde_json::from_str(INFO).unwrap();
    // The stack names its client; the network knows the node by another name.
    let info = ::node::NodeInfo { name: "p2psim/v0.1.0".into(), ..info };
    view::NodeView { config: config(), adapter: None, up: true, info }
}

#[test]
fn a_node_info_is_written_as_the_original_writes_it() {
    assert_eq!(text(&read::<NodeInfo>(INFO).unwrap()), INFO);
    assert_eq!(text(&NodeInfo::from(&node_view())), INFO);
}

#[test]
fn a_down_node_of_the_original_is_read() {
    let info: NodeInfo = read(&format!(
        r#"{{"id":"{ID}","name":"nodeA","enode":"enr:-Ie4Q","enr":"","ip":"","ports":{{"discovery":0,"listener":0}},"listenAddr":"","protocols":null}}"#
    ))
    .unwrap();
    assert_eq!(info.protocols.len(), 0);
    assert!(text(&info).ends_with(r#""protocols":{}}"#));
}

#[test]
fn a_config_names_its_services_twice_and_hides_its_key() {
    let shown = NodeConfig::from(&config());
    let expected = format!(
        r#"{{"id":"{ID}","private_key":"","name":"nodeA","services":["ping-pong"],"lifecycles":["ping-pong"],"properties":[],"enable_msg_events":true,"port":30303,"logfile":"","log_verbosity":0}}"#
    );
    assert_eq!(text(&shown), expected);
    let with_key = NodeConfig { private_key: Some(SecretKey::from_hex(KEY).unwrap()), id: None, ..shown };
    assert_eq!(
        text(&with_key),
        expected.replace(r#""private_key":"""#, &format!(r#""private_key":"{KEY}""#))
    );
    assert!(!format!("{with_key:?}").contains(KEY));
    let empty: Value = serde_json::from_str(&text(&NodeConfig::default())).unwrap();
    assert_eq!(empty.get("id"), None);
}

#[test]
fn configs_of_every_generation_are_read() {
    let services = |text: &str| read::<NodeConfig>(text).unwrap().services;
    assert_eq!(services(r#"{"services":["a"]}"#), ["a"]);
    assert_eq!(services(r#"{"lifecycles":["a"],"services":null}"#), ["a"]);
    assert_eq!(services(r#"{"lifecycles":["b"],"services":["a"]}"#), ["a"]);
    let all = read::<NodeConfig>(&format!(
        r#"{{"id":"0x{ID}","private_key":"{KEY}","name":"n","services":null,"properties":null,"enable_msg_events":false,
            "port":7,"logfile":"f","log_verbosity":-4,"reachable":{{}},"settings":{{"a":{{"b":1}}}}}}"#
    ))
    .unwrap();
    assert_eq!(
        (all.id, all.port, all.log_verbosity, all.enable_msg_events),
        (Some(id(ID)), 7, -4, Some(false))
    );
    assert_eq!(all.settings["a"], json!({"b": 1}));
    let spec = view::NodeSpec::from(all);
    assert_eq!((spec.name.as_deref(), spec.port, spec.log_file.as_str()), (Some("n"), Some(7), "f"));
    assert_eq!(spec.key.unwrap().to_hex(), KEY);
}

#[test]
fn what_old_clients_leave_out_is_left_out() {
    let zero = format!(r#"{{"id":"{}","private_key":"","name":"","port":0}}"#, "0".repeat(64));
    for text in ["{}", r#"{"id":null,"private_key":null,"name":null,"port":null}"#, r#"{"id":""}"#, &zero] {
        let spec = view::NodeSpec::from(read::<NodeConfig>(text).unwrap());
        assert!(
            spec.id.is_none() && spec.key.is_none() && spec.name.is_none() && spec.port.is_none(),
            "{text}"
        );
    }
}

#[test]
fn ids_that_are_public_keys_are_hashed() {
    let public = SecretKey::from_hex(KEY).unwrap().public();
    let old: NodeConfig = read(&format!(r#"{{"id":"{public}"}}"#)).unwrap();
    assert_eq!(old.id, Some(id(ID)));
}

#[test]
fn nonsense_is_told_by_field_line_and_range() {
    let table = [
        (r#"{"name":5}"#, "field name: invalid type: integer `5`, expected a string at line 1 column 9"),
        (r#"{"port":70000}"#, "field port: 70000 is not a port (0 to 65535) at line 1 column 14"),
        (r#"{"port":-1}"#, "field port: -1 is not a port (0 to 65535) at line 1 column"),
        (
            r#"{"log_verbosity":3000000000}"#,
            "field log_verbosity: invalid value: integer `3000000000`, expected i32",
        ),
        (
            r#"{"id":"abcd"}"#,
            r#"field id: "abcd" is not a node id: wrong length, want 64 hex chars at line 1"#,
        ),
        (r#"{"id":7}"#, "field id: invalid type: integer `7`, expected a node id of 64 hex digits"),
        (r#"{"private_key":"abcd"}"#, "field private_key: invalid length, need 256 bits, got 16"),
        (r#"{"private_key":"zz"}"#, "field private_key: invalid length, need 256 bits, got 8"),
        (
            "{\"services\":[\n7]}",
            "field services[0]: invalid type: integer `7`, expected a string at line 2 column 1",
        ),
        ("{bad", "key must be a string at line 1 column 2; wanted is this"),
        ("{\"name\":", "EOF while parsing a value at line 1 column 8"),
        ("[]", "it: a list is no object; wanted is this"),
        ("5", "invalid type: integer `5`, expected a node config object at line 1 column 1"),
        ("{} {}", "trailing characters at line 1 column 4"),
    ];
    for (text, error) in table {
        let told = read::<NodeConfig>(text).unwrap_err();
        assert!(told.contains(error), "{text}: {told}");
    }
    let key = format!(r#"{{"private_key":"{}zz"}}"#, "f".repeat(62));
    assert!(!read::<NodeConfig>(&key).unwrap_err().contains("fff"));
    let deep = r#"{"nodes":[{"node":{"config":{"name":"a"}}},{"node":{"config":{"port":"x"}}}]}"#;
    assert!(
        read::<Snapshot>(deep).unwrap_err().contains("field nodes[1].node.config.port: invalid type: string")
    );
}

#[test]
fn nodes_are_read_whatever_of_them_is_there() {
    // go-ethereum's TestNodeUnmarshalJSON.
    let node = |text: &str| read::<Node>(text).map(|node| (node.up, node.config.map(|config| config.name)));
    assert_eq!(node("{}"), Ok((false, None)));
    assert_eq!(node(r#"{"up":false}"#), Ok((false, None)));
    assert_eq!(node(r#"{"up":true}"#), Ok((true, None)));
    assert_eq!(node(r#"{"up":true,"config":null}"#), Ok((true, None)));
    assert_eq!(node(r#"{"config":{"name":"a"}}"#), Ok((false, Some("a".into()))));
    assert!(node(r#"{"up":1}"#).is_err());
}

#[test]
fn a_network_has_lists_and_its_nodes_no_keys() {
    let mut network = view::NetworkView {
        id: String::new(),
        default_service: Some("ping-pong".into()),
        nodes: vec![],
        conns: vec![],
        now: Duration::ZERO,
    };
    assert_eq!(
        text(&Network::from(&network)),
        r#"{"id":"","default_service":"ping-pong","nodes":[],"conns":[]}"#
    );
    network.default_service = None;
    network.nodes.push(node_view());
    network.conns.push(view::ConnView { one: id(ID), other: id(OTHER), up: true });
    let written = text(&Network::from(&network));
    let config = text(&NodeConfig::from(&config()));
    assert_eq!(
        written,
        format!(
            r#"{{"id":"","nodes":[{{"info":{INFO},"config":{config},"up":true}}],"conns":[{{"one":"{ID}","other":"{OTHER}","up":true}}]}}"#
        )
    );
    assert!(!written.contains(KEY));
    assert_eq!(text(&read::<Network>(&written).unwrap()), written);
    assert_eq!(read::<Network>(r#"{"id":"","nodes":null,"conns":null}"#).unwrap().nodes.len(), 0);
}

#[test]
fn events_are_written_as_the_original_writes_them() {
    let event = |control, kind, data| view::Event {
        time: Duration::from_secs(1),
        calendar: SystemTime::UNIX_EPOCH + Duration::new(1_795_331_568, 810_167_670),
        control,
        kind,
        data,
    };
    let time = "2026-11-22T07:12:48.81016767Z";
    let conn = view::ConnView { one: id(ID), other: id(OTHER), up: false };
    let written = |event: &view::Event| {
        let written = text(&Event::from(event));
        assert_eq!(text(&read::<Event>(&written).unwrap()), written);
        written
    };
    assert_eq!(
        written(&event(true, view::EventKind::Conn(conn), Some(json!({"verb": "connect"})))),
        format!(
            r#"{{"type":"conn","time":"{time}","control":true,"conn":{{"one":"{ID}","other":"{OTHER}","up":false}},"data":{{"verb":"connect"}}}}"#
        )
    );
    let config = text(&NodeConfig::from(&config()));
    assert_eq!(
        written(&event(false, view::EventKind::Node(Box::new(node_view())), None)),
        format!(
            r#"{{"type":"node","time":"{time}","control":false,"node":{{"info":{INFO},"config":{config},"up":true}},"data":null}}"#
        )
    );
    let msg = view::EventKind::Msg {
        one: id(ID),
        other: id(OTHER),
        protocol: "ping-pong".into(),
        code: 1,
        received: true,
        size: 5,
    };
    assert_eq!(
        written(&event(false, msg, None)),
        format!(
            r#"{{"type":"msg","time":"{time}","control":false,"msg":{{"one":"{ID}","other":"{OTHER}","protocol":"ping-pong","code":1,"received":true,"size":5}},"data":null}}"#
        )
    );
}

#[test]
fn the_adapter_of_a_node_is_written_only_where_one_was_named() {
    let given: NodeConfig = read(r#"{"adapter":"exec"}"#).unwrap();
    let spec = view::NodeSpec::from(given);
    assert_eq!(spec.adapter.as_deref(), Some("exec"));
    assert!(text(&NodeConfig::from(&spec)).ends_with(r#""log_verbosity":0,"adapter":"exec"}"#));
    let node = view::NodeView { adapter: Some("sim"), ..node_view() };
    assert_eq!(Node::from(&node).config.unwrap().adapter, "sim");
    for none in [r#"{}"#, r#"{"adapter":null}"#, r#"{"adapter":""}"#] {
        assert_eq!(view::NodeSpec::from(read::<NodeConfig>(none).unwrap()).adapter, None);
    }
    assert!(!text(&Node::from(&node_view())).contains("adapter"));
}

#[test]
fn a_snapshot_round_trips_with_keys_and_state() {
    assert_eq!(text(&Snapshot::from(&view::Snapshot::default())), r#"{"nodes":[],"conns":[]}"#);
    let spec = view::NodeSpec {
        key: Some(SecretKey::from_hex(KEY).unwrap()),
        name: Some("nodeA".into()),
        services: vec!["ping-pong".into()],
        ..Default::default()
    };
    let services = [("ping-pong".to_owned(), Bytes::from_static(&[0, 1, 254, 255]))].into();
    let node = view::NodeSnapshot { spec, up: true, info: Some(node_view().info), services };
    let conns = vec![view::ConnView { one: id(ID), other: id(OTHER), up: true }];
    let written = text(&Snapshot::from(&view::Snapshot { nodes: vec![node], conns }));
    assert!(written.starts_with(&format!(
        r#"{{"nodes":[{{"node":{{"info":{INFO},"config":{{"id":"{ID}","private_key":"{KEY}""#
    )));
    assert!(written.contains(r#""snapshots":{"ping-pong":"AAH+/w=="}}],"conns":[{"one":"#));
    let back: view::Snapshot = read::<Snapshot>(&written).unwrap().try_into().unwrap();
    assert_eq!(back.nodes[0].spec.key.as_ref().unwrap().to_hex(), KEY);
    assert_eq!(back.nodes[0].services["ping-pong"], [0, 1, 254, 255][..]);
    assert!(back.nodes[0].up && back.conns[0].up);
}

#[test]
fn old_snapshots_are_read() {
    let nothing: Snapshot = read("{}").unwrap();
    assert_eq!(nothing.nodes.len() + nothing.conns.len(), 0);
    let old = format!(
        r#"{{"nodes":[{{"node":{{"config":{{"id":"{ID}","private_key":"{KEY}","name":"a","services":["x"]}}}},"snapshots":null}}],
            "conns":[{{"one":"{ID}","other":"{OTHER}"}}]}}"#
    );
    let old: view::Snapshot = read::<Snapshot>(&old).unwrap().try_into().unwrap();
    assert!(!old.nodes[0].up && old.conns[0].up);
    assert_eq!(old.nodes[0].spec.services, ["x"]);
    let broken: Snapshot = read(r#"{"nodes":[{"node":{"config":null,"up":true}}]}"#).unwrap();
    assert_eq!(view::Snapshot::try_from(broken).unwrap_err(), SnapshotError::NoConfig(0));
    let told = read::<Snapshot>(r#"{"nodes":[{"node":{},"snapshots":{"x":"?"}}]}"#).unwrap_err();
    assert!(told.contains(r#"state of service "x" is not base64"#), "{told}");
}

#[test]
fn times_are_go_s_rfc3339nano() {
    let at = |secs, nanos| convert::rfc3339(SystemTime::UNIX_EPOCH + Duration::new(secs, nanos));
    assert_eq!(at(0, 0), "1970-01-01T00:00:00Z");
    assert_eq!(at(1_704_067_200, 500_000_000), "2024-01-01T00:00:00.5Z");
    assert_eq!(at(1_795_331_568, 810_167_679), "2026-11-22T07:12:48.810167679Z");
    assert_eq!(at(1_709_164_800, 10), "2024-02-29T00:00:00.00000001Z");
    assert_eq!(at(253_402_300_800, 0), "9999-12-31T23:59:59Z");
    assert_eq!(convert::rfc3339(SystemTime::UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00Z");
}

proptest! {
    #[test]
    fn no_text_panics_the_readers(text in r#"[\[\]{}":,a-z0-9\\ -]{0,40}|\PC{0,40}"#) {
        let _ = (read::<NodeConfig>(&text), read::<Snapshot>(&text), read::<Event>(&text), read::<Network>(&text));
    }

    #[test]
    fn configs_round_trip(key: [u8; 32], name: String, services: Vec<String>, port: u16, verbosity: i32, msgs: bool) {
        let config = NodeConfig {
            private_key: SecretKey::from_bytes(&key).ok(),
            name,
            properties: services.clone(),
            services,
            port,
            log_verbosity: verbosity,
            enable_msg_events: Some(msgs),
            ..NodeConfig::default()
        };
        let written = text(&config);
        prop_assert_eq!(text(&read::<NodeConfig>(&written).unwrap()), written);
    }
}
