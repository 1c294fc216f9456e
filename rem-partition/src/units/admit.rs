//! How a unit comes: what it waits for is found, and what is wrong with it.

use std::collections::HashMap;
use std::sync::Arc;

use rem_core::__private::Alarm;

use super::{Entry, Open, Set};
use crate::error::{Refusal, RefusalKind};
use crate::member::{Known, Member};
use crate::state::State;
use crate::unit::Declared;
use crate::watch::Cause;
use crate::work::Work;

/// A unit that comes.
pub(crate) struct Newcomer {
    pub(crate) declared: Declared,
    pub(crate) work: Work,
    /// What it comes by.
    pub(crate) cause: Cause,
}

/// What becomes of it.
#[derive(Debug)]
pub(crate) enum Admitted {
    Ready,
    Waiting,
    /// It waits for what is unknown. When that is told, so says [`Set::told_held`].
    Held(Arc<Member>, Vec<Arc<str>>),
    /// It shares the end of one that it waits for, and is claimed.
    Ended(Arc<Member>),
}

/// What is not needed any more. Dropped under no lock.
#[derive(Default)]
pub(crate) struct Leftover {
    newcomer: Option<Newcomer>,
    alarms: Vec<Alarm>,
}

/// What a newcomer waits for.
struct Before {
    known: Vec<u64>,
    unknown: Vec<Arc<str>>,
}

impl Set {
    /// Takes a unit, or says why not.
    pub(crate) fn admit(
        &mut self,
        newcomer: Newcomer,
        leftover: &mut Leftover,
    ) -> Result<Admitted, Refusal> {
        match self.before(&newcomer.declared) {
            Ok(before) => {
                self.came += 1;
                Ok(self.enter(newcomer, before, &mut leftover.alarms))
            }
            Err(refusal) => {
                self.turn_away();
                leftover.newcomer = Some(newcomer);
                Err(refusal)
            }
        }
    }

    /// What it waits for, if nothing is wrong with it.
    fn before(&self, declared: &Declared) -> Result<Before, Refusal> {
        let Declared { name, after, reads, writes, .. } = declared;
        let refuse = |kind| Refusal::new(kind, name);
        if self.is_closed {
            return Err(refuse(RefusalKind::Closed));
        }
        if self.names.contains_key(name) {
            return Err(refuse(RefusalKind::Duplicate));
        }
        if after.contains(name) {
            return Err(refuse(RefusalKind::Itself).about([Arc::clone(name)]));
        }
        if self.open >= self.limits.open {
            return Err(refuse(RefusalKind::Full).saying(self.open.to_string()));
        }
        let mut known = self.resources.before(reads, writes);
        let (mut unknown, mut gone) = (Vec::new(), Vec::new());
        for dependency in after {
            match self.names.get(dependency) {
                Some(number) => {
                    known.insert(*number);
                }
                None if self.past.is_gone(dependency) => gone.push(Arc::clone(dependency)),
                None => unknown.push(Arc::clone(dependency)),
            }
        }
        if !gone.is_empty() {
            return Err(refuse(RefusalKind::LetGo).about(gone));
        }
        unknown.sort_unstable();
        unknown.dedup();
        if !unknown.is_empty() && self.held >= self.limits.held {
            let refusal = refuse(RefusalKind::TooManyHeld).about(unknown);
            return Err(refusal.saying(self.held.to_string()));
        }
        let known: Vec<u64> = known.into_iter().collect();
        match self.cycle(name, &known) {
            Some(cycle) => Err(refuse(RefusalKind::Cycle).about(cycle)),
            None => Ok(Before { known, unknown }),
        }
    }

    /// Whether one of those that it waits for waits for it, by itself or by others: then each waits for the next, and the last
    /// for the first. Only who was waited for before it came can be in a cycle, so that this costs others nothing; and those
    /// it costs no more than what stands behind them.
    fn cycle(&self, name: &Arc<str>, before: &[u64]) -> Option<Vec<Arc<str>>> {
        if before.is_empty() {
            return None;
        }
        let waiting = self.awaited.get(name)?;
        // From each to the one by which it was found.
        let mut found: HashMap<u64, Option<u64>, foldhash::fast::RandomState> =
            waiting.iter().map(|number| (*number, None)).collect();
        let mut way: Vec<u64> = waiting.iter().copied().collect();
        while let Some(number) = way.pop() {
            let Some(entry) = self.units.get(&number) else { continue };
            if entry.known.state().is_end() {
                continue; // it is claimed, and so will be all that wait for it
            }
            if before.binary_search(&number).is_ok() {
                let mut cycle = vec![Arc::clone(name)];
                let mut next = Some(number);
                while let Some(number) = next {
                    cycle
                        .extend(self.units.get(&number).map(|entry| Arc::clone(&entry.known.name)));
                    next = found.get(&number).copied().flatten();
                }
                return Some(cycle);
            }
            for behind in entry.open.iter().flat_map(|open| &open.behind) {
                if !found.contains_key(behind) {
                    found.insert(*behind, Some(number));
                    way.push(*behind);
                }
            }
        }
        None
    }

    fn enter(&mut self, newcomer: Newcomer, before: Before, alarms: &mut Vec<Alarm>) -> Admitted {
        let Newcomer { declared, work, cause } = newcomer;
        let Declared { name, after: _, reads, writes, priority, cost: _, terms } = declared;
        let Before { known: before, unknown } = before;
        let number = self.next;
        self.next += 1;
        let known = before.iter().filter_map(|number| self.units.get(number)).map(|it| &it.known);
        let known: Vec<Arc<Known>> = known.cloned().collect();
        let names = known.iter().map(|known| &known.name).chain(&unknown);
        let me = Known::new(number, Arc::clone(&name), names.cloned().collect(), cause);
        let me = Arc::new(me);
        let member = Arc::new(Member::new(Arc::clone(&me), work, terms, priority));
        let (mut missing, mut ended) = (unknown.len(), None);
        for (number, known) in before.iter().zip(known) {
            match self.open_mut(*number) {
                Some(open) => {
                    open.behind.push(me.number);
                    missing += 1;
                }
                None if known.state() == State::Completed => {}
                None => ended = ended.or_else(|| Some(Arc::clone(&known))),
            }
            member.wait_for(known);
        }
        let behind = self.resolve(&me, alarms);
        let resources = match ended {
            None => self.resources.add(number, reads, writes),
            Some(_) => Box::default(), // nobody need wait for it
        };
        let mut open = Open {
            member: Arc::clone(&member),
            behind,
            missing,
            unknown: Vec::new(),
            alarm: None,
            resources,
        };
        let admitted = if let Some(before) = ended {
            let is_cancelled = before.state() == State::Cancelled;
            let end = if is_cancelled { State::Cancelled } else { State::Skipped };
            me.share(before.root(), end);
            Admitted::Ended(member)
        } else if !unknown.is_empty() {
            self.held += 1;
            open.missing += 1;
            for name in &unknown {
                self.awaited.entry(Arc::clone(name)).or_default().insert(number);
            }
            open.unknown.clone_from(&unknown);
            Admitted::Held(member, unknown)
        } else if missing == 0 {
            self.make_ready(member);
            Admitted::Ready
        } else {
            Admitted::Waiting
        };
        self.open += 1;
        self.names.insert(name, number);
        self.units.insert(number, Entry { known: me, open: Some(open) });
        admitted
    }

    /// Those that waited for it when it was unknown know it now.
    fn resolve(&mut self, me: &Arc<Known>, alarms: &mut Vec<Alarm>) -> Vec<u64> {
        let behind = self.awaited.remove(&me.name).unwrap_or_default();
        let mut resolved = 0;
        for number in &behind {
            let Some(open) = self.open_mut(*number) else { continue };
            open.unknown.retain(|name| *name != me.name);
            open.member.wait_for(Arc::clone(me));
            if open.unknown.is_empty() {
                resolved += 1;
                alarms.extend(open.alarm.take());
            }
        }
        self.held -= resolved;
        behind.into_iter().collect()
    }

    /// That one is held has been told, and the alarm rings when that has been for long enough; it is given back if it is not
    /// held any more. Whether it is ready now.
    pub(crate) fn told_held(
        &mut self,
        number: u64,
        mut alarm: Option<Alarm>,
    ) -> (bool, Option<Alarm>) {
        if let Some(open) = self.open_mut(number)
            && !open.unknown.is_empty()
        {
            open.alarm = alarm.take();
        }
        (self.one_less(number), alarm)
    }
}
