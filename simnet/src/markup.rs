//! Texts that stand inside others: in XML and HTML, in CSV, and JSON in a script element.

use serde::Serialize;
use std::borrow::Cow;

/// A text as it stands in XML and HTML, between tags or within double quotes. What XML cannot hold is a question mark.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'') && !is_impossible(c);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_impossible(c) => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Characters that no XML 1.0 document may have.
fn is_impossible(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// A cell of a CSV file (RFC 4180).
pub(crate) fn csv_cell(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\n', '\r']) {
        true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
        false => Cow::Borrowed(text),
    }
}

/// A value as JSON that cannot end the script element it stands in.
pub(crate) fn json_in_html(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("reports have string keys");
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts_wherever_they_stand() {
        assert_eq!(escape("node01"), "node01");
        assert_eq!(escape("<a href='\"'>&\u{0}"), "&lt;a href=&#39;&quot;&#39;&gt;&amp;?");
        let xml = format!("<a b=\"{0}\">{0}</a>", escape("]]> \u{7} é \"'<&"));
        assert_eq!(roxmltree::Document::parse(&xml).unwrap().root_element().text(), Some("]]> ? é \"'<&"));
        assert_eq!((csv_cell("a b"), csv_cell("a,\"b\"")), ("a b".into(), "\"a,\"\"b\"\"\"".into()));
        assert_eq!(json_in_html(&"</script><!--"), "\"\\u003c/script>\\u003c!--\"");
    }
}
