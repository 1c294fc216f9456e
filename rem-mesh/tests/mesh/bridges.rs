//! Nothing comes back to where it came from, and each event comes once, however the nodes are joined.

use std::time::Duration;

use rem_core::{Bus, Ordering};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{Mesh, MeshBuilder, Refusal};

use crate::support::{LIMIT, Ledger, Order, eventually, node};

fn open(bus: &Bus, broker: &MemoryBroker, name: &str) -> MeshBuilder {
    Mesh::builder(bus).transport(broker.transport(name)).node(name).export("**").import("**")
}

#[test]
fn three_nodes_on_one_broker_have_each_event_once() {
    let broker = MemoryBroker::new();
    let buses: Vec<Bus> = (0..3).map(|_| Bus::new()).collect();
    let ledgers: Vec<_> = buses.iter().map(|bus| Ledger::of(bus, "order")).collect();
    let meshes: Vec<Mesh> = buses
        .iter()
        .enumerate()
        .map(|(at, bus)| open(bus, &broker, &format!("n{at}")).join_blocking().unwrap())
        .collect();
    let mut ids = Vec::new();
    for id in 0..300 {
        ids.push(buses[id % 3].publish(Order::Placed { id: id as u64 }).unwrap().id().unwrap());
    }
    for (ledger, _) in &ledgers {
        ledger.wait_for_all(&ids);
    }
    for mesh in &meshes {
        assert!(mesh.leave(LIMIT).is_complete());
        let stats = mesh.stats();
        assert_eq!((stats.exported, stats.imported), (100, 200), "{stats}");
        assert_eq!((stats.refused_in_all(), stats.duplicates), (0, 0), "{stats}");
    }
    assert!(ledgers.iter().all(|(ledger, _)| (ledger.len(), ledger.most()) == (300, 1)));
    assert_eq!(broker.counts().published, 300, "nothing was passed on");
}

/// Three brokers, and a bridge between each two of them.
#[test]
fn a_ring_of_three_bridges_delivers_each_event_once_on_each_bus() {
    let brokers: Vec<MemoryBroker> = (0..3).map(|_| MemoryBroker::new()).collect();
    let buses: Vec<Bus> = (0..3).map(|_| Bus::new()).collect();
    let ledgers: Vec<_> = buses.iter().map(|bus| Ledger::of(bus, "order")).collect();
    let mut meshes = Vec::new();
    for (at, bus) in buses.iter().enumerate() {
        for broker in [&brokers[at], &brokers[(at + 1) % 3]] {
            meshes
                .push(open(bus, broker, &format!("n{at}")).reexport(true).join_blocking().unwrap());
        }
    }
    let mut ids = Vec::new();
    for id in 0..90 {
        ids.push(buses[id % 3].publish(Order::Placed { id: id as u64 }).unwrap().id().unwrap());
    }
    for (ledger, _) in &ledgers {
        ledger.wait_for_all(&ids);
    }
    for mesh in &meshes {
        assert!(mesh.leave(LIMIT).is_complete());
    }
    assert!(ledgers.iter().all(|(ledger, _)| (ledger.len(), ledger.most()) == (90, 1)));
    let stats = meshes.iter().map(Mesh::stats);
    let (imported, exported) =
        stats.fold((0, 0), |sum, stats| (sum.0 + stats.imported, sum.1 + stats.exported));
    assert_eq!(imported, 180, "each event on two buses beside its own");
    // From its own bus on two sides, and from each of the others on one at most.
    assert!((180..=360).contains(&exported), "{exported}");
}

/// a — one — b — two — c
fn chain(pass_on: bool, hops: u8) -> (Bus, Bus, Vec<Mesh>) {
    let (one, two) = (MemoryBroker::new(), MemoryBroker::new());
    let (a, b, c) = (Bus::new(), Bus::new(), Bus::new());
    let meshes = vec![
        open(&b, &one, "b").join_blocking().unwrap(),
        open(&b, &two, "b").reexport(pass_on).join_blocking().unwrap(),
        open(&a, &one, "a").join_blocking().unwrap(),
        open(&c, &two, "c").hops(hops).join_blocking().unwrap(),
    ];
    (a, c, meshes)
}

#[test]
fn what_was_imported_goes_on_only_if_it_is_told_to() {
    for (pass_on, hops, comes) in [(true, 1, 1), (true, 0, 0), (false, 8, 0)] {
        let (a, c, meshes) = chain(pass_on, hops);
        let (came, _sub) = Ledger::of(&c, "order");
        let (back, _back) = Ledger::of(&a, "order");
        for mesh in &meshes {
            mesh.settled_within(LIMIT).unwrap();
        }
        let event = a.publish(Order::Placed { id: 1 }).unwrap();
        if comes == 1 {
            came.wait_for(event.id().unwrap());
        } else if pass_on {
            eventually(|| meshes[3].stats().refused(Refusal::TooManyHops) == 1, "it is refused");
        }
        for at in [2, 0, 1, 3] {
            assert!(meshes[at].leave(LIMIT).is_complete());
        }
        assert_eq!((came.len(), back.most()), (comes, 1), "passed on: {pass_on}, hops: {hops}");
        assert_eq!(meshes[2].stats().imported, 0, "nothing came back");
        let exported: Vec<u64> = meshes.iter().map(|mesh| mesh.stats().exported).collect();
        assert_eq!(exported, [0, u64::from(pass_on), 1, 0]);
    }
}

#[test]
fn a_broker_that_echoes_gives_nobody_his_own_events() {
    let broker = MemoryBroker::new();
    let (a, b) = (Bus::new(), Bus::new());
    let echoing = |bus: &Bus, name: &str| {
        Mesh::builder(bus).transport(broker.echoing(name)).node(name).export("**").import("**")
    };
    let (own, _own) = Ledger::of(&a, "order");
    let (came, _sub) = Ledger::of(&b, "order");
    let mesh = echoing(&a, "a").join_blocking().unwrap();
    let other = echoing(&b, "b").join_blocking().unwrap();
    let event = a.publish(Order::Placed { id: 1 }).unwrap();
    came.wait_for(event.id().unwrap());
    eventually(|| mesh.stats().echoes == 1, "it is known for his own");
    assert_eq!((own.most(), mesh.stats().imported), (1, 0));
    assert!(other.leave(LIMIT).is_complete() && mesh.leave(LIMIT).is_complete());
}

#[test]
fn what_came_does_not_leave_again_whoever_delivers_it() {
    let broker = MemoryBroker::new();
    let a = Bus::new();
    let b = Bus::builder().ordering(Ordering::Total).build();
    let (came, _sub) = Ledger::of(&b, "order");
    let (back, _back) = Ledger::of(&a, "order");
    let from = open(&a, &broker, "a").join_blocking().unwrap();
    let to = open(&b, &broker, "b").join_blocking().unwrap();
    let own = std::thread::scope(|scope| {
        // While others hold the turn, what came is delivered by their thread.
        let busy = scope.spawn(|| {
            let ids = (0..500).map(|id| b.publish(Order::Placed { id }).unwrap().id().unwrap());
            ids.max().unwrap()
        });
        for id in 0..500 {
            a.publish(Order::Placed { id }).unwrap();
        }
        busy.join().unwrap()
    });
    back.wait_for(own);
    eventually(|| came.len() == 1_000 && back.len() == 1_000, "all come");
    assert!(from.leave(LIMIT).is_complete() && to.leave(LIMIT).is_complete());
    assert_eq!((to.stats().exported, from.stats().exported), (500, 500));
    assert_eq!((came.most(), back.most()), (1, 1));
}

#[test]
fn two_nodes_with_one_name_let_in_nothing_of_each_other_and_say_so() {
    let broker = MemoryBroker::new();
    let (a, b) = (Bus::new(), Bus::new());
    let (told, _told) = crate::support::Told::of(&b);
    let (came, _sub) = Ledger::of(&b, "order");
    let _a = open(&a, &broker, "same").join_blocking().unwrap();
    let mesh = open(&b, &broker, "same").join_blocking().unwrap();
    a.publish(Order::Placed { id: 1 }).unwrap();
    told.wait_for(|event| event.to_string().contains("with this node's name"));
    assert_eq!((mesh.stats().refused(Refusal::Twin), came.len()), (1, 0));
}

#[test]
fn an_event_that_comes_again_within_the_window_is_left_out_and_told() {
    let broker = MemoryBroker::new();
    let test = rem_core::testing::TestBus::new();
    let (shop, orders) = node(&broker, "a");
    let (told, _told) = crate::support::Told::of(&test.bus);
    let (came, _sub) = Ledger::of(&test.bus, "order");
    let _a = orders.export("order").join_blocking().unwrap();
    let mesh = Mesh::builder(&test.bus)
        .transport(broker.transport("b"))
        .node("b")
        .import("order")
        .window(0, Duration::from_secs(60))
        .join_blocking()
        .unwrap();
    let id = rem_core::EventId::from(uuid::Uuid::from_u128(5));
    let publish = |source: &'static str| {
        shop.event(Order::Placed { id: 1 }).id(id).source(source).publish().unwrap();
    };
    publish("one");
    publish("one");
    told.wait_for(|event| event.to_string().contains("again"));
    publish("two"); // another source: another event
    eventually(|| mesh.stats().imported == 2, "it comes");
    test.clock.advance(Duration::from_secs(61));
    publish("one"); // after the window it is a new one
    eventually(|| mesh.stats().imported == 3, "it comes again");
    assert_eq!((came.times(id), mesh.stats().duplicates), (3, 1));
}
