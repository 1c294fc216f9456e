//! [`Waits`]: publishers that wait for room, and the circles that would wait for ever.

use std::fmt;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::Channel;
use crate::deliver::Line;
use crate::sync::{self, Mutex, ThreadId, current_thread, lock, park, thread_waker};
use crate::task;

/// Which thread waits for room in which queue, on one root bus and all below it.
#[derive(Default)]
pub(crate) struct Waits {
    publishers: Mutex<Vec<Publisher>>,
    /// Threads that wait for publishers, to be told when another begins to wait.
    others: Mutex<Vec<(ThreadId, Waker)>>,
}

struct Publisher {
    thread: ThreadId,
    channel: Arc<Channel>,
    waker: Waker,
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
            *self = sync::now().checked_add(limit).map_or(Self::Never, Self::At);
        }
        match self {
            Self::Unset | Self::Never => None,
            Self::At(time) => Some(*time),
        }
    }
}

impl Waits {
    /// Waits until there may be room in the queue. `line`: that of the bus, if it has one, where others' seats may stand.
    pub(crate) fn for_room(
        &self,
        channel: &Arc<Channel>,
        limit: Duration,
        deadline: &mut Deadline,
        line: Option<&Line>,
    ) -> Waited {
        let until = deadline.after(limit);
        let Some(waiting) = self.enter(channel, line) else { return Waited::Deadlock };
        loop {
            if until.is_some_and(|until| sync::now() >= until) {
                return Waited::TimedOut;
            }
            let Some(ticket) = channel.wait(&mut Some(thread_waker())) else {
                return Waited::Again;
            };
            park(until);
            channel.leave(ticket);
            // Who leaves its event in a line closes a circle without waiting.
            if line.is_some() && !waiting.may_go_on(channel, line) {
                return Waited::Deadlock;
            }
        }
    }

    /// Notes that this thread waits for the queue; `None` if that closes a circle. Whoever closes one comes last, and sees
    /// all the others here.
    fn enter(&self, channel: &Arc<Channel>, line: Option<&Line>) -> Option<Waiting<'_>> {
        let (thread, waker) = (current_thread(), thread_waker());
        // The handler of a task with one worker is polled here: nobody reads its queue while this thread waits.
        let own = Bound::to(thread, task::polled_alone());
        {
            let mut publishers = lock(&self.publishers);
            if leads_to(thread, channel, &publishers, line) {
                return None;
            }
            publishers.push(Publisher { thread, channel: Arc::clone(channel), waker });
        }
        let others: Vec<_> = lock(&self.others).iter().map(|(_, waker)| waker.clone()).collect();
        others.into_iter().for_each(Waker::wake);
        Some(Waiting { waits: self, thread, _own: own })
    }

    /// Has all publishers that wait look again whether they may: seats were left in a line.
    pub(crate) fn look_again(&self) {
        let wakers: Vec<_> = lock(&self.publishers).iter().map(|at| at.waker.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits in this thread until `poll` is ready; `false` if the time has come before, or that might never be: a publisher
    /// waits for this thread to read.
    pub(crate) fn for_publishers(
        &self,
        until: Option<Instant>,
        line: Option<&Line>,
        mut poll: impl FnMut(&Waker) -> Poll<()>,
    ) -> bool {
        let (this, waker) = (current_thread(), thread_waker());
        // Known first, and then the look: of this and a publisher that begins to wait, one sees the other.
        let _other = Other::enter(self, this, waker.clone());
        loop {
            let publishers = lock(&self.publishers);
            let hangs = publishers.iter().any(|at| leads_to(this, &at.channel, &publishers, line));
            drop(publishers);
            if poll(&waker).is_ready() {
                return true;
            }
            if hangs || until.is_some_and(|until| sync::now() >= until) {
                return false;
            }
            park(until);
        }
    }
}

/// Whether room in the queue is made by that thread, or by one that waits for it in turn.
fn leads_to(
    thread: ThreadId,
    channel: &Arc<Channel>,
    publishers: &[Publisher],
    line: Option<&Line>,
) -> bool {
    // Who reads it, or has to fill it before there is something to be read.
    let makes_room = |channel: &Arc<Channel>| {
        let fills = line.and_then(|line| line.holds_all(channel));
        fills.or_else(|| channel.bound_to())
    };
    let mut reader = makes_room(channel);
    // No longer than there are threads that wait: each has one place.
    for _ in 0..=publishers.len() {
        match reader {
            Some(reader) if reader == thread => return true,
            Some(waits) => {
                let next = publishers.iter().find(|other| other.thread == waits);
                reader = next.and_then(|other| makes_room(&other.channel));
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
    _own: Bound,
}

/// A queue that is bound to this thread for as long as it waits.
struct Bound(Option<Arc<Channel>>);

impl Bound {
    fn to(this: ThreadId, channel: Option<Arc<Channel>>) -> Self {
        let channel = channel.filter(|channel| channel.bound_to().is_none());
        if let Some(channel) = &channel {
            channel.bind(Some(this));
        }
        Self(channel)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Some(channel) = &self.0 {
            channel.bind(None);
        }
    }
}

impl Waiting<'_> {
    /// `false` if it is in a circle now. Then it has left, and the others of the circle may go on.
    fn may_go_on(&self, channel: &Arc<Channel>, line: Option<&Line>) -> bool {
        let mut publishers = lock(&self.waits.publishers);
        let hangs = leads_to(self.thread, channel, &publishers, line);
        let gone = if hangs { self.leave(&mut publishers) } else { None };
        drop(publishers);
        drop(gone); // as below
        !hangs
    }

    fn leave(&self, publishers: &mut Vec<Publisher>) -> Option<Publisher> {
        let at = publishers.iter().position(|other| other.thread == self.thread);
        at.map(|at| publishers.swap_remove(at))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let gone = self.leave(&mut lock(&self.waits.publishers));
        drop(gone); // the queue perhaps, with events in it: under no lock
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waits").field(&lock(&self.publishers).len()).finish()
    }
}
