//! [`Store`]: where records are kept, found and let go. It knows bytes, numbers and topics, and no bus.

mod error;
mod redb;

pub use self::redb::{OpenOptions, Redb};
pub use error::{Damage, Part, StoreError, StoreErrorKind};

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

/// A place for records, shared by one writer and many readers.
///
/// What [`append`](Self::append) took and returned `Ok` for survives the process and a loss of power. Nobody waits for a
/// reader: each call reads what was last written when it began.
pub trait Store: fmt::Debug + Send + Sync {
    /// Writes the entries and the rest of the commit in one transaction, all or nothing, and returns when it is on disk.
    ///
    /// Numbers ascend and lie above [`State::last`]. After an error the transaction may be on disk all the same, as
    /// when the disk failed to say that it is: the same entries may be given again, and are then left as they are.
    ///
    /// # Errors
    /// If the disk fails or is full, the file is open to be read only, or an entry is no record or out of order.
    fn append(&self, batch: &[Entry<'_>], commit: &Commit<'_>) -> Result<(), StoreError>;

    /// What is kept, in numbers, as of the last transaction. From memory.
    fn state(&self) -> Arc<State>;

    /// Gives each topic of which an event is kept and which begins with `prefix`, in the order of their names. From
    /// memory; topics that come or go meanwhile may be left out.
    fn topics(&self, prefix: &str, visit: &mut dyn FnMut(&Topic) -> ControlFlow<()>);

    /// Gives at most `limit` records with the numbers of `range`, in this direction, and returns what is left of the
    /// range, `None` if nothing is.
    ///
    /// One call is one page: it pins the pages of the file it reads, so a long read is many calls. Each record's
    /// checksum is verified. Where records are damaged, or should be there and are not, [`Damage`] is given in
    /// their place, with the first number of what it concerns, and reading goes on behind it. What is let go and
    /// what is a hole is passed over. What is written later than the first page is not in what is left.
    ///
    /// # Errors
    /// If the disk fails, or the file is damaged where no number tells of it.
    fn read(
        &self,
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError>;

    /// The number of the newest event with this id.
    ///
    /// # Errors
    /// If the disk fails, or the row or the record that it leads to is damaged.
    fn find(&self, id: &[u8; 16]) -> Result<Option<u64>, StoreError>;

    /// Adds at most `limit` numbers of events with these topics to `numbers`, from `range`, in this direction, and
    /// returns what is left of the range.
    ///
    /// The rows of a topic are read when its turn comes: the last 20 of 10,000 topics touch at most 20.
    ///
    /// # Errors
    /// If the disk fails, or the file is damaged where no number tells of it.
    fn by_topics(
        &self,
        topics: &[Topic],
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        numbers: &mut Vec<u64>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError>;

    /// Adds at most `limit` places to `found`, in the order of time and then of number, and returns what is left of the
    /// range. Times need not ascend with numbers.
    ///
    /// # Errors
    /// If the disk fails, or the file is damaged where no number tells of it.
    fn by_time(
        &self,
        range: RangeInclusive<Moment>,
        direction: Direction,
        limit: usize,
        found: &mut Vec<Moment>,
    ) -> Result<Option<RangeInclusive<Moment>>, StoreError>;

    /// Lets the oldest events go that a rule does not keep, in transactions of bounded size.
    ///
    /// `proceed` is asked before each of them; with `false` the call ends, and the next one goes on.
    ///
    /// # Errors
    /// If the disk fails or is full, the file is damaged, or it is open to be read only.
    fn retain(
        &self,
        rules: &[Rule<'_>],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<LetGo, StoreError>;

    /// Keeps a snapshot under this name and the number it was made at.
    ///
    /// # Errors
    /// If the disk fails or is full, the file is damaged, or it is open to be read only.
    fn put_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), StoreError>;

    /// The newest snapshot with this name at this number or before it.
    ///
    /// # Errors
    /// If the disk fails, or the snapshot is damaged.
    fn snapshot(&self, name: &str, at_or_before: u64) -> Result<Option<Snapshot>, StoreError>;

    /// Drops the snapshots with this name whose numbers lie in the range, and returns how many.
    ///
    /// # Errors
    /// If the disk fails or is full, the file is damaged, or it is open to be read only.
    fn drop_snapshots(&self, name: &str, range: RangeInclusive<u64>) -> Result<u64, StoreError>;

    /// Checks everything: each record's checksum, each row of an index against its record and back, and each page of the
    /// file. `progress` is told what was checked; with `false` the check ends and is not complete.
    ///
    /// Reading and writing go on meanwhile; what is checked of the pages is what was written when that part began, and
    /// writing waits for it.
    ///
    /// # Errors
    /// If the disk fails before anything could be checked. What is damaged is in the report.
    fn verify(&self, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Report, StoreError>;

    /// Gives the room of what was let go back to the file system. Waits for no reader: while one reads, it is
    /// [`StoreErrorKind::Busy`]. Who comes to read or write meanwhile waits until it is done.
    ///
    /// Returns how many bytes shorter the file became.
    ///
    /// # Errors
    /// If somebody reads, or as `retain`.
    fn compact(&self) -> Result<u64, StoreError>;
}

/// What [`Store::read`] calls: with a number, and its record or why there is none.
pub type Visit<'v> = dyn FnMut(u64, Result<&[u8], Damage>) -> ControlFlow<()> + 'v;

/// A record with its number.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The number of the event.
    pub sequence: u64,
    /// What [`Record::encode`](crate::record::Record::encode) wrote: id, topic and time are read from it.
    pub bytes: &'a [u8],
}

/// What is written with a batch, or alone.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Commit<'a> {
    /// Up to which number events may be numbered before the next commit. Never lower than the last number.
    pub reserved: Option<u64>,
    /// Positions by name; `None` forgets the name.
    pub positions: &'a [(&'a str, Option<u64>)],
    /// Small values by name; `None` forgets the name.
    pub notes: &'a [(&'a str, Option<&'a [u8]>)],
    /// Numbers that no event has.
    pub holes: &'a [RangeInclusive<u64>],
}

/// What is kept, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// No event with a lower number is kept. One above `last` if none is.
    pub first: u64,
    /// The highest number that was ever written, or 0.
    pub last: u64,
    /// Up to which number events may have been numbered.
    pub reserved: u64,
    /// How many events are kept.
    pub events: u64,
    /// The bytes of their records, without the indexes.
    pub bytes: u64,
    /// How many topics they have.
    pub topics: usize,
    /// Numbers that no event has, ascending. Those below `first` are forgotten.
    pub holes: Vec<RangeInclusive<u64>>,
    /// Positions by name.
    pub positions: BTreeMap<String, u64>,
    /// Small values by name.
    pub notes: BTreeMap<String, Vec<u8>>,
    /// The highest number that each rule let go, by the rule's name.
    pub let_go: BTreeMap<String, u64>,
}

/// A topic of which events are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topic {
    /// What its events are indexed by.
    pub id: TopicId,
    /// The topic.
    pub name: Arc<str>,
    /// How many of its events are kept.
    pub events: u64,
    /// The bytes of their records.
    pub bytes: u64,
    /// No event of it with a lower number is kept.
    pub first: u64,
    /// No event of it with a higher number is kept.
    pub last: u64,
}

/// The number of a topic in one store, for as long as an event of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(pub(crate) u32);

/// A time and the number of an event that was published at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Nanoseconds since 1970 in UTC.
    pub timestamp: u64,
    /// The number of the event.
    pub sequence: u64,
}

/// From which end a range is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the lowest.
    Forwards,
    /// From the highest.
    Backwards,
}

/// What is kept of some topics, or of all: what is beyond any of the limits is let go, the oldest first.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rule<'a> {
    /// Under which what it let go is remembered: its pattern, or nothing for all topics.
    pub name: &'a str,
    /// Which topics it is for; `None` for all.
    pub selects: Option<&'a (dyn Fn(&str) -> bool + Sync)>,
    /// Events that were published before this time are let go: nanoseconds since 1970 in UTC.
    pub since: Option<u64>,
    /// At most as many bytes of records.
    pub bytes: Option<u64>,
    /// At most as many events.
    pub events: Option<u64>,
}

impl<'a> Rule<'a> {
    /// A rule for all topics that keeps everything.
    pub fn new() -> Self {
        Self { name: "", selects: None, since: None, bytes: None, events: None }
    }

    /// A rule for some topics that keeps everything.
    pub fn of(name: &'a str, selects: &'a (dyn Fn(&str) -> bool + Sync)) -> Self {
        Self { name, selects: Some(selects), ..Self::new() }
    }
}

impl Default for Rule<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("since", &self.since)
            .field("bytes", &self.bytes)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// What was let go by one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LetGo {
    /// How many events.
    pub events: u64,
    /// The bytes of their records.
    pub bytes: u64,
    /// Whether the rules are kept now: not if it was told to end.
    pub complete: bool,
}

/// The state of a projection at a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the last event that it knows.
    pub sequence: u64,
    /// The version of its form.
    pub version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were checked.
    pub checked: u64,
    /// Rows there are to be checked, about.
    pub of: u64,
    /// Damages found.
    pub damages: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Records that were checked.
    pub records: u64,
    /// Rows of indexes and small tables that were checked.
    pub rows: u64,
    /// How many damages were found.
    pub damaged: u64,
    /// The first of them, at most [`Report::KEPT`].
    pub damages: Vec<Damage>,
    /// Whether everything was checked: not if it was told to end.
    pub complete: bool,
}

impl Report {
    /// How many damages a report keeps; all are counted.
    pub const KEPT: usize = 1_000;

    /// Whether everything was checked and is as it was written.
    pub fn is_sound(&self) -> bool {
        self.complete && self.damaged == 0
    }
}
