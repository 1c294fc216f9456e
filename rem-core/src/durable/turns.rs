//! [`Turns`]: several workers that read by turns what one of them can read at a time.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::follow::Followed;
use super::{Claim, Follower, Progress};
use crate::event::Event;
use crate::queue::Lagged;
use crate::sync::{Mutex, lock};

/// What is read by turns, step by step.
pub(crate) trait Source {
    type Step;

    /// The next step; `None` if there is none now.
    fn step(&mut self) -> Option<Self::Step>;

    /// Whether one may come that no worker makes room for.
    fn may_come(&self) -> bool;

    /// Ready when there may be one.
    fn poll(&mut self, waker: &Waker) -> Poll<()>;
}

/// The protocol: whoever takes the source steps it and puts it back. One that finds none now and is about to sleep puts it
/// back only if somebody *watches*: has had the source tell its waker when there is more. The watcher that is woken watches
/// again, or, if another has the source, watches no longer, so that the other one must. A worker that has taken something
/// wakes a sleeper, who looks for itself. So as long as a worker sleeps one watches, or is awake. Checked by loom
/// (`durable/loom.rs`).
pub(crate) struct Turns<S>(Mutex<Turn<S>>);

struct Turn<S> {
    /// `None` while a worker has it, and before it begins.
    source: Option<Box<S>>,
    watcher: Option<u32>,
}

impl<S: Source> Turns<S> {
    /// As if a worker had it.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Turn { source: None, watcher: None }))
    }

    /// Lets the workers have it. Those who sleep are to be woken.
    pub(crate) fn begin(&self, source: Box<S>) {
        lock(&self.0).source = Some(source);
    }

    /// Takes the next step. If there is none, `asleep` says that the worker sleeps then, and that whoever takes something
    /// knows how to wake it.
    pub(crate) fn take(&self, worker: u32, waker: &Waker, asleep: bool) -> Option<S::Step> {
        let mut source = {
            let mut turn = lock(&self.0);
            if let Some(source) = turn.source.take() {
                source
            } else {
                // Whoever has it sees that nobody watches.
                if turn.watcher == Some(worker) {
                    turn.watcher = None;
                }
                return None;
            }
        };
        let mut watches = false;
        loop {
            let step = source.step();
            let mut turn = lock(&self.0);
            if step.is_some() {
                if turn.watcher == Some(worker) {
                    turn.watcher = None;
                }
                turn.source = Some(source);
                return step;
            }
            let by_other = turn.watcher.is_some_and(|watcher| watcher != worker);
            if !asleep || by_other || watches || !source.may_come() {
                turn.source = Some(source);
                return None;
            }
            turn.watcher = Some(worker);
            drop(turn);
            watches = source.poll(waker).is_pending();
        }
    }

    /// A worker is gone; another has to be woken if it watched.
    pub(crate) fn leave(&self, worker: u32) {
        let mut turn = lock(&self.0);
        if turn.watcher == Some(worker) {
            turn.watcher = None;
        }
    }
}

/// What a worker takes.
pub(crate) enum Took {
    Event(Arc<Event>),
    Lagged(Lagged),
    /// Nothing, after a look at many: others should run.
    Passed,
    Ended,
}

/// What the workers of a task read: it is marked as taken, as long as there is room for more.
pub(crate) struct Reading {
    follower: Follower,
    progress: Arc<Progress>,
    /// Free when all workers are gone.
    claim: Claim,
}

impl Reading {
    pub(crate) fn new(follower: Follower, progress: Arc<Progress>, claim: Claim) -> Self {
        Self { follower, progress, claim }
    }

    /// For one who reads alone.
    pub(super) fn into_parts(self) -> (Follower, Claim) {
        (self.follower, self.claim)
    }
}

impl Source for Reading {
    type Step = Took;

    fn step(&mut self) -> Option<Took> {
        if !self.progress.marks.has_room() {
            return None;
        }
        let step = match self.follower.step() {
            Followed::Event(event) => {
                self.progress.marks.take(self.follower.passed());
                return Some(Took::Event(event));
            }
            Followed::Nothing => {
                self.progress.passed(self.follower.passed());
                return None;
            }
            Followed::Lagged(lagged) => Took::Lagged(lagged),
            Followed::Passed => Took::Passed,
            Followed::Ended => return Some(Took::Ended),
        };
        self.progress.passed(self.follower.passed());
        Some(step)
    }

    fn may_come(&self) -> bool {
        self.progress.marks.has_room() // who makes room wakes a worker
    }

    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        self.follower.poll(waker)
    }
}
