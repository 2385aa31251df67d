//! Which shard each host lives on. No result depends on it; how fast results come does.
//!
//! Hosts are placed when somebody first looks at any, all that have been added by then at once. Hosts of one zone go to
//! one shard, so that what separates shards is the latency between zones and windows are as long as that; unless a zone
//! is so large that the other shards would wait for its one. All others go where there is most room.

use std::collections::BTreeMap;

/// A shard may have so much more than its share, in percent, to keep the hosts of a zone together.
const UNEVEN: usize = 25;

/// See the module.
#[derive(Debug)]
pub(crate) struct Placement {
    /// By host id; those after the last are not placed yet.
    shards: Vec<u16>,
    hosts: u32,
    zones: BTreeMap<u16, u16>,
    /// Hosts on each shard.
    load: Vec<usize>,
}

impl Placement {
    pub(crate) fn new(shards: usize) -> Self {
        Self { shards: Vec::new(), hosts: 0, zones: BTreeMap::new(), load: vec![0; shards] }
    }

    /// One more host; its id.
    pub(crate) fn add(&mut self) -> u32 {
        self.hosts += 1;
        self.hosts - 1
    }

    /// How many hosts there are, placed or not.
    pub(crate) fn hosts(&self) -> u32 {
        self.hosts
    }

    pub(crate) fn shard_of(&self, host: u32) -> usize {
        self.shards[host as usize].into()
    }

    /// Whether every host has its place.
    pub(crate) fn is_settled(&self) -> bool {
        self.shards.len() == self.hosts as usize
    }

    /// Places the hosts that have no place yet; answers the shards of these, in their order.
    pub(crate) fn settle(&mut self, zone_of: impl Fn(u32) -> Option<u16>) -> &[u16] {
        let first = self.shards.len();
        let waiting = first as u32..self.hosts;
        let mut sizes = BTreeMap::<u16, usize>::new();
        waiting.clone().filter_map(&zone_of).for_each(|zone| *sizes.entry(zone).or_default() += 1);
        self.keep_together(sizes);
        for host in waiting {
            let kept = zone_of(host).and_then(|zone| self.zones.get(&zone)).copied();
            let shard = kept.unwrap_or_else(|| self.roomiest());
            if kept.is_none() {
                self.load[usize::from(shard)] += 1;
            }
            self.shards.push(shard);
        }
        &self.shards[first..]
    }

    /// Finds each of these zones a shard that takes all of it, the largest first, if they go evenly over the shards.
    fn keep_together(&mut self, sizes: BTreeMap<u16, usize>) {
        let mut new: Vec<(usize, u16)> = sizes.iter().map(|(zone, size)| (*size, *zone)).collect();
        new.sort_unstable_by_key(|(size, zone)| (usize::MAX - size, *zone));
        let (before, all) =
            (self.load.clone(), self.load.iter().sum::<usize>() + sizes.values().sum::<usize>());
        let known = self.zones.clone();
        for (size, zone) in new {
            let shard = self.zones.get(&zone).copied().unwrap_or_else(|| self.roomiest());
            self.zones.insert(zone, shard);
            self.load[usize::from(shard)] += size;
        }
        let most = self.load.iter().max().expect("there is a shard");
        if most * self.load.len() * 100 > all * (100 + UNEVEN) {
            (self.load, self.zones) = (before, known);
            self.zones.retain(|zone, _| !sizes.contains_key(zone));
        }
    }

    fn roomiest(&self) -> u16 {
        let (shard, _) =
            self.load.iter().enumerate().min_by_key(|(_, load)| **load).expect("there is a shard");
        u16::try_from(shard).expect("a machine has fewer than 65,536 threads")
    }

    /// Whether anything goes from one shard to another between hosts of these zones (`None`: of no zone).
    pub(crate) fn crossings(&self, zone_of: impl Fn(u32) -> Option<u16>) -> Crossings {
        let mut at = BTreeMap::<Option<u16>, Vec<bool>>::new();
        for (host, shard) in self.shards.iter().enumerate() {
            let shards = at.entry(zone_of(host as u32)).or_insert_with(|| vec![false; self.load.len()]);
            shards[usize::from(*shard)] = true;
        }
        Crossings(at)
    }
}

/// The shards that each zone has hosts on.
#[derive(Debug)]
pub(crate) struct Crossings(BTreeMap<Option<u16>, Vec<bool>>);

impl Crossings {
    /// Whether hosts of the one and hosts of the other zone are on different shards.
    pub(crate) fn between(&self, one: Option<u16>, other: Option<u16>) -> bool {
        let (Some(one), Some(other)) = (self.0.get(&one), self.0.get(&other)) else { return false };
        let on = |shards: &[bool]| shards.iter().filter(|on| **on).count();
        on(one) > 1 || on(other) > 1 || one != other
    }

    /// All zones that have hosts.
    pub(crate) fn zones(&self) -> impl Iterator<Item = Option<u16>> {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(shards: usize, zones: &[Option<u16>]) -> (Placement, Vec<u16>) {
        let mut placement = Placement::new(shards);
        for _ in zones {
            placement.add();
        }
        let placed = placement.settle(|host| zones[host as usize]).to_vec();
        (placement, placed)
    }

    #[test]
    fn hosts_without_zones_are_dealt_out_in_turn() {
        assert_eq!(settled(3, &[None; 7]).1, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn a_zone_stays_together_where_that_is_fair() {
        let zones: Vec<_> = (0..40).map(|host| Some(host % 4)).collect();
        let (placement, placed) = settled(2, &zones);
        assert_eq!(placement.load, [20, 20]);
        for (host, shard) in placed.iter().enumerate() {
            assert_eq!(*shard, placed[host % 4], "host {host}");
        }
        let crossings = placement.crossings(|host| zones[host as usize]);
        assert!(!crossings.between(Some(1), Some(1)));
        let apart = (0..4).filter(|zone| crossings.between(Some(0), Some(*zone))).count();
        assert_eq!(apart, 2, "one of the others is on the same shard");
    }

    #[test]
    fn a_zone_too_large_for_one_shard_is_dealt_out() {
        let zones: Vec<_> = (0..20).map(|host| Some(u16::from(host >= 16))).collect();
        let (placement, _) = settled(2, &zones);
        assert_eq!(placement.load, [10, 10]);
        assert!(placement.crossings(|host| zones[host as usize]).between(Some(0), Some(0)));
    }

    #[test]
    fn hosts_that_come_later_join_their_zone() {
        let mut placement = Placement::new(2);
        let zone = |host: u32| Some((host % 2) as u16);
        for _ in 0..10 {
            placement.add();
        }
        let first = placement.settle(zone).to_vec();
        for _ in 0..10 {
            placement.add();
        }
        assert_eq!(placement.settle(zone), first);
        assert!(placement.is_settled());
    }
}
