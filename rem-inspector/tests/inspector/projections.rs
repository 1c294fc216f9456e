//! Projections: where they stand, what they were, and what changed.

use std::time::Duration;

use rem_core::{Bus, Event, Ring};
use rem_inspector::Inspector;
use rem_projections::{Projection, Projector};
use serde::Serialize;
use serde_json::json;

use crate::support::{Order, ask, get, inspected, paid};

#[derive(Clone, Default, Serialize)]
struct Total {
    orders: u64,
    last: Option<u64>,
}

impl Projection for Total {
    type Event = Order;

    fn apply(&mut self, event: &Event<Order>) {
        if let Order::Paid { order, .. } = event.data {
            self.orders += 1;
            self.last = Some(order);
        }
    }
}

#[test]
fn a_state_is_given_at_any_moment_and_what_changed_between_two() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let total = Projector::builder("total").attach(&bus, Total::default()).unwrap();
    for order in 11..=15 {
        bus.publish(paid(order)).unwrap();
    }
    total.wait_for(5, Duration::from_secs(10)).unwrap();
    total.tag("noon").unwrap();
    bus.publish(paid(16)).unwrap();
    total.wait_for(6, Duration::from_secs(10)).unwrap();
    let inspector = Inspector::builder(&bus).projector(&total).serve("127.0.0.1:0").unwrap();
    let all = get(&inspector, "/api/projections");
    let one = &all["projections"][0];
    assert_eq!(
        (&one["name"], &one["position"], &one["last"]),
        (&json!("total"), &json!(6), &json!(6))
    );
    assert!(one["type"].as_str().unwrap().ends_with("Total"));
    assert_eq!(get(&inspector, "/api/about")["projections"], 1);
    let state = |at: &str| get(&inspector, &format!("/api/projections/total/state{at}"));
    assert_eq!(
        state(""),
        json!({ "name": "total", "sequence": 6, "state": { "orders": 6, "last": 16 } })
    );
    assert_eq!(state("?sequence=2")["state"], json!({ "orders": 2, "last": 12 }));
    assert_eq!(state("?tag=noon")["state"], json!({ "orders": 5, "last": 15 }));
    let time = get(&inspector, "/api/events/3")["event"]["time"].as_str().unwrap().to_owned();
    assert!(state(&format!("?time={time}"))["sequence"].as_u64().unwrap() >= 3);
    let changed = get(&inspector, "/api/projections/total/difference?from=0&to=tag:noon");
    assert_eq!(
        changed["changes"],
        json!([
            { "path": "/last", "before": null, "after": 15 },
            { "path": "/orders", "before": 0, "after": 5 },
        ])
    );
    assert_eq!(
        (&changed["from"], &changed["to"], &changed["complete"]),
        (&json!(0), &json!(5), &json!(true))
    );
}

#[test]
fn moments_and_names_that_there_are_not_are_told() {
    let bus = Bus::builder().history(Ring::events(2)).build();
    let total = Projector::builder("total").attach(&bus, Total::default()).unwrap();
    for order in 1..=5 {
        let receipt = bus.publish(paid(order)).unwrap();
        total.wait_for(receipt.sequence().unwrap(), Duration::from_secs(10)).unwrap();
    }
    let inspector = Inspector::builder(&bus).projector(&total).serve("127.0.0.1:0").unwrap();
    for (path, status, kind, says) in [
        ("other/state", 404, "no_such_projection", "`total`"),
        ("total/state?sequence=9", 409, "past", "9"),
        ("total/state?tag=never", 409, "past", "never"),
        ("total/state?sequence=1&tag=a", 400, "parameter", "one of"),
        ("total/difference", 400, "parameter", "missing"),
        ("total/difference?from=soon", 400, "parameter", "a moment"),
    ] {
        let answer = ask(inspector.address(), "GET", &format!("/api/projections/{path}"), &[], "");
        assert_eq!((answer.status, answer.kind().as_str()), (status, kind), "{path}");
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    let (_bus, without) = inspected();
    assert_eq!(get(&without, "/api/projections"), json!({ "projections": [] }));
}
