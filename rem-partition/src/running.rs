//! [`Running`]: a plan that is being run: the board of its workers.

mod board;
mod seen;
mod watched;

use std::sync::{Arc, OnceLock};
use std::task::Waker;

use rem_core::__private::{Alarms, isolate};

use crate::crew::Crew;
use crate::error::{Fault, UnitError};
use crate::event::TaskEvent;
use crate::lives::Lives;
use crate::plan::Frozen;
use crate::ready::Ready;
use crate::report::Counts;
use crate::state::{State, States};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, lock};
use crate::watch::{Cause, Watch};
use crate::work::{Output, Value};
use crate::workers::{Workers, ring};

pub(crate) use watched::Watched;

/// A plan that is being run.
pub(crate) struct Running {
    pub(crate) plan: Arc<Frozen>,
    pub(crate) states: States,
    outputs: Box<[OnceLock<Output>]>,
    ready: Ready,
    crew: Crew,
    workers: Workers,
    lives: Lives,
    alarms: OnceLock<Alarms>,
    /// How many have not come to an end.
    left: AtomicUsize,
    counts: [AtomicUsize; 4],
    errors: Mutex<Vec<UnitError>>,
    watched: Option<Watched>,
    end: Mutex<End>,
    told: Condvar,
}

/// Who waits for the end.
#[derive(Default)]
struct End {
    over: bool,
    waker: Option<Waker>,
}

impl Running {
    pub(crate) fn new(
        plan: &Arc<Frozen>,
        workers: &Workers,
        alarms: Option<Alarms>,
        watched: Option<Watched>,
    ) -> Self {
        let count = plan.work.len();
        let units = u32::try_from(count).unwrap_or(u32::MAX);
        let waits = plan.work.iter().enumerate().map(|(unit, _)| {
            let unit = u32::try_from(unit).unwrap_or(u32::MAX);
            u32::try_from(plan.graph.back(unit).len()).unwrap_or(u32::MAX)
        });
        Self {
            states: States::new(waits),
            outputs: (0..count).map(|_| OnceLock::new()).collect(),
            ready: Ready::new(units),
            crew: Crew::new(workers.count()),
            workers: workers.clone(),
            lives: Lives::default(),
            alarms: alarms.map(OnceLock::from).unwrap_or_default(),
            left: AtomicUsize::new(count),
            counts: Default::default(),
            errors: Mutex::default(),
            watched,
            end: Mutex::new(End { over: count == 0, waker: None }),
            told: Condvar::new(),
            plan: Arc::clone(plan),
        }
    }

    /// Lets those begin that wait for nothing.
    pub(crate) fn start(self: &Arc<Self>) {
        for unit in self.plan.units.iter().filter(|unit| self.plan.graph.back(**unit).is_empty()) {
            if self.states.is_first(*unit) {
                self.ready.put(self.plan.ranks[*unit as usize]);
                ring(self);
            }
        }
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.workers
    }

    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.watched.as_ref().map(|watched| &watched.watch)
    }

    pub(crate) fn counts(&self) -> Counts {
        let [completed, failed, skipped, cancelled] =
            [0, 1, 2, 3].map(|end| self.counts[end].load(Ordering::Relaxed));
        let ended = completed + failed + skipped + cancelled;
        Counts {
            completed,
            failed,
            skipped,
            cancelled,
            left: self.plan.work.len().saturating_sub(ended),
        }
    }

    pub(crate) fn errors(&self) -> Vec<UnitError> {
        lock(&self.errors).clone()
    }

    pub(crate) fn output(&self, unit: u32) -> Option<&Output> {
        self.outputs[unit as usize].get()
    }

    /// Waits for the end in this thread.
    pub(crate) fn wait(&self) {
        let mut end = lock(&self.end);
        while !end.over {
            end = crate::sync::sleep(&self.told, end);
        }
    }

    /// Whether it is over; if not, that one is woken then.
    pub(crate) fn is_over(&self, waker: Option<&Waker>) -> bool {
        let mut waker = waker.cloned();
        let mut end = lock(&self.end);
        if !end.over && waker.is_some() {
            std::mem::swap(&mut end.waker, &mut waker);
        }
        let over = end.over;
        drop(end);
        drop(waker);
        over
    }

    /// Cancels a unit and all that wait for it: whether it had not come to an end.
    pub(crate) fn cancel(self: &Arc<Self>, unit: u32) -> bool {
        let Some(was) = self.states.cancel(unit) else { return false };
        self.let_go(unit, was);
        let cause = self.tell(unit, None, |unit| TaskEvent::Cancelled { unit, because: None });
        let ended = 1 + self.share(unit, State::Cancelled, cause);
        self.count(State::Cancelled, ended);
        true
    }

    pub(crate) fn cancel_all(self: &Arc<Self>) {
        let mut ended = 0;
        for unit in 0..u32::try_from(self.plan.work.len()).unwrap_or(u32::MAX) {
            if let Some(was) = self.states.cancel(unit) {
                self.let_go(unit, was);
                self.tell(unit, None, |unit| TaskEvent::Cancelled { unit, because: None });
                ended += 1;
            }
        }
        self.count(State::Cancelled, ended);
    }

    /// Whoever is at a unit that was cancelled is told, as far as that can be.
    fn let_go(&self, unit: u32, was: State) {
        match was {
            State::Running => self.lives.wake(u64::from(unit)),
            State::Paused => self.lives.forget(u64::from(unit)),
            _ => {}
        }
    }

    /// All that wait for a unit share its end; how many.
    fn share(&self, unit: u32, end: State, cause: Cause) -> usize {
        let (mut way, mut ended) = (vec![unit], 0);
        while let Some(before) = way.pop() {
            for next in self.plan.graph.onward(before) {
                if !self.states.share(*next, unit, end) {
                    continue; // it has an end, and so has what is behind it
                }
                ended += 1;
                way.push(*next);
                let because = || self.plan.name(unit).to_string();
                self.tell(*next, Some(cause), |unit| match end {
                    State::Cancelled => TaskEvent::Cancelled { unit, because: Some(because()) },
                    _ => TaskEvent::Skipped { unit, because: because() },
                });
            }
        }
        ended
    }

    /// So many have come to that end; the last tells who waits for all.
    fn count(&self, end: State, ended: usize) {
        if ended == 0 {
            return;
        }
        let place = end as usize - State::Completed as usize;
        self.counts[place].fetch_add(ended, Ordering::Relaxed);
        self.finish(ended);
    }

    fn finish(&self, ended: usize) {
        if self.left.fetch_sub(ended, Ordering::AcqRel) == ended {
            let mut end = lock(&self.end);
            end.over = true;
            let waker = end.waker.take();
            drop(end);
            self.told.notify_all();
            if let Some(waker) = waker {
                let _ = isolate(|| waker.wake());
            }
        }
    }

    /// Tells what becomes of a unit; gives the event as a cause.
    fn tell(
        &self,
        unit: u32,
        cause: Option<Cause>,
        event: impl FnOnce(String) -> TaskEvent,
    ) -> Cause {
        let Some(watched) = &self.watched else { return Cause::default() };
        let cause = cause.unwrap_or_else(|| watched.told(unit).cause);
        watched.watch.tell(event(self.plan.name(unit).to_string()), cause)
    }

    fn complete(self: &Arc<Self>, unit: u32, attempts: u32, output: Value) {
        if !self.states.change(unit, State::Running, State::Completed) {
            let _ = isolate(|| drop(output)); // it comes too late
            return;
        }
        if let Some(output) = output {
            let _ = self.outputs[unit as usize].set(output);
        }
        let mut cause = None;
        if let Some(watched) = &self.watched {
            let micros = watched.told(unit).micros();
            let completed = |unit| TaskEvent::Completed { unit, attempts, micros };
            cause = Some(self.tell(unit, None, completed));
        }
        let mut first = true;
        for next in self.plan.graph.onward(unit) {
            if !self.states.one_less(*next) {
                continue;
            }
            if let (Some(watched), Some(cause)) = (&self.watched, cause) {
                lock(&watched.causes[*next as usize]).cause = cause;
            }
            self.ready.put(self.plan.ranks[*next as usize]);
            // One of them this worker takes itself.
            if !std::mem::take(&mut first) {
                ring(self);
            }
        }
        self.count(State::Completed, 1);
    }

    fn fail(&self, unit: u32, attempts: u32, fault: Fault) {
        if !self.states.change(unit, State::Running, State::Failed) {
            let _ = isolate(|| drop(fault)); // it comes too late
            return;
        }
        let error = UnitError::new(Arc::clone(self.plan.name(unit)), attempts, fault);
        let cause = self
            .watched
            .as_ref()
            .map(|watched| watched.watch.failed(&error, watched.told(unit).cause));
        lock(&self.errors).push(error);
        let skipped = self.share(unit, State::Skipped, cause.unwrap_or_default());
        // Together, so that all of them are counted before anybody hears of the end.
        self.counts[2].fetch_add(skipped, Ordering::Relaxed);
        self.counts[1].fetch_add(1, Ordering::Relaxed);
        self.finish(1 + skipped);
    }
}

/// What it holds is the users': should some of it panic as it goes, nobody else is harmed.
impl Drop for Running {
    fn drop(&mut self) {
        for output in &mut self.outputs {
            if let Some(output) = output.take() {
                let _ = isolate(|| drop(output));
            }
        }
    }
}
