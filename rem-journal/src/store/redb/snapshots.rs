//! Snapshots of projections, by name and number.

use std::ops::RangeInclusive;

use ::redb::{Database, ReadableDatabase, WriteTransaction};

use super::fault::Fault;
use super::tables::{self, Value};
use crate::store::{Part, Snapshot};

pub(super) fn put(txn: &WriteTransaction, name: &str, snapshot: &Snapshot) -> Result<(), Fault> {
    let mut value = Vec::with_capacity(4 + snapshot.bytes.len());
    value.extend_from_slice(&snapshot.version.to_le_bytes());
    value.extend_from_slice(&snapshot.bytes);
    let row = tables::sealed(Part::Snapshots, &key(name, snapshot.sequence), &value);
    txn.open_table(tables::SNAPSHOTS)?.insert((name, snapshot.sequence), &*row)?;
    Ok(())
}

pub(super) fn get(db: &Database, name: &str, at_or_before: u64) -> Result<Option<Snapshot>, Fault> {
    let table = db.begin_read()?.open_table(tables::SNAPSHOTS)?;
    let Some(row) = table.range((name, 0)..=(name, at_or_before))?.next_back() else {
        return Ok(None);
    };
    let (found, row) = row?;
    let (name, sequence) = found.value();
    let mut value = Value(tables::opened(Part::Snapshots, &key(name, sequence), row.value())?);
    let version = value.u32();
    Ok(Some(Snapshot { sequence, version, bytes: value.0.to_owned() }))
}

pub(super) fn drop_range(
    txn: &WriteTransaction,
    name: &str,
    range: RangeInclusive<u64>,
) -> Result<u64, Fault> {
    let mut table = txn.open_table(tables::SNAPSHOTS)?;
    let (mut dropped, range) = (0, (name, *range.start())..=(name, *range.end()));
    table.retain_in(range, |_, _| {
        dropped += 1;
        false
    })?;
    Ok(dropped)
}

/// What the checksum of a snapshot's row is made with.
pub(super) fn key(name: &str, sequence: u64) -> Vec<u8> {
    let mut key = sequence.to_le_bytes().to_vec();
    key.extend_from_slice(name.as_bytes());
    key
}
