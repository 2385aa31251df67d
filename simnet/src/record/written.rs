//! How records' parts are written in JSON, and read back as the very same.

/// Node ids: hex.
pub(super) mod id {
    use devp2p::NodeId;
    use serde::{Deserializer, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(id: &NodeId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NodeId, D::Error> {
        super::parse(from)
    }
}

/// A node id, or nobody's.
pub(super) mod id_or_null {
    use devp2p::NodeId;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(
        id: &Option<NodeId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.collect_str(id),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<NodeId>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse()).transpose().map_err(D::Error::custom)
    }
}

/// Protocols: `eth/68`.
pub(super) mod protocol {
    use crate::record::ProtocolName;
    use serde::{Deserializer, Serializer};
    use std::sync::Arc;

    pub(in crate::record) fn serialize<S: Serializer>(
        name: &Arc<ProtocolName>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(name)
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<ProtocolName>, D::Error> {
        super::parse(from).map(Arc::new)
    }
}

/// Numbers, as JSON has no words for all of them.
pub(super) mod number {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Finite(f64),
        Word(String),
    }

    pub(in crate::record) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { value.serialize(serializer) } else { serializer.collect_str(value) }
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        match Form::deserialize(from)? {
            Form::Finite(value) => Ok(value),
            Form::Word(word) => word.parse().map_err(D::Error::custom),
        }
    }
}

fn parse<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
    D: serde::Deserializer<'de>,
{
    let text = <String as serde::Deserialize>::deserialize(from)?;
    text.parse().map_err(<D::Error as serde::de::Error>::custom)
}
