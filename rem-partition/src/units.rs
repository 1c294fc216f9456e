//! [`Units`]: the units of a partitioner, which come while others run: who is there, who waits for whom, who is ready.
//!
//! All of it is behind one lock, for a set that grows has no tree of a fixed size as the units of a plan have ([`crate::ready`]).
//! It is held for the time of one step: a look-up for each direct dependency, the search for a cycle, or the way to the next
//! unit that is open. No user code runs under it, nothing is dropped there that a user gave, and nobody waits.
//!
//! A unit ends in two steps. Whoever *claims* it decides how it ends, once, and nobody else does; then that is told; then it is
//! *settled*: those behind it become ready, or share its end, each of which is claimed there, told and settled in its turn. So
//! what a unit causes never begins before it is told.
//!
//! Of units that are ready the one of the highest priority begins first, then the oldest. The longest work behind a unit, which
//! decides in a plan, is not known here: what comes later may stand behind anything, so that an order by what has come until
//! now would follow the haste of publishers and not the work; and each arrival at the end of a chain would change the whole of it.

mod admit;
mod end;
mod past;
mod resources;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::task::Waker;

use foldhash::fast::RandomState;
use rem_core::__private::Alarm;

use crate::member::{Known, Member};
use crate::state::State;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};

pub(crate) use admit::{Admitted, Leftover, Newcomer};
pub(crate) use end::{By, Claimed};
use past::Past;
use resources::Resources;

/// How much there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Units that have not ended.
    pub(crate) open: usize,
    /// Of these, those that wait for what is unknown.
    pub(crate) held: usize,
    /// Units that have ended.
    pub(crate) remembered: usize,
}

/// The units of a partitioner.
pub(crate) struct Units {
    set: Mutex<Set>,
    /// How many are ready: to be looked at without the lock.
    ready: AtomicUsize,
}

/// What there is.
pub(crate) struct Set {
    limits: Limits,
    /// Those that have not ended, and those that are remembered, by their numbers.
    units: BTreeMap<u64, Entry>,
    names: HashMap<Arc<str>, u64, RandomState>,
    ready: BTreeMap<Turn, Arc<Member>>,
    /// Names that are unknown, with who waits for them.
    awaited: HashMap<Arc<str>, BTreeSet<u64>, RandomState>,
    resources: Resources,
    past: Past,
    next: u64,
    open: usize,
    held: usize,
    came: u64,
    /// How many came to which end, from `Completed` on.
    ends: [u64; 5],
    is_closed: bool,
    /// Who waits until none is open.
    waiters: BTreeMap<u64, Waker>,
    next_waiter: u64,
}

/// In which order they begin.
type Turn = (Reverse<i32>, u64);

/// One unit.
struct Entry {
    known: Arc<Known>,
    /// `None` when it is settled.
    open: Option<Open>,
}

/// What is kept of one that is not settled.
struct Open {
    member: Arc<Member>,
    /// Who waits for it.
    behind: Vec<u64>,
    /// How many it waits for, those that are unknown among them; one more while it is told that it is held.
    missing: usize,
    unknown: Vec<Arc<str>>,
    /// Rings when it has been held for long enough.
    alarm: Option<Alarm>,
    resources: Box<[Arc<str>]>,
}

/// How many there are, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) came: u64,
    pub(crate) ends: [u64; 5],
    pub(crate) open: usize,
    pub(crate) held: usize,
    pub(crate) remembered: usize,
}

impl Units {
    pub(crate) fn new(limits: Limits) -> Self {
        let set = Set {
            limits,
            units: BTreeMap::new(),
            names: HashMap::default(),
            ready: BTreeMap::new(),
            awaited: HashMap::default(),
            resources: Resources::default(),
            past: Past::new(limits.remembered),
            next: 0,
            open: 0,
            held: 0,
            came: 0,
            ends: [0; 5],
            is_closed: false,
            waiters: BTreeMap::new(),
            next_waiter: 0,
        };
        Self { set: Mutex::new(set), ready: AtomicUsize::new(0) }
    }

    /// Does one step. What it gives back is dropped by the caller, under no lock.
    pub(crate) fn step<R>(&self, step: impl FnOnce(&mut Set) -> R) -> R {
        let mut set = lock(&self.set);
        let done = step(&mut set);
        self.ready.store(set.ready.len(), Ordering::Release);
        done
    }

    /// Whether none is ready, by who has told all others that it goes to rest: who makes one ready stores that first, and then
    /// changes the number that was changed by who goes.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.load(Ordering::Acquire) == 0
    }
}

impl Set {
    /// The first that is ready, which is running from now on.
    pub(crate) fn take(&mut self) -> Option<Arc<Member>> {
        let (_, member) = self.ready.pop_first()?;
        member.known.set(State::Running);
        Some(member)
    }

    /// Within a step: it runs no longer, and is to be tried again; whether it was running.
    pub(crate) fn pause(member: &Member) -> bool {
        let was = member.known.state() == State::Running;
        if was {
            member.known.set(State::Paused);
        }
        was
    }

    /// It is to be tried again now, if it still waits for that.
    pub(crate) fn again(&mut self, member: &Arc<Member>) -> bool {
        let was = member.known.state() == State::Paused;
        if was {
            self.make_ready(Arc::clone(member));
        }
        was
    }

    fn make_ready(&mut self, member: Arc<Member>) {
        member.known.set(State::Ready);
        self.ready.insert(turn(&member), member);
    }

    /// It waits for one less: whether it is ready now.
    fn one_less(&mut self, number: u64) -> bool {
        let Some(open) = self.open_mut(number) else { return false };
        open.missing = open.missing.saturating_sub(1);
        let is_ready = open.missing == 0 && open.member.known.state() == State::Waiting;
        if is_ready {
            let member = Arc::clone(&open.member);
            self.make_ready(member);
        }
        is_ready
    }

    fn open_mut(&mut self, number: u64) -> Option<&mut Open> {
        self.units.get_mut(&number)?.open.as_mut()
    }

    /// The number and what is known of the unit of that name, and whether it is settled.
    pub(crate) fn find(&self, name: &str) -> Option<(&Arc<Known>, bool)> {
        let entry = self.units.get(self.names.get(name)?)?;
        Some((&entry.known, entry.open.is_none()))
    }

    /// The name of the unit of that number.
    pub(crate) fn name(&self, number: u64) -> Option<Arc<str>> {
        self.units.get(&number).map(|entry| Arc::clone(&entry.known.name))
    }

    /// What it waits for that is unknown.
    pub(crate) fn unknown(&self, number: u64) -> &[Arc<str>] {
        let open = self.units.get(&number).and_then(|entry| entry.open.as_ref());
        open.map_or(&[], |open| &open.unknown)
    }

    /// Whether a unit of that name has ended, and is not remembered.
    pub(crate) fn is_gone(&self, name: &str) -> bool {
        self.past.is_gone(name)
    }

    /// The first that is not settled, from that number on.
    pub(crate) fn next_open(&self, from: u64) -> Option<u64> {
        let mut open = self.units.range(from..).filter(|(_, entry)| entry.open.is_some());
        open.next().map(|(number, _)| *number)
    }

    /// All that are remembered, in the order of arrival.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Known>> + '_ {
        self.units.values().map(|entry| &entry.known)
    }

    /// The number that the next to come will have.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn numbers(&self) -> Numbers {
        Numbers {
            came: self.came,
            ends: self.ends,
            open: self.open,
            held: self.held,
            remembered: self.past.len(),
        }
    }

    /// From now on none is taken.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// One that came was no unit.
    pub(crate) fn turn_away(&mut self) {
        self.came += 1;
        self.ends[State::Refused as usize - State::Completed as usize] += 1;
    }

    /// Whether none is open. If some are, `waker` is woken then, in the place of the one that waits at `place`; gives back what
    /// is not needed.
    pub(crate) fn is_settled(
        &mut self,
        place: &mut Option<u64>,
        waker: Waker,
    ) -> (bool, Option<Waker>) {
        if self.open == 0 {
            return (true, Some(waker));
        }
        let place = *place.get_or_insert_with(|| {
            self.next_waiter += 1;
            self.next_waiter
        });
        (false, self.waiters.insert(place, waker))
    }

    /// Who waits there does no longer.
    pub(crate) fn forget_waiter(&mut self, place: u64) -> Option<Waker> {
        self.waiters.remove(&place)
    }
}

fn turn(member: &Member) -> Turn {
    (Reverse(member.priority), member.number())
}
