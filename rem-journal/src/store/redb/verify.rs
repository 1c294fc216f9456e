//! Checking everything: records, indexes, small tables, pages.

use std::collections::HashMap;
use std::sync::Arc;

use ::redb::{ReadTransaction, ReadableDatabase, ReadableTable};

use super::fault::{Fault, guarded};
use super::lease::Lease;
use super::tables::{self, Counts, Value};
use super::{Redb, read, snapshots};
use crate::record::Keys;
use crate::store::{Damage, Part, Progress, Report, Store, StoreError, Topic};

/// How many rows are checked before progress is told.
const TOLD: u64 = 1_024;

impl Redb {
    pub(super) fn verify_all(
        &self,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Report, StoreError> {
        let told = |fault: Fault| fault.told(&self.path);
        let open = self.current();
        // One transaction for all: counts and gaps are those of one moment.
        let txn = guarded(|| Ok(open.db()?.begin_read()?)).map_err(told)?;
        let mut check = Check::new(progress);
        check.part(Part::Counts, |check| check.counts(&txn));
        check.part(Part::Topics, |check| check.topics(&txn));
        check.part(Part::Records, |check| check.records(&txn));
        check.part(Part::Ids, |check| check.ids(&txn));
        check.part(Part::TopicIndex, |check| check.by_topic(&txn));
        check.part(Part::TimeIndex, |check| check.by_time(&txn));
        check.part(Part::Positions, |check| check.small(&txn));
        check.part(Part::Snapshots, |check| check.snapshots(&txn));
        check.sums();
        drop(txn);
        if !check.ended {
            check.part(Part::Pages, |check| self.pages(check));
        }
        let mut report = check.report;
        report.complete = !check.ended;
        Ok(report)
    }

    /// Has redb check the checksums of all pages, in an overlay: it repairs what it can, and that is not asked for.
    fn pages(&self, check: &mut Check<'_>) -> Result<(), Fault> {
        // Nothing is written meanwhile.
        let writer = self.lock();
        let now = Counts::of(&self.state(), writer.next_topic);
        if writer.failed {
            return Err(Fault::closed());
        }
        let lease = Lease::overlay(&self.file);
        let checked = guarded(|| {
            let mut builder = self.options.builder();
            let db = builder.set_check_integrity_on_open(true).create_with_backend(lease)?;
            let txn = db.begin_read()?;
            Counts::read(&txn.open_table(tables::COUNTS)?)
        });
        drop(writer);
        match checked {
            Ok(counts) if counts == now => {}
            Ok(_) => check.found(Damage::new(
                Part::Pages,
                "the last transaction is damaged: after a crash the one before it would be opened",
            )),
            Err(fault) if fault.is_of_the_file() => return Err(fault),
            Err(fault) => check.found(Damage::new(Part::Pages, fault.text())),
        }
        Ok(())
    }
}

struct Check<'p> {
    report: Report,
    progress: &'p mut dyn FnMut(Progress) -> bool,
    ended: bool,
    checked: u64,
    of: u64,
    counts: Option<Counts>,
    /// By number; what the records say is subtracted.
    topics: HashMap<u32, Topic>,
    seen: Seen,
    /// Rows of an index that are there twice for one record, as after an import.
    repeated: u64,
}

/// What was counted.
#[derive(Default)]
struct Seen {
    events: u64,
    bytes: u64,
    topics: HashMap<u32, (u64, u64)>,
    complete: bool,
}

impl<'p> Check<'p> {
    fn new(progress: &'p mut dyn FnMut(Progress) -> bool) -> Self {
        Self {
            report: Report::default(),
            progress,
            ended: false,
            checked: 0,
            of: 0,
            counts: None,
            topics: HashMap::new(),
            seen: Seen::default(),
            repeated: 0,
        }
    }

    fn found(&mut self, damage: Damage) {
        self.report.damaged += 1;
        if self.report.damages.len() < Report::KEPT {
            self.report.damages.push(damage);
        }
    }

    /// Whether to go on.
    fn row(&mut self) -> bool {
        self.checked += 1;
        if self.checked.is_multiple_of(TOLD) {
            let (checked, damages) = (self.checked, self.report.damaged);
            let of = self.of.max(checked);
            self.ended |= !(self.progress)(Progress { checked, of, damages });
        }
        !self.ended
    }

    /// Checks a part; what cannot be read of it is a damage of it.
    fn part(&mut self, part: Part, check: impl FnOnce(&mut Self) -> Result<(), Fault>) {
        if self.ended {
            return;
        }
        match guarded(|| check(self)) {
            Ok(()) => {}
            Err(Fault::Damaged(damage)) => self.found(damage),
            Err(fault) => {
                let what = format!("after {} rows: {}", self.checked, fault.text());
                self.found(Damage::new(part, what));
            }
        }
    }

    fn counts(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        let counts = Counts::read(&txn.open_table(tables::COUNTS)?)?;
        self.of = counts.events.saturating_mul(4);
        self.counts = Some(counts);
        Ok(())
    }

    fn topics(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        for row in txn.open_table(tables::TOPICS)?.iter()? {
            let (id, row) = row?;
            self.report.rows += 1;
            match tables::topic(id.value(), row.value()) {
                Ok(topic) => drop(self.topics.insert(id.value(), topic)),
                Err(damage) => self.found(damage),
            }
        }
        Ok(())
    }

    /// Each record, and its rows in the indexes.
    fn records(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        let (ids, by_topic, by_time) = (
            txn.open_table(tables::IDS)?,
            txn.open_table(tables::BY_TOPIC)?,
            txn.open_table(tables::BY_TIME)?,
        );
        let counts = self.counts.unwrap_or_default();
        let mut next = counts.first;
        for row in txn.open_table(tables::RECORDS)?.iter()? {
            let (sequence, row) = row?;
            let sequence = sequence.value();
            let at = |part, what: &str| Damage::new(part, what).at(sequence..=sequence);
            self.report.records += 1;
            if sequence > next {
                self.missing(txn, next..=sequence - 1)?;
            }
            if sequence < next {
                self.found(at(Part::Records, "the record is not in order"));
            }
            next = next.max(sequence.saturating_add(1));
            let bytes = row.value().len().saturating_sub(tables::ROW_HEAD) as u64;
            self.seen.events += 1;
            self.seen.bytes += bytes;
            let record = tables::read_record(sequence, row.value());
            match record.and_then(|record| tables::keys_of(sequence, record)) {
                Err(damage) => self.found(damage),
                Ok(keys) => {
                    match ids.get(&keys.id)?.map(|row| row.value()) {
                        Some(number) if number == sequence => {}
                        Some(number) if number > sequence => self.repeated += 1,
                        _ => self.found(at(Part::Ids, "the record's row is not there")),
                    }
                    let time = by_time.get(&tables::time_key(keys.timestamp, sequence))?;
                    match time.map(|row| row.value()) {
                        None => self.found(at(Part::TimeIndex, "the record's row is not there")),
                        Some(topic) => {
                            let named = self.topics.get(&topic).map(|topic| &*topic.name);
                            if named != Some(keys.topic) {
                                let what = "the record's row names another topic";
                                self.found(at(Part::TimeIndex, what));
                            }
                            let sums = self.seen.topics.entry(topic).or_default();
                            *sums = (sums.0 + 1, sums.1 + bytes);
                            if by_topic.get(&tables::topic_key(topic, sequence))?.is_none() {
                                let what = "the record's row is not there";
                                self.found(at(Part::TopicIndex, what));
                            }
                        }
                    }
                }
            }
            if !self.row() {
                return Ok(());
            }
        }
        if next <= counts.last && counts.events > 0 {
            self.missing(txn, next..=counts.last)?;
        }
        self.seen.complete = true;
        Ok(())
    }

    fn missing(
        &mut self,
        txn: &ReadTransaction,
        gap: std::ops::RangeInclusive<u64>,
    ) -> Result<(), Fault> {
        for range in read::unexplained(txn, gap)? {
            self.found(Damage::new(Part::Records, "records are not there").at(range));
        }
        Ok(())
    }

    fn ids(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        let records = txn.open_table(tables::RECORDS)?;
        for row in txn.open_table(tables::IDS)?.iter()? {
            let (id, sequence) = row?;
            let leads = |keys: &Keys<'_>| keys.id == *id.value();
            self.leads(&records, Part::Ids, sequence.value(), leads)?;
            if !self.row() {
                break;
            }
        }
        Ok(())
    }

    fn by_topic(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        let records = txn.open_table(tables::RECORDS)?;
        for row in txn.open_table(tables::BY_TOPIC)?.iter()? {
            let (topic, sequence) = tables::topic_of_key(row?.0.value());
            let name = self.topics.get(&topic).map(|topic| Arc::clone(&topic.name));
            let leads = |keys: &Keys<'_>| name.as_deref() == Some(keys.topic);
            self.leads(&records, Part::TopicIndex, sequence, leads)?;
            if !self.row() {
                break;
            }
        }
        Ok(())
    }

    fn by_time(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        let records = txn.open_table(tables::RECORDS)?;
        for row in txn.open_table(tables::BY_TIME)?.iter()? {
            let (timestamp, sequence) = tables::time_of_key(row?.0.value());
            let leads = |keys: &Keys<'_>| keys.timestamp == timestamp;
            self.leads(&records, Part::TimeIndex, sequence, leads)?;
            if !self.row() {
                break;
            }
        }
        Ok(())
    }

    /// Whether a row of an index leads to a record that it is the row of. A damaged record was told of before.
    fn leads(
        &mut self,
        records: &::redb::ReadOnlyTable<u64, &'static [u8]>,
        part: Part,
        sequence: u64,
        leads: impl Fn(&Keys<'_>) -> bool,
    ) -> Result<(), Fault> {
        self.report.rows += 1;
        let damage = |what: &str| Damage::new(part, what).at(sequence..=sequence);
        let Some(row) = records.get(sequence)? else {
            self.found(damage("a row leads to a record that is not there"));
            return Ok(());
        };
        let Ok(record) = tables::read_record(sequence, row.value()) else { return Ok(()) };
        if !tables::keys_of(sequence, record).is_ok_and(|keys| leads(&keys)) {
            self.found(damage("a row leads to a record that it is not the row of"));
        }
        Ok(())
    }

    fn small(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        for (part, table) in [
            (Part::Positions, tables::POSITIONS),
            (Part::Notes, tables::NOTES),
            (Part::LetGo, tables::LET_GO),
        ] {
            for row in txn.open_table(table)?.iter()? {
                let (name, row) = row?;
                self.report.rows += 1;
                if let Err(damage) = tables::opened(part, name.value().as_bytes(), row.value()) {
                    self.found(damage);
                }
            }
        }
        for row in txn.open_table(tables::HOLES)?.iter()? {
            let (from, row) = row?;
            self.report.rows += 1;
            if let Err(damage) = tables::hole(from.value(), row.value()) {
                self.found(damage);
            }
        }
        Ok(())
    }

    fn snapshots(&mut self, txn: &ReadTransaction) -> Result<(), Fault> {
        for row in txn.open_table(tables::SNAPSHOTS)?.iter()? {
            let (key, row) = row?;
            let (name, sequence) = key.value();
            self.report.rows += 1;
            let key = snapshots::key(name, sequence);
            match tables::opened(Part::Snapshots, &key, row.value()) {
                Ok(value) => drop(Value(value).u32()),
                Err(damage) => self.found(damage),
            }
            if !self.row() {
                break;
            }
        }
        Ok(())
    }

    /// Holds what was counted against the counts.
    fn sums(&mut self) {
        let (Some(counts), true) = (self.counts, self.seen.complete) else { return };
        if (counts.events, counts.bytes) != (self.seen.events, self.seen.bytes) {
            let (events, bytes) = (self.seen.events, self.seen.bytes);
            let what = format!(
                "{} events of {} bytes by the counts, {events} of {bytes} by the records",
                counts.events, counts.bytes
            );
            self.found(Damage::new(Part::Counts, what));
        }
        if self.report.damaged > 0 {
            // What is damaged could not be counted to its topic.
            return;
        }
        let counted = |topic: &Topic| self.seen.topics.get(&topic.id.0).copied();
        let wrong: Vec<_> = self
            .topics
            .values()
            .filter(|topic| counted(topic) != Some((topic.events, topic.bytes)))
            .map(|topic| format!("the counts of `{}` are not those of its records", topic.name))
            .collect();
        for what in wrong {
            self.found(Damage::new(Part::Topics, what));
        }
    }
}
