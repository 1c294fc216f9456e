//! [`Archive`]: a journal that is opened to be read and not written.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use rem_core::{
    Ask, Commits, Direction, DurableHistory, Event, Evicted, History, HistoryError,
    HistoryErrorKind, HistoryReport, Page, Pattern, Written,
};

use crate::journal::{Reading, index};
use crate::store::{OpenOptions, Progress, Report, State, Store, StoreError};

/// A journal that is opened to be read and not written: the history of a bus that is there to be asked, and to be looked at by an
/// inspector. What is published to that bus is refused.
///
/// Any number of them, in any processes, have a file open, and none while a [`Journal`](crate::Journal) has. What a crash left to
/// be repaired is repaired in memory, and the file stays as it is.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_journal::{Archive, Journal};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.rem");
/// let bus = Bus::builder().history(Journal::open(&path)?).build();
/// bus.publish_to("order.paid", RawEvent::new(Codec::Json, *br#"{"order":42}"#))?;
/// drop(bus);
///
/// let past = Bus::builder().history(Archive::open(&path)?).build();
/// assert_eq!(past.query("order.**")?.count(), 1);
/// let refused = past.publish_to("order.paid", RawEvent::new(Codec::Json, *b"{}"));
/// assert!(refused.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Archive {
    store: Arc<dyn Store>,
    /// Nothing changes it.
    state: State,
    reading: Reading,
}

impl Archive {
    /// Opens the journal in this file.
    ///
    /// # Errors
    /// If there is none, a program has it open to write it, it is no journal, it is damaged, or the disk fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self::on(Arc::new(OpenOptions::new().open_read_only(path)?)))
    }

    fn on(store: Arc<dyn Store>) -> Self {
        let state = State::clone(&store.state());
        Self { store, state, reading: Reading::default() }
    }

    /// Checks every byte: see [`Store::verify`].
    ///
    /// # Errors
    /// As there.
    pub fn verify(&self, mut progress: impl FnMut(Progress) -> bool) -> Result<Report, StoreError> {
        self.store.verify(&mut progress)
    }

    /// What is kept, in numbers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How often an event could not be read, and why the last time. Such events are left out of what is asked.
    pub fn unreadable(&self) -> (u64, Option<Box<str>>) {
        let unreadable = self.reading.unreadable();
        (unreadable.times, unreadable.last)
    }
}

impl History for Archive {
    /// Nothing comes so far: see [`write`](DurableHistory::write).
    fn record(&self, _: &Arc<Event>) -> Evicted {
        Evicted::default()
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        let State { first, last, events, .. } = self.state;
        let first = if events > 0 { first } else { last + 1 };
        (last > 0).then_some(first..=last)
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.reading.read(&*self.store, range, &mut |event| events.push(event.event()));
    }

    fn read_page(&self, range: RangeInclusive<u64>, page: &mut Page) {
        self.reading.read(&*self.store, range, &mut |event| page.restore(event));
    }

    fn first(&self) -> u64 {
        self.state.reserved.max(self.state.last) + 1
    }

    fn lost(&self, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
        index::lost(&*self.store, gap, by, None)
    }

    fn candidates(
        &self,
        ask: &Ask,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
        Some(Box::new(index::find(&*self.store, ask, range, direction)?))
    }

    fn report(&self) -> HistoryReport {
        let mut report = HistoryReport::default().with_bytes(self.state.bytes);
        report.kept = self.state.events;
        report
    }

    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        Some(self)
    }
}

impl DurableHistory for Archive {
    fn write(&self, _: &Event) -> Result<Written, HistoryError> {
        Err(refused())
    }

    fn seat(&self) -> Result<bool, HistoryError> {
        Err(refused())
    }

    fn leave(&self) {}

    fn poll_seat(&self, _: &Waker) -> Poll<()> {
        Poll::Ready(())
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    fn keep(&self, _: &Arc<Event>, _: Written) -> Result<Evicted, HistoryError> {
        Err(refused())
    }

    fn committed(&self) -> u64 {
        self.state.last
    }

    fn commits(&self) -> Arc<dyn Commits> {
        Arc::new(Committed(self.state.last))
    }

    fn position(&self, name: &str) -> Option<u64> {
        self.state.positions.get(name).copied()
    }

    fn set_position(&self, _: &str, _: Option<u64>) {}

    fn set_position_with(&self, _: &str, _: u64, _: Vec<u8>) {}

    fn note(&self, name: &str) -> Option<Vec<u8>> {
        self.state.notes.get(name).cloned()
    }

    fn positions(&self) -> Vec<(Box<str>, u64)> {
        let positions = self.state.positions.iter();
        positions.map(|(name, position)| (name.as_str().into(), *position)).collect()
    }

    fn flush(&self) {}
}

/// Up to which number all is on the disk, for good.
#[derive(Debug)]
struct Committed(u64);

impl Commits for Committed {
    fn poll_committed(&self, sequence: u64, _: &Waker) -> Poll<Result<(), HistoryError>> {
        Poll::Ready(if sequence <= self.0 { Ok(()) } else { Err(refused()) })
    }
}

fn refused() -> HistoryError {
    let said = "the journal is open to be read alone, and nothing can be published to it: open it by `Journal::open`";
    HistoryError::new(HistoryErrorKind::Closed, said)
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("store", &self.store)
            .field("events", &self.state.events)
            .finish_non_exhaustive()
    }
}
