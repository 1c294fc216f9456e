//! [`Unfinished`]: what was in flight on a bus at one time, and waiting until it is finished.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use super::in_flight::{InFlight, Whose};
use super::{Core, State};
use crate::queue::Channel;
use crate::route::{UnderWay, lies_below};
use crate::subscription::{About, Entry};
use crate::sync::{self, Watch, current_thread, park, thread_waker};
use crate::task::{Desk, TaskCounts};

/// What was in flight below a prefix when this was made: publishes under way, and then what waits in queues.
///
/// In this order, for a publish may still put an event into a queue. What a publish defers is its own; what is published
/// after this was made is not looked at, so that a bus that is never quiet settles too.
pub(super) struct Unfinished {
    state: Arc<State>,
    publishes: UnderWay,
    /// `None` until the publishes are over.
    queues: Option<Vec<Unread>>,
}

/// Events that waited in a queue.
struct Unread {
    about: Arc<About>,
    channel: Arc<Channel>,
    /// Of a task, which has to finish them.
    task: Option<Arc<Desk>>,
    watch: Watch,
}

impl Unread {
    fn of(entry: &Entry, channel: &Arc<Channel>, watch: Watch) -> Self {
        let (about, channel) = (Arc::clone(entry.about()), Arc::clone(channel));
        Self { about, channel, task: entry.task().map(Arc::clone), watch }
    }

    fn told(&self) -> InFlight {
        let (subscription, publishers) = (Whose::of(&self.about), self.channel.waiting());
        match &self.task {
            None => InFlight::Queued { subscription, events: self.channel.len(), publishers },
            Some(desk) => {
                let TaskCounts { running, parked, retrying, .. } = desk.counts();
                let queued = self.channel.under_way().0 + parked;
                InFlight::Task { subscription, queued, running, retrying, publishers }
            }
        }
    }

    /// Whether this thread reads it, and no other.
    fn is_own(&self) -> bool {
        self.channel.bound_to() == Some(current_thread())
    }
}

impl Unfinished {
    pub(super) fn of(state: &Arc<State>) -> Self {
        let publishes = state.core.router.under_way(state.prefix());
        Self { state: Arc::clone(state), publishes, queues: None }
    }

    /// Ready when the publishes are over.
    pub(super) fn poll_publishes(&self, waker: &Waker) -> Poll<()> {
        self.publishes.watch.poll(waker)
    }

    /// From now on it is what waits in the queues now; to be asked when the publishes are over.
    pub(super) fn look_at_queues(&mut self) {
        if self.queues.is_none() {
            self.queues = Some(unread(&self.state.core, &self.state));
        }
    }

    /// The same for a bus that is closed: tasks that follow the history are to be over, for they take no more.
    pub(super) fn look_at_the_end(&mut self) {
        self.look_at_queues();
        let followers = self.state.core.names.entries().into_iter();
        for entry in followers.filter(|entry| is_on(entry, &self.state)) {
            if let (Some(desk), Some(channel)) = (entry.task(), entry.queue()) {
                let unread = Unread::of(&entry, channel, desk.watch());
                self.queues.get_or_insert_default().push(unread);
            }
        }
    }

    /// Ready when the queues have been read so far.
    pub(super) fn poll_queues(&mut self, waker: &Waker) -> Poll<()> {
        let Some(queues) = &mut self.queues else { return Poll::Ready(()) };
        queues.retain(|unread| unread.watch.poll(waker).is_pending());
        if queues.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// A queue that is not read while this thread waits, for this thread reads it.
    pub(super) fn own_queue(&self) -> Option<Whose> {
        let mut queues = self.queues.iter().flatten();
        queues.find(|unread| unread.is_own()).map(|unread| Whose::of(&unread.about))
    }

    /// Whether those are all that is left.
    pub(super) fn only_own_queues(&self) -> bool {
        self.queues.as_ref().is_some_and(|queues| queues.iter().all(Unread::is_own))
    }

    /// What is not finished now.
    pub(super) fn in_flight(&self) -> Box<[InFlight]> {
        let mut all = self.publishes();
        all.extend(self.unread());
        all.into()
    }

    /// The publishes that are not over now.
    pub(super) fn publishes(&self) -> Vec<InFlight> {
        let mut all = Vec::new();
        self.publishes.for_each(|route| {
            let inline = route.entries.iter().skip(route.queues);
            // A bus knows nothing of who is above it.
            let seen = inline.filter(|entry| is_on(entry, &self.state));
            let subscriptions = seen.map(|entry| Whose::of(entry)).collect();
            all.push(InFlight::Publish { topic: route.topic.clone(), subscriptions });
        });
        all
    }

    /// What is not read now.
    pub(super) fn unread(&self) -> Vec<InFlight> {
        let now =
            if self.queues.is_none() { unread(&self.state.core, &self.state) } else { Vec::new() };
        let queues = self.queues.as_ref().unwrap_or(&now);
        let left = queues.iter().filter(|unread| !unread.watch.is_gone());
        left.map(Unread::told).collect()
    }
}

/// The queues of a bus and those below it that hold something.
fn unread(core: &Core, state: &State) -> Vec<Unread> {
    let mut all = Vec::new();
    for entry in core.entries() {
        if let Some(channel) = entry.queue().filter(|_| is_on(&entry, state))
            && let Some(watch) = channel.drain()
        {
            all.push(Unread::of(&entry, channel, watch));
        }
    }
    all
}

/// Whether a subscription was made on that bus or below it.
pub(super) fn is_on(entry: &Entry, state: &State) -> bool {
    entry.prefix() == state.prefix() || lies_below(entry.prefix(), state.prefix())
}

/// Waits in this thread until it is ready; `false` if it is not when the time has come.
pub(crate) fn wait(until: Option<Instant>, mut poll: impl FnMut(&Waker) -> Poll<()>) -> bool {
    let waker = thread_waker();
    while poll(&waker).is_pending() {
        if until.is_some_and(|until| sync::now() >= until) {
            return false;
        }
        park(until);
    }
    true
}
