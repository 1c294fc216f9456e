//! [`Journal`]: the history of a bus in one file, as the bus sees it.

mod aside;
mod handle;
pub(crate) mod index;
#[cfg(all(test, rem_loom))]
mod loom;
mod reading;
mod told;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rem_core::wire::Codec;
use rem_core::{
    Ask, BusClock, Commits, Direction, DurableHistory, Event, Evicted, History, HistoryError,
    HistoryReport, Page, Pattern, Restored, Ring, Written,
};

use crate::event;
use crate::options::JournalBuilder;
use crate::store::{Commit, Store, StoreError, StoreErrorKind};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, lock};
use crate::tail::{Pace, Tail};
use crate::writer::{self, Work};
use aside::Aside;

pub use handle::{JournalHandle, JournalStats};
pub(crate) use reading::Reading;
pub(crate) use told::Told;

use told::no_seat;

/// A [`History`] that outlives its process, in one file.
///
/// The newest events stand in memory too, as they were published; all of them are on the disk, at the latest when
/// [`Durability`](crate::Durability) says. One thread writes, in groups; publishers make the bytes themselves, so that what
/// cannot be written is refused before it has a number.
///
/// It belongs to one bus. When that is gone the journal commits what is left, in the thread that drops the last handle of
/// the bus, and its file can be opened again.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_journal::Journal;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.rem");
/// let bus = Bus::builder().history(Journal::open(&path)?).build();
/// bus.publish_to("order.paid", RawEvent::new(Codec::Json, *br#"{"order":42}"#))?;
/// drop(bus);
///
/// let bus = Bus::builder().history(Journal::open(&path)?).build(); // another day
/// assert_eq!(bus.query("order.**")?.events().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A durable subscription goes on where it was:
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, DurableStream};
/// use rem_journal::Journal;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.rem");
/// let soon = Duration::from_secs(10);
/// let bus = Bus::builder().history(Journal::open(&path)?).build();
/// for order in [r#"{"order":1}"#, r#"{"order":2}"#] {
///     bus.publish_to("order.paid", RawEvent::new(Codec::Json, order.as_bytes()))?;
/// }
/// let mut invoices: DurableStream<RawEvent> =
///     bus.subscription("order.paid").durable("invoices").stream()?;
/// assert_eq!(invoices.recv_timeout(soon)?.data.bytes(), br#"{"order":1}"#);
/// invoices.ack(); // when the invoice is written
/// drop((invoices, bus));
///
/// let bus = Bus::builder().history(Journal::open(&path)?).build(); // another day
/// let mut invoices: DurableStream<RawEvent> =
///     bus.subscription("order.paid").durable("invoices").stream()?;
/// assert_eq!(invoices.recv_timeout(soon)?.data.bytes(), br#"{"order":2}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journal {
    work: Arc<Work>,
    /// The newest events. An event leaves it only when it is on the disk.
    ring: Ring,
    /// What left it for events that were refused then.
    aside: Aside,
    /// The number of the first event of this process.
    first: u64,
    /// Some event was published that never leaves the process.
    has_local: AtomicBool,
    patience: Duration,
    codec: Codec,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal in this file, or makes one if there is none: as [`JournalBuilder`] has it unless told.
    ///
    /// # Errors
    /// As for [`JournalBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path)
    }

    /// A journal in the making.
    pub fn builder() -> JournalBuilder {
        JournalBuilder::default()
    }

    pub(crate) fn on(
        options: JournalBuilder,
        store: Arc<dyn Store>,
        path: &Path,
    ) -> Result<Self, StoreError> {
        let state = store.state();
        // What the process before may have given out is nobody's.
        let before = state.reserved.max(state.last);
        let hole = state.last + 1..=before;
        let holes = if hole.is_empty() { &[][..] } else { &[hole] };
        let reserved = Some(before.saturating_add(2 * options.events));
        store.append(&[], &Commit { reserved, holes, ..Commit::default() })?;
        let pace = options.durability.pace();
        let tail = Arc::new(Tail::after(before, options.events, options.bytes));
        let is_asked = pace == Pace::WhenAsked;
        let commits = Arc::new(Told { tail: Arc::clone(&tail), is_asked });
        let work = Arc::new(Work {
            store,
            tail,
            commits,
            pace,
            retention: options.retention,
            positions: Mutex::default(),
            reading: Reading::default(),
            let_go: AtomicU64::new(0),
            clock: OnceLock::new(),
            trouble: Mutex::default(),
        });
        let writing = Arc::clone(&work);
        let writer = thread::Builder::new()
            .name("rem-journal".into())
            .spawn(move || writer::run(writing))
            .map_err(|error| {
                StoreError::new(StoreErrorKind::Io, path, "the system has no thread for its writer")
                    .because(error)
            })?;
        // What is not on the disk has to have room in it.
        let room = usize::try_from(options.events).unwrap_or(usize::MAX).max(options.memory);
        Ok(Self {
            work,
            ring: Ring::events(room).after(before),
            aside: Aside::default(),
            first: before + 1,
            has_local: AtomicBool::new(false),
            patience: options.patience,
            codec: options.codec,
            writer: Mutex::new(Some(writer)),
        })
    }

    /// A handle to look at it, for as long as it is open; the journal itself goes to its bus.
    pub fn handle(&self) -> JournalHandle {
        JournalHandle::of(&self.work)
    }
}

impl Journal {
    /// Gives what is on the disk of these numbers, and what of memory comes between, oldest first; what it returns comes after
    /// that, and is in memory.
    fn read_stored(
        &self,
        range: RangeInclusive<u64>,
        give: &mut dyn FnMut(Found<'_>),
    ) -> Vec<Arc<Event>> {
        let mut newer = Vec::new();
        let Some(readable) = self.readable() else { return newer };
        let range = *range.start().max(readable.start())..=*range.end().min(readable.end());
        let in_memory = self.ring.readable().map_or(self.first, |ring| *ring.start());
        if *range.end() >= in_memory {
            self.ring.read(in_memory.max(*range.start())..=*range.end(), &mut newer);
        }
        // What the ring let go meanwhile is on the disk.
        let mut from_memory = self.ring.readable().map_or(self.first, |ring| *ring.start());
        if self.work.pace == Pace::AtOnce {
            from_memory = from_memory.max(whole_from(&newer, *range.end()));
        }
        if *range.start() >= from_memory {
            return newer;
        }
        let end = (*range.end()).min(from_memory - 1);
        let mut newer = newer.into_iter().peekable();
        self.work.reading.read(&*self.work.store, *range.start()..=end, &mut |event| {
            let number = Some(event.sequence);
            // What never leaves the process is in memory alone.
            while let Some(older) = newer.next_if(|newer| newer.sequence() < number) {
                give(Found::InMemory(older));
            }
            give(match newer.next_if(|newer| newer.sequence() == number) {
                Some(same) => Found::InMemory(same),
                None => Found::Stored(event),
            });
        });
        newer.collect()
    }
}

/// An event of the journal, where it was found.
enum Found<'a> {
    Stored(Restored<'a>),
    InMemory(Arc<Event>),
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.work.tail.close();
        // It has caught its own panic, which stands in the statistics.
        let _ = lock(&self.writer).take().map(JoinHandle::join);
    }
}

impl History for Journal {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.ring.record(event)
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        let kept = self.work.store.state();
        let ring = self.ring.readable();
        let end = ring.as_ref().map_or(self.first - 1, |ring| *ring.end());
        let stored = if kept.events > 0 { kept.first } else { self.first };
        let oldest = match ring {
            // What never leaves the process is older, perhaps, than all that is stored.
            Some(ring) if self.has_local.load(Ordering::Relaxed) => stored.min(*ring.start()),
            _ => stored,
        };
        // Where nothing is kept any more, its end still says what was.
        (end > 0).then_some(oldest..=end)
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        let newer = self.read_stored(range, &mut |found| {
            events.push(match found {
                Found::Stored(event) => event.event(),
                Found::InMemory(event) => event,
            });
        });
        events.extend(newer);
    }

    fn read_page(&self, range: RangeInclusive<u64>, page: &mut Page) {
        let newer = self.read_stored(range, &mut |found| match found {
            Found::Stored(event) => page.restore(event),
            Found::InMemory(event) => page.push(event),
        });
        page.extend(newer);
    }

    fn first(&self) -> u64 {
        self.first
    }

    /// What no rule of the retention let go that has to do with the pattern is no loss: not the numbers that a crash left
    /// unused, and not events of other topics. It costs a look at what is left of the gap.
    fn lost(&self, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
        let local_after = self.has_local.load(Ordering::Relaxed).then_some(self.first - 1);
        index::lost(&*self.work.store, gap, by, local_after)
    }

    /// By id, by topics if they are those of few enough events, by a short span of time. What is not on the disk yet is in
    /// memory, and looked at.
    fn candidates(
        &self,
        ask: &Ask,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
        // What is committed meanwhile is in both, and behind this number looked for in one.
        let committed = self.work.store.state().last;
        // Of what never leaves the process no index knows: then all that is in memory is looked at.
        let committed = match self.ring.readable() {
            Some(ring) if self.has_local.load(Ordering::Relaxed) => committed.min(ring.start() - 1),
            _ => committed,
        };
        let stored = *range.start()..=*range.end().min(&committed);
        let waiting = (*range.start()).max(committed + 1)..=*range.end();
        let stored = if stored.is_empty() {
            None
        } else {
            Some(index::find(&*self.work.store, ask, stored, direction)?)
        };
        let stored = stored.into_iter().flatten().filter(move |number| *number <= committed);
        Some(match direction {
            Direction::Forwards => Box::new(stored.chain(waiting)),
            Direction::Backwards => Box::new(waiting.rev().chain(stored)),
        })
    }

    fn clock(&self, clock: &BusClock) {
        let _ = self.work.clock.set(clock.clone()); // a journal has one bus
    }

    fn report(&self) -> HistoryReport {
        let stored = self.work.store.state();
        let mut report = HistoryReport::default().with_bytes(stored.bytes);
        report.kept = stored.events.saturating_add(self.work.tail.waiting().0);
        report.let_go = self.work.let_go.load(Ordering::Relaxed);
        report
    }

    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        Some(self)
    }
}

impl DurableHistory for Journal {
    fn write(&self, event: &Event) -> Result<Written, HistoryError> {
        event::write(event, self.codec)
    }

    fn seat(&self) -> Result<bool, HistoryError> {
        self.work.tail.seat().map_err(no_seat)
    }

    fn leave(&self) {
        self.work.tail.leave();
    }

    fn poll_seat(&self, waker: &Waker) -> Poll<()> {
        self.work.tail.poll_seat(waker)
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn keep(&self, event: &Arc<Event>, written: Written) -> Result<Evicted, HistoryError> {
        let Some(sequence) = event.sequence() else { return Ok(Evicted::default()) };
        let tail = &self.work.tail;
        let bytes = written.into_bytes();
        if bytes.is_none() {
            self.has_local.store(true, Ordering::Relaxed);
        }
        if self.work.pace != Pace::AtOnce {
            // First the ring: what the writer takes may be committed, and then has to be there for who reads.
            let evicted = self.ring.record(event);
            tail.put(sequence, bytes);
            return Ok(evicted);
        }
        match tail.put_and_wait(sequence, bytes) {
            Ok(()) => {
                let evicted = self.ring.record(event);
                Ok(self.aside.with(evicted))
            }
            Err(why) => {
                self.aside.put(self.ring.skip(sequence));
                Err(no_seat(why))
            }
        }
    }

    fn committed(&self) -> u64 {
        self.work.tail.committed()
    }

    /// It costs a look at the runs of numbers that no event has and that lie beyond.
    fn behind(&self, position: u64) -> u64 {
        let committed = self.committed();
        let beyond = committed.saturating_sub(position);
        beyond.saturating_sub(index::unused(&self.work.store.state(), position, committed))
    }

    fn lost_of_stored(
        &self,
        gap: RangeInclusive<u64>,
        by: &Pattern,
    ) -> Option<RangeInclusive<u64>> {
        index::lost(&*self.work.store, gap, by, None)
    }

    fn commits(&self) -> Arc<dyn Commits> {
        Arc::clone(&self.work.commits) as _
    }

    fn position(&self, name: &str) -> Option<u64> {
        // The state is taken under the lock: the writer forgets a change when it is stored.
        let positions = lock(&self.work.positions);
        positions.get(name, &self.work.store.state())
    }

    fn set_position(&self, name: &str, sequence: Option<u64>) {
        lock(&self.work.positions).set(name, sequence);
        self.work.tail.note();
    }

    fn set_position_with(&self, name: &str, sequence: u64, note: Vec<u8>) {
        lock(&self.work.positions).set_with(name, sequence, note);
        self.work.tail.note();
    }

    fn note(&self, name: &str) -> Option<Vec<u8>> {
        let positions = lock(&self.work.positions);
        positions.note(name, &self.work.store.state())
    }

    fn positions(&self) -> Vec<(Box<str>, u64)> {
        let positions = lock(&self.work.positions);
        positions.all(&self.work.store.state())
    }

    fn flush(&self) {
        self.work.tail.flush();
    }
}

/// From which number on all up to `end` is there.
///
/// Under `EveryEvent` an event comes into memory after it is on the disk, by its publisher. Where several of these are overtaken by
/// as many events as memory has, some of theirs never come there, though the numbers are still in its reach.
fn whole_from(events: &[Arc<Event>], end: u64) -> u64 {
    let mut from = end + 1;
    for event in events.iter().rev() {
        if event.sequence() != Some(from - 1) {
            break;
        }
        from -= 1;
    }
    from
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("store", &self.work.store)
            .field("committed", &self.work.tail.committed())
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}
