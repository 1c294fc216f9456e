//! How a mesh is left while a handler still runs.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use rem::mesh::Mesh;
use rem::mesh::memory::MemoryBroker;
use rem::prelude::*;

use crate::gated::Gate;
use crate::support::{eventually, place};
use crate::{LIMIT, Order, join};

/// A handler of what came last is waited for, however long it takes.
#[test]
fn who_leaves_with_no_limit_waits_for_the_handler_of_what_came_last() {
    let (broker, gate) = (MemoryBroker::new(), Gate::default());
    let (shop, office) = (Bus::new(), Bus::new());
    let ((enters, entered), (goes_on, waits)) = (channel(), channel());
    let waits = Mutex::new(waits);
    let _sub = office.on(move |_: &Event<Order>| {
        enters.send(()).unwrap();
        waits.lock().unwrap().recv_timeout(LIMIT).unwrap();
    });
    let _orders = join(&shop, &broker, "orders").export("order").join_blocking().unwrap();
    let transport = gate.before(broker.transport("billing"));
    let billing = Mesh::builder(&office).transport(transport).node("billing").import("order");
    let billing = billing.join_blocking().unwrap();
    gate.at_flush(move || {
        place(&shop, 1);
        entered.recv_timeout(LIMIT).unwrap();
    });
    std::thread::scope(|scope| {
        let leaves = scope.spawn(|| billing.leave(Duration::MAX));
        eventually(|| billing.is_over(), || billing.stats().to_string());
        std::thread::sleep(Duration::from_millis(300)); // longer than it may take at the end
        goes_on.send(()).unwrap();
        let report = leaves.join().unwrap();
        assert!(report.is_complete(), "{report}");
    });
}
