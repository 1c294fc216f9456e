//! [`Term`]: how long a subscription lasts, if not as long as its guard.

use std::fmt;
use std::mem;
use std::sync::{Arc, Weak};

use super::{Called, Entry};
use crate::deliver::isolate;
use crate::event::Seen;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, keep_room, lock};

/// What may end a subscription beside its guard. Most have none.
#[derive(Default)]
pub(super) struct Term {
    /// How many calls are left.
    left: Option<AtomicU64>,
    /// It is over when one of them says so.
    over: Vec<Over>,
}

/// User code, perhaps.
pub(super) type Over = Box<dyn Fn() -> bool + Send + Sync>;

impl Term {
    /// `None` for one that lasts.
    pub(super) fn of(calls: Option<u64>, over: Vec<Over>) -> Option<Box<Self>> {
        let lasts = calls.is_none() && over.is_empty();
        (!lasts).then(|| Box::new(Self { left: calls.map(AtomicU64::new), over }))
    }

    /// Whether it ends by what others do, so that somebody has to look.
    pub(super) fn may_be_over(&self) -> bool {
        !self.over.is_empty()
    }

    fn is_over(&self) -> bool {
        self.over.iter().any(|over| over())
    }

    /// Takes one of the calls that are left, and says how many are then. However many threads ask, each call is taken once.
    fn take(&self) -> Option<u64> {
        let Some(left) = &self.left else { return Some(u64::MAX) };
        let less = |left: u64| left.checked_sub(1);
        // Nothing else is ordered by it.
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok().map(|before| before - 1)
    }
}

/// Subscriptions that end by what others do: the owner of a handler goes, or a closure says so. Nobody tells the bus, so
/// those of which no event comes would stay for ever; whoever adds one looks now and then, so that as many may be over and
/// still there as live.
#[derive(Debug, Default)]
pub(crate) struct Mortals(Mutex<Vec<Weak<Entry>>>);

impl Mortals {
    pub(super) fn watch_over(&self, entry: &Arc<Entry>) {
        let full = {
            let mut all = lock(&self.0);
            // Looked at before the list has to grow, under no lock, for the user is asked.
            let full = all.len() == all.capacity();
            let full = if full { mem::take(&mut *all) } else { Vec::new() };
            all.push(Arc::downgrade(entry));
            full
        };
        if full.is_empty() {
            return;
        }
        let lives =
            |entry: &Weak<Entry>| entry.upgrade().is_some_and(|entry| !entry.is_over_quietly());
        let mut lives: Vec<_> = full.into_iter().filter(lives).collect();
        let mut all = lock(&self.0);
        lives.append(&mut all);
        keep_room(&mut lives);
        *all = lives;
    }
}

impl Entry {
    /// Whether it has ended, or is to end now, which is then done. User code: it may panic.
    pub(crate) fn is_over(&self) -> bool {
        if self.is_active() && self.term().is_some_and(Term::is_over) {
            self.end();
        }
        !self.is_active()
    }

    /// The same for whoever only looks.
    pub(crate) fn is_over_quietly(&self) -> bool {
        isolate(|| self.is_over()).unwrap_or(false)
    }

    /// Makes one of the calls that its term allows: for an event that the filters let pass.
    #[cold]
    pub(super) fn call_within_term(&self, event: &Seen<'_>) -> Called {
        let Some(term) = self.term() else { return self.call_now(event) };
        if self.is_over() {
            return Called::Passed;
        }
        if term.left.is_some() && !self.fits(event) {
            return Called::Mismatched; // which is no call
        }
        match term.take() {
            None => return Called::Passed,
            // Before the last call, so that what it publishes does not come back.
            Some(0) => self.end(),
            Some(_) => {}
        }
        self.call_now(event)
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term").field("left", &self.left).field("over", &self.over.len()).finish()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    /// One that counts its calls ends by itself, and nobody need look.
    #[test]
    fn who_looks_looks_at_what_others_end() {
        let may_be_over = |calls, over| Term::of(calls, over).map(|term| term.may_be_over());
        let asked = || -> Vec<Over> { vec![Box::new(|| false)] };
        assert_eq!(may_be_over(None, vec![]), None, "it lasts");
        assert_eq!(may_be_over(Some(1), vec![]), Some(false));
        assert_eq!(may_be_over(None, asked()), Some(true));
        assert_eq!(may_be_over(Some(1), asked()), Some(true));
    }
}
