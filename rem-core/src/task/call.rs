//! One call of a task's handler: its future, polled so that panics end here, what it publishes has its cause, and its time
//! limit is kept.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::Job;
use super::staff::Staff;
use crate::deliver::isolate;
use crate::event::Event;
use crate::publish::{Level, handling};
use crate::queue::Channel;
use crate::subscription::{About, Outcome};
use crate::sync::scoped_thread_local;
use crate::timers::Sleep;
use crate::trace::AttemptSpan;

// The task whose handler's future is being polled in this thread.
scoped_thread_local!(static POLLED: Polled);

/// A task whose handler's future is being polled.
#[derive(Clone)]
pub(super) struct Polled {
    pub(super) channel: Arc<Channel>,
    /// It has one worker, so that nobody reads its queue meanwhile.
    pub(super) is_alone: bool,
}

/// The queue that is not read while this thread waits, for its one reader is the handler that is being polled here.
pub(crate) fn polled_alone() -> Option<Arc<Channel>> {
    if !POLLED.is_set() {
        return None;
    }
    POLLED.with(|polled| polled.is_alone.then(|| Arc::clone(&polled.channel)))
}

/// Why one call has failed.
pub(super) struct Failure {
    pub(super) error: Box<str>,
    pub(super) panicked: bool,
}

/// Runs user code of a handler, with its event as the cause of what it publishes. Its panics end here.
pub(super) fn within<R>(
    staff: &Staff,
    event: &Arc<Event>,
    run: impl FnOnce() -> R,
) -> Result<R, Box<str>> {
    let _level = Level::of_user_code();
    POLLED.set(&staff.polled, || handling(event, None, || isolate(run)))
}

/// What a worker calls a handler with: an event, and which call of it with that this is.
pub(crate) struct Attempt<'e> {
    pub(crate) event: &'e Arc<Event>,
    pub(crate) about: &'e Arc<About>,
    pub(crate) is_replay: bool,
    /// 1 for the first.
    pub(crate) number: u32,
}

/// Calls a handler and awaits its future; a handler that makes none has not handled the event.
///
/// Making the future, its first poll and dropping it are isolated at once where it is ready then, as most are; and only one
/// that is not costs a timer.
pub(super) async fn call<H, F>(
    staff: &Staff,
    handler: &H,
    job: &Job,
    number: u32,
) -> Result<(), Failure>
where
    H: Fn(&Attempt<'_>) -> Option<F>,
    F: Future<Output: Outcome>,
{
    let event = &job.event;
    let mut future = pin!(None);
    let (mut span, mut is_made) = (AttemptSpan::default(), false);
    let mut sleep: Option<Sleep> = None;
    let begun = if staff.probes.is_on() { staff.begin_measure() } else { None };
    let said = poll_fn(|cx| {
        // Apart from what the isolation gives back, which would be moved through all that stands around the handler.
        let mut error = None;
        let polled = within(staff, event, || {
            if !is_made && staff.traced.is_on() {
                span = staff.traced.attempt(event, job.origin(), number);
            }
            span.within(|| {
                if !is_made {
                    is_made = true;
                    // Made here, for what is moved on from await to await costs more.
                    let (about, is_replay) = (&staff.about, job.is_replay());
                    future.set(handler(&Attempt { event, about, is_replay, number }));
                }
                let Some(running) = future.as_mut().as_pin_mut() else {
                    staff.passed();
                    return Poll::Ready(());
                };
                let Poll::Ready(outcome) = running.poll(cx) else { return Poll::Pending };
                future.set(None);
                error = outcome.outcome().err();
                Poll::Ready(())
            })
        });
        match polled {
            Ok(Poll::Ready(())) => Poll::Ready(match error {
                None => Ok(()),
                Some(error) => Err(Failure { error, panicked: false }),
            }),
            Err(error) => Poll::Ready(Err(Failure { error, panicked: true })),
            Ok(Poll::Pending) => {
                let Some(limit) = staff.limit else { return Poll::Pending };
                let sleep = sleep.get_or_insert_with(|| staff.sleep(limit));
                sleep.poll(cx.waker()).map(|()| {
                    let error = format!("it was not finished within {limit:?}").into();
                    Err(Failure { error, panicked: false })
                })
            }
        }
    })
    .await;
    let Err(mut failure) = said else {
        if let Some(begun) = begun {
            staff.tell_handled(event, number, begun, None);
        }
        return Ok(());
    };
    if let Err(panic) = within(staff, event, || span.within(|| future.set(None))) {
        let error = format!("{}; and it panicked as it was dropped: {panic}", failure.error);
        failure = Failure { error: error.into(), panicked: true };
    }
    let _ = isolate(|| span.fail(&failure.error)); // of the failures that one is told
    if let Some(begun) = begun {
        staff.tell_handled(event, number, begun, Some((&failure.error, failure.panicked)));
    }
    Err(failure)
}
