//! What an attempt at a unit of a run asks, and says.

use std::sync::Arc;

use rem_core::EventId;

use super::Running;
use crate::attempt::{Seen, percent};
use crate::error::{OutputError, OutputErrorKind};
use crate::event::TaskEvent;
use crate::state::State;
use crate::sync::atomic::Ordering;
use crate::work::Output;

impl Seen for Running {
    fn name(&self, unit: u32) -> Arc<str> {
        Arc::clone(self.plan.name(unit))
    }

    fn output(&self, unit: u32, of: &str) -> Result<Option<Output>, OutputError> {
        let Some(number) = self.plan.number(of) else {
            return Err(OutputError::new(OutputErrorKind::Unknown, of));
        };
        if self.plan.graph.back(unit).binary_search(&number).is_err() {
            return Err(OutputError::new(OutputErrorKind::NotADependency, of));
        }
        Ok(self.outputs[number as usize].get().cloned())
    }

    fn is_stopped(&self, unit: u32, number: u32) -> bool {
        self.states.get(unit) != State::Running
            || (self.plan.terms[unit as usize].is_some()
                && self.lives.is_late(u64::from(unit), number))
    }

    fn progress(&self, unit: u32, number: u32, done: u64, total: u64) {
        let Some(watched) = &self.watched else { return };
        let percent = percent(done, total);
        if self.is_stopped(unit, number)
            || watched.percents[unit as usize].swap(percent, Ordering::Relaxed) == percent
        {
            return;
        }
        self.tell(unit, None, |unit| TaskEvent::Progressed { unit, attempt: number, done, total });
    }

    fn cause(&self, unit: u32) -> Option<EventId> {
        self.watched.as_ref()?.told(unit).cause.event
    }
}
