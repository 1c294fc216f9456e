//! Time under shuttle, which has none: it stands still while any thread can go on, and then moves to where the first of those
//! who wait for it wants to be. So a limit is reached only where nothing else could happen, and costs nothing.
//!
//! Shuttle runs all threads of an execution in one of the system's, to which all of this belongs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use shuttle::thread::{self, ThreadId};

/// A thread of shuttle, by its number.
type Number = usize;

#[derive(Default)]
struct Time {
    /// `None` until it is asked for.
    now: Option<Instant>,
    /// Who is parked, and until when if not for ever.
    parked: BTreeMap<Number, Option<Instant>>,
    /// Who was woken since it parked last.
    woken: BTreeSet<Number>,
}

std::thread_local! {
    static TIME: RefCell<Time> = RefCell::default();
}

fn with<R>(look: impl FnOnce(&mut Time) -> R) -> R {
    TIME.with_borrow_mut(look)
}

/// The time by which limits are kept.
pub(crate) fn now() -> Instant {
    with(|time| *time.now.get_or_insert_with(Instant::now))
}

/// Sleeps until this thread's waker is woken or the time has come; sometimes for less, for no reason.
pub(crate) fn park(until: Option<Instant>) {
    let this = Number::from(thread::current().id());
    let was_woken = with(|time| {
        time.parked.insert(this, until);
        time.woken.remove(&this)
    });
    match until {
        None => thread::park(),
        Some(_) if was_woken => {}
        // Comes back when it is chosen, which it is not while it sleeps.
        Some(_) => thread::yield_now(),
    }
    with(|time| {
        time.parked.remove(&this);
        time.woken.remove(&this);
    });
}

/// Notes that a thread was woken, beside shuttle's own note.
pub(super) fn wake(thread: ThreadId) {
    let thread = Number::from(thread);
    with(|time| {
        time.parked.remove(&thread);
        time.woken.insert(thread);
    });
}

/// Begins anew: with a new execution.
pub(crate) fn begin() {
    with(|time| *time = Time::default());
}

/// Whether the thread is parked, was not woken, and its time has not come. Shuttle would let it go on all the same: one with a
/// limit, for it has only yielded, and one without, for `park` may return for no reason. Neither is worth a step.
pub(crate) fn sleeps(thread: Number) -> bool {
    with(|time| time.parked.contains_key(&thread))
}

/// Moves the time to the first that somebody waits for: nobody else can go on.
pub(crate) fn pass() {
    let now = now();
    with(|time| {
        let first = time.parked.values().flatten().min().map_or(now, |first| now.max(*first));
        time.now = Some(first);
        time.parked.retain(|_, until| until.is_none_or(|until| until > first));
    });
}
