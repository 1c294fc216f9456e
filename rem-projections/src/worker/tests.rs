//! What happens while another has the worker at work: here, the test has it.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use rem_core::{Bus, Event, Ring};
use rem_macros::EventType;
use serde::{Deserialize, Serialize};

use super::*;
use crate::{OnFailure, Projector, Rebuild};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(crate = rem_core, topic = "tick")]
struct Tick;

/// Counts by a factor that tells one fold from another, and may fail at a number.
#[derive(Debug, Clone)]
struct Scaled {
    by: u64,
    sum: u64,
    fails_at: Arc<AtomicU64>,
}

impl Scaled {
    fn by(by: u64) -> Self {
        Self { by, sum: 0, fails_at: Arc::default() }
    }

    fn failing(self, at: u64) -> Self {
        self.fails_at.store(at, SeqCst);
        self
    }
}

impl Projection for Scaled {
    type Event = Tick;

    fn apply(&mut self, event: &Event<Tick>) {
        assert_ne!(event.sequence(), Some(self.fails_at.load(SeqCst)), "told to");
        self.sum += self.by;
    }
}

fn bus() -> Bus {
    Bus::builder().history(Ring::events(1_000)).build()
}

fn tick(bus: &Bus) -> u64 {
    bus.publish(Tick).expect("it is open").sequence().expect("it is kept")
}

/// Of ten events, with a snapshot at each.
fn attach(bus: &Bus, policy: OnFailure) -> Projector<Scaled> {
    let builder = Projector::builder("scaled").on_failure(policy).snapshot_every(1);
    let projector = builder.attach(bus, Scaled::by(1)).expect("it is open");
    for _ in 0..10 {
        projector.wait_for(tick(bus), HUNG).expect("it is folded");
    }
    projector
}

/// Tells it to stop, and waits for its thread.
fn stop(projector: &Projector<Scaled>) {
    let (projector, (tell, told)) = (projector.clone(), mpsc::channel());
    thread::spawn(move || {
        projector.stop();
        tell.send(())
    });
    told.recv_timeout(HUNG).expect("its thread comes to its end");
}

/// A rebuild that has come to its end but for the worker.
fn rebuilt(projector: &Projector<Scaled>, initial: Scaled) -> Rebuild<Scaled> {
    let rebuild = projector.rebuild(initial).expect("none is under way");
    let begun = Instant::now();
    while !projector.inner().shared.has_orders() {
        assert!(begun.elapsed() < HUNG, "it orders that the state be switched");
        thread::yield_now();
    }
    rebuild
}

#[test]
fn what_the_live_one_keeps_before_it_is_switched_is_forgotten_as_well() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::Stop);
    let shared = &projector.inner().shared;
    let (mut worker, orders) = shared.take(None).unwrap();
    let rebuild = rebuilt(&projector, Scaled::by(10));
    let between = tick(&bus);
    let status = worker.run(shared, orders, u64::MAX, None);
    assert_eq!((projector.position(), projector.state().sum), (between, 11));
    assert!(shared.snapshots.find(between).unwrap().is_some_and(|kept| kept.state.sum == 11));
    shared.put(worker, status);
    rebuild.wait(HUNG).unwrap();
    let last = tick(&bus);
    assert_eq!(projector.wait_for(last, HUNG).unwrap().sum, 120);
    for number in 1..last {
        assert_eq!(projector.at(number).unwrap().sum, 10 * number, "#{number}");
    }
}

#[test]
fn a_new_state_that_cannot_come_as_far_as_the_live_one_leaves_all_as_it_was() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::Stop);
    let shared = &projector.inner().shared;
    let (mut worker, orders) = shared.take(None).unwrap();
    let bad = Scaled::by(10).failing(11);
    let rebuild = rebuilt(&projector, bad);
    assert_eq!(tick(&bus), 11);
    let status = worker.run(shared, orders, u64::MAX, None);
    shared.put(worker, status);
    for _ in 0..2 {
        let error = rebuild.wait(HUNG).unwrap_err();
        assert!(matches!(&error, RebuildError::Fold(fold) if fold.sequence() == 11), "{error}");
    }
    assert!(!rebuild.progress().done);
    let last = tick(&bus);
    assert_eq!(projector.wait_for(last, HUNG).unwrap().sum, 12);
    for number in 1..last {
        assert_eq!(projector.at(number).unwrap().sum, number, "#{number}");
    }
    projector.rebuild(Scaled::by(2)).unwrap().wait(HUNG).unwrap();
    assert_eq!(projector.state().sum, 24);
}

#[test]
fn what_is_skipped_before_it_is_switched_stays_skipped() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::Skip);
    let shared = &projector.inner().shared;
    let (mut worker, orders) = shared.take(None).unwrap();
    let rebuild = rebuilt(&projector, Scaled::by(10).failing(11));
    projector.state().fails_at.store(11, SeqCst);
    assert_eq!(tick(&bus), 11);
    let last = tick(&bus);
    let status = worker.run(shared, orders, u64::MAX, None);
    shared.put(worker, status);
    rebuild.wait(HUNG).unwrap();
    assert_eq!((projector.state().sum, projector.position()), (110, last));
    assert!(projector.report().skipped.keys().eq([&11]));
    let last = tick(&bus);
    projector.wait_for(last, HUNG).unwrap();
    assert_eq!(projector.at(last - 1).unwrap().sum, 110);
}

#[test]
fn the_time_ends_a_pause_before_the_next_attempt_and_so_does_stop() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::RetryThenStop { times: 5, pause: HOUR });
    let shared = &projector.inner().shared;
    let (mut worker, orders) = shared.take(None).unwrap();
    projector.state().fails_at.store(12, SeqCst);
    let (before, bad) = (tick(&bus), tick(&bus));
    // Whatever the time is, a page is read each time: so it comes to the event that fails.
    let mut status = worker.run(shared, orders, bad, Some(Instant::now()));
    while worker.again.is_none() {
        status = worker.run(shared, Vec::new(), bad, Some(Instant::now()));
    }
    assert!(matches!(status, Status::CatchingUp | Status::Live), "{status:?}");
    let (attempts, again) = (worker.attempts, worker.again);
    let begun = Instant::now();
    let in_a_moment = begun.checked_add(Duration::from_millis(20));
    let _ = worker.run(shared, Vec::new(), bad, in_a_moment);
    assert!(begun.elapsed() < HOUR && Some(Instant::now()) >= in_a_moment);
    // It was not tried before its time.
    assert_eq!((worker.attempts, worker.again), (attempts, again));
    assert_eq!(projector.position(), before);
    shared.put(worker, status);
    stop(&projector);
    assert!(begun.elapsed() < HOUR);
    assert!(matches!(projector.status(), Status::Stopped));
}

#[test]
fn the_time_ends_the_fold_behind_a_page_and_readers_see_how_far_it_came() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::Stop);
    let shared = &projector.inner().shared;
    let (mut worker, orders) = shared.take(None).unwrap();
    let last = (0..20).fold(0, |_, _| tick(&bus));
    // A page ends where a snapshot is due, here at each number.
    let status = worker.run(shared, orders, last, Some(Instant::now()));
    assert_eq!(projector.position(), 11);
    shared.put(worker, status);
    assert_eq!(projector.wait_for(last, HUNG).unwrap().sum, 30);
}

#[test]
fn one_that_is_told_to_stop_while_another_folds_is_stopped() {
    let bus = bus();
    let projector = attach(&bus, OnFailure::Stop);
    let shared = &projector.inner().shared;
    let (worker, _) = shared.take(None).unwrap();
    // Its thread is over, or waits for the worker: then it is over when that is back.
    shared.stop();
    shared.end(Status::Stopped);
    shared.put(worker, Status::Live);
    stop(&projector);
    assert!(matches!(projector.status(), Status::Stopped));
    assert!(shared.take(Some(Instant::now())).is_none());
}
