//! The story of an event: causes, effects, who handled each and how long that took.

use std::time::Duration;

use rem_core::{Bus, Event, Ordering, Received, Retry, Ring};
use serde_json::{Value, json};

use crate::support::{Order, Stream, get, inspected, paid, placed, wait_for};

/// Placed, and then paid by a handler, and then lost by another.
fn chain(bus: &Bus) -> Vec<rem_core::Subscription> {
    let (one, two) = (bus.downgrade(), bus.downgrade());
    vec![
        bus.subscription("order.placed").inline(move |event: &Event<Order>| {
            if let Order::Placed { order, .. } = event.data {
                one.upgrade().unwrap().publish(paid(order)).unwrap();
            }
        }),
        bus.subscription("order.paid").inline(move |event: &Event<Order>| {
            if let Order::Paid { order, .. } = event.data {
                two.upgrade().unwrap().publish(Order::Lost { order }).unwrap();
            }
        }),
    ]
    .into_iter()
    .map(Result::unwrap)
    .collect()
}

fn id(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn causes_and_effects_are_joined() {
    let (bus, inspector) = inspected();
    let _subs = chain(&bus);
    bus.publish(placed(1)).unwrap();
    bus.publish(placed(2)).unwrap();
    let story = get(&inspector, "/api/story/2");
    let events = story["events"].as_array().unwrap();
    let seen: Vec<_> = events
        .iter()
        .map(|it| (it["sequence"].as_u64().unwrap(), it["topic"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [(1, "order.placed"), (2, "order.paid"), (3, "order.1.lost")]);
    let ids: Vec<&str> = events.iter().map(|event| id(&event["id"])).collect();
    assert_eq!(
        story["edges"],
        json!([
            { "cause": ids[0], "effect": ids[1] },
            { "cause": ids[1], "effect": ids[2] },
        ])
    );
    assert_eq!((&story["ancestors"], &story["descendants"]), (&json!([ids[0]]), &json!([ids[2]])));
    assert_eq!((&story["missing"], &story["complete"]), (&json!([]), &json!(true)));
    let root = get(&inspector, &format!("/api/story/{}", ids[0]));
    assert_eq!((&root["ancestors"], &root["descendants"]), (&json!([]), &json!([ids[1], ids[2]])));
    let unmeasured = &story["handlings"][ids[0]][0];
    assert_eq!(
        (&unmeasured["outcome"], &unmeasured["measured"]),
        (&json!("unknown"), &json!(false))
    );
}

#[test]
fn a_cause_that_is_not_kept_is_missing() {
    let bus = Bus::builder().history(Ring::events(2)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let _subs = chain(&bus);
    bus.publish(placed(1)).unwrap();
    let story = get(&inspector, "/api/story/3");
    assert_eq!(story["events"].as_array().unwrap().len(), 2);
    assert_eq!(story["missing"][0], story["correlation"]);
    assert_eq!(story["ancestors"].as_array().unwrap().len(), 1);
}

#[test]
fn handlers_are_measured_while_a_client_is_attached() {
    let (bus, inspector) = inspected();
    let _subs = chain(&bus);
    let _fails = bus.subscribe("order.paid", |_: &Event| Err::<(), _>("no funds")).unwrap();
    let _panics = bus.subscribe("order.*.lost", |_: &Event| panic!("lost too")).unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    assert_eq!(stream.until("failed").data["error"], "no funds");
    let story = get(&inspector, "/api/story/1");
    let ids: Vec<&str> =
        story["events"].as_array().unwrap().iter().map(|event| id(&event["id"])).collect();
    let of = |at: usize| story["handlings"][ids[at]].as_array().unwrap();
    assert_eq!(of(0).len(), 1);
    for handling in of(0).iter().chain(of(1)).chain(of(2)) {
        assert_eq!(
            (&handling["measured"], &handling["attempt"]),
            (&json!(true), &json!(1)),
            "{handling}"
        );
        assert!(handling["took_us"].is_u64() && handling["begun"].is_string());
        assert_eq!(handling["delivery"], "inline");
        assert!(handling["place"].as_str().unwrap().contains("story.rs"));
    }
    let outcomes: Vec<_> = of(1).iter().map(|it| (id(&it["outcome"]), &it["error"])).collect();
    assert_eq!(outcomes, [("done", &json!(null)), ("failed", &json!("no funds"))]);
    assert_eq!(
        (&of(2)[0]["outcome"], &of(2)[0]["error"]),
        (&json!("panicked"), &json!("lost too"))
    );
    stream.cut();
    wait_for("the client is gone", || inspector.clients() == 0);
    bus.publish(placed(2)).unwrap();
    let story = get(&inspector, "/api/story/4");
    let alone = &story["handlings"][id(&story["event"])][0];
    assert_eq!(alone["measured"], false, "nobody looked");
}

#[test]
fn each_attempt_of_a_task_is_told() {
    let (bus, inspector) = inspected();
    let retry = Retry::times(2).backoff(Duration::from_millis(1), 1.0, Duration::from_millis(1));
    let _sub = bus
        .subscription("order.placed")
        .retry(retry)
        .task(
            async |received: Received| if received.attempt() < 3 { Err("not yet") } else { Ok(()) },
        )
        .unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream?none=true", None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    let mut calls = Vec::new();
    wait_for("three attempts", || {
        let story = get(&inspector, "/api/story/1");
        calls = story["handlings"][id(&story["event"])].as_array().unwrap().clone();
        calls.len() == 3
    });
    let told: Vec<_> =
        calls.iter().map(|it| (it["attempt"].as_u64().unwrap(), id(&it["outcome"]))).collect();
    assert_eq!(told, [(1, "failed"), (2, "failed"), (3, "done")]);
    assert_eq!(calls[0]["delivery"], "task");
}

#[test]
fn under_one_order_for_all_handlers_are_measured_too() {
    let bus = Bus::builder().ordering(Ordering::Total).history(Ring::events(100)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let _subs = chain(&bus);
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    wait_for("it is lost", || stream.until("event").id == Some(3));
    let story = get(&inspector, "/api/story/1");
    for event in &story["events"].as_array().unwrap()[..2] {
        let handlings = story["handlings"][id(&event["id"])].as_array().unwrap();
        assert_eq!((handlings.len(), &handlings[0]["measured"]), (1, &json!(true)), "{story}");
    }
}
