use proptest::prelude::*;

use super::*;

/// Entropy for tests: a stream that depends on the seed alone.
pub(crate) fn entropy(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut block = 0u64;
    move |out| {
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&keccak256(&[&seed.to_be_bytes(), &block.to_be_bytes()])[..chunk.len()]);
            block += 1;
        }
    }
}

/// The key of EIP-778's example and of EIP-8's packets.
const SECRET: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
const PUBLIC: &str = "ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138\
                      7574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f";
const ID: &str = "a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7";
const GROUP_ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

#[test]
fn secret_public_and_id_are_those_of_the_published_example() {
    let key = SecretKey::from_hex(SECRET).unwrap();
    assert_eq!(key.public().to_string(), PUBLIC);
    assert_eq!(key.id().to_string(), ID);
    assert_eq!(key.id().short(), "a448f24c6d18e575");
    assert_eq!(key.to_hex(), SECRET);
    assert_eq!(PUBLIC.parse::<PublicKey>().unwrap(), key.public());
    assert_eq!(format!("0x{ID}").parse::<NodeId>().unwrap(), key.id());
    assert_eq!(format!("{key:?}"), "SecretKey(..)");
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    let check = |text: &str, expect: &str| {
        assert_eq!(SecretKey::from_hex(text).unwrap_err().to_string(), expect, "{text}");
    };
    check("", "invalid length, need 256 bits, got 0");
    check(&SECRET[1..], "invalid length, need 256 bits, got 252");
    check(&format!("{SECRET}00"), "invalid length, need 256 bits, got 264");
    check(&format!("0x{}z", &SECRET[..63]), "not hex at position 65: 'z'");
    check(&format!("{}é", &SECRET[..63]), "not hex at position 63: 'é'");
    check(&"0".repeat(64), "invalid private key, zero or not below the group order");
    check(GROUP_ORDER, "invalid private key, zero or not below the group order");
    assert!(SecretKey::from_hex(&GROUP_ORDER.replace("4141", "4140")).is_ok(), "order - 1 is a key");

    let check = |text: &str, expect: &str| {
        assert_eq!(text.parse::<PublicKey>().unwrap_err().to_string(), expect, "{text}");
    };
    check(ID, "invalid length, need 512 bits, got 256");
    check(&"0".repeat(128), "not a point on the curve");
    check(&PUBLIC.replace("1fc7f", "1fc7e"), "not a point on the curve");

    assert_eq!("12".parse::<NodeId>().unwrap_err().to_string(), "wrong length, want 64 hex chars");
}

#[test]
fn the_draw_of_a_key_is_32_bytes_whatever_they_are() {
    for fill in [0x00, 0x01, 0xff] {
        let mut drawn = 0;
        let key = SecretKey::generate(&mut |out: &mut [u8]| {
            drawn += out.len();
            out.fill(fill);
        });
        assert_eq!(drawn, 32);
        assert_eq!(key.to_bytes() == [fill; 32], fill == 0x01, "zero and 2^256 - 1 are no keys");
    }
}

#[test]
fn a_shared_secret_is_computed_for_both_sides_and_then_forgotten() {
    let keys: Vec<_> = (0..4).map(|seed| SecretKey::generate(&mut entropy(seed))).collect();
    let pairs: Vec<_> = (0..4).flat_map(|a| (0..4).map(move |b| (a, b))).collect();
    let agree = |&(a, b): &(usize, usize)| keys[a].agree(&keys[b].public());
    let alone: Vec<_> = pairs.iter().map(agree).collect();

    let store = Agreements::new(100);
    share_agreements(store.clone());
    assert_eq!(pairs.iter().map(agree).collect::<Vec<_>>(), alone);
    assert_eq!(store.pending(), 0, "the second side of each pair has come");
    let half: Vec<_> = pairs.iter().filter(|(a, b)| a <= b).collect();
    half.iter().for_each(|pair| _ = agree(pair));
    assert_eq!(store.pending(), 6, "a key's agreement with itself has no other side");

    std::thread::scope(|scope| {
        scope.spawn(|| {
            share_agreements(store.clone());
            pairs.iter().filter(|(a, b)| a > b).for_each(|pair| _ = agree(pair));
        });
    });
    assert_eq!(store.pending(), 0, "the second side may be another thread's");
    share_agreements(Agreements::default());
    assert_eq!(pairs.iter().map(agree).collect::<Vec<_>>(), alone);
    assert_eq!(store.pending(), 0, "nothing is kept unless asked for");
}

#[test]
fn a_store_of_secrets_stays_within_its_limit() {
    let keys: Vec<_> = (0..40).map(|seed| SecretKey::generate(&mut entropy(seed))).collect();
    let store = Agreements::new(64);
    share_agreements(store.clone());
    for (place, key) in keys.iter().enumerate() {
        keys[..place].iter().for_each(|other| _ = key.agree(&other.public()));
    }
    assert!((30..=64).contains(&store.pending()), "{} of 780, one for each part", store.pending());
    share_agreements(Agreements::default());
}

proptest! {
    #[test]
    fn keys_survive_text_and_compression(seed: u64) {
        let key = SecretKey::generate(&mut entropy(seed));
        prop_assert_eq!(SecretKey::from_hex(&key.to_hex()).unwrap().public(), key.public());
        prop_assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
        prop_assert_eq!(PublicKey::from_compressed(&key.public().to_compressed()).unwrap(), key.public());
        prop_assert_eq!(key.id().to_string().parse::<NodeId>().unwrap(), key.id());
    }

    #[test]
    fn both_sides_agree_on_one_secret(a: u64, b: u64) {
        let (a, b) = (SecretKey::generate(&mut entropy(a)), SecretKey::generate(&mut entropy(b)));
        prop_assert_eq!(a.agree(&b.public()), b.agree(&a.public()));
    }

    #[test]
    fn a_signature_names_its_key_and_is_deterministic(seed: u64, digest: [u8; 32], other: [u8; 32]) {
        let key = SecretKey::generate(&mut entropy(seed));
        let signature = key.sign(&digest);
        prop_assert_eq!(signature, key.sign(&digest));
        prop_assert_eq!(PublicKey::recover(&signature, &digest), Some(key.public()));
        prop_assert!(key.public().verify(&signature[..64], &digest));
        prop_assert_eq!(key.public().verify(&signature[..64], &other), digest == other);
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(text in "\\PC{0,140}", point: [u8; 32], sig in any::<[[u8; 13]; 5]>()) {
        let _ = SecretKey::from_hex(&text);
        let _ = text.parse::<PublicKey>();
        let _ = text.parse::<NodeId>();
        let bytes: [u8; 64] = [point, point].concat().try_into().unwrap();
        prop_assert!(PublicKey::from_bytes(&bytes).is_err() || bytes[..32] == bytes[32..]);
        let _ = PublicKey::recover(&sig.concat().try_into().unwrap(), &point);
    }
}
