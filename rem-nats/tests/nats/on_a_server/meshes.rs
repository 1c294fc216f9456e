//! Meshes over real servers: each event once however they are joined, and no more lost than is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use rem_core::{Bus, Event, EventId, Subscription};
use rem_macros::EventType;
use rem_mesh::{Mesh, MeshBuilder, MeshEvent};
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};

use super::support::{LIMIT, builder, on_both};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order", crate = rem_core)]
enum Order {
    Placed { id: u64 },
}

/// How often each event came to a bus.
#[derive(Clone, Default)]
struct Ledger(Arc<(Mutex<BTreeMap<EventId, u32>>, Condvar)>);

impl Ledger {
    fn of(bus: &Bus) -> (Self, Subscription) {
        let ledger = Self::default();
        let kept = ledger.clone();
        let sub = bus.subscribe("order", move |event: &Event| {
            *kept.0.0.lock().unwrap().entry(event.id()).or_default() += 1;
            kept.0.1.notify_all();
        });
        (ledger, sub.unwrap())
    }

    fn until(&self, holds: impl Fn(&BTreeMap<EventId, u32>) -> bool) {
        let (events, came) = &*self.0;
        let waited =
            came.wait_timeout_while(events.lock().unwrap(), LIMIT, |events| !holds(events));
        let (events, limit) = waited.unwrap();
        assert!(!limit.timed_out(), "{} came", events.len());
    }

    fn all(&self) -> BTreeMap<EventId, u32> {
        self.0.0.lock().unwrap().clone()
    }
}

fn open(bus: &Bus, server: &Server, mesh: &str, node: &str) -> MeshBuilder {
    let transport = builder(&server.url()).name(node).build().unwrap();
    Mesh::builder(bus).transport(transport).name(mesh).node(node).export("**").import("**")
}

fn placed(bus: &Bus, id: u64) -> EventId {
    bus.publish(Order::Placed { id }).unwrap().id().unwrap()
}

/// Three meshes, each between two of three buses, over one server: every node a bridge.
#[test]
fn a_ring_of_three_bridges_delivers_each_event_once_on_each_bus() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let buses: Vec<Bus> = (0..3).map(|_| Bus::new()).collect();
        let ledgers: Vec<_> = buses.iter().map(Ledger::of).collect();
        let mut meshes = Vec::new();
        for (at, bus) in buses.iter().enumerate() {
            for side in [at, (at + 1) % 3] {
                let bridge = open(bus, &server, &format!("side-{side}"), &format!("n{at}"));
                meshes.push(bridge.reexport(true).join_blocking().unwrap());
            }
        }
        let ids: Vec<_> =
            (0..90).map(|id| placed(&buses[usize::try_from(id % 3).unwrap()], id)).collect();
        for (ledger, _) in &ledgers {
            ledger.until(|came| ids.iter().all(|id| came.contains_key(id)));
        }
        for mesh in &meshes {
            assert!(mesh.leave(LIMIT).is_complete());
        }
        for (ledger, _) in &ledgers {
            let all = ledger.all();
            assert_eq!((all.len(), all.values().max()), (90, Some(&1)));
        }
        let imported: u64 = meshes.iter().map(|mesh| mesh.stats().imported).sum();
        assert_eq!(imported, 180, "each event on two buses beside its own");
    });
}

/// What is told of a connection: that it is there, or lost.
#[derive(Clone, Default)]
struct Changes(Arc<(Mutex<Vec<bool>>, Condvar)>);

impl Changes {
    fn of(bus: &Bus) -> (Self, Subscription) {
        let changes = Self::default();
        let heard = changes.clone();
        let sub = bus.subscribe("$rem.mesh.**", move |event: &Event<MeshEvent>| {
            let is_there = match &event.data {
                MeshEvent::Disconnected { .. } => false,
                MeshEvent::Connected { .. } => true,
                _ => return,
            };
            heard.0.0.lock().unwrap().push(is_there);
            heard.0.1.notify_all();
        });
        (changes, sub.unwrap())
    }

    /// Waits until that was told, and no more.
    fn until(&self, wanted: &[bool]) {
        let (told, more) = &*self.0;
        let told = told.lock().unwrap();
        let is_short = |told: &mut Vec<bool>| told.len() < wanted.len();
        let (told, _) = more.wait_timeout_while(told, LIMIT, is_short).unwrap();
        assert_eq!(*told, wanted);
    }
}

/// A server that is killed under a mesh and started again: all that was published before and behind it has come, once, and what is
/// missing was published while a disconnection was told or shortly before.
#[test]
fn a_mesh_goes_on_when_its_server_is_killed_and_tells_where_something_may_be_missing() {
    on_both(|version| {
        let mut server = Server::start(version).unwrap();
        let (one, two) = (Bus::new(), Bus::new());
        let (ledger, _sub) = Ledger::of(&two);
        let (told, _told) = Changes::of(&one);
        let (other, _other) = Changes::of(&two);
        let from = open(&one, &server, "main", "one").join_blocking().unwrap();
        let to = open(&two, &server, "main", "two").join_blocking().unwrap();
        let before: Vec<_> = (0..1_000).map(|id| placed(&one, id)).collect();
        ledger.until(|came| before.iter().all(|id| came.contains_key(id)));
        server.kill();
        // Some before anybody knows, and some when both do.
        let mut meanwhile: Vec<_> = (0..250).map(|id| placed(&one, id)).collect();
        for changes in [&told, &other] {
            changes.until(&[true, false]);
        }
        meanwhile.extend((250..500).map(|id| placed(&one, id)));
        server.restart().unwrap();
        for changes in [&told, &other] {
            changes.until(&[true, false, true]);
        }
        from.settled_within(LIMIT).unwrap();
        to.settled_within(LIMIT).unwrap();
        let behind: Vec<_> = (0..1_000).map(|id| placed(&one, id)).collect();
        ledger.until(|came| behind.iter().all(|id| came.contains_key(id)));
        let all = ledger.all();
        assert_eq!(all.values().max(), Some(&1), "none comes twice");
        let missing = meanwhile.iter().filter(|id| !all.contains_key(id)).count();
        assert_eq!(all.len() + missing, 2_500);
        told.until(&[true, false, true]); // and what was lost lies between the last two
    });
}

#[test]
fn a_node_is_refused_by_join_what_its_server_does_not_allow() {
    let config = r#"authorization { users: [
        { user: n, password: p, permissions: {
            publish: ["_INBOX.rem.>"], subscribe: ["rem.main.order.>", "_INBOX.rem.>"] } } ] }"#;
    let server = Server::builder(Version::Modern).config(config).start().unwrap();
    let bus = Bus::new();
    let _sub = bus.subscribe("bill.paid", |_: &Event| ()).unwrap();
    let url = server.url().replace("//", "//n:p@");
    let transport = builder(&url).build().unwrap();
    let error = Mesh::builder(&bus).transport(transport).node("n").import("bill").join_blocking();
    let said = error.unwrap_err().to_string();
    assert!(said.contains("rem.main.bill.paid"), "{said}");
}
