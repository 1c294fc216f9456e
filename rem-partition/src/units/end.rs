//! How a unit ends: claimed by one, then settled.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use rem_core::__private::{Alarm, isolate};

use super::{Set, turn};
use crate::member::{Known, Member};
use crate::state::State;
use crate::watch::Cause;

/// Who ends a unit, by which it is told whether he may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Who runs it.
    Worker,
    /// Whoever cancels it.
    Anyone,
    /// It has been held for long enough.
    Time,
}

/// A unit whose end is decided. Dropped under no lock.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) member: Arc<Member>,
    pub(crate) was: State,
    /// What it waited for that is unknown.
    pub(crate) unknown: Vec<Arc<str>>,
    _alarm: Option<Alarm>,
}

/// What follows from the end of a unit. Dropped under no lock.
#[derive(Default)]
pub(crate) struct Settled {
    /// How many became ready.
    pub(crate) readied: usize,
    /// Those that share its end.
    pub(crate) ended: Vec<Claimed>,
    member: Option<Arc<Member>>,
    let_go: Option<Arc<Known>>,
    wakers: Vec<Waker>,
}

impl Set {
    /// Decides how a unit ends, if nobody has.
    pub(crate) fn claim(&mut self, number: u64, by: By, end: State) -> Option<Claimed> {
        let open = self.open_mut(number)?;
        let was = open.member.known.state();
        let may = match by {
            By::Worker => was == State::Running,
            By::Anyone => !was.is_end(),
            By::Time => was == State::Waiting && !open.unknown.is_empty(),
        };
        if may { self.end(number, end, None) } else { None }
    }

    fn end(&mut self, number: u64, end: State, because: Option<&Arc<str>>) -> Option<Claimed> {
        let open = self.open_mut(number)?;
        let (member, alarm) = (Arc::clone(&open.member), open.alarm.take());
        let unknown = mem::take(&mut open.unknown);
        // It is about to be told that it has ended: who comes then does not wait for it, and so does not share its end. Behind one that
        // has completed nobody begins before that is told.
        let resources = match end {
            State::Completed => Box::default(),
            _ => mem::take(&mut open.resources),
        };
        self.resources.let_go(number, &resources);
        let was = member.known.state();
        match because {
            Some(because) => member.known.share(because, end),
            None => member.known.set(end),
        }
        if was == State::Ready {
            self.ready.remove(&turn(&member));
        }
        if !unknown.is_empty() {
            self.held -= 1;
        }
        for name in &unknown {
            if let Some(waiting) = self.awaited.get_mut(name) {
                waiting.remove(&number);
                if waiting.is_empty() {
                    self.awaited.remove(name);
                }
            }
        }
        Some(Claimed { member, was, unknown, _alarm: alarm })
    }

    /// One that is claimed has been told: those behind it become ready, for `cause`, or share its end.
    pub(crate) fn settle(&mut self, number: u64, cause: Cause) -> Settled {
        let Some(entry) = self.units.get_mut(&number) else { return Settled::default() };
        let Some(open) = entry.open.take() else { return Settled::default() };
        let known = Arc::clone(&entry.known);
        let end = known.state();
        self.open -= 1;
        self.ends[end as usize - State::Completed as usize] += 1;
        self.resources.let_go(number, &open.resources);
        let mut settled = Settled { member: Some(open.member), ..Settled::default() };
        let shared = if end == State::Cancelled { end } else { State::Skipped };
        for behind in open.behind {
            if end == State::Completed {
                if self.one_less(behind) {
                    settled.readied += 1;
                    self.told_by(behind, cause);
                }
            } else if self.is_waiting(behind) {
                settled.ended.extend(self.end(behind, shared, Some(known.root())));
            }
        }
        if let Some(gone) = self.past.push(number) {
            settled.let_go = self.let_go(gone);
        }
        if self.open == 0 {
            settled.wakers = mem::take(&mut self.waiters).into_values().collect();
        }
        settled
    }

    fn is_waiting(&self, number: u64) -> bool {
        let entry = self.units.get(&number);
        entry.is_some_and(|entry| entry.known.state() == State::Waiting)
    }

    fn told_by(&mut self, number: u64, cause: Cause) {
        if let Some(entry) = self.units.get(&number) {
            let mut told = entry.known.told();
            told.cause = cause;
            entry.known.tell(told);
        }
    }

    fn let_go(&mut self, number: u64) -> Option<Arc<Known>> {
        let known = self.units.remove(&number)?.known;
        self.names.remove(&known.name);
        self.past.let_go(&known.name);
        Some(known)
    }
}

impl Settled {
    /// Lets go what is not needed, and wakes who waits; under no lock.
    pub(crate) fn finish(self) {
        if let Some(member) = &self.member {
            member.let_go();
        }
        for waker in self.wakers {
            let _ = isolate(|| waker.wake());
        }
        drop(self.let_go);
    }
}
