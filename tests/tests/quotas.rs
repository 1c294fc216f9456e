//! What a ring keeps that is bounded by more than its events: quotas, bytes, age; and who misses what it let go.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::wire::{Codec, RawEvent};
use rem::{History as _, Lagged, Pattern, Payload, TryRecvError};

#[derive(EventType, Debug, Clone)]
#[event(local)]
enum Of {
    #[event(topic = "metrics.{name}")]
    Metric { name: &'static str },
    #[event(topic = "order.{id}")]
    Order { id: u64 },
}

fn metrics(bus: &Bus, name: &'static str, count: usize) {
    for _ in 0..count {
        bus.publish(Of::Metric { name }).unwrap();
    }
}

fn order(bus: &Bus, id: u64) {
    bus.publish(Of::Order { id }).unwrap();
}

fn numbers(bus: &Bus, pattern: &str) -> Vec<u64> {
    bus.query(pattern)
        .unwrap()
        .iter::<dyn Payload>()
        .map(|event| event.sequence().unwrap())
        .collect()
}

/// What a stream has: events and losses, by number.
fn drain(stream: &mut EventStream) -> (Vec<u64>, Vec<(u64, u64)>) {
    let (mut read, mut lost) = (Vec::new(), Vec::new());
    loop {
        match stream.try_recv() {
            Ok(event) => read.push(event.sequence().unwrap()),
            Err(TryRecvError::Lagged(lagged)) => lost.push(range(&lagged)),
            Err(TryRecvError::Empty) => return (read, lost),
            Err(other) => panic!("{other}"),
        }
    }
}

fn range(lagged: &Lagged) -> (u64, u64) {
    assert_eq!(lagged.missed(), lagged.to() - lagged.from() + 1);
    (lagged.from(), lagged.to())
}

fn stream(bus: &Bus, pattern: &str, start: Start) -> EventStream {
    bus.subscription(pattern).from(start).queue(64, Overflow::Reject).stream().unwrap()
}

#[test]
fn a_chatty_topic_does_not_push_out_the_rest() {
    let ring = Ring::events(10).quota("metrics.**", 3).unwrap();
    let bus = Bus::builder().history(ring).build();
    order(&bus, 1);
    metrics(&bus, "cpu", 1_000);
    order(&bus, 2);
    metrics(&bus, "cpu", 2);
    assert_eq!(numbers(&bus, "**"), [1, 1_001, 1_002, 1_003, 1_004]);
    // The others have the rest of the room, and what bounds all lets the oldest go.
    (3..=8).for_each(|id| order(&bus, id));
    assert_eq!(numbers(&bus, "order.**").len(), 7);
    assert_eq!(numbers(&bus, "metrics.**"), [1_001, 1_003, 1_004][..].to_vec());
    let report = bus.topology().history.unwrap();
    assert_eq!((report.kept, report.let_go), (10, 1_000));
    let quota = &report.quotas[0];
    assert_eq!((&*quota.pattern, quota.limit, quota.kept, quota.let_go), ("metrics.**", 3, 3, 999));
}

#[test]
fn quotas_may_overlap_and_keep_nothing() {
    let ring = Ring::events(100).quota("metrics.**", 4).unwrap();
    let ring = ring.quota("metrics.cpu", 1).unwrap().quota("order.**", 0).unwrap();
    let bus = Bus::builder().history(ring).build();
    metrics(&bus, "cpu", 3);
    metrics(&bus, "disk", 5);
    metrics(&bus, "cpu", 2);
    order(&bus, 1);
    assert_eq!(numbers(&bus, "**"), [6, 7, 8, 10]);
    // What is gone leaves an end: who reads does not wait for it.
    let (read, lost) = drain(&mut stream(&bus, "order.**", Start::Sequence(11)));
    assert_eq!((read, lost), (vec![], vec![(11, 11)]));
    assert!(Ring::events(1).quota("a..b", 1).is_err());
}

#[test]
fn who_cannot_select_what_a_quota_let_go_misses_nothing() {
    let ring = || Ring::events(100).quota("metrics.**", 2).unwrap();
    let bus = Bus::builder().history(ring()).build();
    for id in 1..=3 {
        order(&bus, id); // 1, 5, 9
        metrics(&bus, "cpu", 3);
    }
    // Kept are 1, 5, 9, 11, 12.
    for (pattern, expected) in [
        ("order.**", (vec![1, 5, 9], vec![])),
        ("metrics.**", (vec![11, 12], vec![(2, 4), (6, 8), (10, 10)])),
        ("**", (vec![1, 5, 9, 11, 12], vec![(2, 4), (6, 8), (10, 10)])),
        ("metrics.disk", (vec![], vec![(2, 4), (6, 8), (10, 10)])),
    ] {
        for start in [Start::Earliest, Start::Sequence(1)] {
            let mut stream = stream(&bus, pattern, start);
            assert_eq!(drain(&mut stream), expected, "{pattern}");
            let missed = expected.1.iter().map(|(from, to)| to - from + 1).sum::<u64>();
            assert_eq!(stream.subscription().missed(), missed, "{pattern}");
        }
    }
    // By type: an event of the type may come from any bus below.
    let counted = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&counted);
    let sub = bus
        .subscription("order.*")
        .from(Start::Earliest)
        .inline(move |_: &Event<Of>| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    assert_eq!((counted.load(Ordering::Relaxed), sub.missed()), (3, 0));
}

#[test]
fn what_goes_while_it_is_read_is_told_if_it_may_have_been_wanted() {
    let ring = Ring::events(4).quota("metrics.**", 2).unwrap();
    let bus = Bus::builder().history(ring).build();
    order(&bus, 1);
    order(&bus, 2);
    let (mut orders, mut all) =
        (stream(&bus, "order.**", Start::Earliest), stream(&bus, "**", Start::Earliest));
    metrics(&bus, "cpu", 50); // 3 to 52, of which 51 and 52 stay
    (3..=6).for_each(|id| order(&bus, id)); // 53 to 56, and nothing else stays
    assert_eq!(drain(&mut orders), (vec![53, 54, 55, 56], vec![(1, 2), (51, 52)]));
    assert_eq!(drain(&mut all), (vec![53, 54, 55, 56], vec![(1, 52)]));
}

#[test]
fn the_last_of_each_topic_is_had_through_quotas() {
    let ring = Ring::events(100).quota("metrics.**", 2).unwrap();
    let bus = Bus::builder().history(ring).build();
    order(&bus, 1);
    for name in ["cpu", "disk", "net", "disk", "disk"] {
        metrics(&bus, name, 1);
    }
    order(&bus, 2);
    let latest = bus.latest::<dyn Payload>("**").unwrap();
    let latest: Vec<_> = latest.iter().map(|event| event.sequence().unwrap()).collect();
    assert_eq!(latest, [1, 6, 7]);
}

#[test]
fn bytes_bound_what_is_kept() {
    let bus = Bus::builder().history(Ring::events(1_000).bytes(10_000)).build();
    let publish = |bytes: usize| {
        bus.publish_to("raw", RawEvent::new(Codec::Json, vec![b' '; bytes])).unwrap();
    };
    (0..100).for_each(|_| publish(1_000));
    let report = bus.topology().history.unwrap();
    let bytes = report.bytes.unwrap();
    assert!((5..=9).contains(&report.kept) && bytes <= 10_000, "{report}");
    assert!(bytes > report.kept * 1_000, "{report}");
    assert_eq!(numbers(&bus, "**"), (101 - report.kept..=100).collect::<Vec<_>>());
    // Many go for one; and one that is larger than all is not kept.
    publish(9_000);
    assert_eq!(numbers(&bus, "**"), [101]);
    publish(10_000);
    assert_eq!(numbers(&bus, "**"), [0; 0]);
    publish(1);
    assert_eq!(numbers(&bus, "**"), [103]);
    // Source and metadata count.
    let before = bus.topology().history.unwrap().bytes.unwrap();
    let event = bus.event(RawEvent::new(Codec::Json, *b"1")).source("s".repeat(100));
    event.metadata("m", serde_json::json!({"k": ["v".repeat(200)]})).publish_to("raw").unwrap();
    assert!(bus.topology().history.unwrap().bytes.unwrap() > 2 * before + 300);
}

#[test]
fn age_bounds_what_is_kept_by_the_buss_clock() {
    let ring = Ring::events(1_000).age(Duration::from_secs(10));
    let test = TestBus::with(Bus::builder().history(ring));
    for id in 1..=5 {
        // Whatever time its publisher gives it.
        test.bus
            .event(Of::Order { id })
            .timestamp(rem::Timestamp::from_nanos(id))
            .publish()
            .unwrap();
        test.clock.advance(Duration::from_secs(3));
    }
    assert_eq!(numbers(&test.bus, "**"), [3, 4, 5]);
    test.clock.advance(Duration::from_secs(5));
    assert_eq!(numbers(&test.bus, "**"), [5]);
    // All of it goes, and who comes then finds nothing and waits for nothing.
    test.clock.advance(Duration::from_secs(60));
    assert_eq!(numbers(&test.bus, "**"), [0; 0]);
    let mut late = stream(&test.bus, "**", Start::Earliest);
    assert_eq!(drain(&mut late), (vec![], vec![]));
    order(&test.bus, 6);
    assert_eq!(drain(&mut late), (vec![6], vec![]));
    let report = test.bus.topology().history.unwrap();
    assert_eq!((report.kept, report.let_go), (1, 5));
}

#[test]
fn a_ring_says_what_it_keeps() {
    let ring = Ring::events(10).quota("metrics.**", 1).unwrap().bytes(1 << 20);
    let ring = ring.age(Duration::from_secs(60));
    assert_eq!(
        format!("{ring}"),
        "0 events kept of 0 bytes, 0 let go; of metrics.** 0 of 1 kept, 0 let go"
    );
    let bus = Bus::builder().history(ring).build();
    metrics(&bus, "cpu", 3);
    let shown = format!("{bus:?}");
    assert!(shown.contains("of metrics.** 1 of 1 kept, 2 let go"), "{shown}");
    assert!(bus.topology().to_string().contains("1 events kept"), "{}", bus.topology());
    let plain = Bus::builder().history(Ring::events(2)).build();
    metrics(&plain, "cpu", 3);
    assert_eq!(plain.topology().history.unwrap().to_string(), "2 events kept, 1 let go");
    // Of a child it is not told: it is that of all.
    assert_eq!(plain.child("a").unwrap().topology().history, None);
    assert_eq!(Bus::new().topology().history, None);
}

/// Data that panics as it goes, much of it at once.
#[test]
fn many_that_panic_as_they_go_at_once_harm_nobody() {
    #[derive(EventType, Debug)]
    #[event(topic = "bomb", local)]
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as it goes");
        }
    }
    let test = TestBus::with(Bus::builder().history(Ring::events(10).age(Duration::from_secs(1))));
    (0..5).for_each(|_| drop(test.bus.publish(Bomb).unwrap()));
    test.clock.advance(Duration::from_secs(2));
    order(&test.bus, 1);
    assert_eq!(numbers(&test.bus, "**"), [6]);
    test.bus.publish(Bomb).unwrap();
    test.clock.advance(Duration::from_secs(2));
    assert_eq!(numbers(&test.bus, "**"), [0; 0]);
}

#[test]
fn much_that_was_let_go_is_passed_by() {
    let ring = Ring::events(100).quota("metrics.**", 1).unwrap();
    let bus = Bus::builder().history(ring).build();
    order(&bus, 1);
    metrics(&bus, "cpu", 3_000);
    order(&bus, 2);
    let all = bus.query("**").unwrap();
    assert_eq!(numbers(&bus, "**"), [1, 3_001, 3_002]);
    let backwards: Vec<_> =
        all.iter::<dyn Payload>().rev().map(|it| it.sequence().unwrap()).collect();
    assert_eq!(backwards, [3_002, 3_001, 1]);
    assert_eq!(all.count(), 3);
    let latest = bus.latest::<dyn Payload>("**").unwrap();
    let latest: Vec<_> = latest.iter().map(|event| event.sequence().unwrap()).collect();
    assert_eq!(latest, [1, 3_001, 3_002]);
    let since = stream(&bus, "order.**", Start::Time(rem::Timestamp::from_nanos(1)));
    assert_eq!(drain(&mut { since }), (vec![1, 3_002], vec![]));
    assert_eq!(drain(&mut stream(&bus, "order.**", Start::Earliest)), (vec![1, 3_002], vec![]));
    assert_eq!(
        drain(&mut stream(&bus, "metrics.**", Start::Earliest)),
        (vec![3_001], vec![(2, 256), (257, 3_000)])
    );
}

#[test]
fn of_what_was_let_go_long_ago_all_that_is_not_kept_may_have_been_wanted() {
    // Each of these goes for another reason than the one before, and so many reasons are not remembered.
    let busy = Bus::builder().history(Ring::events(10_000)).build();
    let metrics = |names: usize| {
        for number in 0..names {
            metrics(&busy, if number % 2 == 0 { "cpu" } else { "disk" }, 1);
        }
    };
    order(&busy, 1);
    metrics(99);
    order(&busy, 101);
    metrics(4_400);
    let ring = Ring::events(100).quota("metrics.cpu", 1).unwrap();
    let ring = ring.quota("metrics.disk", 1).unwrap();
    for event in busy.query("**").unwrap().events() {
        drop(ring.record(&event));
    }
    let pattern = |text: &str| Pattern::parse(text).unwrap();
    let lost = |gap, by: &str| ring.lost(gap, &pattern(by));
    assert_eq!(lost(1..=4_000, "order.**"), Some(2..=100));
    let Some(unknown) = lost(101..=4_000, "order.**") else { panic!("nothing is lost") };
    assert_eq!(*unknown.start(), 102);
    assert!(*unknown.end() < 4_000, "{unknown:?}");
    assert_eq!(lost(unknown.end() + 1..=4_000, "order.**"), None, "a quota of others took it");
    let known = unknown.end() + 1;
    assert_eq!(lost(known..=4_000, "metrics.**"), Some(known..=4_000));
}
