//! `[[timeline]]`: what happens to the network, and when.

use super::error::{Fallible, ScenarioError, meant};
use super::keys::TIMELINE;
use super::places::Atlas;
use super::pulse::{Lasting, seconds};
use super::section::{Located, Section};
use super::select::{Names, Selector};
use crate::churn::Rate;
use crate::condition::{LinkChange, Text};
use std::time::Duration;
use world::sim::{Chance, Effect, HostLink};

/// How long a node that churns is away if the file does not say.
const USUAL_ABSENCE: Duration = Duration::from_secs(10);

/// Something that happens to the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When, from the moment when the network is up.
    pub at: Duration,
    /// What a later entry calls it.
    pub name: Option<String>,
    /// What.
    pub deed: Deed,
    /// How long it lasts before it is undone, or those that went are back; without, until something else is said.
    pub lasting: Option<Duration>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Nodes start.
    Start {
        /// Which.
        who: Selector,
        /// How many nodes that are up each of them connects to; whom it was connected with when missing.
        peers: Option<usize>,
        /// Of these.
        of: Selector,
        /// Each at its own moment within so long.
        over: Duration,
    },
    /// Nodes go.
    Stop {
        /// Which.
        who: Selector,
        /// How.
        how: Ending,
        /// Whether they are back at once, or after as long as the entry lasts.
        back: bool,
        /// Each at its own moment within so long.
        over: Duration,
    },
    /// Nodes go and come back, again and again.
    Churn {
        /// Which.
        who: Selector,
        /// How long each is up.
        up: Lasting,
        /// Whether that is the time from one that goes to the next, whichever they are, rather than of each.
        of_all: bool,
        /// How long each is away.
        down: Lasting,
        /// How they go.
        how: Ending,
    },
    /// One node connects to another.
    Connect(Selector, Selector),
    /// Two nodes part.
    Disconnect(Selector, Selector),
    /// A partition, or a worsening.
    Impose {
        /// The one side.
        one: Selector,
        /// The other, or everybody else.
        other: Option<Selector>,
        /// Whether it is about the way back as well.
        both_ways: bool,
        /// What it does.
        effect: Effect,
    },
    /// The end of what was imposed under that name, or of all.
    Heal(Option<String>),
    /// Links change.
    Link {
        /// Between these two, or wherever nothing else is said.
        between: Option<(Selector, Selector)>,
        /// Whether it is about the way back as well.
        both_ways: bool,
        /// What of them.
        change: LinkChange,
    },
    /// Lines change.
    Line {
        /// Whose.
        who: Selector,
        /// What they are like from then on.
        line: HostLink,
    },
    /// A snapshot is taken.
    Snapshot(String),
}

/// How a node goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order: its peers are told.
    Stop,
    /// Where it stands: its peers see a reset.
    Crash,
}

/// What can happen, and the keys that say more about each.
const DEEDS: [(&str, &[&str]); 13] = [
    ("start", &["peers", "of", "over"]),
    ("stop", &["over", "for"]),
    ("crash", &["over", "for"]),
    ("restart", &["over", "for"]),
    ("churn", &["rate", "up", "down", "by", "for"]),
    ("connect", &[]),
    ("disconnect", &[]),
    ("partition", &["one_way", "for"]),
    ("worsen", &["delay", "loss", "one_way", "for"]),
    ("heal", &[]),
    ("link", &["to", "one_way", "for"]),
    ("line", &["to", "for"]),
    ("snapshot", &[]),
];

pub(super) fn timeline(
    file: &Section<'_>,
    names: &Names<'_>,
    atlas: &Atlas,
    duration: Duration,
) -> Fallible<Vec<Entry>> {
    let sections = file.sections("timeline", &TIMELINE)?;
    let mut entries: Vec<Entry> = Vec::with_capacity(sections.len());
    for section in &sections {
        let entry = Reader { section, names, atlas }.entry(duration)?;
        if let Deed::Heal(Some(name)) = &entry.deed {
            check_heal(section, name, &entries)?;
        }
        if entry.name.is_some() && entries.iter().any(|known| known.name == entry.name) {
            return Err(section.wrong_value("name", "two entries of the timeline cannot have the same name"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn check_heal(section: &Section<'_>, name: &str, before: &[Entry]) -> Fallible<()> {
    let imposed = before.iter().filter(|entry| matches!(entry.deed, Deed::Impose { .. }));
    let mut known: Vec<&str> = imposed.filter_map(|entry| entry.name.as_deref()).collect();
    if known.contains(&name) {
        return Ok(());
    }
    known.push("all");
    let message = format!("no partition or worsening above is called {name:?}");
    Err(section.wrong_value("heal", message).help(meant(name, &known)))
}

struct Reader<'a, 'f> {
    section: &'a Section<'f>,
    names: &'a Names<'a>,
    atlas: &'a Atlas,
}

impl Reader<'_, '_> {
    fn entry(&self, duration: Duration) -> Fallible<Entry> {
        let section = self.section;
        let what = self.what()?;
        let at = section.duration("at")?.ok_or_else(|| section.missing("at", "at = \"30s\""))?;
        section.within("at", duration)?;
        let over = section.duration("over")?;
        if let Some(over) = over.as_ref().filter(|over| at.value + over.value > duration) {
            let message = format!(
                "this goes on until {:?}, and the scenario ends after {duration:?}",
                at.value + over.value
            );
            return Err(section.source.wrong(&over.span, message));
        }
        let lasting = section.duration("for")?;
        if let Some(Located { value: Duration::ZERO, span }) = &lasting {
            return Err(section.source.wrong(span, "what lasts for 0 s does nothing"));
        }
        let deed = self.deed(what, over.map_or(Duration::ZERO, |over| over.value))?;
        let name = section.text("name")?.map(|name| name.value);
        Ok(Entry { at: at.value, name, deed, lasting: lasting.map(|lasting| lasting.value) })
    }

    /// What happens; whatever else is said is about that.
    fn what(&self) -> Fallible<&'static str> {
        let section = self.section;
        let mut given = DEEDS.iter().filter(|(deed, _)| section.has(deed));
        let Some((what, keys)) = given.next() else {
            let known: Vec<&str> = DEEDS.iter().map(|(deed, _)| *deed).collect();
            let message = "[[timeline]] does not say what happens";
            return Err(section
                .source
                .wrong(&section.span, message)
                .help(format!("one of: {}", known.join(", "))));
        };
        if let Some((other, _)) = given.next() {
            let message = format!("`{what}` and `{other}` are two entries of the timeline");
            return Err(section.source.wrong(&section.key_span(other), message).help("make it two"));
        }
        let others = DEEDS.iter().flat_map(|(_, others)| *others).filter(|key| !keys.contains(key));
        for key in others {
            let of: Vec<&str> =
                DEEDS.iter().filter(|(_, keys)| keys.contains(key)).map(|(deed, _)| *deed).collect();
            section.refuse(key, &format!("`{what}` has none; it belongs to {}", of.join(", ")))?;
        }
        Ok(what)
    }

    fn deed(&self, what: &'static str, over: Duration) -> Fallible<Deed> {
        let section = self.section;
        Ok(match what {
            "start" => {
                let peers = section.count("peers", u16::MAX.into())?.map(|peers| peers.value);
                let of = section.text("of")?.map(|of| self.names.select(section.source, &of)).transpose()?;
                Deed::Start { who: self.who(what)?, peers, of: of.unwrap_or(Selector::All), over }
            }
            "stop" | "restart" | "crash" => {
                let how = if what == "crash" { Ending::Crash } else { Ending::Stop };
                let back = what == "restart" || section.has("for");
                Deed::Stop { who: self.who(what)?, how, back, over }
            }
            "churn" => self.churn()?,
            "connect" => self.pair(what).map(|(one, other)| Deed::Connect(one, other))?,
            "disconnect" => self.pair(what).map(|(one, other)| Deed::Disconnect(one, other))?,
            "partition" => self.impose(what, Effect::Cut)?,
            "worsen" => self.worsen()?,
            "heal" => {
                let name = section.text("heal")?.expect("it is given").value;
                Deed::Heal(Some(name).filter(|name| name != "all"))
            }
            "link" => self.link()?,
            "line" => {
                let to = section.text("to")?.ok_or_else(|| section.missing("to", "to = \"up 1 Mbit/s\""))?;
                Deed::Line { who: self.who(what)?, line: self.atlas.line(section.source, &to)? }
            }
            _ => Deed::Snapshot(self.snapshot()?),
        })
    }

    fn who(&self, key: &str) -> Fallible<Selector> {
        let text = self.section.text(key)?.expect("it is given");
        self.names.select(self.section.source, &text)
    }

    /// One or two that are different nodes.
    fn sides(&self, key: &str) -> Fallible<(Selector, Option<Selector>)> {
        let section = self.section;
        let texts = section.text_or_texts(key)?.expect("it is given");
        let select = |text: &Located<String>| self.names.select(section.source, text);
        match &texts.value[..] {
            [one] => match select(one)? {
                Selector::All => Err(self.wrong(key, "there is nobody besides all")),
                one => Ok((one, None)),
            },
            [one, other] => {
                let (one, other) = (select(one)?, select(other)?);
                if one.may_overlap(&other) {
                    return Err(self.wrong(key, "the two sides have nodes in common"));
                }
                Ok((one, Some(other)))
            }
            _ => Err(self.wrong(key, "there are two sides at most, and one at least")),
        }
    }

    /// Two different nodes.
    fn pair(&self, key: &str) -> Fallible<(Selector, Selector)> {
        match self.sides(key)? {
            (one @ Selector::Node(_), Some(other @ Selector::Node(_))) => Ok((one, other)),
            (one, Some(other)) if self.is_one(&one) && self.is_one(&other) => Ok((one, other)),
            _ => Err(self.wrong(key, "this wants the names of two nodes")),
        }
    }

    fn is_one(&self, selector: &Selector) -> bool {
        match selector {
            Selector::Node(_) | Selector::Some(1, _) => true,
            Selector::Group(group) => self.names.groups[*group].count == 1,
            _ => false,
        }
    }

    fn wrong(&self, key: &str, message: impl Into<String>) -> Box<ScenarioError> {
        self.section.wrong_value(key, message)
    }

    fn impose(&self, key: &str, effect: Effect) -> Fallible<Deed> {
        let (one, other) = self.sides(key)?;
        let both_ways = !self.section.flag("one_way")?.unwrap_or(false);
        Ok(Deed::Impose { one, other, both_ways, effect })
    }

    fn worsen(&self) -> Fallible<Deed> {
        let delay = self.section.duration("delay")?.map_or(Duration::ZERO, |delay| delay.value);
        let loss = self.section.parsed::<Text<Chance>>("loss")?.map_or(Chance::NEVER, |loss| loss.value.0);
        if delay.is_zero() && loss == Chance::NEVER {
            return Err(self.section.missing("delay", "delay = \"200ms\", or loss = \"5%\""));
        }
        self.impose("worsen", Effect::Worsen { delay, loss })
    }

    fn link(&self) -> Fallible<Deed> {
        let section = self.section;
        let to = section.text("to")?;
        let to = to.ok_or_else(|| section.missing("to", "to = \"latency 200ms, loss 1%\""))?;
        // A change says a part of a link; a name says all of it.
        let change = match to.value.parse::<Text<LinkChange>>() {
            Ok(Text(change)) => change,
            Err(error) if to.value.contains([' ', ',']) => return Err(self.wrong("to", error.to_string())),
            Err(_) => whole(self.atlas.link(section.source, &to)?),
        };
        let both_ways = !section.flag("one_way")?.unwrap_or(false);
        let given = section.text_or_texts("link")?.expect("it is given");
        let between = match &given.value[..] {
            [default] if default.value == "default" => {
                section.refuse("one_way", "the default link has no direction")?;
                None
            }
            [one, other] => {
                let select = |text| self.names.select(section.source, text);
                Some((select(one)?, select(other)?))
            }
            _ => return Err(self.wrong("link", "a link is between two, or \"default\"")),
        };
        Ok(Deed::Link { between, both_ways, change })
    }

    fn churn(&self) -> Fallible<Deed> {
        let section = self.section;
        let who = self.who("churn")?;
        let (up, of_all) = match (section.parsed::<Rate>("rate")?, section.parsed::<Lasting>("up")?) {
            (Some(_), Some(_)) => {
                return Err(self
                    .wrong("up", "`rate` and `up` both say how long nodes are up")
                    .help("keep one"));
            }
            (Some(rate), None) => match rate.value {
                Rate::Each { share, per } => {
                    (Lasting::Exponential(seconds(per.as_secs_f64() / share)), false)
                }
                Rate::All { count, per } => (Lasting::Exponential(seconds(per.as_secs_f64() / count)), true),
            },
            (None, Some(up)) => (up.value, false),
            (None, None) => {
                return Err(section.missing("rate", "rate = \"10%/h\", or up = \"exponential 10h\""));
            }
        };
        let down =
            section.parsed::<Lasting>("down")?.map_or(Lasting::Fixed(USUAL_ABSENCE), |down| down.value);
        if let (Lasting::Fixed(Duration::ZERO), Lasting::Fixed(Duration::ZERO)) = (up, down) {
            return Err(self.wrong("up", "nodes that are up for 0 s and away for 0 s let no time pass"));
        }
        let how = if section.word("by")? == Some("crash") { Ending::Crash } else { Ending::Stop };
        Ok(Deed::Churn { who, up, of_all, down, how })
    }

    fn snapshot(&self) -> Fallible<String> {
        let name = self.section.text("snapshot")?.expect("it is given").value;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) || name.len() > 100 {
            return Err(self.wrong(
                "snapshot",
                format!("{name:?} cannot be the name of a file: letters, digits, - and _ can"),
            ));
        }
        Ok(name)
    }
}

/// The change after which a link is exactly this one.
fn whole(link: world::sim::Link) -> LinkChange {
    LinkChange {
        latency: Some(link.latency),
        jitter: Some(link.jitter),
        loss: Some(link.loss),
        reorder: Some((link.reorder, link.reorder_by)),
        duplicate: Some(link.duplicate),
        mtu: Some(link.mtu),
        window: Some(link.window),
    }
}
