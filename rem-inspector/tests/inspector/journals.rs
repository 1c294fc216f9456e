//! A journal that nobody writes, looked at.

use std::time::Duration;

use rem_core::wire::Mask;
use rem_core::{Bus, Event, Timestamp};
use rem_inspector::Inspector;
use rem_journal::{Archive, Journal};
use serde_json::{Value, json};

use crate::support::{Order, Stream, ask, get, paid, placed, wait_for};

#[test]
fn a_journal_is_looked_at_as_a_bus_is_and_nothing_is_written_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.rem");
    let live = Bus::builder().history(Journal::open(&path).unwrap()).build();
    let again = live.downgrade();
    let sub = live.subscription("order.placed").inline(move |event: &Event<Order>| {
        if let Order::Placed { order, .. } = event.data {
            again.upgrade().unwrap().publish(paid(order)).unwrap();
        }
    });
    for order in 1..=50 {
        live.publish(placed(order)).unwrap();
    }
    drop((sub, live));

    let past = Bus::builder().history(Archive::open(&path).unwrap()).build();
    let inspector = Inspector::builder(&past)
        .mask(Mask::new().of::<Order>())
        .as_journal()
        .serve("127.0.0.1:0")
        .unwrap();
    drop(past); // the inspector keeps it
    let about = get(&inspector, "/api/about");
    assert_eq!(
        (&about["source"]["kind"], &about["source"]["live"]),
        (&json!("journal"), &json!(false))
    );
    assert_eq!(about["source"]["history"], json!({ "from": 1, "to": 100 }));
    let events = get(&inspector, "/api/events?pattern=order.placed&last=1");
    assert_eq!(events["events"][0]["data"], json!({ "order": 50, "card": "[redacted]" }));
    assert_eq!(events["events"][0]["masked"], true);
    let story = get(&inspector, "/api/story/2");
    assert_eq!(story["ancestors"].as_array().unwrap().len(), 1);
    let history = get(&inspector, "/api/history");
    assert_eq!((&history["kept"], &history["durable"]), (&json!(100), &json!(true)));
    let mut stream = Stream::open(inspector.address(), "/api/stream?all=true&after=97", None);
    let numbers: Vec<_> = (0..3).map(|_| stream.until("event").id.unwrap()).collect();
    assert_eq!(numbers, [98, 99, 100]);
    stream.cut();

    // Of a journal alone nobody knows what is marked.
    let past = Bus::builder().history(Archive::open(&path).unwrap()).build();
    let inspector = Inspector::builder(&past).as_journal().serve("127.0.0.1:0").unwrap();
    let whole = ask(inspector.address(), "GET", "/api/events", &[], "").body;
    assert!(whole.contains("\"hidden\"") && !whole.contains("4929 1234"), "{whole}");
}

#[test]
fn the_topics_of_a_journal_are_counted_from_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.rem");
    let live = Bus::builder().history(Journal::open(&path).unwrap()).build();
    let begun: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
    // An hour: one a second, and all that are paid in its last minute.
    for second in 0..=3_600_u64 {
        let event = if second > 3_540 { paid(second) } else { placed(second) };
        live.event(event).timestamp(begun + Duration::from_secs(second)).publish().unwrap();
    }
    drop(live);
    let past = Bus::builder().history(Archive::open(&path).unwrap()).build();
    let inspector = Inspector::builder(&past).as_journal().serve("127.0.0.1:0").unwrap();
    let mut topics = get(&inspector, "/api/topics?order=published");
    wait_for("all is counted", || {
        topics = get(&inspector, "/api/topics?order=published");
        topics["counting"].is_null()
    });
    let counts: Vec<_> = topics["topics"].as_array().unwrap().iter().collect();
    assert_eq!(
        counts.iter().map(|it| (&it["topic"], &it["published"])).collect::<Vec<_>>(),
        [(&json!("order.placed"), &json!(3_541)), (&json!("order.paid"), &json!(60))]
    );
    assert_eq!(
        (&topics["step_us"], &topics["at"]),
        (&json!(60_000_000), &json!("2026-01-01T10:00:00Z"))
    );
    let steps = |value: &Value| -> Vec<u64> {
        value.as_array().unwrap().iter().map(|step| step.as_u64().unwrap()).collect()
    };
    let all = steps(&topics["series"]);
    assert_eq!((all.len(), all[0], all[59], all.iter().sum()), (60, 60, 61, 3_601));
    let paid = steps(&counts[1]["series"]);
    assert_eq!((paid[58], paid[59]), (0, 60));
    let some = get(&inspector, "/api/topics?pattern=order.pa*");
    assert_eq!((&some["total"], &some["topics"][0]["published"]), (&json!(1), &json!(60)));
    let meaning = get(&inspector, "/api/pattern?pattern=order.*");
    assert_eq!(meaning["topics"], json!(["order.paid", "order.placed"]));
}

#[test]
fn a_journal_with_nothing_in_it_has_no_topics_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.rem");
    drop(Bus::builder().history(Journal::open(&path).unwrap()).build());
    let past = Bus::builder().history(Archive::open(&path).unwrap()).build();
    let inspector = Inspector::builder(&past).as_journal().serve("127.0.0.1:0").unwrap();
    wait_for("it is counted", || get(&inspector, "/api/topics")["counting"].is_null());
    assert_eq!(get(&inspector, "/api/topics")["topics"], json!([]));
}
