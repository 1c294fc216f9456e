//! The levels above *Fast*, on real servers that are killed: nothing is lost, nothing comes twice, and all in its order.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rem::journal::{Durability, Journal};
use rem::mesh::{Import, Level, Mesh};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};

const LIMIT: Duration = Duration::from_secs(60);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
enum Order {
    Placed { id: u64 },
}

/// The orders that a bus was given, as they came.
type Came = Arc<(Mutex<Vec<u64>>, Condvar)>;

fn journaled(folder: &Path, name: &'static str) -> Bus {
    let durability = Durability::Every(Duration::from_millis(1));
    let journal = Journal::builder().durability(durability).open(folder.join(name)).unwrap();
    Bus::builder().source(name).history(journal).build()
}

fn transport(server: &Server) -> NatsTransport {
    let builder = NatsTransport::builder(server.url()).jetstream();
    builder.ping_interval(Duration::from_millis(200)).build().unwrap()
}

fn billing(bus: &Bus, server: &Server) -> Mesh {
    let rule = Import::of("order").durable("billing");
    Mesh::builder(bus)
        .transport(transport(server))
        .node("billing")
        .import_rule(rule)
        .join_blocking()
        .unwrap()
}

fn wait_for(came: &Came, count: usize) {
    let (orders, more) = &**came;
    let orders = orders.lock().unwrap();
    let (orders, limit) =
        more.wait_timeout_while(orders, LIMIT, |orders| orders.len() < count).unwrap();
    assert!(!limit.timed_out(), "{} of {count} came", orders.len());
}

fn goes_on(version: Version) {
    let mut server = Server::builder(version).jetstream().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (shop, office) = (journaled(folder.path(), "shop"), journaled(folder.path(), "office"));
    let came = Came::default();
    let kept = Arc::clone(&came);
    let _sub = office.on(move |order: &Event<Order>| {
        let Order::Placed { id } = order.data;
        kept.0.lock().unwrap().push(id);
        kept.1.notify_all();
    });
    let reader = billing(&office, &server);
    let mesh = Mesh::builder(&shop)
        .transport(transport(&server))
        .node("orders")
        .export_at(Level::Durable, "order")
        .join_blocking()
        .unwrap();
    let mut last = None;
    for id in 0..900 {
        if id == 300 {
            server.kill();
        }
        if id == 600 {
            server.restart().unwrap();
        }
        last = Some(shop.publish(Order::Placed { id }).unwrap());
    }
    mesh.replicated(last.as_ref().unwrap()).wait(LIMIT).unwrap();
    wait_for(&came, 900);
    // Who reads goes away and comes back: what was published meanwhile comes, and nothing else.
    assert!(reader.leave(LIMIT).is_complete());
    for id in 900..1_000 {
        last = Some(shop.publish(Order::Placed { id }).unwrap());
    }
    mesh.replicated(last.as_ref().unwrap()).wait(LIMIT).unwrap();
    let reader = billing(&office, &server);
    wait_for(&came, 1_000);
    assert!(reader.leave(LIMIT).is_complete() && mesh.leave(LIMIT).is_complete());
    let orders = came.0.lock().unwrap();
    let wrong = orders.iter().zip(0..).find(|(came, wanted)| *came != wanted);
    assert_eq!((orders.len(), wrong), (1_000, None), "each once, in its order");
}

#[test]
fn what_is_durable_comes_once_and_in_order_though_the_server_is_killed_and_the_reader_comes_back() {
    Version::ALL.into_iter().for_each(goes_on);
}
