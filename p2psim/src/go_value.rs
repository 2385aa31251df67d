//! JSON values as Go's `fmt` prints them with `%v`, which is how the original showed what protocols say of themselves.
//!
//! One difference: Go read every number as a float, so that a million became `1e+06`; here it is 1000000.

use serde_json::Value;
use std::fmt;

/// See the module.
pub(crate) struct GoValue<'a>(pub(crate) &'a Value);

impl fmt::Display for GoValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("<nil>"),
            Value::Bool(flag) => flag.fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::String(text) => f.write_str(text),
            Value::Array(items) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    write!(f, "{}{}", if n > 0 { " " } else { "" }, GoValue(item))?;
                }
                f.write_str("]")
            }
            Value::Object(entries) => {
                // Go prints maps in the order of their keys, whatever order they came in.
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                f.write_str("map[")?;
                for (n, (key, value)) in entries.into_iter().enumerate() {
                    write!(f, "{}{key}:{}", if n > 0 { " " } else { "" }, GoValue(value))?;
                }
                f.write_str("]")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn as_go_prints_them() {
        for (value, text) in [
            (json!({"received": 0}), "map[received:0]"),
            (json!({"b": 1, "a": [1, "x y", null, true]}), "map[a:[1 x y <nil> true] b:1]"),
            (json!("unknown"), "unknown"),
            (json!(null), "<nil>"),
            (json!({}), "map[]"),
            (json!([]), "[]"),
            (json!(1.5), "1.5"),
            (json!(1_000_000), "1000000"),
        ] {
            assert_eq!(GoValue(&value).to_string(), text);
        }
    }
}
