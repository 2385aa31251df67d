//! Amounts of memory.

use std::str::FromStr;

/// Bytes, typed as `2GiB`, `500MB` or `1048576`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory(pub(crate) u64);

const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text:?} is no amount of memory: 2GiB, 500MB, 1.5GiB");
        let lower = text.trim().to_ascii_lowercase();
        let unit = UNITS.iter().find_map(|(unit, size)| Some((lower.strip_suffix(unit)?, *size)));
        let (number, size) = unit.unwrap_or((&lower, 1));
        let number: f64 = number.trim().parse().map_err(|_| form())?;
        let bytes = number * size as f64;
        // Also refuses what is not a number.
        if bytes >= 1.0 && bytes < u64::MAX as f64 { Ok(Self(bytes as u64)) } else { Err(form()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_their_units_and_nothing_else_is() {
        for (text, bytes) in
            [("2GiB", 2 << 30), ("1.5 gib", 3 << 29), ("500MB", 500_000_000), ("77", 77), ("1b", 1)]
        {
            assert_eq!(text.parse(), Ok(Memory(bytes)), "{text}");
        }
        for text in ["", "GiB", "-1GiB", "0", "nan", "inf", "1e300TiB", "2 GB of it"] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }
}
