//! The limits: what the same work costs with nothing around it, through the same libraries.

use crate::{Numbers, clock, secret};
use aes::Aes256;
use bytes::Bytes;
use ctr::cipher::{KeyIvInit, StreamCipher};
use proto::enr::NodeRecord;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, SecretKey, ecdh};
use sha3::{Digest, Keccak256};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

/// CPU seconds per event of a heap of (time, sequence) with so many of them waiting: the earliest out, a later one in.
pub fn heap(waiting: usize, events: usize) -> f64 {
    let mut numbers = Numbers(1);
    let mut heap: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::with_capacity(waiting + 1);
    heap.extend((0..waiting as u64).map(|seq| Reverse((numbers.draw() >> 38, seq))));
    clock::per(events, || {
        for seq in 0..events as u64 {
            let Reverse((time, _)) = heap.pop().expect("as many in as out");
            heap.push(Reverse((time + 10_000_000 + (numbers.draw() >> 38), seq)));
        }
    })
}

/// CPU seconds per message of 32 bytes through a channel of the standard library that so many are in.
pub fn channel(waiting: usize, messages: usize) -> f64 {
    let (send, receive) = std::sync::mpsc::channel();
    for _ in 0..waiting {
        send.send(Bytes::from_static(&[7; 32])).expect("its other end is here");
    }
    clock::per(messages, || {
        for _ in 0..messages {
            let message: Bytes = receive.recv().expect("its other end is here");
            send.send(message).expect("its other end is here");
        }
    })
}

/// CPU seconds per visit to a host picked at random, if a visit reads a dozen lines of memory, two at a time, and each
/// host has a kilobyte and a half: what no order of events avoids once there are more hosts than the cache holds.
pub fn visits(hosts: usize, visits: usize) -> f64 {
    const WORDS: usize = 192;
    let memory = vec![1u64; hosts * WORDS];
    let (mut numbers, mut found) = (Numbers(3), 0);
    clock::per(visits, || {
        for _ in 0..visits {
            let host = numbers.below(hosts) * WORDS;
            for pair in 0..6 {
                // What is found says where to look next, as pointers do.
                let place = (pair * 29 + found as usize) % (WORDS - 16);
                found = memory[host + place].wrapping_add(memory[host + place + 16]) & 0xff;
            }
        }
        black_box(found);
    })
}

/// CPU seconds per hash that a node's log costs for one record of a message of so many bytes.
pub fn digest(payload: usize, records: usize) -> f64 {
    let (payload, peer, mut chain) = (vec![7; payload], [9; 32], crate::chain::Chain::default());
    clock::per(records, || {
        for time in 0..records as u64 {
            let payload = black_box(&payload[..]);
            chain.fold(&crate::chain::Seen {
                time,
                peer: &peer,
                received: true,
                code: 0,
                payload,
                wire_len: 64,
            });
        }
        black_box(chain.value());
    })
}

/// The operations on the curve that a handshake consists of.
#[derive(Debug)]
pub struct Curve {
    scalar: SecretKey,
    point: PublicKey,
    signature: RecoverableSignature,
    digest: [u8; 32],
    numbers: Numbers,
}

impl Default for Curve {
    fn default() -> Self {
        let scalar = SecretKey::from_secret_bytes([3; 32]).expect("in range");
        let digest = [5; 32];
        // Any r that is the x of a point makes a signature some key can be recovered from.
        let signature = (1..=255u8).find_map(|r| {
            let compact = [[r; 32], [1; 32]].concat();
            let signature = RecoverableSignature::from_compact(&compact, RecoveryId::Zero).ok()?;
            signature.recover(Message::from_digest(digest)).ok().map(|_| signature)
        });
        Self {
            point: PublicKey::from_secret_key(&scalar),
            scalar,
            signature: signature.expect("half of all numbers are such an x"),
            digest,
            numbers: Numbers(2),
        }
    }
}

impl Curve {
    /// CPU seconds of the curve in one handshake, both ends: four keys made, one signature made and one recovered, and
    /// so many shared secrets: eight, or four where each is computed once for both ends. Keys and the signature are made
    /// through `proto`, whose own context for them is faster than the library's; the latter as a minimal node record's.
    pub fn handshake(&mut self, agreements: usize, handshakes: usize) -> f64 {
        let key = secret(1);
        clock::per(handshakes, || {
            for seq in 0..handshakes as u64 {
                for _ in 0..4 {
                    let numbers = &mut self.numbers;
                    black_box(proto::key::SecretKey::generate(&mut |out: &mut [u8]| numbers.fill(out)));
                }
                for _ in 0..agreements {
                    black_box(ecdh::shared_secret_point(black_box(&self.point), &self.scalar));
                }
                black_box(NodeRecord::build(&key, seq, None, None, None, &[]).expect("a small record"));
                let recovered = black_box(&self.signature).recover(Message::from_digest(self.digest));
                black_box(recovered.expect("tried before"));
            }
        })
    }
}

/// CPU seconds of the cryptography in one RLPx frame with a payload of so many bytes, both ends: AES-256-CTR over header
/// and data, Keccak-256 over the data, and two digests of one block (one MAC is of the header, one of the data).
pub fn frame(payload: usize, frames: usize) -> f64 {
    let size = (payload + 1).next_multiple_of(16);
    let mut data = vec![7; 16 + size];
    let mut cipher = ctr::Ctr64BE::<Aes256>::new(&[1; 32].into(), &[2; 16].into());
    clock::per(frames, || {
        for _ in 0..2 * frames {
            cipher.apply_keystream(&mut data);
            black_box(Keccak256::digest(black_box(&data[16..])));
            black_box(Keccak256::digest(black_box(&data[..16])));
            black_box(Keccak256::digest(black_box(&data[..16])));
        }
    })
}
