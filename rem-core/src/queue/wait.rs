//! [`Waits`]: publishers that wait for room, and the circles that would wait for ever.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Channel;
use crate::sync::{Mutex, ThreadId, current_thread, lock, park, thread_waker};

/// Which thread waits for room in which queue, on one root bus and all below it.
#[derive(Default)]
pub(crate) struct Waits(Mutex<Vec<(ThreadId, Arc<Channel>)>>);

/// What a publisher that waits comes back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// There may be room now.
    Again,
    /// There was none until the limit.
    TimedOut,
    /// There would never be: the thread that reads waits for this one.
    Deadlock,
}

/// Until when to wait: a limit that begins with the first wait. A time too far off to be counted has no end.
#[derive(Debug, Default)]
pub(crate) enum Deadline {
    #[default]
    Unset,
    Never,
    At(Instant),
}

impl Deadline {
    fn after(&mut self, limit: Duration) -> Option<Instant> {
        if let Self::Unset = self {
            *self = Instant::now().checked_add(limit).map_or(Self::Never, Self::At);
        }
        match self {
            Self::Unset | Self::Never => None,
            Self::At(time) => Some(*time),
        }
    }
}

impl Waits {
    /// Waits until there may be room in the queue.
    pub(crate) fn for_room(
        &self,
        channel: &Arc<Channel>,
        limit: Duration,
        deadline: &mut Deadline,
    ) -> Waited {
        let until = deadline.after(limit);
        let Some(_waiting) = self.enter(channel) else { return Waited::Deadlock };
        loop {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Waited::TimedOut;
            }
            let Some(ticket) = channel.wait(&mut Some(thread_waker())) else {
                return Waited::Again;
            };
            park(until);
            channel.leave(ticket);
        }
    }

    /// Notes that this thread waits for the queue; `None` if that closes a circle. Whoever closes one comes last, and sees
    /// all the others here.
    fn enter<'w>(&'w self, channel: &Arc<Channel>) -> Option<Waiting<'w>> {
        let this = current_thread();
        let mut waits = lock(&self.0);
        let mut reader = channel.bound_to();
        // No longer than there are threads that wait: each has one place.
        for _ in 0..=waits.len() {
            match reader {
                Some(thread) if thread == this => return None,
                Some(thread) => {
                    let next = waits.iter().find(|(other, _)| *other == thread);
                    reader = next.and_then(|(_, channel)| channel.bound_to());
                }
                None => break,
            }
        }
        waits.push((this, Arc::clone(channel)));
        Some(Waiting { waits: self, thread: this })
    }
}

/// A place among those that wait.
struct Waiting<'w> {
    waits: &'w Waits,
    thread: ThreadId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = lock(&self.waits.0);
        let at = waits.iter().position(|(thread, _)| *thread == self.thread);
        let gone = at.map(|at| waits.swap_remove(at));
        drop(waits);
        drop(gone); // the queue perhaps, with events in it: under no lock
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waits").field(&lock(&self.0).len()).finish()
    }
}
