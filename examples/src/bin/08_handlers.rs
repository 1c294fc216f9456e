//! You will see handlers that are declared in one place: what each was given, in which order they were called, what
//! became of one that failed, and how they end with the value that they belong to.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rem::SystemEvent;
use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
enum Order {
    #[event(topic = "{id}.placed")]
    Placed { id: u64, cents: u64 },
    #[event(topic = "{id}.paid")]
    Paid { id: u64, cents: u64 },
    #[event(topic = "{id}.{line}.packed")]
    Packed { id: u64, line: u32 },
}

/// What all handlers share: given to the bus, and asked for by its type.
#[derive(Clone)]
struct Currency(&'static str);

/// What the pattern captured, by name.
#[derive(Deserialize)]
struct Line {
    id: u64,
    line: u32,
}

struct Shop {
    taken: AtomicU64,
}

#[rem::handlers]
impl Shop {
    /// The event alone. The pattern is compared with `Order`: `order.*.payed` does not compile.
    #[on("order.*.paid")]
    fn paid(&self, event: &Event<Order>) {
        if let Order::Paid { cents, .. } = &event.data {
            self.taken.fetch_add(*cents, Ordering::Relaxed);
        }
    }

    /// Called before the others, and it publishes what follows.
    #[on("order.{id}.placed", priority = 10, filter = |event| event.source() != Some("test"))]
    fn charge(
        &self,
        event: &Event<Order>,
        Captured(id): Captured<u64>,
        bus: Bus,
    ) -> Result<(), String> {
        match &event.data {
            Order::Placed { cents: 0, .. } => Err(format!("order {id} is worth nothing")),
            Order::Placed { cents, .. } => {
                println!("  charge: order {id}");
                bus.publish(Order::Paid { id, cents: *cents })
                    .map(drop)
                    .map_err(|error| error.to_string())
            }
            _ => Ok(()),
        }
    }

    /// Arguments in any order, each told by its type.
    #[on("order.{id}.{line}.packed")]
    fn pack(&self, topic: &Topic, State(currency): State<Currency>, Captured(at): Captured<Line>) {
        let taken = self.taken.load(Ordering::Relaxed);
        println!(
            "  pack: line {} of order {} ({topic}), {taken} {} taken",
            at.line, at.id, currency.0
        );
    }

    /// Every topic of the type, whatever bus below has published it.
    #[on]
    fn log(&self, event: &Event<Order>) {
        println!("  log: {}", event.topic());
    }
}

/// A function may be a handler as well.
#[rem::on("$rem.handler.failed")]
fn complain(event: &Event<SystemEvent>) {
    if let SystemEvent::HandlerFailed { topic, error, .. } = &event.data {
        println!("  failed on {topic}: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::builder().state(Currency("cents")).build();
    let shop = Arc::new(Shop { taken: AtomicU64::new(0) });
    let subs = bus.register_weak(&shop)?;
    let _complaints = bus.register_fn::<complain>()?;
    println!("{} handlers:", subs.len());
    for (name, subscription) in subs.iter() {
        println!("  {name}: {}", subscription.pattern());
    }

    println!("an order is placed");
    bus.publish(Order::Placed { id: 7, cents: 250 })?;
    println!("a line of it is packed");
    bus.publish(Order::Packed { id: 7, line: 1 })?;
    println!("an order of nothing is placed");
    bus.publish(Order::Placed { id: 8, cents: 0 })?;
    println!("a test places an order");
    bus.event(Order::Placed { id: 9, cents: 1 }).source("test").publish()?;
    println!("a packed line has no number that fits");
    bus.publish_to("order.7.99999999999.packed", Order::Packed { id: 7, line: 2 })?;

    drop(shop);
    let receipt = bus.publish(Order::Placed { id: 10, cents: 250 })?;
    println!("the shop is gone, and its handlers with it: {} called", receipt.delivered());
    Ok(())
}
