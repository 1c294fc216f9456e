//! The channel of a task: its readers are workers, who say when they have finished what they took.

use std::mem;
use std::task::Waker;

use super::{Channel, End, Inner, lock, wake_all};
use crate::deliver::{each_quietly, quietly};
use crate::queue::Lagged;
use crate::queue::items::Next;
use crate::task::Job;

/// What a worker gets.
pub(crate) enum Work {
    /// An event, put into its place.
    Job,
    Lagged(Lagged),
    Empty,
    Ended,
}

impl Channel {
    /// Notes that a worker has `finished` what it took before, and takes what is next into its place, `job`, which is empty. If
    /// there is nothing its waker is kept; one that is needed no longer is given back, to be dropped under no lock.
    ///
    /// What it takes makes room for another at once, but is waited for by [`drain`](Self::drain) until it is finished.
    pub(crate) fn take_work(
        &self,
        worker: u32,
        waker: &mut Option<Waker>,
        finished: Option<u64>,
        job: &mut Option<Job>,
    ) -> Work {
        let mut inner = lock(&self.inner);
        let drained = finished.and_then(|after| inner.finish_one(after));
        let work = inner.next_work(job);
        if let (Work::Empty, Some(_)) = (&work, &waker) {
            inner.sleep(worker, waker);
        }
        let Work::Job = work else {
            drop(inner);
            drop(drained); // wakes who waits: under no lock
            return work;
        };
        if !inner.waiting.is_empty() || !inner.readers.is_empty() || drained.is_some() {
            let waiting = mem::take(&mut inner.waiting);
            let own = inner.forget_reader(worker);
            drop(inner);
            // User code, and wakes who waits: under no lock.
            quietly(own);
            drop(drained);
            wake_all(waiting);
        }
        work
    }

    /// A worker has taken something from elsewhere: it is waited for by [`drain`](Self::drain) until it is finished. Wakes another,
    /// for there may be more. Gives what is told when it is finished.
    pub(crate) fn take_elsewhere(&self, worker: u32) -> u64 {
        let mut inner = lock(&self.inner);
        inner.unfinished += 1;
        let after_drains = inner.drains.begun();
        let own = inner.forget_reader(worker);
        super::wake_reader(inner);
        quietly(own); // user code: under no lock
        after_drains
    }

    /// A worker has finished one of those that it took.
    pub(crate) fn finish_work(&self, after_drains: u64) {
        let mut inner = lock(&self.inner);
        let drained = inner.finish_one(after_drains);
        drop(inner);
        drop(drained); // wakes who waits: under no lock
    }

    /// Puts something before all that waits, for which no room is asked; gives it back if nobody will take it.
    pub(crate) fn put_ahead(&self, mut job: Job) -> Result<(), Job> {
        let mut inner = lock(&self.inner);
        if inner.end != End::Open {
            return Err(job);
        }
        job.count(inner.drains.begun());
        inner.ahead.push_back(job);
        super::wake_reader(inner);
        Ok(())
    }

    /// Takes a seat, whether there is one or not, for something that was taken and has to wait. To be
    /// [released](Self::release).
    pub(crate) fn keep_seat(&self) {
        lock(&self.inner).seats += 1;
    }

    /// Wakes one worker, for another that was woken and cannot take what is there.
    pub(crate) fn wake_one(&self) {
        super::wake_reader(lock(&self.inner));
    }

    /// Lets a worker sleep until it is woken, whatever is there.
    pub(crate) fn sleep_until_woken(&self, worker: u32, waker: &mut Option<Waker>) {
        lock(&self.inner).sleep(worker, waker);
    }

    /// Wakes all workers.
    pub(crate) fn wake_readers(&self) {
        let readers = mem::take(&mut lock(&self.inner).readers);
        wake_all(readers);
    }

    /// Ends it at once: what waits goes; who works finishes that. How many went that were [put ahead](Self::put_ahead), the others
    /// are counted as unread.
    pub(crate) fn stop(&self) -> usize {
        let mut inner = lock(&self.inner);
        if inner.end == End::Abandoned {
            return 0;
        }
        inner.end = End::Abandoned;
        let mut drained = Vec::new();
        if !inner.drains.is_empty() {
            let mut after = inner.items.after_drains();
            after.extend(inner.ahead.iter().map(Job::after_drains));
            drained.extend(after.into_iter().filter_map(|after| inner.drains.gone(after)));
        }
        let ((events, notes), ahead) = (inner.items.clear(), mem::take(&mut inner.ahead));
        let count = ahead.len();
        let readers = mem::take(&mut inner.readers);
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        // User code: under no lock.
        each_quietly(events);
        quietly(notes);
        each_quietly(ahead);
        drop(drained);
        wake_all(waiting);
        wake_all(readers);
        count
    }

    /// How many wait, and how many are taken and not finished.
    pub(crate) fn under_way(&self) -> (usize, usize) {
        let inner = lock(&self.inner);
        (inner.items.len() + inner.ahead.len(), inner.unfinished)
    }
}

impl Inner {
    /// A worker sleeps no longer, and must not be woken instead of one that does. Gives its waker.
    fn forget_reader(&mut self, worker: u32) -> Option<(u32, Waker)> {
        let own = self.readers.iter().position(|(other, _)| *other == worker)?;
        Some(self.readers.swap_remove(own))
    }

    /// Puts what comes next into its place: not handed on by value, for it would be moved three times.
    #[inline]
    fn next_work(&mut self, job: &mut Option<Job>) -> Work {
        if self.ahead.is_empty()
            && let Some(event) = self.items.next_plain()
        {
            self.unfinished += 1;
            *job = Some(Job::new(event, 0));
            return Work::Job;
        }
        self.next_noted(job)
    }

    #[inline(never)]
    fn next_noted(&mut self, job: &mut Option<Job>) -> Work {
        *job = match self.ahead.pop_front() {
            Some(job) => Some(job),
            None => match self.items.next() {
                Next::Event(event, after_drains, origin) => {
                    Some(Job::new(event, after_drains).from(origin))
                }
                Next::Lagged(lagged) => return Work::Lagged(lagged),
                Next::Nothing if self.end == End::Open => return Work::Empty,
                Next::Nothing => return Work::Ended,
            },
        };
        self.unfinished += 1;
        Work::Job
    }

    fn finish_one(&mut self, after_drains: u64) -> Option<Vec<super::super::drains::Drain>> {
        self.unfinished = self.unfinished.saturating_sub(1);
        self.drains.gone(after_drains)
    }
}
