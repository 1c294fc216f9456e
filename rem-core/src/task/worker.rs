//! What a worker does: it takes events one after the other and has each handled, again if it fails.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use super::call::{Attempt, Failure, call};
use super::crew::{Crew, From};
use super::lanes::Failed;
use super::staff::Staff;
use super::{Job, Retry};
use crate::deliver::{isolate, quietly};
use crate::subscription::Outcome;
use crate::sync::atomic::Ordering;

/// How many events a worker takes before it lets others run.
const IN_A_ROW: u32 = 64;

/// One worker.
pub(super) async fn work<H, F>(mut at: At<H>)
where
    H: Fn(&Attempt<'_>) -> Option<F>,
    F: Future<Output: Outcome>,
{
    let number = at.number;
    let (mut finished, mut in_a_row) = (None, 0);
    loop {
        let mut failed = None;
        let next = poll_fn(|cx| {
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let next = at.crew.poll_next(number, cx, &mut finished, &mut at.job, &mut failed);
            in_a_row = if next.is_ready() { in_a_row + 1 } else { 0 };
            next
        });
        next.await;
        if at.job.is_none() {
            break;
        }
        while let Some(job) = &at.job {
            if failed.is_none()
                && let Some(handler) = &at.crew.handler
                && let Err(failure) = call(&at.crew.staff, handler, job, 1).await
            {
                // Boxed, for it has the handler's future once more, and stands in that of each worker.
                failed = Box::pin(again(&at.crew.staff, handler, number, job, failure)).await;
            }
            if let Some(failure) = failed.take() {
                match at.fail(failure).await {
                    Some(job) => at.job = Some(job),
                    None => break,
                }
                continue;
            }
            finished = job.ticket();
            let next = job.key().and_then(|key| at.crew.desk().next(key));
            at.crew.desk().handled(&job.event);
            let_go(&mut at.job); // the last owner perhaps, and then the data's `Drop` runs
            if next.is_none() {
                break;
            }
            at.job = next;
            at.crew.desk().finish(finished.take());
        }
    }
    at.is_over = true;
}

/// Handles one event once more after a `failure`, as often as it may be; how it has failed if that was not often enough.
async fn again<H, F>(
    staff: &Staff,
    handler: &H,
    worker: u32,
    job: &Job,
    mut failure: Failure,
) -> Option<Failed>
where
    H: Fn(&Attempt<'_>) -> Option<F>,
    F: Future<Output: Outcome>,
{
    let (mut attempts, mut waits) = (1, staff.retry.as_ref().map(Retry::waits));
    loop {
        let wait = waits.as_mut().and_then(Iterator::next).filter(|_| !staff.desk.is_stopped());
        let again = match wait {
            Some(wait) => staff.back_off(worker, wait).await,
            None => false,
        };
        if !again {
            let Failure { error, panicked } = failure;
            return Some(Failed { error, panicked, attempts });
        }
        attempts = attempts.saturating_add(1);
        staff.desk.counts.retries.fetch_add(1, Ordering::Relaxed);
        match call(staff, handler, job, attempts).await {
            Ok(()) => return None,
            Err(again) => failure = again,
        }
    }
}

/// A worker, and what it handles.
pub(super) struct At<H> {
    crew: Arc<Crew<H>>,
    number: u32,
    job: Option<Job>,
    /// That it failed is counted.
    is_told: bool,
    /// It has come to its end.
    is_over: bool,
}

impl<H> At<H> {
    pub(super) fn new(crew: &Arc<Crew<H>>, number: u32) -> Self {
        crew.desk().counts.workers.fetch_add(1, Ordering::AcqRel);
        Self { crew: Arc::clone(crew), number, job: None, is_told: false, is_over: false }
    }

    /// What it has was not handled: gives the next of its key, if it may be handled now.
    async fn fail(&mut self, failed: Failed) -> Option<Job> {
        let desk = self.crew.desk();
        if desk.is_durable() && desk.is_stopped() {
            // It was not tried as often as it may be: it comes again after the next start.
            let ticket = self.job.as_ref().and_then(Job::ticket);
            quietly(self.job.take());
            desk.finish(ticket);
            return None;
        }
        if let Some(job) = &self.job {
            self.crew.staff.tell_failed(job, &failed);
            self.is_told = true;
            self.crew.staff.publish_letter(job, &failed).await;
            self.is_told = false;
        }
        self.crew.staff.bury(self.job.take()?, failed)
    }
}

/// Drops what is there, which may be user code. In its place, for to move it costs more than to see that others own it too.
fn let_go(job: &mut Option<Job>) {
    let _ = isolate(|| *job = None);
}

/// A worker that is dropped before its end takes its event with it; and the last one the task.
impl<H> Drop for At<H> {
    fn drop(&mut self) {
        let desk = self.crew.desk();
        let is_last = desk.counts.workers.fetch_sub(1, Ordering::AcqRel) == 1;
        if self.is_over {
            return;
        }
        let staff = &self.crew.staff;
        if let From::History(history) = &self.crew.from {
            history.leave(self.number);
        }
        if desk.is_durable() {
            // It is not handled: another has it, or it comes again after the next start.
            staff.hand_on(self.job.take());
        } else if let Some(job) = self.job.take() {
            let error = "its spawner dropped it before its end".into();
            let failed = Failed { error, panicked: false, attempts: 1 };
            if !self.is_told {
                staff.tell_failed(&job, &failed);
            }
            let next = staff.bury(job, failed);
            staff.hand_on(next);
        }
        desk.wake_up(self.number);
        if is_last {
            let (waiting, _) = desk.channel.under_way();
            self.crew.end();
            if !desk.is_durable() {
                staff.tell_lost(waiting as u64, "the spawner dropped the task");
            }
        } else {
            // It may have been woken for one of these.
            desk.pass_turn();
            desk.channel.wake_one();
        }
    }
}
