//! Message codes on the wire and the protocols they belong to (`rlpx.md`, "Capability Messaging").

use std::sync::Arc;

use super::caps::Shared;

/// The largest code that is sent. Protocols have dozens of codes, not a million million.
pub(crate) const MAX_CODE: u64 = (1 << 40) - 3;

/// The code spaces of a session's shared protocols. Sessions with the same ones may have one table.
#[derive(Debug, Default)]
pub(crate) struct Mux(Arc<[Shared]>);

impl Mux {
    pub(crate) fn new(shared: Arc<[Shared]>) -> Self {
        Self(shared)
    }

    pub(crate) fn shared(&self) -> &[Shared] {
        &self.0
    }

    /// Keeps `table` in place of its own if they say the same.
    pub(crate) fn adopt(&mut self, table: &Arc<[Shared]>) {
        if self.0 == *table {
            self.0 = Arc::clone(table);
        }
    }

    /// Which protocol a code on the wire belongs to, and the code relative to it.
    pub(crate) fn owner(&self, code: u64) -> Option<(u16, u64)> {
        let owns = |shared: &&Shared| shared.offset <= code && code - shared.offset < shared.length;
        self.0.iter().find(owns).map(|shared| (shared.local, code - shared.offset))
    }

    /// The code on the wire of a protocol's message; none if the protocol is not shared or has no such code.
    pub(crate) fn wire_code(&self, protocol: u16, code: u64) -> Option<u64> {
        let shared = self.0.iter().find(|shared| shared.local == protocol)?;
        let on_wire = shared.offset.checked_add(code)?;
        (code < shared.length && on_wire <= MAX_CODE).then_some(on_wire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_owners_are_inverse_and_nothing_else_is_owned() {
        let shared = [(4, 16, 17), (0, 33, 0), (2, 33, 3)];
        let mux = Mux::new(shared.map(|(local, offset, length)| Shared { local, offset, length }).into());
        for code in 0..60 {
            let owner = mux.owner(code);
            assert_eq!(owner.is_some(), (16..36).contains(&code), "{code}");
            if let Some((protocol, relative)) = owner {
                assert_eq!(mux.wire_code(protocol, relative), Some(code));
            }
        }
        assert_eq!(mux.owner(u64::MAX), None);
        assert_eq!(mux.owner(33), Some((2, 0)));
        assert_eq!(mux.wire_code(0, 0), None);
        assert_eq!(mux.wire_code(1, 0), None);
        assert_eq!(mux.wire_code(2, 3), None);
        assert_eq!(mux.wire_code(4, u64::MAX), None);
    }

    #[test]
    fn a_table_is_shared_with_whoever_has_the_same() {
        let table = |length| Arc::<[Shared]>::from([Shared { local: 0, offset: 16, length }]);
        let (ours, theirs) = (table(2), table(2));
        let mut mux = Mux::new(ours);
        mux.adopt(&table(3));
        assert_eq!(mux.shared()[0].length, 2);
        mux.adopt(&theirs);
        assert_eq!((mux.shared()[0].length, Arc::strong_count(&theirs)), (2, 2));
    }

    #[test]
    fn code_spaces_without_end_are_used_up_to_the_largest_code() {
        let shared = [(0, 16, u64::MAX), (1, u64::MAX, u64::MAX)];
        let mux = Mux::new(shared.map(|(local, offset, length)| Shared { local, offset, length }).into());
        assert_eq!(mux.wire_code(0, MAX_CODE - 16), Some(MAX_CODE));
        assert_eq!(mux.wire_code(0, MAX_CODE - 15), None);
        assert_eq!(mux.wire_code(1, 0), None);
    }
}
