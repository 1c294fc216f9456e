//! [`Crew`]: the workers of one task, and where they take their events from: its queue, the past, or the history.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::lanes::Failed;
use super::staff::Staff;
use super::{Desk, Job};
use crate::deliver::quietly;
use crate::durable::{Reading, Took, Turns};
use crate::queue::Work;
use crate::subscription::{CatchUp, Step};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// The workers of one task, with the handler they share.
pub(super) struct Crew<H> {
    pub(super) staff: Staff,
    pub(super) handler: Option<H>,
    /// How many calls are left, of one that ends by itself.
    left: Option<AtomicU64>,
    pub(super) from: From,
}

/// From where the events come.
#[derive(Clone)]
pub(super) enum From {
    /// The queue alone.
    Queue,
    /// The past first.
    Past(Arc<Mutex<Past>>),
    /// The history, as it is committed.
    History(Arc<Turns<Reading>>),
}

/// The past, which one worker at a time reads.
pub(super) enum Past {
    Here(Box<CatchUp>),
    /// A worker reads it, or the task has not begun.
    Read,
    Over,
}

impl<H> Crew<H> {
    pub(super) fn new(staff: Staff, handler: H, calls: Option<u64>, from: From) -> Self {
        Self { staff, handler: Some(handler), left: calls.map(AtomicU64::new), from }
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.staff.desk
    }

    /// Puts the next event to be handled into its place, or nothing if none will come; `failed` if its key could not be told.
    pub(super) fn poll_next(
        &self,
        worker: u32,
        cx: &mut Context<'_>,
        finished: &mut Option<u64>,
        next: &mut Option<Job>,
        failed: &mut Option<Failed>,
    ) -> Poll<()> {
        if self.staff.key.is_none() {
            return self.poll_taken(worker, cx, finished, next);
        }
        loop {
            let _turn = if self.staff.takes_in_turn() {
                let turn = self.desk().turn(worker, cx.waker());
                if turn.is_none() {
                    self.desk().finish(finished.take());
                    return Poll::Pending;
                }
                turn
            } else {
                None // what it takes is the next of its key in any case
            };
            if self.poll_taken(worker, cx, finished, next).is_pending() {
                return Poll::Pending;
            }
            let Some(job) = next.take_if(|job| self.staff.asks_keys(job)) else {
                return Poll::Ready(());
            };
            *next = self.arrived(job, failed);
            if next.is_some() {
                return Poll::Ready(());
            }
        }
    }

    /// What is to be handled now of what was taken.
    fn arrived(&self, job: Job, failed: &mut Option<Failed>) -> Option<Job> {
        match self.staff.arrive(job) {
            Ok(job) => job,
            Err((job, fault)) => {
                *failed = Some(fault);
                Some(job)
            }
        }
    }

    /// Puts the next event that waits into its place, or nothing if none will come.
    #[inline]
    fn poll_taken(
        &self,
        worker: u32,
        cx: &mut Context<'_>,
        finished: &mut Option<u64>,
        next: &mut Option<Job>,
    ) -> Poll<()> {
        match &self.from {
            From::Queue => {}
            From::Past(past) => {
                if let Some(past) = self.poll_past(past, worker, cx, finished, next) {
                    return past;
                }
            }
            From::History(history) => {
                return self.poll_history(history, worker, cx, finished, next);
            }
        }
        let channel = &self.desk().channel;
        // Asked without a waker first, which costs a clone; made under no lock, for that is user code.
        let (mut waker, mut asked) = (None, false);
        loop {
            match channel.take_work(worker, &mut waker, finished.take(), next) {
                Work::Job => return self.within_term(next),
                Work::Lagged(lagged) => self.staff.tell_lagged(&lagged),
                Work::Ended => return Poll::Ready(()),
                Work::Empty if asked => return Poll::Pending,
                Work::Empty => {
                    waker = Some(cx.waker().clone());
                    asked = true;
                }
            }
        }
    }

    /// Takes one of the calls that are left for what was taken, and lets that go if there is none; with the last the task ends.
    #[inline]
    fn within_term(&self, next: &mut Option<Job>) -> Poll<()> {
        if self.left.is_some() {
            self.take_call(next);
        }
        Poll::Ready(())
    }

    #[cold]
    fn take_call(&self, next: &mut Option<Job>) {
        let (Some(left), Some(job)) = (&self.left, &*next) else { return };
        if job.letter().is_some() {
            return;
        }
        let less = |left: u64| left.checked_sub(1);
        // Nothing else is ordered by it.
        let Ok(before) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) else {
            let ticket = job.ticket();
            quietly(next.take());
            self.desk().finish(ticket);
            return;
        };
        if before == 1 {
            self.desk().end_by_itself();
            self.end();
        }
    }

    pub(super) fn end(&self) {
        match self.staff.entry.upgrade() {
            Some(entry) => entry.end(),
            None => self.desk().stop(),
        }
    }

    /// Puts what comes next of the past into its place; `None` when it is read.
    fn poll_past(
        &self,
        past: &Mutex<Past>,
        worker: u32,
        cx: &mut Context<'_>,
        finished: &mut Option<u64>,
        next: &mut Option<Job>,
    ) -> Option<Poll<()>> {
        let channel = &self.desk().channel;
        self.desk().finish(finished.take());
        let mut catch_up = match take_past(past) {
            Past::Here(catch_up) => catch_up,
            Past::Over => return None,
            Past::Read => {
                channel.sleep_until_woken(worker, &mut Some(cx.waker().clone()));
                // Asked once more, for whoever reads may have put it back before this was known.
                match take_past(past) {
                    Past::Here(catch_up) => catch_up,
                    Past::Over => return None,
                    Past::Read => return Some(Poll::Pending),
                }
            }
        };
        *next = loop {
            if self.desk().is_stopped() {
                break None;
            }
            match catch_up.step() {
                Step::Event(event) => break Some(Job::replayed(event)),
                Step::Lagged(lagged) => {
                    self.staff.about.count_missed(lagged.missed());
                    self.staff.tell_lost(lagged.missed(), "the history had let them go");
                }
                Step::Live(after) => {
                    channel.begin_after(after);
                    *lock(past) = Past::Over;
                    quietly(catch_up); // it may be the last to hold events
                    channel.wake_readers();
                    return None;
                }
                Step::Ended => {
                    channel.finish();
                    break None;
                }
            }
        };
        if next.is_none() {
            *lock(past) = Past::Over;
            quietly(catch_up); // as above
            channel.wake_readers();
            return None;
        }
        *lock(past) = Past::Here(catch_up);
        channel.wake_one();
        self.staff.about.count_delivery();
        Some(self.within_term(next))
    }
}

impl<H> Crew<H> {
    /// Puts what comes next of the history of a durable subscription into its place, or of what was put ahead of that.
    fn poll_history(
        &self,
        history: &Turns<Reading>,
        worker: u32,
        cx: &mut Context<'_>,
        finished: &mut Option<u64>,
        next: &mut Option<Job>,
    ) -> Poll<()> {
        let channel = &self.desk().channel;
        let (mut waker, mut asleep) = (None, false);
        loop {
            match channel.take_work(worker, &mut waker, finished.take(), next) {
                Work::Job => return self.within_term(next),
                Work::Lagged(lagged) => self.staff.tell_lagged(&lagged),
                Work::Ended => return Poll::Ready(()),
                Work::Empty => {}
            }
            quietly(waker.take());
            match history.take(worker, cx.waker(), asleep) {
                Some(Took::Event(event)) => {
                    *next = Some(Job::followed(event, channel.take_elsewhere(worker)));
                    self.staff.about.count_delivery();
                    return self.within_term(next);
                }
                Some(Took::Lagged(lagged)) => {
                    self.staff.about.count_missed(lagged.missed());
                    self.staff.tell_lost(lagged.missed(), "the history had let them go");
                }
                Some(Took::Passed) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Took::Ended) => channel.finish(),
                None if asleep => return Poll::Pending,
                None => {
                    waker = Some(cx.waker().clone());
                    asleep = true;
                }
            }
        }
    }
}

fn take_past(past: &Mutex<Past>) -> Past {
    let mut past = lock(past);
    match &*past {
        Past::Here(_) => mem::replace(&mut *past, Past::Read),
        Past::Read => Past::Read,
        Past::Over => Past::Over,
    }
}

/// The handler is dropped before those are told who wait for that.
impl<H> Drop for Crew<H> {
    fn drop(&mut self) {
        let _level = crate::publish::Level::of_user_code();
        quietly(self.handler.take());
        // The name is free, and the history let go, before it is told that the task is over.
        quietly(mem::replace(&mut self.from, From::Queue));
        self.desk().all_gone();
    }
}
