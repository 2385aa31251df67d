use proptest::prelude::*;

use super::*;
use crate::key::SecretKey;
use crate::key::tests::entropy;

const KEY: &str = "ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138\
                   7574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f";

#[test]
fn every_form_of_address_is_read_and_printed() {
    let check = |text: &str, ip: Option<&str>, tcp: u16, udp: u16, printed: &str| {
        let node: Enode = text.replace("KEY", KEY).parse().unwrap();
        assert_eq!(node.public_key.to_string(), KEY);
        assert_eq!(node.ip, ip.map(|ip| ip.parse().unwrap()), "{text}");
        assert_eq!((node.tcp, node.udp), (tcp, udp), "{text}");
        assert_eq!(node.to_string(), printed.replace("KEY", KEY));
    };
    check("KEY", None, 0, 0, "enode://KEY");
    check("enode://KEY", None, 0, 0, "enode://KEY");
    check("ENODE://KEY", None, 0, 0, "enode://KEY");
    check("enode://KEY@127.0.0.1:30303", Some("127.0.0.1"), 30303, 30303, "enode://KEY@127.0.0.1:30303");
    check(
        "enode://KEY@10.3.58.6:30303?discport=30301",
        Some("10.3.58.6"),
        30303,
        30301,
        "enode://KEY@10.3.58.6:30303?discport=30301",
    );
    check("enode://KEY@1.2.3.4:5?discport=0", Some("1.2.3.4"), 5, 0, "enode://KEY@1.2.3.4:5?discport=0");
    check("enode://KEY@1.2.3.4:5?discport=5", Some("1.2.3.4"), 5, 5, "enode://KEY@1.2.3.4:5");
    check(
        "enode://KEY@1.2.3.4:5?a=b&discport=6&c",
        Some("1.2.3.4"),
        5,
        6,
        "enode://KEY@1.2.3.4:5?discport=6",
    );
    check(
        "enode://KEY@[2001:db8::1]:52150",
        Some("2001:db8::1"),
        52150,
        52150,
        "enode://KEY@[2001:db8::1]:52150",
    );
    check("enode://KEY@[::ffff:1.2.3.4]:5", Some("1.2.3.4"), 5, 5, "enode://KEY@1.2.3.4:5");
    check("enode://KEY@0.0.0.0:0", Some("0.0.0.0"), 0, 0, "enode://KEY@0.0.0.0:0");
}

#[test]
fn what_is_no_address_is_refused_with_the_part_that_is_wrong() {
    let check = |text: &str, expect: &str| {
        let text = text.replace("KEY", KEY);
        assert_eq!(text.parse::<Enode>().unwrap_err().to_string(), expect, "{text}");
    };
    check("", "invalid public key (invalid length, need 512 bits, got 0)");
    check("http://KEY@1.2.3.4:5", "invalid URL scheme \"http\", want \"enode\"");
    check("enode://@1.2.3.4:5", "invalid public key (invalid length, need 512 bits, got 0)");
    check("enode://01010101@1.2.3.4:5", "invalid public key (invalid length, need 512 bits, got 32)");
    check(
        &format!("enode://{}z@1.2.3.4:5", &KEY[..127]),
        "invalid public key (not hex at position 127: 'z')",
    );
    check(&format!("enode://{}", "1".repeat(128)), "invalid public key (not a point on the curve)");
    check("enode://KEY@", "missing port in address \"\"");
    check("enode://KEY@1.2.3.4", "missing port in address \"1.2.3.4\"");
    check("enode://KEY@[::1]", "missing port in address \"[::1]\"");
    check("enode://KEY@::1:5", "invalid IP address \"::1\"");
    check("enode://KEY@localhost:5", "invalid IP address \"localhost\"");
    check("enode://KEY@[1.2.3.4]:5", "invalid IP address \"[1.2.3.4]\"");
    check("enode://KEY@1.2.3.4:", "invalid port \"\"");
    check("enode://KEY@1.2.3.4:+5", "invalid port \"+5\"");
    check("enode://KEY@1.2.3.4:65536", "invalid port \"65536\"");
    check("enode://KEY@1.2.3.4:5?discport=foo", "invalid discport \"foo\" in query");
    check("enr:-", "record is not base64: Invalid input length: 1");
}

#[test]
fn a_record_is_an_address() {
    let key = SecretKey::generate(&mut entropy(1));
    let ip = Some("10.0.0.7".parse().unwrap());
    let record = NodeRecord::build(&key, 3, ip, Some(30303), None, &[]).unwrap();
    let node: Enode = record.to_string().parse().unwrap();
    assert_eq!(node.socket_addr(), Some("10.0.0.7:30303".parse().unwrap()));
    assert_eq!(node.to_string(), format!("enode://{}@10.0.0.7:30303?discport=0", key.public()));
    assert_eq!((node.id(), node.record), (key.id(), Some(record)));
}

#[test]
fn only_what_has_an_address_and_a_port_can_be_dialled() {
    let public_key = KEY.parse().unwrap();
    let dialled = |text: &str| text.replace("KEY", KEY).parse::<Enode>().unwrap().socket_addr();
    assert_eq!(dialled("enode://KEY"), None);
    assert_eq!(dialled("enode://KEY@1.2.3.4:0?discport=5"), None);
    let socket = "1.2.3.4:5".parse().unwrap();
    assert_eq!(dialled("enode://KEY@1.2.3.4:5"), Some(socket));
    assert_eq!(Enode::new(public_key, socket), "enode://KEY@1.2.3.4:5".replace("KEY", KEY).parse().unwrap());
}

proptest! {
    #[test]
    fn addresses_survive_text(ip: Option<IpAddr>, tcp: u16, udp: u16) {
        let (tcp, udp) = if ip.is_some() { (tcp, udp) } else { (0, 0) };
        let ip = ip.map(|ip| ip.to_canonical());
        let node = Enode { public_key: KEY.parse().unwrap(), ip, tcp, udp, record: None };
        prop_assert_eq!(node.to_string().parse::<Enode>().unwrap(), node);
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(text in "\\PC{0,40}") {
        let url = format!("enode://{text}");
        prop_assert!(text.parse::<Enode>().is_err());
        prop_assert!(url.parse::<Enode>().is_err());
        let _ = format!("enode://{KEY}@{text}").parse::<Enode>();
        let _ = format!("enode://{KEY}@1.2.3.4:5{text}").parse::<Enode>();
    }
}
