//! Reading the binary form, whatever the bytes.

use super::{LONGEST_HEADER, MAGIC, ask, is_kept, tag};
use crate::log::input::{Input, Trouble};
use crate::log::{End, Header};
use crate::record::{Asked, Digest, ErrorText, Kind, Message, Origin, ProtocolName};
use devp2p::NodeId;
use std::io::BufRead;
use std::sync::Arc;

/// The beginning of a file; its first byte has been looked at.
pub(in crate::log) fn take_header<R: BufRead>(input: &mut Input<R>) -> Result<Header, Trouble> {
    if input.array()? != MAGIC {
        return Err(Trouble::Bad("it begins neither as a binary log nor as lines of text".to_owned()));
    }
    let length = input.number()?;
    if length > LONGEST_HEADER {
        return Err(Trouble::Bad(format!("a header of {length} bytes, {LONGEST_HEADER} at most")));
    }
    let header = input.bytes(length)?;
    serde_json::from_slice(&header).map_err(|error| Trouble::Bad(format!("its header: {error}")))
}

/// What stands after the header.
pub(in crate::log) enum Item {
    /// A record, but for its sequence number.
    Record {
        time: u64,
        origin: Origin,
        kind: Kind,
    },
    End(End),
}

/// Reads records; remembers what has been named.
#[derive(Debug, Default)]
pub(in crate::log) struct Decoder {
    time: u64,
    ids: Vec<NodeId>,
    words: Vec<String>,
    protocols: Vec<Arc<ProtocolName>>,
}

impl Decoder {
    pub(in crate::log) fn item<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Item, Trouble> {
        let tag = input.byte()?;
        if tag == tag::END {
            let (time, records) = (input.number()?, input.number()?);
            let digest = Digest(u128::from_le_bytes(input.array()?));
            return Ok(Item::End(End { time, records, digest }));
        }
        if tag & !(tag::KIND | tag::YES) != 0 {
            return Err(unknown("kind of record", tag));
        }
        let passed = input.number()?;
        let passed = (passed >> 1) as i64 ^ -((passed & 1) as i64);
        self.time = self.time.wrapping_add(passed as u64);
        let origin = Origin(input.number_as("an origin")?);
        let kind = self.kind(input, tag & tag::KIND, tag & tag::YES != 0)?;
        Ok(Item::Record { time: self.time, origin, kind })
    }

    fn kind<R: BufRead>(&mut self, input: &mut Input<R>, tag: u8, yes: bool) -> Result<Kind, Trouble> {
        Ok(match tag {
            tag::ASKED => Kind::Asked(self.asked(input)?),
            tag::UP => Kind::Up,
            tag::DOWN => Kind::Down,
            tag::PEER_ADDED => Kind::PeerAdded { peer: self.id(input)?, inbound: yes },
            tag::PEER_DROPPED => {
                Kind::PeerDropped { peer: self.id(input)?, error: ErrorText(self.word(input)?) }
            }
            tag::DIAL_FAILED => {
                Kind::DialFailed { peer: self.id(input)?, error: ErrorText(self.word(input)?) }
            }
            tag::MESSAGE => Kind::Message(Message {
                peer: self.id(input)?,
                received: yes,
                protocol: self.protocol(input)?,
                code: input.number()?,
                size: input.number_as("a size")?,
                wire_len: input.number_as("a size")?,
                payload: u64::from_le_bytes(input.array()?),
            }),
            tag::METRIC => Kind::Metric {
                protocol: self.word(input)?,
                name: self.word(input)?,
                value: f64::from_bits(u64::from_le_bytes(input.array()?)),
            },
            tag::EXPECTATION => Kind::Expectation { name: input.text()?, passed: yes, detail: input.text()? },
            tag::ARRIVAL => Kind::Arrival {
                protocol: self.protocol(input)?,
                item: input.number()?,
                from: yes.then(|| self.id(input)).transpose()?,
                hops: input.number_as("a count of hops")?,
            },
            other => return Err(unknown("kind of record", other)),
        })
    }

    fn asked<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Asked, Trouble> {
        Ok(match input.byte()? {
            ask::CREATE => {
                let (id, name) = (self.id(input)?, input.text()?);
                let services = (0..input.number()?).map(|_| self.word(input)).collect::<Result<_, _>>()?;
                Asked::Create { id, name, services }
            }
            ask::START => Asked::Start { id: self.id(input)? },
            ask::STOP => Asked::Stop { id: self.id(input)? },
            ask::CRASH => Asked::Crash { id: self.id(input)? },
            ask::REMOVE => Asked::Remove { id: self.id(input)? },
            ask::CONNECT => Asked::Connect { one: self.id(input)?, other: self.id(input)? },
            ask::DISCONNECT => Asked::Disconnect { one: self.id(input)?, other: self.id(input)? },
            ask::RPC => Asked::Rpc { id: self.id(input)?, text: input.text()? },
            ask::RESET => Asked::Reset,
            ask::CONDITION => {
                let text = input.text()?;
                let condition = serde_json::from_str(&text)
                    .map_err(|error| Trouble::Bad(format!("a condition: {error}")))?;
                Asked::Condition(Box::new(condition))
            }
            other => return Err(unknown("request", other)),
        })
    }

    fn id<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<NodeId, Trouble> {
        if let Some(place) = place(input)? {
            return self.ids.get(place).copied().ok_or_else(|| unnamed("node", place));
        }
        let id = NodeId::from_bytes(input.array()?);
        self.ids.push(id);
        Ok(id)
    }

    fn word<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<String, Trouble> {
        if let Some(place) = place(input)? {
            return self.words.get(place).cloned().ok_or_else(|| unnamed("word", place));
        }
        let word = input.text()?;
        if is_kept(&word, self.words.len()) {
            self.words.push(word.clone());
        }
        Ok(word)
    }

    fn protocol<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Arc<ProtocolName>, Trouble> {
        if let Some(place) = place(input)? {
            return self.protocols.get(place).cloned().ok_or_else(|| unnamed("protocol", place));
        }
        let (name, version) = (input.text()?, input.number_as("a version")?);
        let protocol = Arc::new(ProtocolName::new(name, version));
        self.protocols.push(Arc::clone(&protocol));
        Ok(protocol)
    }
}

/// The place among those met before, or nothing for one that follows.
fn place<R: BufRead>(input: &mut Input<R>) -> Result<Option<usize>, Trouble> {
    let number: usize = input.number_as("a place")?;
    Ok(number.checked_sub(1))
}

fn unknown(what: &str, number: u8) -> Trouble {
    Trouble::Bad(format!("{number} is no {what}"))
}

fn unnamed(what: &str, place: usize) -> Trouble {
    Trouble::Bad(format!("{what} {place} was never named"))
}
