//! Server-sent events as lines of text (WHATWG HTML, section 9.2): the reader, a machine fed with pieces of any size,
//! and the one comment of ours that both ends know.

use std::collections::VecDeque;

/// Bytes of one line: far above what a network writes, and far below what hurts.
const LINE_LIMIT: usize = 64 << 20;
const MISSED: (&str, &str) = (": missed ", " events");

/// The comment line that tells a reader how many events were not kept for it.
pub(crate) fn missed_comment(count: u64) -> String {
    format!("{}{count}{}", MISSED.0, MISSED.1)
}

fn parse_missed(comment: &str) -> Option<u64> {
    comment.strip_prefix(MISSED.0)?.strip_suffix(MISSED.1)?.parse().ok()
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// An event: its name, which may be empty, and its data.
    Event { name: String, data: String },
    /// So many events were missed here.
    Missed(u64),
}

/// A line that has no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {LINE_LIMIT} bytes")]
pub(crate) struct LineTooLong;

/// Bytes in with [`Reader::handle_bytes`], items out with [`Reader::poll_item`].
#[derive(Debug, Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    /// A line feed that comes next belongs to the carriage return before it.
    after_return: bool,
    /// The first line may begin with a byte order mark.
    past_first: bool,
    name: String,
    data: Option<String>,
    items: VecDeque<Item>,
}

impl Reader {
    /// The next piece of the stream.
    pub(crate) fn handle_bytes(&mut self, mut bytes: &[u8]) -> Result<(), LineTooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            if self.line.len() > LINE_LIMIT {
                return Err(LineTooLong);
            }
            let Some(end) = end else { return Ok(()) };
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let mut line = std::mem::take(&mut self.line);
            self.handle_line(&String::from_utf8_lossy(&line));
            line.clear();
            self.line = line;
        }
        Ok(())
    }

    /// What the stream has said and nobody has taken yet.
    pub(crate) fn poll_item(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    fn handle_line(&mut self, line: &str) {
        let line = if self.past_first { line } else { line.strip_prefix('\u{feff}').unwrap_or(line) };
        self.past_first = true;
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            if let Some(data) = self.data.take() {
                self.items.push_back(Item::Event { name, data });
            }
            return;
        }
        if line.starts_with(':') {
            self.items.extend(parse_missed(line).map(Item::Missed));
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Ids, reconnection times and unknown fields mean nothing to a stream that cannot be resumed.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<Item> {
        let mut reader = Reader::default();
        let mut items = vec![];
        for piece in pieces {
            reader.handle_bytes(piece).unwrap();
            items.extend(std::iter::from_fn(|| reader.poll_item()));
        }
        items
    }

    fn event(name: &str, data: &str) -> Item {
        Item::Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn streams_and_what_they_say() {
        let table: &[(&str, &[Item])] = &[
            ("\n\nevent: network\ndata: {}\n\n", &[event("network", "{}")]),
            ("event: error\ndata: it broke\n\n", &[event("error", "it broke")]),
            ("data:no space\n\n", &[event("", "no space")]),
            ("data:  two\n\n", &[event("", " two")]),
            ("data\n\n", &[event("", "")]),
            ("data: a\ndata: b\n\n", &[event("", "a\nb")]),
            (
                "\u{feff}data: a\r\n\r\ndata: b\r\rdata: c\n\n",
                &[event("", "a"), event("", "b"), event("", "c")],
            ),
            ("event: x\n\ndata: y\n\n", &[event("", "y")]),
            (":\n\n: hello\n\nid: 1\nretry: 5\nwhat: ever\ndata: z\n\n", &[event("", "z")]),
            ("data: cut off\n", &[]),
            (": missed 7 events\n\ndata: a\n\n", &[Item::Missed(7), event("", "a")]),
            (": missed x events\n: missed -1 events\n:missed 1 events\n", &[]),
        ];
        for (text, items) in table {
            assert_eq!(read(&[text.as_bytes()]), *items, "{text:?}");
        }
        assert_eq!(read(&[(missed_comment(u64::MAX) + "\n").as_bytes()]), [Item::Missed(u64::MAX)]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; 1 << 20];
        let refused = (0..65).map(|_| reader.handle_bytes(&piece)).position(|fed| fed == Err(LineTooLong));
        assert_eq!(refused, Some(64));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(data: [a-zé]{0,9}|event: x|: missed [0-9]{1,3} events|\r|\n|\r\n|\n\n){0,20}", cuts: Vec<u8>) {
            let whole = read(&[text.as_bytes()]);
            let (mut pieces, mut rest) = (vec![], text.as_bytes());
            for cut in cuts {
                let (piece, tail) = rest.split_at(usize::from(cut).min(rest.len()));
                pieces.push(piece);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(read(&pieces), whole);
        }

        #[test]
        fn anything_is_read_without_panic(bytes: Vec<u8>) {
            read(&[&bytes]);
        }
    }
}
