//! Reading records in pages, past what is damaged.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ::redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};

use super::Redb;
use super::fault::{Fault, guarded};
use super::holes;
use super::tables::{self, Counts};
use crate::store::{Damage, Direction, Part, StoreError, Visit};

impl Redb {
    pub(super) fn read_page(
        &self,
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        let mut page = Page {
            left: range,
            direction,
            room: limit,
            over: false,
            doubtful: None,
            in_rows: false,
        };
        let panicked = Cell::new(None);
        // What the caller's code does is not redb's: its panic goes on to the caller.
        let mut visit = |sequence: u64, record: Result<&[u8], Damage>| {
            catch_unwind(AssertUnwindSafe(|| visit(sequence, record).is_continue())).unwrap_or_else(
                |payload| {
                    panicked.set(Some(payload));
                    false
                },
            )
        };
        while page.goes_on() {
            let mut damaged = None;
            self.reading(|db| match page.scan(db, &mut visit) {
                Err(fault) if page.in_rows && !fault.is_of_the_file() => {
                    damaged = Some((page.behind(db)?, fault));
                    Ok(())
                }
                done => done,
            })?;
            let Some((behind, fault)) = damaged else { break };
            page.skip(behind, &fault, &mut visit);
        }
        if let Some(payload) = panicked.take() {
            resume_unwind(payload);
        }
        Ok((!page.left.is_empty()).then_some(page.left))
    }
}

/// No number.
#[expect(clippy::reversed_empty_ranges, reason = "it is meant to be empty")]
const NOTHING: RangeInclusive<u64> = 1..=0;

type Give<'v> = dyn FnMut(u64, Result<&[u8], Damage>) -> bool + 'v;

/// One call of `read`.
struct Page {
    /// The numbers that are not read yet.
    left: RangeInclusive<u64>,
    direction: Direction,
    room: usize,
    /// The caller wants no more.
    over: bool,
    /// The number of a record that failed its checksum: the number may be what is damaged.
    doubtful: Option<u64>,
    /// It is rows of records that are read, and not what is needed to read any.
    in_rows: bool,
}

impl Page {
    fn goes_on(&self) -> bool {
        !self.over && self.room > 0 && !self.left.is_empty()
    }

    /// The next number in this direction.
    fn next(&self) -> u64 {
        match self.direction {
            Direction::Forwards => *self.left.start(),
            Direction::Backwards => *self.left.end(),
        }
    }

    /// Everything up to this number is read.
    fn read_to(&mut self, sequence: u64) {
        let (start, end) = self.left.clone().into_inner();
        self.left = match self.direction {
            Direction::Forwards => sequence.checked_add(1).map_or(NOTHING, |next| next..=end),
            Direction::Backwards => sequence.checked_sub(1).map_or(NOTHING, |next| start..=next),
        };
    }

    /// The numbers between the next and this one.
    fn gap_before(&self, sequence: u64) -> RangeInclusive<u64> {
        match self.direction {
            Direction::Forwards => self.next()..=sequence.saturating_sub(1),
            Direction::Backwards => sequence.saturating_add(1)..=self.next(),
        }
    }

    fn give(&mut self, sequence: u64, record: Result<&[u8], Damage>, visit: &mut Give<'_>) {
        self.room -= 1;
        self.over |= !visit(sequence, record);
    }

    fn scan(&mut self, db: &Database, visit: &mut Give<'_>) -> Result<(), Fault> {
        guarded(|| self.scan_in(&db.begin_read()?, visit))
    }

    fn scan_in(&mut self, txn: &ReadTransaction, visit: &mut Give<'_>) -> Result<(), Fault> {
        self.in_rows = false;
        let counts = Counts::read(&txn.open_table(tables::COUNTS)?)?;
        let from = counts.first.max(*self.left.start());
        let to = counts.last.min(*self.left.end());
        if from > to {
            self.left = NOTHING;
            return Ok(());
        }
        self.left = from..=to;
        let table = txn.open_table(tables::RECORDS)?;
        self.in_rows = true;
        let mut rows = table.range(self.left.clone())?;
        while self.goes_on() {
            let row = match self.direction {
                Direction::Forwards => rows.next(),
                Direction::Backwards => rows.next_back(),
            };
            let Some(row) = row else {
                self.missing(txn, self.left.clone(), visit)?;
                if self.goes_on() {
                    self.left = NOTHING;
                }
                return Ok(());
            };
            let (number, row) = row?;
            let sequence = number.value();
            match tables::read_record(sequence, row.value()) {
                Ok(record) => {
                    // A number that was read already is one of a page that is not in order.
                    if !self.left.contains(&sequence) {
                        return Err(Damage::new(Part::Records, "rows are not in order").into());
                    }
                    self.missing(txn, self.gap_before(sequence), visit)?;
                    if self.goes_on() {
                        self.read_to(sequence);
                        self.give(sequence, Ok(record), visit);
                    }
                }
                Err(damage) if sequence == self.next() => {
                    self.read_to(sequence);
                    self.give(sequence, Err(damage), visit);
                }
                Err(damage) => {
                    self.doubtful = Some(sequence);
                    self.give(self.next(), Err(damage), visit);
                }
            }
        }
        Ok(())
    }

    /// Tells of numbers that no record has, and that should have one.
    fn missing(
        &mut self,
        txn: &ReadTransaction,
        gap: RangeInclusive<u64>,
        visit: &mut Give<'_>,
    ) -> Result<(), Fault> {
        if gap.is_empty() {
            return Ok(());
        }
        self.in_rows = false;
        let mut missing = unexplained(txn, gap)?;
        self.in_rows = true;
        if self.direction == Direction::Backwards {
            missing.reverse();
        }
        for range in missing {
            if !self.goes_on() {
                return Ok(());
            }
            let (first, last) = match self.direction {
                Direction::Forwards => (*range.start(), *range.end()),
                Direction::Backwards => (*range.end(), *range.start()),
            };
            self.read_to(last);
            if self.doubtful.take_if(|doubtful| range == (*doubtful..=*doubtful)).is_none() {
                let damage = Damage::new(Part::Records, "records are not there").at(range);
                self.give(first, Err(damage), visit);
            }
        }
        Ok(())
    }

    /// After a fault: what is left behind the rows that cannot be read. Probes at doubling distance, and then between.
    fn behind(&self, db: &Database) -> Result<RangeInclusive<u64>, Fault> {
        let (start, end) = self.left.clone().into_inner();
        let from = |distance: u64| match self.direction {
            Direction::Forwards => start.checked_add(distance).map_or(NOTHING, |start| start..=end),
            Direction::Backwards => end.checked_sub(distance).map_or(NOTHING, |end| start..=end),
        };
        let readable = |distance: u64| {
            let left = from(distance);
            match guarded(|| if left.is_empty() { Ok(()) } else { self.first_of(db, left) }) {
                Ok(()) => Ok(true),
                // Nothing can be read there at present, whatever is damaged.
                Err(fault) if fault.is_of_the_file() => Err(fault),
                Err(_) => Ok(false),
            }
        };
        let (mut bad, mut good) = (0, 1);
        while !readable(good)? {
            (bad, good) = (good, good.saturating_mul(2));
        }
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if readable(middle)? { good = middle } else { bad = middle }
        }
        Ok(from(good))
    }

    fn first_of(&self, db: &Database, range: RangeInclusive<u64>) -> Result<(), Fault> {
        let table = db.begin_read()?.open_table(tables::RECORDS)?;
        let mut rows = table.range(range.clone())?;
        let row = match self.direction {
            Direction::Forwards => rows.next(),
            Direction::Backwards => rows.next_back(),
        };
        let Some(row) = row else { return Ok(()) };
        if !range.contains(&row?.0.value()) {
            return Err(Damage::new(Part::Records, "rows are not in order").into());
        }
        Ok(())
    }

    /// Tells of what cannot be read, and goes on behind it.
    fn skip(&mut self, behind: RangeInclusive<u64>, fault: &Fault, visit: &mut Give<'_>) {
        let next = self.next();
        let lost = match (self.direction, behind.is_empty()) {
            (_, true) => self.left.clone(),
            (Direction::Forwards, false) => next..=behind.start().saturating_sub(1),
            (Direction::Backwards, false) => behind.end().saturating_add(1)..=next,
        };
        self.left = behind;
        let damage = Damage::new(Part::Records, fault.text()).at(lost);
        self.give(next, Err(damage), visit);
    }
}

/// Which of these numbers an event must have had that is still kept: no hole tells of them, and no rule let them go.
pub(super) fn unexplained(
    txn: &ReadTransaction,
    gap: RangeInclusive<u64>,
) -> Result<Vec<RangeInclusive<u64>>, Fault> {
    let mut let_go = 0;
    for row in txn.open_table(tables::LET_GO)?.iter()? {
        let (name, value) = row?;
        let value = tables::opened(Part::LetGo, name.value().as_bytes(), value.value())?;
        let_go = let_go.max(tables::Value(value).u64());
    }
    let gap = (*gap.start()).max(let_go.saturating_add(1))..=*gap.end();
    let table = txn.open_table(tables::HOLES)?;
    // They do not overlap, so of those that begin before, the last may reach into the gap.
    let before = table.range(..*gap.start())?.next_back();
    let mut holes = Vec::new();
    for row in before.into_iter().chain(table.range(gap.clone())?) {
        let (from, value) = row?;
        holes.push(tables::hole(from.value(), value.value())?);
    }
    Ok(holes::outside(&holes, &gap))
}
