//! Captures read into types, and how a text that is none is told.

use std::sync::Arc;

use rem::prelude::*;
use serde::Deserialize;

use crate::support::{Log, Order, bus, failures, paid};

#[derive(Deserialize)]
struct Ids {
    tenant: Option<String>,
    id: u64,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum What {
    Paid,
    Lost,
}

struct Reads;

#[rem::handlers]
impl Reads {
    #[on("{tenant}.order.{id}.paid")]
    fn by_name(&self, Captured(ids): Captured<Ids>, log: State<Log>) {
        log.add(format_args!("{:?} {}", ids.tenant, ids.id));
    }

    #[on("order.{id}.{what}")]
    fn by_place(&self, captured: Captured<(u64, What)>, log: State<Log>, event: Received<Order>) {
        let (id, what) = &*captured;
        assert!(event.capture("id").is_some_and(|text| text == id.to_string()));
        log.add(format_args!("{id} {what:?}"));
    }

    #[on("*.order.*.paid,{only}.order.*.lost")]
    fn of_a_set(&self, Captured(only): Captured<Vec<String>>, log: State<Log>) {
        log.add(format_args!("{only:?}"));
    }
}

#[test]
fn captures_are_read_from_whole_topics() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Reads)).unwrap();
    bus.publish(paid(7)).unwrap();
    bus.publish(Order::Lost { id: 8 }).unwrap();
    assert_eq!(log.take(), ["7 Paid", "8 Lost"]);
    bus.publish_to(format!("{}.order.9.paid", Topic::escape("a b")), paid(9)).unwrap();
    assert_eq!(log.take(), ["Some(\"a b\") 9", "[]"]);
    bus.publish_to("acme.order.9.lost", Order::Lost { id: 9 }).unwrap();
    assert_eq!(log.take(), ["[\"acme\"]"]);
}

#[test]
fn what_cannot_be_read_is_the_handlers_failure_with_its_name() {
    let (bus, log) = bus();
    let (failed, _failed) = failures(&bus);
    let _subs = bus.register(Arc::new(Reads)).unwrap();
    bus.publish_to("acme.order.seven.paid", paid(7)).unwrap();
    bus.publish_to("order.7.won", paid(7)).unwrap();
    assert_eq!(log.take(), ["[]"]);
    assert_eq!(
        failed.take(),
        [
            "argument `ids`: `{tenant}.order.{id}.paid` of `acme.order.seven.paid`: `{id}` took `seven`: that is no \
             `u64`, invalid digit found in string",
            "argument `captured`: `order.{id}.{what}` of `order.7.won`: `{what}` took `won`: unknown variant `won`, \
             expected `paid` or `lost`",
        ]
    );
}
