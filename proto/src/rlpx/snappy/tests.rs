use proptest::prelude::*;

use super::*;

/// By hand after snappy's `format_description.txt`.
#[test]
fn literals_and_copies_decompress() {
    let check = |compressed: &[u8], expect: &[u8]| assert_eq!(decompress(compressed, 100).unwrap(), expect);
    check(&[0], b"");
    check(&[5, 4 << 2, b'h', b'e', b'l', b'l', b'o'], b"hello");
    check(&[8, 1 << 2, b'a', b'b', 2 << 2 | 1, 2], b"abababab");
}

#[test]
fn the_declared_length_is_checked_before_anything_is_allocated() {
    let check = |compressed: &[u8], expect: &str| {
        assert_eq!(decompress(compressed, 1_000).unwrap_err().to_string(), expect);
    };
    check(&[0xe9, 0x07, 0], "message length >= 16MB: 1001 bytes after decompression, limit 1000");
    check(
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        "message length >= 16MB: 4294967295 bytes after decompression, limit 1000",
    );
    check(&[0xe8, 0x07, 0], "snappy: 1000 bytes cannot be in 3");
    assert!(matches!(decompress(&[], 1_000), Err(SnappyError::Corrupt(_))));
    assert!(matches!(decompress(&[3, 0, b'a'], 1_000), Err(SnappyError::Corrupt(_))));
    assert!(matches!(decompress(&[0xff; 6], 1_000), Err(SnappyError::Corrupt(_))));
}

#[test]
fn the_densest_compression_of_the_largest_payload_is_accepted() {
    let payload = vec![0; MAX_PAYLOAD];
    let compressed = compress(&payload);
    assert!(compressed.len() < MAX_PAYLOAD / 20);
    assert_eq!(decompress(&compressed, MAX_PAYLOAD).unwrap(), payload);
    assert_eq!(compressed_len(&payload), compressed.len());
}

proptest! {
    #[test]
    fn payloads_survive_compression(payload in prop::collection::vec(0..4u8, 0..2_000), repeat in 1usize..50) {
        let payload = payload.repeat(repeat);
        let compressed = compress(&payload);
        prop_assert_eq!(compressed.len(), compressed_len(&payload));
        prop_assert_eq!(decompress(&compressed, payload.len()).unwrap(), payload);
    }

    #[test]
    fn rubbish_is_refused_or_read_but_never_a_panic(rubbish in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(payload) = decompress(&rubbish, 10_000) {
            prop_assert!(payload.len() <= 10_000);
        }
    }
}
