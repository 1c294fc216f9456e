//! You will see the address of a page on which a shop can be looked into: what it sells, what failed and why, a subscription
//! that hears nothing, a queue that loses, card numbers that nobody sees.
//!
//! It ends after a thousand orders. To look: `cargo run --features inspect --bin 22_inspector -- --stay`, and `--rate 5000` for more.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, Command, value_parser};
use rem::inspector::Inspector;
use rem::prelude::*;
use rem::projections::{Projection, Projector};
use serde::{Deserialize, Serialize};

/// What becomes of orders.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
enum OrderEvent {
    /// Somebody wants something.
    Placed {
        order: u64,
        shop: String,
        /// The number of the card, which is nobody's business.
        #[event(redact)]
        card: String,
        #[event(redact)]
        pin: u16,
        cents: u64,
        /// What the customer wrote, whatever that is.
        note: String,
        items: Vec<Item>,
    },
    /// The bank has given the money.
    Paid { order: u64, cents: u64 },
    /// The bank has refused.
    Refused { order: u64, why: String },
    /// It is in the post.
    Shipped { order: u64 },
    /// It came back; nobody has seen one yet.
    Returned { order: u64 },
}

/// What nobody listens to, and the page says so.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "audit")]
enum AuditEvent {
    Opened { shops: usize },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Item {
    what: String,
    count: u32,
}

/// What the shops have sold, in cents.
#[derive(Debug, Clone, Default, Serialize)]
struct Sales {
    shops: BTreeMap<String, u64>,
    paid: u64,
    refused: u64,
}

impl Projection for Sales {
    type Event = OrderEvent;

    fn apply(&mut self, event: &Event<OrderEvent>) {
        match &event.data {
            OrderEvent::Placed { shop, cents, .. } => {
                *self.shops.entry(shop.clone()).or_default() += cents;
            }
            OrderEvent::Paid { .. } => self.paid += 1,
            OrderEvent::Refused { .. } => self.refused += 1,
            OrderEvent::Shipped { .. } | OrderEvent::Returned { .. } => {}
        }
    }
}

const SHOPS: [&str; 3] = ["books", "tea", "toys"];
/// Notes that would do harm on a page that took them for anything but text.
const NOTES: [&str; 3] = [
    "ring twice",
    "<script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title = 'owned'\">",
];

fn placed(order: u64) -> OrderEvent {
    let at = usize::try_from(order).unwrap_or_default();
    OrderEvent::Placed {
        order,
        shop: SHOPS[at % SHOPS.len()].into(),
        card: format!("4000 0000 0000 {:04}", order % 10_000),
        pin: 4_711,
        cents: 100 + order % 900,
        note: NOTES[at % NOTES.len()].into(),
        items: vec![
            Item { what: "kettle".into(), count: 1 },
            Item { what: "cup".into(), count: 4 },
        ],
    }
}

/// The parts of the shop, each of which knows the bus alone.
fn open(bus: &Bus) -> Result<Vec<Subscription>, Box<dyn Error>> {
    let (bank, post) = (bus.downgrade(), bus.downgrade());
    Ok(vec![
        bus.subscription("order.placed").inline(move |event: &Event<OrderEvent>| {
            let (OrderEvent::Placed { order, cents, .. }, Some(bus)) =
                (&event.data, bank.upgrade())
            else {
                return Ok(());
            };
            let answer = if order % 11 == 10 {
                OrderEvent::Refused { order: *order, why: "the card is not covered".into() }
            } else {
                OrderEvent::Paid { order: *order, cents: *cents }
            };
            bus.publish(answer).map(drop).map_err(|error| error.to_string())
        })?,
        bus.subscription("order.paid").inline(move |event: &Event<OrderEvent>| {
            let (OrderEvent::Paid { order, .. }, Some(bus)) = (&event.data, post.upgrade()) else {
                return Ok(());
            };
            if order % 13 == 12 {
                return Err(format!("no kettle is left for order {order}"));
            }
            bus.publish(OrderEvent::Shipped { order: *order })
                .map(drop)
                .map_err(|error| error.to_string())
        })?,
        bus.subscription("order.refused").task(async |event: Received<OrderEvent>| {
            let _letter = format!("{:?}", event.data);
        })?,
        // A slip of the pen: it meets no topic at all, and the page says so.
        bus.subscribe("ordr.**", |event: &Event| println!("{event}"))?,
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    let found = Command::new("22_inspector")
        .about("A shop that can be looked into.")
        .arg(Arg::new("stay").long("stay").action(ArgAction::SetTrue).help("Sells until Ctrl-C"))
        .arg(
            Arg::new("rate")
                .long("rate")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..=100_000))
                .default_value("60")
                .help("So many events a second, with --stay"),
        )
        .arg(
            Arg::new("address")
                .long("address")
                .default_value("127.0.0.1:0")
                .help("Where the page is served"),
        )
        .arg(
            Arg::new("patience")
                .long("patience")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(1..=3_600))
                .default_value("10")
                .help("How long a page may not read before it is cut off"),
        )
        .get_matches();
    let rate = found.get_one::<u64>("rate").copied().unwrap_or(60);
    let patience = found.get_one::<u64>("patience").copied().unwrap_or(10);
    let address = found.get_one::<String>("address").map_or("127.0.0.1:0", String::as_str);

    let bus = Bus::builder().history(Ring::events(50_000)).build();
    let subscriptions = open(&bus)?;
    // Nobody reads it, so it loses all but the newest: the page says that too.
    let _slow =
        bus.subscription("order.shipped").queue(64, Overflow::DropOldest).stream::<OrderEvent>()?;
    let sales = Projector::builder("sales").attach(&bus, Sales::default())?;
    let inspector = Inspector::builder(&bus)
        .title("shop")
        .projector(&sales)
        .patience(Duration::from_secs(patience))
        .sandbox(|bus: &Bus| bus.subscribe("order.refused", |_: &Event| Err::<(), _>("refused")))
        .serve(address)?;
    println!("look at {}", inspector.url());

    bus.publish(AuditEvent::Opened { shops: SHOPS.len() })?;
    if found.get_flag("stay") {
        sell(&bus, rate)?;
    } else {
        for order in 1..=1_000 {
            bus.publish(placed(order))?;
        }
    }
    println!("{} events, of which {} handlings failed", bus.query("**")?.count(), failures(&bus));
    drop(subscriptions);
    inspector.close(Duration::from_secs(5));
    Ok(())
}

/// Events that a thousand orders make: some are refused, and for some there is no kettle.
const OF_A_THOUSAND: u128 = 2_839;

/// As many orders as make so many events a second.
fn sell(bus: &Bus, rate: u64) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let mut orders = 0;
    loop {
        thread::sleep(Duration::from_millis(10));
        let due = begun.elapsed().as_millis() * u128::from(rate) / OF_A_THOUSAND;
        while u128::from(orders) < due {
            orders += 1;
            bus.publish(placed(orders))?;
        }
    }
}

fn failures(bus: &Bus) -> u64 {
    bus.topology().subscriptions.iter().map(|report| report.stats.failed).sum()
}
