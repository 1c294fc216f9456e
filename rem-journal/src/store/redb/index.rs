//! Finding numbers: by id, by topics, by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use ::redb::{AccessGuard, Database, Range, ReadableDatabase, ReadableTable};

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
    let mut merged = Merged::new(&table, topics, range, direction)?;
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
    open: Option<Opened<'t>>,
}

/// The rows of a topic in one era, after those of the eras before.
struct Opened<'t> {
    era: u64,
    rows: Range<'t, &'static [u8; 12], ()>,
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
    ) -> Result<Self, Fault> {
        // Of the eras there are, no more are looked through.
        let number = |row: Option<(AccessGuard<'_, &[u8; 12]>, _)>| {
            row.map(|(key, _)| tables::era(tables::topic_of_key(key.value()).1))
        };
        let (from, to) = match (number(table.first()?), number(table.last()?)) {
            (Some(first), Some(last)) => {
                let (first, last) = (*tables::of_era(first).start(), *tables::of_era(last).end());
                (first.max(*range.start()), last.min(*range.end()))
            }
            _ => (1, 0),
        };
        let topics = if from > to { &[] } else { topics };
        let mut merged = Self {
            table,
            range: from..=to,
            direction,
            heap: BinaryHeap::new(),
            rows: Vec::with_capacity(topics.len()),
        };
        let mut heap = Vec::with_capacity(topics.len());
        for topic in topics {
            let bound = match direction {
                Direction::Forwards => topic.first.max(from),
                Direction::Backwards => topic.last.min(to),
            };
            heap.push((Rank::new(bound, direction), merged.rows.len()));
            merged.rows.push(Rows { topic: topic.id.0, open: None });
        }
        merged.heap = heap.into();
        Ok(merged)
    }

    pub(super) fn next(&mut self) -> Result<Option<u64>, Fault> {
        loop {
            let Some((rank, at)) = self.heap.pop() else { return Ok(None) };
            let opened = self.rows[at].open.is_some();
            if !opened {
                let bound = rank.sequence();
                if !self.range.contains(&bound) {
                    continue;
                }
                let rows = self.rows_of(self.rows[at].topic, tables::era(bound), Some(bound))?;
                self.rows[at].open = Some(rows);
            }
            if let Some(next) = self.step(at)? {
                self.heap.push((Rank::new(next, self.direction), at));
            }
            if opened {
                return Ok(Some(rank.sequence()));
            }
        }
    }

    /// The rows of a topic in an era, from this number on.
    fn rows_of(&self, topic: u32, era: u64, bound: Option<u64>) -> Result<Opened<'t>, Fault> {
        let numbers = tables::of_era(era);
        let mut from = *numbers.start().max(self.range.start());
        let mut to = *numbers.end().min(self.range.end());
        match (self.direction, bound) {
            (Direction::Forwards, Some(bound)) => from = from.max(bound),
            (Direction::Backwards, Some(bound)) => to = to.min(bound),
            (_, None) => {}
        }
        let (from, to) = (tables::topic_key(topic, from), tables::topic_key(topic, to));
        Ok(Opened { era, rows: self.table.range::<&[u8; 12]>(&from..=&to)? })
    }

    /// The next number of an opened topic.
    fn step(&mut self, at: usize) -> Result<Option<u64>, Fault> {
        let topic = self.rows[at].topic;
        loop {
            let Some(open) = &mut self.rows[at].open else { return Ok(None) };
            let row = match self.direction {
                Direction::Forwards => open.rows.next(),
                Direction::Backwards => open.rows.next_back(),
            };
            if let Some(row) = row {
                let (of, sequence) = tables::topic_of_key(row?.0.value());
                if of != topic || !self.range.contains(&sequence) {
                    return Err(Damage::new(Part::TopicIndex, "rows are not in order").into());
                }
                return Ok(Some(sequence));
            }
            let era = match self.direction {
                Direction::Forwards => open.era.checked_add(1),
                Direction::Backwards => open.era.checked_sub(1),
            };
            let eras = tables::era(*self.range.start())..=tables::era(*self.range.end());
            let Some(era) = era.filter(|era| eras.contains(era)) else { return Ok(None) };
            self.rows[at].open = Some(self.rows_of(topic, era, None)?);
        }
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
