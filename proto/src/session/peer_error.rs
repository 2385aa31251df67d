//! Why a session ended: the reason told to the other side, and the error kept on this one.
//!
//! Whoever finds the fault gives it a code and a reason there and then; nobody maps errors to reasons
//! later. The reason inside a [`PeerError`] is what a Disconnect message carries. Codes are local and
//! never cross the wire.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Reason of a Disconnect message (`rlpx.md`, "Disconnect (0x01)").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiscReason {
    /// 0x00: the connection was closed on request.
    Requested,
    /// 0x01: the transport failed. Never sent: there is nothing left to send it on.
    NetworkError,
    /// 0x02: the remote broke a protocol.
    ProtocolError,
    /// 0x03: no protocol in common.
    UselessPeer,
    /// 0x04: no room.
    TooManyPeers,
    /// 0x05: there is a session with this peer.
    AlreadyConnected,
    /// 0x06: base protocol version not spoken here.
    IncompatibleVersion,
    /// 0x07: the identity is not one.
    InvalidIdentity,
    /// 0x08: the node shuts down.
    Quitting,
    /// 0x09: the identity is not the authenticated one.
    UnexpectedIdentity,
    /// 0x0a: the node reached itself.
    SelfConnect,
    /// 0x0b: nothing was heard for too long.
    ReadTimeout,
    /// 0x10: a protocol above the base one failed.
    SubprotocolError,
    /// Any other value.
    Unknown(u8),
}

impl DiscReason {
    /// The byte on the wire.
    pub const fn to_u8(self) -> u8 {
        match self {
            Self::Requested => 0x00,
            Self::NetworkError => 0x01,
            Self::ProtocolError => 0x02,
            Self::UselessPeer => 0x03,
            Self::TooManyPeers => 0x04,
            Self::AlreadyConnected => 0x05,
            Self::IncompatibleVersion => 0x06,
            Self::InvalidIdentity => 0x07,
            Self::Quitting => 0x08,
            Self::UnexpectedIdentity => 0x09,
            Self::SelfConnect => 0x0a,
            Self::ReadTimeout => 0x0b,
            Self::SubprotocolError => 0x10,
            Self::Unknown(value) => value,
        }
    }
}

impl From<u8> for DiscReason {
    fn from(value: u8) -> Self {
        match value {
            0x00 => Self::Requested,
            0x01 => Self::NetworkError,
            0x02 => Self::ProtocolError,
            0x03 => Self::UselessPeer,
            0x04 => Self::TooManyPeers,
            0x05 => Self::AlreadyConnected,
            0x06 => Self::IncompatibleVersion,
            0x07 => Self::InvalidIdentity,
            0x08 => Self::Quitting,
            0x09 => Self::UnexpectedIdentity,
            0x0a => Self::SelfConnect,
            0x0b => Self::ReadTimeout,
            0x10 => Self::SubprotocolError,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for DiscReason {
    /// geth's texts (p2p/peer_error.go); its table has a gap at 0x0c..=0x0f, which prints nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "disconnect requested",
            Self::NetworkError => "network error",
            Self::ProtocolError => "breach of protocol",
            Self::UselessPeer => "useless peer",
            Self::TooManyPeers => "too many peers",
            Self::AlreadyConnected => "already connected",
            Self::IncompatibleVersion => "incompatible p2p protocol version",
            Self::InvalidIdentity => "invalid node identity",
            Self::Quitting => "client quitting",
            Self::UnexpectedIdentity => "unexpected identity",
            Self::SelfConnect => "connected to self",
            Self::ReadTimeout => "read timeout",
            Self::SubprotocolError => "subprotocol error",
            Self::Unknown(0x0c..=0x0f) => "",
            Self::Unknown(value) => return write!(f, "unknown disconnect reason {value}"),
        })
    }
}

impl Error for DiscReason {}

/// What went wrong, seen from this side. Local: the names are stable, their order is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerErrorCode {
    /// A message code that nobody owns.
    InvalidMessageCode,
    /// A payload that does not decode.
    InvalidMessage,
    /// A Ping could not be sent.
    PingFailure,
    /// A Pong could not be sent.
    PongFailure,
    /// The reason says it all.
    DiscReason,
    /// The remote sent a Disconnect.
    RemoteDiscReason,
    /// A protocol could not receive.
    MessageReceive,
    /// A message above the size limit.
    MessageSizeLimit,
    /// A message that came too late to matter.
    MessageObsolete,
    /// A protocol could not send.
    MessageSend,
    /// There is no status of one's own yet.
    LocalStatusNeeded,
    /// The status could not be sent.
    StatusSend,
    /// The remote's status did not come.
    StatusReceive,
    /// The remote's status does not decode.
    StatusDecode,
    /// The remote's status is of another network.
    StatusIncompatible,
    /// A handshake was not over in time.
    HandshakeTimeout,
    /// A second status.
    StatusUnexpected,
    /// The first request could not be sent.
    FirstMessageSend,
    /// For tests.
    Test,
}

impl fmt::Display for PeerErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidMessageCode => "invalid message code",
            Self::InvalidMessage => "invalid message",
            Self::PingFailure => "ping failure",
            Self::PongFailure => "pong failure",
            Self::DiscReason => "disconnect reason",
            Self::RemoteDiscReason => "remote disconnect reason",
            Self::MessageReceive => "failed to receive a message",
            Self::MessageSizeLimit => "too big message",
            Self::MessageObsolete => "obsolete message",
            Self::MessageSend => "failed to send a message",
            Self::LocalStatusNeeded => "need a local status message",
            Self::StatusSend => "failed to send the local status",
            Self::StatusReceive => "failed to receive the remote status",
            Self::StatusDecode => "failed to decode the remote status",
            Self::StatusIncompatible => "incompatible remote status",
            Self::HandshakeTimeout => "handshake timeout",
            Self::StatusUnexpected => "unexpected remote status",
            Self::FirstMessageSend => "failed to send the first message",
            Self::Test => "test error",
        })
    }
}

impl Error for PeerErrorCode {}

/// The error that ends a session. Shown as
/// `PeerError(code=.., reason=.., err=<cause or <nil>>, message=..)`.
#[derive(Clone, Debug)]
pub struct PeerError {
    /// What went wrong, for this side.
    pub code: PeerErrorCode,
    /// What a Disconnect message tells the other side.
    pub reason: DiscReason,
    /// What caused it, if something did.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
    /// Where it happened, with the numbers.
    pub message: Cow<'static, str>,
}

impl PeerError {
    /// An error without a cause.
    pub fn new(code: PeerErrorCode, reason: DiscReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason, cause: None, message: message.into() }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// A payload of `size` bytes under `code` that does not decode: `(code X) (size N)`.
    pub fn invalid_message(code: u64, size: usize, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let message = format!("(code {code:x}) (size {size})");
        Self::new(PeerErrorCode::InvalidMessage, DiscReason::ProtocolError, message).because(cause)
    }

    /// A message of `size` bytes where `limit` are allowed.
    pub fn too_big(reason: DiscReason, size: usize, limit: usize) -> Self {
        let message = format!("message is too large {size}, limit {limit}");
        Self::new(PeerErrorCode::MessageSizeLimit, reason, message)
    }

    /// The transport could not be read: it failed, or what came over it is no RLPx.
    pub fn read_failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(PeerErrorCode::DiscReason, DiscReason::NetworkError, "Peer.run readErr").because(cause)
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerError(code={}, reason={}, err=", self.code, self.reason)?;
        match &self.cause {
            Some(cause) => write!(f, "{cause}")?,
            None => f.write_str("<nil>")?,
        }
        write!(f, ", message={})", self.message)
    }
}

impl Error for PeerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Two errors are the same if they show the same: a cause is compared by its text.
impl PartialEq for PeerError {
    fn eq(&self, other: &Self) -> bool {
        let cause = |error: &Self| error.cause.as_ref().map(ToString::to_string);
        self.code == other.code
            && self.reason == other.reason
            && self.message == other.message
            && cause(self) == cause(other)
    }
}

impl Eq for PeerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_its_byte() {
        for value in 0..=u8::MAX {
            assert_eq!(DiscReason::from(value).to_u8(), value);
        }
    }

    #[test]
    fn reasons_read_as_geth_prints_them() {
        let texts = [
            (0x00, "disconnect requested"),
            (0x01, "network error"),
            (0x02, "breach of protocol"),
            (0x03, "useless peer"),
            (0x04, "too many peers"),
            (0x05, "already connected"),
            (0x06, "incompatible p2p protocol version"),
            (0x07, "invalid node identity"),
            (0x08, "client quitting"),
            (0x09, "unexpected identity"),
            (0x0a, "connected to self"),
            (0x0b, "read timeout"),
            (0x0c, ""),
            (0x0f, ""),
            (0x10, "subprotocol error"),
            (0x11, "unknown disconnect reason 17"),
            (0xff, "unknown disconnect reason 255"),
        ];
        for (value, text) in texts {
            assert_eq!(DiscReason::from(value).to_string(), text, "{value:#04x}");
        }
    }

    #[test]
    fn codes_read_as_erigon_prints_them() {
        use PeerErrorCode as Code;
        let texts = [
            (Code::InvalidMessageCode, "invalid message code"),
            (Code::InvalidMessage, "invalid message"),
            (Code::PingFailure, "ping failure"),
            (Code::PongFailure, "pong failure"),
            (Code::DiscReason, "disconnect reason"),
            (Code::RemoteDiscReason, "remote disconnect reason"),
            (Code::MessageReceive, "failed to receive a message"),
            (Code::MessageSizeLimit, "too big message"),
            (Code::MessageObsolete, "obsolete message"),
            (Code::MessageSend, "failed to send a message"),
            (Code::LocalStatusNeeded, "need a local status message"),
            (Code::StatusSend, "failed to send the local status"),
            (Code::StatusReceive, "failed to receive the remote status"),
            (Code::StatusDecode, "failed to decode the remote status"),
            (Code::StatusIncompatible, "incompatible remote status"),
            (Code::HandshakeTimeout, "handshake timeout"),
            (Code::StatusUnexpected, "unexpected remote status"),
            (Code::FirstMessageSend, "failed to send the first message"),
            (Code::Test, "test error"),
        ];
        for (code, text) in texts {
            assert_eq!(code.to_string(), text, "{code:?}");
            let error = PeerError::new(code, DiscReason::UselessPeer, "here").because("that");
            let shown = format!("PeerError(code={text}, reason=useless peer, err=that, message=here)");
            assert_eq!(error.to_string(), shown);
        }
        // As many as there are, each once.
        let codes: std::collections::BTreeSet<_> = texts.map(|(code, _)| code).into();
        assert_eq!((codes.len(), Code::Test as usize), (19, 18));
    }

    #[test]
    fn a_peer_error_shows_its_four_parts() {
        let plain = PeerError::new(
            PeerErrorCode::RemoteDiscReason,
            DiscReason::TooManyPeers,
            "Peer.run got a remote DiscReason",
        );
        assert_eq!(
            plain.to_string(),
            "PeerError(code=remote disconnect reason, reason=too many peers, err=<nil>, message=Peer.run got a remote DiscReason)"
        );
        let caused = PeerError::invalid_message(16, 3, alloy_rlp::Error::InputTooShort);
        assert_eq!(
            caused.to_string(),
            "PeerError(code=invalid message, reason=breach of protocol, err=input too short, message=(code 10) (size 3))"
        );
        assert_eq!(caused.source().map(ToString::to_string).as_deref(), Some("input too short"));
        assert_eq!(caused, PeerError::invalid_message(16, 3, "input too short"));
        assert_ne!(caused, plain);
    }
}
