//! Writes events as files of Parquet, for `DuckDB` to read: `interop_parquet DIRECTORY`.
//!
//! Beside each `NAME.parquet` stands `NAME.jsonl`, what its rows must be: an object a line, times in nanoseconds. In `refused/` are
//! a file that lacks its end, and one with a time that is a nanosecond from what is said beside it.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rem::analysis::parquet::{Kind, Parquet};
use rem::prelude::*;
use rem::wire::{Codec, Mask, RawEvent};
use rem::{Timestamp, Topic};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
enum Order {
    Placed {
        number: i64,
        price: f64,
        express: bool,
        customer: Option<String>,
        #[event(redact)]
        card: String,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("say where to: a directory")?);
    let refused = directory.join("refused");
    fs::create_dir_all(&refused)?;
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    publish(&bus)?;
    let events = bus.query("**")?.events();

    let file = written(&events)?;
    let rows: Vec<Value> = events.iter().map(row).collect();
    write(&directory, "events", &file, &rows)?;
    write(&directory, "none", &written(&[])?, &[])?;
    write(&refused, "cut", &file[..file.len() - 4], &rows)?;
    let mut other = rows;
    other[7]["timestamp"] = json!(events[7].timestamp().as_nanos() + 1);
    write(&refused, "other", &file, &other)
}

fn publish(bus: &Bus) -> Result<(), Box<dyn Error>> {
    let eu = bus.child("eu")?;
    let begun: Timestamp = "2026-02-28T23:59:59.123456789Z".parse()?;
    for number in 0..2_500_u32 {
        let order = Order::Placed {
            number: i64::from(number) - 1_000,
            price: f64::from(number) * 0.1,
            express: number % 3 == 0,
            customer: (number % 4 > 0).then(|| format!("Zoë № {number}")),
            card: "4000 1234".into(),
        };
        let event = if number % 2 == 0 { bus.event(order) } else { eu.event(order) };
        let event = event.timestamp(begun + std::time::Duration::from_nanos(u64::from(number)));
        if number % 5 == 0 {
            event.source("/till").metadata("tenant", json!({"of": [number]})).publish()?;
        } else {
            event.publish()?;
        }
    }
    // Of another program: fields of other kinds, which their columns do not hold, and no fields.
    let raw = |json: &'static str| RawEvent::new(Codec::Json, json.as_bytes());
    bus.publish_to("other.kinds", raw(r#"{"number":"1","price":2,"express":0,"customer":null}"#))?;
    bus.publish_to("other.list", raw("[1,2.5,null]"))?;
    bus.publish_to("other.nothing", raw(""))?;
    Ok(())
}

fn written(events: &[Arc<Event>]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut file = Vec::new();
    Parquet::new()
        .mask(Mask::new().raw_as_it_is())
        .column("number", Kind::I64)
        .column("price", Kind::F64)
        .column("express", Kind::Bool)
        .column_as("who", "customer", Kind::Text)
        .row_group(1_000)
        .write(events.iter().cloned(), &mut file)?;
    Ok(file)
}

/// What a reader must find of it.
fn row(event: &Arc<Event>) -> Value {
    let typed = event.downcast_ref::<Order>().map(|event| &event.data);
    let (data, fields) = match typed {
        Some(Order::Placed { number, price, express, customer, .. }) => {
            let fields = json!([number, price, express, customer]);
            let card = "[redacted]";
            let data = json!({"number": number, "price": price, "express": express, "customer": customer, "card": card});
            (data, fields)
        }
        None => match event.topic().as_str() {
            "other.kinds" => {
                let data = json!({"number": "1", "price": 2, "express": 0, "customer": null});
                (data, json!([null, 2.0, null, null]))
            }
            "other.list" => (json!([1, 2.5, null]), json!([null, null, null, null])),
            _ => (Value::Null, json!([null, null, null, null])),
        },
    };
    let metadata = (!event.metadata().is_empty()).then(|| json!(event.metadata()));
    json!({
        "sequence": event.sequence(), "id": event.id(), "topic": Topic::as_str(event.topic()),
        "timestamp": event.timestamp().as_nanos(), "source": event.source(), "causation": event.causation(),
        "correlation": event.correlation(), "scope": event.scope(), "metadata": metadata, "data": data,
        "number": fields[0], "price": fields[1], "express": fields[2], "who": fields[3],
    })
}

fn write(to: &Path, name: &str, file: &[u8], rows: &[Value]) -> Result<(), Box<dyn Error>> {
    fs::write(to.join(name).with_extension("parquet"), file)?;
    let lines: Vec<_> = rows.iter().map(|row| row.to_string() + "\n").collect();
    Ok(fs::write(to.join(name).with_extension("jsonl"), lines.concat())?)
}
