//! How a mesh ends, and what becomes of it while the connection is lost.

use std::sync::Arc;
use std::time::Duration;

use rem_core::{Bus, Event, TaskFuture};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{JoinErrorKind, Mesh, MeshEvent, SubjectFilter, Transport};

use crate::support::{LIMIT, Ledger, Order, Told, eventually, node, now};

#[test]
fn leaving_sends_everything_that_waits() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (came, _sub) = Ledger::of(&office, "order");
    let a = orders.export("order").join_blocking().unwrap();
    let _b = billing.import("order").join_blocking().unwrap();
    for id in 0..5_000 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    let report = a.leave(LIMIT);
    assert!(report.is_complete(), "{report}");
    shop.publish(Order::Placed { id: 0 }).unwrap(); // the bus goes on, and nobody takes it
    eventually(|| came.len() == 5_000, "all come");
    assert_eq!((a.stats().exported, a.is_over()), (5_000, true));
    assert_eq!(a.settled_within(LIMIT).unwrap_err().to_string(), "the mesh is over: join again");
}

#[test]
fn what_cannot_be_sent_before_the_limit_is_counted() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let a = orders.export("order").join_blocking().unwrap();
    broker.cut("a");
    eventually(|| !a.is_connected(), "it is told");
    for id in 0..10 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    let report = a.leave(Duration::from_millis(20));
    assert_eq!((report.is_complete(), report.unsent()), (false, 10), "{report}");
    assert_eq!((a.stats().lost, a.stats().exported), (10, 0));
    assert!(report.to_string().contains("10 events were not sent"));
}

#[test]
fn while_the_connection_is_lost_what_leaves_waits_and_what_does_not_fit_is_counted_and_told() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (told, _told) = Told::of(&shop);
    let (came, _sub) = Ledger::of(&office, "order");
    let a = orders.export("order").queue(100).join_blocking().unwrap();
    let _b = billing.import("order").join_blocking().unwrap();
    broker.cut("a");
    told.wait_for(|event| matches!(event, MeshEvent::Disconnected { .. }));
    assert!(!a.is_connected());
    for id in 0..250 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    broker.mend("a");
    let end = loop {
        // The last that is there for certain.
        let event = shop.publish(Order::Placed { id: 1_000 }).unwrap();
        if event.id().is_some() {
            break event.id().unwrap();
        }
    };
    came.wait_for(end);
    told.wait_for(|event| {
        matches!(event, MeshEvent::Lagged { outbound: true, events: Some(_), .. })
    });
    assert!(a.leave(LIMIT).is_complete());
    let stats = a.stats();
    assert_eq!((stats.exported + stats.lost, stats.disconnected), (251, 1), "{stats}");
    assert_eq!((came.len() as u64, came.most()), (stats.exported, 1));
    // One may have been in hand when it was cut.
    assert!((100..=102).contains(&stats.exported), "{stats}");
}

#[test]
fn what_is_subscribed_to_while_the_connection_is_lost_is_asked_for_when_it_is_back() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let _a = orders.export("**").join_blocking().unwrap();
    let (before, _before) = Ledger::of(&office, "order.placed");
    let b = billing.import("**").join_blocking().unwrap();
    broker.cut("b");
    eventually(|| !b.is_connected(), "it is told");
    let (came, _sub) = Ledger::of(&office, "order.*.shipped");
    assert!(b.settled_within(Duration::from_millis(10)).is_err());
    broker.mend("b");
    b.settled_within(LIMIT).unwrap();
    let one = shop.publish(Order::Shipped { id: 1, region: "eu".into() }).unwrap();
    let two = shop.publish(Order::Placed { id: 1 }).unwrap();
    came.wait_for(one.id().unwrap());
    before.wait_for(two.id().unwrap());
}

#[test]
fn dropping_the_last_handle_ends_it() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = node(&broker, "a");
    let (told, _told) = Told::of(&bus);
    let _sub = bus.subscribe("=x", |_: &Event| ()).unwrap();
    let mesh = mesh.import("**").join_blocking().unwrap();
    let other = mesh.clone();
    drop(mesh);
    assert!(!other.is_over());
    assert_eq!(broker.standing().len(), 1);
    drop(other);
    told.wait_for(|event| matches!(event, MeshEvent::Left { reason: None, .. }));
    eventually(|| broker.standing().is_empty(), "its connection is let go");
}

#[test]
fn a_bus_that_is_closed_sends_what_waits_and_its_mesh_ends() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (came, _sub) = Ledger::of(&office, "order");
    let a = orders.export("order").import("**").join_blocking().unwrap();
    let _b = billing.import("order").join_blocking().unwrap();
    for id in 0..1_000 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    assert!(shop.close(LIMIT).is_complete());
    eventually(|| a.is_over() && came.len() == 1_000, "it ends, with all sent");
    assert_eq!(a.stats().lost, 0);
}

#[test]
fn a_transport_that_is_closed_ends_the_mesh_and_that_is_told() {
    let broker = MemoryBroker::new();
    let bus = Bus::new();
    let (told, _told) = Told::of(&bus);
    let transport: Arc<dyn Transport> = Arc::new(broker.transport("a"));
    let mesh = Mesh::builder(&bus)
        .shared_transport(Arc::clone(&transport))
        .node("a")
        .export("**")
        .join_blocking()
        .unwrap();
    now(transport.close()).unwrap();
    let left = told.wait_for(|event| matches!(event, MeshEvent::Left { .. }));
    assert!(left.to_string().contains("the transport was closed"), "{left}");
    assert!(mesh.is_over());
}

#[test]
fn a_runtime_does_the_work_and_one_that_drops_it_ends_the_mesh() {
    let broker = MemoryBroker::new();
    let spawn = |task: TaskFuture| drop(std::thread::spawn(move || block_on(task)));
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (came, _sub) = Ledger::of(&office, "order");
    let _a = block_on(orders.export("order").spawner(spawn).join()).unwrap();
    let b = block_on(billing.import("order").spawner(spawn).join()).unwrap();
    let event = shop.publish(Order::Placed { id: 1 }).unwrap();
    came.wait_for(event.id().unwrap());
    let report = block_on(b.leave_async());
    assert!(report.is_complete(), "{report}");

    let (_bus, mesh) = node(&broker, "c");
    let error = mesh.spawner(|task: TaskFuture| drop(task)).join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::Ended);
    let (_bus, mesh) = node(&broker, "d");
    let error = mesh.spawner(|_: TaskFuture| panic!("none")).join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::Spawn);
}

/// As a runtime would.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(given) => return given,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn what_is_wrong_is_told_when_one_joins() {
    let broker = MemoryBroker::new();
    let bus = Bus::new();
    let builder = || Mesh::builder(&bus).transport(broker.transport("a")).node("a");
    let many = |count: usize| (0..count).map(|at| format!("=a.{at}")).collect::<Vec<_>>().join(",");
    let closed = Bus::new();
    closed.close(Duration::ZERO);
    let cases = [
        (Mesh::builder(&bus).node("a"), JoinErrorKind::NoTransport, "by `transport`"),
        (Mesh::builder(&bus).transport(broker.transport("a")), JoinErrorKind::NoNode, "by `node`"),
        (builder().node("a b"), JoinErrorKind::Name, "`a b` is no name of a node"),
        (builder().name("a.b"), JoinErrorKind::Name, "`a.b` is no name of a mesh"),
        (builder().export("a..b"), JoinErrorKind::Pattern, "a..b"),
        (builder().import("a.>.b"), JoinErrorKind::Pattern, "a.>.b"),
        (builder().always("a["), JoinErrorKind::Pattern, "a["),
        (builder().local("["), JoinErrorKind::Pattern, "["),
        (builder().export("$rem.**"), JoinErrorKind::System, "never leave"),
        (builder().export("a,!a.b").export("a.*"), JoinErrorKind::Pattern, "excludes some"),
        (
            builder().import(many(20).as_str()).subjects(10),
            JoinErrorKind::TooManyImports,
            "20 subjects, and 10",
        ),
        (
            Mesh::builder(&closed).transport(broker.transport("a")).node("a").export("a"),
            JoinErrorKind::Closed,
            "closed",
        ),
    ];
    for (builder, kind, text) in cases {
        let error = builder.join_blocking().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    let _sub = bus.subscribe("=a", |_: &Event| ()).unwrap();
    broker.forbid(Some(SubjectFilter::parse("rem.>").unwrap()));
    let error = builder().import("**").join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::Unasked, "{error}");
    broker.forbid(None);
    builder().import("**").join_blocking().unwrap();
}

#[test]
fn what_comes_faster_than_it_is_taken_is_counted_to_the_last_and_told() {
    let broker = MemoryBroker::with(1 << 20, 50);
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (told, _told) = Told::of(&office);
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    // The first is handled until it is released, and those behind it wait.
    let _slow = office
        .subscribe("order", move |_: &Event| {
            let _released = wait.lock().unwrap().recv();
        })
        .unwrap();
    let (came, _sub) = Ledger::of(&office, "order");
    let a = orders.export("order").join_blocking().unwrap();
    let b = billing.import("order").join_blocking().unwrap();
    for id in 0..500 {
        shop.publish(Order::Placed { id }).unwrap();
    }
    assert!(a.leave(LIMIT).is_complete());
    drop(release);
    eventually(|| b.stats().imported + b.stats().missed == 500, "each came or is counted");
    let stats = b.stats();
    assert!(stats.missed > 0 && came.len() as u64 == stats.imported, "{stats}");
    told.wait_for(|event| {
        matches!(event, MeshEvent::Lagged { outbound: false, events: Some(_), .. })
    });
}

#[test]
fn a_broker_that_never_answers_keeps_nobody() {
    let broker = MemoryBroker::new();
    for leaves in [true, false] {
        let bus = Bus::new();
        let transport: Arc<dyn Transport> = Arc::new(broker.transport("a"));
        let mesh = Mesh::builder(&bus)
            .shared_transport(Arc::clone(&transport))
            .node("a")
            .export("order")
            .import("**")
            .join_blocking()
            .unwrap();
        broker.be_silent();
        let _sub = bus.subscribe("order", |_: &Event| ()).unwrap();
        let settled = mesh.settled();
        if leaves {
            let report = mesh.leave(Duration::from_millis(20));
            assert!(
                !report.is_complete() && report.to_string().contains("did not answer"),
                "{report}"
            );
        }
        drop(mesh);
        assert!(block_on(settled).is_err(), "who waits is told");
        eventually(|| Arc::strong_count(&transport) == 1, "its threads have ended");
        broker.answer();
    }
}
