use proptest::prelude::*;

use super::*;
use crate::key::keccak256;

/// The two codecs of a session whose secrets are of no importance.
fn pair() -> (FrameCodec, FrameCodec) {
    let running = |word: &str| Keccak256::new().chain_update(word);
    let secrets = |egress, ingress| Secrets {
        aes: keccak256(&[]),
        mac: keccak256(&[b"mac"]),
        egress: running(egress),
        ingress: running(ingress),
    };
    (FrameCodec::new(secrets("there", "back")), FrameCodec::new(secrets("back", "there")))
}

fn sealed(codec: &mut FrameCodec, code: u64, payload: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    codec.seal(code, payload, &mut out).unwrap();
    out
}

/// geth's `TestFrameReadWrite` has a MAC that is always ones, so of its frame the encrypted parts count here.
#[test]
fn encryption_is_that_of_geths_golden_frame() {
    let frame = sealed(&mut pair().0, 8, &hex::decode("c401020304").unwrap());
    assert_eq!(hex::encode(&frame[..16]), "00828ddae471818bb0bfa6b551d1cb42");
    assert_eq!(hex::encode(&frame[32..48]), "ba628a4ba590cb43f7848f41c4382885");
    assert_eq!(frame.len(), 64);
}

/// The MACs as `rlpx.md` words them, every digest taken anew.
#[test]
fn macs_are_those_of_the_specification() {
    let (mut codec, _) = pair();
    let cipher = Aes256Enc::new(&keccak256(&[b"mac"]).into());
    let mut mac = Keccak256::new().chain_update("there");
    let half = |mac: &Keccak256| <[u8; 16]>::try_from(&mac.clone().finalize()[..16]).unwrap();
    let step = |mac: &mut Keccak256, with: [u8; 16]| {
        let mut seed = half(mac).into();
        cipher.encrypt_block(&mut seed);
        let mixed: [u8; 16] = core::array::from_fn(|i| seed[i] ^ with[i]);
        mac.update(mixed);
        half(mac)
    };
    for (code, len) in [(0, 0), (1, 15), (16, 16), (0x80, 200), (17, 1)] {
        let frame = sealed(&mut codec, code, &vec![0xab; len]);
        let (data, data_mac) = frame[32..].split_at(frame.len() - 48);
        assert_eq!(frame[16..32], step(&mut mac, frame[..16].try_into().unwrap()));
        mac.update(data);
        let digest = half(&mac);
        assert_eq!(*data_mac, step(&mut mac, digest), "code {code}, {len} bytes");
    }
}

#[test]
fn a_codec_is_small() {
    assert!(size_of::<FrameCodec>() <= 1_100, "{}", size_of::<FrameCodec>());
}

#[test]
fn the_payload_stays_where_it_was_received() {
    let (mut there, mut back) = pair();
    let mut wire = sealed(&mut there, 16, &[7; 1_000]);
    let received = wire.as_ptr_range();
    let frame = back.open(&mut wire).unwrap().unwrap();
    assert!(received.contains(&frame.payload.as_ptr()));
    assert!(wire.is_empty());
}

#[test]
fn the_limit_is_checked_on_the_header_and_counts_code_and_payload() {
    let (mut there, mut back) = pair();
    back.set_limit(100);
    let mut wire = sealed(&mut there, 16, &[0; 99]);
    assert_eq!(back.open(&mut wire).unwrap().unwrap().payload.len(), 99);
    let mut wire = sealed(&mut there, 16, &[0; 100]);
    wire.truncate(32);
    assert_eq!(back.open(&mut wire), Err(FrameError::TooLarge { size: 101, limit: 100 }));
}

#[test]
fn the_largest_frame_goes_through_and_a_larger_one_leaves_the_session_intact() {
    let (mut there, mut back) = pair();
    let mut wire = BytesMut::new();
    let payload = vec![0; MAX_FRAME];
    let refused = there.seal(1, &payload, &mut wire);
    assert_eq!(refused, Err(FrameError::Unsendable { size: 16_777_216 }));
    assert!(wire.is_empty());
    there.seal(1, &payload[1..], &mut wire).unwrap();
    assert_eq!(back.open(&mut wire).unwrap().unwrap().payload.len(), MAX_FRAME - 1);
}

#[test]
fn data_without_a_code_is_refused() {
    let (mut there, mut back) = pair();
    let seal_raw = |codec: &mut FrameCodec, data: [u8; 16], size: usize| {
        let mut header = header(size);
        let mut data = data;
        codec.egress.apply(&codec.cipher, &mut header);
        let header_mac = codec.egress.whiten(&codec.mac_cipher, &header);
        codec.egress.apply(&codec.cipher, &mut data);
        let data_mac = codec.egress.data_mac(&codec.mac_cipher, &data);
        BytesMut::from(&[header, header_mac, data, data_mac].concat()[..])
    };
    let mut wire = seal_raw(&mut there, [0xc0; 16], 16);
    assert_eq!(back.open(&mut wire), Err(FrameError::Code(alloy_rlp::Error::UnexpectedList)));
    let mut wire = seal_raw(&mut there, [0x82; 16], 1);
    assert_eq!(back.open(&mut wire), Err(FrameError::Code(alloy_rlp::Error::InputTooShort)));
}

#[test]
fn a_frame_of_no_data_at_all_has_no_code() {
    let (mut there, mut back) = pair();
    let mut head = header(0);
    there.egress.apply(&there.cipher, &mut head);
    let head_mac = there.egress.whiten(&there.mac_cipher, &head);
    let data_mac = there.egress.data_mac(&there.mac_cipher, &[]);
    let mut wire = BytesMut::from(&[head, head_mac, data_mac].concat()[..]);
    assert_eq!(back.open(&mut wire), Err(FrameError::Code(alloy_rlp::Error::InputTooShort)));
}

fn messages() -> impl Strategy<Value = Vec<(u64, Vec<u8>)>> {
    let code = prop_oneof![0..20u64, any::<u64>()];
    prop::collection::vec((code, prop::collection::vec(any::<u8>(), 0..400)), 1..8)
}

proptest! {
    #[test]
    fn messages_arrive_as_sent_however_the_stream_is_cut(sent in messages(), cut in 1usize..200) {
        let (mut there, mut back) = pair();
        let mut wire = BytesMut::new();
        for (code, payload) in &sent {
            let before = wire.len();
            there.seal(*code, payload, &mut wire).unwrap();
            prop_assert_eq!(wire.len() - before, frame_len(*code, payload.len()));
        }
        let mut received = Vec::new();
        let mut buf = BytesMut::new();
        for chunk in wire.chunks(cut) {
            buf.extend_from_slice(chunk);
            while let Some(frame) = back.open(&mut buf).unwrap() {
                received.push((frame.code, frame.payload.to_vec()));
            }
            prop_assert!(buf.len() < back.wanted(), "open goes as far as it can");
        }
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed(sent in messages(), at: prop::sample::Index, bit in 0..8u8) {
        let (mut there, mut back) = pair();
        let mut wire = BytesMut::new();
        for (code, payload) in &sent {
            there.seal(*code, payload, &mut wire).unwrap();
        }
        let at = at.index(wire.len());
        wire[at] ^= 1 << bit;
        let mut intact = 0;
        let error = loop {
            match back.open(&mut wire) {
                Ok(Some(_)) => intact += 1,
                Ok(None) => panic!("a whole stream holds whole frames"),
                Err(error) => break error,
            }
        };
        prop_assert!(intact < sent.len());
        prop_assert!(matches!(error, FrameError::HeaderMac | FrameError::DataMac), "{error}");
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(rubbish in prop::collection::vec(any::<u8>(), 32..300)) {
        let (_, mut back) = pair();
        prop_assert_eq!(back.open(&mut BytesMut::from(&rubbish[..])), Err(FrameError::HeaderMac));
    }
}
