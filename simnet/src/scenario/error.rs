//! What is wrong with a scenario file, and where.

use std::ops::Range;

/// The place in a scenario file that makes no sense, and what would.
///
/// Plain data: the whole text is kept, so that an edge can show the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}{}", help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())]
pub struct ScenarioError {
    /// The file, as it was named.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The bytes of the text that are wrong; on character boundaries.
    pub span: Range<usize>,
    /// Line of the first of them, from 1.
    pub line: usize,
    /// Column of the first of them in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

pub(super) type Fallible<T> = Result<T, Box<ScenarioError>>;

impl ScenarioError {
    pub(super) fn new(path: &str, text: &str, span: Range<usize>, message: String) -> Box<Self> {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Box::new(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            span: start..end,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
            help: None,
        })
    }

    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// The line that is wrong.
    pub fn excerpt(&self) -> &str {
        self.text.lines().nth(self.line - 1).unwrap_or("")
    }
}

/// What was probably meant: the candidate nearest to `word`, if it is near at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (word.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= far && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` if something is near, and what there is at all if not.
pub(super) fn meant(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known are: {}", candidates.join(", ")),
    }
}
