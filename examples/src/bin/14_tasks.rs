//! You will see async handlers: several at a time and in order for each key, a payment that is tried again, one that fails for
//! good, what waits behind it, and how it is sent again.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use rem::DeadLetter;
use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
enum OrderEvent {
    Placed {
        #[event(key)]
        shop: String,
        number: u32,
    },
    Paid {
        number: u32,
    },
}

/// The bank, which is closed to one shop until it is told otherwise.
#[derive(Default)]
struct Bank {
    is_open: AtomicBool,
}

impl Bank {
    /// Stands for a call over the network, which takes more than one poll.
    async fn charge(&self, shop: &str, attempt: u32) -> Result<(), String> {
        let mut is_sent = false;
        poll_fn(|cx| {
            if is_sent {
                return Poll::Ready(());
            }
            is_sent = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        match shop {
            "books" if !self.is_open.load(Ordering::SeqCst) => Err("account closed".into()),
            "toys" if attempt == 1 => Err("line busy".into()),
            _ => Ok(()),
        }
    }
}

/// What a payment needs. A weak handle of the bus: the bus keeps its handlers, and they should not keep it.
#[derive(Clone)]
struct Desk {
    bank: Arc<Bank>,
    bus: rem::WeakBus,
}

impl Desk {
    async fn pay(&self, order: &Received<OrderEvent>) -> Result<(), String> {
        let (OrderEvent::Placed { shop, number }, Some(bus)) = (&order.data, self.bus.upgrade())
        else {
            return Ok(());
        };
        self.bank.charge(shop, order.attempt()).await?;
        // The order is the cause of this, whichever thread it comes to run in.
        let paid = bus.publish_async(OrderEvent::Paid { number: *number }).await;
        paid.map(drop).map_err(|error| error.to_string())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // Without `Bus::builder().spawner(…)` tasks run on a few threads of the bus.
    let bus = Bus::new();
    let desk = Desk { bank: Arc::default(), bus: bus.downgrade() };
    let payments = bus
        .subscription("order.placed")
        .concurrency(4)
        .by_key("shop")
        .retry(Retry::times(1).backoff(Duration::from_millis(1), 1.0, Duration::from_millis(1)))
        .time_limit(Duration::from_secs(5))
        .dead_letter("failed.order")
        .task_with(desk.clone(), async |desk, order: Received<OrderEvent>| {
            desk.pay(&order).await
        })?;
    let _paid = bus.subscribe("order.paid", |paid: &Event<OrderEvent>| {
        println!("  {:?}", paid.data);
    })?;
    let _failed = bus.subscribe("failed.order", |letter: &Event<DeadLetter>| {
        println!("  {}", letter.data);
    })?;

    println!("paid and failed, shops in any order and each in its own:");
    for (shop, number) in [("books", 1), ("toys", 2), ("books", 3), ("tea", 4), ("toys", 5)] {
        bus.publish(OrderEvent::Placed { shop: shop.into(), number })?;
    }
    bus.settle(Duration::from_secs(10))?;

    println!("kept, until somebody looks after it:");
    for letter in payments.dead_letters().list() {
        println!("  {}: {}", letter.event, letter.error);
    }

    println!("the bank opens, and the first is sent again; the other follows:");
    desk.bank.is_open.store(true, Ordering::SeqCst);
    payments.dead_letters().resend_all();
    while !payments.dead_letters().is_empty() {
        bus.settle(Duration::from_secs(10))?;
    }
    bus.settle(Duration::from_secs(10))?;
    println!("{}", bus.topology().subscriptions[0]);
    Ok(())
}
