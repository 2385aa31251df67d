//! Protocols by the types of their messages: what a [`Handler`] is given and gives is one enum, encoded and decoded where
//! it crosses the wire.
//!
//! ```
//! use devp2p::{Conversation, MessageSet, PeerError, PeerId, Protocol, Talk, Typed, message_set};
//!
//! message_set! {
//!     /// What the doubler says.
//!     #[derive(Debug)]
//!     pub enum Numbers {
//!         /// Double this.
//!         0 => Ask(u64),
//!         /// The double.
//!         1 => Answer(u64),
//!     }
//! }
//!
//! struct Doubler;
//!
//! impl Conversation for Doubler {
//!     type Message = Numbers;
//!
//!     fn on_message(&mut self, from: PeerId, message: Numbers, talk: &mut Talk<'_, '_, Numbers>) -> Result<(), PeerError> {
//!         if let Numbers::Ask(number) = message {
//!             talk.send(from, &Numbers::Answer(2 * number));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! assert_eq!(Numbers::CODES, 2);
//! let protocol = Protocol::typed("double", 1, Typed::new(Doubler));
//! # drop(protocol);
//! ```
//!
//! A conversation may begin with a handshake ([`Conversation::hello`]): nothing else is heard of a peer before its own
//! hello has come and was found good. Every message is shown to [`Accounts`] on its way, in and out.

use crate::context::Context;
use crate::peer::PeerId;
use crate::protocol::{Handler, Message, Protocol};
use proto::session::{DiscReason, Payload, PeerError, PeerErrorCode};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// How long a peer may take for its hello unless [`Typed::within`] says, in the node's time: the base protocol's own limit.
pub const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// Timers of this module have this bit; those of a conversation may not.
const HELLO: u64 = 1 << 63;

/// The messages of a protocol: one kind for each code. Made by [`message_set!`](crate::message_set).
pub trait MessageSet: Sized {
    /// How many codes there are, unused ones below the greatest included.
    const CODES: u64;
    /// Largest payload that is heard, bytes.
    const MAX_SIZE: usize = 16 << 20;

    /// Its code.
    fn code(&self) -> u64;

    /// What follows its code.
    fn payload(&self) -> Payload;

    /// Reads one.
    ///
    /// # Errors
    /// A code that no kind has, or a payload that is none of that kind: the sender's breach of protocol.
    fn read(message: &Message) -> Result<Self, PeerError>;
}

/// Defines the messages of a protocol as an enum with a code and a payload for each of its kinds, and how they are read
/// and written. Payloads are anything that is RLP both ways.
#[macro_export]
macro_rules! message_set {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$kind_meta:meta])* $code:literal => $kind:ident($payload:ty)),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$kind_meta])* $kind($payload)),+ }

        impl $crate::MessageSet for $name {
            const CODES: u64 = {
                let (codes, mut at, mut most) = ([$($code),+], 0, 0);
                while at < codes.len() {
                    if codes[at] > most {
                        most = codes[at];
                    }
                    at += 1;
                }
                most + 1
            };

            fn code(&self) -> u64 {
                match self { $(Self::$kind(_) => $code),+ }
            }

            fn payload(&self) -> $crate::Payload {
                match self { $(Self::$kind(payload) => $crate::Payload::encode(payload)),+ }
            }

            fn read(message: &$crate::Message) -> ::core::result::Result<Self, $crate::PeerError> {
                match message.code {
                    $($code => message.decode().map(Self::$kind),)+
                    code => ::core::result::Result::Err($crate::unknown_code(code)),
                }
            }
        }
    };
}

/// The fault of who sends a code below [`MessageSet::CODES`] that no message has.
#[doc(hidden)]
pub fn unknown_code(code: u64) -> PeerError {
    PeerError::new(PeerErrorCode::InvalidMessageCode, DiscReason::ProtocolError, format!("code={code}"))
}

/// What a protocol does, over messages of one type. As [`Handler`], beside that.
pub trait Conversation {
    /// What is said.
    type Message: MessageSet;

    /// What is said first to a peer. If there is something, the peer has to say its own in return before
    /// [`on_peer`](Self::on_peer) is called.
    #[allow(unused_variables)]
    fn hello(&mut self, peer: PeerId) -> Option<Self::Message> {
        None
    }

    /// The peer's hello. An error ends the peer: [`incompatible`] makes a fitting one.
    #[allow(unused_variables)]
    fn on_hello(&mut self, from: PeerId, hello: Self::Message) -> Result<(), PeerError> {
        Ok(())
    }

    /// A peer has arrived, and its hello was good.
    #[allow(unused_variables)]
    fn on_peer(&mut self, peer: PeerId, talk: &mut Talk<'_, '_, Self::Message>) -> Result<(), PeerError> {
        Ok(())
    }

    /// A message came.
    fn on_message(
        &mut self,
        from: PeerId,
        message: Self::Message,
        talk: &mut Talk<'_, '_, Self::Message>,
    ) -> Result<(), PeerError>;

    /// A message may soon come from this peer: see [`Handler::expect`].
    #[allow(unused_variables)]
    fn expect(&self, from: PeerId) {}

    /// A time set with [`Context::set_timer`] has come. Numbers from 2⁶³ on are not the conversation's.
    #[allow(unused_variables)]
    fn on_timer(&mut self, timer: u64, talk: &mut Talk<'_, '_, Self::Message>) {}

    /// A peer that had arrived is gone.
    #[allow(unused_variables)]
    fn on_drop(&mut self, peer: PeerId, error: &PeerError, talk: &mut Talk<'_, '_, Self::Message>) {}

    /// What the node's information shows for this protocol.
    fn node_info(&self) -> Option<Value> {
        None
    }
}

/// The fault of a peer whose hello is of another network.
pub fn incompatible(message: impl Into<Cow<'static, str>>) -> PeerError {
    PeerError::new(PeerErrorCode::StatusIncompatible, DiscReason::UselessPeer, message)
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// To the peer.
    Sent,
    /// From it.
    Received,
}

/// Sees every message before it is sent and before it is handled: whoever keeps balances with peers, or counts.
pub trait Accounts<M> {
    /// A message of so many bytes. An error ends the peer, and the message goes no further.
    fn account(&mut self, peer: PeerId, flow: Flow, message: &M, size: usize) -> Result<(), PeerError>;
}

/// Keeps none.
impl<M> Accounts<M> for () {
    fn account(&mut self, _: PeerId, _: Flow, _: &M, _: usize) -> Result<(), PeerError> {
        Ok(())
    }
}

/// A conversation as a [`Handler`]: with its handshake, and its accounts.
pub struct Typed<C, A = ()> {
    conversation: C,
    accounts: A,
    within: Duration,
    /// Peers whose hello has not come, with the timer that ends their time for it.
    awaited: BTreeMap<PeerId, u64>,
    timers: u64,
}

impl<C: Conversation> Typed<C> {
    /// Without accounts.
    pub fn new(conversation: C) -> Self {
        Self { conversation, accounts: (), within: HELLO_WITHIN, awaited: BTreeMap::new(), timers: 0 }
    }
}

impl<C: Conversation, A> Typed<C, A> {
    /// The same with accounts.
    #[must_use]
    pub fn with_accounts<B: Accounts<C::Message>>(self, accounts: B) -> Typed<C, B> {
        let Self { conversation, within, awaited, timers, .. } = self;
        Typed { conversation, accounts, within, awaited, timers }
    }

    /// The same with another time for a peer's hello.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// The conversation.
    pub fn conversation(&self) -> &C {
        &self.conversation
    }

    /// Its accounts.
    pub fn accounts(&self) -> &A {
        &self.accounts
    }
}

impl<C, A> fmt::Debug for Typed<C, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("awaited", &self.awaited.len()).finish_non_exhaustive()
    }
}

/// What a conversation can do while something happens to it.
pub struct Talk<'a, 'b, M> {
    cx: &'a mut Context<'b>,
    accounts: &'a mut dyn Accounts<M>,
}

impl<'b, M: MessageSet> Talk<'_, 'b, M> {
    /// Sends a message. See [`Context::send`].
    pub fn send(&mut self, peer: PeerId, message: &M) {
        self.send_payload(peer, message, &message.payload());
    }

    /// Sends to all peers of this protocol but `except`, encoded once.
    pub fn broadcast(&mut self, except: Option<PeerId>, message: &M) {
        let payload = message.payload();
        for peer in self.cx.peers().filter(|peer| Some(*peer) != except) {
            self.send_payload(peer, message, &payload);
        }
    }

    fn send_payload(&mut self, peer: PeerId, message: &M, payload: &Payload) {
        match self.accounts.account(peer, Flow::Sent, message, payload.len()) {
            Ok(()) => self.cx.send_payload(peer, message.code(), payload),
            Err(error) => self.cx.disconnect(peer, error),
        }
    }

    /// Everything that has nothing to do with messages.
    pub fn context(&mut self) -> &mut Context<'b> {
        self.cx
    }
}

impl<M> fmt::Debug for Talk<'_, '_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").field("cx", &self.cx).finish_non_exhaustive()
    }
}

impl<C: Conversation, A: Accounts<C::Message>> Handler for Typed<C, A> {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let hello = self.conversation.hello(peer);
        let talk = &mut Talk { cx, accounts: &mut self.accounts };
        let Some(hello) = hello else { return self.conversation.on_peer(peer, talk) };
        talk.send(peer, &hello);
        let timer = HELLO | self.timers;
        self.timers += 1;
        self.awaited.insert(peer, timer);
        talk.cx.set_timer(self.within, timer);
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let size = message.payload.len();
        if size > C::Message::MAX_SIZE {
            return Err(PeerError::too_big(DiscReason::SubprotocolError, size, C::Message::MAX_SIZE));
        }
        let awaited = self.awaited.remove(&from);
        let read = C::Message::read(&message).map_err(|error| match awaited {
            Some(_) => PeerError { code: PeerErrorCode::StatusDecode, ..error },
            None => error,
        })?;
        self.accounts.account(from, Flow::Received, &read, size)?;
        let talk = &mut Talk { cx, accounts: &mut self.accounts };
        let Some(timer) = awaited else { return self.conversation.on_message(from, read, talk) };
        talk.cx.cancel_timer(timer);
        self.conversation.on_hello(from, read)?;
        self.conversation.on_peer(from, talk)
    }

    fn expect(&self, from: PeerId) {
        self.conversation.expect(from);
    }

    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {
        if timer & HELLO == 0 {
            return self.conversation.on_timer(timer, &mut Talk { cx, accounts: &mut self.accounts });
        }
        let late = self.awaited.iter().find(|(_, awaited)| **awaited == timer).map(|(peer, _)| *peer);
        if let Some(peer) = late {
            let message = format!("no hello within {:?}", self.within);
            let error = PeerError::new(PeerErrorCode::HandshakeTimeout, DiscReason::ReadTimeout, message);
            cx.disconnect(peer, error);
        }
    }

    fn on_drop(&mut self, peer: PeerId, error: &PeerError, cx: &mut Context<'_>) {
        match self.awaited.remove(&peer) {
            Some(timer) => cx.cancel_timer(timer),
            None => self.conversation.on_drop(peer, error, &mut Talk { cx, accounts: &mut self.accounts }),
        }
    }

    fn node_info(&self) -> Option<Value> {
        self.conversation.node_info()
    }
}

impl Protocol {
    /// A protocol over messages of one type.
    pub fn typed<C, A>(name: impl Into<Cow<'static, str>>, version: u32, typed: Typed<C, A>) -> Self
    where
        C: Conversation + 'static,
        A: Accounts<C::Message> + 'static,
    {
        Self::new(name, version, C::Message::CODES, Rc::new(RefCell::new(typed)))
    }
}
