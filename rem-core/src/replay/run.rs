//! [`Replaying`]: a replay that runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::control::Word;
use super::source::{Next, Source};
use super::target::Given;
use super::{
    Control, OnFailure, Pace, Progress, Replay, ReplayError, ReplayErrorKind, ReplayReport, Target,
};
use crate::bus::{self, Bus};
use crate::clock::Timestamp;
use crate::deliver::{is_within, isolate, quietly};
use crate::event::Event;
use crate::timers::Sleep;

/// How many steps are done before others may run.
const STEPS: usize = 64;

type Ended = Result<ReplayReport, ReplayError>;

/// Who is told how far it has come.
pub(super) struct Watcher {
    every: u64,
    told: u64,
    call: Box<dyn FnMut(&Progress) + Send>,
}

impl Watcher {
    pub(super) fn new(every: u64, call: Box<dyn FnMut(&Progress) + Send>) -> Self {
        Self { every: every.max(1), told: 0, call }
    }
}

/// A replay as a future: see [`Replay::run_async`].
#[must_use = "nothing is replayed before it is awaited"]
pub struct Replaying<D>(State<D>);

enum State<D> {
    /// Nothing is read before it is polled.
    New(Option<Box<Replay<D>>>),
    Runs(Box<Run<D>>),
    Over,
}

struct Run<D> {
    source: Source,
    control: Control,
    pace: Pace,
    on_failure: OnFailure,
    progress: Option<Watcher>,
    target: D,
    report: ReplayReport,
    /// When the last event that was given happened.
    time: Timestamp,
    /// What is to be given when it is due.
    next: Option<Arc<Event>>,
    sleep: Option<Sleep>,
}

/// Runs it in this thread.
pub(super) fn here<D: Target>(replay: Replay<D>) -> Ended {
    if is_within() {
        let said = "a replay that is run within a handler would wait for what the handler holds up; run it in another thread, or \
                    by `run_async` in the async handler of a task";
        let kind = ReplayErrorKind::WithinHandler;
        return Err(ReplayError::new(kind, said, ReplayReport::default()));
    }
    let mut run = Run::new(replay)?;
    let mut ended = None;
    bus::wait(None, |waker| run.poll(waker, usize::MAX).map(|end| ended = Some(end)));
    ended.unwrap_or_else(|| Ok(ReplayReport::default()))
}

impl<D: Target> Run<D> {
    fn new(replay: Replay<D>) -> Result<Self, ReplayError> {
        let Replay { query, speed, on_failure, progress, control, target } = replay;
        let refuse =
            |kind, said: String| Err(ReplayError::new(kind, said, ReplayReport::default()));
        let Some(pace) = Pace::new(speed) else {
            let said = format!(
                "{speed} is no speed; it is a number above 0: 1.0 as it was, 10.0 ten times as fast, `f64::INFINITY` without waiting"
            );
            return refuse(ReplayErrorKind::Speed, said);
        };
        let core = query.parts().2.upgrade();
        let same =
            |bus: &Bus| core.as_ref().is_some_and(|core| Arc::ptr_eq(core, &bus.state().core));
        if target.bus().is_some_and(same) {
            let said = "the events would be appended to the history that is read, once more under their ids; replay them on \
                        `bus.sandbox().build()`, or let subscriptions of this bus begin in the past by `from(Start::Earliest)`";
            return refuse(ReplayErrorKind::SameBus, said.to_owned());
        }
        let (report, time) = (ReplayReport::default(), Timestamp::from_nanos(0));
        let source = Source::new(query);
        let (next, sleep) = (None, None);
        Ok(Self { source, control, pace, on_failure, progress, target, report, time, next, sleep })
    }

    fn poll(&mut self, waker: &Waker, steps: usize) -> Poll<Ended> {
        for _ in 0..steps {
            let word = self.control.word();
            match word {
                Word::GoOn => {}
                Word::Stop => {
                    self.report.stopped = true;
                    return Poll::Ready(Ok(self.end()));
                }
                Word::Wait => {
                    self.sleep = None;
                    if self.control.listen(word, waker) {
                        return Poll::Pending;
                    }
                    continue;
                }
            }
            let Some(event) = &self.next else {
                match self.source.next(self.target.wanted().as_ref()) {
                    Next::Event(event) => self.next = Some(event),
                    Next::Lost(numbers) => self.report.lose(numbers),
                    Next::Other => self.tell(false),
                    Next::End => return Poll::Ready(Ok(self.end())),
                }
                continue;
            };
            let left = self.pace.left(event.timestamp(), self.control.time());
            if left > 0 {
                let mut sleep = self.control.sleep(left);
                let slept = sleep.poll(waker);
                self.sleep = Some(sleep);
                if slept.is_pending() && self.control.listen(word, waker) {
                    return Poll::Pending;
                }
                continue;
            }
            self.sleep = None;
            if let Some(event) = self.next.take()
                && let Some(end) = self.give(event)
            {
                return Poll::Ready(Err(end));
            }
        }
        waker.wake_by_ref();
        Poll::Pending
    }

    /// Gives one event to the target; an error if it is to be the last.
    fn give(&mut self, event: Arc<Event>) -> Option<ReplayError> {
        let number = event.sequence().unwrap_or_default();
        self.time = event.timestamp();
        let given = self.target.give(&event);
        self.report.last = number;
        let topic = event.topic().clone();
        quietly(event);
        let (kind, said) = match given {
            Given::Had => {
                self.report.replayed += 1;
                self.tell(false);
                return None;
            }
            Given::Skipped => {
                self.report.skipped += 1;
                self.tell(false);
                return None;
            }
            Given::Failed(why) => {
                let said = format!(
                    "event #{number} of `{topic}` failed: {why}; to go on all the same: `on_failure(OnFailure::GoOn)`"
                );
                self.report.fail(number, why);
                if self.on_failure == OnFailure::GoOn {
                    self.tell(false);
                    return None;
                }
                (ReplayErrorKind::Failed, said)
            }
            Given::Closed => {
                let said = format!(
                    "the bus that it replays to was closed before event #{number} of `{topic}`; go on from there, on another, by \
                     `query(…)?.after({})`",
                    number.saturating_sub(1)
                );
                self.report.last = number.saturating_sub(1);
                return Some(ReplayError::new(ReplayErrorKind::Closed, said, self.report.clone()));
            }
        };
        Some(ReplayError::new(kind, said, self.end()))
    }

    fn end(&mut self) -> ReplayReport {
        // What was read and not given is not behind it.
        let waiting = self.next.take();
        let last = match waiting.as_ref().and_then(|event| event.sequence()) {
            Some(number) => Some(number - 1),
            None => self.source.last(),
        };
        quietly(waiting);
        self.report.last = last.unwrap_or(self.report.last);
        self.tell(true);
        self.report.clone()
    }

    /// Tells how far it has come, if that is far enough. The closure is the user's.
    fn tell(&mut self, always: bool) {
        let Some(watcher) = &mut self.progress else { return };
        let read = self.source.read();
        if always || read - watcher.told >= watcher.every {
            watcher.told = read;
            let done = self.report.replayed + self.report.skipped + self.report.failed;
            let progress = Progress { done, read, of: self.source.of, time: self.time };
            let _ = isolate(|| (watcher.call)(&progress));
        }
    }
}

/// The history may have let go of what it holds.
impl<D> Drop for Run<D> {
    fn drop(&mut self) {
        quietly(self.next.take());
    }
}

impl<D> Replaying<D> {
    pub(super) fn new(replay: Replay<D>) -> Self {
        Self(State::New(Some(Box::new(replay))))
    }
}

/// Nothing in it is pinned.
impl<D> Unpin for Replaying<D> {}

impl<D: Target> Future for Replaying<D> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        if let State::New(replay) = &mut self.0
            && let Some(replay) = replay.take()
        {
            match Run::new(*replay) {
                Ok(run) => self.0 = State::Runs(Box::new(run)),
                Err(error) => {
                    self.0 = State::Over;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let State::Runs(run) = &mut self.0 else { return Poll::Pending };
        let ended = run.poll(cx.waker(), STEPS);
        if ended.is_ready() {
            self.0 = State::Over;
        }
        ended
    }
}

impl<D> fmt::Debug for Replaying<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::New(_) => "Replaying (not begun)",
            State::Runs(_) => "Replaying",
            State::Over => "Replaying (over)",
        })
    }
}
