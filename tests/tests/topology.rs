//! What a bus tells of itself: topics, subscriptions, and what became of every event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rem::prelude::*;
use rem::{DeliveryReport, Key, QueueStats, Receipt, SubscriptionStats, Topology};

#[derive(EventType, Debug, Clone)]
#[event(namespace = "order", local)]
enum Order {
    Placed(u64),
    Paid(()),
    #[event(topic = "by.{0}.shipped")]
    Shipped(u8),
}

#[derive(EventType, Debug)]
#[event(name = "other", local)]
struct Other;

#[derive(EventType, Debug)]
#[event(topic = "order.echo", local)]
struct Echo;

/// The numbers of the subscription with that pattern.
fn stats(topology: &Topology, pattern: &str) -> SubscriptionStats {
    let found =
        topology.subscriptions.iter().find(|subscription| &*subscription.pattern == pattern);
    found.unwrap_or_else(|| panic!("no subscription to {pattern}: {topology}")).stats
}

fn numbers(stats: SubscriptionStats) -> [u64; 6] {
    let SubscriptionStats { delivered, deferred, dropped, failed, mismatched, missed, .. } = stats;
    assert_eq!(stats.matched(), delivered + deferred + dropped + failed);
    [delivered, deferred, dropped, failed, mismatched, missed]
}

#[test]
fn each_subscription_says_what_became_of_its_events() {
    let bus = Bus::builder().history(Ring::events(6)).build();
    let publish = |numbers: std::ops::RangeInclusive<u64>| {
        for number in numbers {
            bus.publish(Order::Placed(number)).unwrap();
        }
    };
    publish(1..=8);
    let subscribe = |pattern: &str| bus.subscription(pattern);
    let _all = subscribe("order.*").inline(|_: &Event| ()).unwrap();
    let even = |event: &Event| match event.downcast_ref::<Order>() {
        Some(event) => matches!(event.data, Order::Placed(number) if number % 2 == 0),
        None => false,
    };
    let _even = subscribe("order.placed,order.even").filter(even).inline(|_: &Event| ()).unwrap();
    let _fails = subscribe("order.placed,order.fails")
        .inline(|event: &Event<Order>| match event.data {
            Order::Placed(number) if number % 3 == 0 => Err("three"),
            Order::Placed(number) if number % 5 == 0 => panic!("five"),
            _ => Ok(()),
        })
        .unwrap();
    let _other = subscribe("order.placed,order.other").inline(|_: &Event<Other>| ()).unwrap();
    let _past = subscribe("order.placed,order.past")
        .from(Start::Sequence(1))
        .inline(|_: &Event| ())
        .unwrap();
    let queue = |pattern: &str, overflow| {
        subscribe(pattern).queue(2, overflow).stream::<dyn rem::Payload>().unwrap()
    };
    let oldest = queue("order.placed,order.oldest", Overflow::DropOldest);
    let newest = queue("order.placed,order.newest", Overflow::DropNewest);
    let mut conflated = queue("order.placed,order.conflated", Overflow::Conflate(Key::topic()));
    publish(9..=20);
    conflated.try_recv().unwrap();

    let topology = bus.topology();
    for (name, expected) in [
        ("order.*", [12, 0, 0, 0, 0, 0]),
        ("order.placed,order.even", [6, 0, 0, 0, 0, 0]),
        ("order.placed,order.fails", [6, 0, 0, 6, 0, 0]),
        ("order.placed,order.other", [0, 0, 0, 0, 12, 0]),
        ("order.placed,order.past", [6 + 12, 0, 0, 0, 0, 2]),
        ("order.placed,order.oldest", [0, 2, 10, 0, 0, 0]),
        ("order.placed,order.newest", [0, 2, 10, 0, 0, 0]),
        ("order.placed,order.conflated", [1, 0, 11, 0, 0, 0]),
    ] {
        assert_eq!(numbers(stats(&topology, name)), expected, "{name}\n{topology}");
    }
    let fails = topology.subscriptions.iter().find(|sub| sub.pattern.ends_with("fails")).unwrap();
    assert_eq!(fails.last_error.as_deref(), Some("five"));
    assert_eq!(fails.event_type, Some("Order"));
    assert!(fails.place.file().ends_with("topology.rs"));
    let lag = |ending: &str| {
        let found = topology.subscriptions.iter().find(|sub| sub.pattern.ends_with(ending));
        found.unwrap().lag
    };
    // The oldest of the twenty that waits: 19 of the one, 9 of the other.
    assert_eq!([lag("oldest"), lag("newest"), lag("*")], [2, 12, 0]);
    let DeliveryReport::Queue { capacity, depth, .. } =
        topology.subscriptions.iter().find(|sub| sub.pattern.ends_with("oldest")).unwrap().delivery
    else {
        panic!("a queue");
    };
    assert_eq!((capacity, depth), (2, 2));
    drop((oldest, newest));
}

/// A stream that has had all it was to have is there still, and so is its account.
#[test]
fn what_nobody_will_read_is_counted() {
    let bus = Bus::new();
    let queue = bus.subscription("order").take(2).queue(8, Overflow::DropOldest);
    let mut stream: EventStream<Order> = queue.stream().unwrap();
    for number in 0..5 {
        bus.publish(Order::Placed(number)).unwrap();
    }
    let account = |stream: &EventStream<Order>| {
        let QueueStats { waiting, delivered, dropped, replaced, unread, .. } = stream.stats();
        (waiting, delivered, dropped + replaced, unread)
    };
    stream.try_recv().unwrap();
    assert_eq!(account(&stream), (4, 1, 0, 0));
    stream.try_recv().unwrap();
    assert_eq!(account(&stream), (0, 2, 0, 3));
}

#[test]
fn what_waits_for_other_handlers_is_deferred_until_it_has_its_turn() {
    let bus = Bus::new();
    let (inner, seen) = (bus.clone(), Arc::new(AtomicU64::new(0)));
    let held = Arc::clone(&seen);
    let _first = bus
        .subscribe("order.placed", move |_: &Event| {
            let receipt = inner.publish(Echo).unwrap();
            assert_eq!((receipt.deferred(), receipt.delivered()), (1, 0));
            held.store(stats(&inner.topology(), "order.echo").deferred, Ordering::Relaxed);
        })
        .unwrap();
    let _echo = bus.subscribe("order.echo", |_: &Event| ()).unwrap();
    bus.publish(Order::Placed(1)).unwrap();
    bus.publish(Echo).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 1, "while it waited");
    let topology = bus.topology();
    assert_eq!(numbers(stats(&topology, "order.echo")), [2, 0, 0, 0, 0, 0]);
    assert_eq!(numbers(stats(&topology, "order.placed")), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn all_receipts_add_up_to_all_subscriptions_whoever_comes_and_goes() {
    const THREADS: u64 = 4;
    const EVENTS: u64 = 2_000;
    let bus = Bus::new();
    let _lasting = bus.on(|_: &Event<Order>| ());
    let _failing = bus.on(|event: &Event<Order>| match event.data {
        Order::Paid(()) => Err("unpaid"),
        _ => Ok(()),
    });
    let mut stream: EventStream<Order> =
        bus.subscription("order.**").queue(7, Overflow::DropOldest).stream().unwrap();
    let passing = AtomicU64::new(0);
    let count = |receipts: &mut SubscriptionStats, receipt: &Receipt| {
        receipts.delivered += receipt.delivered() as u64;
        receipts.dropped += receipt.dropped() as u64;
        receipts.failed += receipt.failed() as u64;
    };
    let total: SubscriptionStats = thread::scope(|scope| {
        let bus = &bus;
        let publishers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(move || {
                    let mut receipts = SubscriptionStats::default();
                    for number in 0..EVENTS {
                        let receipt = match number % 3 {
                            0 => bus.publish(Order::Placed(number)),
                            1 => bus.publish(Order::Paid(())),
                            _ => bus.publish(Order::Shipped(number.to_le_bytes()[0])),
                        };
                        count(&mut receipts, &receipt.unwrap());
                    }
                    receipts
                })
            })
            .collect();
        // Routes change under the publishers all the time; what these have is not in the end's account.
        for _ in 0..200 {
            let sub = bus.on(|_: &Event<Order>| ());
            let topology = bus.topology();
            let last = topology.subscriptions.last().unwrap();
            assert_eq!(last.id, sub.id());
            let _ = sub.unsubscribe();
            passing.fetch_add(1, Ordering::Relaxed);
        }
        publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum()
    });
    let read = std::iter::from_fn(|| stream.try_recv().ok()).count() as u64;
    let topology = bus.topology();
    let events = THREADS * EVENTS;
    let all = &topology.subscriptions;
    assert_eq!(all.len(), 3);
    let lasting = all.iter().map(|sub| sub.stats.matched()).collect::<Vec<_>>();
    assert_eq!(lasting, [events; 3], "{topology}");
    assert_eq!(all[1].stats.failed, total.failed);
    assert_eq!(all[0].stats.delivered, events);
    assert!(all[2].stats.delivered == read || all[2].stats.delivered < events, "{topology}");
    assert_eq!(bus.stats().published, events);
    let fixed = topology.topics.iter().filter(|topic| !topic.topic.contains(".by."));
    let of_each = THREADS * EVENTS.div_ceil(3);
    assert_eq!(fixed.map(|topic| topic.published).collect::<Vec<_>>(), [of_each; 2]);
    // A queue's receipt says that it was queued; what the queue lost later, another's receipt did not know.
    let sums = bus.stats().total;
    assert_eq!(sums.matched(), 3 * events);
    assert!(total.delivered + total.failed >= 2 * events);
}

#[test]
fn a_child_tells_of_itself_and_what_lies_below_it() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let north = eu.child("north").unwrap();
    eu.middleware("**", rem::middleware::tap("look", |_, _| ())).unwrap();
    let _root = bus.on(|_: &Event<Order>| ());
    let eu_sub = eu.subscribe("order", |_: &Event| ()).unwrap();
    let north_sub = north.on(|_: &Event<Order>| ());
    let _us = us.subscribe("nothing.*", |_: &Event| ()).unwrap();
    eu.publish(Order::Placed(1)).unwrap();
    north.publish(Order::Placed(2)).unwrap();
    us.publish(Order::Placed(3)).unwrap();
    bus.publish_to("eu.order.late", Order::Paid(())).unwrap();

    let topology = eu.topology();
    let topics: Vec<_> = topology.topics.iter().map(|topic| topic.topic.as_str()).collect();
    assert_eq!(topics, ["eu.north.order.placed", "eu.order.late", "eu.order.placed"]);
    let ids: Vec<_> = topology.subscriptions.iter().map(|sub| sub.id).collect();
    assert_eq!(ids, [eu_sub.id(), north_sub.id()]);
    assert_eq!(topology.topics[0].heard_by, [north_sub.id()]);
    assert_eq!(topology.topics[2].heard_by, [eu_sub.id()]);
    let children: Vec<_> = topology.children.iter().map(Topic::as_str).collect();
    assert_eq!(children, ["eu.north"]);
    assert_eq!(topology.middleware.len(), 1);
    assert_eq!(
        topology.event_types.iter().map(|schema| schema.name).collect::<Vec<_>>(),
        ["Order"]
    );
    assert_eq!((eu.stats().published, bus.stats().published), (3, 4));

    let whole = bus.topology();
    assert_eq!((whole.subscriptions.len(), whole.topics.len(), whole.children.len()), (4, 4, 3));
    assert_eq!(us.topology().idle().count(), 1, "its pattern selects nothing that happens");
    assert_eq!(us.topology().unheard().count(), 1, "nobody of its own hears it");
    assert_eq!(whole.unheard().count(), 0);
}

#[test]
fn it_can_be_read() {
    let bus = Bus::new();
    let _sub = bus.subscribe("order.*", |_: &Event| Err::<(), _>("no")).unwrap();
    bus.publish(Order::Placed(1)).unwrap();
    let place = "tests/topology.rs:";
    let shown = bus.topology().to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "root bus",
            "event types:",
            "  Order",
            "topics:",
            "  order.placed: published 1, heard by 1"
        ]
    );
    assert_eq!(lines[5], "subscriptions:");
    assert!(
        lines[6].starts_with("  subscription 1 to `order.*` (") && lines[6].contains(place),
        "{shown}"
    );
    assert!(lines[6].ends_with("): inline; matched 1, failed 1; last error: no"), "{shown}");
    assert_eq!(
        bus.stats().to_string(),
        "published 1, topics 1, subscriptions 1, child buses 0; matched 1, failed 1"
    );
}
