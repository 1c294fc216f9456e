//! No more events than so many in a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rem::PublishErrorKind;
use rem::middleware::{RateLimit, filter, named};
use rem::prelude::*;
use rem::testing::TestBus;

use crate::support::{Tick, add, passes};

const SECOND: Duration = Duration::from_secs(1);

fn limited(events: u32, burst: u32) -> TestBus {
    let test = TestBus::new();
    add(&test.bus, RateLimit::new(events, SECOND).unwrap().burst(burst).unwrap());
    test
}

/// How many of that many pass at once.
fn at_once(bus: &Bus, tried: u64) -> usize {
    (0..tried).filter(|&tick| passes(bus, tick)).count()
}

#[test]
fn so_many_come_at_once_and_room_for_one_comes_back_after_its_share() {
    let test = limited(10, 3);
    assert_eq!(at_once(&test.bus, 10), 3);
    assert_eq!(test.bus.publish(Tick(1)).unwrap().stopped(), Some("RateLimit"));
    test.clock.advance(Duration::from_nanos(99_999_999));
    assert_eq!(at_once(&test.bus, 10), 0);
    test.clock.advance(Duration::from_nanos(1));
    assert_eq!(at_once(&test.bus, 10), 1);
    test.clock.advance(Duration::from_millis(250));
    assert_eq!(at_once(&test.bus, 10), 2);
    test.clock.advance(3_600 * SECOND);
    assert_eq!(at_once(&test.bus, 10), 3, "no more than come at once, however long nothing came");
    assert_eq!(test.bus.stats().middleware.stopped, 10 - 3 + 1 + 10 + 9 + 8 + 7);
    assert_eq!(test.bus.stats().published, 9);
}

#[test]
fn without_a_burst_all_of_the_time_may_come_at_once() {
    let test = TestBus::new();
    add(&test.bus, named("ticks", RateLimit::new(5, SECOND).unwrap()));
    assert_eq!(at_once(&test.bus, 20), 5);
    assert_eq!(test.bus.publish(Tick(1)).unwrap().stopped(), Some("ticks"));
}

#[test]
fn what_is_too_much_is_refused_if_it_is_to_be_and_says_when_to_come_again() {
    let test = TestBus::new();
    add(&test.bus, RateLimit::new(4, SECOND).unwrap().burst(1).unwrap().refusing());
    assert!(passes(&test.bus, 1));
    let error = test.bus.publish(Tick(7)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::Middleware { .. }));
    let said = "more than 4 events in 1s; publish again in 250ms";
    assert!(error.to_string().ends_with(said), "{error}");
    assert_eq!(error.into_data(), Tick(7));
    test.clock.advance(Duration::from_millis(250));
    assert!(passes(&test.bus, 1));
    assert_eq!((test.bus.stats().middleware.stopped, test.bus.stats().middleware.failed), (0, 1));
}

#[test]
fn a_clock_that_is_set_back_leaves_the_rate_as_it_is() {
    let test = limited(10, 3);
    for back in [2, 3_600, 365 * 24 * 3_600] {
        assert!(at_once(&test.bus, 10) > 0);
        test.clock.set(test.clock.now() - back * SECOND);
        // All room is used up, and comes back at the rate.
        assert_eq!(at_once(&test.bus, 10), 0);
        test.clock.advance(Duration::from_millis(100));
        assert_eq!(at_once(&test.bus, 10), 1);
        test.clock.advance(Duration::from_millis(200));
        assert_eq!(at_once(&test.bus, 10), 2);
        test.clock.advance(SECOND);
        assert_eq!(at_once(&test.bus, 10), 3);
        test.clock.advance(SECOND);
    }
}

#[test]
fn a_small_step_back_is_waited_out() {
    let test = limited(10, 1);
    assert!(passes(&test.bus, 1));
    test.clock.set(test.clock.now() - Duration::from_millis(500));
    assert!(!passes(&test.bus, 1));
    test.clock.advance(Duration::from_millis(599));
    assert!(!passes(&test.bus, 1));
    test.clock.advance(Duration::from_millis(1));
    assert!(passes(&test.bus, 1));
}

#[test]
fn a_clock_that_leaps_forward_and_back_does_not_let_more_pass_than_once_at_once() {
    let test = limited(10, 3);
    let start = test.clock.now();
    assert_eq!(at_once(&test.bus, 10), 3);
    test.clock.advance(365 * 24 * 3_600 * SECOND);
    assert_eq!(at_once(&test.bus, 10), 3);
    test.clock.set(start);
    assert_eq!(at_once(&test.bus, 10), 0);
    test.clock.advance(SECOND);
    assert_eq!(at_once(&test.bus, 10), 3);
}

#[test]
fn at_the_ends_of_time_it_does_not_panic() {
    let test = limited(10, 3);
    for now in [0, 1, u64::MAX, u64::MAX - 1, 5, u64::MAX, 0] {
        test.clock.set(rem::Timestamp::from_nanos(now));
        assert!(at_once(&test.bus, 10) <= 3);
    }
}

#[test]
fn threads_share_one_limit() {
    let test = limited(10, 1_000);
    let published = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for tick in 0..500 {
                    published.fetch_add(u64::from(passes(&test.bus, tick)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(published.into_inner(), 1_000);
    assert_eq!(test.bus.stats().middleware.stopped, 3_000);
}

#[test]
fn what_another_stops_before_it_takes_no_room() {
    let test = TestBus::new();
    test.bus
        .middleware(
            "**",
            filter("odd", |draft: &Draft| {
                draft.downcast_ref::<Tick>().is_some_and(|tick| tick.data.0 % 2 == 1)
            }),
        )
        .unwrap();
    add(&test.bus, RateLimit::new(1, SECOND).unwrap());
    assert!(!passes(&test.bus, 0) && passes(&test.bus, 1) && !passes(&test.bus, 3));
}
