//! What has happened: taken in from the adapter, folded into the state, written to the log, shown to subscribers.

use super::{Member, Network};
use crate::error::NetworkError;
use crate::record::{Asked, Kind, Record};
use crate::state::Change;
use crate::subscribe::{Subscriber, Subscription};
use crate::view::{ConnView, Event, EventFilter, EventKind};
use devp2p::NodeId;
use serde_json::json;
use std::time::Duration;

impl Network {
    /// Subscribes; with `current` the present state comes first, as events.
    pub fn subscribe(&mut self, filter: EventFilter, current: bool) -> Subscription {
        let first = if current { self.current_events() } else { Vec::new() };
        let (subscriber, subscription) = Subscriber::new(filter, first);
        self.log.subscribe(subscriber);
        self.tap_messages();
        subscription
    }

    fn current_events(&self) -> Vec<Event> {
        let nodes = self.nodes().into_iter().map(|view| EventKind::Node(Box::new(view)));
        let up = self.state.conns().filter(|conn| conn.up).map(|conn| EventKind::Conn(self.state.view(conn)));
        nodes.chain(up).map(|kind| self.event(self.nanos(), false, kind, None)).collect()
    }

    fn event(&self, time: u64, control: bool, kind: EventKind, data: Option<serde_json::Value>) -> Event {
        let time = Duration::from_nanos(time);
        Event { time, calendar: self.epoch + time, control, kind, data }
    }

    /// Lets everything happen that happens before `until`, and takes it into the log.
    pub fn run_until(&mut self, until: Duration) -> Result<(), NetworkError> {
        self.check()?;
        self.adapter.run_until(until)?;
        self.collect()?;
        self.room.look(self.adapter.now(), self.records.len())
    }

    /// Takes what has happened into the log.
    pub(super) fn collect(&mut self) -> Result<(), NetworkError> {
        let mut records = std::mem::take(&mut self.records);
        records.clear();
        self.adapter.collect(&mut records);
        self.write_captures()?;
        let taken = self.take_in(&records);
        self.records = records;
        taken
    }

    pub(super) fn asked(&mut self, asked: Asked) -> Result<(), NetworkError> {
        let record = self.log.record(self.nanos(), Kind::Asked(asked));
        self.take_in(&[record])
    }

    pub(super) fn take_in(&mut self, records: &[Record]) -> Result<(), NetworkError> {
        if records.is_empty() {
            return Ok(());
        }
        if self.log.forget_gone() {
            self.tap_messages();
        }
        for record in records {
            if let (Kind::DialFailed { peer, error }, Some(origin)) = (&record.kind, record.origin.index()) {
                self.dial_failed(origin, *peer, &error.0);
            }
            let before = if self.log.has_subscribers() { self.control_event(record) } else { None };
            let mut changes = std::mem::take(&mut self.changes);
            self.state.fold(record, &mut changes);
            if self.log.has_subscribers() {
                if let Some(event) = before {
                    self.log.publish(event, |_| true);
                }
                self.publish(record, &changes);
            }
            self.watching.note(record, &changes, &self.state);
            if let Some(meter) = &mut self.meter {
                meter.note(record, &changes);
            }
            changes.clear();
            self.changes = changes;
        }
        let written = self.log.write(records);
        self.broken = self.broken.take().or_else(|| written.clone().err());
        written
    }

    /// The connections that a node was asked for and keeps dialling.
    pub(crate) fn wanted_by(&self, id: &NodeId) -> Vec<(NodeId, NodeId)> {
        let wanted = self.position(id).map(|position| self.state.wanted_by(position));
        wanted.unwrap_or_default().into_iter().map(|other| (*id, self.state.nodes()[other].id)).collect()
    }

    /// The node that a record is from. Indices rise in the order of creation.
    fn member_of(&self, origin: usize) -> Option<&Member> {
        Some(&self.nodes[self.position_of(origin)?])
    }

    fn position_of(&self, origin: usize) -> Option<usize> {
        self.nodes.binary_search_by_key(&origin, |member| member.index.0 as usize).ok()
    }

    fn dial_failed(&mut self, origin: usize, peer: NodeId, error: &str) {
        if let Some(member) = self.member_of(origin) {
            self.failures.insert((member.config.id, peer), error.to_owned());
        }
    }

    /// The control event of something asked, where there is one: the original's show the state before.
    fn control_event(&self, record: &Record) -> Option<Event> {
        let Kind::Asked(asked) = &record.kind else { return None };
        let conn = |one: &NodeId, other: &NodeId, up, verb: &str| {
            let view = ConnView { one: *one, other: *other, up };
            self.event(record.time, true, EventKind::Conn(view), Some(json!({ "verb": verb })))
        };
        match asked {
            Asked::Stop { id } => {
                let mut view = self.node_view(*id).ok()?;
                view.up = false;
                let verb = Some(json!({ "verb": "stop" }));
                Some(self.event(record.time, true, EventKind::Node(Box::new(view)), verb))
            }
            Asked::Connect { one, other } => Some(conn(one, other, false, "connect")),
            Asked::Disconnect { one, other } => Some(conn(one, other, true, "disconnect")),
            Asked::Condition(condition) => {
                let data = serde_json::to_value(condition).expect("its keys are texts");
                Some(self.event(record.time, true, EventKind::Condition, Some(data)))
            }
            _ => None,
        }
    }

    fn publish(&mut self, record: &Record, changes: &[Change]) {
        for change in changes {
            let control = matches!(record.kind, Kind::Asked(_));
            let (kind, data) = match change {
                Change::Node(position) => {
                    let data = control.then(|| json!({ "verb": "create" }));
                    (EventKind::Node(Box::new(self.view_at(*position))), data)
                }
                Change::Conn(view, error) => {
                    (EventKind::Conn(*view), error.as_ref().map(|error| json!({ "error": error })))
                }
            };
            let event = self.event(record.time, control, kind, data);
            self.log.publish(event, |_| true);
        }
        if let (Kind::Message(message), Some(origin)) = (&record.kind, record.origin.index()) {
            if !self.log.is_heard(&message.protocol.name, message.code) {
                return;
            }
            let Some(member) = self.member_of(origin) else { return };
            if !member.config.enable_msg_events {
                return;
            }
            let own = member.config.id;
            let (one, other) = if message.received { (message.peer, own) } else { (own, message.peer) };
            let (protocol, code) = (message.protocol.name.clone(), message.code);
            let (received, size) = (message.received, message.size);
            let kind = EventKind::Msg { one, other, protocol, code, received, size };
            let event = self.event(record.time, false, kind, None);
            self.log.publish(event, |subscriber| subscriber.filter.wants(&message.protocol.name, code));
        }
    }
}
