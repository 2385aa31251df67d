//! The written form of conditions: in the log, and in the journal, which is read back.

use super::{Condition, RestraintId, Text};
use devp2p::NodeId;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;
use world::sim::{Chance, Effect, HostLink, Link};

/// A condition with nodes as hex and everything else as text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "snake_case")]
pub(crate) enum ConditionForm {
    DefaultLink { link: String },
    Link { from: String, to: String, both_ways: bool, link: Option<String> },
    Line { node: String, line: String },
    Region { node: String, region: Option<u16> },
    RegionLink { from: u16, to: u16, link: Option<String> },
    Impose { id: u64, one: Vec<String>, other: Option<Vec<String>>, both_ways: bool, effect: EffectForm },
    Lift { id: u64 },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EffectForm {
    Cut,
    Worsen { delay: String, loss: String },
}

impl From<&Condition> for ConditionForm {
    fn from(condition: &Condition) -> Self {
        let text = |link: &Link| Text(*link).to_string();
        let hex = |ids: &[NodeId]| ids.iter().map(NodeId::to_string).collect();
        match condition {
            Condition::DefaultLink(link) => Self::DefaultLink { link: text(link) },
            Condition::Link { from, to, both_ways, link } => Self::Link {
                from: from.to_string(),
                to: to.to_string(),
                both_ways: *both_ways,
                link: link.as_ref().map(text),
            },
            Condition::Line { node, line } => {
                Self::Line { node: node.to_string(), line: Text(*line).to_string() }
            }
            Condition::Region { node, region } => Self::Region { node: node.to_string(), region: *region },
            Condition::RegionLink { from, to, link } => {
                Self::RegionLink { from: *from, to: *to, link: link.as_ref().map(text) }
            }
            Condition::Impose { id, one, other, both_ways, effect } => Self::Impose {
                id: id.0,
                one: hex(one),
                other: other.as_deref().map(hex),
                both_ways: *both_ways,
                effect: match effect {
                    Effect::Cut => EffectForm::Cut,
                    Effect::Worsen { delay, loss } => {
                        EffectForm::Worsen { delay: Text(*delay).to_string(), loss: Text(*loss).to_string() }
                    }
                },
            },
            Condition::Lift(id) => Self::Lift { id: id.0 },
        }
    }
}

impl ConditionForm {
    /// What it says; the error names what it does not.
    pub(crate) fn condition(self) -> Result<Condition, String> {
        let id = |text: &String| text.parse::<NodeId>().map_err(|error| format!("{text:?}: {error}"));
        let ids = |texts: &[String]| texts.iter().map(id).collect::<Result<Vec<_>, _>>();
        let link = |text: &String| {
            text.parse::<Text<Link>>().map(|Text(link)| link).map_err(|error| error.to_string())
        };
        Ok(match self {
            Self::DefaultLink { link: text } => Condition::DefaultLink(link(&text)?),
            Self::Link { from, to, both_ways, link: text } => Condition::Link {
                from: id(&from)?,
                to: id(&to)?,
                both_ways,
                link: text.as_ref().map(link).transpose()?,
            },
            Self::Line { node, line } => {
                let Text(line) = line.parse::<Text<HostLink>>().map_err(|error| error.to_string())?;
                Condition::Line { node: id(&node)?, line }
            }
            Self::Region { node, region } => Condition::Region { node: id(&node)?, region },
            Self::RegionLink { from, to, link: text } => {
                Condition::RegionLink { from, to, link: text.as_ref().map(link).transpose()? }
            }
            Self::Impose { id, one, other, both_ways, effect } => Condition::Impose {
                id: RestraintId(id),
                one: ids(&one)?,
                other: other.as_deref().map(ids).transpose()?,
                both_ways,
                effect: effect.effect()?,
            },
            Self::Lift { id } => Condition::Lift(RestraintId(id)),
        })
    }
}

impl EffectForm {
    fn effect(self) -> Result<Effect, String> {
        Ok(match self {
            Self::Cut => Effect::Cut,
            Self::Worsen { delay, loss } => {
                let Text(delay) = delay.parse::<Text<Duration>>().map_err(|error| error.to_string())?;
                let Text(loss) = loss.parse::<Text<Chance>>().map_err(|error| error.to_string())?;
                Effect::Worsen { delay, loss }
            }
        })
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ConditionForm::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        ConditionForm::deserialize(from)?.condition().map_err(D::Error::custom)
    }
}
