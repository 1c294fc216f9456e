//! [`Channel`]: the queue itself, and the protocol between publishers and reader.

mod task;

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

pub(crate) use task::Work;

use super::drains::Drains;
use super::items::{Counts, Items, Next};
use super::notes::Note;
use super::{Lagged, Overflow, QueueStats};
use crate::deliver::{each_quietly, quietly, wake};
use crate::event::Event;
use crate::sync::{Mutex, MutexGuard, ThreadId, Watch, lock};
use crate::task::Job;
use crate::trace::Origin;

/// A bounded queue of one subscription.
pub(crate) struct Channel {
    capacity: usize,
    overflow: Overflow,
    /// It takes one event in, and no more.
    for_one: bool,
    /// It notes the spans of publishes.
    keeps_origins: bool,
    /// Nothing is to be noted of an event that comes last.
    is_plain: bool,
    inner: Mutex<Inner>,
}

/// What the lock protects: plain data. It is held for a few moves and never while user code runs.
#[derive(Default)]
struct Inner {
    items: Items,
    /// Seats taken by publishers that have not sent yet.
    seats: usize,
    end: End,
    /// Readers that sleep, by their numbers: one of a stream, perhaps several of a task.
    readers: Vec<(u32, Waker)>,
    /// Publishers that wait for room, by their tickets.
    waiting: Vec<(u64, Waker)>,
    /// The last ticket given out.
    ticket: u64,
    /// The thread that is bound to read, if one is.
    bound: Option<ThreadId>,
    drains: Drains,
    /// What the readers of a task come to before all others.
    ahead: VecDeque<Job>,
    /// What they have taken and not finished.
    unfinished: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// Nothing more comes in; what is there can still be read.
    Finished,
    /// The reader is gone.
    Abandoned,
}

/// What a publisher hears that asks for a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    /// It has one, and must send or [`release`](Channel::release) it.
    Taken,
    Full,
    /// Nobody will read: there is nothing to wait for.
    Ended,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Queued,
    Lost,
    Ended,
}

/// What the reader gets.
pub(crate) enum Taken {
    Event(Arc<Event>),
    Lagged(Lagged),
    Empty,
    Ended,
}

impl Channel {
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        let is_plain = !matches!(overflow, Overflow::Conflate(_));
        Self {
            capacity: capacity.max(1),
            overflow,
            for_one: false,
            keeps_origins: false,
            is_plain,
            inner: Mutex::default(),
        }
    }

    /// For whoever waits for one event: when that is there, nothing more comes in.
    pub(crate) fn for_one() -> Self {
        Self { for_one: true, is_plain: false, ..Self::new(1, Overflow::DropNewest) }
    }

    /// The same, for a task whose attempts follow from the spans of publishes.
    pub(crate) fn keep_origins(self) -> Self {
        Self { keeps_origins: true, is_plain: false, ..self }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn overflow(&self) -> &Overflow {
        &self.overflow
    }

    /// Whether a publisher needs a seat before its event may have a number.
    pub(crate) fn has_seats(&self) -> bool {
        matches!(self.overflow, Overflow::Block(_) | Overflow::Reject)
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.inner).items.len()
    }

    /// The number of the oldest event that waits to be read.
    pub(crate) fn oldest(&self) -> Option<u64> {
        lock(&self.inner).items.oldest()
    }

    pub(crate) fn stats(&self) -> QueueStats {
        lock(&self.inner).stats()
    }

    /// How many publishers wait for room.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.inner).waiting.len()
    }

    /// Tells when the events that are here now are gone, and finished if it is a task that takes them; `None` if there are
    /// none.
    pub(crate) fn drain(&self) -> Option<Watch> {
        let mut inner = lock(&self.inner);
        let left = inner.items.len() + inner.ahead.len() + inner.unfinished;
        let (watch, gone) = if left > 0 { inner.drains.wait(left) } else { return None };
        drop(inner);
        drop(gone);
        Some(watch)
    }

    /// The thread that will read, and no other, for as long as this is known.
    pub(crate) fn bound_to(&self) -> Option<ThreadId> {
        lock(&self.inner).bound
    }

    pub(crate) fn bind(&self, to: Option<ThreadId>) {
        lock(&self.inner).bound = to;
    }

    /// Takes a seat, if there is one.
    pub(crate) fn seat(&self) -> Seat {
        let mut inner = lock(&self.inner);
        if inner.end != End::Open {
            Seat::Ended
        } else if inner.has_room(self.capacity) {
            inner.seats += 1;
            Seat::Taken
        } else {
            Seat::Full
        }
    }

    /// Lets `waiter` be woken when there may be a seat; `None` if there may be one now. The ticket is to be given back,
    /// by [`leave`](Self::leave).
    pub(crate) fn wait(&self, waiter: &mut Option<Waker>) -> Option<u64> {
        let mut inner = lock(&self.inner);
        if inner.end != End::Open || inner.has_room(self.capacity) {
            return None;
        }
        inner.ticket += 1;
        let ticket = inner.ticket;
        inner.waiting.extend(waiter.take().map(|waiter| (ticket, waiter)));
        Some(ticket)
    }

    /// Waits no longer.
    pub(crate) fn leave(&self, ticket: u64) {
        let mut inner = lock(&self.inner);
        let at = inner.waiting.iter().position(|(other, _)| *other == ticket);
        let waiter = at.map(|at| inner.waiting.swap_remove(at));
        drop(inner);
        drop(waiter); // user code: under no lock
    }

    /// Gives a seat back.
    pub(crate) fn release(&self) {
        let mut inner = lock(&self.inner);
        inner.seats -= 1;
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        wake_all(waiting);
    }

    /// Puts an event into the queue; `seated`: the publisher has a seat, which it uses up.
    ///
    /// The key's function is user code: it may panic, and then nothing has happened but that the seat is still held.
    pub(crate) fn send(&self, event: Arc<Event>, seated: bool) -> Sent {
        let note = (!self.is_plain).then(|| self.note(&event));
        let mut inner = lock(&self.inner);
        if seated {
            inner.seats -= 1;
        }
        if inner.end != End::Open {
            drop(inner);
            return Sent::Ended;
        }
        let sequence = event.sequence().unwrap_or_default();
        let plain = note.is_none() && inner.drains.is_empty();
        if plain && inner.has_room(self.capacity) && inner.items.comes_last(sequence) {
            inner.items.push(event, sequence);
            if !inner.readers.is_empty() {
                wake_reader(inner); // apart, for mostly it is awake
            }
            return Sent::Queued;
        }
        self.put(inner, event, note.unwrap_or_default())
    }

    /// What is to be noted of an event. User code, under no lock.
    #[cold]
    fn note(&self, event: &Arc<Event>) -> Note {
        let key = match &self.overflow {
            Overflow::Conflate(key) => Some(key.get(event)),
            _ => None,
        };
        let origin = if self.keeps_origins { Origin::of(event) } else { Origin::default() };
        Note { key, origin, ..Note::default() }
    }

    /// Puts an event where it belongs, or loses it, or another.
    #[inline(never)]
    fn put(&self, mut inner: MutexGuard<'_, Inner>, event: Arc<Event>, mut note: Note) -> Sent {
        note.after_drains = inner.drains.begun();
        // Where events have seats none is lost that has a number: one without a seat is of a publish that found its route
        // before the reader came, and there are no more of them than publishes under way. Nor one that has its seat, though a
        // task keeps more of them than there are.
        let has_place = self.has_seats() && event.sequence().is_some();
        let full = !has_place && !inner.has_room(self.capacity);
        let (queued, gone) = inner.items.put(event, note, full, &self.overflow);
        if self.for_one {
            inner.end = End::Finished;
        }
        let drained = gone.as_ref().and_then(|(_, note)| inner.drains.gone(note.after_drains));
        wake_reader(inner);
        // An event may go with it, which is user code: under no lock.
        if let Some(gone) = gone {
            quietly(gone);
        }
        drop(drained);
        if queued { Sent::Queued } else { Sent::Lost }
    }

    /// Takes the oldest event, or a loss that comes before it.
    pub(crate) fn take(&self) -> Taken {
        Self::take_from(lock(&self.inner))
    }

    /// The same; if there is nothing `reader` is woken when there is. It gives back a waker that is needed no longer,
    /// to be dropped under no lock.
    pub(crate) fn take_or_wait(&self, reader: &mut Option<Waker>) -> Taken {
        let mut inner = lock(&self.inner);
        if inner.has_something() {
            return Self::take_from(inner);
        }
        inner.sleep(0, reader);
        Taken::Empty
    }

    fn take_from(mut inner: MutexGuard<'_, Inner>) -> Taken {
        if inner.waiting.is_empty()
            && inner.drains.is_empty()
            && let Some(event) = inner.items.next_plain()
        {
            return Taken::Event(event);
        }
        Self::take_noted(inner)
    }

    #[inline(never)]
    fn take_noted(mut inner: MutexGuard<'_, Inner>) -> Taken {
        let (event, after_drains) = match inner.items.next() {
            Next::Event(event, after_drains, _) => (event, after_drains),
            Next::Lagged(lagged) => return Taken::Lagged(lagged),
            Next::Nothing if inner.end == End::Open => return Taken::Empty,
            Next::Nothing => return Taken::Ended,
        };
        // There is room, and the queue may be drained.
        let waiting = mem::take(&mut inner.waiting);
        let drained = inner.drains.gone(after_drains);
        drop(inner);
        drop(drained); // wakes who waits: under no lock
        wake_all(waiting);
        Taken::Event(event)
    }

    /// The reader has what comes up to that number from elsewhere.
    pub(crate) fn begin_after(&self, taken: u64) {
        lock(&self.inner).items.begin_after(taken);
    }

    /// Nothing more comes in. The reader gets what is there, and then the end.
    pub(crate) fn finish(&self) {
        let mut inner = lock(&self.inner);
        if inner.end == End::Open {
            inner.end = End::Finished;
        }
        let readers = mem::take(&mut inner.readers);
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        wake_all(waiting);
        wake_all(readers);
    }

    /// The reader goes: what is there goes with it, and nobody waits any longer.
    pub(crate) fn abandon(&self) {
        let mut inner = lock(&self.inner);
        inner.end = End::Abandoned;
        let ((events, notes), drains) = (inner.items.clear(), mem::take(&mut inner.drains));
        let (readers, waiting) = (mem::take(&mut inner.readers), mem::take(&mut inner.waiting));
        drop(inner);
        // User code: under no lock.
        each_quietly(events);
        quietly(notes);
        each_quietly(readers);
        drop(drains);
        wake_all(waiting);
    }
}

/// Lets the lock go, then wakes a reader, if one sleeps.
fn wake_reader(mut inner: MutexGuard<'_, Inner>) {
    if let Some((_, reader)) = inner.readers.pop() {
        drop(inner);
        wake(reader);
    }
}

fn wake_all<N>(waiting: Vec<(N, Waker)>) {
    for (_, waiter) in waiting {
        wake(waiter);
    }
}

impl Inner {
    fn has_room(&self, capacity: usize) -> bool {
        self.items.len() + self.seats < capacity
    }

    fn has_something(&self) -> bool {
        self.items.has_something() || self.end != End::Open
    }

    /// Lets a reader sleep until it is woken; gives back its waker of before.
    fn sleep(&mut self, reader: u32, waker: &mut Option<Waker>) {
        match self.readers.iter_mut().find(|(other, _)| *other == reader) {
            Some((_, before)) => {
                if let Some(waker) = waker {
                    mem::swap(before, waker);
                }
            }
            None => self.readers.extend(waker.take().map(|waker| (reader, waker))),
        }
    }

    fn stats(&self) -> QueueStats {
        let Counts { delivered, dropped, replaced, unread } = self.items.counts;
        QueueStats { waiting: self.items.len(), delivered, dropped, replaced, unread }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = lock(&self.inner);
        f.debug_struct("Queue")
            .field("len", &inner.items.len())
            .field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .field("stats", &inner.stats())
            .field("end", &inner.end)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests;
