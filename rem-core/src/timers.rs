//! [`Timers`]: who waits for a time, by the bus's clock.
//!
//! With the system's clock a thread of the bus sleeps until the next of them, started when the first waits; with one that a
//! test turns, whoever turns it wakes them. Wakers are called under no lock.

mod alarm;

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::clock::{Clock, ManualClock};
use crate::deliver::{each_quietly, quietly, wake};
use crate::sync::{self, Mutex, lock, park, spawn, thread_waker};

pub use alarm::{Alarm, Alarms};

/// Who waits for a time, on one root bus and all below it.
pub(crate) struct Timers {
    by: By,
    waiting: Arc<Mutex<Waiting>>,
}

enum By {
    Manual(ManualClock),
    /// The time since this, which no change of the wall clock moves.
    Instant(Instant),
}

#[derive(Default)]
struct Waiting {
    /// By when, and then by who came first.
    wakers: BTreeMap<(u64, u64), Waker>,
    last: u64,
    thread: Thread,
}

/// The thread that wakes who waits.
#[derive(Default)]
enum Thread {
    #[default]
    None,
    Starting,
    Sleeps(Waker),
    /// The timers are gone: it ends.
    Over,
}

impl Timers {
    pub(crate) fn new(clock: &Clock) -> Arc<Self> {
        let waiting = Arc::default();
        match clock {
            Clock::Manual(clock) => {
                let timers = Arc::new(Self { by: By::Manual(clock.clone()), waiting });
                clock.drive(&timers);
                timers
            }
            Clock::System | Clock::Counter => {
                Arc::new(Self { by: By::Instant(sync::now()), waiting })
            }
        }
    }

    /// Waits for so long from now on.
    pub(crate) fn sleep(self: &Arc<Self>, time: Duration) -> Sleep {
        let until = self.now().saturating_add(nanos(time));
        Sleep { timers: Arc::clone(self), until, place: None }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.waiting).wakers.len()
    }

    /// Wakes those whose time has come.
    pub(crate) fn fire(&self) {
        let due = lock(&self.waiting).due(self.now());
        wake_all(due);
    }

    /// In nanoseconds: by a clock that a test turns, or since this was made.
    pub(crate) fn now(&self) -> u64 {
        match &self.by {
            By::Manual(clock) => clock.now().as_nanos(),
            By::Instant(start) => nanos(sync::now().saturating_duration_since(*start)),
        }
    }

    /// Lets `waker` be woken at that time; gives its place.
    fn add(&self, until: u64, waker: Waker) -> u64 {
        let mut waiting = lock(&self.waiting);
        waiting.last += 1;
        let place = waiting.last;
        let is_first =
            waiting.wakers.first_key_value().is_none_or(|((first, _), _)| until < *first);
        waiting.wakers.insert((until, place), waker);
        match &self.by {
            By::Manual(clock) => {
                drop(waiting);
                clock.changed();
                if self.now() >= until {
                    self.fire(); // it was moved meanwhile
                }
            }
            By::Instant(start) => match &waiting.thread {
                Thread::None => {
                    waiting.thread = Thread::Starting;
                    drop(waiting);
                    self.start(*start);
                }
                Thread::Sleeps(thread) if is_first => {
                    let thread = thread.clone();
                    drop(waiting);
                    thread.wake();
                }
                Thread::Sleeps(_) | Thread::Starting | Thread::Over => {}
            },
        }
        place
    }

    fn remove(&self, until: u64, place: u64) {
        let gone = lock(&self.waiting).wakers.remove(&(until, place));
        quietly(gone); // user code: under no lock
        if let By::Manual(clock) = &self.by {
            clock.changed();
        }
    }

    /// Starts the thread. If there can be none, who waits next tries again.
    fn start(&self, start: Instant) {
        let waiting = Arc::clone(&self.waiting);
        if spawn("rem timers", move || run(&waiting, start)).is_err() {
            lock(&self.waiting).thread = Thread::None;
        }
    }
}

impl Waiting {
    /// Takes out those whose time has come. With none, which is what the thread finds nearly always, nothing is allocated.
    fn due(&mut self, now: u64) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(first) = self.wakers.first_entry().filter(|first| first.key().0 <= now) {
            due.push(first.remove());
        }
        due
    }
}

/// The thread: until nobody can wait any more.
fn run(waiting: &Mutex<Waiting>, start: Instant) {
    let waker = thread_waker();
    loop {
        let mut held = lock(waiting);
        if let Thread::Over = held.thread {
            return;
        }
        held.thread = Thread::Sleeps(waker.clone());
        let due = held.due(nanos(sync::now().saturating_duration_since(start)));
        let next = held.wakers.first_key_value().map(|((next, _), _)| *next);
        drop(held);
        if due.is_empty() {
            park(next.and_then(|next| start.checked_add(Duration::from_nanos(next))));
        } else {
            wake_all(due);
        }
    }
}

fn wake_all(due: Vec<Waker>) {
    due.into_iter().for_each(wake);
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Drop for Timers {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        let thread = mem::replace(&mut waiting.thread, Thread::Over);
        let gone = mem::take(&mut waiting.wakers);
        drop(waiting);
        each_quietly(gone.into_values()); // user code: under no lock
        if let Thread::Sleeps(thread) = thread {
            thread.wake();
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timers").field(&self.len()).finish()
    }
}

/// Somebody who waits for a time. Dropping it waits no longer.
pub(crate) struct Sleep {
    timers: Arc<Timers>,
    until: u64,
    place: Option<u64>,
}

impl Sleep {
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<()> {
        self.leave();
        if self.timers.now() >= self.until {
            return Poll::Ready(());
        }
        self.place = Some(self.timers.add(self.until, waker.clone()));
        Poll::Pending
    }

    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.timers.remove(self.until, place);
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}
