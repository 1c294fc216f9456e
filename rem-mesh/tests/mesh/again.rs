//! What is not answered is given again, published once, and after so many attempts a dead letter.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem_core::{Event, ManualClock, Timestamp};
use rem_mesh::memory::{Faults, MemoryBroker};
use rem_mesh::{Consumer, Import, MeshEvent, Parcel, Subject, Transport};

use crate::durable::{durable, place, shop, soon};
use crate::support::{LIMIT, Order, Told, eventually, node, now};

#[test]
fn whatever_is_lost_on_the_way_comes_again_and_is_published_once() {
    for seed in 0..10 {
        let broker = MemoryBroker::new();
        let (shop, _orders) = shop(&broker, 10_000);
        let (bus, mesh, came, _sub) = durable(&broker, soon().attempts(1_000));
        let (told, _telling) = Told::of(&bus);
        place(&shop, 0..200);
        eventually(|| broker.counts().stored == 200, "all are stored");
        broker.faults(Faults::seeded(seed).lose(0.3).duplicate(0.2).lose_answers(0.3));
        place(&shop, 200..400);
        eventually(|| came.times().len() == 400, "all come");
        broker.calm();
        assert!(mesh.leave(LIMIT).is_complete());
        assert!(came.times().values().all(|times| *times == 1), "seed {seed}: {:?}", came.times());
        let stats = mesh.stats();
        assert!(stats.redelivered > 0 && stats.duplicates > 0, "seed {seed}: {stats}");
        told.wait_for(|event| matches!(event, MeshEvent::Redelivered { .. }));
        assert_eq!(stats.dead_letters, 0, "{:?}", mesh.dead_letters());
    }
}

/// A handler that is slower than the time to answer has it given again, and not published again.
#[test]
fn what_takes_too_long_is_given_again_and_not_published_again() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let (bus, builder) = node(&broker, "billing");
    let (calls, goes_on) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, waits) = (Arc::clone(&calls), Arc::clone(&goes_on));
    let _sub = bus.on(move |_: &Event<Order>| {
        counted.fetch_add(1, Ordering::SeqCst);
        while !waits.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    let rule = Import::of("order").durable(soon().attempts(1_000_000));
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    place(&shop, 0..1);
    eventually(|| calls.load(Ordering::SeqCst) == 1, "it is handled");
    let other = broker.transport("other");
    now(other.connect()).unwrap();
    eventually(
        || {
            // Who gives it again looks at his clock when something happens.
            let _ = now(other.streams().unwrap().state("rem_main"));
            broker.counts().delivered > 1
        },
        "it is given again",
    );
    goes_on.store(true, Ordering::SeqCst);
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!((calls.load(Ordering::SeqCst), mesh.stats().imported), (1, 1));
}

#[test]
fn what_a_handler_fails_at_is_given_again_and_then_is_a_dead_letter() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let (bus, builder) = node(&broker, "billing");
    let (told, _telling) = Told::of(&bus);
    let calls: Arc<Mutex<BTreeMap<u64, u32>>> = Arc::default();
    let counted = Arc::clone(&calls);
    let _sub = bus.on(move |event: &Event<Order>| {
        let Order::Placed { id } = event.data else { return Ok(()) };
        let mut calls = counted.lock().unwrap();
        let times = calls.entry(id).or_default();
        *times += 1;
        match id {
            3 => Err("never"),
            5 if *times < 3 => Err("not yet"),
            _ => Ok(()),
        }
    });
    let rule = Import::of("order").durable(soon().attempts(4).time_to_answer(LIMIT));
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    place(&shop, 0..10);
    let dead = told.wait_for(|event| matches!(event, MeshEvent::DeadLetter { .. }));
    assert!(dead.to_string().contains("rem.main.order.placed"), "{dead}");
    eventually(|| calls.lock().unwrap().get(&5) == Some(&3), "it is handled at last");
    assert!(mesh.leave(LIMIT).is_complete());
    let expected = (0..10).map(|id| {
        (
            id,
            match id {
                3 => 4,
                5 => 3,
                _ => 1,
            },
        )
    });
    assert_eq!(*calls.lock().unwrap(), expected.collect::<BTreeMap<_, _>>());
    let letters = mesh.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&*letters[0].consumer, letters[0].sequence, letters[0].attempts),
        ("billing", 4, 4)
    );
    assert!(letters[0].reason.contains("handlers failed"), "{}", letters[0]);
    let stats = mesh.stats();
    assert_eq!((stats.failed, stats.dead_letters, stats.redelivered), (5, 1, 5), "{stats}");
}

/// What takes its process down each time is no more handled than so often.
#[test]
fn what_is_given_and_never_answered_is_a_dead_letter_too() {
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let (shop, _orders) = shop(&broker, 1_000);
    place(&shop, 0..1);
    eventually(|| broker.counts().stored == 1, "it is stored");
    let consumer = Consumer::new("billing").attempts(2).time_to_answer(Duration::from_secs(1));
    for _ in 0..4 {
        // A process that takes it, and is gone before it answers.
        broker.faults(Faults::seeded(1).lose_answers(1.0));
        let (_bus, mesh, came, _sub) = durable(&broker, consumer.clone());
        eventually(|| came.all().len() == 1, "it comes");
        mesh.leave(LIMIT);
        drop(mesh);
        clock.advance(Duration::from_secs(2));
    }
    broker.calm();
    let (_bus, mesh, came, _sub) = durable(&broker, consumer);
    eventually(|| mesh.stats().dead_letters == 1, "it is given up");
    assert_eq!(came.all(), [0; 0]);
    assert!(mesh.dead_letters()[0].reason.contains("never answered"));
}

/// This process has published it, and so it did not take that down.
#[test]
fn what_is_published_is_no_dead_letter_however_often_its_answer_is_lost() {
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let (shop, _orders) = shop(&broker, 1_000);
    place(&shop, 0..1);
    eventually(|| broker.counts().stored == 1, "it is stored");
    broker.faults(Faults::seeded(1).lose_answers(1.0));
    let consumer = Consumer::new("billing").attempts(1).time_to_answer(Duration::from_secs(1));
    let (_bus, mesh, came, _sub) = durable(&broker, consumer);
    let given_again = || {
        clock.advance(Duration::from_secs(1));
        mesh.stats().duplicates >= 4
    };
    eventually(given_again, "it is given again");
    broker.calm();
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!((came.all(), mesh.dead_letters()), (vec![0], Vec::new()));
}

#[test]
fn what_is_no_event_is_a_dead_letter_at_once_and_holds_nothing_up() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let subject = Subject::parse("rem.main.order.placed").unwrap();
    let parcel = Parcel::new(subject)
        .header("rem-home", "elsewhere")
        .header("rem-boot", "0123456789abcdef0123456789abcdef")
        .header("rem-hops", "0")
        .with_body("{ no event");
    now(maker.publish(parcel)).unwrap();
    let (_bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
    place(&shop, 0..5);
    eventually(|| came.all().len() == 5, "the others come");
    assert_eq!(mesh.dead_letters().len(), 1);
    assert_eq!((mesh.stats().failed, mesh.stats().dead_letters), (0, 1));
}
