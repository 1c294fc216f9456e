//! What is live: from where one was, without a gap, and with what is left out told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rem_core::{Bus, Event, Ring};
use serde_json::json;

use crate::support::{Stream, ask, get, inspected, paid, placed, wait_for};

#[test]
fn events_come_as_they_are_published() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    let hello = stream.next().unwrap();
    assert_eq!(hello.event, "hello");
    assert_eq!(
        hello.data,
        json!({
            "api": 1, "position": 1, "history": { "from": 1, "to": 1 }, "resumed": false, "rate": 50, "all": false,
        })
    );
    bus.publish(placed(2)).unwrap();
    let event = stream.until("event");
    assert_eq!((event.id, &event.data["topic"]), (Some(2), &json!("order.placed")));
    assert_eq!(event.data["data"], json!({ "order": 2, "card": "[redacted]" }));
}

#[test]
fn a_pattern_and_a_search_choose_and_the_position_goes_on() {
    let (bus, inspector) = inspected();
    let path = "/api/stream?pattern=order.paid&search=order%207&after=0";
    let mut stream = Stream::open(inspector.address(), path, None);
    for order in 1..=9 {
        bus.publish(paid(order)).unwrap();
        bus.publish(placed(order)).unwrap();
    }
    let event = stream.until("event");
    assert_eq!((event.id, &event.data["data"]["text"]), (Some(13), &json!("Order 7")));
    wait_for("the position goes on", || stream.until("position").id == Some(18));
}

#[test]
fn a_connection_that_breaks_anywhere_resumes_without_a_gap() {
    const EVENTS: u64 = 3_000;
    let (bus, inspector) = inspected();
    let publisher = {
        let bus = bus.clone();
        thread::spawn(move || {
            for order in 1..=EVENTS {
                bus.publish(paid(order)).unwrap();
                if order % 16 == 0 {
                    thread::yield_now();
                }
            }
        })
    };
    let (mut last, mut seen, mut lives) = (Some(0), Vec::new(), 0_u64);
    while seen.last() != Some(&EVENTS) {
        lives += 1;
        let mut stream =
            Stream::open(inspector.address(), "/api/stream?all=true&pattern=order", last);
        // Some number of messages, another in each life.
        let most = if lives < 40 { lives * lives * 7 % 151 } else { u64::MAX };
        let mut taken = 0;
        while taken < most && seen.last() != Some(&EVENTS) {
            let message = stream.next().unwrap();
            match message.event.as_str() {
                "event" => seen.push(message.id.unwrap()),
                "hello" | "position" => {}
                other => panic!("{other}: {}", message.data),
            }
            taken += 1;
        }
        last = stream.last_id;
        stream.cut();
    }
    publisher.join().unwrap();
    assert!(lives > 5, "{lives} lives");
    assert_eq!(seen, (1..=EVENTS).collect::<Vec<_>>());
}

#[test]
fn what_is_above_the_rate_is_sampled_and_told() {
    let (bus, inspector) = inspected();
    let mut stream = Stream::open(inspector.address(), "/api/stream?rate=10", None);
    stream.until("hello");
    for order in 1..=1_000 {
        bus.publish(paid(order)).unwrap();
    }
    // The numbers that came one by one since what was told last; up to where all is told.
    let (mut came, mut sent, mut at) = (Vec::new(), 0, 0);
    while at + (came.len() as u64) < 1_000 {
        let message = stream.next().unwrap();
        match message.event.as_str() {
            "event" => {
                sent += 1;
                let id = message.id.unwrap();
                assert!(came.last().is_none_or(|last| *last < id), "in their order");
                came.push(id);
            }
            "sampled" => {
                let number = |name: &str| message.data[name].as_u64().unwrap();
                let (from, to) = (number("from"), number("to"));
                assert_eq!(message.id, Some(to));
                let before: Vec<_> = came.iter().copied().filter(|id| *id < from).collect();
                assert_eq!(before, (at + 1..from).collect::<Vec<_>>(), "ranges join");
                assert_eq!(number("sent"), (came.len() - before.len()) as u64);
                assert_eq!(number("sent") + number("left_out"), to + 1 - from);
                assert_eq!(number("matched"), to + 1 - from);
                (at, came) = (to, Vec::new());
            }
            _ => {}
        }
    }
    assert!((10..=40).contains(&sent), "{sent} were sent");
}

#[test]
fn what_the_history_has_let_go_is_a_gap() {
    let bus = Bus::builder().history(Ring::events(64)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    for order in 1..=100 {
        bus.publish(paid(order)).unwrap();
    }
    for path in ["/api/stream?all=true", "/api/stream?rate=2000"] {
        let mut stream = Stream::open(inspector.address(), path, Some(10));
        let hello = stream.until("hello").data;
        assert_eq!((&hello["resumed"], &hello["position"]), (&json!(true), &json!(10)));
        let gap = stream.until("gap");
        assert_eq!(
            (gap.id, &gap.data["from"], &gap.data["to"]),
            (Some(36), &json!(11), &json!(36)),
            "{path}"
        );
        assert_eq!(gap.data["why"], "the history has let go of them");
        assert_eq!(stream.until("event").id, Some(37), "{path}");
    }
}

#[test]
fn a_bus_without_history_is_seen_from_now_on() {
    let bus = Bus::new();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream?pattern=order", Some(3));
    assert_eq!(stream.until("hello").data["history"], json!(null));
    let gap = stream.until("gap");
    assert_eq!(
        (gap.id, gap.data),
        (None, json!({ "from": 4, "to": null, "why": "the bus keeps no history" }))
    );
    bus.publish(placed(1)).unwrap();
    assert_eq!(stream.until("event").data["topic"], "order.placed");
    let all = get(&inspector, "/api/subscriptions");
    assert_eq!(all["subscriptions"], json!([]), "what is the inspector's own is not listed");
    assert_eq!(get(&inspector, "/api/topics")["topics"][0]["heard_by"], json!([]));
    for order in 0..5_000 {
        bus.publish(placed(order)).unwrap();
    }
    let (mut sent, mut left_out) = (0, 0);
    while sent + left_out < 5_000 {
        let message = stream.next().unwrap();
        match message.event.as_str() {
            "event" => sent += 1,
            "sampled" => left_out += message.data["left_out"].as_u64().unwrap(),
            _ => {}
        }
    }
    assert_eq!(sent + left_out, 5_000, "each is sent or told");
    assert!(left_out > 0, "{sent} were sent");
}

#[test]
fn what_a_bus_without_history_tells_of_itself_has_no_number_and_comes() {
    let bus = Bus::new();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let _fails = bus.subscribe("order.**", |_: &Event| Err::<(), _>("no")).unwrap();
    let path = "/api/stream?pattern=$rem.handler.failed";
    let mut stream = Stream::open(inspector.address(), path, None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    let event = stream.until("event");
    assert_eq!((event.id, &event.data["topic"]), (None, &json!("$rem.handler.failed")));
}

#[test]
fn failures_are_told_as_they_happen_and_not_one_by_one_when_they_are_many() {
    let (bus, inspector) = inspected();
    let _fails = bus.subscribe("order.**", |_: &Event| Err::<(), _>("no")).unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream?none=true", None);
    stream.until("hello");
    let receipt = bus.publish(placed(1)).unwrap();
    let failed = stream.until("failed").data;
    assert_eq!(failed["event"], receipt.id().unwrap().to_string());
    assert_eq!(
        (&failed["error"], &failed["panicked"], &failed["topic"]),
        (&json!("no"), &json!(false), &json!("order.placed"))
    );
    for order in 0..500 {
        bus.publish(placed(order)).unwrap();
    }
    let mut one_by_one = 0;
    let more = loop {
        let failed = stream.until("failed").data;
        match failed["more"].as_u64() {
            Some(more) => break more,
            None => one_by_one += 1,
        }
    };
    assert!(one_by_one <= 50 && more >= 200, "{one_by_one} and {more} more");
}

#[test]
fn there_are_as_many_streams_as_may_be() {
    let bus = Bus::builder().history(Ring::events(64)).build();
    let inspector =
        rem_inspector::Inspector::builder(&bus).clients(2).serve("127.0.0.1:0").unwrap();
    let mut first = Stream::open(inspector.address(), "/api/stream", None);
    let mut second = Stream::open(inspector.address(), "/api/stream", None);
    first.until("hello");
    second.until("hello");
    let third = ask(inspector.address(), "GET", "/api/stream", &[], "");
    assert_eq!((third.status, third.kind().as_str()), (503, "busy"));
    assert!(third.header("retry-after").is_some());
    first.cut();
    wait_for("the place is free", || inspector.clients() == 1);
    Stream::open(inspector.address(), "/api/stream", None).until("hello");
    assert!(get(&inspector, "/api/about")["clients"]["refused"].as_u64().unwrap() >= 1);
}

#[test]
fn publishers_and_clients_that_come_and_go_harm_each_other_nowhere() {
    let (bus, inspector) = inspected();
    let is_over = Arc::new(AtomicBool::new(false));
    let publisher = {
        let (bus, is_over) = (bus.clone(), Arc::clone(&is_over));
        thread::spawn(move || {
            let mut order = 0;
            while !is_over.load(Ordering::Relaxed) {
                bus.publish(placed(order)).unwrap();
                order += 1;
            }
        })
    };
    for life in 0..12 {
        let mut stream =
            Stream::open(inspector.address(), "/api/stream?stats=true&rate=2000", None);
        for _ in 0..life * 5 {
            stream.next().unwrap();
        }
        stream.cut();
    }
    is_over.store(true, Ordering::Relaxed);
    publisher.join().unwrap();
    wait_for("all are gone", || inspector.clients() == 0);
    // A client is counted out just before what it listened by ends.
    wait_for("nothing is kept of them", || bus.topology().subscriptions.is_empty());
}
