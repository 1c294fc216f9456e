//! Replays into sandboxes: how far they are, told to wait, looked into, and with no effect on the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rem_core::{Bus, Event, Ring};
use rem_inspector::Inspector;
use serde_json::{Value, json};

use crate::support::{Answer, Order, Stream, ask, get, inspected, paid, placed, wait_for};

fn post(inspector: &Inspector, path: &str, body: &Value) -> Answer {
    let json = [("Content-Type", "application/json")];
    ask(inspector.address(), "POST", path, &json, &body.to_string())
}

fn until(inspector: &Inspector, id: &str, state: &str) -> Value {
    let mut replay = Value::Null;
    wait_for(state, || {
        replay = get(inspector, &format!("/api/replays/{id}"));
        replay["state"] == state
    });
    replay
}

#[test]
fn what_happened_is_played_into_a_sandbox_that_can_be_looked_into() {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let inspector = Inspector::builder(&bus)
        .sandbox(move |sandbox: &Bus| {
            let count = Arc::clone(&count);
            sandbox.on(move |_: &Event<Order>| {
                count.fetch_add(1, Ordering::Relaxed);
            })
        })
        .serve("127.0.0.1:0")
        .unwrap();
    for order in 1..=10 {
        bus.publish(placed(order)).unwrap();
        bus.publish(paid(order)).unwrap();
    }
    let mut stream = Stream::open(inspector.address(), "/api/stream?none=true", None);
    stream.until("hello");
    let begun = post(&inspector, "/api/replays", &json!({ "pattern": "order.paid", "after": 4 }));
    assert_eq!(begun.status, 201, "{begun:?}");
    assert_eq!(begun.json()["id"], "replay-1");
    let done = until(&inspector, "replay-1", "done");
    assert_eq!(
        (&done["replayed"], &done["failed"], &done["lost"]),
        (&json!(8), &json!(0), &json!(0))
    );
    assert_eq!(calls.load(Ordering::Relaxed), 8);
    let mut told = stream.until("replay").data;
    while told["state"] != "done" {
        let before = told;
        told = stream.until("replay").data;
        assert!(told["changes"].as_u64() > before["changes"].as_u64(), "{before} {told}");
    }
    assert!(begun.json()["changes"].as_u64() <= told["changes"].as_u64(), "never newer");
    let events = get(&inspector, "/api/events?source=replay-1");
    assert_eq!(events["events"].as_array().unwrap().len(), 8);
    assert_eq!(events["events"][0]["data"]["order"], 3);
    let original = get(&inspector, "/api/events/6")["event"]["id"].clone();
    assert_eq!(events["events"][0]["id"], original, "it keeps its id");
    let topics = get(&inspector, "/api/topics?source=replay-1");
    assert_eq!(topics["topics"][0]["heard_by"].as_array().unwrap().len(), 1);
    assert_eq!(
        get(&inspector, "/api/about")["source"]["history"]["to"],
        20,
        "the bus has no more than before"
    );
}

#[test]
fn a_replay_is_paused_let_go_on_stopped_and_forgotten() {
    let (bus, inspector) = inspected();
    bus.event(placed(1))
        .timestamp("2026-01-01T00:00:00Z".parse::<rem_core::Timestamp>().unwrap())
        .publish()
        .unwrap();
    bus.event(placed(2))
        .timestamp("2026-01-01T10:00:00Z".parse::<rem_core::Timestamp>().unwrap())
        .publish()
        .unwrap();
    let begun = post(&inspector, "/api/replays", &json!({ "speed": 1.0 })).json();
    assert_eq!((&begun["state"], &begun["speed"]), (&json!("running"), &json!(1.0)));
    wait_for("the first is played", || {
        get(&inspector, "/api/events?source=replay-1")["events"] != json!([])
    });
    let tell = |word: &str| post(&inspector, "/api/replays/replay-1", &json!({ "do": word }));
    assert_eq!(tell("pause").json()["state"], "paused");
    assert_eq!(tell("resume").json()["state"], "running");
    assert_eq!(tell("jump").kind(), "body");
    tell("stop");
    let stopped = until(&inspector, "replay-1", "stopped");
    assert_eq!(stopped["replayed"], 1);
    assert_eq!(tell("resume").kind(), "replay");
    let delete = || ask(inspector.address(), "DELETE", "/api/replays/replay-1", &[], "");
    let mut stream = Stream::open(inspector.address(), "/api/stream?none=true", None);
    assert_eq!(stream.until("replays").data["ids"], json!(["replay-1"]));
    assert_eq!((delete().status, delete().status), (204, 404));
    assert_eq!(stream.until("replays").data["ids"], json!([]), "another client is told");
    assert_eq!(get(&inspector, "/api/replays"), json!({ "replays": [] }));
}

#[test]
fn there_are_as_many_replays_as_may_be() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    for _ in 0..4 {
        assert_eq!(post(&inspector, "/api/replays", &json!({})).status, 201);
    }
    let fifth = post(&inspector, "/api/replays", &json!({}));
    assert_eq!((fifth.status, fifth.kind().as_str()), (429, "busy"));
    assert_eq!(ask(inspector.address(), "DELETE", "/api/replays/replay-2", &[], "").status, 204);
    assert_eq!(post(&inspector, "/api/replays", &json!({})).json()["id"], "replay-5");
}

#[test]
fn handlers_of_a_sandbox_that_panic_harm_nothing() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let inspector = Inspector::builder(&bus)
        .sandbox(|_: &Bus| -> () { panic!("not here") })
        .serve("127.0.0.1:0")
        .unwrap();
    bus.publish(placed(1)).unwrap();
    let refused = post(&inspector, "/api/replays", &json!({}));
    assert_eq!((refused.status, refused.kind().as_str()), (500, "broken"));
    assert!(refused.body.contains("not here"));
    assert_eq!(get(&inspector, "/api/replays"), json!({ "replays": [] }));
}
