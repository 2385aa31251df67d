use proptest::prelude::*;

use super::packet::Form;
use super::vectors::*;
use super::*;
use crate::key::tests::entropy;

fn key(hex: &str) -> SecretKey {
    SecretKey::from_hex(hex).unwrap()
}

fn bytes32(text: &str) -> [u8; 32] {
    unhex(text).try_into().unwrap()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.replace('\n', "")).unwrap()
}

/// A draw of no importance.
fn draw(seed: u64) -> Draw {
    Draw::take(&mut entropy(seed))
}

/// An auth packet with so much padding.
pub(crate) fn padded_auth(from: &SecretKey, to: PublicKey, padding: usize) -> Bytes {
    Initiator::from_draw(from, to, &Draw { padding, ..draw(1) }).1
}

/// What two sides must have in common, seen from one of them.
fn fingerprint(secrets: &Secrets) -> [[u8; 32]; 4] {
    let digest = |mac: &Keccak256| mac.clone().finalize().into();
    [secrets.aes, secrets.mac, digest(&secrets.egress), digest(&secrets.ingress)]
}

fn mirrored([aes, mac, egress, ingress]: [[u8; 32]; 4]) -> [[u8; 32]; 4] {
    [aes, mac, ingress, egress]
}

#[test]
fn auth_packets_of_eip_8_decode_in_all_three_forms() {
    for (packet, form) in [(AUTH_1, Form::Plain), (AUTH_2, Form::Eip8), (AUTH_3, Form::Eip8)] {
        let (auth, found) = Auth::open(&key(STATIC_B), &unhex(packet)).unwrap();
        assert_eq!(found, form);
        assert_eq!(auth.public, key(STATIC_A).public());
        assert_eq!(auth.nonce, bytes32(NONCE_A));
        assert_eq!(signer(&key(STATIC_B), &auth), Ok(key(EPHEMERAL_A).public()));
    }
}

#[test]
fn ack_packets_of_eip_8_decode_in_all_three_forms() {
    for packet in [ACK_1, ACK_2, ACK_3] {
        let ack = Ack::open(&key(STATIC_A), &unhex(packet)).unwrap();
        assert_eq!(ack.ephemeral, key(EPHEMERAL_B).public());
        assert_eq!(ack.nonce, bytes32(NONCE_B));
    }
}

#[test]
fn secrets_are_those_of_eip_8() {
    let ecdhe = key(EPHEMERAL_B).agree(&key(EPHEMERAL_A).public());
    let exchange = Exchange {
        initiator_nonce: &bytes32(NONCE_A),
        responder_nonce: &bytes32(NONCE_B),
        auth: &unhex(AUTH_2),
        ack: &unhex(ACK_2),
    };
    let secrets = exchange.of_responder(&ecdhe);
    assert_eq!(hex::encode(secrets.aes), AES_SECRET);
    assert_eq!(hex::encode(secrets.mac), MAC_SECRET);
    assert_eq!(hex::encode(secrets.ingress.clone().chain_update("foo").finalize()), INGRESS_FOO);

    let initiator = Initiator {
        key: key(STATIC_A),
        ephemeral: key(EPHEMERAL_A),
        nonce: bytes32(NONCE_A),
        auth: unhex(AUTH_2).into(),
    };
    let dialled = initiator.handle_ack(&unhex(ACK_2)).unwrap();
    assert_eq!(fingerprint(&dialled), mirrored(fingerprint(&secrets)));
}

#[test]
fn an_auth_from_before_eip_8_is_answered_in_kind() {
    let (remote, secrets, ack) =
        Responder::handle_auth(&key(STATIC_B), &unhex(AUTH_1), &mut entropy(1)).unwrap();
    assert_eq!(remote, key(STATIC_A).public());
    assert_eq!((ack.len(), ack[0]), (PLAIN_ACK_LEN, 4));
    let initiator = Initiator {
        key: key(STATIC_A),
        ephemeral: key(EPHEMERAL_A),
        nonce: bytes32(NONCE_A),
        auth: unhex(AUTH_1).into(),
    };
    let dialled = initiator.handle_ack(&ack).unwrap();
    assert_eq!(fingerprint(&dialled), mirrored(fingerprint(&secrets)));
}

#[test]
fn the_announced_size_is_checked_before_the_packet_is_there() {
    let check = |prefix: &[u8], expect| assert_eq!(packet_len(prefix), expect, "{prefix:?}");
    check(&[], Ok(None));
    check(&[1], Ok(None));
    check(&[0x01, 0xb3], Ok(Some(437)));
    check(&[0x01, 0xb3, 4, 4], Ok(Some(437)));
    check(&[0x00, 0x71], Ok(Some(115)));
    check(&[0x00, 0x70], Err(HandshakeError::TooSmall { size: 112 }));
    check(&[0x08, 0x00], Ok(Some(2050)));
    check(&[0x08, 0x01], Err(HandshakeError::TooLarge { size: 2049 }));
    check(&[0xff, 0xff], Err(HandshakeError::TooLarge { size: 65535 }));
}

#[test]
fn packets_of_the_wrong_length_or_for_another_key_are_refused() {
    let auth = unhex(AUTH_2);
    let respond = |key: &SecretKey, packet: &[u8]| {
        Responder::handle_auth(key, packet, &mut entropy(1)).map(|_| ()).unwrap_err().to_string()
    };
    let b = key(STATIC_B);
    assert_eq!(respond(&b, &[]), "handshake packet of 0 bytes, its size says 2");
    assert_eq!(respond(&b, &auth[..436]), "handshake packet of 436 bytes, its size says 437");
    assert_eq!(respond(&b, &[&auth[..], &[0]].concat()), "handshake packet of 438 bytes, its size says 437");
    let other = "handshake packet does not decrypt: wrong authentication tag";
    assert_eq!(respond(&key(STATIC_A), &auth), other);
    assert_eq!(respond(&key(STATIC_A), &unhex(AUTH_1)), other);
}

#[test]
fn lists_are_read_as_eip_8_demands() {
    let b = key(STATIC_B);
    let field = |bytes: &[u8]| alloy_rlp::encode(bytes);
    let (sig, public, nonce) = (field(&[1; 65]), field(key(STATIC_A).public().as_bytes()), field(&[3; 32]));
    let open = |header: Option<&[u8]>, fields: &[&[u8]]| {
        let fields = fields.concat();
        let mut list = Vec::new();
        match header {
            Some(header) => list.extend_from_slice(header),
            None => alloy_rlp::Header { list: true, payload_length: fields.len() }.encode(&mut list),
        }
        list.extend_from_slice(&fields);
        let packet = draw(7).seal_eip8(&b.public(), &list);
        Auth::open(&b, &packet).map(|(auth, _)| auth.nonce).map_err(|error| error.to_string())
    };
    let fine = Ok([3; 32]);
    assert_eq!(open(None, &[&sig, &public, &nonce, &[4]]), fine);
    assert_eq!(open(None, &[&sig, &public, &nonce, &[0x82, 0xff, 0xff], &[0xc1, 0x05], &[0x06]]), fine);
    let malformed = |cause: &str| Err(format!("malformed auth body: {cause}"));
    assert_eq!(open(None, &[&sig, &public, &nonce]), malformed("input too short"));
    assert_eq!(open(None, &[&sig, &public, &nonce[1..], &[4]]), malformed("unexpected length"));
    assert_eq!(open(None, &[&sig[1..], &public]), malformed("unexpected length"));
    assert_eq!(open(Some(&[0x80]), &[&sig]), malformed("unexpected string"));
    assert_eq!(open(Some(&[0xf9, 0xff, 0xff]), &[&sig]), malformed("input too short"));
    let off_the_curve = "initiator's public key is not on the curve".to_owned();
    assert_eq!(open(None, &[&sig, &field(&[2; 64]), &nonce, &[4]]), Err(off_the_curve));
}

#[test]
fn a_signature_nobody_can_have_made_is_refused() {
    let (a, b) = (key(STATIC_A), key(STATIC_B));
    for signature in [[0; 65], [0xff; 65]] {
        let auth = Auth { signature, public: a.public(), nonce: [1; 32] }.seal(&b.public(), &draw(1));
        let refused = Responder::handle_auth(&b, &auth, &mut entropy(2)).map(|_| ());
        assert_eq!(refused, Err(HandshakeError::Signature));
    }
}

#[test]
fn a_placeholder_makes_the_same_draw_and_has_the_same_size() {
    let mut paddings = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        let mut drawn = Vec::new();
        let mut source = entropy(seed);
        paddings.insert(padding_len(&mut |out: &mut [u8]| {
            drawn.push(out.len());
            source(out);
        }));
        assert_eq!(drawn, [116], "one draw of fixed size");
    }
    assert_eq!(paddings.into_iter().collect::<Vec<_>>(), (100..200).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_sides_derive_the_same_secrets(seed: u64) {
        let a = SecretKey::generate(&mut entropy(seed));
        let b = SecretKey::generate(&mut entropy(!seed));
        let (mut from_a, mut from_b) = (entropy(seed ^ 1), entropy(seed ^ 2));
        let (initiator, auth) = Initiator::new(&a, b.public(), &mut from_a);
        prop_assert_eq!(packet_len(&auth), Ok(Some(auth.len())));
        let (remote, responder, ack) = Responder::handle_auth(&b, &auth, &mut from_b).unwrap();
        prop_assert_eq!(packet_len(&ack), Ok(Some(ack.len())));
        prop_assert_eq!(remote, a.public());
        let initiator = initiator.handle_ack(&ack).unwrap();
        prop_assert_eq!(fingerprint(&initiator), mirrored(fingerprint(&responder)));

        let again = Initiator::new(&a, b.public(), &mut entropy(seed ^ 1)).1;
        prop_assert_eq!(&again, &auth, "the same entropy makes the same packet");
        prop_assert_eq!(auth.len(), auth_packet_len(padding_len(&mut entropy(seed ^ 1))));
        prop_assert_eq!(ack.len(), ack_packet_len(padding_len(&mut entropy(seed ^ 2))));
    }

    #[test]
    fn a_flipped_bit_anywhere_ends_the_handshake(at in 0usize..437 * 8) {
        let mut auth = unhex(AUTH_2);
        auth[at / 8] ^= 1 << (at % 8);
        prop_assert!(Responder::handle_auth(&key(STATIC_B), &auth, &mut entropy(1)).is_err());
        let mut ack = unhex(ACK_2);
        ack[at / 8] ^= 1 << (at % 8);
        prop_assert!(Ack::open(&key(STATIC_A), &ack).is_err());
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(rubbish in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Auth::open(&key(STATIC_B), &rubbish).is_err());
        let sized = u16::try_from(rubbish.len()).unwrap().to_be_bytes();
        prop_assert!(Auth::open(&key(STATIC_B), &[&sized[..], &rubbish].concat()).is_err());
        prop_assert!(Ack::open(&key(STATIC_B), &[&sized[..], &rubbish].concat()).is_err());
    }

    #[test]
    fn a_well_sealed_body_of_rubbish_is_refused_without_a_panic(
        rubbish in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let b = key(STATIC_B);
        let packet = draw(1).seal_eip8(&b.public(), &rubbish);
        let refused = matches!(Auth::open(&b, &packet), Err(HandshakeError::Body { packet: "auth", .. }));
        prop_assert!(refused);
        let refused = matches!(Ack::open(&b, &packet), Err(HandshakeError::Body { packet: "ack", .. }));
        prop_assert!(refused);
    }
}
