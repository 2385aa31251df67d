//! The digest of a log without the log: each record of a message folded into its node's running hash, as a network
//! does for every message whoever listens.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// What a record of a message says.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Simulated time, nanoseconds.
    pub time: u64,
    /// The other end.
    pub peer: &'a [u8; 32],
    /// Received, or sent?
    pub received: bool,
    /// Code within its protocol.
    pub code: u64,
    /// Its payload.
    pub payload: &'a [u8],
    /// Bytes of its frame.
    pub wire_len: u32,
}

/// The running digest of one node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain {
    value: u128,
    records: u64,
}

impl Chain {
    /// Folds one record.
    pub fn fold(&mut self, seen: &Seen<'_>) {
        let mut form = [0; 97];
        form[..16].copy_from_slice(&self.value.to_le_bytes());
        form[16..24].copy_from_slice(&seen.time.to_le_bytes());
        form[24..32].copy_from_slice(&self.records.to_le_bytes());
        form[32] = u8::from(seen.received);
        form[33..65].copy_from_slice(seen.peer);
        form[73..81].copy_from_slice(&seen.code.to_le_bytes());
        form[81..85].copy_from_slice(&(seen.payload.len() as u32).to_le_bytes());
        form[85..89].copy_from_slice(&seen.wire_len.to_le_bytes());
        form[89..].copy_from_slice(&xxh3_64(seen.payload).to_le_bytes());
        self.value = xxh3_128(&form);
        self.records += 1;
    }

    /// Records folded so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest.
    pub fn value(&self) -> u128 {
        self.value
    }
}
