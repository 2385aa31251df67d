//! What processes have done and said, taken in: records, answers, ends.

use std::time::SystemTime;

use simnet::adapter::{NodeAdapter, NodeIndex, Reply};
use simnet::record::{ErrorText, Kind};

use super::ExecAdapter;
use crate::exec::process::{News, Order, Started, What};
use crate::exec::resident::{Asked, Phase};
use crate::exec::wire::{self, Ask, Said, Told};

impl ExecAdapter {
    pub(super) fn take_in(&mut self, News { node, life, what }: News) {
        if let What::Late(refresh) = what {
            if let Some(late) = self.refreshes.remove(&refresh) {
                tracing::debug!(target: "exec", nodes = late.left.len(), "Nodes do not say how they are");
                let _ = late.reply.send(Ok(()));
            }
            return;
        }
        let known = self.nodes[node.0 as usize].as_ref().is_some_and(|resident| resident.life == life);
        if !known {
            return;
        }
        match what {
            What::Started(started) => self.started(node, *started),
            What::Said(Said::Told(told)) => self.told(node, told),
            What::Said(Said::Rpc(text)) => self.answered(node, &text),
            What::Said(Said::Condition(condition)) => {
                self.resident_mut(node).refreshed(condition.info, condition.counts);
                self.condition_known(node);
            }
            What::Ended(why) => self.ended(node, why),
            What::Late(_) => unreachable!("taken in above"),
        }
    }

    fn started(&mut self, node: NodeIndex, started: Started) {
        let now = self.nanos();
        let Some((moved, reply)) = self.resident_mut(node).started(started) else { return };
        let resident = self.resident_mut(node);
        if resident.removed {
            return;
        }
        let record = resident.record(now, Kind::Up);
        self.records.push(record);
        if moved {
            self.add_again(node);
        }
        // What was wanted of it while it started.
        let wanted = self.messages;
        if let Ok(running) = self.running(node) {
            running.say(Ask::Messages(wanted));
        }
        let _ = reply.send(Ok(()));
    }

    /// A node listens elsewhere than before: those who keep dialling it are told where.
    fn add_again(&mut self, node: NodeIndex) {
        let (id, enode) = (self.resident(node).config.id, self.resident(node).enode());
        let diallers: Vec<NodeIndex> =
            self.wanted.iter().filter(|(_, peer)| *peer == id).map(|(dialler, _)| *dialler).collect();
        for dialler in diallers {
            // One that does not run dials nobody when it does.
            let _ = self.add_peer(dialler, enode.clone());
        }
    }

    fn told(&mut self, node: NodeIndex, told: Told) {
        let epoch = self.epoch.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let now = self.nanos();
        let resident = self.resident_mut(node);
        if !resident.removed {
            let record = resident.told(told, epoch, now);
            self.records.extend(record);
        }
    }

    fn answered(&mut self, node: NodeIndex, text: &str) {
        let now = self.nanos();
        let Some((asked, answer)) = self.resident_mut(node).answered(text) else { return };
        // Whoever asked may have given up.
        match asked {
            Asked::Call(reply) => drop(reply.send(answer)),
            Asked::Snapshot(reply) => {
                let saved = answer.map_err(|error| error.to_string()).and_then(|value| {
                    serde_json::from_value(value).map_err(|error| format!("its snapshot: {error}"))
                });
                drop(reply.send(saved.and_then(wire::decode)));
            }
            Asked::AddPeer(peer) => {
                if let Err(error) = answer {
                    let kind = Kind::DialFailed { peer, error: ErrorText(error.to_string()) };
                    let record = self.resident_mut(node).record(now, kind);
                    self.records.push(record);
                }
            }
            Asked::Nobody => {}
        }
    }

    fn ended(&mut self, node: NodeIndex, why: Result<(), String>) {
        let now = self.nanos();
        let resident = self.resident_mut(node);
        let phase = resident.ended();
        let leavers = std::mem::take(&mut resident.leavers);
        match phase {
            Phase::Up(_) if !resident.removed => {
                if let Err(error) = &why {
                    tracing::warn!(target: "exec", name = resident.config.name, error, "Node is down");
                }
                let record = resident.record(now, Kind::Down);
                self.records.push(record);
            }
            Phase::Starting { reply, .. } => {
                let _ = reply.send(why.and_then(|()| Err("stopped while it was starting".to_owned())));
            }
            _ => {}
        }
        if self.resident(node).removed {
            self.forget(node);
        }
        self.wanted.retain(|(dialler, _)| *dialler != node);
        self.condition_known(node);
        for reply in leavers {
            let _ = reply.send(Ok(()));
        }
    }

    /// Orders a node's end; the reply comes with it.
    pub(super) fn end(&mut self, node: NodeIndex, order: Order) -> Reply<()> {
        let resident = self.resident_mut(node);
        if !resident.is_live() {
            return Reply::Now(Ok(()));
        }
        let (reply, later) = Reply::later();
        resident.leavers.push(reply);
        resident.order(order);
        later
    }

    pub(super) fn forget(&mut self, node: NodeIndex) {
        if let Some(gone) = self.nodes[node.0 as usize].take() {
            self.departed.push(gone.chain());
        }
    }

    fn condition_known(&mut self, node: NodeIndex) {
        for refresh in self.refreshes.values_mut() {
            refresh.left.remove(&node);
        }
        for (_, refresh) in self.refreshes.extract_if(.., |_, refresh| refresh.left.is_empty()) {
            let _ = refresh.reply.send(Ok(()));
        }
    }
}
