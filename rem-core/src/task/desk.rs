//! [`Desk`]: what the workers of one task share with whoever publishes, ends, settles or looks at it.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::Job;
use super::lanes::{Arrived, Failed, Lanes, Letter, Moved, NotTaken};
use crate::clock::Timestamp;
use crate::deliver::{each_quietly, isolate, quietly, wake};
use crate::durable::Progress;
use crate::event::{Event, EventId};
use crate::queue::{Channel, QueueStats};
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Latch, Mutex, Watch, latch, lock};
use crate::topology::SubscriptionStats;
use crate::trace::Traced;

/// What the workers of one task share.
pub(crate) struct Desk {
    pub(crate) channel: Arc<Channel>,
    pub(crate) concurrency: u32,
    lanes: Mutex<Lanes>,
    /// Whether there are dead letters with keys, so that a worker need not ask under the lock.
    has_letters_of_keys: AtomicBool,
    is_stopped: AtomicBool,
    /// Whether a worker takes an event now, and who waits to be the next.
    taking: Mutex<(bool, Vec<(u32, Waker)>)>,
    /// Workers that wait before they try again.
    sleepers: Mutex<Vec<(u32, Waker)>>,
    /// Told when the last worker is gone and the handler is dropped.
    gone: Mutex<Gone>,
    /// It ends by itself, with a call that goes on to its end, retries included.
    ends_by_itself: AtomicBool,
    /// The spans of what is sent again, if it has some.
    traced: Traced,
    /// Of a durable subscription.
    progress: Option<Arc<Progress>>,
    pub(super) counts: Counts,
}

/// Whether the workers and the handler are gone, and who waits for that.
enum Gone {
    Not(Vec<Latch>),
    All,
}

/// What became of the events that workers took.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) failed: AtomicU64,
    /// Dead letters that were sent again.
    pub(super) again: AtomicU64,
    /// Taken, never handled, and let go.
    pub(super) lost: AtomicU64,
    /// Calls after the first, of all events.
    pub(super) retries: AtomicU64,
    pub(super) retrying: AtomicUsize,
    /// Workers that are not gone.
    pub(super) workers: AtomicUsize,
}

/// What there is of a task's events at one moment.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct TaskCounts {
    pub(crate) running: usize,
    pub(crate) parked: usize,
    pub(crate) retrying: usize,
    pub(crate) dead_letters: usize,
    pub(crate) retries: u64,
}

impl Desk {
    pub(super) fn new(channel: Arc<Channel>, concurrency: u32, letters: usize) -> Self {
        Self {
            channel,
            concurrency,
            lanes: Mutex::new(Lanes::new(letters)),
            has_letters_of_keys: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            taking: Mutex::default(),
            sleepers: Mutex::default(),
            gone: Mutex::new(Gone::Not(Vec::new())),
            ends_by_itself: AtomicBool::new(false),
            traced: Traced::default(),
            progress: None,
            counts: Counts::default(),
        }
    }

    /// The same for a durable subscription.
    pub(super) fn durable(self, progress: Option<&Arc<Progress>>) -> Self {
        Self { progress: progress.map(Arc::clone), ..self }
    }

    /// The same with spans.
    pub(super) fn traced(self, traced: &Traced) -> Self {
        Self { traced: traced.clone(), ..self }
    }

    /// Whether what is not handled comes again after the next start.
    pub(crate) fn is_durable(&self) -> bool {
        self.progress.is_some()
    }

    /// An event is handled, or nobody will, which was told.
    #[inline]
    pub(super) fn handled(&self, event: &Event) {
        if let Some(progress) = &self.progress
            && progress.handled(event)
        {
            self.channel.wake_one();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Whether an event's key says when it is handled: with one worker only where dead letters are in the way.
    #[inline]
    pub(super) fn asks_keys(&self) -> bool {
        self.concurrency > 1 || self.has_letters_of_keys.load(Ordering::Acquire)
    }

    /// An event with its key: gives it back if it is to be handled now.
    pub(super) fn arrive(
        &self,
        job: Job,
        now: impl FnOnce() -> Timestamp,
    ) -> (Option<Job>, Option<Letter>) {
        let ticket = job.ticket();
        let arrived = {
            let mut lanes = lock(&self.lanes);
            let arrived = lanes.arrive(job, now);
            if let Arrived::Parked = arrived {
                // Within: who finds it there gives the seat back.
                self.channel.keep_seat();
            }
            self.note(&lanes);
            arrived
        };
        match arrived {
            Arrived::Run(job) => (Some(job), None),
            Arrived::Parked => (None, None),
            Arrived::Held(dropped, origin) => {
                quietly(origin); // user code: under no lock
                self.finish(ticket);
                (None, dropped)
            }
        }
    }

    fn note(&self, lanes: &Lanes) {
        // Looked at by those who take events, each of which was put into the queue after what it must see.
        self.has_letters_of_keys.store(lanes.has_letters_of_keys(), Ordering::Release);
    }

    /// An event of that key was handled: gives what was parked behind it.
    pub(super) fn next(&self, key: &str) -> Option<Job> {
        let next = lock(&self.lanes).next(key);
        match next {
            Some(_) => self.channel.release(),
            None => self.release_held(key),
        }
        next
    }

    /// Lets the next event of the key be handled, if it came behind a dead letter that is gone.
    fn release_held(&self, key: &str) {
        if !self.has_letters_of_keys.load(Ordering::Acquire) {
            return;
        }
        let letter = {
            let mut lanes = lock(&self.lanes);
            let letter = lanes.take_held(key);
            self.note(&lanes);
            letter
        };
        if let Some(letter) = letter {
            let _ = self.put_ahead(letter);
        }
    }

    /// Gives a letter to the workers; `false` if there are none, and then it is one still.
    fn put_ahead(&self, letter: Letter) -> bool {
        let Letter { job, at, failed } = letter;
        // User code: under no lock.
        let origin = isolate(|| self.traced.resend(&job.event)).unwrap_or_default();
        match self.channel.put_ahead(job.from(origin)) {
            Ok(()) => true,
            Err(mut job) => {
                quietly(job.take_origin());
                let dropped = {
                    let mut lanes = lock(&self.lanes);
                    let dropped = lanes.put_back(Letter { job, at, failed });
                    self.note(&lanes);
                    dropped
                };
                self.let_go(dropped);
                false
            }
        }
    }

    /// An event has failed for good and is kept; gives those that had to go for it.
    pub(super) fn keep(&self, job: Job, failed: Failed, now: Timestamp) -> Vec<Letter> {
        let Moved { tickets, origins, dropped } = {
            let mut lanes = lock(&self.lanes);
            let moved = lanes.fail(job, failed, now);
            self.note(&lanes);
            moved
        };
        each_quietly(origins); // user code: under no lock
        for ticket in tickets {
            self.finish(ticket);
            self.channel.release();
        }
        dropped
    }

    pub(super) fn finish(&self, ticket: Option<u64>) {
        if let Some(after_drains) = ticket {
            self.channel.finish_work(after_drains);
        }
    }

    /// Counts letters that were never handled and are no more.
    pub(super) fn let_go(&self, dropped: impl IntoIterator<Item = Letter>) {
        for letter in dropped {
            if letter.failed.is_none() {
                self.counts.lost.fetch_add(1, Ordering::Relaxed);
            }
            self.handled(&letter.job.event);
            quietly(letter.job);
        }
    }

    /// Looks at each dead letter, oldest first. What `look` makes is no user code's.
    pub(super) fn letters<R>(&self, look: impl FnMut(&Letter) -> R) -> Vec<R> {
        lock(&self.lanes).letters().map(look).collect()
    }

    pub(super) fn heads(&self) -> Vec<EventId> {
        lock(&self.lanes).heads()
    }

    /// Sends a dead letter again; `Ok(false)` if nobody would handle it.
    pub(super) fn resend(&self, event: EventId) -> Result<bool, NotTaken> {
        let letter = {
            let mut lanes = lock(&self.lanes);
            let letter = lanes.take(event)?;
            self.note(&lanes);
            letter
        };
        let was_handled = letter.failed.is_some();
        let sent = self.put_ahead(letter);
        if sent && was_handled {
            self.counts.again.fetch_add(1, Ordering::Relaxed);
        }
        Ok(sent)
    }

    /// Throws a dead letter away; whether it was one.
    pub(super) fn discard(&self, event: EventId) -> bool {
        let discarded = {
            let mut lanes = lock(&self.lanes);
            let discarded = lanes.discard(event);
            self.note(&lanes);
            discarded
        };
        let Some((letter, was_first)) = discarded else { return false };
        if let Some(key) = letter.job.key().filter(|_| was_first) {
            self.release_held(key);
        }
        self.let_go([letter]);
        true
    }

    /// The next [`stop`](Self::stop) comes with the last call.
    pub(super) fn end_by_itself(&self) {
        self.ends_by_itself.store(true, Ordering::Release);
    }

    /// Ends it: no new call starts, what is under way goes on.
    pub(crate) fn stop(&self) {
        if !self.ends_by_itself.swap(false, Ordering::AcqRel) {
            self.is_stopped.store(true, Ordering::Release);
        }
        let ahead = self.channel.stop();
        let parked = lock(&self.lanes).clear_parked();
        self.counts.lost.fetch_add((ahead + parked.len()) as u64, Ordering::Relaxed);
        for job in parked {
            self.finish(job.ticket());
            self.channel.release();
            quietly(job);
        }
        let sleepers = mem::take(&mut *lock(&self.sleepers));
        for (_, waker) in sleepers {
            wake(waker);
        }
    }

    /// The turn to take an event and to look where it belongs, which one worker has at a time. If another has it, this one is
    /// woken when that is done.
    pub(super) fn turn(&self, worker: u32, waker: &Waker) -> Option<TakingTurn<'_>> {
        let mut waker = Some(waker.clone());
        let mut taking = lock(&self.taking);
        let (is_taken, waiting) = &mut *taking;
        if !*is_taken {
            *is_taken = true;
            // It waits no longer, and must not be woken instead of one that does.
            let own = waiting.iter().position(|(other, _)| *other == worker);
            let own = own.map(|own| waiting.swap_remove(own));
            drop(taking);
            quietly(own); // user code: under no lock
            return Some(TakingTurn(self));
        }
        keep_waker(waiting, worker, &mut waker);
        drop(taking);
        quietly(waker); // the one of before: user code, under no lock
        None
    }

    /// Wakes one that waits for its turn, for another that was woken and is gone.
    pub(super) fn pass_turn(&self) {
        let next = lock(&self.taking).1.pop();
        if let Some((_, next)) = next {
            wake(next);
        }
    }

    /// Lets a worker be woken when the task ends; whether it has.
    pub(super) fn sleep(&self, worker: u32, waker: &Waker) -> bool {
        let mut waker = Some(waker.clone());
        {
            keep_waker(&mut lock(&self.sleepers), worker, &mut waker);
        }
        quietly(waker); // the one of before: user code, under no lock
        self.is_stopped() // after it is known: one sees the other
    }

    pub(super) fn wake_up(&self, worker: u32) {
        let gone = {
            let mut sleepers = lock(&self.sleepers);
            let at = sleepers.iter().position(|(other, _)| *other == worker);
            at.map(|at| sleepers.swap_remove(at))
        };
        quietly(gone); // user code: under no lock
    }

    /// Tells when all workers are gone and the handler is dropped.
    pub(crate) fn watch(&self) -> Watch {
        let (latch, watch) = latch();
        if let Gone::Not(latches) = &mut *lock(&self.gone) {
            latches.push(latch);
        }
        watch
    }

    /// The last worker is gone, and the handler with it.
    pub(super) fn all_gone(&self) {
        let told = mem::replace(&mut *lock(&self.gone), Gone::All);
        drop(told); // wakes who waits: under no lock
    }

    pub(crate) fn counts(&self) -> TaskCounts {
        let Counts { retries, retrying, .. } = &self.counts;
        let (_, unfinished) = self.channel.under_way();
        let retrying = retrying.load(Ordering::Relaxed);
        let lanes = lock(&self.lanes);
        TaskCounts {
            running: unfinished.saturating_sub(lanes.parked + retrying),
            parked: lanes.parked,
            retrying,
            dead_letters: lanes.letters().count(),
            retries: retries.load(Ordering::Relaxed),
        }
    }

    /// What became of all events, of which the queue knows that they were taken, and the subscription that they failed.
    pub(crate) fn stats(&self, stats: SubscriptionStats, queue: QueueStats) -> SubscriptionStats {
        let (parked, held) = {
            let lanes = lock(&self.lanes);
            (lanes.parked, lanes.letters().filter(|letter| letter.failed.is_none()).count())
        };
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (wait, lost) = ((parked + held) as u64, count(&self.counts.lost));
        let had = stats.delivered + queue.delivered + count(&self.counts.again);
        SubscriptionStats {
            delivered: had.saturating_sub(wait + lost + count(&self.counts.failed)),
            deferred: stats.deferred + queue.waiting as u64 + wait,
            dropped: stats.dropped + queue.dropped + queue.replaced + queue.unread + lost,
            ..stats
        }
    }
}

/// Puts a worker's waker into a list; gives back the one that it had there.
fn keep_waker(list: &mut Vec<(u32, Waker)>, worker: u32, waker: &mut Option<Waker>) {
    match list.iter_mut().find(|(other, _)| *other == worker) {
        Some((_, before)) => {
            if let Some(waker) = waker {
                mem::swap(before, waker);
            }
        }
        None => list.extend(waker.take().map(|waker| (worker, waker))),
    }
}

/// The turn to take an event.
pub(super) struct TakingTurn<'d>(&'d Desk);

impl Drop for TakingTurn<'_> {
    fn drop(&mut self) {
        let next = {
            let mut taking = lock(&self.0.taking);
            taking.0 = false;
            taking.1.pop()
        };
        if let Some((_, next)) = next {
            wake(next); // under no lock
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("concurrency", &self.concurrency)
            .field("counts", &self.counts())
            .field("queue", &self.channel)
            .finish_non_exhaustive()
    }
}
