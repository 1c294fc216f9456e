//! Who listens, and what looks wrong.

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Event, EventStream, Overflow, Received};
use serde_json::{Value, json};

use crate::support::{Order, get, inspected, paid, placed, wait_for};

/// The findings of a kind.
fn found<'a>(all: &'a Value, kind: &str) -> Vec<&'a Value> {
    all["findings"].as_array().unwrap().iter().filter(|it| it["kind"] == kind).collect()
}

#[test]
fn each_subscription_is_given_with_its_delivery_and_its_numbers() {
    let (bus, inspector) = inspected();
    let _inline = bus.on(|_: &Event<Order>| ());
    let queue = bus.subscription("order.paid").priority(3).queue(2, Overflow::DropOldest);
    let _queue: EventStream = queue.stream().unwrap();
    let _task = bus.subscription("order").concurrency(4).task(async |_: Received| ()).unwrap();
    for order in 1..=5 {
        bus.publish(paid(order)).unwrap();
    }
    let mut all = Value::Null;
    wait_for("the task has had all", || {
        all = get(&inspector, "/api/subscriptions");
        all["subscriptions"][2]["stats"]["delivered"] == 5
    });
    let [inline, queue, task] = &all["subscriptions"].as_array().unwrap()[..] else {
        panic!("{all}")
    };
    assert_eq!(
        (&inline["type"], &inline["delivery"]),
        (&json!("Order"), &json!({ "kind": "inline" }))
    );
    assert_eq!((&inline["stats"]["delivered"], &inline["topics"]), (&json!(5), &json!(1)));
    assert!(inline["place"].as_str().unwrap().contains("listeners.rs:"));
    assert_eq!(
        queue["delivery"],
        json!({ "kind": "queue", "capacity": 2, "depth": 2, "overflow": "drop oldest" })
    );
    assert_eq!(
        (&queue["stats"]["dropped"], &queue["priority"], &queue["lag"]),
        (&json!(3), &json!(3), &json!(2))
    );
    assert_eq!(
        (&task["delivery"]["kind"], &task["delivery"]["concurrency"]),
        (&json!("task"), &json!(4))
    );
    let id = &queue["id"];
    assert!(found(&all, "dropping").iter().any(|it| it["subscription"] == *id), "{all}");
    assert!(found(&all, "behind").iter().any(|it| it["subscription"] == *id), "{all}");
}

#[test]
fn patterns_that_select_nothing_and_events_that_nobody_hears_are_pointed_out() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    bus.publish_to("stock.low", RawEvent::new(Codec::Json, *b"{}")).unwrap();
    let all = get(&inspector, "/api/subscriptions");
    let topics: Vec<_> =
        found(&all, "unheard").iter().map(|it| it["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["order.placed", "stock.low"]);
    let types: Vec<_> =
        found(&all, "unheard_type").iter().map(|it| it["topic"].as_str().unwrap()).collect();
    assert_eq!(types, ["order.paid", "order.{order}.lost"]);

    let _typo = bus.subscribe("ordr.placed", |_: &Event| ()).unwrap();
    let _never = bus.subscribe("order.*.found", |_: &Event| ()).unwrap();
    let _later = bus.subscribe("order.[0-9]*.l*", |_: &Event| ()).unwrap();
    let _good = bus.subscribe("stock", |_: &Event| ()).unwrap();
    let all = get(&inspector, "/api/subscriptions");
    let nothing = found(&all, "selects_nothing");
    assert_eq!(nothing.len(), 2, "{all}");
    assert_eq!(nothing[0]["nearest"][0], "order.placed");
    assert!(nothing[0]["message"].as_str().unwrap().contains("listeners.rs"));
    let later = found(&all, "nothing_yet");
    assert_eq!(later.len(), 1);
    assert!(later[0]["message"].as_str().unwrap().contains("`order.[0-9]*.l*`"));
    let topics: Vec<_> =
        found(&all, "unheard").iter().map(|it| it["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["order.placed"]);
}

#[test]
fn what_fails_is_told_first_with_what_it_said() {
    let (bus, inspector) = inspected();
    let _fails = bus.subscribe("order.**", |_: &Event| Err::<(), _>("the disk is full")).unwrap();
    bus.publish(placed(1)).unwrap();
    let all = get(&inspector, "/api/subscriptions");
    assert_eq!(all["findings"][0]["kind"], "failing");
    assert!(all["findings"][0]["message"].as_str().unwrap().ends_with("the disk is full"));
    assert_eq!(all["subscriptions"][0]["last_error"], "the disk is full");
}

#[test]
fn middleware_and_children_are_given_and_a_durable_name_is_none_here() {
    let (bus, inspector) = inspected();
    bus.middleware(
        "order.**",
        rem_core::middleware::filter("no lost ones", |draft| !draft.topic().ends_with(".lost")),
    )
    .unwrap();
    let _eu = bus.child("eu").unwrap();
    bus.publish(Order::Lost { order: 1 }).unwrap();
    wait_for("it is counted", || {
        get(&inspector, "/api/subscriptions")["middleware"][0]["stopped"] == 1
    });
    let all = get(&inspector, "/api/subscriptions");
    assert_eq!(all["middleware"][0]["name"], "no lost ones");
    assert_eq!(all["children"], json!(["eu"]));
}
