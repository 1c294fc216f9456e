//! The outbox: what is published at the level *Durable* reaches the broker, whatever ends in between, and each id once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rem::journal::{Durability, Journal, Keep, Retention};
use rem::mesh::memory::{Faults, MemoryBroker};
use rem::mesh::{
    HistoryAsk, JoinErrorKind, Level, Mesh, MeshBuilder, MeshEvent, Outbox, ReplicatedErrorKind,
    StreamStart, Transport, WhenFull,
};
use rem::prelude::*;
use rem::{EventId, PublishErrorKind};

use crate::{LIMIT, Order, join};

/// A bus with a journal of that durability in that folder.
pub(crate) fn journaled(folder: &Path, durability: Durability) -> Bus {
    let journal = Journal::builder().durability(durability).open(folder.join("bus.rem")).unwrap();
    Bus::builder().source("shop").history(journal).build()
}

pub(crate) fn fast() -> Durability {
    Durability::Every(Duration::from_millis(1))
}

fn durable(bus: &Bus, broker: &MemoryBroker) -> MeshBuilder {
    join(bus, broker, "orders").export_at(Level::Durable, "order")
}

pub(crate) fn place(bus: &Bus, id: u64) -> EventId {
    bus.publish(Order::Placed { id }).unwrap().id().unwrap()
}

/// What the stream of the mesh has: by its number, the order's.
pub(crate) fn stored(broker: &MemoryBroker) -> Vec<(u64, u64)> {
    let reader = broker.transport("reader");
    let mut found = Vec::new();
    let read = async {
        reader.connect().await.unwrap();
        let streams = reader.streams().unwrap();
        let mut from = StreamStart::First;
        loop {
            let page = streams.read(HistoryAsk::new("rem_main", from)).await.unwrap();
            for kept in page.parcels {
                let json: serde_json::Value = serde_json::from_slice(kept.parcel.body()).unwrap();
                found.push((kept.sequence, json["data"]["id"].as_u64().unwrap()));
            }
            match page.next {
                Some(next) => from = StreamStart::Sequence(next),
                None => return,
            }
        }
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read);
    found
}

pub(crate) fn eventually(holds: impl Fn() -> bool, what: impl FnOnce() -> String) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until, "{}", what());
        std::thread::yield_now();
    }
}

fn orders(stored: &[(u64, u64)]) -> Vec<u64> {
    stored.iter().map(|(_, order)| *order).collect()
}

#[test]
fn what_is_published_is_acknowledged_by_the_broker_in_its_order() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    place(&bus, 1_000); // nobody has joined: it is past
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    let mut last = None;
    for id in 0..3_000 {
        last = Some(bus.publish(Order::Placed { id }).unwrap());
        if id % 7 == 0 {
            bus.publish_to("other", rem::wire::RawEvent::new(rem::wire::Codec::Json, *b"1"))
                .unwrap();
        }
    }
    mesh.replicated(&last.unwrap()).wait(LIMIT).unwrap();
    assert_eq!(orders(&stored(&broker)), (0..3_000).collect::<Vec<_>>());
    let stats = mesh.stats();
    assert_eq!((stats.acknowledged, stats.waiting, stats.known), (3_000, 0, 0), "{stats}");
    assert_eq!(stats.last_acknowledged, Some(3_000));
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}");
}
