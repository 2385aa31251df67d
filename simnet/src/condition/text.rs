//! How conditions are written: read and printed, the one undoing the other.

use super::LinkChange;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use world::sim::{Bandwidth, Chance, HostLink, Jitter, Link, Loss};

/// A condition in text: what is printed is read back as the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Text<T>(pub T);

/// A text that says no such thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {why}")]
pub struct BadText {
    what: &'static str,
    text: String,
    why: String,
}

impl BadText {
    pub(super) fn new(what: &'static str, text: &str, why: impl Into<String>) -> Self {
        Self { what, text: text.to_owned(), why: why.into() }
    }
}

/// A number without sign or exponent, and what follows it.
fn number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// `number` of units of so many parts each, in whole parts.
fn parts(number: &str, unit: u64) -> Result<u64, &'static str> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (whole, fraction) = (whole, fraction.trim_end_matches('0'));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err("there is no number");
    }
    if fraction.len() > 18 {
        return Err("the number is finer than what it counts");
    }
    let digits = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u128>() };
    let (Ok(whole), Ok(rest)) = (digits(whole), digits(fraction)) else {
        return Err("the number is too large");
    };
    let scale = 10u128.pow(fraction.len() as u32);
    let rest = rest * u128::from(unit);
    if !rest.is_multiple_of(scale) {
        return Err("the number is finer than what it counts");
    }
    let all = whole.checked_mul(u128::from(unit)).and_then(|all| all.checked_add(rest / scale));
    all.and_then(|all| u64::try_from(all).ok()).ok_or("the number is too large")
}

// --- lengths of time ---------------------------------------------------------------------------------------------

const TIMES: [(&str, u64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

impl FromStr for Text<Duration> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let bad = |why: &str| BadText::new("length of time, such as 30s or 1m 30s", text, why);
        let mut rest = text.trim();
        let mut sum = 0u64;
        if rest.is_empty() {
            return Err(bad("there is nothing"));
        }
        while !rest.is_empty() {
            let (count, after) = number(rest);
            let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let (unit, after) = (&after[..end], after[end..].trim_start());
            if count.is_empty() {
                return Err(bad("there is no number"));
            }
            if unit.is_empty() && count.chars().all(|c| c == '0') && sum == 0 && after.is_empty() {
                return Ok(Self(Duration::ZERO));
            }
            let known = TIMES.iter().find(|(name, _)| *name == unit);
            let (_, unit) = known.ok_or_else(|| match unit {
                "" => bad(&format!("{count} of what? Units are ns, us, ms, s, m, h, d")),
                unit => bad(&format!("{unit:?} is no unit; units are ns, us, ms, s, m, h, d")),
            })?;
            let more = parts(count, *unit).map_err(bad)?;
            sum = sum.checked_add(more).ok_or_else(|| bad("that is longer than 584 years"))?;
            rest = after;
        }
        Ok(Self(Duration::from_nanos(sum)))
    }
}

impl fmt::Display for Text<Duration> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn span(text: &str) -> Result<Duration, BadText> {
    text.parse().map(|Text(span)| span)
}

/// Splits `a ± b`.
fn around(text: &str) -> Option<(&str, &str)> {
    ["±", "+-", "+/-"].iter().find_map(|sign| text.split_once(sign))
}

/// The latency of a link, and the jitter if it is written with one.
pub(super) fn latency(text: &str) -> Result<(Duration, Option<Jitter>), BadText> {
    let Some((middle, width)) = around(text) else { return Ok((span(text)?, None)) };
    let (middle, width) = (span(middle)?, span(width)?);
    // What is promised of a link is the least it takes; the rest is jitter.
    let least = middle.checked_sub(width).ok_or_else(|| {
        BadText::new("latency", text, format!("{width:?} less than {middle:?} is less than nothing"))
    })?;
    Ok((least, Some(if width.is_zero() { Jitter::None } else { Jitter::Uniform(2 * width) })))
}

// --- chances -----------------------------------------------------------------------------------------------------

impl FromStr for Text<Chance> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let bad = |why: &str| BadText::new("chance, such as 1%", text, why);
        let percent = text.trim().strip_suffix('%').map(str::trim_end);
        let percent = percent.ok_or_else(|| bad("it ends with %"))?;
        let (digits, rest) = number(percent);
        if digits.is_empty() || !rest.is_empty() {
            return Err(bad("before the % stands a number from 0 to 100"));
        }
        // Shifted in text, so that what is printed is read back to the bit.
        let chance = format!("{digits}e-2").parse::<f64>().map_err(|_| bad("that is no number"))?;
        Chance::try_from(chance).map(Self).map_err(|_| bad("it lies between 0% and 100%"))
    }
}

impl fmt::Display for Text<Chance> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_f64().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let fraction = format!("{fraction:0<2}");
        let (percent, rest) = fraction.split_at(2);
        let percent = format!("{whole}{percent}");
        let percent = percent.trim_start_matches('0');
        let percent = if percent.is_empty() { "0" } else { percent };
        match rest {
            "" => write!(f, "{percent}%"),
            rest => write!(f, "{percent}.{rest}%"),
        }
    }
}

fn chance(text: &str) -> Result<Chance, BadText> {
    text.parse().map(|Text(chance)| chance)
}

// --- jitter and loss ---------------------------------------------------------------------------------------------

impl FromStr for Text<Jitter> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let trimmed = text.trim();
        let bad = |why: &str| BadText::new("jitter", text, why);
        if trimmed == "none" {
            return Ok(Self(Jitter::None));
        }
        if let Some(rest) = trimmed.strip_prefix("normal ") {
            let (mean, deviation) = around(rest).ok_or_else(|| bad("it is written normal 5ms ± 2ms"))?;
            return Ok(Self(Jitter::Normal { mean: span(mean)?, deviation: span(deviation)? }));
        }
        if let Some(rest) = trimmed.strip_prefix("long-tail ") {
            let form = || bad("it is written long-tail 5ms shape 2 most 1s");
            let (scale, rest) = rest.split_once(" shape ").ok_or_else(form)?;
            let (shape, most) = rest.split_once(" most ").ok_or_else(form)?;
            let tenths = parts(shape.trim(), 10).ok().and_then(|tenths| u16::try_from(tenths).ok());
            let shape = tenths
                .filter(|tenths| *tenths > 0)
                .ok_or_else(|| bad("the shape is a number from 0.1 to 6553.5, in tenths"))?;
            return Ok(Self(Jitter::LongTail { scale: span(scale)?, shape, most: span(most)? }));
        }
        if around(trimmed).is_some() {
            return Err(bad("around what? Write it with the latency, as in latency 50ms ± 10ms"));
        }
        Ok(Self(Jitter::Uniform(span(trimmed)?)))
    }
}

impl fmt::Display for Text<Jitter> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Jitter::None => f.write_str("none"),
            Jitter::Uniform(most) => write!(f, "{most:?}"),
            Jitter::Normal { mean, deviation } => write!(f, "normal {mean:?} ± {deviation:?}"),
            Jitter::LongTail { scale, shape, most } => {
                let shape = shape.max(1);
                write!(f, "long-tail {scale:?} shape {}", shape / 10)?;
                if !shape.is_multiple_of(10) {
                    write!(f, ".{}", shape % 10)?;
                }
                write!(f, " most {most:?}")
            }
        }
    }
}

impl FromStr for Text<Loss> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let trimmed = text.trim();
        let bad = |why: &str| BadText::new("loss", text, why);
        if trimmed == "none" {
            return Ok(Self(Loss::None));
        }
        if let Some((rate, length)) = trimmed.split_once(" in bursts of ") {
            let rate = chance(rate)?.as_f64();
            let length: f64 = length.trim().parse().map_err(|_| bad("a burst is so many packets long"))?;
            let bursts = bursts(rate, length);
            return bursts.map(Self).ok_or_else(|| {
                bad("bursts are 1 packet or longer, and long enough for such a share to be lost in them")
            });
        }
        if let Some(rest) = trimmed.strip_prefix("worsens ") {
            let form = || bad("it is written worsens 1% recovers 25% good 0% bad 100%");
            let (worsens, rest) = rest.split_once(" recovers ").ok_or_else(form)?;
            let (recovers, rest) = rest.split_once(" good ").ok_or_else(form)?;
            let (good, lost) = rest.split_once(" bad ").ok_or_else(form)?;
            return Ok(Self(Loss::Bursts {
                worsens: chance(worsens)?,
                recovers: chance(recovers)?,
                while_good: chance(good)?,
                while_bad: chance(lost)?,
            }));
        }
        chance(trimmed).map(|chance| Self(Loss::Independent(chance)))
    }
}

/// Gilbert's model, where there is one.
fn bursts(rate: f64, length: f64) -> Option<Loss> {
    let possible = rate < 1.0 && length >= 1.0 && length.is_finite() && rate / (1.0 - rate) <= length;
    possible.then(|| Loss::bursts(rate, length))
}

impl fmt::Display for Text<Loss> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Loss::None => f.write_str("none"),
            Loss::Independent(chance) => Text(chance).fmt(f),
            Loss::Bursts { worsens, recovers, while_good, while_bad } => {
                // As short as it can be read back.
                let rounded = |number: f64| (number * 1e9).round() / 1e9;
                let (rate, length) = (rounded(self.0.rate()), rounded(1.0 / recovers.as_f64()));
                if bursts(rate, length) == Some(self.0) {
                    return write!(f, "{} in bursts of {length}", Text(Chance::of(rate)));
                }
                let [worsens, recovers, good, bad] = [worsens, recovers, while_good, while_bad].map(Text);
                write!(f, "worsens {worsens} recovers {recovers} good {good} bad {bad}")
            }
        }
    }
}

/// What comes later, and how much.
pub(super) fn reorder(text: &str) -> Result<(Chance, Duration), BadText> {
    if text.trim() == "none" {
        return Ok((Chance::NEVER, Duration::ZERO));
    }
    let form = || BadText::new("reordering", text, "it is written 1% by 10ms");
    let (share, by) = text.split_once(" by ").ok_or_else(form)?;
    Ok((chance(share)?, span(by)?))
}

/// A chance that may be `none`.
pub(super) fn maybe(text: &str) -> Result<Chance, BadText> {
    if text.trim() == "none" { Ok(Chance::NEVER) } else { chance(text) }
}

// --- bandwidth and sizes -----------------------------------------------------------------------------------------

const RATES: [(&str, u64); 4] =
    [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1)];

impl FromStr for Text<Bandwidth> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let bad = |why: &str| BadText::new("bandwidth, such as 10 Mbit/s", text, why);
        if text.trim() == "unlimited" {
            return Ok(Self(Bandwidth::UNLIMITED));
        }
        let (count, unit) = number(text.trim());
        let known = RATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let (_, unit) = known.ok_or_else(|| bad("units are bit/s, kbit/s, Mbit/s, Gbit/s"))?;
        match parts(count, *unit).map_err(bad)? {
            0 => Err(bad("nothing ever passes there; `partition` cuts a node off")),
            bits => Ok(Self(Bandwidth::bits_per_second(bits))),
        }
    }
}

impl fmt::Display for Text<Bandwidth> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rate) = self.0.rate() else { return f.write_str("unlimited") };
        let fits = RATES.iter().find(|(_, unit)| rate.is_multiple_of(*unit));
        let (name, unit) = fits.expect("1 divides everything");
        write!(f, "{} {name}", rate / unit)
    }
}

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// So many bytes.
pub(super) fn size(text: &str) -> Result<u64, BadText> {
    let bad = |why: &str| BadText::new("size, such as 256 KiB", text, why);
    let (count, unit) = number(text.trim());
    let unit = if unit.is_empty() { "B" } else { unit };
    let known = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let (_, unit) = known.ok_or_else(|| bad("units are B, kB, MB, GB, KiB, MiB, GiB"))?;
    parts(count, *unit).map_err(bad)
}

fn show_size(bytes: u64) -> String {
    let fits = SIZES[..3].iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{} {name}", bytes / unit))
}

// --- links and lines ---------------------------------------------------------------------------------------------

impl FromStr for Text<Link> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let Text(change) = text.parse::<Text<LinkChange>>()?;
        if change.latency.is_none() {
            return Err(BadText::new("link, such as 50ms, loss 1%", text, "it has no latency"));
        }
        Ok(Self(change.of(Link::latency(Duration::ZERO))))
    }
}

impl fmt::Display for Text<Link> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Link { latency, jitter, loss, reorder, reorder_by, duplicate, mtu, window } = self.0;
        write!(f, "{latency:?}")?;
        if jitter != Jitter::None {
            write!(f, ", jitter {}", Text(jitter))?;
        }
        if loss != Loss::None {
            write!(f, ", loss {}", Text(loss))?;
        }
        if (reorder, reorder_by) != (Chance::NEVER, Duration::ZERO) {
            write!(f, ", reorder {} by {reorder_by:?}", Text(reorder))?;
        }
        if duplicate != Chance::NEVER {
            write!(f, ", duplicate {}", Text(duplicate))?;
        }
        if let Some(mtu) = mtu {
            write!(f, ", mtu {mtu}")?;
        }
        if window { f.write_str(", window") } else { Ok(()) }
    }
}

impl FromStr for Text<HostLink> {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let form = |why: &str| BadText::new("line, such as up 10 Mbit/s, down 50 Mbit/s", text, why);
        let mut line = HostLink::UNLIMITED;
        let mut seen: Vec<&str> = Vec::new();
        for piece in text.split(',').map(str::trim) {
            let (key, value) =
                piece.split_once(' ').ok_or_else(|| form("up, down or queue, and how much"))?;
            match key {
                "up" => line.up = value.parse::<Text<Bandwidth>>()?.0,
                "down" => line.down = value.parse::<Text<Bandwidth>>()?.0,
                "queue" => line.queue = size(value)?,
                _ => return Err(form(&format!("a line has up, down and queue, and no {key:?}"))),
            }
            if seen.contains(&key) {
                return Err(form(&format!("{key} is said twice")));
            }
            seen.push(key);
        }
        Ok(Self(line))
    }
}

impl fmt::Display for Text<HostLink> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HostLink { up, down, queue } = self.0;
        write!(f, "up {}, down {}", Text(up), Text(down))?;
        if queue == HostLink::QUEUE { Ok(()) } else { write!(f, ", queue {}", show_size(queue)) }
    }
}
