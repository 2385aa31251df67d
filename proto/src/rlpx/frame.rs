//! RLPx frames (`rlpx.md`, "Framing"): one message each, encrypted with AES-256-CTR and authenticated by a running
//! Keccak-256 in each direction. A message is a code and a payload; compression is [`super::snappy`]'s.
//!
//! ```text
//! header (16): size of the data (3) || C2 80 80 || zeros      encrypted
//! MAC of the header (16)
//! data: rlp(code) || payload, filled up to 16 with zeros      encrypted
//! MAC of the data (16)
//! ```
//!
//! Both directions share one key schedule for the data and one for the MACs, since the keys are the same; the cipher's
//! position is a block count, since all that is encrypted is whole blocks. The MAC of a header is seeded with the digest
//! of what went before, which is the MAC of the frame before: it is kept, and one of four permutations saved.

use aes::Aes256Enc;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipherCore};
use alloy_rlp::{Decodable, Encodable};
use bytes::{Buf, Bytes, BytesMut};
use ctr::{CtrCore, flavors};
use sha3::{Digest, Keccak256};

use super::handshake::Secrets;

#[cfg(test)]
mod tests;

/// The largest size a header can announce: 16 MiB - 1.
pub const MAX_FRAME: usize = (1 << 24) - 1;

const BLOCK: usize = 16;
const HEADER: usize = 2 * BLOCK;

/// Why a frame was not sealed or not opened. After an error from [`FrameCodec::open`] the codec is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A message that does not fit into a frame was to be sent.
    #[error("message length >= 16MB: {size} bytes with its code")]
    Unsendable {
        /// Bytes of code and payload.
        size: usize,
    },
    /// The header announces more than is accepted at this time.
    #[error("frame of {size} bytes announced, limit {limit}")]
    TooLarge {
        /// The announced size of the data.
        size: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The header is not what the remote sent.
    #[error("bad header MAC")]
    HeaderMac,
    /// The data is not what the remote sent.
    #[error("bad frame MAC")]
    DataMac,
    /// The data does not begin with a code.
    #[error("invalid message code: {0}")]
    Code(alloy_rlp::Error),
}

/// A message as it came out of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The code, as sent: base protocol and subprotocols in one number space.
    pub code: u64,
    /// The payload, still compressed if the session compresses.
    pub payload: Bytes,
}

/// Bytes on the wire of a frame with such a message.
pub fn frame_len(code: u64, payload_len: usize) -> usize {
    HEADER + (code.length() + payload_len).next_multiple_of(BLOCK) + BLOCK
}

/// Both directions of one encrypted session.
pub struct FrameCodec {
    cipher: Aes256Enc,
    mac_cipher: Aes256Enc,
    egress: Direction,
    ingress: Direction,
    limit: u32,
    /// Size of the data whose header has been read.
    awaited: Option<u32>,
}

impl FrameCodec {
    /// The codec for a session with these secrets; accepts frames of any size.
    pub fn new(secrets: Secrets) -> Self {
        Self {
            cipher: Aes256Enc::new(&secrets.aes.into()),
            mac_cipher: Aes256Enc::new(&secrets.mac.into()),
            egress: Direction::new(secrets.egress),
            ingress: Direction::new(secrets.ingress),
            limit: u32::try_from(MAX_FRAME).expect("24 bits"),
            awaited: None,
        }
    }

    /// From now on refuses headers that announce more than `max_frame` bytes of code and payload.
    pub fn set_limit(&mut self, max_frame: usize) {
        self.limit = u32::try_from(max_frame.min(MAX_FRAME)).expect("24 bits");
    }

    /// Appends the frame that carries this message to `out`. On error nothing was appended and the session is intact.
    pub fn seal(&mut self, code: u64, payload: &[u8], out: &mut BytesMut) -> Result<(), FrameError> {
        let size = code.length() + payload.len();
        if size > MAX_FRAME {
            return Err(FrameError::Unsendable { size });
        }
        let start = out.len();
        out.reserve(frame_len(code, payload.len()));
        out.extend_from_slice(&header(size));
        out.extend_from_slice(&[0; BLOCK]);
        code.encode(out);
        out.extend_from_slice(payload);
        out.resize(start + HEADER + size.next_multiple_of(BLOCK), 0);

        let (head, data) = out[start..].split_at_mut(HEADER);
        let (header, header_mac) = head.split_at_mut(BLOCK);
        self.egress.apply(&self.cipher, header);
        header_mac.copy_from_slice(&self.egress.header_mac(&self.mac_cipher, header));
        self.egress.apply(&self.cipher, data);
        let data_mac = self.egress.data_mac(&self.mac_cipher, data);
        out.extend_from_slice(&data_mac);
        Ok(())
    }

    /// Takes the frame off the head of `buf`, if all of it is there; `Ok(None)` asks for more bytes. Its payload stays
    /// in the memory of `buf`. The announced size is checked as soon as the header is there.
    pub fn open(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let size = match self.awaited {
            Some(size) => size,
            None if buf.len() < HEADER => return Ok(None),
            None => self.open_header(buf)?,
        };
        self.awaited = Some(size);
        let size = usize::try_from(size).expect("24 bits");
        let padded = size.next_multiple_of(BLOCK);
        if buf.len() < padded + BLOCK {
            return Ok(None);
        }
        self.awaited = None;
        let mut data = buf.split_to(padded + BLOCK);
        let (encrypted, mac) = data.split_at_mut(padded);
        if self.ingress.data_mac(&self.mac_cipher, encrypted) != *mac {
            return Err(FrameError::DataMac);
        }
        self.ingress.apply(&self.cipher, encrypted);
        data.truncate(size);
        let mut rest = &data[..];
        let code = u64::decode(&mut rest).map_err(FrameError::Code)?;
        data.advance(size - rest.len());
        Ok(Some(Frame { code, payload: data.freeze() }))
    }

    /// How many bytes the buffer must hold before [`open`](Self::open) gets any further.
    pub fn wanted(&self) -> usize {
        match self.awaited {
            None => HEADER,
            Some(size) => usize::try_from(size).expect("24 bits").next_multiple_of(BLOCK) + BLOCK,
        }
    }

    fn open_header(&mut self, buf: &mut BytesMut) -> Result<u32, FrameError> {
        let (header, mac) = buf[..HEADER].split_at_mut(BLOCK);
        if self.ingress.header_mac(&self.mac_cipher, header) != *mac {
            return Err(FrameError::HeaderMac);
        }
        self.ingress.apply(&self.cipher, header);
        let size = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        if size > self.limit {
            let as_usize = |n| usize::try_from(n).expect("24 bits");
            return Err(FrameError::TooLarge { size: as_usize(size), limit: as_usize(self.limit) });
        }
        buf.advance(HEADER);
        Ok(size)
    }
}

impl core::fmt::Debug for FrameCodec {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FrameCodec")
            .field("sent_blocks", &self.egress.blocks)
            .field("received_blocks", &self.ingress.blocks)
            .field("awaited", &self.awaited)
            .finish_non_exhaustive()
    }
}

/// A header in the clear. Its list of two zeros was meant for multiplexing and is constant.
fn header(size: usize) -> [u8; BLOCK] {
    let size = u32::try_from(size).expect("24 bits").to_be_bytes();
    let mut header = [0; BLOCK];
    header[..3].copy_from_slice(&size[1..]);
    header[3..6].copy_from_slice(&[0xc2, 0x80, 0x80]);
    header
}

/// One direction: where its key stream stands, and its MAC.
struct Direction {
    blocks: u64,
    mac: Keccak256,
    /// First half of the digest of all that `mac` has taken in.
    seed: [u8; BLOCK],
}

impl Direction {
    fn new(mac: Keccak256) -> Self {
        Self { blocks: 0, seed: half_digest(&mac), mac }
    }

    /// Encrypts or decrypts the next whole blocks of this direction.
    fn apply(&mut self, cipher: &Aes256Enc, data: &mut [u8]) {
        let position = u128::from(self.blocks).to_be_bytes();
        self.blocks += u64::try_from(data.len() / BLOCK).expect("usize is at most 64 bits");
        CtrCore::<_, flavors::Ctr128BE>::inner_iv_init(cipher, &position.into())
            .apply_keystream_partial(data.into());
    }

    fn header_mac(&mut self, cipher: &Aes256Enc, encrypted: &[u8]) -> [u8; BLOCK] {
        self.whiten(cipher, encrypted)
    }

    fn data_mac(&mut self, cipher: &Aes256Enc, encrypted: &[u8]) -> [u8; BLOCK] {
        self.mac.update(encrypted);
        let digest = half_digest(&self.mac);
        self.seed = digest;
        self.whiten(cipher, &digest)
    }

    /// Takes in the encrypted seed xor `block` and returns the digest after it, the seed of what follows.
    fn whiten(&mut self, cipher: &Aes256Enc, block: &[u8]) -> [u8; BLOCK] {
        let mut mask = self.seed.into();
        cipher.encrypt_block(&mut mask);
        for (mask, byte) in mask.iter_mut().zip(block) {
            *mask ^= byte;
        }
        self.mac.update(mask);
        self.seed = half_digest(&self.mac);
        self.seed
    }
}

/// The first 16 bytes of what the hash would be if nothing followed.
fn half_digest(mac: &Keccak256) -> [u8; BLOCK] {
    let digest: [u8; 32] = mac.clone().finalize().into();
    *digest.first_chunk().expect("16 of 32")
}
