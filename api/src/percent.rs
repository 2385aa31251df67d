//! Percent-decoding of one piece of a URL (RFC 3986, section 2.1).

/// `%41` is `A`. What is not an escape stays as it is, and bytes that are no UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                digit(high).zip(digit(low)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes() {
        let table = [
            ("a%20b", "a b"),
            ("%41%c3%A9", "Aé"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%2f", "%zz/"),
            ("%ff", "\u{fffd}"),
        ];
        for (text, decoded) in table {
            assert_eq!(decode(text), decoded);
        }
    }
}
