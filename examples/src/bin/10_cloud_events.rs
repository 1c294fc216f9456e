//! You will see events as CloudEvents 1.0, written for programs that know nothing of REM: as one JSON document, and as
//! headers with a body; then an event of such a program, read, published and handled by its type; then what is refused.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;

use rem::cloudevents::{Decoder, Encoder};
use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
enum OrderEvent {
    Placed {
        #[event(key)]
        id: String,
        cents: u64,
    },
    Paid {
        #[event(key)]
        id: String,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    // What happens here leaves as CloudEvents. A program would hand them to its transport.
    let shop = Bus::builder().source("//shop.example/checkout").build();
    let encoder = Encoder::new();
    let _out = shop.subscribe("**", move |event: &Event| {
        println!("structured:\n  {}", String::from_utf8(encoder.structured(event)?)?);
        println!("binary:");
        let message = encoder.binary(event)?;
        for (name, value) in message.headers() {
            println!("  {name}: {value}");
        }
        println!("\n  {}", String::from_utf8_lossy(message.body()));
        Ok::<(), Box<dyn Error>>(())
    })?;
    let placed = OrderEvent::Placed { id: "A-17".into(), cents: 1_290 };
    shop.event(placed).metadata("tenant", "acme").metadata("Desk 3", [1, 2]).publish()?;

    // Another program, which does not use REM, says that the order is paid. Its id is not a UUID.
    let foreign = br#"{
        "specversion": "1.0", "id": "payment 4711", "source": "https://bank.example/payments",
        "type": "shop.order.paid", "subject": "A-17", "branch": "north", "data": {"id": "A-17"}
    }"#;
    let ledger = Bus::new();
    let _paid = ledger.on(|event: &Event<OrderEvent>| {
        println!("{:?} by {:?}", event.data, event.source());
        println!("  id {}, metadata {:?}", event.id(), event.metadata());
    });
    let read = Decoder::new().structured(foreign)?;
    println!("read, and published again:");
    let receipt = read.publish(&ledger)?;
    println!("  delivered: {}", receipt.delivered());

    println!("refused:");
    for document in [
        r#"{"specversion":"0.3","id":"1","source":"/s","type":"shop.order.paid"}"#,
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"shop.order.*"}"#,
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"shop.order.paid","time":"yesterday"}"#,
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"shop.order.paid","id":"2"}"#,
    ] {
        match Decoder::new().structured(document.as_bytes()) {
            Ok(read) => println!("  not refused: {read:?}"),
            Err(error) => println!("  {error}"),
        }
    }
    let wrong =
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"shop.order.paid","data":{"id":7}}"#;
    if let Err(error) = Decoder::new().structured(wrong)?.decode::<OrderEvent>() {
        println!("  {error}");
    }
    Ok(())
}
