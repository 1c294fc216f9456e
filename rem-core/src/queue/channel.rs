//! [`Channel`]: the queue itself, and the protocol between publishers and reader.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::drains::Drains;
use super::losses::Losses;
use super::{Lagged, Overflow, QueueStats};
use crate::event::Event;
use crate::sync::{Mutex, MutexGuard, ThreadId, Watch, lock};

/// A bounded queue of one subscription.
pub(crate) struct Channel {
    capacity: usize,
    overflow: Overflow,
    /// It takes one event in, and no more.
    for_one: bool,
    inner: Mutex<Inner>,
}

/// What the lock protects: plain data. It is held for a few moves and never while user code runs.
#[derive(Default)]
struct Inner {
    /// By sequence number; with `Conflate` by the first event of each key.
    items: VecDeque<Item>,
    /// Seats taken by publishers that have not sent yet.
    seats: usize,
    /// What was lost after the last item.
    tail: Losses,
    /// The highest number that was lost: what comes below it comes too late.
    lost: u64,
    /// The highest number that the reader has.
    taken: u64,
    stats: QueueStats,
    end: End,
    /// The reader, asleep.
    reader: Option<Waker>,
    /// Publishers that wait for room, by their tickets.
    waiting: Vec<(u64, Waker)>,
    /// The last ticket given out.
    ticket: u64,
    /// The thread that is bound to read, if one is.
    bound: Option<ThreadId>,
    /// How many events were taken in.
    came: u64,
    drains: Drains,
}

struct Item {
    event: Arc<Event>,
    sequence: u64,
    /// Its place among those that came.
    came: u64,
    key: Option<Box<str>>,
    /// What was lost between the item before and this one.
    before: Losses,
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
        Self { capacity: capacity.max(1), overflow, for_one: false, inner: Mutex::default() }
    }

    /// For whoever waits for one event: when that is there, nothing more comes in.
    pub(crate) fn for_one() -> Self {
        Self { for_one: true, ..Self::new(1, Overflow::DropNewest) }
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
        lock(&self.inner).items.iter().map(|item| item.sequence).min().filter(|number| *number > 0)
    }

    pub(crate) fn stats(&self) -> QueueStats {
        let inner = lock(&self.inner);
        QueueStats { waiting: inner.items.len(), ..inner.stats }
    }

    /// How many publishers wait for room.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.inner).waiting.len()
    }

    /// Tells when the events that are here now are gone; `None` if there are none.
    pub(crate) fn drain(&self) -> Option<Watch> {
        let mut inner = lock(&self.inner);
        let (came, left) = (inner.came, inner.items.len());
        let (watch, gone) = if left > 0 { inner.drains.wait(came, left) } else { return None };
        drop(inner);
        drop(gone);
        Some(watch)
    }

    /// The thread that will read, and no other, for as long as this is known.
    pub(crate) fn bound_to(&self) -> Option<ThreadId> {
        lock(&self.inner).bound
    }

    pub(super) fn bind(&self, to: Option<ThreadId>) {
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
        let key = match &self.overflow {
            Overflow::Conflate(key) => Some(key.get(&event)),
            _ => None,
        };
        let mut inner = lock(&self.inner);
        if seated {
            inner.seats -= 1;
        }
        if inner.end != End::Open {
            drop(inner);
            return Sent::Ended;
        }
        let sequence = event.sequence().unwrap_or_default();
        inner.came += 1;
        let item = Item { event, sequence, came: inner.came, key, before: Losses::default() };
        let (sent, gone) = inner.put(item, self.capacity, &self.overflow);
        if self.for_one {
            inner.end = End::Finished;
        }
        let drained = gone.as_ref().and_then(|gone| inner.drains.gone(gone.came));
        let reader = inner.reader.take();
        drop(inner);
        drop((gone, drained)); // an event may go with it, which is user code: under no lock
        if let Some(reader) = reader {
            reader.wake();
        }
        sent
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
        mem::swap(&mut inner.reader, reader);
        Taken::Empty
    }

    fn take_from(mut inner: MutexGuard<'_, Inner>) -> Taken {
        let (taken, came) = inner.next();
        let mut waiting = Vec::new();
        let mut drained = None;
        if let Taken::Event(_) = taken {
            waiting = mem::take(&mut inner.waiting);
            drained = inner.drains.gone(came);
        }
        drop(inner);
        drop(drained); // wakes who waits: under no lock
        wake_all(waiting);
        taken
    }

    /// The reader has what comes up to that number from elsewhere.
    pub(super) fn begin_after(&self, taken: u64) {
        let mut inner = lock(&self.inner);
        inner.taken = inner.taken.max(taken);
    }

    /// Nothing more comes in. The reader gets what is there, and then the end.
    pub(crate) fn finish(&self) {
        let mut inner = lock(&self.inner);
        if inner.end == End::Open {
            inner.end = End::Finished;
        }
        let reader = inner.reader.take();
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        wake_all(waiting);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The reader goes: what is there goes with it, and nobody waits any longer.
    pub(crate) fn abandon(&self) {
        let mut inner = lock(&self.inner);
        inner.end = End::Abandoned;
        let drains = mem::take(&mut inner.drains);
        let gone = (mem::take(&mut inner.items), inner.reader.take(), drains);
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        drop(gone); // user code: under no lock
        wake_all(waiting);
    }
}

fn wake_all(waiting: Vec<(u64, Waker)>) {
    for (_, waiter) in waiting {
        waiter.wake();
    }
}

impl Inner {
    fn has_room(&self, capacity: usize) -> bool {
        self.items.len() + self.seats < capacity
    }

    fn has_something(&self) -> bool {
        !self.items.is_empty() || self.end != End::Open || !self.tail.is_empty()
    }

    /// Puts an item where it belongs, and gives what had to go for it, perhaps itself.
    fn put(
        &mut self,
        mut item: Item,
        capacity: usize,
        overflow: &Overflow,
    ) -> (Sent, Option<Item>) {
        let conflates = item.key.is_some();
        if conflates && let Some(at) = self.items.iter().position(|other| other.key == item.key) {
            self.stats.replaced += 1;
            return (Sent::Queued, Some(self.replace(at, item)));
        }
        // Later ones are lost already, and the range of a loss encloses nothing that is delivered.
        if item.sequence != 0 && item.sequence < self.lost {
            return self.lose(item);
        }
        let mut gone = None;
        if !self.has_room(capacity) {
            let oldest = match overflow {
                Overflow::DropOldest => Some(0),
                Overflow::Conflate(_) => self.lowest(),
                // A system event has no seat in a queue that has some.
                Overflow::DropNewest | Overflow::Block(_) | Overflow::Reject => None,
            };
            match oldest.filter(|&at| {
                let oldest = self.items.get(at).map(|oldest| oldest.sequence);
                item.sequence == 0 || oldest.is_some_and(|oldest| oldest <= item.sequence)
            }) {
                Some(at) => gone = self.drop_item(at),
                None => return self.lose(item),
            }
        }
        let at = if conflates { self.items.len() } else { self.place(item.sequence) };
        // Whatever is lost already is older than what is taken in.
        let next = self.items.get_mut(at).map_or(&mut self.tail, |next| &mut next.before);
        item.before = mem::take(next);
        self.items.insert(at, item);
        (Sent::Queued, gone)
    }

    /// Puts the newer of two events of one key into its place; gives the older one.
    fn replace(&mut self, at: usize, mut item: Item) -> Item {
        let there = &mut self.items[at];
        if there.sequence <= item.sequence {
            mem::swap(&mut there.event, &mut item.event);
            mem::swap(&mut there.sequence, &mut item.sequence);
            mem::swap(&mut there.came, &mut item.came);
        }
        item
    }

    /// Before the first item of a higher number. Most come last.
    fn place(&self, sequence: u64) -> usize {
        if sequence == 0 {
            return self.items.len();
        }
        let later = self.items.iter().rev().take_while(|item| item.sequence > sequence).count();
        self.items.len() - later
    }

    /// The item of the lowest number, where they do not stand in order.
    fn lowest(&self) -> Option<usize> {
        let numbered = self.items.iter().enumerate();
        numbered.min_by_key(|(_, item)| item.sequence).map(|(at, _)| at)
    }

    /// An event that was not taken in.
    fn lose(&mut self, item: Item) -> (Sent, Option<Item>) {
        let sequence = item.sequence;
        self.count_loss(sequence);
        let at = if item.key.is_some() { 0 } else { self.place(sequence) };
        let below = match at.checked_sub(1).and_then(|at| self.items.get(at)) {
            Some(before) => before.sequence.max(self.taken),
            // Where items do not stand in order, one may be older.
            None if item.key.is_some() => match self.lowest().map(|at| self.items[at].sequence) {
                Some(lowest) if lowest < sequence => u64::MAX,
                _ => self.taken,
            },
            None => self.taken,
        };
        match self.items.get_mut(at) {
            Some(next) => next.before.add(sequence, below),
            None => self.tail.add(sequence, below),
        }
        (Sent::Lost, Some(item))
    }

    /// Drops the oldest item for a newer one. What was lost before it, and itself, is lost before the next.
    fn drop_item(&mut self, at: usize) -> Option<Item> {
        let mut item = self.items.remove(at)?;
        self.count_loss(item.sequence);
        let mut losses = mem::take(&mut item.before);
        losses.add(item.sequence, self.taken);
        let next = self.items.get_mut(at).map_or(&mut self.tail, |next| &mut next.before);
        losses.append(mem::take(next), self.taken);
        *next = losses;
        Some(item)
    }

    fn count_loss(&mut self, sequence: u64) {
        self.stats.dropped += 1;
        self.lost = self.lost.max(sequence);
    }

    /// What comes next, and its place among those that came.
    fn next(&mut self) -> (Taken, u64) {
        let losses = self.items.front_mut().map_or(&mut self.tail, |item| &mut item.before);
        if let Some(lagged) = losses.take() {
            return (Taken::Lagged(lagged), 0);
        }
        match self.items.pop_front() {
            Some(item) => {
                self.taken = self.taken.max(item.sequence);
                self.stats.delivered += 1;
                (Taken::Event(item.event), item.came)
            }
            None if self.end == End::Open => (Taken::Empty, 0),
            None => (Taken::Ended, 0),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = lock(&self.inner);
        f.debug_struct("Queue")
            .field("len", &inner.items.len())
            .field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .field("stats", &inner.stats)
            .field("end", &inner.end)
            .finish_non_exhaustive()
    }
}
