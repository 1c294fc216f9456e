//! Writing: records, their rows in the indexes and the counts, in one transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};

use ::redb::{Database, ReadableDatabase, WriteTransaction};

use super::fault::{Fault, guarded};
use super::holes::{self, Change};
use super::tables::{self, Counts};
use super::topics::Topics;
use super::{Redb, Writer};
use crate::record::Keys;
use crate::store::{Commit, Entry, Part, State, Store, StoreError, StoreErrorKind, Topic, TopicId};

impl Redb {
    pub(super) fn append_batch(
        &self,
        batch: &[Entry<'_>],
        commit: &Commit<'_>,
    ) -> Result<(), StoreError> {
        let mut writer = self.writing()?;
        let state = self.state();
        let batch = self.new_of(batch, &state, &mut writer)?;
        let staged = {
            let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
            Staged::new(batch, &topics, writer.next_topic)
        };
        let staged = staged.map_err(|fault| fault.told(&self.path))?;
        let counts = staged.counts(&state, commit);
        let ranges = new_holes(batch, commit, &state);
        let holes = Change::of(&state.holes, &ranges);
        drop(state);
        self.transact(&mut writer, |txn| {
            staged.write(txn, batch)?;
            write_commit(txn, commit, &holes)?;
            counts.write(&mut txn.open_table(tables::COUNTS)?)
        })?;
        staged.done(&mut writer);
        {
            let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
            staged.topics.into_values().for_each(|topic| topics.put(topic));
            self.change_state(|state| {
                state.topics = topics.len();
                apply(state, commit);
                for range in &ranges {
                    holes::add(&mut state.holes, range);
                }
                let Counts { first, last, reserved, events, bytes, .. } = counts;
                (state.first, state.last, state.reserved) = (first, last, reserved);
                (state.events, state.bytes) = (events, bytes);
            });
        }
        Ok(())
    }

    /// The entries that are not there yet. Those that are must be the same: they are given again after an error.
    fn new_of<'b, 'e>(
        &self,
        batch: &'b [Entry<'e>],
        state: &State,
        writer: &mut Writer,
    ) -> Result<&'b [Entry<'e>], StoreError> {
        let ascends = batch.is_sorted_by(|a, b| a.sequence < b.sequence);
        if !ascends || batch.first().is_some_and(|entry| entry.sequence == 0) {
            let what = "the entries of a batch do not ascend from 1";
            return Err(self.error(StoreErrorKind::Sequence, what));
        }
        let there = batch.partition_point(|entry| entry.sequence <= state.last);
        let (known, new) = batch.split_at(there);
        if !known.is_empty() {
            let open = self.current();
            let same = guarded(|| same(open.db()?, known));
            drop(open);
            same.map_err(|fault| self.failed(writer, fault))?;
        }
        Ok(new)
    }
}

fn same(db: &Database, known: &[Entry<'_>]) -> Result<(), Fault> {
    let records = db.begin_read()?.open_table(tables::RECORDS)?;
    for entry in known {
        let row = records.get(entry.sequence)?;
        let same = match &row {
            Some(row) => tables::read_record(entry.sequence, row.value())? == entry.bytes,
            None => false,
        };
        if !same {
            let what = format!("number {} was given to another event before", entry.sequence);
            return Err(Fault::refused(StoreErrorKind::Sequence, what));
        }
    }
    Ok(())
}

/// What a batch makes of the topics and the indexes.
struct Staged<'e> {
    topics: HashMap<&'e str, Topic>,
    /// In the order of their keys, so that each page of the index is changed once.
    by_topic: Vec<[u8; 12]>,
    keys: Vec<(Keys<'e>, u32)>,
    next_topic: u32,
    bytes: u64,
    first: Option<u64>,
    last: Option<u64>,
}

impl<'e> Staged<'e> {
    fn new(batch: &[Entry<'e>], topics: &Topics, next_topic: u32) -> Result<Self, Fault> {
        let mut staged = Self {
            topics: HashMap::new(),
            by_topic: Vec::with_capacity(batch.len()),
            keys: Vec::with_capacity(batch.len()),
            next_topic,
            bytes: 0,
            first: batch.first().map(|entry| entry.sequence),
            last: batch.last().map(|entry| entry.sequence),
        };
        for entry in batch {
            staged.add(entry, topics)?;
        }
        staged.by_topic.sort_unstable();
        Ok(staged)
    }

    fn add(&mut self, entry: &Entry<'e>, topics: &Topics) -> Result<(), Fault> {
        let sequence = entry.sequence;
        let keys = Keys::decode(entry.bytes).map_err(|error| {
            Fault::refused(StoreErrorKind::Record, format!("event {sequence}: {error}"))
        })?;
        let topic = match self.topics.entry(keys.topic) {
            Slot::Occupied(there) => there.into_mut(),
            Slot::Vacant(free) => free.insert(if let Some(topic) = topics.named(keys.topic) {
                topic.clone()
            } else {
                let id = TopicId(self.next_topic);
                self.next_topic = self.next_topic.checked_add(1).ok_or_else(|| {
                    let what = "it has had 4,294,967,295 topics, and numbers no more";
                    Fault::refused(StoreErrorKind::TooLarge, what)
                })?;
                let name = Arc::from(keys.topic);
                Topic { id, name, events: 0, bytes: 0, first: sequence, last: sequence }
            }),
        };
        let bytes = entry.bytes.len() as u64;
        topic.events += 1;
        topic.bytes += bytes;
        topic.last = sequence;
        self.bytes += bytes;
        self.by_topic.push(tables::topic_key(topic.id.0, sequence));
        self.keys.push((keys, topic.id.0));
        Ok(())
    }

    fn counts(&self, state: &State, commit: &Commit<'_>) -> Counts {
        let mut counts = Counts::of(state, self.next_topic);
        counts.events += self.keys.len() as u64;
        counts.bytes += self.bytes;
        if let Some(last) = self.last {
            counts.last = last;
        }
        // With nothing kept, what is kept begins behind the last.
        if state.events == 0 {
            counts.first = self.first.unwrap_or(counts.last + 1);
        }
        counts.reserved = commit.reserved.unwrap_or(counts.reserved).max(counts.last);
        counts
    }

    fn write(&self, txn: &WriteTransaction, batch: &[Entry<'_>]) -> Result<(), Fault> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut records = txn.open_table(tables::RECORDS)?;
        for entry in batch {
            let length = tables::ROW_HEAD + entry.bytes.len();
            let mut row = records.insert_reserve(entry.sequence, length)?;
            tables::write_record(entry.sequence, entry.bytes, row.as_mut());
        }
        let mut ids = txn.open_table(tables::IDS)?;
        let mut by_time = txn.open_table(tables::BY_TIME)?;
        for (entry, (keys, topic)) in batch.iter().zip(&self.keys) {
            ids.insert(&keys.id, entry.sequence)?;
            by_time.insert(&tables::time_key(keys.timestamp, entry.sequence), topic)?;
        }
        let mut by_topic = txn.open_table(tables::BY_TOPIC)?;
        for key in &self.by_topic {
            by_topic.insert(key, ())?;
        }
        let mut topics = txn.open_table(tables::TOPICS)?;
        for topic in self.topics.values() {
            topics.insert(topic.id.0, &*tables::topic_row(topic))?;
        }
        Ok(())
    }

    fn done(&self, writer: &mut Writer) {
        writer.next_topic = self.next_topic;
        // What came late is looked at again by the rules that went by its time already.
        let earliest = self.keys.iter().map(|(keys, _)| keys.timestamp).min();
        if let Some(earliest) = earliest {
            for moment in writer.aged.values_mut() {
                if moment.timestamp >= earliest {
                    (moment.timestamp, moment.sequence) = (earliest, 0);
                }
            }
        }
    }
}

fn write_commit(txn: &WriteTransaction, commit: &Commit<'_>, holes: &Change) -> Result<(), Fault> {
    if !commit.positions.is_empty() {
        let mut positions = txn.open_table(tables::POSITIONS)?;
        for &(name, position) in commit.positions {
            match position {
                Some(position) => {
                    let position = position.to_le_bytes();
                    let row = tables::sealed(Part::Positions, name.as_bytes(), &position);
                    positions.insert(name, &*row)?;
                }
                None => drop(positions.remove(name)?),
            }
        }
    }
    if !commit.notes.is_empty() {
        let mut notes = txn.open_table(tables::NOTES)?;
        for &(name, note) in commit.notes {
            match note {
                Some(note) => {
                    let row = tables::sealed(Part::Notes, name.as_bytes(), note);
                    notes.insert(name, &*row)?;
                }
                None => drop(notes.remove(name)?),
            }
        }
    }
    if *holes != Change::default() {
        let mut table = txn.open_table(tables::HOLES)?;
        for start in &holes.gone {
            table.remove(start)?;
        }
        for hole in &holes.put {
            table.insert(hole.start(), &*tables::hole_row(hole))?;
        }
    }
    Ok(())
}

/// The numbers that no event has, as from now on: what is told, and what a batch leaves out.
fn new_holes(batch: &[Entry<'_>], commit: &Commit<'_>, state: &State) -> Vec<RangeInclusive<u64>> {
    let mut holes = commit.holes.to_vec();
    let mut next = state.last + 1;
    for entry in batch {
        // The first of all has none before it that anybody could miss.
        if entry.sequence > next && state.last > 0 {
            holes.push(next..=entry.sequence - 1);
        }
        next = entry.sequence.saturating_add(1);
    }
    holes
}

fn apply(state: &mut State, commit: &Commit<'_>) {
    for &(name, position) in commit.positions {
        match position {
            Some(position) => state.positions.insert(name.to_owned(), position),
            None => state.positions.remove(name),
        };
    }
    for &(name, note) in commit.notes {
        match note {
            Some(note) => state.notes.insert(name.to_owned(), note.to_owned()),
            None => state.notes.remove(name),
        };
    }
}
