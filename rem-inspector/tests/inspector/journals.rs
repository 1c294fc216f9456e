//! A journal that nobody writes, looked at.

use rem_core::wire::Mask;
use rem_core::{Bus, Event};
use rem_inspector::Inspector;
use rem_journal::{Archive, Journal};
use serde_json::json;

use crate::support::{Order, Stream, ask, get, paid, placed};

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
    assert!(whole.contains("\"hidden\"") && !whole.contains("4929"), "{whole}");
}
