//! A state that is folded anew beside the live one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use rem_core::{Bus, Event, Ring};
use rem_projections::{Projection, Projector, RebuildError, Status};

use crate::support::{Account, Balances, SOON, bus, pay};

/// Counts, by a factor that stands for a new version of `apply`; it may be held up or fail at a number.
#[derive(Clone)]
struct Scaled {
    by: u64,
    sum: u64,
    hold: Arc<AtomicBool>,
    fails_at: Arc<AtomicU64>,
}

impl Scaled {
    fn by(by: u64) -> Self {
        Self { by, sum: 0, hold: Arc::default(), fails_at: Arc::default() }
    }
}

impl Projection for Scaled {
    type Event = Account;

    fn apply(&mut self, event: &Event<Account>) {
        while self.hold.load(SeqCst) {
            thread::yield_now();
        }
        assert_ne!(event.sequence(), Some(self.fails_at.load(SeqCst)), "told to");
        self.sum += self.by;
    }
}

#[test]
fn readers_see_the_new_state_when_it_has_caught_up_and_never_an_older_one() {
    let bus = bus();
    for _ in 0..10_000 {
        pay(&bus, 1, 1);
    }
    let scaled = Projector::builder("scaled").attach(&bus, Scaled::by(1)).unwrap();
    scaled.wait_for(10_000, SOON).unwrap();
    let new = Scaled::by(10);
    new.hold.store(true, SeqCst);
    let hold = Arc::clone(&new.hold);
    let rebuild = scaled.rebuild(new).unwrap();
    assert!(matches!(scaled.rebuild(Scaled::by(2)), Err(RebuildError::UnderWay { .. })));
    assert!(!rebuild.progress().done);
    // The live one goes on meanwhile.
    let last = pay(&bus, 1, 1);
    assert_eq!(scaled.wait_for(last, SOON).unwrap().sum, 10_001);
    let error = rebuild.wait(Duration::from_millis(5)).unwrap_err();
    assert!(matches!(error, RebuildError::TimedOut { .. }), "{error}");
    hold.store(false, SeqCst);
    thread::scope(|scope| {
        scope.spawn(|| (0..2_000).for_each(|_| _ = pay(&bus, 1, 1)));
        let mut position = 0;
        while !rebuild.progress().done {
            let state = scaled.state();
            assert!(state.sequence() >= position, "readers never go back");
            assert!(state.sum == state.sequence() || state.sum == 10 * state.sequence());
            position = state.sequence();
            thread::yield_now();
        }
    });
    rebuild.wait(SOON).unwrap();
    let state = scaled.wait_for(12_001, SOON).unwrap();
    assert_eq!((state.sum, state.sequence()), (120_010, 12_001));
    let progress = rebuild.progress();
    assert!(
        progress.done && progress.read >= 10_001 && progress.of >= progress.read,
        "{progress:?}"
    );
    // And so is the past.
    assert_eq!(scaled.at(5_000).unwrap().sum, 50_000);
}

#[test]
fn a_rebuild_that_fails_or_is_cancelled_leaves_the_live_state() {
    let bus = bus();
    (0..100).for_each(|_| _ = pay(&bus, 1, 1));
    let scaled = Projector::builder("scaled").attach(&bus, Scaled::by(1)).unwrap();
    scaled.wait_for(100, SOON).unwrap();
    let bad = Scaled::by(10);
    bad.fails_at.store(50, SeqCst);
    let rebuild = scaled.rebuild(bad).unwrap();
    for _ in 0..2 {
        let error = rebuild.wait(SOON).unwrap_err();
        assert!(matches!(&error, RebuildError::Fold(fold) if fold.sequence() == 50), "{error}");
    }
    let waiting = Scaled::by(10);
    waiting.hold.store(true, SeqCst);
    let hold = Arc::clone(&waiting.hold);
    let rebuild = scaled.rebuild(waiting).unwrap();
    rebuild.cancel();
    hold.store(false, SeqCst);
    // It may have been past the look already when it was held up, and then it is done.
    if rebuild.wait(SOON).is_err() {
        assert_eq!(scaled.state().sum, 100);
    }
    assert!(matches!(scaled.status(), Status::Live));
}

#[test]
fn one_that_stands_still_goes_on_from_the_new_state() {
    let bus = bus();
    pay(&bus, 1, 5);
    bus.publish(Account::Drawn { id: 1, amount: 6 }).unwrap();
    let last = pay(&bus, 1, 5);
    let stuck = Scaled::by(1);
    stuck.fails_at.store(2, SeqCst);
    let scaled = Projector::builder("scaled").attach(&bus, stuck).unwrap();
    assert!(scaled.wait_for(last, SOON).is_err());
    scaled.rebuild(Scaled::by(1)).unwrap().wait(SOON).unwrap();
    assert_eq!(scaled.wait_for(last, SOON).unwrap().sum, 3);
}

#[test]
fn what_the_history_no_longer_has_cannot_be_rebuilt() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let balances = Projector::builder("balances").attach(&bus, Balances::default()).unwrap();
    for _ in 0..30 {
        let last = pay(&bus, 1, 1);
        balances.wait_for(last, SOON).unwrap();
    }
    let error = balances.rebuild(Balances::default()).unwrap_err();
    assert!(matches!(error, RebuildError::BeforeHistory { from: 1, to: 20, .. }), "{error}");
    assert_eq!(balances.state().events, 30);
}
