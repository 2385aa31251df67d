//! Taking connections in. Beyond the handshakes that may be on their way at once, connections wait their turn unread,
//! as they would in the backlog of a socket.

use core::net::SocketAddr;
use std::collections::VecDeque;

use proto::session::Session;
use world::ConnId;

use crate::peer::Flags;
use crate::stack::Stack;
use crate::table::Entry;

/// How many connections may wait for a handshake; those beyond are closed.
const WAITING: usize = 1024;

/// Handshakes of connections that came in.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// On their way.
    active: usize,
    /// Not begun.
    waiting: VecDeque<ConnId>,
}

impl Backlog {
    /// A handshake is over.
    pub(crate) fn release(&mut self) {
        self.active -= 1;
    }
}

impl Stack {
    pub(crate) fn handle_accepted(&self, conn: ConnId, remote: SocketAddr) {
        let mut backlog = self.backlog.borrow_mut();
        if !self.running() || backlog.waiting.len() >= WAITING {
            return self.net().close(conn);
        }
        self.table.borrow_mut().insert(Entry::new(conn, remote.into(), Flags::INBOUND));
        if backlog.active >= self.max_pending {
            self.net().pause(conn, true);
            backlog.waiting.push_back(conn);
            return;
        }
        backlog.active += 1;
        drop(backlog);
        self.begin(conn);
    }

    /// Begins with the next connection that waits, if it may.
    pub(crate) fn accept_next(&self) -> bool {
        let next = {
            let mut backlog = self.backlog.borrow_mut();
            if backlog.active >= self.max_pending {
                return false;
            }
            let Some(next) = backlog.waiting.pop_front() else { return false };
            if self.table.borrow().get(next).is_none() {
                return true; // given up meanwhile
            }
            backlog.active += 1;
            next
        };
        self.begin(next);
        self.net().pause(next, false);
        true
    }

    fn begin(&self, conn: ConnId) {
        self.push(conn, |entry, now, _| {
            entry.slot = true;
            entry.session = Some(Session::accept(self.local(), now));
        });
        self.arm(conn);
    }
}
