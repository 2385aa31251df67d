//! Sweeps: the values that `--vary` and `--seeds` name.

use super::Setting;
use std::fmt;
use std::str::FromStr;

/// Values of one thing; more would be a mistake of typing.
const MOST_VALUES: usize = 10_000;

/// Something that is varied, and the values it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vary {
    pub(crate) path: String,
    pub(crate) values: Vec<String>,
}

impl FromStr for Vary {
    type Err = String;

    /// `adoption=0..100:10` (both ends are among it), `mode=flood,push-announce`.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is written adoption=0..100:10, or mode=flood,push-announce";
        let Setting { path, value } = text.parse().map_err(|_| form.to_owned())?;
        let values = match value.split_once("..") {
            Some((from, rest)) => range(from, rest)?,
            None => value.split(',').map(|value| value.trim().to_owned()).collect(),
        };
        if values.iter().any(String::is_empty) {
            return Err(format!("a value of {path} is missing: {form}"));
        }
        if let Some(twice) = (1..values.len()).find(|place| values[..*place].contains(&values[*place])) {
            return Err(format!("{} is there twice", values[twice]));
        }
        Ok(Self { path, values })
    }
}

fn range(from: &str, rest: &str) -> Result<Vec<String>, String> {
    let (to, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let number = |text: &str| {
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{text:?} is no number: a range is written from..to:step"))
    };
    let (first, last, by) = (number(from)?, number(to)?, number(step)?);
    if by <= 0.0 || last < first {
        return Err(format!("nothing lies between {from} and {to} in steps of {step}"));
    }
    // A little more than whole, for what binary fractions lack.
    let count = ((last - first) / by + 1e-9).floor();
    if count >= MOST_VALUES as f64 {
        return Err(format!("these are {count} values, and the most is {MOST_VALUES}"));
    }
    let decimals =
        [from, step].map(|text| text.trim().split_once('.').map_or(0, |(_, decimals)| decimals.len()));
    let decimals = decimals.into_iter().max().unwrap_or(0);
    Ok((0..=count as u64).map(|place| format!("{:.decimals$}", first + by * place as f64)).collect())
}

/// Seeds to run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seeds(pub(crate) Vec<u64>);

impl FromStr for Seeds {
    type Err = String;

    /// `20`: 1 to 20. `5..9`: both are among it. `1,5,7`: those.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text:?} are no seeds: 20 (from 1 on), 5..9 or 1,5,7");
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| form());
        let seeds: Vec<u64> = match (text.split_once(".."), text.contains(',')) {
            (Some((from, to)), _) => {
                let (from, to) = (number(from)?, number(to)?);
                if to < from || to - from >= MOST_VALUES as u64 {
                    return Err(form());
                }
                (from..=to).collect()
            }
            (None, true) => text.split(',').map(number).collect::<Result<_, _>>()?,
            (None, false) => match number(text)? {
                0 => return Err("0 seeds are none".to_owned()),
                count if count > MOST_VALUES as u64 => return Err(form()),
                count => (1..=count).collect(),
            },
        };
        Ok(Self(seeds))
    }
}

/// A quantity, and what of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) quantity: String,
    pub(crate) of: simnet::scenario::Statistic,
}

impl FromStr for Column {
    type Err = String;

    /// `gossip/arrival:p95`; `gossip/hops` is its mean.
    fn from_str(text: &str) -> Result<Self, String> {
        let (quantity, of) = text.rsplit_once(':').unwrap_or((text, "mean"));
        Ok(Self { quantity: quantity.trim().to_owned(), of: of.trim().parse()? })
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.quantity, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ranges_or_lists() {
        let values = |text: &str| text.parse::<Vary>().map(|vary| vary.values.join(" "));
        assert_eq!(values("a=0..100:25").unwrap(), "0 25 50 75 100");
        assert_eq!(values("a=1..3").unwrap(), "1 2 3");
        assert_eq!(values("a=0..1:0.25").unwrap(), "0.00 0.25 0.50 0.75 1.00");
        assert_eq!(values("a = 0..1:0.1").unwrap().split(' ').count(), 11);
        assert_eq!(values("nodes.x.count=5").unwrap(), "5");
        assert_eq!(values("mode=flood, push-announce").unwrap(), "flood push-announce");
        for (text, words) in [
            ("a", "it is written"),
            ("a=1..0", "nothing lies between"),
            ("a=0..1:0", "nothing lies between"),
            ("a=0..1:-1", "nothing lies between"),
            ("a=x..1", "\"x\" is no number"),
            ("a=0..1000000", "the most is 10000"),
            ("a=1,,2", "is missing"),
            ("a=1,2,1", "1 is there twice"),
        ] {
            let error = values(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn seeds_are_counted_or_named() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|seeds| seeds.0);
        assert_eq!(seeds("3").unwrap(), [1, 2, 3]);
        assert_eq!(seeds("5..7").unwrap(), [5, 6, 7]);
        assert_eq!(seeds("9, 2").unwrap(), [9, 2]);
        for text in ["0", "x", "7..5", "1..99999999", "-1", ""] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn columns_are_quantities_and_statistics() {
        assert_eq!("gossip/arrival:p95".parse::<Column>().unwrap().to_string(), "gossip/arrival p95");
        assert_eq!("degree".parse::<Column>().unwrap().to_string(), "degree mean");
        assert!("degree:most".parse::<Column>().is_err());
    }
}
