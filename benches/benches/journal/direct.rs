//! redb without a journal: the same rows, written by one thread, and read as they stand.

use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use rem::journal::record::Record;
use rem::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
const IDS: TableDefinition<'_, &[u8; 16], u64> = TableDefinition::new("ids");
const BY_TOPIC: TableDefinition<'_, &[u8; 12], ()> = TableDefinition::new("by_topic");
const BY_TIME: TableDefinition<'_, &[u8; 16], u32> = TableDefinition::new("by_time");
/// What stands before a record in its row: the version of the form, and a checksum.
const ROW_HEAD: usize = 5;

/// A record, and what it is found by.
#[derive(Debug)]
pub(crate) struct Row {
    id: [u8; 16],
    time: u64,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn record<E: EventType + Serialize>(event: &E) -> Row {
    let id = *uuid::Uuid::now_v7().as_bytes();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let time = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    let record = Record {
        id,
        timestamp: time,
        topic: "sensor.reading.taken",
        scope: 0,
        source: None,
        causation: None,
        correlation: None,
        metadata: None,
        version: 1,
        codec: 0,
        body: &serde_json::to_vec(event).unwrap(),
    };
    let mut bytes = vec![1, 0, 0, 0, 0];
    record.encode(&mut bytes).unwrap();
    Row { id, time, bytes }
}

/// Writes them in transactions that are open so long; how long that takes.
pub(crate) fn write(path: &Path, rows: &[Row], group: Duration) -> Duration {
    let db = Database::create(path).unwrap();
    let start = Instant::now();
    let mut sequence = 0;
    let mut left = rows;
    while !left.is_empty() {
        let until = Instant::now() + group;
        let txn = db.begin_write().unwrap();
        {
            let mut records = txn.open_table(RECORDS).unwrap();
            let mut ids = txn.open_table(IDS).unwrap();
            let mut by_topic = txn.open_table(BY_TOPIC).unwrap();
            let mut by_time = txn.open_table(BY_TIME).unwrap();
            while let [row, rest @ ..] = left {
                sequence += 1;
                let number = u64::to_be_bytes(sequence);
                records.insert(sequence, &*row.bytes).unwrap();
                ids.insert(&row.id, sequence).unwrap();
                let mut topic = [0; 12];
                topic[4..].copy_from_slice(&number);
                by_topic.insert(&topic, ()).unwrap();
                let mut time = [0; 16];
                time[..8].copy_from_slice(&row.time.to_be_bytes());
                time[8..].copy_from_slice(&number);
                by_time.insert(&time, 0).unwrap();
                left = rest;
                if sequence % 64 == 0 && Instant::now() >= until {
                    break;
                }
            }
        }
        txn.commit().unwrap();
    }
    start.elapsed()
}

/// Reads a journal's records one after the other, decodes their data and gives it; says how many there are.
pub(crate) fn scan<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(&T)) -> u32 {
    let db = Database::open(path).unwrap();
    let records = db.begin_read().unwrap().open_table(RECORDS).unwrap();
    let mut seen = 0;
    for row in records.iter().unwrap() {
        let (_, row) = row.unwrap();
        let record = Record::decode(&row.value()[ROW_HEAD..]).unwrap();
        each(&serde_json::from_slice(record.body).unwrap());
        seen += 1;
    }
    seen
}
