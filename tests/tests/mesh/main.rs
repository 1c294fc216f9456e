//! The mesh as a user has it, through the facade.

mod disk;
#[path = "../../../rem-journal/tests/store/disk.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "of tests, which use a part of it")]
mod disk_in_memory;
mod ends;
mod gated;
mod imports;
mod outbox;
mod room;
mod support;
mod unsent;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rem::journal::Journal;
use rem::mesh::memory::MemoryBroker;
use rem::mesh::{Mesh, MeshBuilder};
use rem::prelude::*;
use rem::testing::Recorder;
use serde::{Deserialize, Serialize};

const LIMIT: Duration = Duration::from_secs(20);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
enum Order {
    Placed {
        #[event(key)]
        id: u64,
    },
    #[event(topic = "{region}.shipped")]
    Shipped { id: u64, region: String },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "bill")]
struct Sent {
    order: u64,
}

fn join(bus: &Bus, broker: &MemoryBroker, node: &str) -> MeshBuilder {
    Mesh::builder(bus).transport(broker.transport(node)).node(node)
}

fn listen<E: EventType + Clone>(bus: &Bus) -> (Receiver<E>, Subscription) {
    let (give, take) = channel();
    let sub = bus.on(move |event: &Event<E>| drop(give.send(event.data.clone())));
    (take, sub)
}

/// One node asks, another answers, and both see what came of it in one story.
#[test]
fn a_story_goes_from_node_to_node_and_back() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let seen = Recorder::new(&shop);
    let weak = office.downgrade();
    let _bills = office.on(move |event: &Event<Order>| {
        let Order::Placed { id } = event.data else { return };
        weak.upgrade().unwrap().publish(Sent { order: id }).unwrap();
    });
    let _orders =
        join(&shop, &broker, "orders").export("order").import("bill").join_blocking().unwrap();
    let _billing =
        join(&office, &broker, "billing").export("bill").import("order").join_blocking().unwrap();
    let placed = shop.publish(Order::Placed { id: 4 }).unwrap();
    let sent = seen.wait_for("bill.**", LIMIT).unwrap();
    assert_eq!(sent.causation(), placed.id(), "what caused it happened in another process");
    assert_eq!(Some(sent.correlation()), placed.id());
}

#[test]
fn joining_and_settling_are_awaited_under_a_runtime() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let spawner = runtime.handle().clone();
    runtime.block_on(async {
        let orders = join(&shop, &broker, "orders")
            .export("order")
            .spawner(spawner.clone())
            .join()
            .await
            .unwrap();
        let billing = join(&office, &broker, "billing")
            .import("order")
            .spawner(spawner)
            .join()
            .await
            .unwrap();
        let mut events = office
            .subscription("order.*.shipped")
            .queue(8, Overflow::DropOldest)
            .stream::<Order>()
            .unwrap();
        billing.settled().await.unwrap();
        shop.publish(Order::Shipped { id: 1, region: "eu".into() }).unwrap();
        let event = events.recv().await.unwrap().unwrap();
        assert_eq!(event.data, Order::Shipped { id: 1, region: "eu".into() });
        assert!(orders.leave_async().await.is_complete());
        assert!(billing.leave_async().await.is_complete());
    });
}

#[test]
fn tasks_streams_and_declared_patterns_hear_of_other_nodes() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let (give, take) = channel();
    let _task = office
        .subscription("order")
        .by_key("id")
        .task(move |received: Received<Order>| {
            let give = give.clone();
            async move { drop(give.send(received.data.clone())) }
        })
        .unwrap();
    let (by_type, _by_type) = listen::<Order>(&office);
    let _orders = join(&shop, &broker, "orders").export("order").join_blocking().unwrap();
    let _billing = join(&office, &broker, "billing").import("order").join_blocking().unwrap();
    shop.publish(Order::Placed { id: 1 }).unwrap();
    assert_eq!(take.recv_timeout(LIMIT).unwrap(), Order::Placed { id: 1 });
    assert_eq!(by_type.recv_timeout(LIMIT).unwrap(), Order::Placed { id: 1 });
}

/// The histories of both hold it, and it can be asked for where it came to.
#[test]
fn what_came_is_asked_of_the_history_like_what_happened_here() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::builder().history(Ring::events(100)).build());
    let (came, _sub) = listen::<Order>(&office);
    let _orders = join(&shop, &broker, "orders").export("**").join_blocking().unwrap();
    let _billing = join(&office, &broker, "billing").import("**").join_blocking().unwrap();
    for id in 0..10 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    (0..10).for_each(|_| drop(came.recv_timeout(LIMIT).unwrap()));
    let kept = office.latest::<Order>("order.placed").unwrap();
    assert_eq!(kept[0].data, Order::Placed { id: 9 });
    assert_eq!(office.query("order").unwrap().events().len(), 10);
}

/// It is in no route, and is heard all the same.
#[test]
fn durable_subscriptions_hear_of_other_nodes_as_long_as_they_are_there() {
    let broker = MemoryBroker::new();
    let folder = tempfile::tempdir().unwrap();
    let shop = Bus::new();
    let office = Bus::builder()
        .history(Journal::open(folder.path().join("office.journal")).unwrap())
        .build();
    let _orders = join(&shop, &broker, "orders").export("order").join_blocking().unwrap();
    let billing = join(&office, &broker, "billing")
        .import("order")
        .narrow_after(Duration::ZERO)
        .join_blocking()
        .unwrap();
    assert!(broker.standing().is_empty());
    let mut events =
        office.subscription("order.placed").durable("bills").stream::<Order>().unwrap();
    billing.settled_within(LIMIT).unwrap();
    shop.publish(Order::Placed { id: 3 }).unwrap();
    let event = events.recv_timeout(LIMIT).unwrap();
    assert_eq!(event.data, Order::Placed { id: 3 });
    events.ack();
    drop(events);
    let until = std::time::Instant::now() + LIMIT;
    while !broker.standing().is_empty() {
        assert!(std::time::Instant::now() < until, "nobody wants it any more");
        std::thread::yield_now();
    }
}
