//! The texts of an RPC conversation, from the node to whoever holds it.
//!
//! So many wait for a reader and no more. Where there is no room a node in memory keeps what it has to say, within the
//! bounds of its session, until the reader has made some; a process is not read from meanwhile.

use node::Pushed;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Texts that wait at most.
const ROOM: usize = 1024;

/// The node's end.
#[derive(Clone, Debug)]
pub struct RpcOut {
    texts: mpsc::Sender<String>,
    full: Arc<AtomicBool>,
}

/// The reader's end.
#[derive(Debug)]
pub struct RpcTexts {
    texts: mpsc::Receiver<String>,
    full: Arc<AtomicBool>,
}

impl RpcOut {
    /// Both ends.
    pub fn channel() -> (Self, RpcTexts) {
        let (sender, texts) = mpsc::channel(ROOM);
        let full = Arc::<AtomicBool>::default();
        (Self { texts: sender, full: Arc::clone(&full) }, RpcTexts { texts, full })
    }

    /// Says something if there is room.
    pub fn offer(&self, text: String) -> Pushed {
        match self.try_send(text) {
            Pushed::Full(text) => {
                // The reader looks at this after it has read: if it made room just before, it is made use of here.
                self.full.store(true, Ordering::SeqCst);
                self.try_send(text)
            }
            other => other,
        }
    }

    fn try_send(&self, text: String) -> Pushed {
        match self.texts.try_send(text) {
            Ok(()) => Pushed::Taken,
            Err(mpsc::error::TrySendError::Full(text)) => Pushed::Full(text),
            Err(mpsc::error::TrySendError::Closed(_)) => Pushed::Gone,
        }
    }

    /// Says something when there is room. `false` if nobody listens any more.
    pub async fn say(&self, text: String) -> bool {
        self.texts.send(text).await.is_ok()
    }
}

impl RpcTexts {
    /// What the node says next; `None` when it has hung up.
    pub async fn recv(&mut self) -> Option<String> {
        self.texts.recv().await
    }

    /// Whether the node had no room for something and may try again; once.
    pub fn has_room_again(&self) -> bool {
        self.texts.len() <= ROOM / 2 && self.full.swap(false, Ordering::SeqCst)
    }
}
