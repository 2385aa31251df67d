//! Shapes that somebody wrote down: edge lists, and GraphML as other tools write it.
//!
//! Both name nodes and say which pairs are connected; who comes first dials. Directions, weights and attributes are not
//! read. Which nodes the names mean is the caller's business.

use std::collections::BTreeMap;
use std::ops::Range;

/// Pairs of names, with the place of each in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Nodes that the file names beside its pairs.
    pub nodes: Vec<Name>,
    /// Which pairs are connected.
    pub pairs: Vec<(Name, Name)>,
}

/// A node's name in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// The bytes of the file that say it.
    pub span: Range<usize>,
}

/// Why a file lists no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ListError {
    /// What is wrong.
    pub message: String,
    /// The bytes of the file that are.
    pub span: Range<usize>,
}

impl ListError {
    fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

/// Reads a file of either kind: GraphML if it begins as XML does, an edge list if not.
///
/// # Errors
/// A line of an edge list that is no pair, XML that is none, a pair of a node with itself, a pair that is there twice.
pub fn read(text: &str) -> Result<Listed, ListError> {
    let listed = if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        graphml(text)?
    } else {
        edge_list(text)?
    };
    check(&listed)?;
    Ok(listed)
}

/// Pairs, one a line: two names with spaces, tabs or a comma between them. `#` begins a comment.
fn edge_list(text: &str) -> Result<Listed, ListError> {
    let mut listed = Listed::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or("");
        let names: Vec<Name> = words(content)
            .map(|span| Name {
                text: content[span.clone()].to_owned(),
                span: start + span.start..start + span.end,
            })
            .collect();
        match <[Name; 2]>::try_from(names) {
            Ok([one, other]) => listed.pairs.push((one, other)),
            Err(names) if names.is_empty() => {}
            Err(names) => {
                let message = format!("a line of an edge list has two names, and this has {}", names.len());
                return Err(ListError::new(message, names[0].span.start..names[names.len() - 1].span.end));
            }
        }
        start += line.len();
    }
    Ok(listed)
}

/// Where the words of a line are.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_gap = |c: char| c.is_whitespace() || c == ',' || c == '\u{feff}';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + line[rest..].find(|c| !is_gap(c))?;
        let end = line[start..].find(is_gap).map_or(line.len(), |length| start + length);
        rest = end;
        Some(start..end)
    })
}

/// The nodes and edges of a GraphML document (Brandes et al., Graph Drawing 2001), whatever namespace they are in.
fn graphml(text: &str) -> Result<Listed, ListError> {
    let document = roxmltree::Document::parse(text).map_err(|error| {
        let at = error.pos();
        let line = text.split_inclusive('\n').take(at.row as usize - 1).map(str::len).sum::<usize>();
        let column: usize =
            text[line..].chars().take((at.col as usize).saturating_sub(1)).map(char::len_utf8).sum();
        ListError::new(format!("no GraphML: {error}"), line + column..line + column)
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "graphml" {
        let message = format!("no GraphML: it begins with <{}>", root.tag_name().name());
        return Err(ListError::new(message, root.range().start..root.range().start + 1));
    }
    let name = |element: roxmltree::Node<'_, '_>, attribute: &str| {
        let place = element.range();
        let found = element.attribute_node(attribute).ok_or_else(|| {
            let tag = element.tag_name().name();
            let head = text[place.clone()].find('>').map_or(place.end, |length| place.start + length + 1);
            ListError::new(format!("<{tag}> has no {attribute}"), place.start..head)
        })?;
        Ok(Name { text: found.value().to_owned(), span: found.range_value() })
    };
    let mut listed = Listed::default();
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        match element.tag_name().name() {
            "node" => listed.nodes.push(name(element, "id")?),
            "edge" => listed.pairs.push((name(element, "source")?, name(element, "target")?)),
            _ => {}
        }
    }
    Ok(listed)
}

fn check(listed: &Listed) -> Result<(), ListError> {
    let mut seen = BTreeMap::new();
    for (one, other) in &listed.pairs {
        let place = one.span.start.min(other.span.start)..one.span.end.max(other.span.end);
        if one.text == other.text {
            return Err(ListError::new(format!("{:?} cannot be connected to itself", one.text), place));
        }
        let pair = (one.text.as_str().min(&other.text), one.text.as_str().max(&other.text));
        if seen.insert(pair, ()).is_some() {
            let message = format!("{:?} and {:?} are connected already", one.text, other.text);
            return Err(ListError::new(message, place));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let listed = read(text).unwrap();
        for name in listed.pairs.iter().flat_map(|(one, other)| [one, other]).chain(&listed.nodes) {
            assert_eq!(&text[name.span.clone()], name.text, "the place is the name's");
        }
        listed.pairs.into_iter().map(|(one, other)| (one.text, other.text)).collect()
    }

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.into(), other.into())
    }

    #[test]
    fn edge_lists_are_forgiving_about_what_stands_between() {
        for text in ["a b\nb c\n", "a,b\nb , c", "# x\n\na\tb # y\r\n  b   c\r\n", "\u{feff}a b\nb c"] {
            assert_eq!(pairs(text), [pair("a", "b"), pair("b", "c")], "{text:?}");
        }
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn graphml_has_nodes_and_edges() {
        let text = r#"<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="weight" attr.type="double"/>
  <graph id="G" edgedefault="undirected">
    <node id="a"><data key="d0">1</data></node><node id="b"/><node id="c"/>
    <edge source="a" target="b"/>
    <!-- not this: <edge source="x" target="y"/> -->
    <edge id="e" source="c" target="b"/>
  </graph>
</graphml>"#;
        assert_eq!(pairs(text), [pair("a", "b"), pair("c", "b")]);
        assert_eq!(read(text).unwrap().nodes.len(), 3);
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, place, words) in [
            ("a b\na\n", "a", "two names, and this has 1"),
            ("a b c\n", "a b c", "two names, and this has 3"),
            ("a b\nx x\n", "x x", "\"x\" cannot be connected to itself"),
            ("a b\nb a", "b a", "\"b\" and \"a\" are connected already"),
            ("<graphml><edge source='a'/></graphml>", "<edge source='a'/>", "<edge> has no target"),
            ("<graphml><node/></graphml>", "<node/>", "<node> has no id"),
            ("<graphml><node></graphml>", "", "no GraphML"),
            ("<svg/>", "<", "it begins with <svg>"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(&text[error.span.clone()], place, "{text:?}: {error}");
            assert!(error.to_string().contains(words), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[<a-c/>\"'= \\n#,é]{0,80}") {
            if let Err(error) = read(&text) {
                prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
            }
        }

        #[test]
        fn no_cut_of_a_document_makes_the_reader_panic(cut in 0usize..200) {
            let text = "<graphml><graph><node id=\"é\"/><edge source=\"é\" target=\"b\"/></graph></graphml>";
            let _ = read(&text[..text.floor_char_boundary(cut)]);
        }
    }
}
