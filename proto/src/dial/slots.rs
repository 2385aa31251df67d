//! How many dials there may be (p2p/server.go and p2p/dial.go in geth).

/// The limits on dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Peers in all.
    pub max_peers: usize,
    /// One in so many peers may be a dialled one; 0 counts as 3, geth's default.
    pub dial_ratio: usize,
    /// No candidates are dialled; static nodes still are.
    pub no_dial: bool,
    /// Dials on their way at once.
    pub max_active: usize,
}

impl Default for Slots {
    /// 50 peers, one in three dialled, 50 dials at once.
    fn default() -> Self {
        Self { max_peers: 50, dial_ratio: 3, no_dial: false, max_active: 50 }
    }
}

impl Slots {
    /// How many dialled peers are wanted: none without dialling or peers, else at least one.
    pub fn max_dialed(&self) -> usize {
        if self.no_dial || self.max_peers == 0 {
            return 0;
        }
        let ratio = if self.dial_ratio == 0 { 3 } else { self.dial_ratio };
        (self.max_peers / ratio).max(1)
    }

    /// How many more candidates may be dialled: twice what is missing, for about half of all dials fail.
    pub fn free(&self, dialed: usize, active: usize) -> usize {
        let wanted = self.max_dialed().saturating_sub(dialed).saturating_mul(2);
        wanted.min(self.max_active).saturating_sub(active)
    }

    /// How many more static nodes may be dialled.
    pub fn free_static(&self, active: usize) -> usize {
        self.max_active.saturating_sub(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialled_peers_are_a_share_of_all() {
        let cases =
            [(50, 3, false, 16), (50, 0, false, 16), (2, 3, false, 1), (0, 3, false, 0), (50, 3, true, 0)];
        for (max_peers, dial_ratio, no_dial, expect) in cases {
            let slots = Slots { max_peers, dial_ratio, no_dial, ..Slots::default() };
            assert_eq!(slots.max_dialed(), expect, "{slots:?}");
        }
    }

    #[test]
    fn room_shrinks_with_peers_and_with_dials() {
        let slots = Slots::default();
        for (dialed, active, expect) in
            [(0, 0, 32), (0, 32, 0), (15, 0, 2), (15, 5, 0), (16, 0, 0), (99, 0, 0)]
        {
            assert_eq!(slots.free(dialed, active), expect, "{dialed} dialled, {active} active");
        }
        let few = Slots { max_active: 4, ..slots };
        assert_eq!(few.free(0, 1), 3);
        assert_eq!(few.free_static(1), 3);
        assert_eq!(few.free_static(9), 0);
    }
}
