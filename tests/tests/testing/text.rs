//! Texts of a test bus: the same in every run, byte for byte.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::{Recorder, TestBus};

use super::support::{Order, placed, stock_low};

/// What a run says of itself, in every form.
fn run() -> [String; 4] {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let received = Arc::new(Mutex::new(String::new()));
    let (own, kept) = (test.bus.clone(), Arc::clone(&received));
    let _sub = test
        .bus
        .subscription("order.{what}")
        .inline_received(move |event: Received<Order>| {
            writeln!(kept.lock().unwrap(), "{event:#?}").unwrap();
            if let Order::Placed { id, .. } = event.data {
                own.publish(Order::Paid { id }).unwrap();
            }
        })
        .unwrap();
    test.bus
        .event(placed(1))
        .source("web")
        .metadata("z", 1)
        .metadata("a", [1, 2])
        .publish()
        .unwrap();
    test.clock.advance(Duration::from_millis(1_500));
    test.bus.child("eu").unwrap().publish(stock_low()).unwrap();
    let received = received.lock().unwrap().clone();
    let lines = recorder.to_jsonl().unwrap();
    [recorder.to_string(), format!("{recorder:#?}"), received, lines]
}

#[test]
fn two_runs_say_the_same() {
    assert_eq!(run(), run());
}

/// The very text, so that a change of it is seen here before it breaks the snapshots of users.
#[test]
fn the_text_is_this() {
    let [lines, debug, received, json] = run();
    assert_eq!(
        lines,
        r#"2000-01-01T00:00:00Z order.placed #1 from web: Placed { id: 1, items: ["tea", "pot"] }
2000-01-01T00:00:00Z order.paid #2: Paid { id: 1 }
2000-01-01T00:00:01.500000000Z eu.stock.low #3: StockLow { item: "tea", supplier: [redacted] }
"#
    );
    assert!(debug.contains("causation: 00000000-0000-7000-8000-000000000001,"), "{debug}");
    assert!(debug.find("\"a\": Array").unwrap() < debug.find("\"z\": Number").unwrap(), "{debug}");
    assert!(received.contains("subscription: SubscriptionId("), "{received}");
    assert!(received.contains(r#""what": "placed""#), "{received}");
    let first = json.lines().next().unwrap();
    assert_eq!(
        first,
        r#"{"specversion":"1.0","id":"00000000-0000-7000-8000-000000000001","source":"web","type":"order.placed","time":"2000-01-01T00:00:00Z","sequence":"00000000000000000001","remversion":1,"z":1,"remmeta":"{\"a\":[1,2]}","datacontenttype":"application/json","data":{"id":1,"items":["tea","pot"]}}"#
    );
}
