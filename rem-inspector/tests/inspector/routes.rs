//! What each route gives.

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Ring};
use serde_json::{Value, json};

use crate::support::{Order, Stream, ask, get, inspected, paid, placed, wait_for};

fn topics(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one["topic"].as_str().unwrap()).collect()
}

#[test]
fn about_says_what_is_inspected() {
    let (bus, inspector) = inspected();
    let about = get(&inspector, "/api/about");
    assert_eq!(about["name"], "rem-inspector");
    assert_eq!(about["api"], 1);
    assert_eq!(
        about["source"],
        json!({
            "kind": "bus", "prefix": null, "live": true, "closed": false, "history": { "from": null, "to": null },
        })
    );
    bus.publish(placed(1)).unwrap();
    let about = get(&inspector, "/api/about");
    assert_eq!(about["source"]["history"], json!({ "from": 1, "to": 1 }));
    assert_eq!(about["clients"], json!({ "attached": 0, "limit": 16, "cut": 0, "refused": 0 }));
    assert!(about["now"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn topics_have_counts_hearers_and_who_declares_them() {
    let (bus, inspector) = inspected();
    let sub = bus.on(|_: &Event<Order>| ());
    bus.publish(placed(1)).unwrap();
    bus.publish(placed(2)).unwrap();
    bus.publish(Order::Lost { order: 7 }).unwrap();
    bus.publish_to("stock.low", RawEvent::new(Codec::Json, *b"{}")).unwrap();
    let all = get(&inspector, "/api/topics");
    assert_eq!(topics(&all["topics"]), ["order.7.lost", "order.placed", "stock.low"]);
    assert_eq!((&all["published"], &all["total"]), (&json!(4), &json!(3)));
    let lost = &all["topics"][0];
    assert_eq!(lost["declared_by"], json!([{ "type": "Order", "variant": "Lost" }]));
    assert_eq!(all["topics"][1]["published"], 2);
    assert_eq!(all["topics"][1]["heard_by"].as_array().unwrap().len(), 1);
    assert_eq!(all["topics"][2]["heard_by"], json!([]));
    assert_eq!(all["topics"][2]["declared_by"], json!([]));
    assert_eq!(topics(&all["unpublished"]), ["order.paid"]);
    assert_eq!(all["unpublished"][0]["heard_by"].as_array().unwrap().len(), 1);
    drop(sub);
    let some = get(&inspector, "/api/topics?pattern=order.**&order=published&limit=1");
    assert_eq!((topics(&some["topics"]), &some["total"]), (vec!["order.placed"], &json!(2)));
    assert_eq!(some["topics"][0]["heard_by"], json!([]));
    assert!(
        some["rate"].is_null() && some["series"] == json!([]),
        "nobody looks, and nothing is counted"
    );
}

#[test]
fn rates_are_counted_while_somebody_looks() {
    let (bus, inspector) = inspected();
    let mut stream = Stream::open(inspector.address(), "/api/stream?stats=true", None);
    stream.until("stats");
    for order in 0..30 {
        bus.publish(placed(order)).unwrap();
    }
    let stats = loop {
        let stats = stream.until("stats").data;
        if stats["topics"] != json!([]) {
            break stats;
        }
    };
    assert_eq!(stats["topics"], json!([["order.placed", 30, 30]]));
    assert!(stats["rate"].as_f64().unwrap() > 0.0);
    let all = get(&inspector, "/api/topics");
    let series = all["topics"][0]["series"].as_array().unwrap();
    assert_eq!(series.iter().map(|came| came.as_u64().unwrap()).sum::<u64>(), 30);
    let shape = &stats["shape"];
    let _sub = bus.on(|_: &Event<Order>| ());
    wait_for("another shape", || stream.until("stats").data["shape"] != *shape);
}

#[test]
fn types_are_given_with_their_fields() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    let types = get(&inspector, "/api/types");
    let order = &types["types"][0];
    assert_eq!((&order["name"], &order["namespace"]), (&json!("Order"), &json!("order")));
    let events = order["events"].as_array().unwrap();
    assert_eq!(events[0]["topic"], "order.placed");
    assert_eq!(events[0]["doc"], "Somebody wants something.");
    assert_eq!(
        events[0]["fields"][1],
        json!({
            "name": "card", "type": "String", "doc": "", "key": false, "redacted": true,
        })
    );
    assert_eq!(events[1]["aliases"], json!(["order.payed"]));
    assert_eq!(
        (&events[2]["topic"], &events[2]["template"]),
        (&json!("order.{order}.lost"), &json!(true))
    );
}

#[test]
fn an_event_is_given_whole_and_what_is_marked_is_blanked() {
    let bus = Bus::builder().history(Ring::events(100)).source("shop").build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    bus.event(placed(42)).metadata("tenant", "acme").publish().unwrap();
    let event = get(&inspector, "/api/events")["events"][0].clone();
    assert_eq!(event["data"], json!({ "order": 42, "card": "[redacted]" }));
    assert_eq!(event["masked"], true);
    for (name, value) in [
        ("sequence", json!(1)),
        ("topic", json!("order.placed")),
        ("scope", json!(0)),
        ("source", json!("shop")),
        ("key", json!("42")),
        ("metadata", json!({ "tenant": "acme" })),
        ("causation", json!(null)),
        ("type", json!("Order")),
        ("variant", json!("Placed")),
        ("version", json!(1)),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
    assert_eq!(event["correlation"], event["id"]);
    let whole = ask(inspector.address(), "GET", "/api/events", &[], "").body;
    assert!(!whole.contains("4929 1234"), "{whole}");
    let found = get(&inspector, "/api/events?search=4929");
    assert_eq!(found["events"], json!([]), "what is masked is not found");
}

#[test]
fn data_that_cannot_be_given_says_why() {
    let (bus, inspector) = inspected();
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(20_000));
    bus.publish_to("a.long", RawEvent::new(Codec::Json, long.as_bytes())).unwrap();
    bus.publish_to("a.broken", RawEvent::new(Codec::Json, *b"{\"a\":")).unwrap();
    let hidden = get(&inspector, "/api/events");
    let why = hidden["events"][0]["hidden"].as_str().unwrap();
    assert!(why.contains("Mask::of"), "{why}");
    drop(inspector);

    let mask = rem_core::wire::Mask::new().raw_as_it_is();
    let inspector =
        rem_inspector::Inspector::builder(&bus).mask(mask).serve("127.0.0.1:0").unwrap();
    let events = get(&inspector, "/api/events");
    assert_eq!(events["events"][0]["cut"]["bytes"], long.len());
    assert!(events["events"][0]["data"].is_null());
    assert!(events["events"][1]["unreadable"].as_str().unwrap().contains("no JSON"));
    let detail = get(&inspector, "/api/events/1");
    assert_eq!(detail["event"]["data"]["text"].as_str().unwrap().len(), 20_000);
    assert_eq!(detail["bytes"], long.len());
}

#[test]
fn raw_data_of_a_known_type_is_shown_if_that_marks_nothing_of_it() {
    let (bus, inspector) = inspected();
    let _sub = bus.on(|_: &Event<Order>| ());
    bus.publish_to("order.paid", RawEvent::new(Codec::Json, *br#"{"order":1,"text":"a"}"#))
        .unwrap();
    bus.publish_to(
        "order.placed",
        RawEvent::new(Codec::Json, *br#"{"order":1,"card":"4929 1234"}"#),
    )
    .unwrap();
    let events = get(&inspector, "/api/events");
    assert_eq!(events["events"][0]["data"], json!({ "order": 1, "text": "a" }));
    assert!(events["events"][1]["hidden"].is_string());
    assert!(!events.to_string().contains("4929 1234"));
}

#[test]
fn pages_follow_one_another_from_both_ends() {
    let (bus, inspector) = inspected();
    for order in 1..=25 {
        bus.publish(if order % 2 == 0 { placed(order) } else { paid(order) }).unwrap();
    }
    for (order, begin) in [("last", "before"), ("first", "after")] {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = get(&inspector, &format!("/api/events?pattern=order.paid&{order}=5{next}"));
            let numbers: Vec<u64> = page["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["sequence"].as_u64().unwrap())
                .collect();
            assert!(numbers.is_sorted(), "oldest first: {numbers:?}");
            seen.extend(numbers);
            match page["next"].as_u64() {
                Some(number) => next = format!("&{begin}={number}"),
                None => break,
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=25).step_by(2).collect::<Vec<_>>(), "{order}");
    }
    let some = get(&inspector, "/api/events?search=ORDER%2017&first=10");
    assert_eq!(some["events"].as_array().unwrap().len(), 1);
    assert_eq!(some["events"][0]["sequence"], 17);
}

#[test]
fn events_are_found_by_source_story_and_time() {
    let (bus, inspector) = inspected();
    let again = bus.downgrade();
    let _sub = bus.subscription("order.placed").inline(move |event: &Event<Order>| {
        let Order::Placed { order, .. } = event.data else { return };
        again.upgrade().unwrap().publish(paid(order)).unwrap();
    });
    bus.event(placed(1)).source("shop").publish().unwrap();
    bus.event(placed(2)).source("web").publish().unwrap();
    let shop = get(&inspector, "/api/events?from_source=shop");
    assert_eq!(shop["events"].as_array().unwrap().len(), 1);
    let id = shop["events"][0]["id"].as_str().unwrap();
    let story = get(&inspector, &format!("/api/events?correlation={id}"));
    assert_eq!(story["events"].as_array().unwrap().len(), 2);
    let time = get(&inspector, "/api/events/3")["event"]["time"].as_str().unwrap().to_owned();
    let since = get(&inspector, &format!("/api/events?since={time}"));
    assert_eq!(since["events"].as_array().unwrap().last().unwrap()["sequence"], 4);
    let none = get(&inspector, "/api/events?until=2001-01-01T00:00:00Z");
    assert_eq!(none["events"], json!([]));
}

#[test]
fn a_detail_says_who_would_hear_it_and_what_stands_beside_it() {
    let (bus, inspector) = inspected();
    let sub = bus.subscribe("order.**", |_: &Event| ()).unwrap();
    for order in 1..=3 {
        bus.publish(placed(order)).unwrap();
        bus.publish(paid(order)).unwrap();
    }
    let detail = get(&inspector, "/api/events/3");
    assert_eq!((&detail["previous"], &detail["next"]), (&json!(1), &json!(5)));
    assert_eq!(detail["heard_by"][0]["pattern"], "order.**");
    assert!(detail["heard_by"][0]["place"].as_str().unwrap().contains("routes.rs"));
    assert_eq!((&detail["caused"], &detail["story"]), (&json!(0), &json!(1)));
    let id = detail["event"]["id"].as_str().unwrap();
    assert_eq!(get(&inspector, &format!("/api/events/{id}"))["event"], detail["event"]);
    drop(sub);
}

#[test]
fn a_pattern_is_explained_as_it_is_typed() {
    let (bus, inspector) = inspected();
    bus.publish(paid(1)).unwrap();
    let good = get(&inspector, "/api/pattern?pattern=order.%7Bwhat%7D&topic=order.paid");
    assert_eq!((&good["valid"], &good["selects"]), (&json!(true), &json!(1)));
    assert_eq!(good["topics"], json!(["order.paid"]));
    assert_eq!(good["declares"], json!(["order.placed", "order.paid"]));
    assert_eq!(good["topic"]["captures"], json!({ "what": "paid" }));
    let bad = get(&inspector, "/api/pattern?pattern=order.%3E.paid");
    assert_eq!(bad["valid"], false);
    assert_eq!(
        bad["error"]["where"],
        json!({ "parameter": "pattern", "value": "order.>.paid", "byte": 6, "end": 7 })
    );
    assert_eq!(bad["error"]["caret"], "  | order.>.paid\n  |       ^");
    let none = get(&inspector, "/api/pattern?pattern=ordr.paid&topic=order.paid");
    assert_eq!(none["nearest"][0], "order.paid");
    assert_eq!(none["topic"]["why"], "not selected: segment 1, `order`, is not `ordr`");
}

#[test]
fn a_history_is_told_by_a_hundred_numbers_at_most() {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let mut last = 0;
    for (events, expected) in [(1, 1), (100, 100), (101, 51), (199, 100), (200, 100), (250, 84)] {
        while last < events {
            bus.publish(placed(last)).unwrap();
            last += 1;
        }
        let history = get(&inspector, "/api/history");
        let series = history["series"].as_array().unwrap();
        assert_eq!((series.len(), &series[0][0]), (expected, &json!(1)), "of {events} events");
    }
}

#[test]
fn the_history_tells_its_range_and_how_things_stood() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let empty = get(&inspector, "/api/history");
    assert_eq!((&empty["from"], &empty["series"]), (&json!(null), &json!([])));
    for order in 1..=10 {
        bus.publish(if order % 2 == 0 { placed(order) } else { paid(order) }).unwrap();
    }
    let history = get(&inspector, "/api/history");
    let range = (history["from"].as_u64().unwrap(), history["to"].as_u64().unwrap());
    assert_eq!(range, (3, 10));
    assert_eq!((&history["kept"], &history["let_go"]), (&json!(8), &json!(2)));
    assert_eq!(history["series"].as_array().unwrap().len(), 8);
    let moment = get(&inspector, "/api/moment?sequence=6");
    let numbers: Vec<_> =
        moment["events"].as_array().unwrap().iter().map(|it| &it["sequence"]).collect();
    assert_eq!(numbers, [5, 6]);
    assert_eq!(moment["sequence"], 6);
    let time = moment["time"].as_str().unwrap();
    let by_time = get(&inspector, &format!("/api/moment?time={time}&pattern=order.placed"));
    assert!(by_time["events"][0]["sequence"].as_u64().unwrap() >= 6);
    let gone = ask(inspector.address(), "GET", "/api/moment?sequence=1", &[], "");
    assert_eq!((gone.status, gone.kind().as_str()), (409, "past"));
    let not_yet = ask(inspector.address(), "GET", "/api/moment?sequence=11", &[], "");
    assert_eq!((not_yet.status, not_yet.kind().as_str()), (409, "past"));
}

#[test]
fn a_child_bus_is_seen_and_nothing_above_it() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let eu = bus.child("eu").unwrap();
    let inspector = rem_inspector::serve(&eu, "127.0.0.1:0").unwrap();
    bus.publish(placed(1)).unwrap();
    eu.publish(placed(2)).unwrap();
    let events = get(&inspector, "/api/events");
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
    assert_eq!(events["events"][0]["topic"], "eu.order.placed");
    assert_eq!(events["events"][0]["scope"], 2);
    assert_eq!(
        topics(&get(&inspector, "/api/topics?pattern=order")["topics"]),
        ["eu.order.placed"]
    );
    assert_eq!(ask(inspector.address(), "GET", "/api/events/1", &[], "").status, 404);
    assert_eq!(get(&inspector, "/api/about")["source"]["prefix"], "eu");
}
