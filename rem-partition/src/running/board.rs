//! What workers see of a run: units by their numbers.

use std::sync::Arc;

use rem_core::__private::Alarms;

use super::Running;
use crate::attempt::Attempt;
use crate::crew::Crew;
use crate::error::Fault;
use crate::event::TaskEvent;
use crate::lives::Lives;
use crate::perform::Board;
use crate::state::State;
use crate::sync::atomic::Ordering;
use crate::sync::lock;
use crate::unit::Terms;
use crate::watch::Told;
use crate::work::{Value, Work};
use crate::workers::{Workers, ring};

impl Board for Running {
    type Job = u32;

    fn crew(&self) -> &Crew {
        &self.crew
    }

    fn workers(&self) -> &Workers {
        &self.workers
    }

    fn lives(&self) -> &Lives {
        &self.lives
    }

    fn alarms(&self) -> &Alarms {
        self.alarms.get_or_init(Alarms::system)
    }

    fn take(self: &Arc<Self>) -> Option<u32> {
        loop {
            let taken = self.ready.take()?;
            if taken.ring {
                ring(self);
            }
            let unit = self.plan.units[taken.rank as usize];
            if self.states.change(unit, State::Ready, State::Running) {
                return Some(unit);
            } // or it was cancelled
        }
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    fn key(unit: &u32) -> u64 {
        u64::from(*unit)
    }

    fn work<'a>(&'a self, unit: &'a u32) -> &'a Work {
        &self.plan.work[*unit as usize]
    }

    fn terms<'a>(&'a self, unit: &'a u32) -> Option<&'a Terms> {
        self.plan.terms[*unit as usize].as_deref()
    }

    fn attempt(self: &Arc<Self>, before: Option<Attempt>, unit: &u32, number: u32) -> Attempt {
        match before {
            // That of the same run: no count that all workers share is touched.
            Some(mut attempt) => {
                (attempt.unit, attempt.number) = (*unit, number);
                attempt
            }
            None => Attempt { seen: Arc::clone(self) as _, unit: *unit, number },
        }
    }

    fn started(&self, unit: &u32, number: u32, error: Option<String>) {
        let Some(watched) = &self.watched else { return };
        watched.percents[*unit as usize].store(u8::MAX, Ordering::Relaxed);
        let started = |unit| TaskEvent::Started { unit, attempt: number, error };
        let cause = self.tell(*unit, None, started);
        *lock(&watched.causes[*unit as usize]) = Told::began(cause);
    }

    fn is_running(&self, unit: &u32) -> bool {
        self.states.get(*unit) == State::Running
    }

    fn pause(&self, unit: &u32) -> bool {
        self.states.change(*unit, State::Running, State::Paused)
    }

    fn again(self: &Arc<Self>, unit: &u32) {
        if self.states.change(*unit, State::Paused, State::Ready) {
            self.ready.put(self.plan.ranks[*unit as usize]);
            ring(self);
        }
    }

    fn end(self: &Arc<Self>, unit: &u32, attempts: u32, came: Result<Value, Fault>) {
        match came {
            Ok(value) => self.complete(*unit, attempts, value),
            Err(fault) => self.fail(*unit, attempts, fault),
        }
    }

    fn abandon(self: &Arc<Self>) {
        self.cancel_all();
    }
}
