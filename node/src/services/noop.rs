//! A service that does nothing, to measure what a node costs: geth's `NoopService`.

use std::cell::RefCell;
use std::rc::Rc;

use devp2p::{Context, Handler, Message, PeerError, PeerId, Protocol};

use crate::service::Service;

/// Speaks protocol `noop` version 666, which has no messages.
#[derive(Debug)]
pub struct Noop;

struct Silence;

impl Handler for Silence {
    fn on_message(&mut self, _: PeerId, _: Message, _: &mut Context<'_>) -> Result<(), PeerError> {
        Ok(()) // a protocol without codes receives nothing
    }
}

impl Service for Noop {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("noop", 666, 0, Rc::new(RefCell::new(Silence)))]
    }
}
