//! [`Ring`]: the newest events, in memory.

use std::fmt;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rem_patterns::{IntoPattern, Pattern, PatternError};

use super::limited::Limited;
use super::{Ask, Direction, Evicted, History, HistoryReport};
use crate::clock::BusClock;
use crate::deliver::each_quietly;
use crate::event::Event;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// A history of the newest events in memory: so many, and never more.
///
/// It can be bounded further, by [`quota`](Self::quota), [`bytes`](Self::bytes) and [`age`](Self::age); the events that go
/// are always the oldest that the limit counts. What it keeps and has let go stands in
/// [`Topology::history`](crate::Topology::history).
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::{Bus, Ring};
///
/// let ring = Ring::events(10_000).quota("metrics.**", 1_000)?.bytes(16 << 20).age(Duration::from_secs(3_600));
/// let bus = Bus::builder().history(ring).build();
/// # Ok::<(), rem_core::PatternError>(())
/// ```
///
/// # Cost
/// An event's place follows from its sequence number, so publishers write side by side, each under the lock of its own
/// slot, which is held for one exchange of pointers; two meet only when one is a whole ring behind. Recording costs the
/// same whatever the capacity; reading costs what is read.
///
/// The protocol, checked by loom (`loom.rs`): a number is taken, the slot is written, then its stamp is. A slot
/// never goes back to an older event. The readable end is found by readers, who look at the stamps from where the last
/// of them stopped; publishers do not know of it, and pay nothing for it.
///
/// With a quota, or bounded by bytes or age, it keeps events in order under one lock, which publishers take in turn: some
/// hundred nanoseconds each, and a comparison with the pattern of each quota.
pub struct Ring {
    /// None of a ring with more limits: by that the two are told apart, where the remainder is taken anyway.
    slots: Box<[Slot]>,
    /// A number up to which there is no hole; it may lag behind.
    mark: AtomicU64,
    /// What it keeps comes after this number.
    after: u64,
    limited: Option<Box<Limited>>,
}

/// Alone on its cache line, for its neighbours are written by other threads.
#[repr(align(64))]
struct Slot {
    event: Mutex<Option<Arc<Event>>>,
    /// The sequence number of the newest event that was written here, 0 for none.
    stamp: AtomicU64,
}

impl Ring {
    /// A ring that keeps the newest `capacity` events; at least one.
    ///
    /// Its slots, of 64 bytes each, are made at once; the events are their publishers'.
    ///
    /// # Panics
    /// When there is no memory for so many slots, as a `Vec` of that capacity does.
    pub fn events(capacity: usize) -> Self {
        let slot = |_| Slot { event: Mutex::new(None), stamp: AtomicU64::new(0) };
        let slots = (0..capacity.max(1)).map(slot).collect();
        Self { slots, mark: AtomicU64::new(0), after: 0, limited: None }
    }

    /// The same for the events after that number: the end in memory of a history that goes on from one on a disk.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        (self.mark, self.after) = (AtomicU64::new(sequence), sequence);
        if let Some(limited) = &mut self.limited {
            limited.begin_after(sequence);
        }
        self
    }

    /// Notes that no event has that number, so that what comes behind it can be read. What had to go is given back.
    pub fn skip(&self, sequence: u64) -> Evicted {
        self.put(sequence, None)
    }

    #[inline]
    fn put(&self, sequence: u64, event: Option<Arc<Event>>) -> Evicted {
        let Some(slot) = self.slot(sequence) else { return self.put_limited(sequence, event) };
        let mut kept = lock(&slot.event);
        // Or this publisher was a whole ring behind: its event is history's past already.
        if slot.stamp.load(Ordering::Relaxed) > sequence {
            drop(kept);
            return Evicted::from(event);
        }
        let evicted = mem::replace(&mut *kept, event);
        slot.stamp.store(sequence, Ordering::Release);
        drop(kept);
        Evicted::from(evicted)
    }

    /// Keeps at most so many of the events whose topics a pattern selects, from the root bus, so that a chatty topic cannot
    /// push out the rest: the oldest of these goes for a newer one, and the others have the room of the ring without this
    /// quota's. 0 keeps none of them. An event that several quotas select counts in each.
    ///
    /// Who reads the past and cannot have selected what a quota let go misses nothing, and is told of no loss. A
    /// subscription by type, which may have events of any bus below its own, is told of every number that is gone.
    ///
    /// ```
    /// use rem_core::Ring;
    ///
    /// // Of the metrics the newest 1,000, and at least 9,000 of all else.
    /// let ring = Ring::events(10_000).quota("metrics.**", 1_000)?;
    /// # Ok::<(), rem_core::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn quota(mut self, pattern: impl IntoPattern, events: usize) -> Result<Self, PatternError> {
        let pattern = pattern.into_pattern()?;
        self.limits().add_quota(pattern, events);
        Ok(self)
    }

    /// Keeps events of at most so many bytes together.
    ///
    /// An event counts for what the bus sees of it without asking its type: the envelope with the data in its place, topic,
    /// source and metadata, and the bytes of [`RawEvent`](crate::wire::RawEvent). What a typed value has elsewhere, as the
    /// text of a `String`, is not seen, for to see it would take an encoding of each event: leave room for it. An event
    /// that is larger than all is not kept.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.limits().bytes = Some(bytes);
        self
    }

    /// Keeps events for so long after they were recorded, by the clock of the bus and whatever time their publishers gave
    /// them. They go when the next is recorded, or when the history is asked.
    #[must_use]
    pub fn age(mut self, age: Duration) -> Self {
        self.limits().age = Some(age);
        self
    }

    fn limits(&mut self) -> &mut Limited {
        let (slots, after) = (mem::take(&mut self.slots), self.after);
        self.limited.get_or_insert_with(|| {
            let mut limited = Limited::new(slots.len());
            limited.begin_after(after);
            Box::new(limited)
        })
    }

    /// `None` in a ring that has none.
    #[inline]
    fn slot(&self, sequence: u64) -> Option<&Slot> {
        let slots = self.slots.len() as u64;
        if slots == 0 {
            return None;
        }
        // The remainder is less than the length.
        Some(&self.slots[usize::try_from(sequence % slots).unwrap_or_default()])
    }

    /// In a ring without slots.
    #[cold]
    #[inline(never)]
    fn put_limited(&self, sequence: u64, event: Option<Arc<Event>>) -> Evicted {
        match (&self.limited, event) {
            (Some(limited), Some(event)) => limited.record(sequence, event),
            (Some(limited), None) => limited.skip(sequence),
            (None, event) => Evicted::from(event),
        }
    }

    /// The last number with no hole before it.
    fn end(&self) -> u64 {
        let mark = self.mark.load(Ordering::Relaxed);
        let mut end = mark;
        loop {
            let next = end + 1;
            let stamp = self.slot(next).map_or(0, |slot| slot.stamp.load(Ordering::Acquire));
            if stamp < next {
                break;
            }
            // A newer event in this place tells that `next`, and all that came before it, is out of the ring's reach,
            // written or not. So a reader that comes after a long time makes one leap, and then at most a ring's steps.
            end = next.max(stamp.saturating_sub(self.slots.len() as u64));
        }
        if end > mark {
            self.mark.fetch_max(end, Ordering::Relaxed);
        }
        end
    }
}

impl History for Ring {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        let Some(sequence) = event.sequence() else { return Evicted::default() };
        self.put(sequence, Some(Arc::clone(event)))
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        if let Some(limited) = &self.limited {
            return limited.readable();
        }
        let end = self.end();
        let oldest = (end + 1).saturating_sub(self.slots.len() as u64).max(self.after + 1);
        (end > self.after).then_some(oldest..=end)
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        if let Some(limited) = &self.limited {
            return limited.read(range, events);
        }
        let Some(readable) = self.readable() else { return };
        for sequence in *range.start().max(readable.start())..=*range.end().min(readable.end()) {
            let Some(slot) = self.slot(sequence) else { return };
            let kept = lock(&slot.event).clone();
            // It may have been overwritten since.
            events.extend(kept.filter(|event| event.sequence() == Some(sequence)));
        }
    }

    fn lost(&self, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
        match &self.limited {
            Some(limited) => limited.lost(gap, by),
            None => Some(gap),
        }
    }

    /// Of a ring with quotas the numbers that are kept, which may be far apart; no index.
    fn candidates(
        &self,
        _: &Ask,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
        let limited = self.limited.as_ref()?;
        Some(Box::new(limited.numbers(range, direction)))
    }

    fn clock(&self, clock: &BusClock) {
        if let Some(limited) = &self.limited {
            limited.set_clock(clock);
        }
    }

    fn report(&self) -> HistoryReport {
        match &self.limited {
            Some(limited) => limited.report(),
            None => HistoryReport::of(self.readable().as_ref()),
        }
    }
}

/// What is kept goes with it, and that is the user's to drop.
impl Drop for Ring {
    fn drop(&mut self) {
        each_quietly(self.slots.iter().filter_map(|slot| lock(&slot.event).take()));
        if let Some(limited) = &self.limited {
            each_quietly(limited.take());
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Ring");
        let Some(limited) = &self.limited else {
            out.field("capacity", &self.slots.len()).field("readable", &self.readable());
            return out.finish_non_exhaustive();
        };
        out.field("capacity", &limited.capacity());
        if let Some(bytes) = limited.bytes {
            out.field("bytes", &bytes);
        }
        if let Some(age) = limited.age {
            out.field("age", &age);
        }
        out.field("readable", &self.readable());
        out.field("holds", &format_args!("{}", limited.report())).finish_non_exhaustive()
    }
}

/// What it keeps and has let go, in one line.
impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report().fmt(f)
    }
}
