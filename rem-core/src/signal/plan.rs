//! [`Plan`]: who is called, resolved once and read by every send without a lock.

use std::collections::HashMap;
use std::hash::Hash;
use std::iter::Peekable;
use std::panic::Location;
use std::slice;
use std::sync::Arc;

use super::receiver::{Receive, ReceiverId, Senders};
use crate::deliver::{isolate, quietly};

/// The place of a receiver in the order: the highest priority first, of the same priority the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    before: i64,
    pub(super) id: ReceiverId,
}

impl Key {
    pub(super) fn new(priority: i32, id: ReceiverId) -> Self {
        Self { before: -i64::from(priority), id }
    }

    pub(super) fn priority(self) -> i32 {
        i32::try_from(-self.before).unwrap_or_default()
    }
}

/// A receiver in its place.
pub(super) struct Entry<T: ?Sized, R, S> {
    pub(super) key: Key,
    pub(super) receiver: Arc<dyn Receive<T, R, S>>,
}

impl<T: ?Sized, R, S> Clone for Entry<T, R, S> {
    fn clone(&self) -> Self {
        Self { key: self.key, receiver: Arc::clone(&self.receiver) }
    }
}

/// A receiver with whom it hears, as it is when a plan is made.
pub(super) struct Heard<T: ?Sized, R, S> {
    pub(super) entry: Entry<T, R, S>,
    pub(super) senders: Arc<Senders<S>>,
    /// It hears any sender, and can only end with the signal.
    pub(super) lasts: bool,
}

/// Receivers in their order.
pub(super) struct Calls<T: ?Sized, R, S> {
    pub(super) entries: Vec<Entry<T, R, S>>,
    /// Where the first async one was connected.
    pub(super) is_async: Option<&'static Location<'static>>,
}

/// Who is called by whom. It is not changed; a change of the receivers puts a stale one in its place, and the next send
/// makes a new one.
pub(super) struct Plan<T: ?Sized, R, S> {
    /// It is not stale.
    pub(super) fresh: bool,
    /// It is fresh, and no receiver of whatever sender is async: a send without a sender need not look further.
    pub(super) plain: bool,
    /// It is plain, and all of whatever sender can only end with the signal.
    pub(super) lasts: bool,
    /// Who hears any sender.
    pub(super) any: Calls<T, R, S>,
    /// Who hears one, and not any: nobody is called twice.
    by: HashMap<Arc<S>, Calls<T, R, S>>,
}

impl<T: ?Sized, R, S> Default for Calls<T, R, S> {
    fn default() -> Self {
        Self { entries: Vec::new(), is_async: None }
    }
}

impl<T: ?Sized, R, S> Calls<T, R, S> {
    fn push(&mut self, entry: Entry<T, R, S>) {
        if self.is_async.is_none() && entry.receiver.is_async() {
            self.is_async = Some(entry.receiver.about().place);
        }
        self.entries.push(entry);
    }
}

impl<T: ?Sized, R, S> Plan<T, R, S> {
    /// Calls nobody and says that there may be others.
    pub(super) fn stale() -> Self {
        Self { fresh: false, plain: false, lasts: false, any: Calls::default(), by: HashMap::new() }
    }

    /// Calls nobody: nobody is connected, or the signal is muted.
    pub(super) fn silent() -> Self {
        Self { fresh: true, plain: true, lasts: false, any: Calls::default(), by: HashMap::new() }
    }
}

impl<T: ?Sized, R, S: Eq + Hash> Plan<T, R, S> {
    /// Of receivers in their order. Hashing senders is user code: a receiver whose sender panics does not hear it, and
    /// that is counted as a panic of it.
    pub(super) fn of(all: Vec<Heard<T, R, S>>) -> Self {
        let (mut any, mut by) = (Calls::default(), HashMap::<Arc<S>, Calls<T, R, S>>::new());
        let mut lasts = true;
        for Heard { entry, senders, lasts: this_lasts } in all {
            if senders.any.is_heard() {
                lasts &= this_lasts;
                any.push(entry);
                continue;
            }
            for (sender, _) in &senders.some {
                let put = || by.entry(Arc::clone(sender)).or_default().push(entry.clone());
                if let Err(panic) = isolate(put) {
                    entry.receiver.about().count_panic(&panic);
                }
            }
        }
        let plain = any.is_async.is_none();
        Self { fresh: true, plain, lasts: plain && lasts, any, by }
    }

    /// Who is called beside those who hear any sender. User code: it may panic.
    pub(super) fn by(&self, sender: &S) -> Option<&Calls<T, R, S>> {
        if self.by.is_empty() { None } else { self.by.get(sender) }
    }
}

impl<T: ?Sized, R, S> Drop for Plan<T, R, S> {
    fn drop(&mut self) {
        // Each by itself, for it may be the last to hold a receiver or a sender: user code, which may panic.
        self.any.entries.drain(..).for_each(quietly);
        for (sender, calls) in self.by.drain() {
            quietly(sender);
            calls.entries.into_iter().for_each(quietly);
        }
    }
}

/// Two lists in their order, as one.
pub(super) struct Merged<'a, T: ?Sized, R, S> {
    one: Peekable<slice::Iter<'a, Entry<T, R, S>>>,
    other: Peekable<slice::Iter<'a, Entry<T, R, S>>>,
}

impl<'a, T: ?Sized, R, S> Merged<'a, T, R, S> {
    pub(super) fn new(one: &'a Calls<T, R, S>, other: Option<&'a Calls<T, R, S>>) -> Self {
        let other = other.map_or(&[][..], |calls| &calls.entries);
        Self { one: one.entries.iter().peekable(), other: other.iter().peekable() }
    }
}

impl<T: ?Sized, R, S> Clone for Merged<'_, T, R, S> {
    fn clone(&self) -> Self {
        Self { one: self.one.clone(), other: self.other.clone() }
    }
}

impl<'a, T: ?Sized, R, S> Iterator for Merged<'a, T, R, S> {
    type Item = &'a Entry<T, R, S>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.one.peek(), self.other.peek()) {
            (Some(one), Some(other)) if other.key < one.key => self.other.next(),
            (Some(_), _) => self.one.next(),
            (None, _) => self.other.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let all = self.one.len() + self.other.len();
        (all, Some(all))
    }
}
