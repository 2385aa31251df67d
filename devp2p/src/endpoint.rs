//! What the world calls: each call is a turn of the stack. The flow of connections is handled here too.

use std::net::SocketAddr;

use world::{Closed, ConnId, DialError, Endpoint, Parcel, prefetch_first};

use crate::flow::{Hold, WRITE_TIMEOUT, write_timed_out};
use crate::peer::PeerId;
use crate::stack::Stack;
use crate::table::Entry;

/// Of more protocols than this only the first are asked for.
const MANY: usize = 4;

impl Endpoint for Stack {
    fn on_accepted(&self, conn: ConnId, _local: SocketAddr, remote: SocketAddr) {
        self.turn(|| self.handle_accepted(conn, remote));
    }

    fn on_connected(&self, conn: ConnId, _local: SocketAddr) {
        self.turn(|| self.handle_connected(conn));
    }

    fn on_dial_failed(&self, conn: ConnId, error: DialError) {
        self.turn(|| self.handle_dial_failed(conn, error));
    }

    fn on_parcel(&self, conn: ConnId, parcel: Parcel) {
        self.turn(|| self.handle_parcel(conn, parcel));
    }

    fn expect(&self, conn: Option<ConnId>, step: usize) {
        match step {
            0 => {
                if let Some(conn) = conn {
                    self.table.borrow().prefetch(conn);
                }
                prefetch_first(&*self.protocols, 256);
                prefetch_first(&*self.observer, 192);
            }
            1 => {
                if let Some(conn) = conn {
                    let table = self.table.borrow();
                    let entry = table.get(conn).inspect(|entry| entry.prefetch());
                    if !entry.is_some_and(Entry::is_peer) {
                        self.prefetch_admission();
                    }
                }
                for spoken in self.protocols.iter().take(MANY) {
                    spoken.prefetch();
                }
            }
            _ => {
                for spoken in self.protocols.iter().take(MANY) {
                    if let (Some(conn), Ok(handler)) = (conn, spoken.protocol.handler.try_borrow()) {
                        handler.expect(PeerId(conn));
                    }
                }
            }
        }
        self.observer.expect(step);
    }

    fn on_closed(&self, conn: ConnId, how: Closed) {
        self.turn(|| self.handle_closed(conn, how));
    }

    fn on_flow(&self, conn: ConnId, open: bool) {
        self.turn(|| self.handle_flow(conn, open));
    }

    fn on_alarm(&self) {
        self.handle_alarm();
    }
}

impl Stack {
    fn handle_flow(&self, conn: ConnId, open: bool) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(conn) else { return };
        if !open {
            entry.slow.get_or_insert_default().blocked = true;
        } else if let Some(slow) = &mut entry.slow {
            slow.release();
            if slow.idle() {
                entry.slow = None;
            }
        }
    }

    /// What is queued was to be taken by now.
    pub(crate) fn check_write(&self, conn: ConnId) {
        let stuck = self.table.borrow().get(conn).and_then(|entry| entry.slow.as_ref()?.since);
        if stuck.is_some_and(|since| self.world.now() >= since.saturating_add(WRITE_TIMEOUT)) {
            self.disconnect(conn, write_timed_out());
        }
    }

    /// One reader of a connection is full, or no longer. While any is, nothing is taken from the transport.
    pub(crate) fn hold(&self, conn: ConnId, full: bool) {
        self.turn(|| {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(conn) else { return };
            let now = self.world.now();
            let slow = entry.slow.get_or_insert_default();
            if full {
                slow.full += 1;
                if slow.full == 1 {
                    slow.hold = Some(Hold { since: now, until: None });
                    self.net().pause(conn, true);
                }
                return;
            }
            slow.full -= 1;
            if slow.full == 0
                && let Some(hold) = &mut slow.hold
            {
                let until = now.saturating_add(self.local().timing.read_timeout);
                hold.until = Some(until);
                self.net().pause(conn, false);
                self.arm_at(entry, until);
            }
        });
    }
}
