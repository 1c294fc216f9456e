//! [`Ledger`]: what the lives of one journal have told, and what has to be in it therefore.

use std::collections::{BTreeMap, HashMap, HashSet};

use rem_tests::crash::{Name, Order, Pace, Plan, Told, snapshot_of};

use crate::durable::{Done, Durables};

/// What was told, by all lives so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What was published, or tried.
    about: HashSet<Name>,
    refused: HashSet<Name>,
    /// Every number that was ever told, and every one that was found, with whose it is.
    numbers: BTreeMap<u64, Name>,
    /// Those of events that only memory had.
    spent: HashSet<u64>,
    /// The numbers of the events that have to be there.
    acknowledged: BTreeMap<u64, Name>,
    /// The first number that the next life may give out: exactly that behind a clean end.
    next: Next,
    position: u64,
    snapshot: u64,
    durables: Durables,
    /// What is not as it should be.
    faults: Vec<String>,
}

#[derive(Debug)]
enum Next {
    AtLeast(u64),
    Exactly(u64),
}

impl Default for Next {
    fn default() -> Self {
        Self::Exactly(1)
    }
}

/// What is in a journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) events: Vec<FoundEvent>,
    /// Up to which number the rules let go: that for all, and that for the events viewed.
    pub(crate) let_go: (u64, u64),
    pub(crate) position: u64,
    pub(crate) snapshot: Option<(u64, Vec<u8>)>,
    pub(crate) durables: FoundDurables,
    /// What is wrong with the file itself.
    pub(crate) damages: Vec<String>,
}

/// What is in a journal of the two durable subscriptions.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundDurables {
    /// The position of the one whose effects are told.
    pub(crate) bills: u64,
    /// The position of the one that keeps its effect there.
    pub(crate) account: u64,
    /// That effect.
    pub(crate) note: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundEvent {
    pub(crate) sequence: u64,
    pub(crate) name: Name,
    /// Whether data and source are what the name says.
    pub(crate) is_whole: bool,
}

/// What one look at a journal has checked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Events that were acknowledged in this life.
    pub(crate) acknowledged: u64,
    /// Those of them that rules have let go.
    pub(crate) let_go: u64,
    /// Events that were found, of all lives.
    pub(crate) found: u64,
    /// Numbers of this life that are nobody's any more: not on the disk, and not acknowledged.
    pub(crate) lost: u64,
    /// What durable subscriptions have done in this life.
    pub(crate) done: Done,
}

impl Found {
    /// Whether a rule let that event go.
    pub(crate) fn has_let_go(&self, sequence: u64, name: Name) -> bool {
        let (all, viewed) = self.let_go;
        sequence <= all || (sequence <= viewed && Order::of(name).is_viewed())
    }
}

impl Ledger {
    /// Takes in what one life told, and whether it came to its end.
    pub(crate) fn hear(&mut self, plan: &Plan, told: &[Told], is_closed: bool) {
        let mut up_to = 0;
        let mut own = BTreeMap::new();
        for told in told {
            match told {
                Told::Open(first) => self.open(plan, *first),
                Told::About(name) => {
                    self.about.insert(*name);
                }
                Told::Numbered(name, sequence) => {
                    self.number(*sequence, *name, "was told");
                    own.insert(*sequence, *name);
                    if plan.pace == Pace::EveryEvent {
                        self.acknowledged.insert(*sequence, *name);
                    }
                }
                Told::Spent(sequence) => {
                    if !self.spent.insert(*sequence) || self.numbers.contains_key(sequence) {
                        self.faults.push(format!("number {sequence} was given out twice"));
                    }
                }
                // All that was numbered before it is on the disk with it, whoever published it.
                Told::Acknowledged(sequence) => up_to = up_to.max(*sequence),
                Told::Refused(name) => {
                    self.refused.insert(*name);
                }
                Told::Position(sequence) => self.position = self.position.max(*sequence),
                Told::Snapshot(sequence) => self.snapshot = self.snapshot.max(*sequence),
                Told::Handled { id, name, sequence } => {
                    if !self.about.contains(name) {
                        let text = format!("{name:?} was never published, and was handled");
                        self.faults.push(text);
                    }
                    self.number(*sequence, *name, "was handled");
                    self.durables.hear(*id, *name, *sequence, &mut self.faults);
                }
                Told::Closed => {}
                Told::Fault(fault) => self.faults.push(format!("{plan:?}: {fault}")),
            }
        }
        self.durables.is_closed = is_closed;
        if is_closed {
            up_to = u64::MAX;
        }
        self.acknowledged.extend(own.range(..=up_to).map(|(sequence, name)| (*sequence, *name)));
        if told.iter().any(|told| matches!(told, Told::Open(_))) {
            let numbers = self.numbers.last_key_value().map(|(highest, _)| *highest);
            let highest = numbers.max(self.spent.iter().max().copied()).unwrap_or(0);
            let next = (highest + 1).max(self.next.least());
            self.next = if is_closed { Next::Exactly(next) } else { Next::AtLeast(next) };
        } else if !is_closed {
            // It may have reserved numbers before it could say so.
            self.next = Next::AtLeast(self.next.least());
        }
    }

    fn open(&mut self, plan: &Plan, first: u64) {
        let holds = match self.next {
            Next::AtLeast(next) => first >= next,
            Next::Exactly(next) => first == next,
        };
        if !holds {
            self.faults.push(format!(
                "life {} begins with number {first} and should with {:?}",
                plan.life, self.next
            ));
        }
        self.next = Next::AtLeast(first);
    }

    fn number(&mut self, sequence: u64, name: Name, how: &str) {
        if self.spent.contains(&sequence) {
            self.faults
                .push(format!("number {sequence} {how} of {name:?} and was given out before"));
        }
        if let Some(other) = self.numbers.insert(sequence, name).filter(|other| *other != name) {
            self.faults
                .push(format!("number {sequence} {how} of {name:?} and is that of {other:?}"));
        }
    }

    /// Compares what was told with what is there, after the life that was heard last.
    pub(crate) fn check(&mut self, plan: &Plan, found: &Found) -> Checked {
        self.faults.extend(found.damages.iter().cloned());
        let by_number = self.check_events(found);
        self.check_orders(found);
        let mut checked = self.check_losses(plan, found, &by_number);
        self.durables.store(plan, &self.numbers, found);
        checked.done = self.durables.check(found, &mut self.faults);
        if found.position < self.position {
            let text = format!("the position is {} and was {}", found.position, self.position);
            self.faults.push(text);
        }
        let snapshot = found.snapshot.as_ref().map_or(0, |(sequence, _)| *sequence);
        if snapshot < self.snapshot {
            self.faults.push(format!(
                "the snapshot is of {snapshot}, one of {} was stored",
                self.snapshot
            ));
        }
        if let Some((sequence, bytes)) = &found.snapshot
            && *bytes != snapshot_of(*sequence)
        {
            self.faults.push(format!("the snapshot of {sequence} is another"));
        }
        checked
    }

    /// Each event is one that was published, as it was published, under a number of its own.
    fn check_events(&mut self, found: &Found) -> HashMap<u64, Name> {
        let mut by_number = HashMap::new();
        let mut by_name = HashMap::new();
        for event in &found.events {
            let FoundEvent { sequence, name, .. } = *event;
            if !self.about.contains(&name) {
                self.faults.push(format!("{name:?} was never published, and is number {sequence}"));
            }
            if self.refused.contains(&name) {
                self.faults.push(format!("{name:?} was refused, and is number {sequence}"));
            }
            if !event.is_whole {
                self.faults
                    .push(format!("{name:?}, number {sequence}, is not as it was published"));
            }
            if let Some(twice) = by_name.insert(name, sequence) {
                self.faults.push(format!("{name:?} is there twice, as {twice} and {sequence}"));
            }
            by_number.insert(sequence, name);
            self.number(sequence, name, "was found");
        }
        by_number
    }

    /// Events are in the order of their numbers, those of a publisher in that in which it published them.
    fn check_orders(&mut self, found: &Found) {
        let mut newest: HashMap<(u64, u64), u64> = HashMap::new();
        let (mut last, mut life) = (0, 0);
        for FoundEvent { sequence, name, .. } in &found.events {
            if *sequence <= last || name.life < life {
                self.faults
                    .push(format!("{name:?}, number {sequence}, comes behind number {last}"));
            }
            (last, life) = (*sequence, name.life);
            let before = newest.insert((name.life, name.publisher), name.number);
            if before.is_some_and(|before| before >= name.number) {
                self.faults.push(format!("{name:?}, number {sequence}, comes behind {before:?}"));
            }
        }
    }

    /// What was acknowledged is there, and what is there has no hole before it, but for what rules let go.
    fn check_losses(&mut self, plan: &Plan, found: &Found, there: &HashMap<u64, Name>) -> Checked {
        let all = found.let_go.0;
        let mut checked = Checked { found: found.events.len() as u64, ..Checked::default() };
        for (sequence, name) in &self.acknowledged {
            let is_there = there.contains_key(sequence);
            let gone = found.has_let_go(*sequence, *name);
            if name.life == plan.life {
                checked.acknowledged += 1;
                checked.let_go += u64::from(gone);
            }
            if !is_there && !gone {
                self.faults
                    .push(format!("{name:?}, number {sequence}, was acknowledged and is lost"));
            }
        }
        for event in
            found.events.iter().filter(|event| found.has_let_go(event.sequence, event.name))
        {
            self.faults.push(format!("{:?} is there and was let go", event.name));
        }
        if all > 0 && (found.events.len() as u64) < Plan::KEPT {
            let text = format!("{} events are kept of {}", found.events.len(), Plan::KEPT);
            self.faults.push(text);
        }
        // What one life had on the disk has no hole.
        let mut ends: HashMap<u64, u64> = HashMap::new();
        for event in &found.events {
            ends.insert(event.name.life, event.sequence);
        }
        for (sequence, name) in &self.numbers {
            let end = ends.get(&name.life).copied().unwrap_or(0);
            if there.contains_key(sequence) || found.has_let_go(*sequence, *name) {
                continue;
            }
            if *sequence < end {
                self.faults.push(format!("{name:?}, number {sequence}, is missing before {end}"));
            }
            checked.lost += u64::from(name.life == plan.life);
        }
        checked
    }

    /// Looks once more at the end of all lives, when durable subscriptions have had time for all that there is.
    pub(crate) fn check_end(&mut self, plan: &Plan, found: &Found) -> Checked {
        let checked = self.check(plan, found);
        self.durables.check_end(found, &mut self.faults);
        checked
    }

    /// What was not as it should be, since it was asked last.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }
}

impl Next {
    fn least(&self) -> u64 {
        let (Self::AtLeast(next) | Self::Exactly(next)) = self;
        *next
    }
}
