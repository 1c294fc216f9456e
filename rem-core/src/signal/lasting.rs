//! [`Lasting`]: receivers that last as long as their signal, which a send reads where they stand.
//!
//! What may end must be kept from ending while a send looks at it, and for that the processor has to lock something twice: as
//! much time as calling several receivers takes. A receiver whose guard was detached can only end with its signal, and who
//! sends has the signal. So where all who are called last, a send reads one number, how many there are, and calls them.
//!
//! They stand in a list that only grows. It is changed under the lock of the signal's list, and behind what readers look at:
//! the number is told when they are in place, and taken back before a change of the signal is over. Checked by loom
//! (`signal/loom.rs`).

use std::slice;
use std::sync::OnceLock;

use super::plan::{Entry, Key, Plan};
use crate::deliver::each_quietly;
use crate::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Lasting<T: ?Sized, R, S> {
    /// How many of the first are called by a send without a sender, and nobody else. 0: it has to look at the plan.
    alone: AtomicUsize,
    first: OnceLock<Part<T, R, S>>,
}

/// Those that were found to last at one time, and those of later times. Never empty.
struct Part<T: ?Sized, R, S> {
    entries: Box<[Entry<T, R, S>]>,
    next: OnceLock<Box<Self>>,
}

/// What only changes know of it: it stands under the lock of the list.
#[derive(Default)]
pub(super) struct Settled {
    count: usize,
    last: Option<Key>,
}

impl<T: ?Sized, R, S> Lasting<T, R, S> {
    pub(super) fn new() -> Self {
        Self { alone: AtomicUsize::new(0), first: OnceLock::new() }
    }

    /// Those who are called, if nobody else is.
    #[inline]
    pub(super) fn alone(&self) -> Option<Alone<'_, T, R, S>> {
        let count = self.alone.load(Ordering::Acquire);
        if count == 0 {
            return None;
        }
        let first = self.first.get()?;
        Some(Alone {
            here: first.entries.get(..count).unwrap_or(&first.entries).iter(),
            part: first,
            count,
        })
    }

    /// Says that a send has to look at the plan, which is about to be another.
    pub(super) fn take_back(&self) {
        self.alone.store(0, Ordering::Release);
    }

    /// Lets sends call them alone if the plan does, and it can be: who is to be called before one that is in the list
    /// already cannot be put before it.
    pub(super) fn settle(&self, plan: &Plan<T, R, S>, settled: &mut Settled) {
        let entries = &plan.any.entries;
        let known =
            settled.count.checked_sub(1).map(|last| entries.get(last).map(|entry| entry.key));
        if !plan.lasts || entries.is_empty() || known.is_some_and(|key| key != settled.last) {
            return;
        }
        let new = &entries[settled.count..];
        if let Some(last) = new.last() {
            let part = Part { entries: new.into(), next: OnceLock::new() };
            (settled.count, settled.last) = (entries.len(), Some(last.key));
            self.push(part);
        }
        self.alone.store(settled.count, Ordering::Release);
    }

    fn push(&self, part: Part<T, R, S>) {
        let Err(mut part) = self.first.set(part).map_err(Box::new) else { return };
        let mut last = self.first.get();
        while let Some(at) = last {
            match at.next.set(part) {
                Ok(()) => return,
                Err(back) => part = back,
            }
            last = at.next.get().map(|next| &**next);
        }
    }
}

impl<T: ?Sized, R, S> Drop for Lasting<T, R, S> {
    fn drop(&mut self) {
        // One after another, for there may be many, and each by itself: user code, which may panic.
        let mut part = self.first.take().map(Box::new);
        while let Some(mut at) = part {
            part = at.next.take();
            each_quietly(at.entries);
        }
    }
}

/// Receivers that last, in their order, as many as there were when a send began.
pub(super) struct Alone<'a, T: ?Sized, R, S> {
    here: slice::Iter<'a, Entry<T, R, S>>,
    part: &'a Part<T, R, S>,
    /// How many are left from the part's first on.
    count: usize,
}

impl<'a, T: ?Sized, R, S> Alone<'a, T, R, S> {
    /// All of them, if they stand in one part; else nobody.
    #[inline]
    pub(super) fn slice(&self) -> &'a [Entry<T, R, S>] {
        self.part.entries.get(..self.count).unwrap_or_default()
    }

    /// Goes on to the next part.
    fn turn(&mut self) -> Option<&'a Entry<T, R, S>> {
        let left = self.count.checked_sub(self.part.entries.len()).filter(|left| *left > 0)?;
        let next = &**self.part.next.get()?;
        let here = next.entries.get(..left).unwrap_or(&next.entries).iter();
        *self = Self { here, part: next, count: left };
        self.here.next()
    }
}

impl<T: ?Sized, R, S> Clone for Alone<'_, T, R, S> {
    fn clone(&self) -> Self {
        Self { here: self.here.clone(), part: self.part, count: self.count }
    }
}

impl<'a, T: ?Sized, R, S> Iterator for Alone<'a, T, R, S> {
    type Item = &'a Entry<T, R, S>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.here.next() {
            Some(entry) => Some(entry),
            None => self.turn(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let behind = self.count.saturating_sub(self.part.entries.len());
        (self.here.len() + behind, Some(self.here.len() + behind))
    }
}
