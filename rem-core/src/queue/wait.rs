//! [`Waits`]: publishers that wait for room, and the circles that would wait for ever.

use std::fmt;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::Channel;
use crate::sync::{Mutex, ThreadId, current_thread, lock, park, thread_waker};

/// Which thread waits for room in which queue, on one root bus and all below it.
#[derive(Default)]
pub(crate) struct Waits {
    publishers: Mutex<Vec<(ThreadId, Arc<Channel>)>>,
    /// Threads that wait for publishers, to be told when another begins to wait.
    others: Mutex<Vec<(ThreadId, Waker)>>,
}

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
        {
            let mut publishers = lock(&self.publishers);
            if leads_to(this, channel, &publishers) {
                return None;
            }
            publishers.push((this, Arc::clone(channel)));
        }
        let others: Vec<_> = lock(&self.others).iter().map(|(_, waker)| waker.clone()).collect();
        others.into_iter().for_each(Waker::wake);
        Some(Waiting { waits: self, thread: this })
    }

    /// Waits in this thread until `poll` is ready; `false` if the time has come before, or that might never be: a publisher
    /// waits for this thread to read.
    pub(crate) fn for_publishers(
        &self,
        until: Option<Instant>,
        mut poll: impl FnMut(&Waker) -> Poll<()>,
    ) -> bool {
        let (this, waker) = (current_thread(), thread_waker());
        // Known first, and then the look: of this and a publisher that begins to wait, one sees the other.
        let _other = Other::enter(self, this, waker.clone());
        loop {
            let publishers = lock(&self.publishers);
            let hangs = publishers.iter().any(|(_, channel)| leads_to(this, channel, &publishers));
            drop(publishers);
            if poll(&waker).is_ready() {
                return true;
            }
            if hangs || until.is_some_and(|until| Instant::now() >= until) {
                return false;
            }
            park(until);
        }
    }
}

/// Whether room in the queue is made by that thread, or by one that waits for it in turn.
fn leads_to(thread: ThreadId, channel: &Channel, publishers: &[(ThreadId, Arc<Channel>)]) -> bool {
    let mut reader = channel.bound_to();
    // No longer than there are threads that wait: each has one place.
    for _ in 0..=publishers.len() {
        match reader {
            Some(reader) if reader == thread => return true,
            Some(waits) => {
                let next = publishers.iter().find(|(other, _)| *other == waits);
                reader = next.and_then(|(_, channel)| channel.bound_to());
            }
            None => return false,
        }
    }
    false
}

/// A place among those that wait for publishers.
struct Other<'w> {
    waits: &'w Waits,
    thread: ThreadId,
}

impl<'w> Other<'w> {
    fn enter(waits: &'w Waits, thread: ThreadId, waker: Waker) -> Self {
        lock(&waits.others).push((thread, waker));
        Self { waits, thread }
    }
}

impl Drop for Other<'_> {
    fn drop(&mut self) {
        lock(&self.waits.others).retain(|(thread, _)| *thread != self.thread);
    }
}

/// A place among those that wait.
struct Waiting<'w> {
    waits: &'w Waits,
    thread: ThreadId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = lock(&self.waits.publishers);
        let at = waits.iter().position(|(thread, _)| *thread == self.thread);
        let gone = at.map(|at| waits.swap_remove(at));
        drop(waits);
        drop(gone); // the queue perhaps, with events in it: under no lock
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waits").field(&lock(&self.publishers).len()).finish()
    }
}
