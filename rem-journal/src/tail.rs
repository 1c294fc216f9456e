//! [`Tail`]: records on their way from publishers to the writer, and who waits for them to be on the disk.

#[cfg(all(test, rem_loom))]
pub(crate) mod loom;
mod taking;

use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::task::{Poll, Waker};

pub(crate) use taking::Pace;

use crate::store::StoreError;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, lock, sleep};

/// What the store said, shared by all who are told.
pub(crate) type Fault = Arc<StoreError>;

/// Records that are not on the disk yet, each in the place that follows from its number.
///
/// The protocol: a publisher takes a *seat* before its event has a number, of which there are as many as places. A number is
/// given out to whoever has a seat, and a seat is given back when its number is committed; so the numbers that are not
/// committed are never more than the places, and no two of them share one. The publisher puts its record into its place;
/// the writer takes what stands there without a hole, commits it, says so, and gives the seats back. It sleeps only while no
/// seat is taken, and whoever takes the first wakes it. Checked by loom (`tail/loom.rs`).
pub(crate) struct Tail {
    places: Box<[Mutex<Place>]>,
    /// How many seats are taken.
    seats: AtomicU64,
    /// How many bytes are in the hands of the tail or the writer.
    bytes: AtomicU64,
    /// How many may be.
    most_bytes: u64,
    /// All up to this number is on the disk, or nowhere.
    committed: AtomicU64,
    /// The store refuses at present.
    is_failing: AtomicBool,
    shared: Mutex<Shared>,
    /// Tells the writer.
    bell: Condvar,
    /// Tells publishers that wait for the disk.
    done: Condvar,
}

/// One record, or none, with its number.
#[derive(Default)]
struct Place {
    sequence: u64,
    /// `None` when the writer has it, or there is nothing to be stored.
    bytes: Option<Vec<u8>>,
    /// Why it is nowhere.
    fault: Option<Fault>,
}

#[derive(Default)]
struct Shared {
    wanted: Wanted,
    is_closing: bool,
    /// The writer is gone.
    is_over: bool,
    fault: Option<Fault>,
    /// Who wait for a seat.
    for_seat: Vec<Waker>,
    /// Who wait for a number to be committed.
    for_commit: Vec<(u64, Waker)>,
}

/// What the writer is asked for, beside the events that it sees.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    #[default]
    Nothing,
    /// Something beside events is to be stored, for which nobody waits.
    Notes,
    /// Somebody waits for a commit.
    Commit,
}

/// Records that the writer has taken, in the order of their numbers.
#[derive(Default)]
pub(crate) struct Batch {
    /// The last number, also of those that have nothing to be stored.
    pub(crate) end: u64,
    /// How many numbers it has.
    pub(crate) numbers: u64,
    pub(crate) bytes: u64,
    pub(crate) entries: Vec<(u64, Vec<u8>)>,
}

/// Why no seat is given, or nothing is committed any more.
pub(crate) enum NoSeat {
    Closed,
    Fault(Fault),
}

impl Tail {
    /// A tail behind that number, with so many places.
    pub(crate) fn after(committed: u64, places: u64, most_bytes: u64) -> Self {
        Self {
            places: (0..places.max(1)).map(|_| Mutex::default()).collect(),
            seats: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            most_bytes,
            committed: AtomicU64::new(committed),
            is_failing: AtomicBool::new(false),
            shared: Mutex::default(),
            bell: Condvar::new(),
            done: Condvar::new(),
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.places.len() as u64
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// How many seats are taken, and how many bytes are not on the disk.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        (self.seats.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    fn place(&self, sequence: u64) -> &Mutex<Place> {
        let at = sequence % self.capacity();
        // The remainder is less than the length.
        &self.places[usize::try_from(at).unwrap_or_default()]
    }

    /// Takes a seat; `false` if there is none.
    pub(crate) fn seat(&self) -> Result<bool, NoSeat> {
        if self.is_failing.load(Ordering::Acquire) {
            let shared = lock(&self.shared);
            if shared.is_closing && !shared.is_over {
                return Err(NoSeat::Closed);
            }
            if let Some(fault) = &shared.fault {
                return Err(NoSeat::Fault(Arc::clone(fault)));
            }
            if shared.is_over {
                return Err(NoSeat::Closed);
            }
        }
        if self.bytes.load(Ordering::Relaxed) >= self.most_bytes {
            return Ok(false);
        }
        let taken = self.seats.fetch_add(1, Ordering::AcqRel);
        if taken >= self.capacity() {
            self.seats.fetch_sub(1, Ordering::AcqRel);
            return Ok(false);
        }
        if taken == 0 || taken + 1 == self.capacity().div_ceil(2) {
            // Under the lock: the writer looks at the seats under it before it sleeps.
            drop(lock(&self.shared));
            self.bell.notify_one();
        }
        Ok(true)
    }

    /// Gives back a seat that had no number.
    pub(crate) fn leave(&self) {
        self.free(1);
    }

    /// Gives back seats, and wakes who waits for one.
    fn free(&self, seats: u64) {
        self.seats.fetch_sub(seats, Ordering::AcqRel);
        let wakers = mem::take(&mut lock(&self.shared).for_seat);
        wake(wakers);
    }

    fn has_room(&self) -> bool {
        self.seats.load(Ordering::Acquire) < self.capacity()
            && self.bytes.load(Ordering::Relaxed) < self.most_bytes
    }

    /// Ready when it is worth to ask for a seat again.
    pub(crate) fn poll_seat(&self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut shared = lock(&self.shared);
        if self.has_room() || shared.fault.is_some() || shared.is_closing {
            return Poll::Ready(());
        }
        // Once, however often it asks.
        if !shared.for_seat.iter().any(|known| known.will_wake(&waker)) {
            shared.for_seat.push(waker);
        }
        self.ask(&mut shared);
        Poll::Pending
    }

    /// Has the writer commit without waiting for more.
    fn ask(&self, shared: &mut Shared) {
        shared.wanted = Wanted::Commit;
        self.bell.notify_one();
    }

    /// The same, for whoever does not wait.
    pub(crate) fn flush(&self) {
        self.ask(&mut lock(&self.shared));
    }

    /// Has the writer commit within its pace, though there may be no event.
    pub(crate) fn note(&self) {
        let mut shared = lock(&self.shared);
        if shared.wanted == Wanted::Nothing {
            shared.wanted = Wanted::Notes;
            self.bell.notify_one();
        }
    }

    /// Puts a record into its place, `None` if there is nothing to be stored. The caller has a seat, which the writer gives
    /// back.
    pub(crate) fn put(&self, sequence: u64, bytes: Option<Vec<u8>>) {
        let length = bytes.as_ref().map_or(0, Vec::len) as u64;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        *lock(self.place(sequence)) = Place { sequence, bytes, fault: None };
    }

    /// The same, and waits until it is on the disk, or nowhere. The caller's seat is given back then.
    pub(crate) fn put_and_wait(&self, sequence: u64, bytes: Option<Vec<u8>>) -> Result<(), NoSeat> {
        self.put(sequence, bytes);
        let mut shared = lock(&self.shared);
        self.ask(&mut shared);
        while self.committed() < sequence && !shared.is_over {
            shared = sleep(&self.done, shared);
        }
        // The writer may have died before it came to it.
        let is_nowhere = self.committed() < sequence;
        let fault = shared.fault.clone().filter(|_| is_nowhere);
        drop(shared);
        // Nobody else has the place before the seat is given back.
        let fault = lock(self.place(sequence)).fault.take().or(fault);
        self.free(1);
        match fault {
            Some(fault) => Err(NoSeat::Fault(fault)),
            None if is_nowhere => Err(NoSeat::Closed),
            None => Ok(()),
        }
    }

    /// Ready when all up to that number is committed.
    pub(crate) fn poll_committed(
        &self,
        sequence: u64,
        waker: &Waker,
        is_asked: bool,
    ) -> Poll<Result<(), NoSeat>> {
        if self.committed() >= sequence {
            return Poll::Ready(Ok(()));
        }
        let waker = waker.clone();
        let mut shared = lock(&self.shared);
        if self.committed() >= sequence {
            return Poll::Ready(Ok(()));
        }
        if let Some(fault) = &shared.fault {
            return Poll::Ready(Err(NoSeat::Fault(Arc::clone(fault))));
        }
        if shared.is_over {
            return Poll::Ready(Err(NoSeat::Closed));
        }
        let waits = &mut shared.for_commit;
        if !waits.iter().any(|(other, known)| *other == sequence && known.will_wake(&waker)) {
            waits.push((sequence, waker));
        }
        if is_asked {
            self.ask(&mut shared);
        }
        Poll::Pending
    }

    /// Says that all up to that number is on the disk.
    pub(crate) fn commit(&self, batch: &Batch, gives_seats: bool) {
        self.settle(batch, None);
        if gives_seats && batch.numbers > 0 {
            self.free(batch.numbers);
        }
    }

    /// Says that nothing of the batch is kept, and why. Who put it gives the seats back.
    pub(crate) fn refuse(&self, batch: &Batch, fault: &Fault) {
        for (sequence, _) in &batch.entries {
            lock(self.place(*sequence)).fault = Some(Arc::clone(fault));
        }
        self.settle(batch, Some(fault));
    }

    fn settle(&self, batch: &Batch, fault: Option<&Fault>) {
        self.bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
        let mut shared = lock(&self.shared);
        if fault.is_none() {
            shared.fault = None;
            self.is_failing.store(shared.is_closing, Ordering::Release);
        }
        self.committed.store(batch.end.max(self.committed()), Ordering::Release);
        let committed = self.committed();
        let ready = shared.for_commit.extract_if(.., |(sequence, _)| *sequence <= committed);
        let ready: Vec<_> = ready.collect();
        self.done.notify_all();
        drop(shared);
        wake(ready.into_iter().map(|(_, waker)| waker));
    }

    /// Says that the store refuses at present, and who waits is told.
    pub(crate) fn fail(&self, fault: &Fault) {
        let mut shared = lock(&self.shared);
        shared.fault = Some(Arc::clone(fault));
        self.is_failing.store(true, Ordering::Release);
        let mut told = mem::take(&mut shared.for_seat);
        told.extend(shared.for_commit.drain(..).map(|(_, waker)| waker));
        drop(shared);
        wake(told);
    }

    /// Why the store refuses at present.
    pub(crate) fn fault(&self) -> Option<Fault> {
        lock(&self.shared).fault.clone()
    }

    /// Gives no seat any more, and has the writer end when all is committed.
    pub(crate) fn close(&self) {
        let mut shared = lock(&self.shared);
        shared.is_closing = true;
        self.is_failing.store(true, Ordering::Release);
        self.ask(&mut shared);
        let told = mem::take(&mut shared.for_seat);
        drop(shared);
        wake(told);
    }

    /// The writer ends: nothing is committed any more. With a fault, if it did not end by itself.
    pub(crate) fn end(&self, fault: Option<Fault>) {
        let mut shared = lock(&self.shared);
        shared.is_closing = true;
        shared.is_over = true;
        shared.fault = fault.or_else(|| shared.fault.take());
        self.is_failing.store(true, Ordering::Release);
        let mut told = mem::take(&mut shared.for_seat);
        told.extend(shared.for_commit.drain(..).map(|(_, waker)| waker));
        self.done.notify_all();
        drop(shared);
        wake(told);
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seats, bytes) = self.waiting();
        f.debug_struct("Tail")
            .field("committed", &self.committed())
            .field("seats", &seats)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

/// Wakers are users' code: what panics there harms nobody else.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        let _ = panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_a_seat_often_waits_once() {
        let tail = Tail::after(0, 1, 1_024);
        assert!(tail.seat().is_ok_and(|taken| taken));
        for _ in 0..100 {
            assert!(tail.poll_seat(Waker::noop()).is_pending());
        }
        assert_eq!(lock(&tail.shared).for_seat.len(), 1);
        tail.leave();
        assert!(lock(&tail.shared).for_seat.is_empty());
    }
}
