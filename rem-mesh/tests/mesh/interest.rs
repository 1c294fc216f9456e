//! What is asked for is what is subscribed to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rem_core::testing::TestBus;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Ring, Start};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{Mesh, SettledErrorKind, SubjectFilter};

use crate::support::{LIMIT, Ledger, Order, Told, eventually, node};

fn standing(broker: &MemoryBroker) -> Vec<String> {
    broker.standing().iter().map(ToString::to_string).collect()
}

fn raw() -> RawEvent {
    RawEvent::new(Codec::Json, b"1".to_vec())
}

#[test]
fn what_nobody_wants_never_crosses_the_wire() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let _a = orders.export("**").join_blocking().unwrap();
    let b = billing.import("**").join_blocking().unwrap();
    assert_eq!(standing(&broker), [""; 0]);
    for _ in 0..100 {
        shop.publish(Order::Placed { id: 1 }).unwrap();
    }
    eventually(|| broker.counts().published == 100, "they leave");
    assert_eq!((broker.counts().carried, broker.counts().unheard), (0, 100));
    let (came, _sub) = Ledger::of(&office, "order.eu.shipped");
    b.settled_within(LIMIT).unwrap();
    shop.publish(Order::Placed { id: 1 }).unwrap();
    let last = shop.publish(Order::Shipped { id: 1, region: "eu".into() }).unwrap();
    came.wait_for(last.id().unwrap());
    assert_eq!((broker.counts().carried, b.stats().unwanted), (1, 0)); // counted before it came
}

#[test]
fn subscriptions_widen_and_narrow_what_is_asked_for() {
    let broker = MemoryBroker::new();
    let test = TestBus::new();
    let bus = &test.bus;
    let mesh = Mesh::builder(bus)
        .transport(broker.transport("a"))
        .node("a")
        .import("order")
        .narrow_after(Duration::from_secs(10))
        .join_blocking()
        .unwrap();
    let settled = || mesh.settled_within(LIMIT).unwrap();
    let one = bus.subscribe("=order.a", |_: &Event| ()).unwrap();
    let two = bus.subscribe("=order.a", |_: &Event| ()).unwrap();
    let _else = bus.subscribe("user.a", |_: &Event| ()).unwrap();
    settled();
    assert_eq!(standing(&broker), ["rem.main.order.a"]);
    assert_eq!(broker.counts().subscribed, 1);
    let wide = bus.subscribe("order.*", |_: &Event| ()).unwrap();
    settled();
    // What the wider one stands for goes at once.
    eventually(|| standing(&broker) == ["rem.main.order.*"], "the narrow one goes");
    drop(wide);
    settled();
    assert_eq!(standing(&broker), ["rem.main.order.*"], "it lasts a while");
    let later = || test.clock.advance(Duration::from_secs(1));
    let narrow = || standing(&broker) == ["rem.main.order.a"];
    eventually(|| (later(), narrow()).1, "the narrow one takes its place");
    drop(one);
    settled();
    test.clock.advance(Duration::from_secs(11));
    assert_eq!(standing(&broker), ["rem.main.order.a"], "another wants it still");
    drop(two);
    settled();
    // Asked for again before its time, it is not asked for anew.
    let subscribed = broker.counts().subscribed;
    let three = bus.subscribe("=order.a", |_: &Event| ()).unwrap();
    settled();
    assert_eq!(broker.counts().subscribed, subscribed);
    drop(three);
    settled();
    eventually(|| (later(), standing(&broker).is_empty()).1, "nobody wants it");
    eventually(|| mesh.stats().subjects == 0, "nor is it counted");
}

#[test]
fn subscriptions_by_type_streams_and_those_of_child_buses_are_heard() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = node(&broker, "a");
    let mesh = mesh.import("**").narrow_after(Duration::ZERO).join_blocking().unwrap();
    let eu = bus.child("eu").unwrap();
    let check = |expected: &[&str]| {
        mesh.settled_within(LIMIT).unwrap();
        for subject in expected {
            let subject = format!("rem.main.{subject}");
            assert!(standing(&broker).contains(&subject), "{subject} of {:?}", standing(&broker));
        }
    };
    let _typed = bus.on(|_: &Event<Order>| ());
    check(&["order.placed", "order.*.shipped", "*.order.placed", "*.*.*.*.order.*.shipped"]);
    let stream = eu
        .subscription("=x.y")
        .queue(8, rem_core::Overflow::DropOldest)
        .stream::<dyn rem_core::Payload>()
        .unwrap();
    check(&["eu.x.y"]);
    drop(stream);
    mesh.settled_within(LIMIT).unwrap();
    eventually(|| !standing(&broker).contains(&"rem.main.eu.x.y".into()), "the stream is gone");
    let taken = bus.subscription("=once").take(1).inline(|_: &Event| ()).unwrap();
    check(&["once"]);
    bus.publish_to("once", raw()).unwrap();
    mesh.settled_within(LIMIT).unwrap();
    eventually(|| !standing(&broker).contains(&"rem.main.once".into()), "it has ended by itself");
    drop(taken);
}

#[test]
fn settled_waits_until_the_broker_has_acknowledged() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let _a = orders.export("**").join_blocking().unwrap();
    let b = billing.import("**").join_blocking().unwrap();
    broker.be_silent();
    let (came, _sub) = Ledger::of(&office, "order");
    let late = b.settled_within(Duration::from_millis(20)).unwrap_err();
    assert_eq!(late.kind(), SettledErrorKind::Late);
    shop.publish(Order::Placed { id: 1 }).unwrap();
    eventually(|| broker.counts().published == 1, "it leaves");
    broker.answer();
    b.settled_within(LIMIT).unwrap();
    let second = shop.publish(Order::Placed { id: 2 }).unwrap();
    came.wait_for(second.id().unwrap());
    assert_eq!(came.len(), 1, "what was published before was not heard");
}

#[test]
fn nothing_is_lost_when_subscriptions_change_while_others_publish() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let a = orders.export("**").queue(1 << 20).join_blocking().unwrap();
    let b = billing.import("**").narrow_after(Duration::ZERO).join_blocking().unwrap();
    let (halt, shop) = (Stop::default(), &shop);
    std::thread::scope(|scope| {
        let guard = StopAtEnd(&halt);
        let publisher = scope.spawn(|| {
            let mut sent = 0;
            while !halt.0.load(Ordering::Relaxed) {
                // No more than is taken at the other end, so that nothing is lost for want of room.
                let (counts, stats) = (broker.counts(), b.stats());
                let taken = stats.imported + stats.duplicates + stats.unwanted;
                if counts.published + 100 < sent || taken + 1_000 < counts.carried {
                    std::thread::yield_now();
                    continue;
                }
                for id in 0..20 {
                    shop.publish(Order::Placed { id }).unwrap();
                    shop.publish(Order::Shipped { id, region: "eu".into() }).unwrap();
                }
                sent += 40;
            }
        });
        // Each in its turn sees all from when it is settled, while wider and narrower ones come and go.
        let patterns = ["order.placed", "order.*", "order.**", "=order.placed", "*.placed"];
        for round in 0..40 {
            let other = office.subscribe(patterns[(round + 2) % 5], |_: &Event| ()).unwrap();
            let (came, sub) = Ledger::of(&office, patterns[round % 5]);
            b.settled_within(LIMIT).unwrap();
            let mut ids = Vec::new();
            for id in 0..10 {
                ids.push(shop.publish(Order::Placed { id }).unwrap().id().unwrap());
                if id == 4 {
                    drop(office.subscribe(patterns[(round + 1) % 5], |_: &Event| ()).unwrap());
                }
            }
            came.wait_for_all(&ids);
            assert_eq!(came.most(), 1);
            drop((other, sub));
        }
        drop(guard);
        publisher.join().unwrap();
        assert_eq!((a.stats().lost, b.stats().lagged), (0, 0));
    });
}

#[derive(Default)]
struct Stop(AtomicBool);

/// A thread that fails stops the other too.
struct StopAtEnd<'a>(&'a Stop);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_the_broker_refuses_is_told_and_all_else_is_asked_for() {
    let broker = MemoryBroker::new();
    broker.forbid(Some(SubjectFilter::parse("rem.main.secret.>").unwrap()));
    let (bus, mesh) = node(&broker, "a");
    let (told, _told) = Told::of(&bus);
    let mesh = mesh.import("**").join_blocking().unwrap();
    let _open = bus.subscribe("=open.a", |_: &Event| ()).unwrap();
    let _secret = bus.subscribe("=secret.a", |_: &Event| ()).unwrap();
    let error = mesh.settled_within(LIMIT).unwrap_err();
    assert_eq!(error.kind(), SettledErrorKind::Unasked);
    assert_eq!(error.subjects().collect::<Vec<_>>(), ["rem.main.secret.a"]);
    told.wait_for(|event| event.to_string().contains("`rem.main.secret.a`"));
    assert_eq!(standing(&broker), ["rem.main.open.a"]);
    broker.forbid(None);
    let _more = bus.subscribe("=more", |_: &Event| ()).unwrap();
    mesh.settled_within(LIMIT).unwrap();
    assert_eq!(standing(&broker).len(), 3);
}

#[test]
fn what_is_always_asked_for_goes_into_the_history() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let office = Bus::builder().history(Ring::events(100)).build();
    let _a = orders.export("**").join_blocking().unwrap();
    let b = Mesh::builder(&office)
        .transport(broker.transport("b"))
        .node("b")
        .import("**")
        .always("=order.placed")
        .join_blocking()
        .unwrap();
    assert_eq!(standing(&broker), ["rem.main.order.placed"]);
    let receipt = shop.publish(Order::Placed { id: 1 }).unwrap();
    eventually(|| b.stats().imported == 1, "it comes");
    let kept = office.query("order").unwrap().events();
    assert_eq!(kept[0].id(), receipt.id().unwrap_or(kept[0].id()));
    // A subscription that begins in the past sees it.
    let (came, ids) = (Ledger::default(), kept[0].id());
    let later = came.clone();
    let _sub = office
        .subscription("order")
        .from(Start::Earliest)
        .inline(move |event: &Event| later.add(event.id()))
        .unwrap();
    came.wait_for(ids);
}

#[test]
fn ten_thousand_subscriptions_over_a_thousand_patterns_ask_for_a_thousand_subjects() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = node(&broker, "a");
    let subs: Vec<_> = (0..10_000)
        .map(|at| {
            let pattern = format!("=order.{}.region{}.shipped", at % 1_000, at % 10);
            bus.subscribe(pattern.as_str(), |_: &Event| ()).unwrap()
        })
        .collect();
    let begun = Instant::now();
    let mesh = mesh.import("order").join_blocking().unwrap();
    let took = begun.elapsed();
    assert_eq!(mesh.stats().subjects, 1_000);
    assert_eq!(broker.counts().subscribed, 1_000);
    println!("joined with 10,000 subscriptions over 1,000 patterns in {took:?}");
    drop(subs);
    mesh.settled_within(LIMIT).unwrap();
}

#[test]
fn more_than_may_be_asked_for_become_wider_ones_and_are_checked_here() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let _a = orders.export("**").join_blocking().unwrap();
    let subs: Vec<_> =
        (0..100).map(|at| Ledger::of(&office, &format!("=order.r{at}.shipped"))).collect();
    let b = billing.import("order").subjects(10).join_blocking().unwrap();
    assert_eq!(standing(&broker), ["rem.main.order.>"]);
    shop.publish(Order::Placed { id: 1 }).unwrap();
    let last = shop.publish(Order::Shipped { id: 1, region: "r7".into() }).unwrap();
    subs[7].0.wait_for(last.id().unwrap());
    eventually(|| (b.stats().imported, b.stats().unwanted) == (1, 1), "both are counted");
}
