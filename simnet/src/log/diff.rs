//! Where two logs part.
//!
//! Records are held against each other by what the digest knows: time, origin, the origin's count, and what they say.
//! How records of one instant interleave counts for nothing, there as here. Two logs are read side by side; beside the
//! network's state and one instant of each, nothing of them is kept.

use super::{LogError, LogReader, Past};
use crate::record::Record;
use std::collections::VecDeque;
use std::io::BufRead;

/// So many records before a difference are shown, and so many after it.
const CONTEXT: usize = 3;

/// The first thing that is not the same.
#[derive(Debug)]
pub struct Difference {
    /// The last records that both have.
    pub before: Vec<Record>,
    /// The one log.
    pub one: Side,
    /// The other.
    pub other: Side,
    /// The network as both tell it up to there.
    pub past: Past,
}

/// One log from the first difference on.
#[derive(Debug)]
pub struct Side {
    /// The record that the other log does not have; nothing where this log has ended.
    pub record: Option<Record>,
    /// What comes after it.
    pub after: Vec<Record>,
}

/// Reads two logs up to their first difference; `None` if all their records are the same. How they end
/// ([`LogReader::ending`]) is for the caller to compare: the one may be cut.
///
/// # Errors
/// One of them is damaged before they differ.
pub fn diff<A: BufRead, B: BufRead>(
    one: &mut LogReader<A>,
    other: &mut LogReader<B>,
) -> Result<Option<Difference>, LogError> {
    let (mut one, mut other) = (Ahead::new(one), Ahead::new(other));
    let (mut past, mut before) = (Past::default(), VecDeque::new());
    loop {
        let (a, b) = (one.next()?, other.next()?);
        if a == b {
            let Some(record) = a else { return Ok(None) };
            past.fold(&record);
            before.truncate(CONTEXT - 1);
            before.push_front(record);
            continue;
        }
        // They may differ only in how the records of this instant interleave: in their proper order they do not.
        one.put_back(a);
        other.put_back(b);
        let instant = [one.head().map(|record| record.time), other.head().map(|record| record.time)];
        let instant = instant.into_iter().flatten().min().expect("one of the two goes on");
        let sorted = [one.sort(instant)?, other.sort(instant)?];
        let is_same = one.ahead.iter().take(sorted[0]).eq(other.ahead.iter().take(sorted[1]));
        if !is_same {
            return part(one, other, before.into(), past).map(Some);
        }
        let at_once = one.ahead.drain(..sorted[0]).collect::<Vec<_>>();
        other.ahead.drain(..sorted[1]);
        at_once.iter().for_each(|record| past.fold(record));
        at_once.into_iter().for_each(|record| before.push_front(record));
    }
}

/// Both have something ahead, in order, and what that is differs.
fn part<A: BufRead, B: BufRead>(
    mut one: Ahead<'_, A>,
    mut other: Ahead<'_, B>,
    mut before: Vec<Record>,
    mut past: Past,
) -> Result<Difference, LogError> {
    before.reverse();
    let (a, b) = loop {
        let (a, b) = (one.next()?, other.next()?);
        if a != b {
            break (a, b);
        }
        let record = a.expect("they differ before both have ended");
        past.fold(&record);
        before.push(record);
    };
    before.drain(..before.len().saturating_sub(CONTEXT));
    let (one, other) = (Side { record: a, after: one.rest() }, Side { record: b, after: other.rest() });
    Ok(Difference { before, one, other, past })
}

/// A log with some of its records read ahead.
struct Ahead<'a, R> {
    log: &'a mut LogReader<R>,
    ahead: VecDeque<Record>,
}

impl<'a, R: BufRead> Ahead<'a, R> {
    fn new(log: &'a mut LogReader<R>) -> Self {
        Self { log, ahead: VecDeque::new() }
    }

    fn next(&mut self) -> Result<Option<Record>, LogError> {
        match self.ahead.pop_front() {
            Some(record) => Ok(Some(record)),
            None => self.log.next_record(),
        }
    }

    fn put_back(&mut self, record: Option<Record>) {
        record.into_iter().for_each(|record| self.ahead.push_front(record));
    }

    fn head(&self) -> Option<&Record> {
        self.ahead.front()
    }

    /// Reads all records of an instant, and puts them in the order of their origins. Answers how many they are.
    fn sort(&mut self, instant: u64) -> Result<usize, LogError> {
        while self.ahead.back().is_none_or(|last| last.time == instant) {
            match self.log.next_record()? {
                Some(record) => self.ahead.push_back(record),
                None => break,
            }
        }
        let count = self.ahead.iter().take_while(|record| record.time == instant).count();
        self.ahead.make_contiguous()[..count].sort_by_key(|record| (record.origin, record.seq));
        Ok(count)
    }

    /// What comes next, for people to look at. Damage further on is not what is asked about here.
    fn rest(mut self) -> Vec<Record> {
        std::iter::from_fn(|| self.next().ok().flatten()).take(CONTEXT).collect()
    }
}
