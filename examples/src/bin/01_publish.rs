//! You will see a handler called while `publish` runs, and what the receipts say: delivered, handler
//! failed, nobody there.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::time::Duration;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
enum OrderEvent {
    /// `shop.order.placed`
    Placed { id: u32, cents: u64 },
    /// `shop.order.<id>.paid`: a value can be a part of the topic.
    #[event(topic = "{id}.paid")]
    Paid { id: u32 },
}

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::new();

    // The argument's type says what is subscribed to; the guard says for how long.
    let subscription = bus.on(|event: &Event<OrderEvent>| match &event.data {
        OrderEvent::Placed { id, cents } if *cents == 0 => {
            Err(format!("order {id} is for nothing"))
        }
        OrderEvent::Placed { id, cents } => {
            println!("  order {id}: {}.{:02}", cents / 100, cents % 100);
            Ok(())
        }
        OrderEvent::Paid { id } => {
            println!("  order {id} is paid, says {}", event.topic());
            Ok(())
        }
    });

    println!("placed: {}", bus.publish(OrderEvent::Placed { id: 1, cents: 4_995 })?);
    println!("paid:   {}", bus.publish(OrderEvent::Paid { id: 1 })?);

    // A handler that fails, or panics, harms neither the publisher nor other handlers.
    println!("broken: {}", bus.publish(OrderEvent::Placed { id: 2, cents: 0 })?);

    // When it is more than the data that has to be said.
    let placed = OrderEvent::Placed { id: 3, cents: 1_250 };
    let receipt = bus.event(placed).source("till 4").metadata("tenant", "acme").publish()?;
    println!("told:   {receipt}");

    // In a loop, a publisher has found the topics already.
    let publisher = bus.publisher::<OrderEvent>();
    for id in 4..7 {
        publisher.publish(OrderEvent::Placed { id, cents: 100 })?;
    }

    subscription.end();
    println!("alone:  {}", bus.publish(OrderEvent::Paid { id: 6 })?);

    // After `close` nothing is published, and the error gives the data back.
    bus.close(Duration::ZERO);
    if let Err(error) = bus.publish(OrderEvent::Paid { id: 7 }) {
        println!("closed: {error}");
        println!("        still ours: {:?}", error.into_data());
    }
    Ok(())
}
