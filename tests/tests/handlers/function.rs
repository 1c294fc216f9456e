//! Functions as handlers.

use rem::prelude::*;

use crate::support::{Log, Order, bus, paid};

/// A module, as a program has it.
mod audit {
    use rem::prelude::*;

    use crate::support::{Log, Order};

    /// Writes down what was paid.
    #[rem::on("order.{id}.paid", priority = 1)]
    pub(crate) fn paid(
        event: &Event<Order>,
        Captured(id): Captured<u64>,
        State(log): State<Log>,
    ) -> Result<(), String> {
        if id == 0 {
            return Err("no order has the number 0".to_owned());
        }
        log.add(format_args!("paid {id} {}", event.topic()));
        Ok(())
    }

    #[on("order.*.lost", from = "shop")]
    #[rem::on("order.*.paid", filter = |event| event.source().is_none())]
    pub(super) fn twice(log: State<Log>, topic: &Topic) {
        log.add(format_args!("twice {topic}"));
    }
}

// Both are imported: the function, and what it is registered by.
use audit::{paid as pay, twice};

#[on]
fn every(event: &Event<Order>, log: State<Log>) {
    log.add(format_args!("every {}", event.topic()));
}

#[test]
fn a_function_is_registered_by_its_name() {
    let (bus, log) = bus();
    let subs = bus.register_fn::<pay>().unwrap();
    let twice_subs = bus.register_fn::<twice>().unwrap();
    let _every = bus.register_fn::<every>().unwrap();
    assert_eq!((subs.len(), twice_subs.len()), (1, 2));
    assert!(
        subs.to_string().starts_with("`paid`: subscription 1 to `order.{id}.paid` ("),
        "{subs}"
    );
    assert!(subs.to_string().contains("handlers/function.rs:"), "{subs}");

    bus.publish(paid(7)).unwrap();
    assert_eq!(log.take(), ["paid 7 order.7.paid", "twice order.7.paid", "every order.7.paid"]);
    bus.event(Order::Lost { id: 7 }).source("shop").publish().unwrap();
    assert_eq!(log.take(), ["twice order.7.lost", "every order.7.lost"]);
    assert_eq!(bus.publish(paid(0)).unwrap().failed(), 1);
    assert_eq!(log.take(), ["twice order.0.paid", "every order.0.paid"]);
    drop(subs);
    twice_subs.end();
    bus.publish(paid(7)).unwrap();
    assert_eq!(log.take(), ["every order.7.paid"]);
}

#[test]
fn it_stays_a_function() {
    let (_, log) = bus();
    twice(State(log.clone()), &topic!("a.b"));
    assert_eq!(log.take(), ["twice a.b"]);
}
