//! Which message events a stream of events shows, as text.
//!
//! ```text
//! filter  = [ part *( "-" part ) ]
//! part    = name ":" codes
//! codes   = code *( "," code )
//! code    = decimal u64 | "*" | "-1"          ; the last two: every code
//! name    = any text without ":" that neither begins nor ends with "-"
//! ```
//!
//! The original split at every dash, so that no protocol with a dash in its name could be asked for, not even its own
//! `ping-pong`. Codes never contain a dash (but for a `-1` at the place of a code), therefore the first dash after
//! a part's codes ends the part and every other dash belongs to a name. Each text that the original accepted has
//! the same meaning here; the new ones are texts that it refused.
//!
//! An empty filter shows no messages. Several parts for one protocol add up. Node and connection events always pass.

use simnet::view::EventFilter;
use std::fmt;
use std::str::FromStr;

/// A message filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(EventFilter);

/// Why a text is not a message filter; go-ethereum's `p2p/simulations/http.go` has the same texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A part that is not a name, a colon and codes.
    #[error("invalid message filter: {0}")]
    Part(String),
    /// A code that is not a number.
    #[error("invalid message code: {0}")]
    Code(String),
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut filter = EventFilter::default();
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(text) = rest {
            let part = || FilterError::Part(text.to_owned());
            let (name, from) = text.split_once(':').ok_or_else(part)?;
            if name.is_empty() || name.starts_with('-') || name.ends_with('-') || from.is_empty() {
                return Err(part());
            }
            let (codes, end) = read_codes(from)?;
            rest = match &from[end..] {
                "" => None,
                dash => Some(&dash[1..]),
            };
            add(&mut filter, name, codes);
        }
        Ok(Self(filter))
    }
}

/// The codes at the start of `text` (`None`: all of them), and where the part ends.
fn read_codes(text: &str) -> Result<(Option<Vec<u64>>, usize), FilterError> {
    let (mut codes, mut at) = (Some(Vec::new()), 0);
    loop {
        let sign = usize::from(text[at..].starts_with('-'));
        let end = text[at + sign..].find([',', '-']).map_or(text.len(), |length| at + sign + length);
        match &text[at..end] {
            "*" | "-1" => codes = None,
            code => {
                let digits = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
                let number = digits.then(|| code.parse().ok()).flatten();
                let number = number.ok_or_else(|| FilterError::Code(code.to_owned()))?;
                if let Some(codes) = &mut codes {
                    codes.push(number);
                }
            }
        }
        if !text[end..].starts_with(',') {
            return Ok((codes, end));
        }
        at = end + 1;
    }
}

fn add(filter: &mut EventFilter, name: &str, codes: Option<Vec<u64>>) {
    let Some((_, known)) = filter.messages.iter_mut().find(|(known, _)| known == name) else {
        return filter.messages.push((name.to_owned(), codes));
    };
    match (known.as_mut(), codes) {
        (Some(known), Some(codes)) => known.extend(codes),
        _ => *known = None,
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, codes)) in self.0.messages.iter().enumerate() {
            let dash = if index == 0 { "" } else { "-" };
            let codes = match codes {
                None => "*".to_owned(),
                Some(codes) => codes.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
            };
            write!(f, "{dash}{name}:{codes}")?;
        }
        Ok(())
    }
}

impl From<Filter> for EventFilter {
    fn from(filter: Filter) -> Self {
        filter.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Parts<'a> = &'a [(&'a str, Option<&'a [u64]>)];

    #[test]
    fn texts_and_their_meaning() {
        let good: &[(&str, Parts<'_>)] = &[
            ("", &[]),
            ("dum:0", &[("dum", Some(&[0]))]),
            ("prb:0-test:0", &[("prb", Some(&[0])), ("test", Some(&[0]))]),
            ("prb:0,2-test:*", &[("prb", Some(&[0, 2])), ("test", None)]),
            ("a:0-1:2", &[("a", Some(&[0])), ("1", Some(&[2]))]),
            ("a:0,*", &[("a", None)]),
            ("a:007", &[("a", Some(&[7]))]),
            ("a:1-a:2-b:0-a:1", &[("a", Some(&[1, 2, 1])), ("b", Some(&[0]))]),
            ("a:1-a:*-a:2", &[("a", None)]),
            ("ping-pong:*", &[("ping-pong", None)]),
            ("ping-pong:0,1-other:-1", &[("ping-pong", Some(&[0, 1])), ("other", None)]),
            ("a:-1-ping-pong:0", &[("a", None), ("ping-pong", Some(&[0]))]),
            ("a:0,-1", &[("a", None)]),
            ("x--y:18446744073709551615", &[("x--y", Some(&[u64::MAX]))]),
        ];
        for (text, parts) in good {
            let messages: Vec<_> =
                parts.iter().map(|(name, codes)| (name.to_string(), codes.map(<[u64]>::to_vec))).collect();
            assert_eq!(text.parse::<Filter>(), Ok(Filter(EventFilter { messages })), "{text}");
        }
        let bad = [
            ("foo", "invalid message filter: foo"),
            ("foo:", "invalid message filter: foo:"),
            (":0", "invalid message filter: :0"),
            ("-", "invalid message filter: -"),
            ("-a:0", "invalid message filter: -a:0"),
            ("a-:0", "invalid message filter: a-:0"),
            ("a:0-b", "invalid message filter: b"),
            ("a:0--b:1", "invalid message filter: -b:1"),
            ("bzz:aa", "invalid message code: aa"),
            ("a:0,", "invalid message code: "),
            ("a:,0", "invalid message code: "),
            ("a:+5", "invalid message code: +5"),
            ("a:-2", "invalid message code: -2"),
            ("a:18446744073709551616", "invalid message code: 18446744073709551616"),
            ("a:1:2", "invalid message code: 1:2"),
        ];
        for (text, error) in bad {
            assert_eq!(
                text.parse::<Filter>().map_err(|error| error.to_string()),
                Err(error.to_owned()),
                "{text}"
            );
        }
    }

    /// What the original understood, in its own way: split at dashes, then at the colon, then at commas.
    fn original(text: &str) -> Option<Vec<(String, Option<u64>)>> {
        let mut wants = Vec::new();
        for part in text.split('-') {
            let (name, codes) = part.split_once(':')?;
            if name.is_empty() || codes.is_empty() {
                return None;
            }
            for code in codes.split(',') {
                let digits = code.bytes().all(|byte| byte.is_ascii_digit());
                match code {
                    "*" => wants.push((name.to_owned(), None)),
                    _ if digits => wants.push((name.to_owned(), Some(code.parse().ok()?))),
                    _ => return None,
                }
            }
        }
        Some(wants)
    }

    proptest! {
        #[test]
        fn never_panics_and_reads_what_it_writes(text in "[a:,*0-9é-]{0,24}|\\PC{0,24}") {
            if let Ok(filter) = text.parse::<Filter>() {
                prop_assert_eq!(filter.to_string().parse(), Ok(filter));
            }
        }

        #[test]
        fn means_what_the_original_meant(text in "([ab]{1,2}:[0-9*]{1,2}(,[0-3*])?-){0,3}[a-c]:[0-9*,:-]{1,4}") {
            if let Some(wants) = original(&text) {
                let filter: EventFilter = text.parse::<Filter>().expect("the original took it").into();
                for name in ["a", "b", "c", "aa", "ab", "ba", "bb"] {
                    for code in 0..100 {
                        let wanted = wants.iter().any(|(n, c)| n == name && c.is_none_or(|c| c == code));
                        prop_assert_eq!(filter.wants(name, code), wanted, "{} {}", name, code);
                    }
                }
            }
        }
    }
}
