//! What cannot be applied, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Ring};
use rem_projections::{
    OnFailure, Projection, ProjectionError, Projector, Status, TravelError, WaitError,
};

use crate::support::{Account, Balances, SOON, bus, pay};

fn draw(bus: &Bus, id: u32, amount: u64) -> u64 {
    bus.publish(Account::Drawn { id, amount }).unwrap().sequence().unwrap()
}

#[test]
fn it_stops_before_the_event_and_readers_keep_the_state() {
    let bus = bus();
    pay(&bus, 1, 5);
    let bad = draw(&bus, 1, 6);
    let last = pay(&bus, 1, 5);
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let error = balances.wait_for(last, SOON).unwrap_err();
    let WaitError::Failed(error) = error else { panic!("{error}") };
    let ProjectionError::Fold { name, error: fold, .. } = &*error else { panic!("{error}") };
    assert_eq!(
        (&**name, fold.sequence(), fold.topic().as_str()),
        ("balances", bad, "account.1.drawn")
    );
    assert_eq!(fold.said(), "overdrawn");
    assert!(error.to_string().contains("overdrawn"), "{error}");
    // Whatever a panicking `apply` left half done, the state is that before the event.
    assert_eq!((balances.position(), balances.state().events), (bad - 1, 1));
    balances.resume();
    assert!(matches!(balances.wait_for(last, SOON), Err(WaitError::Failed(_))));
    assert_eq!(balances.position(), bad - 1);
}

#[test]
fn it_goes_on_without_the_event_if_told_and_says_which() {
    let bus = bus();
    let build = || Projector::builder("balances").on_failure(OnFailure::Skip);
    let balances = build().attach(&bus, Balances::default()).unwrap();
    let mut bad = Vec::new();
    for round in 0..300 {
        pay(&bus, 1, 1);
        if round % 3 == 0 {
            bad.push(draw(&bus, 1, 1_000));
        }
    }
    let last = draw(&bus, 1, 300);
    let state = balances.wait_for(last, SOON).unwrap();
    assert_eq!((state.of[&1], state.events), (0, 301));
    let report = balances.report();
    assert_eq!(report.skipped.keys().copied().collect::<Vec<_>>(), bad);
    let first = &report.skipped[&bad[0]];
    assert_eq!(
        (first.error.said(), first.error.topic().as_str()),
        ("overdrawn", "account.1.drawn")
    );
    // The past and a second one, which catches up instead, are the same.
    assert_eq!(balances.at(last - 1).unwrap().of[&1], 300);
    let again = build().attach(&bus, Balances::default()).unwrap();
    assert_eq!(*again.wait_for(last, SOON).unwrap(), *balances.state());
    assert_eq!(again.report().skipped.len(), bad.len());
}

#[test]
fn too_many_skipped_are_a_failure() {
    let bus = bus();
    for _ in 0..1_001 {
        draw(&bus, 1, 1);
    }
    let balances = Projector::builder("balances")
        .on_failure(OnFailure::Skip)
        .attach(&bus, Balances::default())
        .unwrap();
    let WaitError::Failed(error) = balances.wait_for(1_001, SOON).unwrap_err() else { panic!() };
    assert!(matches!(&*error, ProjectionError::TooManySkipped { .. }), "{error}");
    assert_eq!(balances.position(), 1_000);
}

/// Fails with the event 3 as often as told.
#[derive(Clone)]
struct Flaky {
    fails: Arc<AtomicU32>,
    half: u64,
    sum: u64,
}

impl Projection for Flaky {
    type Event = Account;

    fn apply(&mut self, event: &Event<Account>) {
        self.half += 1;
        if event.sequence() == Some(3) {
            let left = self.fails.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
            assert!(left.is_err(), "not yet");
        }
        self.sum += 1;
        assert_eq!(self.half, self.sum, "what was half done is undone");
    }
}

#[test]
fn it_tries_again_as_often_as_told() {
    let attach = |fails, policy| {
        let bus = bus();
        (0..5).for_each(|_| _ = pay(&bus, 1, 1));
        let flaky = Flaky { fails: Arc::new(AtomicU32::new(fails)), half: 0, sum: 0 };
        (Projector::builder("flaky").on_failure(policy).attach(&bus, flaky).unwrap(), bus)
    };
    let (times, pause) = (3, Duration::from_millis(1));
    let (flaky, _bus) = attach(3, OnFailure::RetryThenStop { times, pause });
    assert_eq!(flaky.wait_for(5, SOON).unwrap().sum, 5);
    let (flaky, _bus) = attach(u32::MAX, OnFailure::RetryThenStop { times, pause });
    let WaitError::Failed(error) = flaky.wait_for(5, SOON).unwrap_err() else { panic!() };
    assert!(matches!(&*error, ProjectionError::Fold { attempts: 4, .. }), "{error}");
    let (flaky, _bus) = attach(u32::MAX, OnFailure::RetryThenSkip { times, pause });
    assert_eq!(flaky.wait_for(5, SOON).unwrap().sum, 4);
    assert_eq!(flaky.report().skipped[&3].attempts, 4);
    // Stopped, mended and resumed.
    let (flaky, _bus) = attach(2, OnFailure::Stop);
    assert!(matches!(flaky.wait_for(5, SOON), Err(WaitError::Failed(_))));
    flaky.resume();
    while matches!(flaky.status(), Status::Failed(_)) {
        std::thread::yield_now();
    }
    assert_eq!(flaky.wait_for(5, SOON).unwrap().sum, 5);
}

#[test]
fn data_that_cannot_be_read_is_a_failure_of_its_event() {
    let bus = bus();
    let raw = |text: &'static str| RawEvent::new(Codec::Json, text.as_bytes());
    bus.publish_to("account.1.paid", raw(r#"{"id":1,"amount":5}"#)).unwrap();
    let bad = bus.publish_to("account.1.paid", raw(r#"{"id":1}"#)).unwrap().sequence().unwrap();
    let last = bus
        .publish_to("account.1.paid", raw(r#"{"id":1,"amount":5}"#))
        .unwrap()
        .sequence()
        .unwrap();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    let WaitError::Failed(error) = balances.wait_for(last, SOON).unwrap_err() else { panic!() };
    let ProjectionError::Fold { error, .. } = &*error else { panic!("{error}") };
    assert_eq!((error.sequence(), balances.position()), (bad, bad - 1));
    let skips = Projector::builder("skips")
        .on_failure(OnFailure::Skip)
        .attach(&bus, Balances::default())
        .unwrap();
    assert_eq!(skips.wait_for(last, SOON).unwrap().of[&1], 10);
    assert!(skips.report().skipped.contains_key(&bad));
    // So it is in a rebuild, and in the past behind that.
    skips.rebuild(Balances::default()).unwrap().wait(SOON).unwrap();
    assert!(skips.report().skipped.keys().eq([&bad]));
    skips.wait_for(pay(&bus, 1, 1), SOON).unwrap();
    assert_eq!(skips.at(last).unwrap().of[&1], 10);
    let error = skips.report().skipped[&bad].error.to_string();
    assert!(error.contains("cannot be read"), "{error}");
    balances.rebuild(Balances::default()).unwrap().wait(SOON).unwrap_err();
}

/// Its copies panic when told.
struct Uncloneable(Arc<AtomicBool>, u64);

impl Clone for Uncloneable {
    fn clone(&self) -> Self {
        assert!(!self.0.load(SeqCst), "no copies");
        Self(Arc::clone(&self.0), self.1)
    }
}

impl Projection for Uncloneable {
    type Event = Account;

    fn apply(&mut self, _: &Event<Account>) {
        self.1 += 1;
    }
}

#[test]
fn a_copy_that_panics_is_a_failure_too() {
    let bus = bus();
    let fails = Arc::new(AtomicBool::new(false));
    let state = Uncloneable(Arc::clone(&fails), 0);
    let projector = Projector::builder("x").attach(&bus, state).unwrap();
    let held = projector.wait_for(pay(&bus, 1, 1), SOON).unwrap();
    let held = [held, projector.wait_for(pay(&bus, 1, 1), SOON).unwrap()];
    fails.store(true, SeqCst);
    // Both that there are have readers.
    let error = projector.wait_for(pay(&bus, 1, 1), SOON).unwrap_err();
    let WaitError::Failed(error) = error else { panic!("{error}") };
    assert!(matches!(&*error, ProjectionError::Panicked { .. }), "{error}");
    assert!(matches!(projector.at(1), Err(TravelError::State { .. })));
    fails.store(false, SeqCst);
    projector.resume();
    while matches!(projector.status(), Status::Failed(_)) {
        std::thread::yield_now();
    }
    assert_eq!(projector.wait_for(3, SOON).unwrap().1, 3);
    assert_eq!(held[1].1, 2);
}

/// It waits until there is more than the ring has, and stops: what is gone cannot be made up for.
#[test]
fn what_the_history_lets_go_before_it_is_read_is_a_failure() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    let flaky = Flaky { fails: Arc::new(AtomicU32::new(u32::MAX)), half: 0, sum: 0 };
    let projector = Projector::builder("slow").attach(&bus, flaky).unwrap();
    for _ in 0..3 {
        pay(&bus, 1, 1);
    }
    assert!(matches!(projector.wait_for(3, SOON), Err(WaitError::Failed(_))));
    for _ in 0..20 {
        pay(&bus, 1, 1);
    }
    projector.resume();
    loop {
        if let Status::Failed(error) = projector.status()
            && let ProjectionError::Lost { from: 3, to: 15, .. } = &*error
        {
            break;
        }
        std::thread::yield_now();
    }
    assert!(matches!(projector.at(1), Err(TravelError::BeforeHistory { .. })));
    assert!(matches!(projector.at(3), Err(TravelError::NotYet { wanted: 3, at: 2, .. })));
}
