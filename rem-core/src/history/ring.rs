//! [`Ring`]: the newest events, in memory.

use std::fmt;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{Evicted, History};
use crate::deliver::each_quietly;
use crate::event::Event;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// A history of the newest events in memory: so many, and never more.
///
/// An event's place follows from its sequence number, so publishers write side by side, each under the lock of its own
/// slot, which is held for one exchange of pointers; two meet only when one is a whole ring behind. Recording costs the
/// same whatever the capacity; reading costs what is read.
///
/// The protocol, checked by loom (`tests/loom.rs`): a number is taken, the slot is written, then its stamp is. A slot
/// never goes back to an older event. The readable end is found by readers, who look at the stamps from where the last
/// of them stopped; publishers do not know of it, and pay nothing for it.
pub struct Ring {
    slots: Box<[Slot]>,
    /// A number up to which there is no hole; it may lag behind.
    mark: AtomicU64,
    /// What it keeps comes after this number.
    after: u64,
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
        Self { slots: (0..capacity.max(1)).map(slot).collect(), mark: AtomicU64::new(0), after: 0 }
    }

    /// The same for the events after that number: the end in memory of a history that goes on from one on a disk.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        (self.mark, self.after) = (AtomicU64::new(sequence), sequence);
        self
    }

    /// Notes that no event has that number, so that what comes behind it can be read. What had to go is given back.
    pub fn skip(&self, sequence: u64) -> Evicted {
        self.put(sequence, None)
    }

    fn put(&self, sequence: u64, event: Option<Arc<Event>>) -> Evicted {
        let slot = self.slot(sequence);
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

    fn slot(&self, sequence: u64) -> &Slot {
        let at = sequence % self.slots.len() as u64;
        // The remainder is less than the length.
        &self.slots[usize::try_from(at).unwrap_or_default()]
    }

    /// The last number with no hole before it.
    fn end(&self) -> u64 {
        let mark = self.mark.load(Ordering::Relaxed);
        let mut end = mark;
        loop {
            let next = end + 1;
            let stamp = self.slot(next).stamp.load(Ordering::Acquire);
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
        let end = self.end();
        let oldest = (end + 1).saturating_sub(self.slots.len() as u64).max(self.after + 1);
        (end > self.after).then_some(oldest..=end)
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        let Some(readable) = self.readable() else { return };
        for sequence in *range.start().max(readable.start())..=*range.end().min(readable.end()) {
            let kept = lock(&self.slot(sequence).event).clone();
            // It may have been overwritten since.
            events.extend(kept.filter(|event| event.sequence() == Some(sequence)));
        }
    }
}

/// What is kept goes with it, and that is the user's to drop.
impl Drop for Ring {
    fn drop(&mut self) {
        each_quietly(self.slots.iter().filter_map(|slot| lock(&slot.event).take()));
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("capacity", &self.slots.len())
            .field("readable", &self.readable())
            .finish_non_exhaustive()
    }
}
