//! The past: at a number, at a time, at a tag, and what is different.

use rem_core::{Bus, Ring, Timestamp};
use rem_projections::{Moment, Projector, TagError, TravelError};

use crate::support::{Account, Balances, SOON, bus, pay};

#[test]
fn the_state_at_any_number_is_what_it_was() {
    let bus = bus();
    let balances = Projector::builder("balances")
        .snapshot_every(64)
        .snapshots_in_memory(8)
        .attach(&bus, Balances::default())
        .unwrap();
    let mut was = vec![Balances::default()];
    for at in 1..=3_000_u64 {
        pay(&bus, u32::try_from(at % 7).unwrap(), at);
        let mut next = was[was.len() - 1].clone();
        *next.of.entry(u32::try_from(at % 7).unwrap()).or_default() += at;
        next.events += 1;
        was.push(next);
    }
    balances.wait_for(3_000, SOON).unwrap();
    for at in (0..=3_000).step_by(97).chain([1, 63, 64, 65, 2_999, 3_000]) {
        let past = balances.at(at).unwrap();
        assert_eq!((&*past, past.sequence()), (&was[usize::try_from(at).unwrap()], at));
    }
    let error = balances.at(3_001).unwrap_err();
    assert!(matches!(error, TravelError::NotYet { wanted: 3_001, at: 3_000, .. }), "{error}");
    assert_eq!(*balances.at(Moment::Now).unwrap(), was[3_000]);
}

#[test]
fn the_state_at_a_time_is_that_before_the_first_event_that_came_later() {
    let bus = bus();
    let balances =
        Projector::builder("balances").snapshot_every(4).attach(&bus, Balances::default()).unwrap();
    let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
    // The fourth says that it happened before the third.
    for seconds in [10, 20, 40, 30, 50, 50, 60, 70, 80, 90] {
        let paid = Account::Paid { id: 1, amount: 1 };
        let last = bus.event(paid).timestamp(at(seconds)).publish().unwrap().sequence().unwrap();
        balances.wait_for(last, SOON).unwrap();
    }
    for (seconds, events) in [
        (5, 0),
        (10, 1),
        (39, 2),
        (40, 4),
        (49, 4),
        (50, 6),
        (75, 8),
        (89, 9),
        (90, 10),
        (1_000, 10),
    ] {
        let past = balances.at(at(seconds)).unwrap();
        assert_eq!((past.events, past.sequence()), (events, events), "at {seconds} s");
    }
}

#[test]
fn moments_have_tags_and_differences() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    balances.wait_for(pay(&bus, 1, 5), SOON).unwrap();
    assert_eq!(balances.tag("before"), Ok(1));
    assert_eq!(balances.tag("before"), Err(TagError::Taken { tag: "before".into(), sequence: 1 }));
    balances.wait_for(pay(&bus, 2, 7), SOON).unwrap();
    assert_eq!(balances.at("before").unwrap().of.len(), 1);
    let difference = balances.difference("before", Moment::Now).unwrap();
    assert_eq!((difference.from, difference.to), (1, 2));
    assert_eq!(difference.to_string(), "/events: 1 → 2\n/of/2: nothing → 7\n");
    assert!(balances.difference(2, 2).unwrap().changes.is_empty());
    let error = balances.at("after").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no moment of `balances` has the tag `after`; there are [\"before\"]"
    );
    balances.untag("before").unwrap();
    assert_eq!(balances.untag("before"), Err(TagError::Unknown { tag: "before".into() }));
    for at in 0..1_024 {
        balances.tag(format!("tag {at}")).unwrap();
    }
    assert_eq!(balances.tag("one more"), Err(TagError::TooMany { limit: 1_024 }));
}

/// A ring that forgets: the newest snapshots go further back than it does, and others not.
#[test]
fn a_past_that_nothing_reaches_is_an_error() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let balances = Projector::builder("balances")
        .snapshot_every(50)
        .attach(&bus, Balances::default())
        .unwrap();
    for _ in 0..400 {
        let last = pay(&bus, 1, 1);
        balances.wait_for(last, SOON).unwrap();
    }
    assert_eq!(balances.at(320).unwrap().events, 320);
    assert_eq!(balances.at(50).unwrap().events, 50, "a snapshot needs no history");
    let error = balances.at(60).unwrap_err();
    assert!(matches!(error, TravelError::BeforeHistory { from: 51, .. }), "{error}");
    drop(bus);
    assert!(balances.at(330).is_err());
}
