//! Which nodes a list is of, as a query says it: `only=group:bootnode&except=a,b&up=true&after=c&limit=100`.

use simnet::view::NodeQuery;

/// Why a query names no nodes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A name that means nothing.
    #[error("nodes: unknown parameter {0:?}: known are only, except, up, after and limit")]
    Unknown(String),
    /// A value that is none of its kind.
    #[error("nodes: {name} must be {wanted}, not {value:?}")]
    Value {
        /// Which one.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        value: String,
    },
}

/// Reads it. Of a name that comes twice, the last counts.
pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<NodeQuery, QueryError> {
    let mut query = NodeQuery::default();
    let list = |text: String| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    for (name, value) in pairs {
        match name.as_str() {
            "only" => query.only = list(value),
            "except" => query.except = list(value),
            "after" => query.after = Some(value),
            "up" => query.up = Some(parse("up", "true or false", value)?),
            "limit" => query.limit = Some(parse("limit", "a whole number from 0", value)?),
            _ => return Err(QueryError::Unknown(name)),
        }
    }
    Ok(query)
}

fn parse<T: std::str::FromStr>(
    name: &'static str,
    wanted: &'static str,
    value: String,
) -> Result<T, QueryError> {
    value.parse().map_err(|_| QueryError::Value { name, wanted, value })
}

/// Writes it.
pub(crate) fn pairs(query: &NodeQuery) -> Vec<(&'static str, String)> {
    let list = |names: &[String]| Some(names.join(",")).filter(|names| !names.is_empty());
    let all = [
        ("only", list(&query.only)),
        ("except", list(&query.except)),
        ("up", query.up.map(|up| up.to_string())),
        ("after", query.after.clone()),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Result<NodeQuery, String> {
        let pairs = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        read(pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let whole = NodeQuery {
            only: vec!["a".into(), "group:b c".into()],
            except: vec!["c".into()],
            up: Some(false),
            after: Some("d".into()),
            limit: Some(7),
        };
        for written in [NodeQuery::default(), whole] {
            let text: Vec<_> = pairs(&written);
            let text: Vec<_> = text.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(query(&text), Ok(written));
        }
    }

    #[test]
    fn nonsense_is_told_by_name() {
        for (name, value, text) in [
            ("up", "yes", "nodes: up must be true or false, not \"yes\""),
            ("limit", "-1", "nodes: limit must be a whole number from 0, not \"-1\""),
            ("properties", "x", "nodes: unknown parameter \"properties\": known are only"),
        ] {
            let told = query(&[(name, value)]).unwrap_err();
            assert!(told.starts_with(text), "{told}");
        }
    }
}
