//! Commands: decided by a state, appended only while that holds, whoever else is about.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use rem_core::{Bus, Event, Ordering, Ring};
use rem_macros::EventType;
use rem_projections::{CommandError, Commands, Decide, Projection, Projector, WaitError};
use serde::{Deserialize, Serialize};

use crate::scenarios::{Draw, TooLittle};
use crate::support::{Account, Balances, SOON, bus, pay};

/// What 100,000 races are in a test that shares a machine with others.
const RACES: u64 = 100_000;

fn commands(bus: &Bus) -> Commands<Balances> {
    let balances = Projector::builder("balances").attach(bus, Balances::default()).unwrap();
    Commands::new(bus, &balances).attempts(u32::MAX).patience(SOON)
}

#[test]
fn a_command_is_decided_by_what_has_come_and_reads_its_own_writes() {
    let bus = bus();
    let commands = commands(&bus);
    pay(&bus, 1, 10);
    // It knows of the 10, whoever paid them.
    let done = commands.run(&Draw { id: 1, amount: 4 }).unwrap();
    assert_eq!((done.sequence(), done.decided_at, done.attempts), (2, 1, 1));
    let done = commands.run(&Draw { id: 1, amount: 6 }).unwrap();
    assert_eq!((done.sequence(), done.decided_at), (3, 2));
    let error = commands.run(&Draw { id: 1, amount: 1 }).unwrap_err();
    assert!(matches!(error, CommandError::Rejected(TooLittle(0))), "{error:?}");
    let done = commands.run(&Draw { id: 1, amount: 0 }).unwrap();
    assert!(done.receipts.is_empty(), "no event is a decision too");
}

/// Two writers draw from one account, and a third, who knows of no command, pays in: never is more drawn than there is, and
/// each draw that was reported is there once.
#[test]
fn two_writers_race_and_no_account_is_overdrawn() {
    for ordering in [Ordering::PerPublisher, Ordering::Total] {
        let bus = Bus::builder().history(Ring::events(1 << 20)).ordering(ordering).build();
        let commands = commands(&bus);
        let (drawn, rejected, attempts) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let races = if ordering == Ordering::Total { RACES / 10 } else { RACES };
        pay(&bus, 1, 3 * races / 4); // for every fourth of them at least
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..races / 2 {
                        match commands.run(&Draw { id: 1, amount: 3 }) {
                            Ok(done) => {
                                assert_eq!(done.receipts.len(), 1);
                                drawn.fetch_add(1, Relaxed);
                                attempts.fetch_add(u64::from(done.attempts), Relaxed);
                            }
                            Err(CommandError::Rejected(TooLittle(_))) => {
                                rejected.fetch_add(1, Relaxed);
                            }
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                });
            }
            scope.spawn(|| {
                for round in 0..races {
                    pay(&bus, if round % 2 == 0 { 1 } else { 2 }, 1); // of 2, which is no business of 1
                }
            });
        });
        // By the events alone, whatever any state says.
        let (mut balance, mut found) = (0_u64, 0);
        for event in bus.query("account.1.**").unwrap().iter::<Account>() {
            match event.data {
                Account::Paid { amount, .. } => balance += amount,
                Account::Drawn { amount, .. } => {
                    found += 1;
                    balance = balance.checked_sub(amount).expect("never overdrawn");
                }
                Account::Opened { .. } => {}
            }
        }
        assert_eq!(found, drawn.load(Relaxed), "none lost, none doubled");
        assert_eq!(drawn.load(Relaxed) + rejected.load(Relaxed), races / 2 * 2);
        let last = u64::try_from(bus.query("**").unwrap().count()).unwrap();
        let state = commands.projector().wait_for(last, SOON).unwrap();
        assert_eq!(state.of.get(&1).copied().unwrap_or_default(), balance);
        assert!(found >= races / 4 && attempts.load(Relaxed) >= found);
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "seat")]
enum Seat {
    #[event(topic = "{seat}.sold")]
    Sold { seat: u32, to: u64 },
    /// A booking of two seats is two events, or none.
    #[event(topic = "{seat}.paired")]
    Paired { seat: u32, with: u32 },
}

#[derive(Clone, Default)]
struct Seats(BTreeMap<u32, u64>);

impl Projection for Seats {
    type Event = Seat;

    fn apply(&mut self, event: &Event<Seat>) {
        if let Seat::Sold { seat, to } = event.data {
            self.0.entry(seat).or_insert(to);
        }
    }
}

/// Both or none.
struct BuyPair(u32, u32, u64);

impl Decide<BuyPair> for Seats {
    type Decided = Seat;
    type Rejection = &'static str;

    fn reads(BuyPair(one, two, _): &BuyPair) -> String {
        format!("seat.{one}.**,seat.{two}.**")
    }

    fn decide(&self, &BuyPair(one, two, to): &BuyPair) -> Result<Vec<Seat>, &'static str> {
        if self.0.contains_key(&one) || self.0.contains_key(&two) {
            return Err("taken");
        }
        let sold = [one, two].map(|seat| Seat::Sold { seat, to });
        Ok(sold.into_iter().chain([Seat::Paired { seat: one, with: two }]).collect())
    }
}

#[test]
fn no_seat_is_sold_twice_and_a_pair_is_sold_whole() {
    const SEATS: u32 = 2_000;
    let bus = bus();
    let seats = Projector::builder("seats").attach(&bus, Seats::default()).unwrap();
    // Each from a handle of its own, so that they know of one another by what they read alone.
    let sold: Vec<u64> = thread::scope(|scope| {
        let buyers = [1, 2].map(|buyer| {
            let commands = Commands::new(&bus, &seats).attempts(u32::MAX).patience(SOON);
            scope.spawn(move || {
                let pairs = (0..SEATS).map(|at| (at, (at + buyer) % SEATS));
                let bought = pairs.filter(|(one, two)| {
                    let command = BuyPair(*one, *two, u64::from(buyer));
                    match commands.run(&command) {
                        Ok(done) => {
                            let numbers: Vec<_> = done
                                .receipts
                                .iter()
                                .filter_map(rem_core::Receipt::sequence)
                                .collect();
                            assert_eq!(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2]);
                            true
                        }
                        Err(CommandError::Rejected("taken")) => false,
                        Err(other) => panic!("{other:?}"),
                    }
                });
                u64::try_from(bought.count()).unwrap()
            })
        });
        buyers.into_iter().map(|buyer| buyer.join().unwrap()).collect()
    });
    let mut owners = BTreeMap::new();
    for event in bus.query("seat.*.sold").unwrap().iter::<Seat>() {
        if let Seat::Sold { seat, to } = event.data {
            assert_eq!(owners.insert(seat, to), None, "seat {seat} was sold twice");
        }
    }
    for (buyer, sold) in (1..).zip(sold) {
        let owned = owners.values().filter(|owner| **owner == buyer).count();
        assert_eq!(u64::try_from(owned).unwrap(), 2 * sold, "buyer {buyer}");
    }
}

struct Panics;

impl Decide<Panics> for Balances {
    type Decided = Account;
    type Rejection = TooLittle;

    fn reads(_: &Panics) -> String {
        "account".into()
    }

    fn decide(&self, _: &Panics) -> Result<Vec<Account>, TooLittle> {
        panic!("undecided")
    }
}

/// Reads a pattern that is none.
struct NoPattern;

impl Decide<NoPattern> for Balances {
    type Decided = Account;
    type Rejection = TooLittle;

    fn reads(_: &NoPattern) -> String {
        "account..1".into()
    }

    fn decide(&self, _: &NoPattern) -> Result<Vec<Account>, TooLittle> {
        Ok(vec![Account::Opened { id: 1 }])
    }
}

#[test]
fn what_cannot_be_carried_out_is_an_error_and_leaves_nothing() {
    let bus = bus();
    let commands = commands(&bus).patience(Duration::from_millis(50));
    let error = commands.run(&Panics).unwrap_err();
    assert!(
        matches!(&error, CommandError::Panicked { panic } if &**panic == "undecided"),
        "{error:?}"
    );
    let error = commands.run(&NoPattern).unwrap_err();
    assert!(matches!(error, CommandError::Append { .. }), "{error:?}");
    assert_eq!(bus.query("**").unwrap().count(), 0);

    // A state that stands still decides nothing: it is older than the command.
    let bad = Account::Drawn { id: 1, amount: 1 };
    bus.publish(bad).unwrap();
    let error = commands.run(&Draw { id: 2, amount: 0 }).unwrap_err();
    assert!(matches!(error, CommandError::Wait(WaitError::Failed(_))), "{error:?}");
}

/// An account into which somebody pays whenever it is looked at.
#[derive(Clone)]
struct Busy(Bus);

impl Projection for Busy {
    type Event = Account;

    fn apply(&mut self, _: &Event<Account>) {}
}

struct Close;

impl Decide<Close> for Busy {
    type Decided = Account;
    type Rejection = String;

    fn reads(_: &Close) -> String {
        "account.1".into()
    }

    fn decide(&self, _: &Close) -> Result<Vec<Account>, String> {
        pay(&self.0, 1, 1);
        Ok(vec![Account::Opened { id: 1 }])
    }
}

#[test]
fn who_is_never_first_is_told_so() {
    let bus = bus();
    let busy = Projector::builder("busy").attach(&bus, Busy(bus.clone())).unwrap();
    let error = Commands::new(&bus, &busy).attempts(5).run(&Close).unwrap_err();
    assert!(matches!(error, CommandError::Contended { attempts: 5, sequence: 5 }), "{error:?}");
    assert_eq!(bus.query("account.1.opened").unwrap().count(), 0);
}
