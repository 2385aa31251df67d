//! Messages without a network: a pipe in memory, for the parts of a protocol that only read and write.
//!
//! A protocol written over [`MessageIo`] runs on a [`PeerIo`] in a node and on a [`PipeEnd`] in a test. As with geth's
//! `p2p.MsgPipe`, a write lasts until the other end has read it, and closing one end closes both.

use alloy_rlp::Encodable;
use devp2p::{Message, Payload, PeerError, PeerIo};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Something that messages are read from and written to.
#[allow(async_fn_in_trait, reason = "nodes, and tests of them, live on one thread")]
pub trait MessageIo {
    /// The next message.
    ///
    /// # Errors
    /// What ended the conversation.
    async fn read_message(&mut self) -> Result<Message, PeerError>;

    /// Sends a message that is encoded already.
    ///
    /// # Errors
    /// What ended the conversation.
    async fn write_payload(&mut self, code: u64, payload: Payload) -> Result<(), PeerError>;

    /// Sends a message.
    ///
    /// # Errors
    /// What ended the conversation.
    async fn write_message(&mut self, code: u64, message: &impl Encodable) -> Result<(), PeerError> {
        self.write_payload(code, Payload::encode(message)).await
    }
}

impl MessageIo for PeerIo {
    async fn read_message(&mut self) -> Result<Message, PeerError> {
        self.read().await
    }

    async fn write_payload(&mut self, code: u64, payload: Payload) -> Result<(), PeerError> {
        Self::write_payload(self, code, &payload).await
    }
}

/// A pipe has been closed, at this end or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("p2p: read or write on closed message pipe")]
pub struct PipeClosed;

/// Two ends: what is written to one is read from the other.
pub fn message_pipe() -> (PipeEnd, PipeEnd) {
    let shared = Rc::<RefCell<Shared>>::default();
    (PipeEnd { shared: Rc::clone(&shared), side: 0 }, PipeEnd { shared, side: 1 })
}

/// One end of a [`message_pipe`]. Dropping it closes the pipe.
pub struct PipeEnd {
    shared: Rc<RefCell<Shared>>,
    side: usize,
}

#[derive(Default)]
struct Shared {
    closed: bool,
    /// By the side that writes.
    lanes: [Lane; 2],
}

/// One direction.
#[derive(Default)]
struct Lane {
    message: Option<Message>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl PipeEnd {
    /// Closes the pipe: whoever reads or writes at either end is told.
    pub fn close(&self) {
        let mut shared = self.shared.borrow_mut();
        shared.closed = true;
        for lane in &mut shared.lanes {
            lane.reader.take().into_iter().chain(lane.writer.take()).for_each(Waker::wake);
        }
    }

    fn poll_read(&self, cx: &Context<'_>) -> Poll<Result<Message, PeerError>> {
        let mut shared = self.shared.borrow_mut();
        if shared.closed {
            return Poll::Ready(Err(PeerError::read_failed(PipeClosed)));
        }
        let lane = &mut shared.lanes[1 - self.side];
        let Some(message) = lane.message.take() else {
            lane.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let Some(writer) = lane.writer.take() {
            writer.wake();
        }
        Poll::Ready(Ok(message))
    }

    /// Puts `message` down once there is room, and is done when it has been taken up.
    fn poll_write(&self, message: &mut Option<Message>, cx: &Context<'_>) -> Poll<Result<(), PeerError>> {
        let mut shared = self.shared.borrow_mut();
        let closed = shared.closed;
        let lane = &mut shared.lanes[self.side];
        match (&lane.message, message.is_some()) {
            (None, false) => return Poll::Ready(Ok(())),
            _ if closed => return Poll::Ready(Err(PeerError::read_failed(PipeClosed))),
            (None, true) => {
                lane.message = message.take();
                if let Some(reader) = lane.reader.take() {
                    reader.wake();
                }
            }
            (Some(_), _) => {}
        }
        lane.writer = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl MessageIo for PipeEnd {
    async fn read_message(&mut self) -> Result<Message, PeerError> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    async fn write_payload(&mut self, code: u64, payload: Payload) -> Result<(), PeerError> {
        let wire_len = payload.snappy_len();
        let mut message = Some(Message { code, payload, wire_len });
        poll_fn(|cx| self.poll_write(&mut message, cx)).await
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for PipeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeEnd").field("closed", &self.shared.borrow().closed).finish_non_exhaustive()
    }
}

/// Why a message was not the one expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WrongMessage {
    /// There was none.
    #[error(transparent)]
    Ended(#[from] PeerError),
    /// Another code.
    #[error("message code mismatch: got {got}, expected {expected}")]
    Code {
        /// What came.
        got: u64,
        /// What should have.
        expected: u64,
    },
    /// Another payload.
    #[error("message payload mismatch:\ngot:  {got}\nwant: {want}")]
    Payload {
        /// What came, in hex.
        got: String,
        /// What should have.
        want: String,
    },
}

/// Reads a message and holds it against the one expected: its code, and its RLP to the byte.
///
/// # Errors
/// It is another one, or none came.
pub async fn expect_message(
    io: &mut impl MessageIo,
    code: u64,
    message: &impl Encodable,
) -> Result<(), WrongMessage> {
    let got = expect_code(io, code).await?.payload;
    let want = Payload::encode(message);
    if got.bytes() == want.bytes() {
        return Ok(());
    }
    Err(WrongMessage::Payload { got: hex::encode(got.bytes()), want: hex::encode(want.bytes()) })
}

/// Reads a message of which only the code is expected.
///
/// # Errors
/// It has another one, or none came.
pub async fn expect_code(io: &mut impl MessageIo, code: u64) -> Result<Message, WrongMessage> {
    let message = io.read_message().await?;
    match message.code == code {
        true => Ok(message),
        false => Err(WrongMessage::Code { got: message.code, expected: code }),
    }
}
