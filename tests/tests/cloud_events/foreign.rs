//! Events that others wrote are read, and leave as they came.

use rem::EventId;
use rem::cloudevents::{BATCH_MEDIA_TYPE, CloudEvent, Decoder, Encoder, MEDIA_TYPE};
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::support::{Line, Order, bus, published};

fn read(document: &Value) -> CloudEvent {
    Decoder::new().structured(document.to_string().as_bytes()).unwrap()
}

/// What leaves again, through a bus, when a document comes.
fn through(document: &Value) -> Value {
    let event = published::<RawEvent>(&bus(), |bus| {
        read(document).publish(bus).unwrap();
    });
    let mut out: Value =
        serde_json::from_slice(&Encoder::new().structured(&event).unwrap()).unwrap();
    // The bus gives its own number, and time where there is none.
    let out_members = out.as_object_mut().unwrap();
    if document.get("time").is_none() {
        out_members.remove("time");
    }
    if document.get("sequence").is_none() {
        out_members.remove("sequence");
    }
    if document.get("datacontenttype").is_none() {
        out_members.remove("datacontenttype");
    }
    out
}

#[test]
fn what_comes_leaves_as_it_came() {
    for document in [
        // The first example of the standard.
        json!({
            "specversion": "1.0", "type": "com.github.pull_request.opened",
            "source": "https://github.com/cloudevents/spec/pull", "subject": "123", "id": "A234-1234-1234",
            "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value", "comexampleothervalue": 5,
            "datacontenttype": "text/xml", "data": "<much wow=\"xml\"/>"
        }),
        json!({
            "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "id": "C234-1234-1234",
            "datacontenttype": "application/json", "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": true}
        }),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1"}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1", "data": null}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1",
            "datacontenttype": "image/png", "data_base64": "iVBORw0KGgo="}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1",
            "datacontenttype": "application/octet-stream", "data_base64": ""}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1",
            "datacontenttype": "application/vnd.apache.thrift.binary", "data": {"object": "in data"}}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1", "dataschema": "https://example.com/a#b",
            "datacontenttype": "application/vnd.a+json", "data": [1]}),
        json!({"specversion": "1.0", "type": "a", "source": "s", "id": "018F2C3E-7B1A-7C4D-8E5F-0123456789AB",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1,b=2",
            "correlationid": "order 7", "causationid": "order 6", "flag": true, "number": -5}),
    ] {
        assert_eq!(through(&document), document);
    }
}

#[test]
fn an_id_of_another_form_is_one_id_whenever_it_is_read() {
    let document = |source: &str, id: &str| {
        read(&json!({"specversion": "1.0", "type": "a", "source": source, "id": id}))
    };
    let first = document("/a", "order 7");
    assert_eq!(first.id(), document("/a", "order 7").id());
    assert_ne!(first.id(), document("/b", "order 7").id());
    assert_ne!(first.id(), document("/a", "order 8").id());
    assert_eq!(first.id().as_uuid().get_version_num(), 5);
    assert_eq!(first.metadata().get("id"), Some(&json!("order 7")));
    let text = "018f2c3e-7b1a-7c4d-8e5f-0123456789ab";
    let own = document("/a", text);
    assert_eq!(own.id(), text.parse::<EventId>().unwrap());
    assert!(own.metadata().is_empty());
}

/// An `id` in the metadata that is not where the event's id comes from is metadata.
#[test]
fn nobody_can_give_an_event_another_id_by_its_metadata() {
    let event = published::<Order>(&bus(), |bus| {
        bus.event(Order::Opened).source("/a").metadata("id", "order 7").publish().unwrap();
    });
    let document: Value =
        serde_json::from_slice(&Encoder::new().structured(&event).unwrap()).unwrap();
    assert_eq!(document["id"], event.id().to_string());
    assert_eq!(document["remmeta"], r#"{"id":"order 7"}"#);
}

#[test]
fn data_of_other_media_types_is_decoded_as_text_and_bytes() {
    #[derive(EventType, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "page")]
    struct Page(String);
    #[derive(EventType, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "picture")]
    struct Picture(Vec<u8>);

    let page = json!({"specversion": "1.0", "type": "page", "source": "s", "id": "1",
        "datacontenttype": "text/html", "data": "<p>"});
    assert_eq!(read(&page).decode::<Page>().unwrap(), Page("<p>".into()));
    let picture = json!({"specversion": "1.0", "type": "picture", "source": "s", "id": "1",
        "datacontenttype": "image/png", "data_base64": "iVA="});
    assert_eq!(read(&picture).decode::<Picture>().unwrap(), Picture(vec![0x89, 0x50]));

    // In binary mode the body is the text and the bytes, then as before.
    for (document, media, body) in
        [(page, "text/html", &b"<p>"[..]), (picture, "image/png", &[0x89, 0x50])]
    {
        let event = read(&document).into_event::<RawEvent>().unwrap();
        let message = Encoder::new().binary(&event).unwrap();
        assert_eq!((message.header("CE-DataContentType"), message.body()), (Some(media), body));
        let http = message.into_http();
        assert_eq!(http.header("content-type"), Some(media));
        assert_eq!(http.header("ce-datacontenttype"), None);
        let back = Decoder::new().binary(http.headers(), http.body()).unwrap();
        assert_eq!(back.data(), read(&document).data());
    }
}

#[test]
fn a_publisher_may_name_the_media_type_of_its_data() {
    for (media, told) in [
        ("application/vnd.shop+json", "application/vnd.shop+json"),
        ("application/json", "application/json"),
        ("application/msgpack", "application/json"), // it is not
    ] {
        let event = published::<Order>(&bus(), |bus| {
            bus.event(Order::Opened).metadata("datacontenttype", media).publish().unwrap();
        });
        let json = Encoder::new().structured(&event).unwrap();
        let document: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&document["datacontenttype"], &document["data"]), (&json!(told), &Value::Null));
        let message = Encoder::new().binary(&event).unwrap();
        assert_eq!(
            (message.header("ce-datacontenttype"), message.body()),
            (Some(told), &b"null"[..])
        );
    }
}

#[test]
fn message_pack_stays_message_pack() {
    let event = published::<Order>(&bus(), |bus| {
        let data = Order::Placed { id: "7".into(), cents: 5, note: None };
        bus.publish(data).unwrap();
    });
    let encoder = Encoder::new().codec(Codec::MessagePack);
    let document: Value = serde_json::from_slice(&encoder.structured(&event).unwrap()).unwrap();
    assert_eq!(document["datacontenttype"], "application/msgpack");
    assert!(document.get("data").is_none());
    assert_eq!(read(&document).data().codec(), Codec::MessagePack);
    assert_eq!(read(&document).decode::<Order>().unwrap(), event.data);
    let message = encoder.binary(&event).unwrap();
    assert_eq!(message.body(), event.data.encode(Codec::MessagePack).unwrap());
}

#[test]
fn an_attribute_that_was_changed_on_its_way_counts() {
    let event = published::<Order>(&bus(), |bus| {
        bus.event(Order::Opened)
            .metadata("priority", 5)
            .metadata("urgent", true)
            .publish()
            .unwrap();
    });
    let message = Encoder::new().binary(&event).unwrap();
    let with_priority = |priority: &'static str| {
        let headers = message.headers().map(move |(name, value)| {
            (name.to_owned(), if name == "ce-priority" { priority } else { value }.to_owned())
        });
        let headers: Vec<_> = headers.collect();
        let read = Decoder::new().binary(headers, message.body()).unwrap();
        (read.metadata().get("priority").cloned(), read.metadata().get("urgent").cloned())
    };
    assert_eq!(with_priority("5"), (Some(json!(5)), Some(json!(true))));
    assert_eq!(with_priority("6"), (Some(json!("6")), Some(json!(true))));
}

#[test]
fn names_and_versions_of_the_past_are_read() {
    let alias = json!({"specversion": "1.0", "type": "shop.order.gone.to.north", "source": "s", "id": "1",
        "data": {"region": "north", "weight": 1.5}});
    let shipped = Order::Shipped { region: "north".into(), weight: 1.5 };
    assert_eq!(read(&alias).decode::<Order>().unwrap(), shipped);
    let old = json!({"specversion": "1.0", "type": "shop.order.line.packed", "source": "s", "id": "1",
        "remversion": 1, "data": {"number": 7}});
    assert_eq!(read(&old).decode::<Order>().unwrap(), Order::Line(Line::Packed(7, vec![])));
    // A variant of which the type knows nothing is kept with its version.
    let newer = json!({"specversion": "1.0", "type": "shop.order.not.known", "source": "s", "id": "1",
        "remversion": 3, "datacontenttype": "application/json", "data": {"number": 7}});
    let event = read(&newer).into_event::<Order>().unwrap();
    let out: Value = serde_json::from_slice(&Encoder::new().structured(&event).unwrap()).unwrap();
    assert_eq!((&out["remversion"], &out["data"]), (&json!(3), &json!({"number": 7})));
}

#[test]
fn times_are_read_as_they_may_be_written() {
    for (time, expected) in [
        ("2019-05-15T11:20:07.123456789-04:00", "2019-05-15T15:20:07.123456789Z"),
        ("2019-05-15t11:20:07z", "2019-05-15T11:20:07Z"),
    ] {
        let document =
            json!({"specversion": "1.0", "type": "a", "source": "s", "id": "1", "time": time});
        assert_eq!(read(&document).timestamp().unwrap().to_string(), expected);
    }
}

#[test]
fn values_in_quotes_are_unquoted() {
    let headers = [
        ("Ce-SpecVersion", "1.0"),
        ("CE-ID", r#""a \"b\"""#),
        ("ce-source", "/s"),
        ("ce-type", "a.b"),
        ("X-Other", "%zz"),
        ("Content-Type", "application/json"),
    ];
    let read = Decoder::new().binary(headers, b"{}").unwrap();
    assert_eq!(read.metadata().get("id"), Some(&json!("a \"b\"")));
    assert_eq!(read.data().bytes(), b"{}");
}

/// The binding of NATS in version 1.0.2 has no header for the media type.
#[test]
fn a_message_without_headers_is_a_document() {
    let document = br#"{"specversion":"1.0","type":"a","source":"s","id":"1"}"#;
    let none: [(&str, &str); 0] = [];
    let all = Decoder::new().message(none, document).unwrap();
    assert_eq!(all, [Decoder::new().structured(document).unwrap()]);
    let batch = [("content-type", BATCH_MEDIA_TYPE)];
    assert_eq!(Decoder::new().message(batch, b"[]").unwrap(), []);
    let one = [("Content-Type", format!("{}; charset=utf-8", MEDIA_TYPE.to_uppercase()))];
    assert_eq!(Decoder::new().message(one, document).unwrap(), all);
}
