//! RLPx, the encrypted transport of devp2p (`rlpx.md`): the handshake that agrees on keys, the frames that carry
//! messages under them, and the compression of what is carried.
//!
//! Byte slices in, byte slices out. Order of messages, time-outs and what a message means are `session`'s business.

pub(crate) mod ecies;
pub mod frame;
pub mod handshake;
pub mod snappy;

pub use frame::{Frame, FrameCodec, FrameError, frame_len};
pub use handshake::{HandshakeError, Initiator, Responder, Secrets};
