//! You will see how long things last: a publisher that waits for those who listen, subscriptions that end by themselves, an
//! answer that is waited for, and a bus that is closed in order and tells what it left unfinished.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{Token, Wait};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "kitchen")]
enum Kitchen {
    Ordered { table: u32 },
    Served { table: u32 },
    Opened,
}

/// Counts plates, as long as somebody looks at it.
struct Board(AtomicU32);

impl Board {
    fn served(&self, _event: &Event<Kitchen>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

const SOON: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::builder().history(Ring::events(100)).build();

    // The cook comes when it suits him; nothing is ordered before he listens.
    let kitchen = bus.clone();
    let cook = thread::spawn(move || cook(&kitchen).map_err(|error| error.to_string()));
    bus.ready("kitchen.ordered", 1, SOON)?;
    println!("the cook is there");

    // Once, so often, and until a token or a flag of ours says so.
    bus.subscription("kitchen.opened").once().inline(|_: &Event| println!("open"))?.detach();
    bus.subscription("kitchen.served")
        .take(2)
        .inline(|event: &Event<Kitchen>| println!("one of the first two: {:?}", event.data))?
        .detach();
    let shift = Token::new();
    let mut seen: EventStream = bus
        .subscription("kitchen.served")
        .until(&shift)
        .queue(16, Overflow::DropOldest)
        .stream()?;
    let quiet = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&quiet);
    let bell = bus
        .subscription("kitchen.served")
        .until(move || asked.load(Ordering::Relaxed))
        .inline(|_: &Event| println!("ding"))?;

    // Ends with its owner; nobody has to think of it.
    let board = Arc::new(Board(AtomicU32::new(0)));
    bus.subscribe_weak("kitchen.served", &board, Board::served)?.detach();

    bus.publish(Kitchen::Opened)?;
    bus.publish(Kitchen::Opened)?;
    for table in 1..=3 {
        // Waiting begins before the question is asked, so that the answer cannot come too early.
        let served: Wait<Kitchen> = bus.wait_for_async("kitchen.served")?;
        bus.publish(Kitchen::Ordered { table })?;
        let answer = served.within(SOON)?;
        seen.recv_timeout(SOON)?;
        // By count, not by time: now every handler has had it.
        bus.settle(SOON)?;
        println!("the answer: {:?}", answer.data);
        quiet.store(true, Ordering::Relaxed); // the bell rings for the first alone
    }
    println!("the bell is active: {}", bell.is_active());
    println!("on the board: {}", board.0.load(Ordering::Relaxed));
    drop(board);

    // One that nobody has read when the token ends is read still, and then the stream ends.
    let last: Wait = bus.wait_for_async("kitchen.served")?;
    bus.publish(Kitchen::Ordered { table: 4 })?;
    last.within(SOON)?;
    match bus.settle(Duration::from_millis(10)) {
        Ok(()) => println!("settled"),
        Err(error) => println!("not settled: {} in flight", error.in_flight().len()),
    }
    shift.end();
    println!("read after the shift: {}", seen.iter().count());
    bus.settle(SOON)?;

    // What the handler needs may go when this has returned.
    println!("unsubscribed: {:?}", bell.unsubscribe());

    // Nobody reads this one, and the report says so.
    let unread: EventStream =
        bus.subscription("kitchen").queue(4, Overflow::DropOldest).stream()?;
    bus.publish(Kitchen::Opened)?;
    let report = bus.close(Duration::from_millis(10));
    println!("complete: {}, unfinished: {}", report.is_complete(), report.in_flight().len());
    drop(unread);
    println!("{}", bus.close(SOON));
    cook.join().map_err(|_| "the cook panicked")??;
    Ok(())
}

/// Serves what is ordered, until the bus is closed.
fn cook(bus: &Bus) -> Result<(), Box<dyn Error>> {
    let mut orders =
        bus.subscription("kitchen.ordered").queue(16, Overflow::Block(SOON)).stream::<Kitchen>()?;
    for order in orders.iter() {
        if let Kitchen::Ordered { table } = order?.data {
            bus.publish(Kitchen::Served { table })?;
        }
    }
    Ok(())
}
