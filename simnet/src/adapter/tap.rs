//! Which messages become records: what nobody asked for is folded into the digest where it happens, and no more.

use crate::view::EventFilter;

/// Which messages an adapter makes records of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tap {
    /// None.
    #[default]
    Nothing,
    /// Those that pass, of nodes that show their messages.
    Shown(EventFilter),
    /// All, shown or not.
    All,
}

impl Tap {
    /// Whether no message at all becomes a record.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Shown(filter) => filter.messages.is_empty(),
            Self::All => false,
        }
    }

    /// Whether a message of this protocol and code becomes a record; `shown`: at a node that shows its messages.
    pub fn takes(&self, shown: bool, protocol: &str, code: u64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Shown(filter) => shown && filter.wants(protocol, code),
            Self::All => true,
        }
    }

    /// What either takes.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Nothing, tap) | (tap, Self::Nothing) => tap,
            (Self::Shown(mut one), Self::Shown(other)) => {
                one.messages.extend(other.messages);
                Self::Shown(one)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(messages: &[(&str, Option<Vec<u64>>)]) -> Tap {
        let messages = messages.iter().map(|(name, codes)| ((*name).to_owned(), codes.clone())).collect();
        Tap::Shown(EventFilter { messages })
    }

    #[test]
    fn two_taps_take_what_either_takes() {
        let (pings, gossip) = (shown(&[("ping-pong", Some(vec![0]))]), shown(&[("gossip", None)]));
        let both = pings.clone().or(gossip);
        for (protocol, code, taken) in [("ping-pong", 0, true), ("ping-pong", 1, false), ("gossip", 9, true)]
        {
            assert_eq!(both.takes(true, protocol, code), taken, "{protocol} {code}");
            assert!(!both.takes(false, protocol, code), "a node that does not show its messages");
        }
        assert_eq!(pings.clone().or(Tap::Nothing), pings);
        assert!(pings.or(Tap::All).takes(false, "eth", 1));
        assert!(shown(&[]).is_nothing());
    }
}
