//! The tables of the file, the form of their rows, and what is read of them when the file is opened.
//!
//! Each row but those of the indexes carries a checksum of its key and value: redb verifies pages only when it is told to.
//! A row of an index is held against the record that it leads to.

use std::ops::RangeInclusive;

use ::redb::{
    Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, TableError,
    TableHandle,
};
use crc32fast::Hasher;

use super::fault::Fault;
use super::topics::Topics;
use crate::record::Keys;
use crate::store::{Damage, Part, State, StoreErrorKind, Topic, TopicId};

/// By number: version of the form, checksum, record.
pub(super) const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// By id: the number.
pub(super) const IDS: TableDefinition<'_, &[u8; 16], u64> = TableDefinition::new("ids");
/// By era, topic and number within the era, big-endian: what is new of all topics lies together, and so does what is
/// let go, where an index by topic alone would change a page for each topic.
pub(super) const BY_TOPIC: TableDefinition<'_, &[u8; 12], ()> = TableDefinition::new("by_topic");
/// By time and number, big-endian: the topic.
pub(super) const BY_TIME: TableDefinition<'_, &[u8; 16], u32> = TableDefinition::new("by_time");
/// By the number of the topic: events, bytes, first, last, name.
pub(super) const TOPICS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("topics");
pub(super) const COUNTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("counts");
pub(super) const POSITIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("positions");
pub(super) const NOTES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notes");
/// By first number: the last.
pub(super) const HOLES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("holes");
pub(super) const LET_GO: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("let_go");
/// By name and number: version, state.
pub(super) const SNAPSHOTS: TableDefinition<'_, (&str, u64), &[u8]> =
    TableDefinition::new("snapshots");

/// The form of the tables.
const FORMAT: u32 = 1;
/// The form of a record's row.
const ROW: u8 = 1;
/// Bytes of a record's row before the record.
pub(super) const ROW_HEAD: usize = 5;

const FORMAT_KEY: &str = "format";
const COUNTS_KEY: &str = "counts";

/// Makes the tables, if there are none.
pub(super) fn create(db: &Database) -> Result<(), Fault> {
    let txn = db.begin_read()?;
    match txn.open_table(COUNTS) {
        Ok(_) => return Ok(()),
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(error.into()),
    }
    if let Some(table) = txn.list_tables()?.next() {
        let what = format!("it is a file of redb with other tables (`{}`)", table.name());
        return Err(Fault::refused(StoreErrorKind::NotAJournal, what));
    }
    drop(txn);
    let txn = db.begin_write()?;
    {
        txn.open_table(RECORDS)?;
        txn.open_table(IDS)?;
        txn.open_table(BY_TOPIC)?;
        txn.open_table(BY_TIME)?;
        txn.open_table(TOPICS)?;
        txn.open_table(POSITIONS)?;
        txn.open_table(NOTES)?;
        txn.open_table(HOLES)?;
        txn.open_table(LET_GO)?;
        txn.open_table(SNAPSHOTS)?;
        let mut counts = txn.open_table(COUNTS)?;
        let format = sealed(Part::Counts, FORMAT_KEY.as_bytes(), &FORMAT.to_le_bytes());
        counts.insert(FORMAT_KEY, &*format)?;
        Counts { first: 1, ..Counts::default() }.write(&mut counts)?;
    }
    txn.commit()?;
    Ok(())
}

/// The counts of the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) reserved: u64,
    pub(super) events: u64,
    pub(super) bytes: u64,
    pub(super) next_topic: u32,
}

impl Counts {
    pub(super) fn of(state: &State, next_topic: u32) -> Self {
        let State { first, last, reserved, events, bytes, .. } = *state;
        Self { first, last, reserved, events, bytes, next_topic }
    }

    pub(super) fn write(
        &self,
        table: &mut ::redb::Table<'_, &'static str, &'static [u8]>,
    ) -> Result<(), Fault> {
        let Self { first, last, reserved, events, bytes, next_topic } = *self;
        let mut value = Vec::with_capacity(44);
        for number in [first, last, reserved, events, bytes] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        value.extend_from_slice(&next_topic.to_le_bytes());
        table.insert(COUNTS_KEY, &*sealed(Part::Counts, COUNTS_KEY.as_bytes(), &value))?;
        Ok(())
    }

    pub(super) fn read(
        table: &impl ReadableTable<&'static str, &'static [u8]>,
    ) -> Result<Self, Fault> {
        let missing = || Damage::new(Part::Counts, "the row is not there");
        let row = table.get(COUNTS_KEY)?.ok_or_else(missing)?;
        let mut value = Value(opened(Part::Counts, COUNTS_KEY.as_bytes(), row.value())?);
        let [first, last, reserved, events, bytes] =
            [value.u64(), value.u64(), value.u64(), value.u64(), value.u64()];
        Ok(Self { first, last, reserved, events, bytes, next_topic: value.u32() })
    }
}

/// What is kept in memory of a file.
pub(super) fn load(db: &Database) -> Result<(State, Topics, u32), Fault> {
    let txn = db.begin_read()?;
    let counts = match txn.open_table(COUNTS) {
        Err(TableError::TableDoesNotExist(_)) => {
            let what = "it is a file of redb, and no journal";
            return Err(Fault::refused(StoreErrorKind::NotAJournal, what));
        }
        opened => opened?,
    };
    let format = counts.get(FORMAT_KEY)?;
    let format = format.ok_or_else(|| Damage::new(Part::Counts, "the format is not there"))?;
    let format = Value(opened(Part::Counts, FORMAT_KEY.as_bytes(), format.value())?).u32();
    if format > FORMAT {
        let what = format!("it has form {format}, and this version of REM knows {FORMAT}");
        return Err(Fault::refused(StoreErrorKind::Newer, what));
    }
    let counts = Counts::read(&counts)?;
    let mut topics = Topics::default();
    let table = txn.open_table(TOPICS)?;
    for row in table.iter()? {
        let (id, value) = row?;
        topics.put(topic(id.value(), value.value())?);
    }
    if table.len()? != topics.len() as u64 {
        return Err(Damage::new(Part::Topics, "two topics have one name, or one number").into());
    }
    let Counts { first, last, reserved, events, bytes, next_topic } = counts;
    let mut state = State { first, last, reserved, events, bytes, ..State::default() };
    state.topics = topics.len();
    for row in txn.open_table(HOLES)?.iter()? {
        let (from, value) = row?;
        state.holes.push(hole(from.value(), value.value())?);
    }
    for row in txn.open_table(POSITIONS)?.iter()? {
        let (name, value) = row?;
        let value = opened(Part::Positions, name.value().as_bytes(), value.value())?;
        state.positions.insert(name.value().to_owned(), Value(value).u64());
    }
    for row in txn.open_table(NOTES)?.iter()? {
        let (name, value) = row?;
        let value = opened(Part::Notes, name.value().as_bytes(), value.value())?;
        state.notes.insert(name.value().to_owned(), value.to_owned());
    }
    for row in txn.open_table(LET_GO)?.iter()? {
        let (name, value) = row?;
        let value = opened(Part::LetGo, name.value().as_bytes(), value.value())?;
        state.let_go.insert(name.value().to_owned(), Value(value).u64());
    }
    Ok((state, topics, next_topic))
}

/// A value behind its checksum.
pub(super) fn sealed(part: Part, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(4 + value.len());
    row.extend_from_slice(&checksum(part, key, value).to_le_bytes());
    row.extend_from_slice(value);
    row
}

/// The value of a row, if it is the one that was written under this key.
pub(super) fn opened<'r>(part: Part, key: &[u8], row: &'r [u8]) -> Result<&'r [u8], Damage> {
    let (stored, value) = row.split_first_chunk().ok_or_else(|| broken(part, key))?;
    if u32::from_le_bytes(*stored) == checksum(part, key, value) {
        Ok(value)
    } else {
        Err(broken(part, key))
    }
}

fn broken(part: Part, key: &[u8]) -> Damage {
    let key = key.escape_ascii();
    Damage::new(part, format!("the row `{key}` is not what its checksum says"))
}

fn checksum(part: Part, key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[part as u8]);
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// Writes the row of a record, of [`ROW_HEAD`] bytes more than it has.
pub(super) fn write_record(sequence: u64, record: &[u8], row: &mut [u8]) {
    let (head, body) = row.split_at_mut(ROW_HEAD);
    body.copy_from_slice(record);
    head[0] = ROW;
    head[1..].copy_from_slice(&record_checksum(sequence, ROW, record).to_le_bytes());
}

/// The record in a row, if it is the one that was written under this number.
pub(super) fn read_record(sequence: u64, row: &[u8]) -> Result<&[u8], Damage> {
    let damage = |what: &str| Damage::new(Part::Records, what).at(sequence..=sequence);
    let (head, record) =
        row.split_first_chunk::<ROW_HEAD>().ok_or_else(|| damage("the record is cut off"))?;
    let [version, stored @ ..] = *head;
    if u32::from_le_bytes(stored) != record_checksum(sequence, version, record) {
        return Err(damage("the record is not what its checksum says"));
    }
    if version != ROW {
        return Err(damage("a newer REM wrote the record"));
    }
    Ok(record)
}

fn record_checksum(sequence: u64, version: u8, record: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    let mut head = [version; 9];
    head[1..].copy_from_slice(&sequence.to_le_bytes());
    hasher.update(&head);
    hasher.update(record);
    hasher.finalize()
}

/// What a record in the file is found by.
pub(super) fn keys_of(sequence: u64, record: &[u8]) -> Result<Keys<'_>, Damage> {
    let damage = |error| Damage::new(Part::Records, format!("{error}")).at(sequence..=sequence);
    Keys::decode(record).map_err(damage)
}

pub(super) fn topic_row(topic: &Topic) -> Vec<u8> {
    let mut value = Vec::with_capacity(32 + topic.name.len());
    for number in [topic.events, topic.bytes, topic.first, topic.last] {
        value.extend_from_slice(&number.to_le_bytes());
    }
    value.extend_from_slice(topic.name.as_bytes());
    sealed(Part::Topics, &topic.id.0.to_le_bytes(), &value)
}

pub(super) fn topic(id: u32, row: &[u8]) -> Result<Topic, Damage> {
    let mut value = Value(opened(Part::Topics, &id.to_le_bytes(), row)?);
    let [events, bytes, first, last] = [value.u64(), value.u64(), value.u64(), value.u64()];
    let name = str::from_utf8(value.0);
    let name = name.map_err(|_| Damage::new(Part::Topics, format!("topic {id} has no name")))?;
    Ok(Topic { id: TopicId(id), name: name.into(), events, bytes, first, last })
}

pub(super) fn hole_row(hole: &RangeInclusive<u64>) -> Vec<u8> {
    sealed(Part::Holes, &hole.start().to_le_bytes(), &hole.end().to_le_bytes())
}

pub(super) fn hole(from: u64, row: &[u8]) -> Result<RangeInclusive<u64>, Damage> {
    let to = Value(opened(Part::Holes, &from.to_le_bytes(), row)?).u64();
    Ok(from..=to)
}

/// Numbers that agree but for as many of their last bits are of one era.
const ERA_BITS: u32 = 16;

pub(super) fn era(sequence: u64) -> u64 {
    sequence >> ERA_BITS
}

/// The numbers of an era.
pub(super) fn of_era(era: u64) -> RangeInclusive<u64> {
    let first = era << ERA_BITS;
    first..=first | ((1 << ERA_BITS) - 1)
}

pub(super) fn topic_key(topic: u32, sequence: u64) -> [u8; 12] {
    let mut key = [0; 12];
    let number = sequence.to_be_bytes();
    key[..6].copy_from_slice(&number[..6]);
    key[6..10].copy_from_slice(&topic.to_be_bytes());
    key[10..].copy_from_slice(&number[6..]);
    key
}

pub(super) fn topic_of_key(key: &[u8; 12]) -> (u32, u64) {
    let (mut number, mut topic) = ([0; 8], [0; 4]);
    number[..6].copy_from_slice(&key[..6]);
    topic.copy_from_slice(&key[6..10]);
    number[6..].copy_from_slice(&key[10..]);
    (u32::from_be_bytes(topic), u64::from_be_bytes(number))
}

pub(super) fn time_key(timestamp: u64, sequence: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&timestamp.to_be_bytes());
    key[8..].copy_from_slice(&sequence.to_be_bytes());
    key
}

pub(super) fn time_of_key(key: &[u8; 16]) -> (u64, u64) {
    let (mut timestamp, mut sequence) = ([0; 8], [0; 8]);
    timestamp.copy_from_slice(&key[..8]);
    sequence.copy_from_slice(&key[8..]);
    (u64::from_be_bytes(timestamp), u64::from_be_bytes(sequence))
}

/// A value that was written by this version: its checksum says so, and what is read of it is there.
pub(super) struct Value<'r>(pub(super) &'r [u8]);

impl Value<'_> {
    pub(super) fn u32(&mut self) -> u32 {
        self.0.split_off(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.0.split_off(..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    }
}
