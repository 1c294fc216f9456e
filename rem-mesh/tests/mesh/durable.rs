//! What the tests of durable imports share: who fills a stream, and a node that has a consumer of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem_core::{Bus, Event, Subscription};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{Consumer, Import, Mesh, StreamSpec, SubjectFilter, Transport};

use crate::support::{Order, node, now};

/// A node that takes orders, and a stream that keeps them.
pub(crate) fn shop(broker: &MemoryBroker, parcels: u64) -> (Bus, Mesh) {
    open(broker, parcels);
    let bus = Bus::builder().source("shop").build();
    let mesh = Mesh::builder(&bus)
        .transport(broker.transport("shop"))
        .node("shop")
        .export("order")
        .join_blocking()
        .unwrap();
    (bus, mesh)
}

pub(crate) fn open(broker: &MemoryBroker, parcels: u64) {
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let all = SubjectFilter::parse("rem.main.>").unwrap();
    let spec = StreamSpec::new("rem_main", [all]).parcels(parcels).window(Duration::from_secs(600));
    now(maker.streams().unwrap().open(spec)).unwrap();
}

pub(crate) fn place(bus: &Bus, range: std::ops::Range<u64>) {
    range.for_each(|id| drop(bus.publish(Order::Placed { id }).unwrap()));
}

/// How often each order came, and in which order.
#[derive(Clone, Default)]
pub(crate) struct Came(Arc<Mutex<Vec<u64>>>);

impl Came {
    pub(crate) fn on(bus: &Bus) -> (Self, Subscription) {
        let came = Self::default();
        let kept = came.clone();
        let sub = bus.on(move |event: &Event<Order>| {
            let Order::Placed { id } = event.data else { return };
            kept.0.lock().unwrap().push(id);
        });
        (came, sub)
    }

    pub(crate) fn all(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn times(&self) -> BTreeMap<u64, u32> {
        let mut times = BTreeMap::new();
        self.all().into_iter().for_each(|id| *times.entry(id).or_default() += 1);
        times
    }
}

pub(crate) fn durable(
    broker: &MemoryBroker,
    consumer: Consumer,
) -> (Bus, Mesh, Came, Subscription) {
    let (bus, builder) = node(broker, "billing");
    let (came, sub) = Came::on(&bus);
    let mesh = builder.import_rule(Import::of("order").durable(consumer)).join_blocking().unwrap();
    (bus, mesh, came, sub)
}

pub(crate) fn soon() -> Consumer {
    let short = Duration::from_millis(1);
    Consumer::new("billing").backoff(short, short).time_to_answer(Duration::from_millis(50))
}
