//! What is no cloud event is told with its kind and the path to the fault, and nothing panics.

use rem::cloudevents::{CloudEventErrorKind as Kind, Decoder, Encoder};
use rem::prelude::*;
use rem::wire::DecodeErrorKind;
use serde::{Deserialize, Serialize};

use super::support::{Order, bus, published};

/// A document with these members beside those that it must have.
fn with(members: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"a.b",{members}}}"#)
}

/// A document with one of its members replaced, or without it.
fn but(name: &str, value: Option<&str>) -> String {
    let members = [
        ("specversion", r#""1.0""#),
        ("id", r#""1""#),
        ("source", r#""/s""#),
        ("type", r#""a.b""#),
    ];
    let members: Vec<String> = members
        .iter()
        .filter_map(|(member, plain)| {
            let value = if *member == name { value? } else { plain };
            Some(format!(r#""{member}":{value}"#))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn a_document_that_is_none_says_why_and_where() {
    let deep = format!(r#""data":{}{}"#, "[".repeat(129), "]".repeat(129));
    let deep_rest = format!(r#""remmeta":"{{\"a\":{}{}}}""#, "[".repeat(129), "]".repeat(129));
    for (json, kind, path) in [
        (String::new(), Kind::Malformed, ""),
        ("null".into(), Kind::WrongType, ""),
        ("[]".into(), Kind::WrongType, ""),
        (r#"{"specversion":"1.0","id":"#.into(), Kind::Malformed, ""),
        (with(r#""a":1"#) + "x", Kind::Malformed, ""),
        (but("specversion", None), Kind::Missing, "specversion"),
        (but("specversion", Some("null")), Kind::Missing, "specversion"),
        (but("specversion", Some(r#""0.3""#)), Kind::SpecVersion, "specversion"),
        (but("specversion", Some(r#""1.0.1""#)), Kind::SpecVersion, "specversion"),
        (but("specversion", Some("1.0")), Kind::WrongType, "specversion"),
        (but("specversion", Some("1")), Kind::WrongType, "specversion"),
        (but("id", None), Kind::Missing, "id"),
        (but("id", Some(r#""""#)), Kind::Value, "id"),
        (but("id", Some("7")), Kind::WrongType, "id"),
        (but("id", Some(r#""a\u0000b""#)), Kind::Value, "id"),
        (but("id", Some(r#""a\r\nb""#)), Kind::Value, "id"),
        (but("id", Some(r#""\ud800""#)), Kind::Malformed, "id"),
        (but("source", None), Kind::Missing, "source"),
        (but("source", Some(r#""""#)), Kind::Value, "source"),
        (but("source", Some("{}")), Kind::WrongType, "source"),
        (but("type", None), Kind::Missing, "type"),
        (but("type", Some(r#""a..b""#)), Kind::Topic, "type"),
        (but("type", Some(r#""a.*""#)), Kind::Topic, "type"),
        (but("type", Some(r#""$rem.handler.failed""#)), Kind::Topic, "type"),
        (but("type", Some("true")), Kind::WrongType, "type"),
        (with(r#""time":"yesterday""#), Kind::Time, "time"),
        (with(r#""time":"2026-02-30T00:00:00Z""#), Kind::Time, "time"),
        (with(r#""time":"9999-12-31T23:59:59Z""#), Kind::Time, "time"),
        (with(r#""time":"1969-12-31T23:59:59Z""#), Kind::Time, "time"),
        (with(r#""time":"1970-01-01T00:00:00+00:01""#), Kind::Time, "time"),
        (with(r#""time":"2026-01-01T00:00:00+99:00""#), Kind::Time, "time"),
        (with(r#""time":1"#), Kind::WrongType, "time"),
        (with(r#""subject":"""#), Kind::Value, "subject"),
        (with(r#""subject":1"#), Kind::WrongType, "subject"),
        (with(r#""dataschema":"""#), Kind::Value, "dataschema"),
        (with(r#""datacontenttype":false"#), Kind::WrongType, "datacontenttype"),
        (with(r#""ext":{}"#), Kind::WrongType, "ext"),
        (with(r#""ext":[1]"#), Kind::WrongType, "ext"),
        (with(r#""ext":1.5"#), Kind::WrongType, "ext"),
        (with(r#""ext":2147483648"#), Kind::WrongType, "ext"),
        (with(r#""ext":"a\u0007""#), Kind::Value, "ext"),
        (with(r#""Ext":"a""#), Kind::Name, "Ext"),
        (with(r#""my_ext":"a""#), Kind::Name, "my_ext"),
        (with(r#""":"a""#), Kind::Name, ""),
        (with(r#""id":"2""#), Kind::Twice, "id"),
        (with(r#""ext":1,"ext":1"#), Kind::Twice, "ext"),
        (with(r#""ext":null,"ext":1"#), Kind::Twice, "ext"),
        (with(r#""ext":null,"\u0065xt":null"#), Kind::Twice, "ext"),
        (with(r#""data":1,"data":1"#), Kind::Twice, "data"),
        (with(r#""data":null,"data_base64":"AA==""#), Kind::Twice, "data_base64"),
        (with(r#""data_base64":"A""#), Kind::Base64, "data_base64"),
        (with(r#""data_base64":"A-_=""#), Kind::Base64, "data_base64"),
        (with(r#""data_base64":1"#), Kind::WrongType, "data_base64"),
        (with(&deep), Kind::TooDeep, "data"),
        (with(&deep_rest), Kind::TooDeep, "remmeta"),
        (with(r#""remmeta":"{""#), Kind::Malformed, "remmeta"),
        (with(r#""remmeta":"[]""#), Kind::WrongType, "remmeta"),
        (with(r#""remmeta":"{\"a\":1,\"a\":2}""#), Kind::Twice, "remmeta.a"),
        (with(r#""remmeta":"{\"a\":[{},{\"b\":1,\"b\":1}]}""#), Kind::Twice, "remmeta.a[1].b"),
        (with(r#""remmeta":"{\"id\":2}""#), Kind::Twice, "remmeta.id"),
        (with(r#""remscope":2"#), Kind::Value, "remscope"),
        (with(r#""remscope":-1"#), Kind::Value, "remscope"),
        (with(r#""remscope":"+1""#), Kind::Value, "remscope"),
        (with(r#""remscope":300"#), Kind::Value, "remscope"),
        (with(r#""remversion":true"#), Kind::Value, "remversion"),
    ] {
        let error = Decoder::new().structured(json.as_bytes()).expect_err(&json);
        assert_eq!((error.kind(), error.path()), (kind, path), "{json}: {error}");
        assert!(error.to_string().starts_with("no cloud event"), "{error}");
        // The same within a batch, with its place.
        let batch = format!("[{},{json}]", with(r#""a":1"#));
        let error = Decoder::new().batch(batch.as_bytes()).expect_err(&batch);
        if kind != Kind::Malformed {
            let dot = if path.is_empty() { "" } else { "." };
            assert_eq!(
                (error.kind(), error.path()),
                (kind, &*format!("[1]{dot}{path}")),
                "{error}"
            );
        }
    }
}

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(topic = "a.b")]
struct Long(String);

#[test]
fn what_is_too_large_is_refused_unread() {
    let json = with(r#""ext":"0123456789""#);
    let decoder = Decoder::new().limit(json.len());
    assert!(decoder.structured(json.as_bytes()).is_ok());
    let error = decoder.structured(format!("{json} ").as_bytes()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge, "{error}");
    let batch = format!("[{json}]");
    assert_eq!(decoder.batch(batch.as_bytes()).unwrap_err().kind(), Kind::TooLarge);
    let long = with(&format!(r#""ext":"{}""#, "x".repeat(1 << 20)));
    assert_eq!(Decoder::new().structured(long.as_bytes()).unwrap_err().kind(), Kind::TooLarge);
    // Who reads more than is usual decodes it too, at once or late.
    let long = format!(r#""data":"{}""#, "x".repeat(1 << 20));
    let read = Decoder::new().limit(1 << 21).structured(with(&long).as_bytes()).unwrap();
    let bus = bus();
    let _sub = bus.on(|event: &Event<Long>| assert_eq!(event.data.0.len(), 1 << 20));
    assert_eq!(read.publish(&bus).unwrap().delivered(), 1);
    assert_eq!(read.decode::<Long>().unwrap().0.len(), 1 << 20);
    // Of a message all counts: names, values, body.
    let headers =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "a.b")];
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(Decoder::new().limit(bytes + 1).binary(headers, b"1").is_ok());
    let error = Decoder::new().limit(bytes).binary(headers, b"1").unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge, "{error}");
}

/// What is passed over is walked without recursion, and what is read nests no deeper than 128.
#[test]
fn deep_documents_harm_nobody() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let read = |members: String| Decoder::new().structured(with(&members).as_bytes());
    assert!(read(format!(r#""data":{}"#, nested(128))).is_ok());
    for members in [
        format!(r#""data":{}"#, nested(400_000)),
        format!(r#""remmeta":"{{\"a\":{}}}""#, nested(400_000)),
        format!(r#""ext":{}"#, nested(400_000)),
        format!(r#""data":{}"#, "[".repeat(900_000)),
    ] {
        let kind = read(members).unwrap_err().kind();
        assert!(matches!(kind, Kind::TooDeep | Kind::WrongType | Kind::Malformed), "{kind:?}");
    }
    // A million small members cost no more than their bytes.
    let many: Vec<_> = (0..90_000).map(|at| format!(r#""e{at}":1"#)).collect();
    assert_eq!(read(many.join(",") + r#","z":1"#).unwrap().metadata().len(), 90_002);
}

#[test]
fn a_document_that_is_not_utf8_says_where() {
    let mut json = with(r#""ext":"x""#).into_bytes();
    let at = json.iter().position(|byte| *byte == b'x').unwrap();
    json[at + 2] = 0xff;
    let error = Decoder::new().structured(&json).unwrap_err();
    assert_eq!(error.kind(), Kind::NotUtf8);
    assert!(error.to_string().contains(&format!("byte {}", at + 2)), "{error}");
}

#[test]
fn headers_that_are_wrong_say_which() {
    const MUST: &[(&str, &[u8])] =
        &[("ce-specversion", b"1.0"), ("ce-id", b"1"), ("ce-source", b"/s"), ("ce-type", b"a.b")];
    for (name, value, kind, path) in [
        ("ce-ext", &b"%"[..], Kind::Percent, "ext"),
        ("ce-ext", b"%zz", Kind::Percent, "ext"),
        ("ce-ext", b"%ff", Kind::Percent, "ext"),
        ("ce-ext", b"\xff", Kind::NotUtf8, "ext"),
        ("ce-ext", b"%00", Kind::Value, "ext"),
        ("CE-ID", b"2", Kind::Twice, "id"),
        ("ce-my_ext", b"2", Kind::Name, "my_ext"),
        ("ce-data", b"2", Kind::Name, "data"),
        ("ce-time", b"soon", Kind::Time, "time"),
        ("ce-subject", b"", Kind::Value, "subject"),
        ("content-type", b"\xff", Kind::NotUtf8, "content-type"),
    ] {
        let headers = MUST.iter().copied().chain([(name, value)]);
        let error = Decoder::new().binary(headers, b"").expect_err(name);
        assert_eq!((error.kind(), error.path()), (kind, path), "{error}");
    }
    for (at, (name, _)) in MUST.iter().enumerate() {
        let headers =
            MUST.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, one)| *one);
        let error = Decoder::new().binary(headers, b"").unwrap_err();
        assert_eq!((error.kind(), error.path()), (Kind::Missing, &name[3..]), "{error}");
    }
    let avro = [("content-type", "application/cloudevents+avro")];
    let error = Decoder::new().message(avro, b"").unwrap_err();
    assert_eq!((error.kind(), error.path()), (Kind::MediaType, "content-type"), "{error}");
}

#[test]
fn data_that_is_none_of_the_type_says_where() {
    for (topic, members, kind, path) in [
        (
            "shop.order.placed",
            r#""data":{"id":"a","cents":"x"}"#,
            DecodeErrorKind::WrongData,
            "cents",
        ),
        ("shop.order.placed", r#""remmeta":"{}""#, DecodeErrorKind::WrongData, ""),
        (
            "shop.order.north.shipped",
            r#""data":{"region":"south","weight":1}"#,
            DecodeErrorKind::TopicDisagrees,
            "",
        ),
        ("shop.other", r#""data":null"#, DecodeErrorKind::NoSuchTopic, ""),
        ("eu.shop.order.opened", r#""data":null"#, DecodeErrorKind::NoSuchTopic, ""),
        (
            "shop.order.line.packed",
            r#""remversion":1,"data":{"number":"x"}"#,
            DecodeErrorKind::WrongData,
            "number",
        ),
    ] {
        let json = with(members).replace("a.b", topic);
        let read = Decoder::new().structured(json.as_bytes()).unwrap();
        let error = read.decode::<Order>().unwrap_err();
        assert_eq!((error.kind(), error.path()), (kind, path), "{json}: {error}");
    }
}

#[test]
fn no_cut_and_no_changed_byte_panics() {
    let event = published::<Order>(&bus(), |bus| {
        let data = Order::Placed { id: "a b".into(), cents: 1, note: None };
        let event = bus.event(data).source("größe").metadata("n", 1).metadata("x y", "é");
        event.publish().unwrap();
    });
    let json = Encoder::new().structured(&event).unwrap();
    for end in 0..json.len() {
        assert!(Decoder::new().structured(&json[..end]).is_err());
        for byte in [0, b'"', b'{', b'}', b'[', b'\\', b'9', 0xc3, 0xff] {
            let mut changed = json.clone();
            changed[end] = byte;
            // Some are events, others are not: all are answered.
            if let Err(error) = Decoder::new().structured(&changed) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[derive(EventType, Debug)]
#[event(local)]
struct Here;

#[test]
fn an_event_that_cannot_be_written_leaves_nothing_behind() {
    let deep = (0..129).fold(serde_json::Value::Null, |inner, _| serde_json::json!([inner]));
    let event = published::<Order>(&bus(), |bus| {
        bus.event(Order::Opened).metadata("deep", deep).publish().unwrap();
    });
    let mut out = b"before".to_vec();
    let error = Encoder::new().structured_into(&event, &mut out).unwrap_err();
    assert!(error.to_string().contains("`deep` nests deeper than 128 levels"), "{error}");
    assert_eq!(out, b"before");

    let event = published::<Order>(&bus(), |bus| drop(bus.publish(Order::Opened).unwrap()));
    let encoder = Encoder::new().data_schema(|_| Some("not a uri".into()));
    let error = encoder.binary(&event).unwrap_err();
    assert!(error.to_string().contains("`not a uri` is no URI"), "{error}");

    let event = published::<Here>(&bus(), |bus| drop(bus.publish(Here).unwrap()));
    let error = Encoder::new().structured(&event).unwrap_err();
    assert!(error.to_string().contains("never leaves the process"), "{error}");
}
