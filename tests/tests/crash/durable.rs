//! [`Durables`]: what the durable subscriptions of a journal have done in all its lives, and what they have to have done.
//!
//! Their word is compared from both sides. What was told to be handled is an effect outside of the journal, which no crash takes
//! back: it is there for each number up to the position that is stored, and it is that of an event that is stored. The
//! account is an effect in the journal: at each moment it is the sum of what is stored up to its position.

use std::collections::{BTreeMap, HashMap};

use rem::EventId;
use rem_tests::crash::durable::Account;
use rem_tests::crash::{Name, Order, Plan};

use crate::ledger::Found;

/// What was told, by all lives so far.
#[derive(Debug, Default)]
pub(crate) struct Durables {
    /// Every event that ever was on the disk, whatever rules have let go.
    stored: BTreeMap<u64, Name>,
    /// What the one whose effects are told has done: a table by the ids of events, as a database has it.
    effects: HashMap<EventId, Name>,
    /// The ids by what they are the ids of.
    ids: HashMap<Name, EventId>,
    /// What it has handled in this life, in this order.
    handled: Vec<(u64, Name)>,
    /// Effects that were there already.
    again: u64,
    /// Whether it came to its end.
    pub(crate) is_closed: bool,
    /// The positions when they were looked at last.
    bills: u64,
    account: u64,
    /// How many events the account had then.
    count: u64,
}

/// What was done in one life.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Events that were handled and told.
    pub(crate) handled: u64,
    /// Those of them that had been before.
    pub(crate) again: u64,
    /// Events that came into the account.
    pub(crate) added: u64,
}

impl Durables {
    /// An effect was told.
    pub(crate) fn hear(
        &mut self,
        id: EventId,
        name: Name,
        sequence: u64,
        faults: &mut Vec<String>,
    ) {
        if let Some((last, _)) = self.handled.last().filter(|(last, _)| *last >= sequence) {
            faults.push(format!("{name:?}, number {sequence}, was handled behind number {last}"));
        }
        match self.effects.insert(id, name) {
            Some(other) if other != name => {
                faults.push(format!("{name:?} and {other:?} have the id {id}"));
            }
            Some(_) => self.again += 1,
            None => {}
        }
        if let Some(other) = self.ids.insert(name, id).filter(|other| *other != id) {
            faults.push(format!("the effect of {name:?} is there twice, by {other} and {id}"));
        }
        self.handled.push((sequence, name));
    }

    /// Takes in what the life that was heard last had on the disk: no event of it has a higher number than the newest that is
    /// there, which no rule lets go.
    pub(crate) fn store(&mut self, plan: &Plan, numbers: &BTreeMap<u64, Name>, found: &Found) {
        let newest = found.events.iter().rev().find(|event| event.name.life == plan.life);
        let Some(newest) = newest else { return };
        let its = numbers.range(..=newest.sequence).filter(|(_, name)| name.life == plan.life);
        self.stored.extend(its.map(|(sequence, name)| (*sequence, *name)));
    }

    /// Compares what was told with what is there, after the life that was heard last.
    pub(crate) fn check(&mut self, found: &Found, faults: &mut Vec<String>) -> Done {
        self.check_bills(found, faults);
        let account = match &found.durables.note {
            Some(note) => Account::of(note).unwrap_or_else(|error| {
                faults.push(format!("the account is none: {error}"));
                Account::default()
            }),
            None => Account::default(),
        };
        self.check_account(found, &account, faults);
        let done = Done {
            handled: self.handled.len() as u64,
            again: self.again,
            added: account.count.saturating_sub(self.count),
        };
        self.handled.clear();
        self.again = 0;
        self.count = account.count;
        (self.bills, self.account) = (found.durables.bills, found.durables.account);
        done
    }

    /// In one life it goes on behind its position, and handles what is stored in the order of the numbers, without a hole; its
    /// position is not above what it has handled.
    fn check_bills(&self, found: &Found, faults: &mut Vec<String>) {
        let (from, to) = (self.bills, found.durables.bills);
        if to < from {
            faults.push(format!("the position of the bills is {to} and was {from}"));
        }
        for (sequence, name) in &self.handled {
            if *sequence <= from {
                faults
                    .push(format!("{name:?}, number {sequence}, came behind the position {from}"));
            }
            if self.stored.get(sequence) != Some(name) {
                faults.push(format!("{name:?}, number {sequence}, was handled and never stored"));
            }
        }
        let last = self.handled.last().map_or(0, |(last, _)| *last);
        if self.is_closed && to < last {
            faults.push(format!("the position of the bills is {to} at the end, not {last}"));
        }
        let mut handled = self.handled.iter().map(|(sequence, _)| *sequence).peekable();
        for (sequence, name) in self.stored.range(from + 1..) {
            while handled.next_if(|handled| handled < sequence).is_some() {}
            if handled.peek() == Some(sequence) || found.has_let_go(*sequence, *name) {
                continue;
            }
            if *sequence <= to {
                let text =
                    format!("{name:?}, number {sequence}, was not handled and is below {to}");
                faults.push(text);
            } else if *sequence < last {
                faults.push(format!("{name:?}, number {sequence}, was skipped before {last}"));
            }
        }
    }

    /// It has each event up to its position once, in the order of the numbers, but for those that were told to be lost,
    /// which a rule has let go.
    fn check_account(&self, found: &Found, account: &Account, faults: &mut Vec<String>) {
        let position = found.durables.account;
        if position < self.account || account.count < self.count {
            let before = (self.account, self.count);
            faults.push(format!("the account is at {position}, {account:?} and was at {before:?}"));
        }
        if position < account.last {
            faults.push(format!("the account is at {position} and has {}", account.last));
        }
        let mut sum = Account::default();
        for (sequence, name) in self.stored.range(..=account.last.max(position)) {
            if !matches!(Order::of(*name), Order::Paid { .. }) {
                continue;
            }
            if account.has_lost(*sequence) {
                if !found.has_let_go(*sequence, *name) {
                    faults
                        .push(format!("{name:?}, number {sequence}, was no loss and told as one"));
                }
                continue;
            }
            if *sequence > account.last {
                faults.push(format!(
                    "{name:?}, number {sequence}, is below {position} and not in the account"
                ));
            }
            sum.add(*sequence, *name);
        }
        if (sum.count, sum.digest) != (account.count, account.digest) {
            faults
                .push(format!("the account has {} events, not these {}", account.count, sum.count));
        }
    }

    /// At the end nothing is left: each event was handled once at least, and each that is paid is in the account.
    pub(crate) fn check_end(&self, found: &Found, faults: &mut Vec<String>) {
        let newest = self.stored.last_key_value().map_or(0, |(newest, _)| *newest);
        // What it does not select is passed by, and noted now and then.
        let is_paid = |name: &Name| matches!(Order::of(*name), Order::Paid { .. });
        let mut paid = self.stored.iter().rev().filter(|(_, name)| is_paid(name));
        let paid = paid.next().map_or(0, |(newest, _)| *newest);
        for (what, position, newest) in
            [("bills", self.bills, newest), ("account", self.account, paid)]
        {
            if position < newest {
                faults.push(format!("the {what} end at {position}, and {newest} is there"));
            }
        }
        for (sequence, name) in &self.stored {
            if !self.ids.contains_key(name) && !found.has_let_go(*sequence, *name) {
                faults.push(format!("{name:?}, number {sequence}, was never handled"));
            }
        }
    }
}
