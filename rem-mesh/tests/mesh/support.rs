//! What the tests of the mesh share: an event type, nodes, and waits that end when what they wait for comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rem_core::{Bus, Event, EventId, Subscription};
use rem_macros::EventType;
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{Mesh, MeshBuilder, MeshEvent};
use serde::{Deserialize, Serialize};

/// How long something that must come may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order", crate = rem_core)]
pub(crate) enum Order {
    Placed {
        id: u64,
    },
    #[event(topic = "{region}.shipped")]
    Shipped {
        id: u64,
        region: String,
    },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "bill", crate = rem_core)]
pub(crate) enum Bill {
    Paid { id: u64, cents: u64 },
}

/// A node in the making on a bus of its own.
pub(crate) fn node(broker: &MemoryBroker, name: &str) -> (Bus, MeshBuilder) {
    let bus = Bus::new();
    let builder = Mesh::builder(&bus).transport(broker.transport(name)).node(name);
    (bus, builder)
}

/// What a bus was given, to be waited for.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<(Mutex<BTreeMap<EventId, u32>>, Condvar)>);

impl Ledger {
    /// Of everything that the pattern selects.
    pub(crate) fn of(bus: &Bus, pattern: &str) -> (Self, Subscription) {
        let ledger = Self::default();
        let kept = ledger.clone();
        let sub = bus.subscribe(pattern, move |event: &Event| kept.add(event.id())).unwrap();
        (ledger, sub)
    }

    pub(crate) fn add(&self, id: EventId) {
        *self.0.0.lock().unwrap().entry(id).or_default() += 1;
        self.0.1.notify_all();
    }

    pub(crate) fn has(&self, id: EventId) -> bool {
        self.times(id) > 0
    }

    pub(crate) fn times(&self, id: EventId) -> u32 {
        self.0.0.lock().unwrap().get(&id).copied().unwrap_or(0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.0.lock().unwrap().len()
    }

    /// How often each came at most.
    pub(crate) fn most(&self) -> u32 {
        self.0.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }

    /// Waits for an event.
    pub(crate) fn wait_for(&self, id: EventId) {
        let (events, came) = &*self.0;
        let events = events.lock().unwrap();
        let (_events, waited) =
            came.wait_timeout_while(events, LIMIT, |events| !events.contains_key(&id)).unwrap();
        assert!(!waited.timed_out(), "{id} did not come");
    }
}

impl Ledger {
    /// Waits for several.
    pub(crate) fn wait_for_all(&self, ids: &[EventId]) {
        for id in ids {
            self.wait_for(*id);
        }
    }
}

/// What a subscription by type is given.
pub(crate) fn by_type(bus: &Bus) -> (impl Fn() -> Order, Subscription) {
    let (give, take) = std::sync::mpsc::channel();
    let sub = bus.on(move |event: &Event<Order>| drop(give.send(event.data.clone())));
    (move || take.recv_timeout(LIMIT).unwrap(), sub)
}

/// What a mesh told, to be waited for.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<(Mutex<Vec<MeshEvent>>, Condvar)>);

impl Told {
    pub(crate) fn of(bus: &Bus) -> (Self, Subscription) {
        let told = Self::default();
        let kept = told.clone();
        let sub = bus
            .subscribe("$rem.mesh.**", move |event: &Event<MeshEvent>| {
                kept.0.0.lock().unwrap().push(event.data.clone());
                kept.0.1.notify_all();
            })
            .unwrap();
        (told, sub)
    }

    /// Waits until one is told that `wanted` says yes to.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&MeshEvent) -> bool) -> MeshEvent {
        let (told, came) = &*self.0;
        let told = told.lock().unwrap();
        let (told, _) =
            came.wait_timeout_while(told, LIMIT, |told| !told.iter().any(&wanted)).unwrap();
        told.iter().find(|event| wanted(event)).unwrap_or_else(|| panic!("only {told:?}")).clone()
    }
}

/// Waits until it holds; for what nobody tells.
pub(crate) fn eventually(holds: impl Fn() -> bool, what: &str) {
    let until = std::time::Instant::now() + LIMIT;
    while !holds() {
        assert!(std::time::Instant::now() < until, "{what}");
        std::thread::yield_now();
    }
}

/// What a future of the transport in memory gives, which waits for nothing.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        std::task::Poll::Ready(given) => given,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
