//! That what compares can fail: each fault that a journal could have is found.

use rem_tests::crash::{Name, Order, Pace, Plan, Told, snapshot_of};

use crate::ledger::{Found, FoundEvent, Ledger};

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
    told
}

/// What has to be there then.
fn found() -> Found {
    let events = names(0, 2).into_iter().zip(1..).map(|(name, sequence)| event(name, sequence));
    let snapshot = Some((1, snapshot_of(1)));
    Found { events: events.collect(), position: 2, snapshot, ..Found::default() }
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
    let cases: Vec<(&str, Change)> = vec![
        ("was acknowledged and is lost", Box::new(|found| found.events.truncate(1))),
        ("is missing before", Box::new(move |found| found.events[1] = event(names[2], 3))),
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
