//! Finding numbers: by id, by topics, by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use ::redb::{Database, Range, ReadableDatabase, ReadableTable};

use super::fault::Fault;
use super::tables;
use crate::store::{Damage, Direction, Moment, Part, Topic};

/// The number of the newest event with this id. The record it leads to has to have it.
pub(super) fn find(db: &Database, id: &[u8; 16]) -> Result<Option<u64>, Fault> {
    let txn = db.begin_read()?;
    let Some(row) = txn.open_table(tables::IDS)?.get(id)? else { return Ok(None) };
    let sequence = row.value();
    let damage = |what: &str| Damage::new(Part::Ids, what).at(sequence..=sequence);
    let records = txn.open_table(tables::RECORDS)?;
    let row = records.get(sequence)?;
    let row = row.ok_or_else(|| damage("a row leads to a record that is not there"))?;
    let record = tables::read_record(sequence, row.value())?;
    if tables::keys_of(sequence, record)?.id != *id {
        return Err(damage("a row leads to a record with another id").into());
    }
    Ok(Some(sequence))
}

pub(super) fn by_topics(
    db: &Database,
    topics: &[Topic],
    range: &RangeInclusive<u64>,
    direction: Direction,
    limit: usize,
    numbers: &mut Vec<u64>,
) -> Result<Option<RangeInclusive<u64>>, Fault> {
    let table = db.begin_read()?.open_table(tables::BY_TOPIC)?;
    let mut merged = Merged::new(&table, topics, range, direction);
    for _ in 0..limit {
        match merged.next()? {
            Some(sequence) => numbers.push(sequence),
            None => return Ok(None),
        }
    }
    let left = numbers.last().map_or(Some(range.clone()), |&last| match direction {
        Direction::Forwards => last.checked_add(1).map(|next| next..=*range.end()),
        Direction::Backwards => last.checked_sub(1).map(|next| *range.start()..=next),
    });
    Ok(left.filter(|left| !left.is_empty()))
}

/// The numbers of several topics in one order. The rows of a topic are opened when its bound comes up.
pub(super) struct Merged<'t, T> {
    table: &'t T,
    range: RangeInclusive<u64>,
    direction: Direction,
    /// By the next number of the topic, or before it is opened a bound of it.
    heap: BinaryHeap<(Rank, usize)>,
    rows: Vec<Rows<'t>>,
}

struct Rows<'t> {
    topic: u32,
    open: Option<Range<'t, &'static [u8; 12], ()>>,
}

/// A number such that the greatest is the next in this direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Forwards(Reverse<u64>),
    Backwards(u64),
}

impl Rank {
    fn new(sequence: u64, direction: Direction) -> Self {
        match direction {
            Direction::Forwards => Self::Forwards(Reverse(sequence)),
            Direction::Backwards => Self::Backwards(sequence),
        }
    }

    fn sequence(self) -> u64 {
        match self {
            Self::Forwards(Reverse(sequence)) | Self::Backwards(sequence) => sequence,
        }
    }
}

impl<'t, T: ReadableTable<&'static [u8; 12], ()>> Merged<'t, T> {
    pub(super) fn new(
        table: &'t T,
        topics: &[Topic],
        range: &RangeInclusive<u64>,
        direction: Direction,
    ) -> Self {
        let mut merged = Self {
            table,
            range: range.clone(),
            direction,
            heap: BinaryHeap::new(),
            rows: Vec::with_capacity(topics.len()),
        };
        let mut heap = Vec::with_capacity(topics.len());
        for topic in topics {
            // What was written since the topic was asked for lies above its last number, and may be wanted.
            let bound = match direction {
                Direction::Forwards => topic.first.max(*range.start()),
                Direction::Backwards => *range.end(),
            };
            let bound = match direction {
                Direction::Backwards => bound.min(topic.last),
                Direction::Forwards => bound,
            };
            heap.push((Rank::new(bound, direction), merged.rows.len()));
            merged.rows.push(Rows { topic: topic.id.0, open: None });
        }
        merged.heap = heap.into();
        merged
    }

    pub(super) fn next(&mut self) -> Result<Option<u64>, Fault> {
        loop {
            let Some((rank, at)) = self.heap.pop() else { return Ok(None) };
            let opened = self.rows[at].open.is_some();
            if !opened {
                let (from, to) = match self.direction {
                    Direction::Forwards => (rank.sequence(), *self.range.end()),
                    Direction::Backwards => (*self.range.start(), rank.sequence()),
                };
                if from > to {
                    continue;
                }
                let topic = self.rows[at].topic;
                let (from, to) = (tables::topic_key(topic, from), tables::topic_key(topic, to));
                self.rows[at].open = Some(self.table.range::<&[u8; 12]>(&from..=&to)?);
            }
            if let Some(next) = self.step(at)? {
                self.heap.push((Rank::new(next, self.direction), at));
            }
            if opened {
                return Ok(Some(rank.sequence()));
            }
        }
    }

    /// The next number of an opened topic.
    fn step(&mut self, at: usize) -> Result<Option<u64>, Fault> {
        let rows = &mut self.rows[at];
        let Some(open) = &mut rows.open else { return Ok(None) };
        let row = match self.direction {
            Direction::Forwards => open.next(),
            Direction::Backwards => open.next_back(),
        };
        let Some(row) = row else { return Ok(None) };
        let (topic, sequence) = tables::topic_of_key(row?.0.value());
        if topic != rows.topic || !self.range.contains(&sequence) {
            return Err(Damage::new(Part::TopicIndex, "rows are not in order").into());
        }
        Ok(Some(sequence))
    }
}

pub(super) fn by_time(
    db: &Database,
    range: &RangeInclusive<Moment>,
    direction: Direction,
    limit: usize,
    found: &mut Vec<Moment>,
) -> Result<Option<RangeInclusive<Moment>>, Fault> {
    if range.is_empty() {
        return Ok(None);
    }
    let table = db.begin_read()?.open_table(tables::BY_TIME)?;
    let key = |moment: &Moment| tables::time_key(moment.timestamp, moment.sequence);
    let mut rows = table.range::<&[u8; 16]>(&key(range.start())..=&key(range.end()))?;
    while found.len() < limit {
        let row = match direction {
            Direction::Forwards => rows.next(),
            Direction::Backwards => rows.next_back(),
        };
        let Some(row) = row else { return Ok(None) };
        let (timestamp, sequence) = tables::time_of_key(row?.0.value());
        let moment = Moment { timestamp, sequence };
        if !range.contains(&moment) {
            return Err(Damage::new(Part::TimeIndex, "rows are not in order").into());
        }
        found.push(moment);
    }
    let left = found.last().map_or(Some(range.clone()), |last| match direction {
        Direction::Forwards => last.after().map(|next| next..=*range.end()),
        Direction::Backwards => last.before().map(|next| *range.start()..=next),
    });
    Ok(left.filter(|left| !left.is_empty()))
}

impl Moment {
    fn after(self) -> Option<Self> {
        match self.sequence.checked_add(1) {
            Some(sequence) => Some(Self { sequence, ..self }),
            None => self.timestamp.checked_add(1).map(|timestamp| Self { timestamp, sequence: 0 }),
        }
    }

    fn before(self) -> Option<Self> {
        if let Some(sequence) = self.sequence.checked_sub(1) {
            Some(Self { sequence, ..self })
        } else {
            let timestamp = self.timestamp.checked_sub(1);
            timestamp.map(|timestamp| Self { timestamp, sequence: u64::MAX })
        }
    }
}
