//! In order for each key, and different keys at the same time.

use std::collections::HashMap;
use std::thread;

use rem::TaskKey;
use rem::prelude::*;

use crate::{Door, Job, LONG, Notes, Told, number, of};

#[test]
fn one_key_waits_for_itself_and_others_pass() {
    let bus = Bus::new();
    let (door, (told, begun)) = (Door::default(), Told::new());
    let _sub = bus
        .subscription("job.of.*")
        .concurrency(3)
        .by_key("name")
        .task_with((door.clone(), told), async |(door, told), job: Received<Job>| {
            told.tell(number(&job));
            if number(&job) == 1 {
                door.pass().await;
            }
        })
        .unwrap();
    for (name, value) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5)] {
        of(&bus, name, value);
    }
    let first: Vec<_> = (0..3).map(|_| begun.recv_timeout(LONG).unwrap()).collect();
    let mut others = first.clone();
    others.retain(|value| *value != 1);
    assert_eq!(others, [4, 5], "of another key, in their order: {first:?}");
    let report = bus.topology().to_string();
    assert!(report.contains("task 1/3") && report.contains("parked 2"), "{report}");
    assert_eq!(bus.stats().total.deferred, 2, "parked events wait");
    door.open();
    bus.settle(LONG).unwrap();
    assert_eq!(begun.try_iter().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(bus.stats().total.delivered, 5);
}

#[test]
fn parked_events_count_against_the_room() {
    let bus = Bus::new();
    let door = Door::default();
    let _sub = bus
        .subscription("job.of.*")
        .queue(3, Overflow::Reject)
        .concurrency(2)
        .by_key("name")
        .task_with(door.clone(), async |door, _: Received<Job>| door.pass().await)
        .unwrap();
    let mut taken = 0;
    while bus.publish(Job::Of { name: "a", value: taken }).is_ok() {
        taken += 1;
        assert!(taken <= 16, "it has no bound");
        // Until the workers have taken what they can.
        while bus.topology().to_string().contains("task 0/2") {
            thread::yield_now();
        }
    }
    door.open();
    bus.settle(LONG).unwrap();
    assert_eq!(bus.stats().total.delivered, taken);
}

/// Many keys under load, on several threads: each in its order.
#[test]
fn keys_are_in_order_under_load() {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let bus = Bus::new();
    let notes = Notes::new();
    let _sub = bus
        .subscription("job.of.*")
        .queue(32, Overflow::Block(LONG))
        .concurrency(6)
        .by_key(TaskKey::declared())
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            let Job::Of { name, value } = job.data else { return };
            if value % 3 == 0 {
                smol::future::yield_now().await;
            }
            notes.note((name, value));
        })
        .unwrap();
    thread::scope(|scope| {
        // Each name has one publisher, so that its order is known.
        for names in NAMES.chunks(2) {
            let bus = &bus;
            scope.spawn(move || {
                for value in 0..500 {
                    for name in names {
                        of(bus, name, value);
                    }
                }
            });
        }
    });
    bus.settle(LONG).unwrap();
    let mut of_key: HashMap<_, Vec<u64>> = HashMap::new();
    for (name, value) in notes.all() {
        of_key.entry(name).or_default().push(value);
    }
    assert_eq!(of_key.len(), NAMES.len());
    for (name, values) in of_key {
        assert_eq!(values, (0..500).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_key_is_the_declared_one_metadata_or_a_field() {
    #[derive(EventType, Debug, Clone, serde::Serialize, serde::Deserialize)]
    #[event(namespace = "order")]
    enum Order {
        Paid { order_id: u64, shop: String },
    }
    let paid = |order_id| Order::Paid { order_id, shop: "x".into() };
    let bus = Bus::new();
    let keys = Notes::new();
    // What each event waits behind tells its key: the first of each is never finished.
    for name in ["order_id", "tenant"] {
        let door = Door::default();
        let sub = bus
            .subscription("order")
            .concurrency(4)
            .by_key(name)
            .task_with(
                (door.clone(), keys.clone()),
                async |(door, keys), order: Received<Order>| {
                    keys.note(order.id());
                    door.pass().await;
                },
            )
            .unwrap();
        bus.event(paid(1)).metadata("tenant", "acme").publish().unwrap();
        bus.event(paid(1)).metadata("tenant", "umbrella").publish().unwrap();
        bus.event(paid(2)).metadata("tenant", "acme").publish().unwrap();
        while !bus.topology().to_string().contains("parked 1") {
            thread::yield_now();
        }
        assert!(bus.topology().to_string().contains("task 2/4"), "{name}: {}", bus.topology());
        door.open();
        bus.settle(LONG).unwrap();
        drop(sub);
    }
    assert_eq!(keys.all().len(), 6);
}
