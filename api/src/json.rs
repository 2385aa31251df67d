//! JSON text as Go's `encoding/json` writes it, and reading it with errors that name the field, the line and what is
//! wanted.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io;

/// A text that is not the object that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}: {error}; wanted is {wanted}", place(path))]
pub struct DecodeError {
    /// What should have been read.
    pub what: &'static str,
    /// The field it went wrong in, such as `nodes[3].node.config.port`; `.` is the whole, `?` is unknown.
    pub path: String,
    /// What is wrong, with line and column.
    pub error: String,
    /// An example of what would do.
    pub wanted: &'static str,
}

fn place(path: &str) -> String {
    match path.trim_end_matches(['.', '?']) {
        "" => String::new(),
        field => format!(", field {field}"),
    }
}

/// Adds `value` to `out`: compact, with `<`, `>`, `&` and the two line separators of Unicode escaped.
pub(crate) fn append(out: &mut Vec<u8>, value: &impl Serialize) {
    let mut serializer = Serializer::with_formatter(out, HtmlSafe(CompactFormatter));
    value
        .serialize(&mut serializer)
        .expect("the shapes of this crate have string keys, and memory does not fail");
}

/// `value` and a newline.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    append(&mut out, value);
    out.push(b'\n');
    out
}

/// Reads exactly one object. serde would also take a list of the fields' values, which nobody means.
pub(crate) fn read_object<T: DeserializeOwned>(
    text: &[u8],
    what: &'static str,
    wanted: &'static str,
) -> Result<T, DecodeError> {
    if text.trim_ascii_start().starts_with(b"[") {
        return Err(DecodeError {
            what,
            path: ".".to_owned(),
            error: "a list is no object".to_owned(),
            wanted,
        });
    }
    read(text, what, wanted)
}

/// Reads exactly one value. `what` it is and an example of what is `wanted` go into the error.
pub(crate) fn read<T: DeserializeOwned>(
    text: &[u8],
    what: &'static str,
    wanted: &'static str,
) -> Result<T, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| DecodeError {
        what,
        path: error.path().to_string(),
        error: error.into_inner().to_string(),
        wanted,
    })?;
    deserializer.end().map_err(|error| DecodeError {
        what,
        path: ".".to_owned(),
        error: error.to_string(),
        wanted,
    })?;
    Ok(value)
}

/// Go escapes what could end a script element of a page.
struct HtmlSafe(CompactFormatter);

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            let mut chars = from.chars();
            let found = chars.next().expect("find points at a character");
            self.0.write_string_fragment(to, before)?;
            write!(to, "\\u{:04x}", u32::from(found))?;
            rest = chars.as_str();
        }
        self.0.write_string_fragment(to, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn strings_are_escaped_as_go_does() {
        let text = |value: Value| String::from_utf8(line(&value)).unwrap();
        assert_eq!(text(json!("<a & b>")), "\"\\u003ca \\u0026 b\\u003e\"\n");
        assert_eq!(
            text(json!({"k<": "\u{2028}x\u{2029}é\n\"\u{1}"})),
            "{\"k\\u003c\":\"\\u2028x\\u2029é\\n\\\"\\u0001\"}\n"
        );
        assert_eq!(text(json!([])), "[]\n");
    }

    #[test]
    fn errors_say_where_and_what_is_wanted() {
        let read = |text: &str| read::<Vec<u8>>(text.as_bytes(), "list", "[1]").unwrap_err().to_string();
        assert_eq!(read("[1,"), "list: EOF while parsing a value at line 1 column 3; wanted is [1]");
        assert_eq!(
            read("[1,\n\"x\"]"),
            "list, field [1]: invalid type: string \"x\", expected u8 at line 2 column 3; wanted is [1]"
        );
        assert_eq!(read("[1] 2"), "list: trailing characters at line 1 column 5; wanted is [1]");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(text: String, key: String) {
            let value = json!({ key: [text] });
            let written = line(&value);
            proptest::prop_assert!(!written.iter().any(|byte| b"<>&".contains(byte)));
            proptest::prop_assert_eq!(super::read::<Value>(&written, "", "").unwrap(), value);
        }
    }
}
