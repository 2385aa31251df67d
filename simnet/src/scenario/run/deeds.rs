//! What the timeline does to the network, and what undoes it.

use super::agenda::Due;
use super::{Progress, Run, RunError, while_};
use crate::condition::{Condition, Restraint};
use crate::error::NetworkError;
use crate::scenario::select::Selector;
use crate::scenario::timeline::{Deed, Ending};
use devp2p::NodeId;
use std::time::Duration;
use world::sim::HostLink;

/// The shortest time that a node that churns is up or away: without one, time could stand still.
const SHORTEST: Duration = Duration::from_millis(1);

impl<P: FnMut(Progress)> Run<'_, P> {
    /// An entry of the timeline is due.
    pub(super) async fn begin(&mut self, place: usize, at: Duration) -> Result<(), RunError> {
        let scenario = self.scenario;
        let entry = &scenario.timeline[place];
        match &entry.deed {
            Deed::Start { who, over, .. } => {
                for node in self.select(place, who) {
                    let at = at + self.within(place, *over);
                    self.agenda.put(at, Due::Arrive { entry: place, node });
                }
            }
            Deed::Stop { who, over, .. } => {
                for node in self.select(place, who) {
                    let at = at + self.within(place, *over);
                    self.agenda.put(at, Due::Leave { entry: place, node });
                }
            }
            Deed::Churn { who, .. } => {
                let who = self.select(place, who);
                self.churning.insert(place, who.len());
                for node in who {
                    self.leave_later(place, node, at);
                }
            }
            Deed::Connect(one, other) => {
                let (one, other) = (self.select(place, one)[0], self.select(place, other)[0]);
                self.befriend(one, other);
                self.dial(one, vec![other]).await?;
            }
            Deed::Disconnect(one, other) => {
                let (one, other) = (self.select(place, one)[0], self.select(place, other)[0]);
                self.part(one, other).await?;
            }
            Deed::Impose { one, other, both_ways, effect } => {
                let one = self.select(place, one);
                let other = other.as_ref().map(|other| self.select(place, other));
                let ids = |nodes: &[usize]| nodes.iter().map(|node| self.ids[*node]).collect::<Vec<_>>();
                // Two that were drawn may have drawn the same.
                let other =
                    other.map(|other| ids(&other).into_iter().filter(|id| !ids(&one).contains(id)).collect());
                let restraint = Restraint { one: ids(&one), other, both_ways: *both_ways, effect: *effect };
                let id = self.handle.impose(restraint).await.map_err(while_("changing the links"))?;
                self.imposed.insert(place, id);
                self.undo_later(place, at);
            }
            Deed::Heal(name) => self.heal(name.as_deref()).await?,
            Deed::Link { between, both_ways, change } => {
                let before = match between {
                    None => self.change_default(*change).await?,
                    Some((from, to)) => {
                        let (from, to) = (self.select(place, from), self.select(place, to));
                        self.change_links(&from, &to, *both_ways, *change).await?
                    }
                };
                self.restore_later(place, at, before);
            }
            Deed::Line { who, line } => {
                let who = self.select(place, who);
                let before = self.change_lines(&who, *line).await?;
                self.restore_later(place, at, before);
            }
            Deed::Snapshot(name) => {
                let snapshot = self.handle.snapshot(Vec::new(), Vec::new()).await;
                self.snapshots.push((name.clone(), snapshot.map_err(while_("taking a snapshot"))?));
            }
        }
        Ok(())
    }

    fn select(&mut self, entry: usize, who: &Selector) -> Vec<usize> {
        self.cast.select(who, &mut self.streams[entry])
    }

    /// A moment within so long.
    fn within(&mut self, entry: usize, over: Duration) -> Duration {
        if over.is_zero() { over } else { over.mul_f64(self.streams[entry].unit()) }
    }

    // --- nodes ---------------------------------------------------------------------------------------------------

    /// A node that an entry starts; it looks for peers among those that are up.
    pub(super) async fn arrive(&mut self, entry: usize, node: usize) -> Result<(), RunError> {
        if !self.start(node).await? {
            return Ok(());
        }
        let Deed::Start { peers, of, .. } = &self.scenario.timeline[entry].deed else { return Ok(()) };
        let Some(peers) = *peers else { return self.rejoin(node).await };
        let mut others = self.select(entry, of);
        self.streams[entry].shuffle(&mut others);
        let ids = self.ids.clone();
        let found = self.handle.read(move |state| {
            let is_up =
                |other: &usize| *other != node && state.node(&ids[*other]).is_some_and(|node| node.up);
            others.into_iter().filter(is_up).take(peers).collect::<Vec<_>>()
        });
        let found = found.await.map_err(while_("looking for peers"))?;
        for other in &found {
            self.befriend(node, *other);
        }
        self.dial(node, found).await
    }

    /// A node that an entry ends.
    pub(super) async fn leave(&mut self, entry: usize, node: usize, at: Duration) -> Result<(), RunError> {
        let timeline = &self.scenario.timeline[entry];
        let (how, back) = match &timeline.deed {
            Deed::Stop { how, back, .. } => (*how, back.then(|| timeline.lasting.unwrap_or_default())),
            Deed::Churn { how, down, .. } => (*how, Some(down.draw(&mut self.streams[entry]).max(SHORTEST))),
            _ => return Ok(()),
        };
        let name = self.cast.members()[node].name.clone();
        let gone = match how {
            Ending::Stop => self.handle.stop_node(&name).await,
            Ending::Crash => self.handle.crash_node(&name).await,
        };
        match gone {
            // Something else has ended it, or forgotten it.
            Err(NetworkError::AlreadyDown(_) | NetworkError::UnknownNode(_)) => {}
            gone => drop(gone.map_err(while_("ending a node"))?),
        }
        if let Some(back) = back {
            self.agenda.put(at + back, Due::Return { entry, node });
        }
        Ok(())
    }

    /// A node that an entry ended is back; with churn, it will go again.
    pub(super) async fn come_back(
        &mut self,
        entry: usize,
        node: usize,
        at: Duration,
    ) -> Result<(), RunError> {
        if self.start(node).await? {
            self.rejoin(node).await?;
        }
        self.leave_later(entry, node, at);
        Ok(())
    }

    /// With churn, a node that is up from now on will go, unless that is over by then.
    fn leave_later(&mut self, entry: usize, node: usize, now: Duration) {
        let churn = &self.scenario.timeline[entry];
        let Deed::Churn { up, of_all, .. } = &churn.deed else { return };
        let drawn = up.draw(&mut self.streams[entry]);
        // Where one of many goes so often, each goes so much more seldom.
        let many = if *of_all { self.churning.get(&entry).copied().unwrap_or(1) as u32 } else { 1 };
        let at = now.saturating_add(drawn.saturating_mul(many).max(SHORTEST));
        if churn.lasting.is_none_or(|lasting| at < churn.at + lasting) {
            self.agenda.put(at, Due::Leave { entry, node });
        }
    }

    /// Whether it was this that started it.
    async fn start(&self, node: usize) -> Result<bool, RunError> {
        match self.handle.start_node(&self.cast.members()[node].name).await {
            Err(NetworkError::AlreadyUp(_) | NetworkError::UnknownNode(_)) => Ok(false),
            started => started.map(|_| true).map_err(while_("starting a node")),
        }
    }

    /// A node that is back dials those it was connected with.
    async fn rejoin(&self, node: usize) -> Result<(), RunError> {
        let friends = self.friends.get(&node).map(|friends| friends.iter().copied().collect());
        self.dial(node, friends.unwrap_or_default()).await
    }

    async fn dial(&self, node: usize, others: Vec<usize>) -> Result<(), RunError> {
        let pairs = others.into_iter().map(|other| (self.ids[node], self.ids[other])).collect();
        self.handle.dial_all(pairs).await.map_err(while_("connecting the nodes"))
    }

    async fn part(&mut self, one: usize, other: usize) -> Result<(), RunError> {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(friends) = self.friends.get_mut(&one) {
                friends.remove(&other);
            }
        }
        let [one, other] = [one, other].map(|node| self.cast.members()[node].name.as_str());
        match self.handle.disconnect(one, other, crate::handle::Until::Asked).await {
            Err(NetworkError::AlreadyDisconnected(..) | NetworkError::NoConnection(..)) => Ok(()),
            parted => parted.map(drop).map_err(while_("disconnecting two nodes")),
        }
    }

    // --- links and lines -----------------------------------------------------------------------------------------

    fn undo_later(&mut self, entry: usize, at: Duration) {
        if let Some(lasting) = self.scenario.timeline[entry].lasting {
            self.agenda.put(at + lasting, Due::Undo(entry));
        }
    }

    fn restore_later(&mut self, entry: usize, at: Duration, before: Vec<Condition>) {
        if let Some(lasting) = self.scenario.timeline[entry].lasting {
            self.agenda.put(at + lasting, Due::Restore(before));
        }
    }

    /// What an entry imposed ends, unless it has.
    pub(super) async fn undo(&mut self, entry: usize) -> Result<(), RunError> {
        let Some(id) = self.imposed.remove(&entry) else { return Ok(()) };
        match self.handle.lift(id).await {
            Err(NetworkError::NoRestraint(_)) => Ok(()),
            lifted => lifted.map_err(while_("changing the links")),
        }
    }

    async fn heal(&mut self, name: Option<&str>) -> Result<(), RunError> {
        let timeline = &self.scenario.timeline;
        let meant = |entry: &usize| name.is_none() || timeline[*entry].name.as_deref() == name;
        let healed: Vec<usize> = self.imposed.keys().copied().filter(meant).collect();
        for entry in healed {
            self.undo(entry).await?;
        }
        Ok(())
    }

    pub(super) async fn restore(&self, before: Vec<Condition>) -> Result<(), RunError> {
        self.handle.set_conditions(before).await.map_err(while_("changing the links"))
    }

    /// Answers what brings the links back that were there.
    async fn change_default(&self, change: crate::condition::LinkChange) -> Result<Vec<Condition>, RunError> {
        let before = self.handle.default_link().await.map_err(while_("changing the links"))?;
        self.handle.change_default_link(change).await.map_err(while_("changing the links"))?;
        Ok(vec![Condition::DefaultLink(before)])
    }

    async fn change_links(
        &self,
        from: &[usize],
        to: &[usize],
        both_ways: bool,
        change: crate::condition::LinkChange,
    ) -> Result<Vec<Condition>, RunError> {
        let there = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
        let back = there.clone().filter(|_| both_ways).map(|(from, to)| (to, from));
        let mut pairs: Vec<(NodeId, NodeId)> = there
            .chain(back)
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (self.ids[from], self.ids[to]))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        self.handle.change_links_of(pairs, change).await.map_err(while_("changing the links"))
    }

    async fn change_lines(&self, who: &[usize], line: HostLink) -> Result<Vec<Condition>, RunError> {
        let conditions = self.handle.conditions().await.map_err(while_("changing the lines"))?;
        let lines = |line: &dyn Fn(&NodeId) -> HostLink| -> Vec<Condition> {
            let ids = who.iter().map(|node| self.ids[*node]);
            ids.map(|node| Condition::Line { node, line: line(&node) }).collect()
        };
        let before = lines(&|node| conditions.line(node).unwrap_or(HostLink::UNLIMITED));
        self.handle.set_conditions(lines(&|_| line)).await.map_err(while_("changing the lines"))?;
        Ok(before)
    }
}
