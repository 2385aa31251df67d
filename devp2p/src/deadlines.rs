//! When sessions are looked at: lazily, with one queued look per connection. What a session hears moves its deadline
//! back, which costs nothing here: the look that comes too early queues the next.

use core::time::Duration;

use proto::Moment;
use world::ConnId;

use crate::stack::Stack;
use crate::table::Entry;
use crate::timers::Due;

impl Stack {
    /// Queues a look at a session's deadline, unless one is queued that comes early enough.
    pub(crate) fn arm(&self, conn: ConnId) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(conn) else { return };
        if let Some(at) = entry.session.as_ref().and_then(|session| session.deadline()) {
            self.arm_at(entry, at);
        }
    }

    pub(crate) fn arm_at(&self, entry: &mut Entry, at: Duration) {
        if entry.armed > at.into() {
            entry.armed = at.into();
            self.timers().push(at, Due::Session(entry.conn.index()));
        }
    }

    /// A look at a session's deadline is due.
    pub(crate) fn look_at(&self, place: usize, at: Duration) {
        // Whoever has taken the place of the one it was queued for is not armed for that moment, and nothing happens.
        let Some(conn) = self.table.borrow().conn_at(place) else { return };
        let read_timeout = self.local().timing.read_timeout;
        let mut again = false;
        self.push(conn, |entry, now, out| {
            if entry.armed != at.into() {
                return; // an earlier look has taken its place
            }
            entry.armed = Moment::NEVER;
            let hold = entry.slow.as_ref().and_then(|slow| slow.hold);
            if let Some(hold) = hold.filter(|hold| now >= hold.since.saturating_add(read_timeout)) {
                match hold.until {
                    None => return, // looked at again when reading goes on
                    Some(until) if now < until => return self.arm_at(entry, until),
                    Some(_) => {}
                }
            }
            if let Some(session) = &mut entry.session {
                session.handle_deadline(now, out);
                again = true;
            }
        });
        if again {
            self.arm(conn);
        }
    }
}
