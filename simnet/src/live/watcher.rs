//! One watcher: what it wants, and how far it has seen.

use super::frame::{Clock, EventRow, Frame, Rates, Stat};
use super::mirror::Mirror;
use super::news::{SHOWN, SHOWN_AGAIN};
use super::traffic::Traffic;
use super::{Live, Present};
use crate::adapter::Tap;
use crate::record::Message;
use crate::view::EventFilter;
use std::collections::BTreeMap;

/// Arrivals told in a frame; the others come with the next.
const ARRIVALS: usize = 50_000;

/// What a watcher wants beside nodes, connections and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Samples of messages.
    pub messages: bool,
    /// Messages by connection.
    pub heat: bool,
    /// Events.
    pub events: bool,
    /// Arrivals of the tracked item.
    pub arrivals: bool,
    /// Messages so far by protocol and code.
    pub rates: bool,
}

impl Wants {
    /// Whether records of messages are needed for it.
    pub(super) fn of_messages(&self) -> bool {
        self.messages || self.heat
    }
}

/// Which messages and events a watcher wants. What is not named does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// To or from this node, by index; events about it.
    pub node: Option<u32>,
    /// Of this protocol.
    pub protocol: Option<String>,
    /// Of this code.
    pub code: Option<u64>,
    /// Events of this sort.
    pub kind: Option<String>,
    /// Events that have all of these in what they say or in the names of their nodes, upper and lower case being the same.
    pub words: Vec<String>,
}

impl MessageFilter {
    /// Which messages have to be records for it. Whose they are is told apart later, as few are wanted of all nodes.
    fn tap(&self) -> Tap {
        let Some(protocol) = &self.protocol else { return Tap::All };
        let codes = self.code.map(|code| vec![code]);
        Tap::Shown(EventFilter { messages: vec![(protocol.clone(), codes)] })
    }

    pub(super) fn passes(&self, origin: u32, peer: u32, message: &Message) -> bool {
        self.node.is_none_or(|node| node == origin || node == peer)
            && self.protocol.as_ref().is_none_or(|name| *name == message.protocol.name)
            && self.code.is_none_or(|code| code == message.code)
    }

    fn passes_event(&self, event: &EventRow, mirror: &Mirror) -> bool {
        let names = || [event.a, event.b].into_iter().flatten().filter_map(|node| mirror.name(node));
        let says = |word: &String| {
            let has = |text: &str| text.to_lowercase().contains(&word.to_lowercase());
            has(&event.text) || has(event.kind) || names().any(has)
        };
        self.node.is_none_or(|node| event.a == Some(node) || event.b == Some(node))
            && self.kind.as_ref().is_none_or(|kind| *kind == event.kind)
            && self.words.iter().all(says)
    }
}

/// Whose arrivals a watcher wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Track {
    /// Nobody's.
    #[default]
    Nothing,
    /// Of whatever is published last.
    Latest,
    /// Of one item.
    Item(u64),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) id: u64,
    /// The number of the last record it has seen; nothing before its first frame.
    seen: Option<u64>,
    /// Where it went on, if it did: what came before that is known to it.
    resumed: u64,
    wants: Wants,
    filter: MessageFilter,
    pub(super) track: Track,
    pub(super) traffic: Traffic,
    /// The next event and the next mark.
    event: u64,
    mark: u64,
    /// Whether the next frame begins with the oldest event.
    again: bool,
    missed: u64,
    groups: usize,
    /// Its place in each item.
    places: BTreeMap<u64, usize>,
    stat: Option<Stat>,
    rates: Option<Rates>,
    clock: Option<Clock>,
}

impl Watcher {
    /// Someone who has seen nothing, or everything up to a record.
    pub(super) fn new(id: u64, resumed: Option<u64>, event: u64, mark: u64) -> Self {
        Self {
            id,
            seen: resumed,
            resumed: resumed.unwrap_or(0),
            wants: Wants::default(),
            filter: MessageFilter::default(),
            track: Track::default(),
            traffic: Traffic::default(),
            event,
            mark,
            again: false,
            missed: 0,
            groups: 0,
            places: BTreeMap::new(),
            stat: None,
            rates: None,
            clock: None,
        }
    }

    pub(super) fn wants(&self) -> Wants {
        self.wants
    }

    /// Which messages it wants records of.
    pub(super) fn tap(&self) -> Tap {
        self.filter.tap()
    }

    pub(super) fn set(&mut self, wants: Wants, filter: MessageFilter, events: u64) {
        if wants.events && !self.wants.events && self.clock.is_some() {
            // What happened while nobody wanted it was not missed.
            self.event = events;
        }
        (self.wants, self.filter) = (wants, filter.clone());
        self.traffic.set(wants, filter);
    }

    /// Has it get what is kept of the events, from the oldest on.
    pub(super) fn again(&mut self) {
        self.again = true;
    }
}

impl Live {
    /// What has changed for a watcher since its last frame; nothing if nothing has, not even the time.
    pub(crate) fn frame(&mut self, id: u64, present: &Present<'_>) -> Option<Frame> {
        let place = self.watchers.iter().position(|watcher| watcher.id == id)?;
        let Self { mirror, news, items, survey, watchers, .. } = self;
        let watcher = &mut watchers[place];
        let known = watcher.seen.filter(|seen| mirror.reaches(*seen));
        let rows = known.map_or_else(|| mirror.whole(), |seen| mirror.since(seen));
        let whole = known.is_none();
        watcher.seen = Some(present.seq);

        let groups = (whole || watcher.groups < mirror.groups().len()).then(|| mirror.groups().to_vec());
        watcher.groups = mirror.groups().len();

        let mut events = None;
        if watcher.wants.events {
            let filter = &watcher.filter;
            let again = std::mem::take(&mut watcher.again);
            let (first, most) =
                if again { (news.events.begin(), SHOWN_AGAIN) } else { (watcher.event, SHOWN) };
            let (sample, missed) = news.events.since(first, most, |event| filter.passes_event(event, mirror));
            (watcher.event, watcher.missed) = (news.events.end(), watcher.missed + missed);
            events = (sample.of > 0).then_some(sample);
        }
        let marks = news.marks.since(watcher.mark, SHOWN, |_| true).0.shown;
        watcher.mark = news.marks.end();

        let mut arrivals = Vec::new();
        let tracked = match watcher.track {
            Track::Nothing => None,
            Track::Latest => items.latest(),
            Track::Item(item) => Some(item),
        };
        if watcher.wants.arrivals
            && let Some((number, item)) = tracked.and_then(|number| Some(number).zip(items.item(number)))
        {
            let from = watcher.places.entry(number).or_insert_with(|| item.after(watcher.resumed));
            arrivals.extend(item.rows(*from, ARRIVALS));
            *from += arrivals.len();
        }

        let (all, messages) = survey.rates(present.clock.now, present.wall, || present.adapter.counts());
        let rates = (watcher.wants.rates && watcher.rates.as_ref() != Some(all)).then(|| all.clone());
        if rates.is_some() {
            watcher.rates.clone_from(&rates);
        }
        let looked = survey
            .stat(mirror.version(), present.wall, || super::survey::look(present.state, present.max_peers));
        let stat =
            Stat { messages, missed: watcher.missed, restraints: present.restraints, ..looked.clone() };
        let stat = (watcher.stat.as_ref() != Some(&stat)).then_some(stat);
        if stat.is_some() {
            watcher.stat.clone_from(&stat);
        }

        let frame = Frame {
            whole,
            seq: present.seq,
            clock: present.clock,
            nodes: rows.nodes,
            new: rows.new,
            groups,
            conns: rows.conns,
            rates,
            stat,
            heat: watcher.traffic.take_heat(),
            messages: watcher.traffic.take_messages(),
            events,
            marks,
            arrivals,
        };
        let same = watcher.clock.replace(present.clock) == Some(present.clock);
        (!same || !frame.is_empty()).then_some(frame)
    }
}
