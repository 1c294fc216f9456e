//! What the tests of the outbox share: a bus with a journal, a mesh that is durable, and what the broker has of it.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rem::EventId;
use rem::journal::{Durability, Journal, JournalBuilder, JournalHandle};
use rem::mesh::memory::MemoryBroker;
use rem::mesh::{HistoryAsk, Level, MeshBuilder, MeshEvent, StreamStart, Transport};
use rem::prelude::*;

use crate::{LIMIT, Order, join};

/// A bus with a journal of that durability in that folder.
pub(crate) fn journaled(folder: &Path, durability: Durability) -> Bus {
    opened(folder, &Journal::builder().durability(durability)).0
}

/// The same with a journal as it is made, and what looks at that.
pub(crate) fn opened(folder: &Path, journal: &JournalBuilder) -> (Bus, JournalHandle) {
    let until = Instant::now() + LIMIT;
    loop {
        match journal.clone().open(folder.join("bus.rem")) {
            Ok(journal) => {
                let handle = journal.handle();
                return (Bus::builder().source("shop").history(journal).build(), handle);
            }
            // Threads of a mesh that was dropped let go of it in a moment.
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::yield_now();
    }
}

pub(crate) fn fast() -> Durability {
    Durability::Every(Duration::from_millis(1))
}

pub(crate) fn durable(bus: &Bus, broker: &MemoryBroker) -> MeshBuilder {
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

/// What its mesh tells on a bus.
pub(crate) fn told(bus: &Bus) -> (Receiver<MeshEvent>, Subscription) {
    let (give, take) = channel();
    let tell = move |event: &Event<MeshEvent>| drop(give.send(event.data.clone()));
    (take, bus.subscribe("$rem.mesh.**", tell).unwrap())
}

pub(crate) fn wait_for(
    told: &Receiver<MeshEvent>,
    wanted: impl Fn(&MeshEvent) -> bool,
) -> MeshEvent {
    loop {
        let event = told.recv_timeout(LIMIT).unwrap();
        if wanted(&event) {
            return event;
        }
    }
}

pub(crate) fn orders(stored: &[(u64, u64)]) -> Vec<u64> {
    stored.iter().map(|(_, order)| *order).collect()
}
