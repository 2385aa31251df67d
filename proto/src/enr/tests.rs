use proptest::prelude::*;

use super::*;
use crate::key::tests::entropy;

/// The example of EIP-778.
const TEXT: &str = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy\
                    5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8";
const KEY: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";

fn key() -> SecretKey {
    SecretKey::from_hex(KEY).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn plain(seq: u64, extra: &[(&str, Vec<u8>)]) -> Result<NodeRecord, RecordError> {
    NodeRecord::build(&key(), seq, None, None, None, extra)
}

#[test]
fn the_example_of_eip_778_is_read() {
    let record: NodeRecord = TEXT.parse().unwrap();
    assert_eq!(record.seq(), 1);
    assert_eq!(record.public_key(), key().public());
    assert_eq!(record.id().to_string(), "a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7");
    assert_eq!((record.ip(), record.tcp(), record.udp()), (Some(ip("127.0.0.1")), None, Some(30303)));
    assert_eq!(record.get("id"), Some(&b"\x82v4"[..]));
    assert_eq!(record.get("eth"), None);
    assert_eq!(record.to_string(), TEXT);
}

#[test]
fn the_example_of_eip_778_is_built_to_the_letter() {
    let record = NodeRecord::build(&key(), 1, Some(ip("127.0.0.1")), None, Some(30303), &[]).unwrap();
    assert_eq!(record.to_string(), TEXT);
    assert_eq!(record, TEXT.parse().unwrap());
}

#[test]
fn ports_of_version_6_count_beside_an_address_of_version_6() {
    let tcp6 = [("tcp6", alloy_rlp::encode(6u16))];
    let build = |address, extra: &[_]| {
        NodeRecord::build(&key(), 1, Some(ip(address)), Some(4), Some(5), extra).unwrap()
    };
    let record = build("::1", &[]);
    assert_eq!((record.ip(), record.tcp(), record.udp()), (Some(ip("::1")), Some(4), Some(5)));
    assert_eq!(build("::1", &tcp6).tcp(), Some(6));
    assert_eq!(build("10.0.0.1", &tcp6).tcp(), Some(4));
}

#[test]
fn what_is_no_record_is_refused_with_the_reason() {
    let check = |text: &str, expect: &str| {
        assert_eq!(text.parse::<NodeRecord>().unwrap_err().to_string(), expect, "{text}");
    };
    check("", "no \"enr:\" before the record");
    check("enr:", "record is not RLP: input too short");
    check("enr:-IS4Q!", "record is not base64: Invalid symbol 33, offset 5.");
    check(&format!("enr:{}", "A".repeat(402)), "record of 301 bytes, limit 300");
    check(&TEXT.replace("-IS4QHC", "-IS4QHD"), "wrong signature on record");
    check(&TEXT.replace("gmlkgnY0", "gmlkgnY1"), "unknown identity scheme \"v5\" in record, want \"v4\"");

    let bytes = TEXT.parse::<NodeRecord>().unwrap().as_rlp().to_vec();
    let longer = NodeRecord::from_rlp(&[&bytes[..], &[1, 2]].concat());
    assert_eq!(longer, Err(RecordError::Trailing { extra: 2 }));
    let big = NodeRecord::from_rlp(&[0; 301]);
    assert_eq!(big, Err(RecordError::TooLarge { size: 301 }));
}

#[test]
fn pairs_out_of_order_or_without_a_key_are_refused() {
    let signed = |pairs: &[(&str, &[u8])]| {
        let mut content = alloy_rlp::encode(1u64);
        for (name, value) in pairs {
            name.encode(&mut content);
            value.encode(&mut content);
        }
        let signature = key().sign(&digest(&content));
        NodeRecord::from_rlp(&list(&[alloy_rlp::encode(&signature[..64]), content].concat()))
    };
    let own = key().public().to_compressed();
    assert_eq!(signed(&[("id", b"v4"), ("secp256k1", &own)]).map(|record| record.seq()), Ok(1));
    let order = |key: &str| Err(RecordError::Order { key: key.to_owned() });
    assert_eq!(signed(&[("secp256k1", &own), ("id", b"v4")]), order("id"));
    assert_eq!(signed(&[("id", b"v4"), ("id", b"v4"), ("secp256k1", &own)]), order("id"));
    assert_eq!(signed(&[("secp256k1", &own)]), Err(RecordError::Scheme { found: String::new() }));
    assert_eq!(signed(&[("id", b"v4")]), Err(RecordError::Key));
    assert_eq!(signed(&[("id", b"v4"), ("secp256k1", &own[1..])]), Err(RecordError::Key));
    assert_eq!(signed(&[("id", b"v4"), ("secp256k1", &[2; 33])]).map(|_| ()), Err(RecordError::Signature));
}

#[test]
fn a_value_of_the_wrong_kind_reads_as_none() {
    let record =
        plain(1, &[("ip", alloy_rlp::encode([1u8; 5])), ("tcp", alloy_rlp::encode(70_000u32))]).unwrap();
    assert_eq!((record.ip(), record.tcp()), (None, None));
}

#[test]
fn a_record_holds_300_bytes_and_whole_items() {
    let bare = plain(1, &[]).unwrap().as_rlp().len();
    let filler = |len: usize| vec![("zz", alloy_rlp::encode(&vec![0; len][..]))];
    // The key, the header of the value, and a list header that grows by a byte.
    let room = 300 - bare - 3 - 2 - 1;
    assert_eq!(plain(1, &filler(room)).unwrap().as_rlp().len(), 300);
    assert_eq!(plain(1, &filler(room + 1)), Err(RecordError::TooLarge { size: 301 }));
    for value in [vec![], vec![1, 2], vec![0x83, 1]] {
        assert_eq!(plain(1, &[("eth", value)]), Err(RecordError::Value { key: "eth".to_owned() }));
    }
}

proptest! {
    #[test]
    fn records_survive_text(
        seed: u64, seq: u64, ip: Option<IpAddr>, tcp: Option<u16>, udp: Option<u16>, eth: Option<[u8; 20]>,
    ) {
        let key = SecretKey::generate(&mut entropy(seed));
        let extra: Vec<_> = eth.iter().map(|value| ("eth", alloy_rlp::encode(value))).collect();
        let record = NodeRecord::build(&key, seq, ip, tcp, udp, &extra).unwrap();
        let read: NodeRecord = record.to_string().parse().unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!((read.id(), read.seq(), read.ip()), (key.id(), seq, ip));
        prop_assert_eq!((read.tcp(), read.udp()), (tcp, udp));
        prop_assert_eq!(read.get("eth").is_some(), eth.is_some());
    }

    #[test]
    fn a_flipped_bit_anywhere_is_refused(at: prop::sample::Index, bit in 0..8u8) {
        let mut bytes = TEXT.parse::<NodeRecord>().unwrap().as_rlp().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(NodeRecord::from_rlp(&bytes).is_err());
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(
        rubbish in prop::collection::vec(any::<u8>(), 0..310), text in "\\PC{0,80}",
    ) {
        prop_assert!(NodeRecord::from_rlp(&rubbish).is_err());
        prop_assert!(NodeRecord::from_rlp(&list(&rubbish)).is_err());
        let text = format!("enr:{text}");
        prop_assert!(text.parse::<NodeRecord>().is_err());
    }
}
