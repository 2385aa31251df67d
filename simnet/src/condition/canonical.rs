//! The form in which conditions are digested: fixed-width little-endian numbers, a tag before what may differ.

use super::Condition;
use devp2p::NodeId;
use std::time::Duration;
use world::sim::{Bandwidth, Chance, Effect, HostLink, Jitter, Link, Loss};

impl Condition {
    /// Appends its canonical bytes.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        match self {
            Self::DefaultLink(link) => {
                out.push(0);
                put_link(out, link);
            }
            Self::Link { from, to, both_ways, link } => {
                out.extend([1, u8::from(*both_ways), u8::from(link.is_some())]);
                put_ids(out, &[*from, *to]);
                link.iter().for_each(|link| put_link(out, link));
            }
            Self::Line { node, line } => {
                out.push(2);
                put_ids(out, &[*node]);
                put_line(out, line);
            }
            Self::Region { node, region } => {
                out.extend([3, u8::from(region.is_some())]);
                put_ids(out, &[*node]);
                out.extend(region.unwrap_or_default().to_le_bytes());
            }
            Self::RegionLink { from, to, link } => {
                out.extend([4, u8::from(link.is_some())]);
                out.extend(from.to_le_bytes());
                out.extend(to.to_le_bytes());
                link.iter().for_each(|link| put_link(out, link));
            }
            Self::Impose { id, one, other, both_ways, effect } => {
                out.extend([5, u8::from(*both_ways), u8::from(other.is_some())]);
                out.extend(id.0.to_le_bytes());
                for side in [Some(one), other.as_ref()].into_iter().flatten() {
                    out.extend((side.len() as u32).to_le_bytes());
                    put_ids(out, side);
                }
                match effect {
                    Effect::Cut => out.push(0),
                    Effect::Worsen { delay, loss } => {
                        out.push(1);
                        put_time(out, *delay);
                        put_chance(out, *loss);
                    }
                }
            }
            Self::Lift(id) => {
                out.push(6);
                out.extend(id.0.to_le_bytes());
            }
        }
    }
}

fn put_ids(out: &mut Vec<u8>, ids: &[NodeId]) {
    ids.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
}

fn put_time(out: &mut Vec<u8>, time: Duration) {
    out.extend(time.as_nanos().to_le_bytes());
}

fn put_chance(out: &mut Vec<u8>, chance: Chance) {
    out.extend(chance.as_f64().to_bits().to_le_bytes());
}

fn put_rate(out: &mut Vec<u8>, rate: Bandwidth) {
    // A rate is never 0.
    out.extend(rate.rate().unwrap_or_default().to_le_bytes());
}

fn put_line(out: &mut Vec<u8>, line: &HostLink) {
    put_rate(out, line.up);
    put_rate(out, line.down);
    out.extend(line.queue.to_le_bytes());
}

fn put_link(out: &mut Vec<u8>, link: &Link) {
    put_time(out, link.latency);
    match link.jitter {
        Jitter::None => out.push(0),
        Jitter::Uniform(most) => {
            out.push(1);
            put_time(out, most);
        }
        Jitter::Normal { mean, deviation } => {
            out.push(2);
            put_time(out, mean);
            put_time(out, deviation);
        }
        Jitter::LongTail { scale, shape, most } => {
            out.push(3);
            put_time(out, scale);
            out.extend(shape.to_le_bytes());
            put_time(out, most);
        }
    }
    match link.loss {
        Loss::None => out.push(0),
        Loss::Independent(chance) => {
            out.push(1);
            put_chance(out, chance);
        }
        Loss::Bursts { worsens, recovers, while_good, while_bad } => {
            out.push(2);
            for chance in [worsens, recovers, while_good, while_bad] {
                put_chance(out, chance);
            }
        }
    }
    put_chance(out, link.reorder);
    put_time(out, link.reorder_by);
    put_chance(out, link.duplicate);
    // No packet is 0 bytes at most.
    out.extend(link.mtu.unwrap_or_default().to_le_bytes());
    out.push(u8::from(link.window));
}
