//! Node ids as JSON writes them: 64 lower-case hex digits. Reads `0x` too, and the 128 digits of geth before v1.8.16,
//! whose id was the public key itself.

use devp2p::{NodeId, PublicKey};
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// Writes an id.
pub(super) fn serialize<S: Serializer>(id: &NodeId, to: S) -> Result<S::Ok, S::Error> {
    let mut text = [0; 64];
    hex::encode_to_slice(id.as_bytes(), &mut text).expect("32 bytes are 64 digits");
    to.serialize_str(std::str::from_utf8(&text).expect("hex digits are ASCII"))
}

/// Reads an id.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NodeId, D::Error> {
    from.deserialize_str(Text)
}

/// Reads an id that may be `null`, empty or all zeros, which is how old clients leave it out.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NodeId>, D::Error> {
    from.deserialize_option(MaybeText)
}

fn parse<E: Error>(text: &str) -> Result<NodeId, E> {
    let digits = text.strip_prefix("0x").unwrap_or(text).len();
    let id = if digits == 128 { text.parse().map(|key: PublicKey| key.id()) } else { text.parse() };
    id.map_err(|error| E::custom(format_args!("{text:?} is not a node id: {error}")))
}

struct Text;

impl Visitor<'_> for Text {
    type Value = NodeId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node id of 64 hex digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NodeId, E> {
        parse(text)
    }
}

struct MaybeText;

impl<'de> Visitor<'de> for MaybeText {
    type Value = Option<NodeId>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        parse(text).map(|id| (id != NodeId::default()).then_some(id))
    }
}
