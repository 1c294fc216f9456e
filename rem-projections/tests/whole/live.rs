//! A projector: past and live, readers, waiting, ends.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use rem_core::__private::block_on;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Payload, Ring};
use rem_projections::{
    AttachError, Projection, Projections, Projector, RegistryError, Status, WaitError,
};

use crate::support::{Account, Balances, SOON, bus, pay};

#[test]
fn it_catches_up_and_goes_on_and_one_reads_ones_own_write() {
    let bus = bus();
    for _ in 0..10_000 {
        pay(&bus, 1, 1);
    }
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    for round in 1..=1_000 {
        let sequence = pay(&bus, 2, 1);
        let state = balances.wait_for(sequence, SOON).unwrap();
        assert_eq!((state.of[&1], state.of[&2]), (10_000, round));
        assert_eq!((state.sequence(), balances.position()), (sequence, sequence));
    }
    assert!(matches!(balances.status(), Status::Live), "{balances:?}");
}

/// Every state that a reader sees is one that there was: as many events as its number says.
#[test]
fn readers_see_whole_states_while_several_publish() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let (mut last, mut seen) = (0, 0);
                while !is_over.load(Relaxed) {
                    let state = balances.state();
                    let sum: u64 = state.of.values().sum();
                    assert_eq!((sum, state.events), (state.sequence(), state.sequence()));
                    assert!(state.sequence() >= last, "readers never go back");
                    seen += u64::from(state.sequence() > last);
                    last = state.sequence();
                }
                seen
            })
        });
        let writers = [1, 2].map(|id| {
            let bus = &bus;
            scope.spawn(move || (0..10_000).for_each(|_| _ = pay(bus, id, 1)))
        });
        for writer in writers {
            writer.join().unwrap();
        }
        balances.wait_for(20_000, SOON).unwrap();
        is_over.store(true, Relaxed);
        let seen: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(seen > 0);
    });
    assert_eq!(balances.state().of[&1], 10_000);
}

#[test]
fn a_view_that_is_held_does_not_change_and_holds_up_nobody() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let first = balances.wait_for(pay(&bus, 1, 5), SOON).unwrap();
    let held: Vec<_> =
        (0..100).map(|_| balances.wait_for(pay(&bus, 1, 5), SOON).unwrap()).collect();
    assert_eq!((first.of[&1], first.sequence()), (5, 1));
    for (at, view) in (2..).zip(&held) {
        assert_eq!((view.of[&1], view.sequence()), (5 * at, at));
    }
}

/// Counts whatever its pattern selects.
#[derive(Clone, Default)]
struct Count(u64);

impl Projection for Count {
    type Event = dyn Payload;

    fn apply(&mut self, _: &Event) {
        self.0 += 1;
    }
}

#[test]
fn a_pattern_selects_events_of_any_type_and_what_it_does_not_select_is_passed() {
    let bus = bus();
    let eu = bus.child("eu").unwrap();
    let one =
        Projector::builder("one").pattern("account.1.**").attach(&bus, Count::default()).unwrap();
    let by_type = Projector::builder("all").attach(&bus, Balances::default()).unwrap();
    let below = Projector::builder("eu").pattern("**").attach(&eu, Count::default()).unwrap();
    pay(&bus, 1, 1);
    pay(&eu, 1, 1);
    let last = pay(&bus, 2, 1);
    assert_eq!(one.wait_for(last, SOON).unwrap().0, 1);
    assert_eq!(
        below.wait_for(last, SOON).unwrap().0,
        1,
        "a child's projection has what is its own"
    );
    assert_eq!(by_type.wait_for(last, SOON).unwrap().events, 3, "by type under any prefix");
}

#[test]
fn it_ends_with_its_bus_and_with_its_last_handle() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    pay(&bus, 1, 1);
    let last = pay(&bus, 1, 1);
    bus.close(SOON);
    // All that was published before the end is in the state.
    while !matches!(balances.status(), Status::Ended) {
        thread::yield_now();
    }
    assert_eq!((balances.state().events, balances.position()), (2, last));
    let error = balances.wait_for(last + 1, SOON).unwrap_err();
    assert!(matches!(error, WaitError::Over { wanted: 3, at: 2, .. }), "{error}");

    let other = crate::support::bus();
    let stopped = Projector::builder("stopped").attach(&other, Balances::default()).unwrap();
    stopped.wait_for(pay(&other, 1, 1), SOON).unwrap();
    stopped.stop();
    pay(&other, 1, 1);
    assert!(matches!(stopped.status(), Status::Stopped));
    assert_eq!(stopped.state().events, 1, "readers keep the last state");
    assert!(matches!(stopped.wait_for(2, SOON), Err(WaitError::Over { .. })));
}

#[test]
fn what_is_not_published_is_waited_for_no_longer_than_told() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let error = balances.wait_for(7, Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, WaitError::TimedOut { wanted: 7, at: 0, .. }), "{error}");
    // A number that nothing of the projection's will ever have is passed all the same.
    let others =
        Projector::builder("others").pattern("order").attach(&bus, Count::default()).unwrap();
    let last = pay(&bus, 1, 1);
    assert_eq!(others.wait_for(last, SOON).unwrap().0, 0);
}

#[test]
fn it_is_not_attached_where_it_could_not_be_right() {
    let without = Bus::new();
    let error = Projector::builder("x").attach(&without, Balances::default()).unwrap_err();
    assert!(
        matches!(error, AttachError::Subscribe(_)) && error.to_string().contains("history"),
        "{error}"
    );
    let bus = Bus::builder().history(Ring::events(4)).build();
    let error =
        Projector::builder("x").pattern("a..b").attach(&bus, Balances::default()).unwrap_err();
    assert!(matches!(error, AttachError::Subscribe(_)), "{error}");
    for _ in 0..6 {
        pay(&bus, 1, 1);
    }
    let error = Projector::builder("x").attach(&bus, Balances::default()).unwrap_err();
    assert!(matches!(error, AttachError::BeforeHistory { from: 1, to: 2, .. }), "{error}");
    let rest = Projector::builder("x").may_miss().attach(&bus, Balances::default()).unwrap();
    assert_eq!(rest.wait_for(6, SOON).unwrap().events, 4);
    assert_eq!(rest.report().missed, 2);
    bus.close(Duration::ZERO);
    let error = Projector::builder("x").may_miss().attach(&bus, Balances::default()).unwrap_err();
    assert!(matches!(error, AttachError::Subscribe(_)), "{error}");
}

#[test]
fn projectors_are_found_by_their_names() {
    let bus = bus();
    let all = Projections::new();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    all.add(&balances).unwrap();
    assert_eq!(all.add(&balances), Err(RegistryError::Taken { name: "balances".into() }));
    let sequence = bus.publish(Account::Opened { id: 7 }).unwrap().sequence().unwrap();
    let found = all.get::<Balances>("balances").unwrap();
    assert_eq!(found.wait_for(sequence, SOON).unwrap().of[&7], 0);
    assert_eq!(all.reports()[0].position, sequence);
    let error = all.get::<Count>("balances").unwrap_err();
    assert!(matches!(error, RegistryError::OtherType { .. }), "{error}");
    let error = all.get::<Balances>("balance").unwrap_err();
    assert_eq!(error.to_string(), "no projection is named `balance`; there are [\"balances\"]");
    assert!(matches!(all.remove("balance"), Err(RegistryError::Unknown { .. })));
    all.remove("balances").unwrap();
    assert!(all.reports().is_empty());
}

/// In async code, under no runtime of ours: by a block that waits in this thread.
#[test]
fn one_reads_ones_own_write_in_async_code() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    for round in 1..=1_000 {
        let sequence = pay(&bus, 2, 1);
        let state = block_on(balances.reaching(sequence, SOON)).unwrap();
        assert_eq!((state.of[&2], state.sequence()), (round, sequence));
    }
    // A number whose event nobody selects: the projector is told of none, and comes there all the same.
    let other =
        bus.publish_to("other", RawEvent::new(Codec::Json, *b"7")).unwrap().sequence().unwrap();
    assert_eq!(block_on(balances.reaching(other, SOON)).unwrap().sequence(), other);
    // Many who wait are all told, each of its own, and what was dropped is not waited for.
    let last = other + 100;
    let waits: Vec<_> = (other + 1..=last)
        .map(|number| {
            let balances = balances.clone();
            drop(balances.reaching(number, SOON));
            thread::spawn(move || block_on(balances.reaching(number, SOON)).unwrap().sequence())
        })
        .collect();
    for _ in other..last {
        pay(&bus, 3, 1);
    }
    for (number, wait) in (other + 1..=last).zip(waits) {
        assert!(wait.join().unwrap() >= number);
    }
}

#[test]
fn a_wait_in_async_code_that_is_in_vain_ends_with_what_is_wrong() {
    let bus = bus();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let error = block_on(balances.reaching(9, Duration::from_millis(20))).unwrap_err();
    assert!(matches!(error, WaitError::TimedOut { wanted: 9, at: 0, .. }), "{error}");

    let waits = |sequence| {
        let balances = balances.clone();
        thread::spawn(move || {
            block_on(balances.reaching(sequence, SOON)).map(|view| view.sequence())
        })
    };
    let fails = waits(2);
    bus.publish(Account::Drawn { id: 1, amount: 1 }).unwrap(); // overdrawn: it stands still
    let error = fails.join().unwrap().unwrap_err();
    assert!(matches!(error, WaitError::Failed(_)), "{error}");
    let over = waits(3);
    balances.stop();
    let error = over.join().unwrap().unwrap_err();
    // Failed, if it looked before; stopped, if after.
    assert!(matches!(error, WaitError::Over { .. } | WaitError::Failed(_)), "{error}");
}
