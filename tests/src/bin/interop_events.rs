//! Writes events as CloudEvents, in each mode, for the SDKs of others to read: `interop_events DIRECTORY`.
//!
//! In `structured.jsonl` an event a line, in `batch.json` all of them, in `binary.jsonl` a message a line: its headers, and
//! its body in hexadecimal digits. In `refused/structured.jsonl` a document that no reader may accept.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rem::cloudevents::{Decoder, Encoder, Message};
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
enum Order {
    Opened,
    Placed {
        #[event(key)]
        id: String,
        cents: u64,
        note: Option<String>,
    },
    #[event(topic = "{region}.shipped")]
    Shipped {
        region: String,
        weight: f64,
    },
    #[event(nested = "line")]
    Line(Line),
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "line")]
enum Line {
    Packed(u32, Vec<u8>),
    Lost,
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("say where to: a directory")?);
    fs::create_dir_all(&directory)?;
    let bus = Bus::builder().source("/shop/checkout").history(Ring::events(1_000)).build();
    publish(&bus)?;
    hand_on(&bus)?;
    let events = bus.query("**")?.events();

    let json = Encoder::new().data_schema(|topic| {
        topic.ends_with(".placed").then(|| format!("https://shop.example/schema#{topic}"))
    });
    let packed = json.clone().codec(Codec::MessagePack);
    let both: Vec<(&Encoder, &Arc<Event>)> =
        events.iter().flat_map(|event| [(&json, event), (&packed, event)]).collect();
    let (mut structured, mut binary) = (Vec::new(), String::new());
    for (encoder, event) in &both {
        encoder.structured_into(&***event, &mut structured)?;
        structured.push(b'\n');
        writeln!(binary, "{}", line(&encoder.binary(&***event)?.into_http()))?;
    }
    fs::write(directory.join("structured.jsonl"), structured)?;
    fs::write(directory.join("binary.jsonl"), binary)?;
    fs::write(directory.join("batch.json"), json.batch(events.iter().map(|event| &**event))?)?;
    let wrong =
        json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "a", "time": "yesterday"});
    fs::create_dir_all(directory.join("refused"))?;
    fs::write(directory.join("refused/structured.jsonl"), format!("{wrong}\n"))?;
    Ok(())
}

/// Events of every kind, with everything that one can say beside the data.
fn publish(bus: &Bus) -> Result<(), Box<dyn Error>> {
    let placed =
        |id: &str| Order::Placed { id: id.into(), cents: 1_290, note: Some("grün \"1\"".into()) };
    bus.publish(Order::Opened)?;
    bus.publish(placed("7"))?;
    bus.event(placed("sieben €")).source("Größe, a source that is no URI").publish()?;
    bus.publish(Order::Shipped { region: "north west/50%".into(), weight: 0.1 })?;
    bus.publish(Order::Line(Line::Packed(3, vec![0, 127, 255])))?;
    bus.publish(Order::Line(Line::Lost))?;
    bus.child("eu-west")?.publish(placed("8"))?;
    let cause = bus.publish(Order::Opened)?.id().ok_or("an event that is kept has an id")?;
    bus.event(placed("9"))
        .causation(cause)
        .correlation(cause)
        .metadata("tenant", "acme")
        .metadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .metadata("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
        .metadata("priority", 5)
        .metadata("least", i64::from(i32::MIN))
        .metadata("express", true)
        .publish()?;
    bus.event(placed("10"))
        .metadata("id", "an id that is none")
        .metadata("data", json!({"a": [1, {"b": null}]}))
        .metadata("Order-No", "x")
        .metadata("many", u64::MAX)
        .metadata("ratio", 0.5)
        .metadata("control", "a\u{0}\u{7f}\u{85}\u{ffff}b")
        .metadata("empty", "")
        .metadata("text", "100 % \"sure\" \\ 🙂")
        .metadata("subject", "another than the key")
        .publish()?;
    Ok(())
}

/// Events of others, read and published again.
fn hand_on(bus: &Bus) -> Result<(), Box<dyn Error>> {
    for document in [
        json!({"specversion": "1.0", "id": "A234-1234", "source": "https://github.com/cloudevents/spec/pull",
            "type": "com.github.pull_request.opened", "subject": "123", "time": "2018-04-05T17:31:00.5+02:00",
            "comexampleextension1": "value", "datacontenttype": "text/xml", "data": "<much wow=\"xml\"/>"}),
        json!({"specversion": "1.0", "id": "1", "source": "urn:x:y", "type": "picture.taken",
            "datacontenttype": "image/png", "data_base64": "iVBORw0KGgo="}),
        json!({"specversion": "1.0", "id": "2", "source": "//[::1]/x", "type": "nothing.said"}),
        json!({"specversion": "1.0", "id": "3", "source": "s", "type": "a.b",
            "datacontenttype": "application/vnd.x+json; charset=utf-8", "data": [1, "x", null]}),
    ] {
        Decoder::new().structured(document.to_string().as_bytes())?.publish(bus)?;
    }
    bus.publish_to("raw.packed", RawEvent::new(Codec::MessagePack, [0x93, 1, 2, 3]))?;
    Ok(())
}

fn line(message: &Message) -> serde_json::Value {
    let headers: serde_json::Map<_, _> =
        message.headers().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let body = message.body().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    json!({"headers": headers, "body": body})
}
