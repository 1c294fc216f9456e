//! Records, and places to keep them in.

use std::ops::{ControlFlow, RangeInclusive};

use redb::backends::InMemoryBackend;
use rem_journal::record::Record;
use rem_journal::store::{Commit, Damage, Direction, Entry, OpenOptions, Redb, Store, StoreError};

/// An event of a test, by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) sequence: u64,
    pub(crate) id: [u8; 16],
    pub(crate) topic: String,
    pub(crate) timestamp: u64,
    pub(crate) body: Vec<u8>,
}

impl Event {
    /// One of ten topics, a second after the one before.
    pub(crate) fn new(sequence: u64) -> Self {
        Self {
            sequence,
            id: id(sequence),
            topic: format!("sensor.{}.read", sequence % 10),
            timestamp: sequence * 1_000_000_000,
            body: format!("the body of event {sequence}, of about the length that one has")
                .into_bytes(),
        }
    }

    pub(crate) fn topic(mut self, topic: &str) -> Self {
        topic.clone_into(&mut self.topic);
        self
    }

    pub(crate) fn at(mut self, timestamp: u64) -> Self {
        self.timestamp = timestamp;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let record = Record {
            id: self.id,
            timestamp: self.timestamp,
            topic: &self.topic,
            scope: 0,
            source: None,
            causation: None,
            correlation: None,
            metadata: None,
            version: 1,
            codec: 1,
            body: &self.body,
        };
        let mut bytes = Vec::new();
        record.encode(&mut bytes).unwrap();
        bytes
    }

    /// What a store gave back.
    pub(crate) fn read(sequence: u64, bytes: &[u8]) -> Self {
        let record = Record::decode(bytes).unwrap();
        Self {
            sequence,
            id: record.id,
            topic: record.topic.to_owned(),
            timestamp: record.timestamp,
            body: record.body.to_owned(),
        }
    }
}

/// Ids that do not ascend.
pub(crate) fn id(sequence: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    id[8..].copy_from_slice(&sequence.to_be_bytes());
    id
}

pub(crate) fn events(range: RangeInclusive<u64>) -> Vec<Event> {
    range.map(Event::new).collect()
}

pub(crate) fn memory() -> Redb {
    OpenOptions::new().open_backend("memory", InMemoryBackend::new()).unwrap()
}

pub(crate) fn append(store: &dyn Store, events: &[Event]) -> Result<(), StoreError> {
    append_with(store, events, &Commit::default())
}

pub(crate) fn append_with(
    store: &dyn Store,
    events: &[Event],
    commit: &Commit<'_>,
) -> Result<(), StoreError> {
    let bytes: Vec<Vec<u8>> = events.iter().map(Event::bytes).collect();
    let batch: Vec<Entry<'_>> = events
        .iter()
        .zip(&bytes)
        .map(|(event, bytes)| Entry { sequence: event.sequence, bytes })
        .collect();
    store.append(&batch, commit)
}

/// All of a range, in pages of this many.
pub(crate) fn read_all(
    store: &dyn Store,
    range: RangeInclusive<u64>,
    direction: Direction,
    page: usize,
) -> Result<(Vec<Event>, Vec<Damage>), StoreError> {
    let (mut events, mut damages, mut left) = (Vec::new(), Vec::new(), Some(range));
    while let Some(range) = left {
        left = store.read(range, direction, page, &mut |sequence, record| {
            match record {
                Ok(bytes) => events.push(Event::read(sequence, bytes)),
                Err(damage) => damages.push(damage),
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok((events, damages))
}

/// All events, of which none may be damaged.
pub(crate) fn read_sound(store: &dyn Store) -> Vec<Event> {
    let (events, damages) = read_all(store, 0..=u64::MAX, Direction::Forwards, 100).unwrap();
    assert_eq!(damages, []);
    events
}

pub(crate) fn assert_sound(store: &dyn Store) {
    let report = store.verify(&mut |_| true).unwrap();
    assert!(report.is_sound(), "{report:#?}");
    assert_eq!(report.records, store.state().events);
}

pub(crate) fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}
