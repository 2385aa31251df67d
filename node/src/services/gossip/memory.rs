//! What is remembered: names in the order in which they came, so that the oldest go when there are too many.

use std::collections::{BTreeMap, VecDeque};

/// Names, each with something beside it, `LIMIT` at most: one more and the oldest is forgotten.
#[derive(Debug)]
pub(super) struct Recent<T, const LIMIT: usize> {
    by_name: BTreeMap<u64, T>,
    order: VecDeque<u64>,
}

impl<T, const LIMIT: usize> Default for Recent<T, LIMIT> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<T, const LIMIT: usize> Recent<T, LIMIT> {
    /// False if it is known already; what is beside it stays as it was then.
    pub(super) fn insert(&mut self, name: u64, value: T) -> bool {
        if self.by_name.contains_key(&name) {
            return false;
        }
        if self.order.len() == LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_name.remove(&oldest);
        }
        self.by_name.insert(name, value);
        self.order.push_back(name);
        true
    }

    pub(super) fn contains(&self, name: u64) -> bool {
        self.by_name.contains_key(&name)
    }

    pub(super) fn of(&self, name: u64) -> Option<&T> {
        self.by_name.get(&name)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The newest, up to so many, the oldest of them first.
    pub(super) fn newest(&self, most: usize) -> impl Iterator<Item = u64> {
        self.order.range(self.order.len().saturating_sub(most)..).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_and_new_again() {
        let mut recent = Recent::<char, 2>::default();
        assert!(recent.insert(1, 'a') && recent.insert(2, 'b') && !recent.insert(1, 'x'));
        assert_eq!(recent.of(1), Some(&'a'));
        assert!(recent.insert(3, 'c'));
        assert_eq!((recent.contains(1), recent.len()), (false, 2));
        assert_eq!(recent.newest(1).collect::<Vec<_>>(), [3]);
        assert_eq!(recent.newest(9).collect::<Vec<_>>(), [2, 3]);
        assert!(recent.insert(1, 'd') && !recent.contains(2));
    }
}
