//! What workers see of a flow.

use std::sync::Arc;

use rem_core::__private::Alarms;

use super::Flow;
use super::seen::View;
use crate::attempt::Attempt;
use crate::crew::Crew;
use crate::error::Fault;
use crate::event::TaskEvent;
use crate::lives::Lives;
use crate::member::Member;
use crate::perform::Board;
use crate::state::State;
use crate::sync::atomic::Ordering;
use crate::unit::Terms;
use crate::units::Set;
use crate::watch::Told;
use crate::work::{Value, Work};
use crate::workers::{Workers, ring};

impl Board for Flow {
    type Job = Arc<Member>;

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
        &self.alarms
    }

    fn take(self: &Arc<Self>) -> Option<Arc<Member>> {
        let member = self.units.step(Set::take)?;
        member.sort();
        Some(member)
    }

    fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    fn key(member: &Arc<Member>) -> u64 {
        member.number()
    }

    fn work<'a>(&'a self, member: &'a Arc<Member>) -> &'a Work {
        &member.work
    }

    fn terms<'a>(&'a self, member: &'a Arc<Member>) -> Option<&'a Terms> {
        member.terms.as_deref()
    }

    fn attempt(
        self: &Arc<Self>,
        _before: Option<Attempt>,
        member: &Arc<Member>,
        number: u32,
    ) -> Attempt {
        let (flow, member) = (Arc::clone(self), Arc::clone(member));
        Attempt { seen: Arc::new(View { flow, member }), unit: 0, number }
    }

    fn started(&self, member: &Arc<Member>, number: u32, error: Option<String>) {
        member.percent.store(u8::MAX, Ordering::Relaxed);
        let unit = member.known.name.to_string();
        let started = TaskEvent::Started { unit, attempt: number, error };
        let cause = self.watch.tell(started, member.known.told().cause);
        member.known.tell(Told::began(cause));
    }

    fn is_running(&self, member: &Arc<Member>) -> bool {
        member.known.state() == State::Running
    }

    fn pause(&self, member: &Arc<Member>) -> bool {
        self.units.step(|_| Set::pause(member))
    }

    fn again(self: &Arc<Self>, member: &Arc<Member>) {
        if self.units.step(|units| units.again(member)) {
            ring(self);
        }
    }

    fn end(self: &Arc<Self>, member: &Arc<Member>, attempts: u32, came: Result<Value, Fault>) {
        match came {
            Ok(value) => self.complete(member, attempts, value),
            Err(fault) => self.fail(member, attempts, fault),
        }
    }

    fn abandon(self: &Arc<Self>) {
        self.cancel_all();
    }
}
