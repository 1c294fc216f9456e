//! The catalogue: what it says of event types, and of what a bus has seen of them.

use std::fs;
use std::path::Path;

use rem::prelude::*;
use rem::schema::{Catalogue, JsonSchema, Seen};
use rem::{EventId, Timestamp};
use rem_tests::shop::{Line, Order, Payment, Reason, catalogue, seen};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::written;

fn orders() -> Vec<(&'static str, Order)> {
    let line = Line { sku: "a".into(), with: vec![Line { sku: "b".into(), with: Vec::new() }] };
    let shipped =
        Order::Shipped { region: "north".into(), id: 1, weights: [("p".into(), 0.5)].into() };
    vec![
        ("shop.order.placed", Order::Placed { id: 1, address: None, lines: vec![line] }),
        ("shop.order.north.1.shipped", shipped),
        ("shop.order.lost.x", Order::Lost("x".into(), 3)),
        ("shop.order.closed", Order::Closed),
        ("shop.order.payment.received", Order::Payment(Payment::Received { cents: 1 })),
        (
            "shop.order.payment.bounced_back",
            Order::Payment(Payment::BouncedBack { why: Reason::Code(7), note: "x".into() }),
        ),
    ]
}

#[test]
fn one_json_schema_is_for_every_event_and_for_no_other() {
    let schema = catalogue().json_schema().unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (topic, order) in orders() {
        let event = json!({ "topic": topic, "data": written(&order) });
        let said: Vec<_> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
        assert_eq!(said, Vec::<String>::new(), "{event}");
    }
    // The type is open: whatever comes below its namespace is an event of it. Elsewhere nothing is.
    let table = [
        (json!({ "topic": "shop.order.new.one", "data": [] }), true),
        (json!({ "topic": "ui.pressed", "data": { "x": 1, "typed": "" } }), false),
        (json!({ "topic": "shop.order.closed" }), false),
    ];
    for (event, valid) in table {
        assert_eq!(validator.is_valid(&event), valid, "{event}");
    }
    assert_eq!(schema["$defs"]["shop.order.closed"], json!({ "type": "null" }));

    let closed = Catalogue::new("Payments").event_type::<Payment>().json_schema().unwrap();
    let validator = jsonschema::draft202012::new(&closed).unwrap();
    let data = json!({ "state": "received", "cents": 1 });
    assert!(validator.is_valid(&json!({ "topic": "payment.received", "data": data })));
    assert!(
        !validator
            .is_valid(&json!({ "topic": "payment.received", "data": { "state": "received" } }))
    );
    assert!(!validator.is_valid(&json!({ "topic": "payment.other", "data": data })));
}

#[test]
fn a_field_that_is_a_time_or_an_id_has_its_format() {
    #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
    #[event(topic = "audit.noted")]
    struct Noted {
        at: Timestamp,
        of: EventId,
    }
    let schema = Catalogue::new("Audit").event_type::<Noted>().json_schema().unwrap();
    let fields = &schema["$defs"]["audit.noted"]["properties"];
    assert_eq!(fields["at"], json!({ "type": "string", "format": "date-time" }));
    assert_eq!(fields["of"], json!({ "type": "string", "format": "uuid" }));
}

#[test]
fn async_api_has_a_channel_a_topic_and_says_what_is_known_of_it() {
    let document = catalogue().async_api().unwrap();
    assert_eq!(
        document["info"],
        json!({ "title": "Shop", "version": "1.2.0", "description": "Sells." })
    );
    let shipped = &document["channels"]["shop.order.region.id.shipped"];
    assert_eq!(shipped["address"], "shop.order.{region}.{id}.shipped");
    let parameters = json!({
        "region": { "description": "Where to.", "location": "$message.payload#/region" },
        "id": { "description": "The value of `id`, percent-encoded where a topic needs it.", "location": "$message.payload#/id" },
    });
    assert_eq!(shipped["parameters"], parameters);
    assert_eq!(
        document["channels"]["shop.order.lost.0"]["parameters"]["0"]["location"],
        "$message.payload#/0"
    );

    let message = &document["components"]["messages"]["shop.order.placed"];
    assert_eq!(message["x-rem-version"], 2);
    assert_eq!(message["x-rem-key"], "id");
    assert_eq!(message["x-rem-redacted"], json!(["address"]));
    assert_eq!(message["payload"]["$ref"], "#/components/schemas/shop.order.placed");
    let aliases =
        &document["components"]["messages"]["shop.order.region.id.shipped"]["x-rem-aliases"];
    assert_eq!(*aliases, json!(["shop.order.{region}.{id}.sent"]));

    // In draft 7 a tuple is a list of `items`, and a reference stands alone.
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["shop.order.lost.0"]["items"][0], json!({ "type": "string" }));
    let address = &schemas["shop.order.placed"]["properties"]["address"];
    assert_eq!(address["anyOf"][0], json!({ "$ref": "#/components/schemas/Address" }));
    let text = document.to_string();
    assert!(
        !text.contains("$defs") && !text.contains("prefixItems") && !text.contains("ui.pressed"),
        "{text}"
    );
    // Nothing is known of who does what: all of it may be done.
    assert_eq!(document["operations"].as_object().unwrap().len(), 2 * Order::SCHEMA.len());
}

#[test]
fn with_a_bus_it_says_what_was_seen() {
    let document = catalogue().seen(seen()).async_api().unwrap();
    let channels = document["channels"].as_object().unwrap();
    let counts: Vec<_> = channels
        .values()
        .map(|channel| {
            (channel["address"].as_str().unwrap(), channel["x-rem-published"].as_u64().unwrap())
        })
        .collect();
    let mut counts = counts;
    counts.sort_unstable();
    let expected = [
        ("eu.shop.order.placed", 5),
        ("shop.order.closed", 0),
        ("shop.order.lost.{0}", 0),
        ("shop.order.payment.bounced_back", 0),
        ("shop.order.payment.received", 4),
        ("shop.order.placed", 7),
        ("shop.order.{region}.{id}.shipped", 3),
        ("stranger.{odd}", 3),
    ];
    assert_eq!(counts, expected);
    let operations: Vec<&str> =
        document["operations"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut operations = operations;
    operations.sort_unstable();
    let expected = [
        "receive.eu.shop.order.placed",
        "receive.shop.order.payment.bounced_back",
        "receive.shop.order.payment.received",
        "receive.shop.order.region.id.shipped",
        "send.eu.shop.order.placed",
        "send.shop.order.payment.received",
        "send.shop.order.placed",
        "send.shop.order.region.id.shipped",
        "send.stranger.odd",
    ];
    assert_eq!(operations, expected);
    let subscribers =
        &document["operations"]["receive.shop.order.region.id.shipped"]["x-rem-subscribers"];
    assert_eq!(
        *subscribers,
        json!([{ "pattern": "shop.order.*.*.shipped", "delivery": "inline", "place": "src/mail.rs:10" }])
    );
}

#[test]
fn a_bus_tells_it_what_was_published_and_who_subscribes() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let eu = bus.child("eu").unwrap();
    let _typed = bus.on(|_: &Event<Payment>| ());
    let _orders = bus.subscribe("shop.order.*", |_: &Event| ()).unwrap();
    let _europe = eu
        .subscription("shop.order.placed")
        .queue(16, Overflow::DropOldest)
        .stream::<Order>()
        .unwrap();
    for (_, order) in orders() {
        bus.publish(order.clone()).unwrap();
        eu.publish(order).unwrap();
    }
    bus.publish_to("stranger", Order::Closed).unwrap();

    let document = catalogue().seen(&bus).async_api().unwrap();
    let channel = |id: &str| document["channels"][id]["x-rem-published"].clone();
    assert_eq!(channel("shop.order.placed"), 1);
    assert_eq!(channel("eu.shop.order.placed"), 1);
    assert_eq!(channel("eu.shop.order.region.id.shipped"), 1);
    assert_eq!(channel("stranger"), 1);
    assert_eq!(document["channels"].as_object().unwrap().len(), 2 * Order::SCHEMA.len() + 1);

    let subscribers = |id: &str| {
        let all = document["operations"][format!("receive.{id}")]["x-rem-subscribers"].as_array();
        let words = all.into_iter().flatten().map(|subscriber| {
            assert!(
                subscriber["place"].as_str().unwrap().contains("catalogue.rs:"),
                "{subscriber}"
            );
            let words =
                ["delivery", "eventType"].map(|word| subscriber[word].as_str().unwrap_or("any"));
            words.join(", ")
        });
        words.collect::<Vec<_>>()
    };
    assert_eq!(subscribers("shop.order.placed"), ["inline, any"]);
    assert_eq!(subscribers("eu.shop.order.placed").len(), 1);
    assert!(subscribers("eu.shop.order.placed")[0].starts_with("queue of 16, "));
    // By type, below any prefix.
    assert_eq!(subscribers("shop.order.payment.received"), ["inline, Payment"]);
    assert_eq!(subscribers("eu.shop.order.payment.received"), ["inline, Payment"]);
    assert_eq!(subscribers("stranger"), Vec::<String>::new());
    let page = catalogue().seen(&bus).markdown().unwrap();
    assert!(page.contains("| `stranger` | 1 |"), "{page}");

    // A child tells what lies below its prefix.
    let document = catalogue().seen(&eu).async_api().unwrap();
    assert_eq!(document["channels"]["eu.shop.order.closed"]["x-rem-published"], 1);
    assert_eq!(document["channels"].get("shop.order.closed"), None);
}

/// The whole page, kept as a file so that people can look at it.
#[test]
fn the_page_is_what_it_was() {
    let page = catalogue().seen(seen()).markdown().unwrap();
    let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shop.md");
    fs::write(&now, &page).unwrap();
    let kept = include_str!("shop.md");
    let differs = page.lines().zip(kept.lines()).find(|(now, kept)| now != kept);
    let same = page == kept;
    assert!(
        same,
        "{differs:#?}\nif it is better now: cp {} tests/tests/schema/shop.md",
        now.display()
    );
}

#[test]
fn without_events_there_is_no_picture_and_no_choice() {
    let empty = Catalogue::new("Nothing");
    assert_eq!(empty.markdown().unwrap(), "# Nothing\n\nVersion 0.0.0: 0 events of 0 types.\n\n");
    assert_eq!(empty.json_schema().unwrap().get("anyOf"), None);
    let document = empty.seen(Seen::new().published("a.b", 1)).async_api().unwrap();
    assert_eq!(document["channels"]["a.b"]["address"], "a.b");
    assert_eq!(document["operations"]["send.a.b"]["messages"], Value::Null);
}
