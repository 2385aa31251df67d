//! A change of a link: what is said of it, the rest staying as it is.

use super::text::{self, BadText, Text};
use std::str::FromStr;
use std::time::Duration;
use world::sim::{Chance, Jitter, Link, Loss};

/// The least packet every network carries (RFC 791).
const LEAST_MTU: u32 = 68;

/// What of a link changes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkChange {
    /// Its latency.
    pub latency: Option<Duration>,
    /// Its jitter.
    pub jitter: Option<Jitter>,
    /// Its loss.
    pub loss: Option<Loss>,
    /// What is reordered, and by how much.
    pub reorder: Option<(Chance, Duration)>,
    /// What comes twice.
    pub duplicate: Option<Chance>,
    /// Its greatest packet, if it has one.
    pub mtu: Option<Option<u32>>,
    /// Whether streams have a window even if nothing else asks for it.
    pub window: Option<bool>,
}

impl LinkChange {
    /// What can be said, in the order in which it is printed.
    pub const KEYS: [&'static str; 7] =
        ["latency", "jitter", "loss", "reorder", "duplicate", "mtu", "window"];

    /// Says one thing, as [the text forms](super) have it.
    ///
    /// # Errors
    /// There is no such thing to say, the text says something else, or it was said before.
    pub fn say(&mut self, key: &str, text: &str) -> Result<(), BadText> {
        let before = *self;
        match key {
            "latency" => {
                let (least, jitter) = text::latency(text)?;
                if jitter.is_some() && before.jitter.is_some() {
                    return Err(BadText::new("link", text, "jitter is said twice"));
                }
                (self.latency, self.jitter) = (Some(least), jitter.or(before.jitter));
            }
            "jitter" => self.jitter = Some(text.parse::<Text<Jitter>>()?.0),
            "loss" => self.loss = Some(text.parse::<Text<Loss>>()?.0),
            "reorder" => self.reorder = Some(text::reorder(text)?),
            "duplicate" => self.duplicate = Some(text::maybe(text)?),
            "mtu" => self.mtu = Some(mtu(text)?),
            "window" => {
                let window = text.trim().parse();
                self.window = Some(window.map_err(|_| BadText::new("window", text, "it is true or false"))?);
            }
            _ => {
                let known = Self::KEYS.join(", ");
                return Err(BadText::new("condition of a link", key, format!("there are {known}")));
            }
        }
        let twice = match key {
            "latency" => before.latency.is_some(),
            "jitter" => before.jitter.is_some(),
            "loss" => before.loss.is_some(),
            "reorder" => before.reorder.is_some(),
            "duplicate" => before.duplicate.is_some(),
            "mtu" => before.mtu.is_some(),
            _ => before.window.is_some(),
        };
        if twice { Err(BadText::new("link", text, format!("{key} is said twice"))) } else { Ok(()) }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The link as it is after the change.
    #[must_use]
    pub fn of(self, link: Link) -> Link {
        let (reorder, reorder_by) = self.reorder.unwrap_or((link.reorder, link.reorder_by));
        Link {
            latency: self.latency.unwrap_or(link.latency),
            jitter: self.jitter.unwrap_or(link.jitter),
            loss: self.loss.unwrap_or(link.loss),
            reorder,
            reorder_by,
            duplicate: self.duplicate.unwrap_or(link.duplicate),
            mtu: self.mtu.unwrap_or(link.mtu),
            window: self.window.unwrap_or(link.window),
        }
    }
}

fn mtu(text: &str) -> Result<Option<u32>, BadText> {
    if text.trim() == "none" {
        return Ok(None);
    }
    let bytes = u32::try_from(text::size(text)?).ok().filter(|bytes| *bytes >= LEAST_MTU);
    let why = || format!("it is none, or from {LEAST_MTU} bytes (RFC 791) to {}", u32::MAX);
    bytes.map(Some).ok_or_else(|| BadText::new("mtu", text, why()))
}

impl FromStr for Text<LinkChange> {
    type Err = BadText;

    /// Pieces apart by commas, each a key and what is said; a piece that begins with a number is a latency.
    fn from_str(text: &str) -> Result<Self, BadText> {
        let mut change = LinkChange::default();
        for piece in text.split(',').map(str::trim) {
            if piece.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                change.say("latency", piece)?;
            } else if piece == "window" {
                change.say(piece, "true")?;
            } else {
                let (key, value) = piece.split_once(' ').ok_or_else(|| {
                    BadText::new("link, such as 50ms, loss 1%", text, format!("what does {piece:?} say?"))
                })?;
                change.say(key, value)?;
            }
        }
        Ok(Self(change))
    }
}
