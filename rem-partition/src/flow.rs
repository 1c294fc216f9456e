//! [`Flow`]: the units of a partitioner as they come, run and end: the board of its workers.

mod board;
mod log;
mod seen;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rem_core::__private::{Alarms, isolate};
use rem_core::Event;

use crate::created::{LocalTask, TaskCreated};
use crate::crew::Crew;
use crate::error::{Fault, Refusal, RefusalKind, UnitError};
use crate::event::TaskEvent;
use crate::functions::Functions;
use crate::lives::Lives;
use crate::member::Member;
use crate::perform::ring_later;
use crate::state::State;
use crate::units::{Admitted, By, Claimed, Leftover, Newcomer, Set, Units};
use crate::watch::{Cause, Watch};
use crate::work::Value;
use crate::workers::{Workers, ring};

pub(crate) use log::Log;

/// The units of a partitioner as they come, run and end.
pub(crate) struct Flow {
    pub(crate) units: Units,
    pub(crate) log: Log,
    pub(crate) watch: Watch,
    functions: Functions,
    hold: Duration,
    crew: Crew,
    workers: Workers,
    lives: Lives,
    alarms: Alarms,
}

impl Flow {
    pub(crate) fn new(
        units: Units,
        watch: Watch,
        functions: Functions,
        hold: Duration,
        workers: Workers,
        alarms: Alarms,
    ) -> Self {
        let (crew, lives, log) = (Crew::new(workers.count()), Lives::default(), Log::default());
        Self { units, log, watch, functions, hold, crew, workers, lives, alarms }
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.workers
    }

    /// A unit comes that calls a function.
    pub(crate) fn created(self: &Arc<Self>, event: &Event<TaskCreated>) {
        let declared = event.data.declared();
        match self.functions.work(&declared.name, event.data.function(), event.data.arguments()) {
            Ok(work) => self.come(Newcomer { declared, work, cause: by(event) }),
            Err(refusal) => {
                self.units.step(Set::turn_away);
                self.refuse(refusal, by(event));
            }
        }
    }

    /// A unit comes with its work.
    pub(crate) fn created_here(self: &Arc<Self>, event: &Event<LocalTask>) {
        let LocalTask { declared, work } = &event.data;
        let (declared, work) = (declared.clone(), work.clone());
        self.come(Newcomer { declared, work, cause: by(event) });
    }

    pub(crate) fn come(self: &Arc<Self>, newcomer: Newcomer) {
        let (cause, mut leftover) = (newcomer.cause, Leftover::default());
        let admitted = self.units.step(|units| units.admit(newcomer, &mut leftover));
        let _ = isolate(|| drop(leftover));
        match admitted {
            Ok(Admitted::Ready) => ring(self),
            Ok(Admitted::Waiting) => {}
            Ok(Admitted::Held(member, unknown)) => self.hold(&member, &unknown, cause),
            Ok(Admitted::Ended(member)) => {
                let cause = self.tell_shared(&member, cause);
                self.conclude(member.number(), cause);
            }
            Err(refusal) => {
                self.refuse(refusal, cause);
            }
        }
    }

    /// A unit waits for what is unknown: that is told, and it does so no longer than it may.
    fn hold(self: &Arc<Self>, member: &Member, unknown: &[Arc<str>], cause: Cause) {
        let unit = member.known.name.to_string();
        let waits_for = unknown.iter().map(ToString::to_string).collect();
        self.watch.tell(TaskEvent::Held { unit, waits_for }, cause);
        let late = HeldTooLong { flow: Arc::downgrade(self), number: member.number() };
        let mut alarm = self.alarms.after(self.hold);
        let rings = ring_later(&mut alarm, &Waker::from(Arc::new(late)));
        let (ready, alarm) = self.units.step(|units| units.told_held(member.number(), Some(alarm)));
        drop(alarm);
        if ready {
            ring(self);
        }
        if !rings {
            self.held_too_long(member.number());
        }
    }

    /// A unit that is held is held no longer.
    pub(crate) fn give_up(self: &Arc<Self>, number: u64, why: &str) {
        let claimed = self.units.step(|units| units.claim(number, By::Time, State::Refused));
        let Some(claimed) = claimed else { return };
        let known = &claimed.member.known;
        let refusal = Refusal::new(RefusalKind::Unknown, &known.name)
            .about(claimed.unknown.iter().cloned())
            .saying(why);
        let cause = self.refuse(refusal, known.told().cause);
        self.conclude(number, cause);
    }

    fn held_too_long(self: &Arc<Self>, number: u64) {
        self.give_up(number, &format!("which did not come within {:?}", self.hold));
    }

    fn refuse(&self, refusal: Refusal, cause: Cause) -> Cause {
        let event = TaskEvent::Refused {
            unit: refusal.unit().to_owned(),
            kind: refusal.kind(),
            units: refusal.units().map(str::to_owned).collect(),
            error: refusal.to_string(),
        };
        self.log.refused(refusal);
        self.watch.tell(event, cause)
    }

    /// Cancels a unit and all that wait for it: whether it had not ended.
    pub(crate) fn cancel(self: &Arc<Self>, number: u64) -> bool {
        let claimed = self.units.step(|units| units.claim(number, By::Anyone, State::Cancelled));
        let Some(claimed) = claimed else { return false };
        self.let_go(&claimed);
        let unit = claimed.member.known.name.to_string();
        let cause = claimed.member.known.told().cause;
        let cause = self.watch.tell(TaskEvent::Cancelled { unit, because: None }, cause);
        self.conclude(number, cause);
        true
    }

    /// Cancels all that came until now; how many those were that had not ended.
    pub(crate) fn cancel_all(self: &Arc<Self>) -> usize {
        let (mut from, mut cancelled) = (0, 0);
        let until = self.units.step(|units| units.next());
        while let Some(number) = self.units.step(|units| units.next_open(from)) {
            if number >= until {
                break;
            }
            // In the order of arrival, so that each is told of before what waits for it by itself.
            cancelled += usize::from(self.cancel(number));
            from = number + 1;
        }
        cancelled
    }

    /// Whoever is at a unit that was cancelled is told, as far as that can be.
    fn let_go(&self, claimed: &Claimed) {
        let number = claimed.member.number();
        match claimed.was {
            State::Running => self.lives.wake(number),
            State::Paused => self.lives.forget(number),
            _ => {}
        }
    }

    fn complete(self: &Arc<Self>, member: &Member, attempts: u32, mut output: Value) {
        let number = member.number();
        // Whoever sees that it has completed, by its event or by asking, finds what it gave.
        let claimed = self.units.step(|units| {
            let claimed = units.claim(number, By::Worker, State::Completed)?;
            if let Some(output) = output.take() {
                member.known.give(output);
            }
            Some(claimed)
        });
        if claimed.is_none() {
            let _ = isolate(|| drop(output)); // it comes too late
            return;
        }
        let (unit, told) = (member.known.name.to_string(), member.known.told());
        let completed = TaskEvent::Completed { unit, attempts, micros: told.micros() };
        let cause = self.watch.tell(completed, told.cause);
        self.conclude(number, cause);
    }

    fn fail(self: &Arc<Self>, member: &Member, attempts: u32, fault: Fault) {
        let number = member.number();
        let claimed = self.units.step(|units| units.claim(number, By::Worker, State::Failed));
        if claimed.is_none() {
            let _ = isolate(|| drop(fault)); // it comes too late
            return;
        }
        let error = UnitError::new(Arc::clone(&member.known.name), attempts, fault);
        let cause = self.watch.failed(&error, member.known.told().cause);
        self.log.failed(error);
        self.conclude(number, cause);
    }

    /// The end of a unit has been told: what follows from it, for all behind it, each told before what waits for it.
    fn conclude(self: &Arc<Self>, number: u64, cause: Cause) {
        let mut way = vec![number];
        while let Some(number) = way.pop() {
            let settled = self.units.step(|units| units.settle(number, cause));
            // One of them is left to this thread: only workers complete units, and take the next then.
            for _ in 1..settled.readied {
                ring(self);
            }
            for ended in &settled.ended {
                self.tell_shared(&ended.member, cause);
                way.push(ended.member.number());
            }
            settled.finish();
        }
    }

    /// A unit shares the end of another.
    fn tell_shared(&self, member: &Member, cause: Cause) -> Cause {
        let known = &member.known;
        let (unit, because) = (known.name.to_string(), known.root().to_string());
        let event = match known.state() {
            State::Cancelled => TaskEvent::Cancelled { unit, because: Some(because) },
            _ => TaskEvent::Skipped { unit, because },
        };
        self.watch.tell(event, cause)
    }

    /// Whether none is open; if some are, that one is woken then.
    pub(crate) fn poll_settled(&self, place: &mut Option<u64>, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let (settled, gone) = self.units.step(|units| units.is_settled(place, waker));
        let _ = isolate(|| drop(gone));
        if settled { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// What an event says of why a unit came.
fn by<T>(event: &Event<T>) -> Cause {
    Cause { event: Some(event.id()), story: Some(event.correlation()) }
}

/// A unit has been held for long enough.
struct HeldTooLong {
    flow: Weak<Flow>,
    number: u64,
}

impl Wake for HeldTooLong {
    fn wake(self: Arc<Self>) {
        if let Some(flow) = self.flow.upgrade() {
            flow.held_too_long(self.number);
        }
    }
}

/// Ready when no unit is open.
pub(crate) struct Settling {
    flow: Arc<Flow>,
    place: Option<u64>,
}

impl Settling {
    pub(crate) fn new(flow: &Arc<Flow>) -> Self {
        Self { flow: Arc::clone(flow), place: None }
    }
}

impl Future for Settling {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { flow, place } = &mut *self;
        flow.poll_settled(place, cx)
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let gone = self.flow.units.step(|units| units.forget_waiter(place));
            let _ = isolate(|| drop(gone));
        }
    }
}
