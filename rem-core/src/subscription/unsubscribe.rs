//! [`Subscription::unsubscribe`]: ending a subscription, and knowing when its last call has returned.
//!
//! A publish holds the route it goes, and with it every subscription there, from when it found them to its end. So when
//! an ended subscription has been let go by the index and by the topics' routes, only calls that may still be made hold
//! it; and when the last lets go, its [`Latch`](crate::sync::Latch) tells. Nothing is counted where events pass.

use std::future::{self, Future};
use std::sync::Weak;
use std::task::{Poll, Waker};
use std::time::Instant;

use super::{Held, Subscription};
use crate::bus::{Core, wait};
use crate::deliver;
use crate::sync::{self, Watch};

impl Subscription {
    /// Ends the subscription and waits until no call of its handler and its filters is running in any thread, and what the
    /// handler holds is dropped: whoever returns from here may take away what the handler needs.
    ///
    /// Called by a handler, a filter or middleware, of whatever subscription, it does not wait, for it might wait for
    /// itself; then it says [`Unsubscribed::Running`] if a call may still be. It waits for publishes that could still call
    /// the handler, so also for one that waits for room in a queue before it; but not if that queue is read by this thread
    /// ([`EventStream::iter`](crate::EventStream::iter)), for then neither would go on. There is no limit: a handler that
    /// never returns is waited for without end, so hold no lock here that the handler takes.
    ///
    /// ```
    /// use rem_core::{Bus, Event, Unsubscribed};
    ///
    /// let bus = Bus::new();
    /// let sub = bus.subscribe("order", |event: &Event| println!("{event}"))?;
    /// assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Cost
    /// That of [`end`](Self::end), and one allocation. Publishers pay nothing for it.
    pub fn unsubscribe(self) -> Unsubscribed {
        self.begin().finish()
    }

    /// The same in async code: waits without blocking the thread. The subscription ends now, whether the future is awaited
    /// or not.
    pub fn unsubscribe_async(self) -> impl Future<Output = Unsubscribed> + Send + 'static {
        let ending = self.begin();
        future::poll_fn(move |cx| ending.poll(cx.waker()))
    }

    /// Ends it, and tells who waits when it is over.
    pub(crate) fn begin(mut self) -> Ending {
        let Some(Held { core, entry }) = self.held.take() else { return Ending(None) };
        let watch = entry.watch();
        let task = entry.task().map(|desk| desk.watch());
        entry.end();
        drop(entry); // which would be waited for
        Ending(Some(Watches { calls: watch, task, core }))
    }
}

/// What is left of a subscription that was [unsubscribed](Subscription::unsubscribe).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unsubscribed {
    /// Nothing: no call of its handler is running, none will start, and what it held is dropped.
    Done,
    /// No call will start, but one may be running: this was called within one, or within another handler that would be
    /// waited for, or by a thread for which a publisher waits.
    Running,
}

/// A subscription that has ended, and whose calls may still be running.
pub(crate) struct Ending(Option<Watches>);

/// What is waited for.
struct Watches {
    calls: Watch,
    /// The workers of a task.
    task: Option<Watch>,
    core: Weak<Core>,
}

impl Watches {
    fn are_gone(&self) -> bool {
        self.calls.is_gone() && self.task.as_ref().is_none_or(Watch::is_gone)
    }

    fn poll(&self, waker: &Waker) -> Poll<()> {
        match (self.calls.poll(waker), &self.task) {
            (Poll::Ready(()), Some(task)) => task.poll(waker),
            (calls, _) => calls,
        }
    }
}

impl Ending {
    /// Waits, unless this thread is within a publish.
    pub(crate) fn finish(self) -> Unsubscribed {
        self.wait(deliver::is_within().then(sync::now))
    }

    pub(super) fn wait(self, until: Option<Instant>) -> Unsubscribed {
        let Some(watches) = self.0 else { return Unsubscribed::Done };
        let done = watches.are_gone()
            || match watches.core.upgrade() {
                Some(core) => {
                    let line = core.line.as_ref();
                    core.waits.for_publishers(until, line, |waker| watches.poll(waker))
                }
                None => wait(until, |waker| watches.poll(waker)),
            };
        if done { Unsubscribed::Done } else { Unsubscribed::Running }
    }

    fn poll(&self, waker: &Waker) -> Poll<Unsubscribed> {
        match &self.0 {
            None => Poll::Ready(Unsubscribed::Done),
            Some(watches) if deliver::is_within() => Poll::Ready(if watches.are_gone() {
                Unsubscribed::Done
            } else {
                Unsubscribed::Running
            }),
            Some(watches) => watches.poll(waker).map(|()| Unsubscribed::Done),
        }
    }
}
