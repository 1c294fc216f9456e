//! That what compares can fail: each fault that a journal could have is found.

use rem::EventId;
use rem_tests::crash::durable::Account;
use rem_tests::crash::{Name, Order, Pace, Plan, Told, draw, snapshot_of};

use crate::ledger::{Found, FoundDurables, FoundEvent, Ledger};

fn plan(life: u64, pace: Pace) -> Plan {
    let path = "journal.rem".into();
    Plan { path, life, seed: 1, pace, publishers: 1, backlog: 64, retains: true }
}

/// The first events of a publisher that nothing refuses, and that only the rule for all lets go.
fn names(life: u64, count: usize) -> Vec<Name> {
    let named = (0..).map(|number| plan(life, Pace::Every).name(0, number));
    let plain = named.filter(|name| matches!(Order::of(*name), Order::Paid { .. }));
    plain.take(count).collect()
}

/// A life that published three events, numbered 1 to 3, of which the second is acknowledged.
fn told() -> Vec<Told> {
    let names = names(0, 3);
    let mut told = vec![Told::Open(1)];
    for (name, sequence) in names.iter().zip(1..) {
        told.extend([Told::About(*name), Told::Numbered(*name, sequence)]);
    }
    told.extend([Told::Acknowledged(2), Told::Position(2), Told::Snapshot(1)]);
    told.extend([handled(names[0], 1), handled(names[1], 2)]);
    told
}

fn handled(name: Name, sequence: u64) -> Told {
    Told::Handled { id: id_of(name), name, sequence }
}

fn id_of(name: Name) -> EventId {
    format!("01890a5d-ac96-774b-8cce-{:012x}", draw(name) >> 16).parse().unwrap()
}

/// The account of some of them.
fn account(events: &[(u64, Name)]) -> Account {
    let mut account = Account::default();
    for (sequence, name) in events {
        account.add(*sequence, *name);
    }
    account
}

fn note(account: &Account) -> Vec<u8> {
    serde_json::to_vec(account).unwrap()
}

/// What has to be there then.
fn found() -> Found {
    let events = names(0, 2).into_iter().zip(1..).map(|(name, sequence)| event(name, sequence));
    let snapshot = Some((1, snapshot_of(1)));
    let note = Some(note(&account(&[(1, names(0, 1)[0]), (2, names(0, 2)[1])])));
    let durables = FoundDurables { bills: 2, account: 2, note };
    Found { events: events.collect(), position: 2, snapshot, durables, ..Found::default() }
}

fn event(name: Name, sequence: u64) -> FoundEvent {
    FoundEvent { sequence, name, is_whole: true }
}

fn faults(pace: Pace, told: &[Told], is_closed: bool, found: &Found) -> Vec<String> {
    let plan = plan(0, pace);
    let mut ledger = Ledger::default();
    ledger.hear(&plan, told, is_closed);
    ledger.check(&plan, found);
    ledger.faults()
}

#[test]
fn what_is_as_it_should_be_has_no_fault() {
    assert_eq!(faults(Pace::Every, &told(), false, &found()), Vec::<String>::new());
}

type Change = Box<dyn Fn(&mut Found)>;

#[test]
fn each_fault_of_a_journal_is_found() {
    let names = names(0, 3);
    let ([first, second], third) = ([(1, names[0]), (2, names[1])], names[2]);
    let [twice, turned] = [&[first, second, second][..], &[second, first]].map(|events| {
        let account = account(events);
        note(&Account { last: 2, ..account })
    });
    let gone = note(&Account { lost: vec![(2, 2)], last: 2, ..account(&[first]) });
    let cases: Vec<(&str, Change)> = vec![
        ("was acknowledged and is lost", Box::new(|found| found.events.truncate(1))),
        ("is missing before", Box::new(move |found| found.events[1] = event(third, 3))),
        (
            "was never published",
            Box::new(|found| found.events.push(event(self::names(7, 1)[0], 9))),
        ),
        ("is not as it was published", Box::new(|found| found.events[0].is_whole = false)),
        ("comes behind number", Box::new(|found| found.events.swap(0, 1))),
        ("is there twice", Box::new(|found| found.events.push(event(found.events[0].name, 4)))),
        ("is that of", Box::new(|found| found.events[0].sequence = 3)),
        ("is there and was let go", Box::new(|found| found.let_go = (1, 0))),
        ("events are kept of", Box::new(|found| found.let_go = (2, 0))),
        ("the position is 1 and was 2", Box::new(|found| found.position = 1)),
        ("one of 1 was stored", Box::new(|found| found.snapshot = None)),
        (
            "the snapshot of 1 is another",
            Box::new(|found| {
                found.snapshot = Some((1, snapshot_of(2)));
            }),
        ),
        (
            "was not handled and is below 3",
            Box::new(move |found| {
                found.events.push(event(third, 3));
                found.durables.bills = 3;
            }),
        ),
        ("the account has 2 events, not these 1", Box::new(|found| found.events.truncate(1))),
        ("the account is none", Box::new(|found| found.durables.note = Some(vec![0]))),
        ("not in the account", Box::new(|found| found.durables.note = None)),
        ("the account is at 1 and has 2", Box::new(|found| found.durables.account = 1)),
        (
            "the account has 3 events",
            Box::new(move |found| found.durables.note = Some(twice.clone())),
        ),
        (
            "the account has 2 events",
            Box::new(move |found| found.durables.note = Some(turned.clone())),
        ),
        (
            "was no loss and told as one",
            Box::new(move |found| found.durables.note = Some(gone.clone())),
        ),
        ("a page", Box::new(|found| found.damages.push("a page".to_owned()))),
    ];
    for (fault, change) in cases {
        let mut found = found();
        change(&mut found);
        let faults = faults(Pace::Every, &told(), false, &found);
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
    }
}

#[test]
fn each_fault_of_a_life_is_found() {
    let name = names(0, 1)[0];
    let other = names(0, 4)[3];
    let cases = [
        ("was refused, and is number 1", vec![Told::Refused(name)]),
        ("is that of", vec![Told::About(other), Told::Numbered(other, 2)]),
        ("was given out twice", vec![Told::Spent(1)]),
        ("was given out twice", vec![Told::Spent(9), Told::Spent(9)]),
        ("it broke", vec![Told::Fault("it broke".to_owned())]),
        ("was never published, and was handled", vec![handled(other, 9)]),
        ("was handled behind number 2", vec![handled(name, 1)]),
        ("was handled and never stored", vec![handled(names(0, 3)[2], 3)]),
        ("have the id", vec![Told::Handled { id: id_of(name), name: other, sequence: 9 }]),
        ("is there twice, by", vec![Told::Handled { id: id_of(other), name, sequence: 9 }]),
    ];
    for (fault, more) in cases {
        let told = [told(), more].concat();
        let faults = faults(Pace::Every, &told, false, &found());
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
    }
}

#[test]
fn every_event_and_a_clean_end_owe_all_that_was_published() {
    for (pace, is_closed) in [(Pace::EveryEvent, false), (Pace::OnClose, true)] {
        let faults = faults(pace, &told(), is_closed, &found());
        assert!(faults[0].contains("number 3, was acknowledged and is lost"), "{faults:?}");
    }
}

#[test]
fn numbers_go_on_behind_all_that_was_given_out() {
    for (first, is_closed, is_fault) in
        [(3, false, true), (4, false, false), (99, false, false), (4, true, false), (5, true, true)]
    {
        let mut ledger = Ledger::default();
        ledger.hear(&plan(0, Pace::Every), &told(), is_closed);
        ledger.hear(&plan(1, Pace::Every), &[Told::Open(first)], false);
        let faults = ledger.faults();
        assert_eq!(!faults.is_empty(), is_fault, "{first}: {faults:?}");
    }
}

#[test]
fn each_fault_of_a_durable_subscription_over_two_lives_is_found() {
    let names = names(0, 3);
    // The third event is stored after all, and handled in the second life.
    let more = [event(names[2], 3)];
    let sum = [(1, names[0]), (2, names[1]), (3, names[2])];
    let whole = Found { events: [found().events, more.to_vec()].concat(), ..found() };
    let after = FoundDurables { bills: 3, account: 3, note: Some(note(&account(&sum))) };
    let cases = [
        ("", vec![handled(names[2], 3)], after.clone()),
        (
            "came behind the position 2",
            vec![handled(names[1], 2), handled(names[2], 3)],
            after.clone(),
        ),
        ("was not handled and is below 3", vec![], after.clone()),
        ("of the bills is 1 and was 2", vec![], FoundDurables { bills: 1, ..after.clone() }),
        ("and was at (2, 2)", vec![handled(names[2], 3)], found_with(&sum[..1], 3)),
        ("and was at (2, 2)", vec![handled(names[2], 3)], found_with(&sum[..1], 1)),
    ];
    for (fault, told_then, durables) in cases {
        let mut ledger = Ledger::default();
        let plan_then = plan(1, Pace::Every);
        ledger.hear(&plan(0, Pace::Every), &told(), false);
        ledger.check(&plan(0, Pace::Every), &whole);
        assert_eq!(ledger.faults(), Vec::<String>::new());
        ledger.hear(&plan_then, &told_then, false);
        ledger.check(&plan_then, &Found { durables, ..whole.clone() });
        let faults = ledger.faults();
        let is_found = faults.iter().any(|found| found.contains(fault));
        assert!(is_found != faults.is_empty(), "{fault}: {faults:?}");
        assert_eq!(faults.is_empty(), fault.is_empty(), "{fault}: {faults:?}");
    }
}

fn found_with(sum: &[(u64, Name)], position: u64) -> FoundDurables {
    FoundDurables { bills: 3, account: position, note: Some(note(&account(sum))) }
}

#[test]
fn what_durable_subscriptions_leave_at_the_end_is_found() {
    let cases: [(&str, Vec<Told>, Change); 4] = [
        ("the bills end at 1, and 2 is there", vec![], Box::new(|found| found.durables.bills = 1)),
        (
            "the position of the bills is 1 at the end",
            vec![],
            Box::new(|found| found.durables.bills = 1),
        ),
        ("the account end at 0", vec![], Box::new(|found| found.durables.account = 0)),
        (
            "was never handled",
            vec![handled(names(0, 3)[2], 3)],
            Box::new(|found| {
                found.events.push(event(names(0, 4)[3], 4));
            }),
        ),
    ];
    for (fault, more, change) in cases {
        let mut ledger = Ledger::default();
        let mut found = found();
        change(&mut found);
        let plan = plan(0, Pace::Every);
        ledger.hear(&plan, &[told(), more].concat(), true);
        ledger.check_end(&plan, &found);
        let faults = ledger.faults();
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
    }
}
