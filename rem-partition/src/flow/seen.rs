//! What an attempt at a unit of a flow asks, and says.

use std::sync::Arc;

use rem_core::EventId;

use super::Flow;
use crate::attempt::{Seen, percent};
use crate::error::OutputError;
use crate::event::TaskEvent;
use crate::member::Member;
use crate::state::State;
use crate::sync::atomic::Ordering;
use crate::work::Output;

/// A unit of a flow, to its work.
pub(super) struct View {
    pub(super) flow: Arc<Flow>,
    pub(super) member: Arc<Member>,
}

impl Seen for View {
    fn name(&self, _unit: u32) -> Arc<str> {
        Arc::clone(&self.member.known.name)
    }

    fn output(&self, _unit: u32, of: &str) -> Result<Option<Output>, OutputError> {
        self.member.output(of)
    }

    fn is_stopped(&self, _unit: u32, number: u32) -> bool {
        let member = &self.member;
        member.known.state() != State::Running
            || (member.terms.is_some() && self.flow.lives.is_late(member.number(), number))
    }

    fn progress(&self, unit: u32, number: u32, done: u64, total: u64) {
        let percent = percent(done, total);
        if self.is_stopped(unit, number)
            || self.member.percent.swap(percent, Ordering::Relaxed) == percent
        {
            return;
        }
        let unit = self.member.known.name.to_string();
        let progressed = TaskEvent::Progressed { unit, attempt: number, done, total };
        self.flow.watch.tell(progressed, self.member.known.told().cause);
    }

    fn cause(&self, _unit: u32) -> Option<EventId> {
        self.member.known.told().cause.event
    }
}
